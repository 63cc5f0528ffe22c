//! `POST /api/auth/signup`

use crate::wire::ProfileAnswer;
use serde_json::Map;
use utoipa::ToSchema;
use vestibule_ops::{Error, Register};
use vestibule_web::{Answer, Call, Fields};

/// A new user, with any fields of the project's user schema beside these.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct SignupBody {
    #[schema(example = "user@example.com")]
    email: String,
    #[schema(example = "StrongP@ss123")]
    password: String,
    #[schema(example = "John Doe", required = false, nullable = false)]
    name: Option<String>,
}

fn body(fields: &mut Fields) -> Register {
    Register {
        email: fields.text("email"),
        password: fields.text("password"),
        profile: fields.rest(),
        public_metadata: Map::new(),
    }
}

pub(crate) async fn signup(call: Call) -> Result<Answer, Error> {
    let registered = vestibule_ops::register(&call.cx, call.read(body)?).await?;
    let answer = ProfileAnswer::of(&call.cx.project, &registered.user);
    Ok(Answer::json(201, &answer))
}
