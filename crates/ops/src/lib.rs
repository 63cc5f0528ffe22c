//! The operations: one thing that the server does, per file. Rules live here and nowhere above.
#![warn(missing_docs)]

pub mod admin;
mod audit;
mod authenticate;
pub mod budgets;
mod caches;
mod change_password;
mod core;
mod cx;
mod delete_account;
mod deletion;
mod entrance;
mod error;
mod forgot_password;
mod health;
mod identify;
mod issue;
mod jwks;
mod keyring;
mod logout;
mod me;
pub mod node;
mod own_settings;
mod password_login;
mod passwords;
mod post;
mod proof;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
pub mod roles;
mod secret_request;
mod sessions;
mod staying;
mod turns;
mod unique_values;
mod update_profile;
pub mod upkeep;
mod used;
mod user_schema;
mod verify_email;

#[cfg(test)]
mod tests;

pub use crate::core::{Core, Door, InstanceSettings, Parts};
pub use authenticate::{Caller, authenticate};
pub use change_password::change_password;
pub use cx::{Cx, Facts};
pub use delete_account::delete_account;
pub use entrance::{
    ApiKeyKind, Entrance, default_project, origin_is_listed, project_by_id, project_by_slug, realm_of_host,
    realm_of_mailed_token, resolve_api_key,
};
pub use error::Error;
pub use forgot_password::forgot_password;
pub use health::health;
pub use identify::{IdentifierField, identifier_field};
pub use issue::SignedIn;
pub use jwks::{JwksDocument, jwks};
pub use keyring::realm_of_kid;
pub use logout::{LogoutTarget, logout, logout_with_refresh_token};
pub use me::{Me, me};
pub use own_settings::OwnSettings;
pub use password_login::{PasswordLogin, password_login};
pub use proof::Proof;
pub use refresh::{realm_of_refresh_token, refresh};
pub use register::{Register, Registered, register, register_and_sign_in};
pub use resend_verification::{resend_verification, resend_verification_to};
pub use reset_password::reset_password;
pub use roles::authority;
pub use sessions::{list_sessions, revoke_session};
pub use update_profile::update_profile;
pub use user_schema::{has_profile_field, shown_profile};
pub use verify_email::verify_email;
