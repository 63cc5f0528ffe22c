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

/// Where nothing is missing, the operation judges the names together with the address; else they are at least read.
fn body(fields: &mut Fields) -> Register {
    let (email, password) = (fields.text("email"), fields.text("password"));
    let judged = !email.is_empty() && !password.is_empty();
    let profile = names::profile(|name| {
        if judged {
            fields.value(name).filter(|value| !value.is_null())
        } else {
            fields.optional_text(name).map(Value::from)
        }
    });
    Register {
        email,
        password,
        profile,
        public_metadata: Map::new(),
    }
}

pub(crate) async fn signup(call: Call) -> Result<Answer, Error> {
    let register = call.read(body)?;
    vestibule_ops::register(&call.cx, register).await?;
    Ok(Sentence::said(201, "Please verify your email to complete signup"))
}
