//! `POST /api/auth/login`

use crate::answer;
use crate::cookie;
use crate::login_field::{LoginField, Typed};
use crate::settings::{ArkosSettings, Delivery};
use crate::wire::AccessToken;
use utoipa::ToSchema;
use vestibule_model::Refusal;
use vestibule_model::refusal::Account;
use vestibule_ops::{Error, PasswordLogin, SignedIn};
use vestibule_web::{Answer, Call, Fields};

/// The identifier, under the name that is in force, and the password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(crate) struct LoginBody {
    /// An address or a username; `email` is accepted too. Where the project or `usernameField` names a path, the field is
    /// called like the last segment of it.
    #[schema(example = "user@example.com")]
    username: String,
    #[schema(example = "StrongP@ss123")]
    password: String,
}

pub(crate) async fn login(call: Call) -> Result<Answer, Error> {
    let settings = ArkosSettings::of(&call.cx.project);
    let field = LoginField::of(&call, &settings)?;
    let Typed { identifier, password } = match field.read(call.read(Fields::rest)?) {
        Ok(typed) => typed,
        Err(message) => return Ok(answer::error(400, &message)),
    };
    let input = PasswordLogin {
        identifier,
        by: field.by.clone(),
        password,
    };
    match vestibule_ops::password_login(&call.cx, input).await {
        // Which field was wrong is said with its name, which only this request knows.
        Err(Error::Refused(Refusal::Credentials(_) | Refusal::Account(Account::Disabled))) => {
            let message = format!("Incorrect {} or password", field.label());
            Ok(answer::error(401, &message))
        }
        other => other.map(|signed_in| deliver(&call, settings.send_access_token_through, &signed_in)),
    }
}

fn deliver(call: &Call, through: Delivery, signed_in: &SignedIn) -> Answer {
    let token = AccessToken {
        access_token: &signed_in.access_token,
    };
    match through {
        Delivery::Both => cookie::set(Answer::json(200, &token), call, signed_in),
        // A cookie from before would go on signing the browser in as whoever had it.
        Delivery::ResponseOnly if call.sends_cookie() => cookie::clear(Answer::json(200, &token), call),
        Delivery::ResponseOnly => Answer::json(200, &token),
        Delivery::CookieOnly => cookie::set(Answer::empty(200), call, signed_in),
    }
}
