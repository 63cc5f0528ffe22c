//! The users of a measured server.

use crate::Failed;
use crate::server::Server;
use serde_json::{Value, json};

/// Who reads: nobody else signs in as this user, so that `me` lists one session.
pub const READER: &str = "reader@example.com";
/// Users that log in during the measurements.
pub const USERS: u32 = 256;
/// The password of all.
pub const PASSWORD: &str = "SecureP@ss123";

/// Registers the users that the load logs in as, and the reader.
pub fn sign_up(server: &Server) -> Result<(), Failed> {
    for number in 0..USERS {
        server.post("/v1/auth/register", &credentials(&user(number)))?;
    }
    server.post("/v1/auth/register", &credentials(READER))?;
    Ok(())
}

/// The address of a user that logs in.
pub fn user(number: u32) -> String {
    format!("user{number}@example.com")
}

/// What registers or signs in a user.
pub fn credentials(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD})
}
