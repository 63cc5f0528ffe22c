//! Stories through the Darukaa door.

mod access;
mod accounts;
mod journey;
mod keys;
mod limits;
mod logout;
mod malformed;
mod recovery;
mod refresh;
mod routes;
mod tokens;
mod user;
