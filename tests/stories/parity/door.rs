//! All doors through one set of words: what is asked, and what the answer means, whatever it looks like.

use serde_json::{Value, json};
use std::fmt::Write as _;
use vestibule_testkit::{Answer, Request, Server};

/// What an answer means. One answer can stand for several: some APIs tell less than others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Done,
    WrongCredentials,
    Disabled,
    Unverified,
    Locked,
    Taken,
    NotSignedIn,
    WeakPassword,
    DeadSecret,
    Malformed,
}

/// A door, as data.
pub struct Door {
    pub name: &'static str,
    pub key: Option<&'static str>,
    pub sign_up: Option<&'static str>,
    pub sign_in: &'static str,
    /// The field of the address at sign-in.
    pub identifier: &'static str,
    /// The field of the answer with the access token.
    pub token: &'static str,
    pub me: Option<&'static str>,
    pub logout: Option<(&'static str, &'static str)>,
    pub forgot: Option<&'static str>,
    pub reset: Option<&'static str>,
    /// Path and the names of the old and the new password.
    pub change: Option<(&'static str, &'static str, &'static str)>,
    meaning: fn(u16, &Value) -> &'static [Verdict],
}

/// Every door that the binary has.
pub const DOORS: [Door; 5] = [
    Door {
        name: "rakomi",
        key: Some("x-api-key"),
        sign_up: Some("/v1/auth/register"),
        sign_in: "/v1/auth/login",
        identifier: "email",
        token: "access_token",
        me: Some("/v1/auth/me"),
        logout: Some(("POST", "/v1/auth/logout")),
        forgot: Some("/v1/auth/forgot-password"),
        reset: Some("/v1/auth/reset-password"),
        change: Some(("/v1/auth/change-password", "current_password", "new_password")),
        meaning: |status, body| match (status, body["code"].as_str().unwrap_or_default()) {
            (401, "auth/invalid_credentials") | (400, "auth/current_password_incorrect") => {
                &[Verdict::WrongCredentials]
            }
            (403, "auth/user_disabled") => &[Verdict::Disabled],
            (403, "auth/email_not_verified") => &[Verdict::Unverified],
            (429, "auth/account_locked") => &[Verdict::Locked],
            (409, "auth/email_taken") => &[Verdict::Taken],
            (401, "auth/not_authenticated" | "token/expired" | "token/revoked" | "api_key/missing") => {
                &[Verdict::NotSignedIn]
            }
            (400, "auth/weak_password") => &[Verdict::WeakPassword],
            (400, "auth/token_invalid" | "auth/token_expired") => &[Verdict::DeadSecret],
            (400, "request/invalid_body") => &[Verdict::Malformed],
            _ => &[],
        },
    },
    Door {
        name: "rakcha",
        key: None,
        sign_up: None,
        sign_in: "/api/users/auth",
        identifier: "email",
        token: "token",
        me: Some("/forward-auth/rakcha"),
        logout: None,
        forgot: None,
        reset: None,
        change: None,
        meaning: |status, body| match (status, body["message"].as_str().unwrap_or_default()) {
            (401, "Invalid credentials.") => &[
                Verdict::WrongCredentials,
                Verdict::Disabled,
                Verdict::Unverified,
                Verdict::NotSignedIn,
            ],
            (429, "Too many requests.") => &[Verdict::Locked],
            (400, _) => &[Verdict::Malformed],
            _ => &[],
        },
    },
    Door {
        name: "koolbase",
        key: Some("x-api-key"),
        sign_up: Some("/v1/sdk/auth/register"),
        sign_in: "/v1/sdk/auth/login",
        identifier: "email",
        token: "token",
        me: Some("/v1/sdk/auth/me"),
        logout: Some(("POST", "/v1/sdk/auth/logout")),
        forgot: Some("/v1/sdk/auth/forgot-password"),
        reset: Some("/v1/sdk/auth/reset-password"),
        change: None,
        meaning: |status, body| match (status, body["code"].as_str().unwrap_or_default()) {
            (400, "invalid_credentials") => &[Verdict::WrongCredentials],
            (403, "user_disabled") => &[Verdict::Disabled],
            (400, "email_not_verified") => &[Verdict::Unverified],
            (429, "account_locked") => &[Verdict::Locked],
            (409, "email_taken") => &[Verdict::Taken],
            (401, "unauthorized") => &[Verdict::NotSignedIn],
            (400, "weak_password") => &[Verdict::WeakPassword],
            (400, "token_invalid" | "token_expired") => &[Verdict::DeadSecret],
            (400, "invalid_request") => &[Verdict::Malformed],
            _ => &[],
        },
    },
    Door {
        name: "darukaa",
        key: None,
        sign_up: Some("/api/v1/auth/signup"),
        sign_in: "/auth/login",
        identifier: "email",
        token: "access_token",
        me: Some("/api/v1/auth/user"),
        // Its logout wants the refresh token too, and is told in its own stories.
        logout: None,
        forgot: Some("/api/v1/auth/forgot-password"),
        reset: Some("/api/v1/auth/reset-password"),
        change: Some(("/api/v1/auth/change-password", "current_password", "new_password")),
        meaning: |status, body| match (status, body["error"]["code"].as_str().unwrap_or_default()) {
            (401, "INVALID_CREDENTIALS") | (400, "CURRENT_PASSWORD_INCORRECT") => {
                &[Verdict::WrongCredentials]
            }
            (403, "ACCOUNT_DISABLED") => &[Verdict::Disabled],
            (403, "EMAIL_NOT_VERIFIED") => &[Verdict::Unverified],
            (429, "ACCOUNT_LOCKED") => &[Verdict::Locked],
            (400, "EMAIL_ALREADY_EXISTS") => &[Verdict::Taken],
            (401, "UNAUTHORIZED") => &[Verdict::NotSignedIn],
            (400, "WEAK_PASSWORD") => &[Verdict::WeakPassword],
            (400, "INVALID_TOKEN" | "TOKEN_EXPIRED") => &[Verdict::DeadSecret],
            (400, "VALIDATION_ERROR") => &[Verdict::Malformed],
            _ => &[],
        },
    },
    Door {
        name: "arkos",
        key: None,
        sign_up: Some("/api/auth/signup"),
        sign_in: "/api/auth/login",
        identifier: "username",
        token: "accessToken",
        me: Some("/api/users/me"),
        logout: Some(("DELETE", "/api/auth/logout")),
        forgot: None,
        reset: None,
        change: Some(("/api/auth/update-password", "currentPassword", "newPassword")),
        meaning: |status, body| match (status, body["message"].as_str().unwrap_or_default()) {
            (401, "Incorrect email or password") => &[Verdict::WrongCredentials, Verdict::Disabled],
            (400, "Current password is incorrect.") => &[Verdict::WrongCredentials],
            (403, "Please verify your email to log in.") => &[Verdict::Unverified],
            (429, "Too many requests, please try again later") => &[Verdict::Locked],
            (409, text) if text.starts_with("Duplicate value") => &[Verdict::Taken],
            (401, "You are not logged in! Please log in to get access.") => &[Verdict::NotSignedIn],
            (400, text) if text.contains("password must") => &[Verdict::WeakPassword],
            (400, _) => &[Verdict::Malformed],
            _ => &[],
        },
    },
];

#[test]
fn every_dialect_of_the_binary_is_a_door_of_these_stories() {
    let doors: Vec<_> = DOORS.iter().map(|door| door.name).collect();
    assert_eq!(doors, vestibule_server::dialects::names());
}

impl Door {
    /// What an answer of this door means. One that nobody can read fails the story.
    #[track_caller]
    pub fn meaning(&self, answer: &Answer) -> &'static [Verdict] {
        if (200..300).contains(&answer.status) {
            return &[Verdict::Done];
        }
        let meaning = (self.meaning)(answer.status, &answer.json());
        assert!(!meaning.is_empty(), "{}: {answer}", self.name);
        meaning
    }

