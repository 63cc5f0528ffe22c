//! Who is meant by what somebody types to log in.

use crate::cx::Cx;
use crate::error::Error;
use crate::user_schema::{self, compared};
use vestibule_model::Email;
use vestibule_model::refusal::Input;
use vestibule_store::sign_in::{self, Holder};

/// The path that stands for the address, which is no field of the profile.
const EMAIL: &str = "email";
/// The identifier that [`IdentifierField::EmailOrUsername`] looks at.
const USERNAME: &str = "username";

/// By what a login names its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentifierField {
    /// The e-mail address.
    Email,
    /// The e-mail address, or else the username. No username is an address, so only one of them can be meant.
    EmailOrUsername,
    /// A path that the project's user schema marks (`phones.some.number`), or `email`.
    Path(String),
}

/// The identifier at a path that a client asks for: one that the user schema marks, and if `allowed` names any, one of
/// those. Nothing is looked up, and a path that was made up to reach another column reaches nothing (X17).
pub fn identifier_field(cx: &Cx, path: &str, allowed: &[String]) -> Result<IdentifierField, Error> {
    let listed = allowed.is_empty() || allowed.iter().any(|it| it == path);
    if !listed || !is_identifier(cx, path)? {
        return Err(Input::IdentifierNotAllowed.into());
    }
    Ok(IdentifierField::Path(path.to_owned()))
}

fn is_identifier(cx: &Cx, path: &str) -> Result<bool, Error> {
    Ok(path == EMAIL || user_schema::of(&cx.project)?.identifies(path))
}

/// The user whom `typed` names, and the password record. The same reads are made whether or not there is one.
pub(crate) async fn find(cx: &Cx, by: &IdentifierField, typed: &str) -> Result<Option<Holder>, Error> {
    match by {
        IdentifierField::Email => by_email(cx, typed).await,
        IdentifierField::Path(path) if path == EMAIL => by_email(cx, typed).await,
        IdentifierField::Path(path) if is_identifier(cx, path)? => by_value(cx, path, typed).await,
        IdentifierField::Path(_) => Err(Input::IdentifierNotAllowed.into()),
        IdentifierField::EmailOrUsername => {
            let by_email = by_email(cx, typed).await?;
            let by_username = if is_identifier(cx, USERNAME)? {
                by_value(cx, USERNAME, typed).await?
            } else {
                None
            };
            Ok(by_email.or(by_username))
        }
    }
}

async fn by_email(cx: &Cx, typed: &str) -> Result<Option<Holder>, Error> {
    match Email::parse(typed) {
        Ok(email) => Ok(sign_in::by_email(&cx.core.store.db, cx.realm(), &email).await?),
        Err(_) => Ok(None),
    }
}

async fn by_value(cx: &Cx, path: &str, typed: &str) -> Result<Option<Holder>, Error> {
    Ok(sign_in::by_identifier(&cx.core.store.db, cx.realm(), path, &compared(typed)).await?)
}
