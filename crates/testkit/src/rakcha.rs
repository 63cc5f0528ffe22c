//! A client of the Rakcha API, and of what its tokens open.

use crate::{Answer, Persona, Request, SOMEWHERE, Server, Token};
use serde_json::json;
use std::net::IpAddr;

/// A client. Clones share nothing but the server.
#[derive(Clone)]
pub struct Rakcha<'t> {
    server: &'t Server,
    key: Option<String>,
    from: IpAddr,
    /// The token that is sent, if any.
    pub token: Option<String>,
}

impl Server {
    /// A Rakcha client, signed in as nobody and without an API key, as the document has it.
    pub const fn rakcha(&self) -> Rakcha<'_> {
        Rakcha {
            server: self,
            key: None,
            from: SOMEWHERE,
            token: None,
        }
    }
}

impl<'t> Rakcha<'t> {
    /// With this API key.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// From this address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.from = address.parse().expect("an address");
        self
    }

    /// With this token.
    #[must_use]
    pub fn bearing(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Signed in as somebody.
    pub async fn signed_in(self, persona: &Persona) -> Self {
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.bearing(&answer.string("token"))
    }

    /// What the token says, unverified.
    #[track_caller]
    pub fn claims(&self) -> Token {
        Token::read(self.token.as_deref().expect("somebody signed in"))
    }

    /// A request with the client's key and token.
    pub fn request(&self, method: &str, target: &str) -> Request<'t> {
        let mut request = Request::new(self.server, method, target).from(self.from);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        request
    }

    /// Obtains a token.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.request("POST", "/api/users/auth").json(&body).send().await
    }
}