    /// Fails the story unless the answer can mean this, and is one of this door's.
    #[track_caller]
    pub fn says(&self, answer: &Answer, verdict: Verdict) {
        let meaning = self.meaning(answer);
        assert!(
            meaning.contains(&verdict),
            "{}: {meaning:?}, not {verdict:?}: {answer}",
            self.name
        );
    }

    /// A request to this door, with the live key where it needs one.
    pub fn request<'t>(&self, t: &'t Server, method: &str, path: &str) -> Request<'t> {
        let request = t.request(method, path);
        match self.key {
            Some(header) => request.header(header, &t.keys.live.publishable),
            None => request,
        }
    }

    pub async fn post(&self, t: &Server, path: &str, body: Value) -> Answer {
        self.request(t, "POST", path).json(&body).send().await
    }

    pub async fn sign_in(&self, t: &Server, email: &str, password: &str) -> Answer {
        let body = json!({ self.identifier: email, "password": password });
        self.post(t, self.sign_in, body).await
    }

    /// The access token of somebody who signs in.
    pub async fn signed_in(&self, t: &Server, email: &str, password: &str) -> String {
        let answer = self.sign_in(t, email, password).await;
        self.says(&answer, Verdict::Done);
        answer.string(self.token)
    }

    /// A request with an access token.
    pub async fn bearing(&self, t: &Server, token: &str, method: &str, path: &str) -> Answer {
        let request = self.request(t, method, path);
        request
            .header("authorization", &format!("Bearer {token}"))
            .send()
            .await
    }

    /// The signed-in user, as this door shows it.
    pub async fn me(&self, t: &Server, token: &str) -> Answer {
        self.bearing(t, token, "GET", self.me.expect("a door shows who is signed in"))
            .await
    }
}

/// The answers of all doors to the same act, one after the other, for a snapshot.
#[derive(Default)]
pub struct Told(String);

impl Told {
    pub fn add(&mut self, door: &Door, answer: &Answer) {
        let _ = writeln!(
            self.0,
            "{} {} {}",
            door.name,
            answer.status,
            answer.body_as_documented()
        );
    }

    pub fn text(&self) -> &str {
        self.0.trim_end()
    }
}
