//! `POST /v1/sdk/auth/register`

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
    #[schema(example = "securepassword")]
    password: String,
    /// `fullName` is accepted too.
    #[schema(required = false, nullable = false)]
    full_name: Option<String>,
}

fn body(fields: &mut Fields) -> RegisterBody {
    let name = if fields.has("full_name") {
        "full_name"
    } else {
        "fullName"
    };
    RegisterBody {
        email: fields.text("email"),
        password: fields.text("password"),
        full_name: fields.optional_text(name),
    }
}

pub(crate) async fn register(call: Call) -> Result<Answer, Error> {
    let RegisterBody {
        email,
        password,
        full_name,
    } = call.read(body)?;
    let name = full_name.map(|name| ("name".to_owned(), Value::from(name)));
    let input = Register {
        email,
        password,
        profile: name.into_iter().collect(),
        public_metadata: Map::new(),
    };
    let (registered, signed_in) = vestibule_ops::register_and_sign_in(&call.cx, input).await?;
    Ok(Answer::json(201, &Registered::of(&registered.user, signed_in)))
}
