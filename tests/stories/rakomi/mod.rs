//! Stories through the Rakomi door.

mod enumeration;
mod errors;
mod forge;
mod journey;
mod oauth;
mod passwords;
mod recovery;
mod refresh;
mod sessions;
mod registration;
mod tokens;
