//! A client of the Rakomi API, one method per endpoint.

use crate::{Answer, Persona, Request, SOMEWHERE, Server};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::net::IpAddr;

/// A client. Clones share nothing but the server.
#[derive(Clone)]
pub struct Rakomi<'t> {
    server: &'t Server,
    key: Option<String>,
    from: IpAddr,
    agent: String,
    /// The access token that is sent, if any.
    pub access: Option<String>,
    /// The newest refresh token, if any.
    pub refresh: Option<String>,
}

impl Server {
    /// A Rakomi client with the live API key, signed in as nobody.
    pub fn rakomi(&self) -> Rakomi<'_> {
        Rakomi {
            server: self,
            key: Some(self.keys.live.api.clone()),
            from: SOMEWHERE,
            agent: "story/1.0".to_owned(),
            access: None,
            refresh: None,
        }
    }
}

/// Header and claims of an access token, as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The header.
    pub header: String,
    /// The claims.
    pub claims: String,
}

impl Token {
    /// Takes an access token apart.
    #[track_caller]
    pub fn read(token: &str) -> Self {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let mut part = || parts.next().expect("three parts");
        Self {
            header: part(),
            claims: part(),
        }
    }

    /// A claim that is a string.
    #[track_caller]
    pub fn claim(&self, name: &str) -> String {
        let claims: Value = serde_json::from_str(&self.claims).expect("JSON");
        claims[name].as_str().expect("a string").to_owned()
    }
}

/// How a client is set up.
impl Rakomi<'_> {
    /// Signed in as nobody.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        (self.access, self.refresh) = (None, None);
        self
    }

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

    /// With this `User-Agent`.
    #[must_use]
    pub fn agent(mut self, agent: &str) -> Self {
        agent.clone_into(&mut self.agent);
        self
    }

    /// With this access token.
    #[must_use]
    pub fn bearing(mut self, access: &str) -> Self {
        self.access = Some(access.to_owned());
        self
    }

    /// With the tokens of an answer.
    #[must_use]
    pub fn with_tokens(mut self, answer: &Answer) -> Self {
        (self.access, self.refresh) = (
            Some(answer.string("access_token")),
            Some(answer.string("refresh_token")),
        );
        self
    }

    /// Signed in as somebody, by a login with the key of their environment.
    pub async fn signed_in(mut self, persona: &Persona) -> Self {
        if self.key.is_some() {
            self.key = Some(self.server.keys.of(persona.environment).api.clone());
        }
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.with_tokens(&answer)
    }

    /// The access token.
    #[track_caller]
    pub fn access(&self) -> &str {
        self.access.as_deref().expect("somebody signed in")
    }

    /// What the access token says, unverified.
    #[track_caller]
    pub fn claims(&self) -> Token {
        Token::read(self.access())
    }

    /// The id of the session.
    #[track_caller]
    pub fn session(&self) -> String {
        self.claims().claim("sid")
    }

    /// The newest refresh token.
    #[track_caller]
    pub fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("somebody signed in")
    }
}

/// Requests.
impl<'t> Rakomi<'t> {
    /// A request with the client's key, token and agent.
    pub fn request(&self, method: &str, target: &str) -> Request<'t> {
        let mut request = Request::new(self.server, method, target)
            .from(self.from)
            .header("user-agent", &self.agent);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        if let Some(access) = &self.access {
            request = request.header("authorization", &format!("Bearer {access}"));
        }
        request
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.request("POST", target).json(&body).send().await
    }

    /// `GET`.
    pub async fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send().await
    }

    /// Registers.
    pub async fn register(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/register", json!({"email": email, "password": password}))
            .await
    }

    /// Logs in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", json!({"email": email, "password": password}))
            .await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/v1/auth/refresh", json!({"refresh_token": token}))
            .await
    }

    /// Presents the newest refresh token, and keeps the pair that comes back.
    pub async fn refreshed(self) -> Self {
        let answer = self.refresh(self.refresh_token()).await.ok(200);
        self.with_tokens(&answer)
    }

    /// Ends the current session.
    pub async fn logout(&self) -> Answer {
        self.request("POST", "/v1/auth/logout").send().await
    }

    /// Logs out with a body.
    pub async fn logout_by(&self, body: Value) -> Answer {
        self.post("/v1/auth/logout", body).await
    }

    /// The signed-in user.
    pub async fn me(&self) -> Answer {
        self.get("/v1/auth/me").await
    }

    /// The signed-in user's sessions.
    pub async fn sessions(&self) -> Answer {
        self.get("/v1/auth/me/sessions").await
    }

    /// Ends one of them.
    pub async fn end_session(&self, id: &str) -> Answer {
        self.request("DELETE", &format!("/v1/auth/me/sessions/{id}"))
            .send()
            .await
    }

    /// Verifies an address with a mailed token.
    pub async fn verify(&self, token: &str) -> Answer {
        self.post("/v1/auth/verify-email", json!({"token": token})).await
    }

    /// Verifies an address with a mailed code.
    pub async fn verify_by_code(&self, email: &str, code: &str) -> Answer {
        self.post("/v1/auth/verify-email", json!({"email": email, "code": code}))
            .await
    }

    /// Asks for the verification mail again.
    pub async fn resend(&self, email: &str) -> Answer {
        self.post("/v1/auth/resend-verification", json!({"email": email}))
            .await
    }

    /// Asks for a mail to set a new password.
    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("/v1/auth/forgot-password", json!({"email": email}))
            .await
    }

    /// Sets a new password with a mailed token.
    pub async fn reset(&self, token: &str, password: &str) -> Answer {
        self.post(
            "/v1/auth/reset-password",
            json!({"token": token, "password": password}),
        )
        .await
    }

    /// Sets a new password with the current one.
    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        self.post(
            "/v1/auth/change-password",
            json!({"current_password": current, "new_password": new}),
        )
        .await
    }

    /// Refreshes as the vendor's SDKs do.
    pub async fn oauth_token(&self, refresh: &str, client: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("client_id", client),
        ];
        self.request("POST", "/oauth/token")
            .without("x-api-key")
            .form(&form)
            .send()
            .await
    }

    /// Revokes as the vendor's SDKs do.
    pub async fn oauth_revoke(&self, token: &str) -> Answer {
        self.request("POST", "/oauth/revoke")
            .without("x-api-key")
            .form(&[("token", token)])
            .send()
            .await
    }
}
