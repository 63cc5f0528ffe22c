//! Stories through the Rakomi door.

mod data;
mod enumeration;
mod errors;
mod forge;
mod http;
mod isolation;
mod journey;
mod limits;
mod oauth;
mod pages;
mod passwords;
mod recovery;
mod refresh;
mod registration;
mod sessions;
mod tokens;
