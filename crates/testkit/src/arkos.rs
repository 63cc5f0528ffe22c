//! A client of the Arkos API, one method per endpoint.

use crate::{Answer, Persona, Request, SOMEWHERE, Server};
use serde_json::{Value, json};
use std::net::IpAddr;

/// The name of the cookie that carries the access token.
const COOKIE: &str = "arkos_access_token";

/// A client. It sends its token in the header, or in the cookie, or in neither.
#[derive(Clone)]
pub struct Arkos<'t> {
    server: &'t Server,
    key: Option<String>,
    from: IpAddr,
    /// The access token that is sent in the header, if any.
    pub access: Option<String>,
    /// The value of the cookie, if any.
    pub cookie: Option<String>,
}

impl Server {
    /// An Arkos client without an API key, signed in as nobody.
    pub fn arkos(&self) -> Arkos<'_> {
        Arkos {
            server: self,
            key: None,
            from: SOMEWHERE,
            access: None,
            cookie: None,
        }
    }
}

/// How a client is set up.
impl Arkos<'_> {
    /// Signed in as nobody.
    #[must_use]
    pub fn anonymous(mut self) -> Self {
        (self.access, self.cookie) = (None, None);
        self
    }

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

    /// With this access token in the header.
    #[must_use]
    pub fn bearing(mut self, access: &str) -> Self {
        self.access = Some(access.to_owned());
        self
    }

    /// With this value in the cookie.
    #[must_use]
    pub fn keeping(mut self, cookie: &str) -> Self {
        self.cookie = Some(cookie.to_owned());
        self
    }

    /// Signed in as somebody by the header.
    pub async fn signed_in(self, persona: &Persona) -> Self {
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.bearing(&answer.string("accessToken"))
    }

    /// Signed in as somebody by the cookie, as a browser is.
    pub async fn in_browser(self, persona: &Persona) -> Self {
        let answer = self.login(&persona.email, &persona.password).await.ok(200);
        self.keeping(&set_cookie(&answer).0)
    }

    /// The access token.
    #[track_caller]
    pub fn access(&self) -> &str {
        let either = self.access.as_deref().or(self.cookie.as_deref());
        either.expect("somebody signed in")
    }
}

/// The value of the cookie that an answer sets, and its attributes as they were written.
#[track_caller]
pub fn set_cookie(answer: &Answer) -> (String, String) {
    let cookie = answer.header("set-cookie").expect("an answer that sets a cookie");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    let (name, value) = pair.split_once('=').expect("a name and a value");
    assert_eq!(name, COOKIE, "{answer}");
    (value.to_owned(), attributes.to_owned())
}

/// Requests.
impl<'t> Arkos<'t> {
    /// A request with the client's key, token and cookie.
    pub fn request(&self, method: &str, target: &str) -> Request<'t> {
        let mut request = Request::new(self.server, method, target).from(self.from);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        if let Some(access) = &self.access {
            request = request.header("authorization", &format!("Bearer {access}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", &format!("{COOKIE}={cookie}"));
        }
        request
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.request("POST", target).json(&body).send().await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, target: &str, body: Value) -> Answer {
        self.request("PATCH", target).json(&body).send().await
    }

    /// `GET`.
    pub async fn get(&self, target: &str) -> Answer {
        self.request("GET", target).send().await
    }

    /// `DELETE`.
    pub async fn delete(&self, target: &str) -> Answer {
        self.request("DELETE", target).send().await
    }

    /// Signs up.
    pub async fn signup(&self, body: Value) -> Answer {
        self.post("/api/auth/signup", body).await
    }

    /// Logs in with the field that is documented as the default.
    pub async fn login(&self, username: &str, password: &str) -> Answer {
        self.login_by("", json!({"username": username, "password": password}))
            .await
    }

    /// Logs in with this query and body.
    pub async fn login_by(&self, query: &str, body: Value) -> Answer {
        self.post(&format!("/api/auth/login{query}"), body).await
    }

    /// Ends the session.
    pub async fn logout(&self) -> Answer {
        self.delete("/api/auth/logout").await
    }

    /// Sets a new password with the current one.
    pub async fn update_password(&self, current: &str, new: &str) -> Answer {
        let body = json!({"currentPassword": current, "newPassword": new});
        self.post("/api/auth/update-password", body).await
    }

    /// The signed-in user.
    pub async fn me(&self) -> Answer {
        self.get("/api/users/me").await
    }

    /// Changes the signed-in user's profile.
    pub async fn update_me(&self, changes: Value) -> Answer {
        self.patch("/api/users/me", changes).await
    }

    /// Deletes the signed-in user's account.
    pub async fn delete_me(&self) -> Answer {
        self.delete("/api/users/me").await
    }
}

impl Answer {
    /// A refusal in the Arkos envelope, with exactly `status` and `message`.
    #[track_caller]
    pub fn refused_by_arkos(&self, status: u16, message: &str) -> &Self {
        assert_eq!(self.status, status, "{self}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self}");
        let message = Value::from(message);
        assert_eq!(
            self.text(),
            format!(r#"{{"status":"error","message":{message}}}"#)
        );
        self
    }

    /// The fields and rules that a refusal of invalid data complains of, as `field rule`.
    #[track_caller]
    pub fn invalid_data(&self) -> Vec<String> {
        let body = self.json();
        assert_eq!((self.status, &body["code"]), (400, &json!(400)), "{self}");
        assert_eq!(
            (&body["status"], &body["message"]),
            (&json!("error"), &json!("Invalid Data"))
        );
        let errors = body["errors"].as_array().cloned().unwrap_or_default();
        let complaints = errors.iter().flat_map(|error| {
            let property = error["property"].as_str().expect("a name").to_owned();
            let rules = error["constraints"].as_object().expect("an object").clone();
            rules
                .into_iter()
                .map(move |(rule, _)| format!("{property} {rule}"))
        });
        complaints.collect()
    }
}
