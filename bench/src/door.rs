//! The five doors, as a client of each knows them.

use crate::Failed;
use crate::load::Load;
use crate::people::{PASSWORD, USERS};
use crate::server::Server;
use serde_json::{Value, json};

/// What a client of one API sends and gets.
pub struct Door {
    /// Its name.
    pub name: &'static str,
    /// Where to log in.
    login: &'static str,
    /// The field that takes the address.
    field: &'static str,
    /// Where the access token stands in the answer.
    token: &'static str,
    /// Where to read oneself, if it has such a route.
    pub me: Option<&'static str>,
    /// Whether its clients send an API key.
    keyed: bool,
    /// Client addresses that its readers come from, so many that its limits let all requests of a row through.
    addresses: u32,
}

/// Client addresses of a load, each of which may send 600 requests a minute at most doors.
const ADDRESSES: u32 = 4_096;

/// Rakomi's, which has more rows of its own than the others.
pub const RAKOMI: Door = Door {
    name: "rakomi",
    login: "/v1/auth/login",
    field: "email",
    token: "/access_token",
    me: Some("/v1/auth/me"),
    keyed: true,
    addresses: ADDRESSES,
};
/// Rakcha's.
pub const RAKCHA: Door = Door {
    name: "rakcha",
    login: "/api/users/auth",
    field: "email",
    token: "/token",
    me: None,
    keyed: false,
    addresses: ADDRESSES,
};
/// Koolbase's.
pub const KOOLBASE: Door = Door {
    name: "koolbase",
    login: "/v1/sdk/auth/login",
    field: "email",
    token: "/token",
    me: Some("/v1/sdk/auth/me"),
    keyed: true,
    addresses: ADDRESSES,
};
/// Darukaa's, which lets an address send 1,000 requests an hour.
pub const DARUKAA: Door = Door {
    name: "darukaa",
    login: "/auth/login",
    field: "email",
    token: "/access_token",
    me: Some("/api/v1/auth/user"),
    keyed: false,
    addresses: 4 * ADDRESSES,
};
/// Arkos', which lets an address read 300 times a minute.
pub const ARKOS: Door = Door {
    name: "arkos",
    login: "/api/auth/login",
    field: "username",
    token: "/accessToken",
    me: Some("/api/users/me"),
    keyed: false,
    addresses: 4 * ADDRESSES,
};

/// All of them.
pub const DOORS: [&Door; 5] = [&RAKOMI, &RAKCHA, &KOOLBASE, &DARUKAA, &ARKOS];

impl Door {
    /// Signs in and gives the access token.
    pub fn sign_in(&self, server: &Server, email: &str) -> Result<String, Failed> {
        let answer = server.post(self.login, &json!({self.field: email, "password": PASSWORD}))?;
        let token = answer.pointer(self.token).and_then(Value::as_str);
        Ok(token
            .ok_or_else(|| format!("{}: a login without a token", self.name))?
            .to_owned())
    }

    /// Logins of all users in turn.
    pub fn logins(&self, server: &Server, seconds: u64) -> Load {
        let mut arguments = vec![USERS.to_string(), self.field.to_owned()];
        arguments.extend(self.key(server));
        Load::script(server.url(self.login), "login.lua", arguments, seconds)
    }

    /// Reads one path again and again with an access token.
    pub fn reads(&self, server: &Server, path: &str, token: &str, seconds: u64) -> Load {
        let mut arguments = vec![format!("Authorization: Bearer {token}")];
        arguments.extend(self.key(server));
        Load::script(server.url(path), "get.lua", arguments, seconds).clients(self.addresses)
    }

    fn key(&self, server: &Server) -> Option<String> {
        self.keyed.then(|| format!("X-API-Key: {}", server.key))
    }
}
