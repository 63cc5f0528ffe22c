//! Roles, what they permit, and who has them: three collections with the vendor's generated routes.

mod auth_actions;
mod auth_permissions;
mod auth_roles;
mod body;
mod listing;
mod routes;
mod user_roles;
mod wire;

pub(crate) use routes::routes;
