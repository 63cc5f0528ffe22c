//! A client of the Koolbase API, one method per endpoint.

use crate::{Answer, Persona, Request, SOMEWHERE, Server, Token};
use serde_json::{Value, json};
use std::net::IpAddr;

/// A client. Clones share nothing but the server.
#[derive(Clone)]
pub struct Koolbase<'t> {
    server: &'t Server,
    key: Option<String>,
    from: IpAddr,
    /// The session token that is sent, if any.
    pub token: Option<String>,
    /// The newest refresh token, if any.
    pub refresh: Option<String>,
}

impl Server {
    /// A Koolbase client with the live publishable key, signed in as nobody.
    pub fn koolbase(&self) -> Koolbase<'_> {
        Koolbase {
            server: self,
            key: Some(self.keys.live.publishable.clone()),
            from: SOMEWHERE,
            token: None,
            refresh: None,
        }
    }
}

/// How a client is set up.
impl Koolbase<'_> {
    /// With this API key.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Without an API key.
    #[must_use]
    pub fn without_key(mut self) -> Self {
        self.key = None;
        self
    }

    /// From this address.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        self.from = address.parse().expect("an address");
        self
    }

    /// With this session token.
    #[must_use]
    pub fn bearing(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// With the tokens of an answer.
    #[must_use]
    pub fn with_tokens(mut self, answer: &Answer) -> Self {
        (self.token, self.refresh) = (
            Some(answer.string("access_token")),
            Some(answer.string("refresh_token")),
        );
        self
    }

    /// Signed in as somebody.
    pub async fn signed_in(self, persona: &Persona) -> Self {
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.with_tokens(&answer)
    }

    /// The session token.
    #[track_caller]
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("somebody signed in")
    }

    /// What the token says, unverified.
    #[track_caller]
    pub fn claims(&self) -> Token {
        Token::read(self.token())
    }

    /// The newest refresh token.
    #[track_caller]
    pub fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("somebody signed in")
    }
}

/// Requests.
impl<'t> Koolbase<'t> {
    /// A request with the client's key and token to a path under `/v1/sdk/auth`.
    pub fn request(&self, method: &str, path: &str) -> Request<'t> {
        self.request_to(method, &format!("/v1/sdk/auth{path}"))
    }

    /// A request with the client's key and token.
    pub fn request_to(&self, method: &str, target: &str) -> Request<'t> {
        let mut request = Request::new(self.server, method, target).from(self.from);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", &format!("Bearer {token}"));
        }
        request
    }

    /// `POST` with a JSON body to a path under `/v1/sdk/auth`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request("POST", path).json(&body).send().await
    }

    /// Registers.
    pub async fn register(&self, email: &str, password: &str) -> Answer {
        self.post("/register", json!({"email": email, "password": password}))
            .await
    }

    /// Logs in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/login", json!({"email": email, "password": password}))
            .await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/refresh", json!({"refresh_token": token})).await
    }

    /// Ends the session.
    pub async fn logout(&self) -> Answer {
        self.request("POST", "/logout").send().await
    }

    /// The signed-in user.
    pub async fn me(&self) -> Answer {
        self.request("GET", "/me").send().await
    }

    /// Changes the signed-in user's profile.
    pub async fn update(&self, body: Value) -> Answer {
        self.request("PATCH", "/me").json(&body).send().await
    }

    /// Verifies an address with a mailed token.
    pub async fn verify(&self, token: &str) -> Answer {
        self.post("/verify-email", json!({"token": token})).await
    }

    /// Asks for the verification mail again.
    pub async fn send_verification(&self, email: &str) -> Answer {
        self.post("/send-verification", json!({"email": email})).await
    }

    /// Asks for a mail to set a new password.
    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("/forgot-password", json!({"email": email})).await
    }

    /// Sets a new password with a mailed token.
    pub async fn reset(&self, token: &str, password: &str) -> Answer {
        self.post("/reset-password", json!({"token": token, "password": password}))
            .await
    }
}
