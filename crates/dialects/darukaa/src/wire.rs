//! What travels, field by field in the documented order.

use crate::names::shown;
use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::user::User;
use vestibule_ops::SignedIn;
use vestibule_web::Answer;

/// The answer to a login and to a refresh.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens<'a> {
    access_token: &'a str,
    refresh_token: &'a str,
    email: &'a str,
    /// Empty when unset.
    first_name: &'a str,
    /// Empty when unset.
    last_name: &'a str,
    /// `active` or `disabled`.
    status: &'static str,
    is_email_verified: bool,
}

impl<'a> Tokens<'a> {
    pub(crate) fn of(signed_in: &'a SignedIn) -> Self {
        let user = &*signed_in.user;
        Self {
            access_token: &signed_in.access_token,
            refresh_token: signed_in.refresh_token.as_deref().unwrap_or_default(),
            email: user.email.as_str(),
            first_name: shown(user, "first_name"),
            last_name: shown(user, "last_name"),
            status: status(user),
            is_email_verified: user.email_verified_at.is_some(),
        }
    }
}

/// The signed-in user.
#[derive(Serialize, ToSchema)]
pub(crate) struct Profile<'a> {
    email: &'a str,
    /// Empty when unset.
    first_name: &'a str,
    /// Empty when unset.
    last_name: &'a str,
    /// `active` or `disabled`.
    status: &'static str,
    is_email_verified: bool,
    id: String,
}

impl<'a> Profile<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self {
            email: user.email.as_str(),
            first_name: shown(user, "first_name"),
            last_name: shown(user, "last_name"),
            status: status(user),
            is_email_verified: user.email_verified_at.is_some(),
            id: user.id.to_string(),
        }
    }
}

/// Whether an operator disabled the account.
pub(crate) const fn status(user: &User) -> &'static str {
    if user.disabled_at.is_some() {
        "disabled"
    } else {
        "active"
    }
}

/// A sentence that says what was done: a bare JSON string.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sentence(&'static str);

impl Sentence {
    pub(crate) fn said(status: u16, sentence: &'static str) -> Answer {
        Answer::json(status, &Self(sentence))
    }
}
