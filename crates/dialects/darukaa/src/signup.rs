//! `POST /api/v1/auth/signup`

use crate::names;
use crate::wire::Sentence;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vestibule_ops::{Error, Register};
use vestibule_web::{Answer, Call, Fields};

/// A new user.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct SignupBody {
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "SecureP@ss123")]
    password: String,
    #[schema(required = false, max_length = 256)]
    first_name: Option<String>,
    #[schema(required = false, max_length = 256)]
    last_name: Option<String>,
}

fn body(fields: &mut Fields) -> Register {
    Register {
        email: fields.text("email"),
        password: fields.text("password"),
        profile: names::profile(|name| fields.optional_text(name).map(Value::from)),
        public_metadata: Map::new(),
    }
}

pub(crate) async fn signup(call: Call) -> Result<Answer, Error> {
    let register = call.read(body)?;
    vestibule_ops::register(&call.cx, register).await?;
    Ok(Sentence::said(201, "Please verify your email to complete signup"))
}
