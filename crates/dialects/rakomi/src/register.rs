//! `POST /v1/auth/register`

use crate::wire::Registered;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_ops::{Error, Register};
use vestibule_web::{Answer, Call, Fields};

/// A new user.
#[derive(ToSchema)]
pub(crate) struct RegisterBody {
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "SecureP@ss123")]
    password: String,
    #[schema(required = false, nullable = false)]
    name: Option<String>,
    /// Kept for the app and readable by the user.
    #[schema(required = false, nullable = false, value_type = Object)]
    public_metadata: Option<Map<String, Value>>,
}

fn body(fields: &mut Fields) -> RegisterBody {
    RegisterBody {
        email: fields.text("email"),
        password: fields.text("password"),
        name: fields.optional_text("name"),
        public_metadata: fields.optional_object("public_metadata"),
    }
}

pub(crate) async fn register(call: Call) -> Result<Answer, Error> {
    let RegisterBody {
        email,
        password,
        name,
        public_metadata,
    } = call.read(body)?;
    let profile = name
        .map(|name| ("name".to_owned(), Value::from(name)))
        .into_iter()
        .collect();
    let public_metadata = public_metadata.unwrap_or_default();
    let registered = vestibule_ops::register(
        &call.cx,
        Register {
            email,
            password,
            profile,
            public_metadata,
        },
    )
    .await?;
    Ok(Answer::json(201, &Registered::from(&registered.user)))
}
