//! A client of the Darukaa API, one method per endpoint.

use crate::{Answer, Persona, Request, SOMEWHERE, Server, operator};
use serde_json::{Value, json};
use std::net::IpAddr;
use vestibule_model::{Environment, Project};
use vestibule_ops::ApiKeyKind;
use vestibule_ops::admin::api_keys;

/// A client. Clones share nothing but the server.
#[derive(Clone)]
pub struct Darukaa<'t> {
    server: &'t Server,
    key: Option<String>,
    from: IpAddr,
    /// The access token that is sent, if any.
    pub access: Option<String>,
    /// The newest refresh token, if any.
    pub refresh: Option<String>,
}

impl Server {
    /// A Darukaa client without an API key, signed in as nobody.
    pub fn darukaa(&self) -> Darukaa<'_> {
        Darukaa {
            server: self,
            key: None,
            from: SOMEWHERE,
            access: None,
            refresh: None,
        }
    }

    /// A new `drk_…` key.
    pub async fn darukaa_key(&self, project: &Project, environment: Environment) -> api_keys::NewApiKey {
        let (realm, kind) = (project.realm(environment), ApiKeyKind::Darukaa);
        let made = api_keys::create(self.core(), &operator(), realm, kind, "story").await;
        made.expect("an API key")
    }
}

impl Answer {
    /// A refusal in the Darukaa envelope: every field of it agrees with the code and the header's id. Gives its details.
    #[track_caller]
    pub fn refused_by_darukaa(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        let error = &self.json()["error"];
        let said = |field: &str| error[field].as_str().expect("a string").to_owned();
        let (message, details, timestamp) = (&error["message"], &error["details"], said("timestamp"));
        let texts = format!(r#""code":"{code}","message":{message},"details":{details}"#);
        let whole = format!(r#"{{"error":{{{texts},"request_id":"req_…","timestamp":"{timestamp}"}}}}"#);
        assert_eq!(self.body_as_documented(), whole);
        assert!(timestamp.len() == 20 && timestamp.ends_with('Z'), "{timestamp}");
        said("details")
    }
}

/// How a client is set up.
impl Darukaa<'_> {
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

    /// With this access token.
    #[must_use]
    pub fn bearing(mut self, access: &str) -> Self {
        self.access = Some(access.to_owned());
        self
    }

    /// With the tokens of an answer.
    #[must_use]
    pub fn with_tokens(mut self, answer: &Answer) -> Self {
        self.access = Some(answer.string("access_token"));
        self.refresh = Some(answer.string("refresh_token"));
        self
    }

    /// Signed in as somebody.
    pub async fn signed_in(self, persona: &Persona) -> Self {
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.with_tokens(&answer)
    }

    /// The access token.
    #[track_caller]
    pub fn access(&self) -> &str {
        self.access.as_deref().expect("somebody signed in")
    }

    /// The newest refresh token.
    #[track_caller]
    pub fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("somebody signed in")
    }
}

/// Requests.
impl<'t> Darukaa<'t> {
    /// A request with the client's key and token.
    pub fn request(&self, method: &str, target: &str) -> Request<'t> {
        let mut request = Request::new(self.server, method, target).from(self.from);
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

    /// Signs up.
    pub async fn signup(&self, email: &str, password: &str) -> Answer {
        self.post(
            "/api/v1/auth/signup",
            json!({"email": email, "password": password}),
        )
        .await
    }

    /// Logs in.
    pub async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/auth/login", json!({"email": email, "password": password}))
            .await
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/v1/auth/refresh", json!({"refresh_token": token}))
            .await
    }

    /// Presents the newest refresh token, and keeps the pair that comes back.
    pub async fn refreshed(self) -> Self {
        let answer = self.refresh(self.refresh_token()).await.ok(200);
        self.with_tokens(&answer)
    }

    /// The signed-in user.
    pub async fn user(&self) -> Answer {
        self.request("GET", "/api/v1/auth/user").send().await
    }

    /// Changes the signed-in user.
    pub async fn put_user(&self, body: Value) -> Answer {
        self.request("PUT", "/api/v1/auth/user").json(&body).send().await
    }

    /// Logs out with a refresh token.
    pub async fn logout(&self, token: &str) -> Answer {
        self.post("/api/v1/auth/logout", json!({"refresh_token": token}))
            .await
    }

    /// Verifies an address with a mailed token.
    pub async fn verify(&self, token: &str) -> Answer {
        self.post("/api/v1/auth/verify-email", json!({"token": token}))
            .await
    }

    /// Asks for the verification mail again.
    pub async fn resend(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/resend-verification", json!({"email": email}))
            .await
    }

    /// Asks for a mail to set a new password.
    pub async fn forgot(&self, email: &str) -> Answer {
        self.post("/api/v1/auth/forgot-password", json!({"email": email}))
            .await
    }

    /// Sets a new password with a mailed token.
    pub async fn reset(&self, token: &str, password: &str) -> Answer {
        let body = json!({"token": token, "password": password});
        self.post("/api/v1/auth/reset-password", body).await
    }

    /// Sets a new password with the current one.
    pub async fn change_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({"current_password": current, "new_password": new});
        self.post("/api/v1/auth/change-password", body).await
    }
}
