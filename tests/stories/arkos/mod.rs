//! Stories through the Arkos door.

mod access;
mod cookies;
mod deletion;
mod document;
mod fields;
mod forge;
mod identifiers;
mod limits;
mod passwords;
mod profile;
mod refusals;
mod roles;
mod sessions;
mod tokens;
