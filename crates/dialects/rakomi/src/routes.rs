//! Every route, with what it asks of its caller, its budget and its documentation.

use crate::answer::OauthError;
use crate::change_password::change_password;
use crate::forgot_password::forgot_password;
use crate::health::health;
use crate::jwks;
use crate::login::{LoginBody, login};
use crate::logout::{LogoutBody, logout};
use crate::me::me;
use crate::oauth::{RevokeForm, TokenForm, revoke, token};
use crate::refresh::refresh;
use crate::register::{RegisterBody, register};
use crate::resend_verification::resend_verification;
use crate::reset_password::reset_password;
use crate::revoke_session::revoke_session;
use crate::sessions::sessions;
use crate::verify_email::verify_email;
use crate::wire::{Health, Message, Profile, Registered, Sessions, Tokens, Verified};
use vestibule_web::{
    Budget, ChangeBody, EmailBody, Endpoint, RefreshBody, ResetBody, Route, VerifyBody, api_key, public,
    secret_in_form, secret_of_session, signed_in,
};

pub(crate) fn routes() -> Vec<Route> {
    [open(), accounts(), signed_in_routes(), mailed(), oauth()]
        .into_iter()
        .flatten()
        .collect()
}

fn open() -> Vec<Route> {
    vec![
        Route::get("/v1/health", Endpoint::Health, public(health))
            .summary("Whether the server and its database answer")
            .gives::<Health>(200, "Both do")
            .gives::<Health>(503, "The database does not"),
        Route::get("/.well-known/jwks.json", Endpoint::Jwks, public(jwks::root))
            .budget(Budget::Keys)
            .summary("The public keys that verify access tokens")
            .query(
                "env",
                "`live` or `test`; without it the live keys, and under `dev` the test keys too",
            )
            .gives_json(200, "A JSON Web Key Set (RFC 7517)"),
        Route::get(
            "/p/{project}/.well-known/jwks.json",
            Endpoint::Jwks,
            public(jwks::of_project),
        )
        .budget(Budget::Keys)
        .summary("The public keys of one project")
        .query("env", "`live` or `test`")
        .gives_json(200, "A JSON Web Key Set (RFC 7517)")
        .refuses(&[404]),
    ]
}

fn accounts() -> Vec<Route> {
    vec![
        Route::post("/v1/auth/register", Endpoint::Register, api_key(register))
            .budget(Budget::SignUp)
            .summary("Register a new user")
            .takes::<RegisterBody>()
            .gives::<Registered>(201, "Registered; a verification mail is on its way")
            .refuses(&[403, 409]),
        Route::post("/v1/auth/login", Endpoint::Login, api_key(login))
            .budget(Budget::SignIn)
            .summary("Log in and get tokens")
            .takes::<LoginBody>()
            .gives::<Tokens>(200, "Signed in")
            .refuses(&[403]),
        Route::post("/v1/auth/refresh", Endpoint::Refresh, api_key(refresh))
            .budget(Budget::Refresh)
            .summary("Refresh the access token")
            .describe("Single use: the answer carries the next refresh token.")
            .takes::<RefreshBody>()
            .gives::<Tokens>(200, "The next pair"),
    ]
}

fn signed_in_routes() -> Vec<Route> {
    vec![
        Route::post("/v1/auth/logout", Endpoint::Logout, secret_of_session(logout))
            .summary("Log out: end the session, another one, or that of a refresh token")
            .takes_optional::<LogoutBody>()
            .gives_nothing(204, "Ended, now or before")
            .refuses(&[403, 404]),
        Route::get("/v1/auth/me", Endpoint::Me, signed_in(me))
            .summary("The profile and sessions of the signed-in user")
            .gives::<Profile>(200, "The user")
            .refuses(&[403]),
        Route::get("/v1/auth/me/sessions", Endpoint::Sessions, signed_in(sessions))
            .summary("The live sessions of the signed-in user, newest first")
            .gives::<Sessions>(200, "At most 100 sessions")
            .refuses(&[403]),
        Route::delete(
            "/v1/auth/me/sessions/{id}",
            Endpoint::RevokeSession,
            signed_in(revoke_session),
        )
        .summary("End one of the user's own sessions")
        .gives_nothing(204, "Ended")
        .refuses(&[403, 404]),
        Route::post(
            "/v1/auth/change-password",
            Endpoint::ChangePassword,
            signed_in(change_password),
        )
        .budget(Budget::SignIn)
        .summary("Change the password; every other session ends")
        .takes::<ChangeBody>()
        .gives::<Message>(200, "Changed")
        .refuses(&[403]),
    ]
}

fn mailed() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/auth/verify-email",
            Endpoint::VerifyEmail,
            api_key(verify_email),
        )
        .budget(Budget::SignIn)
        .summary("Verify an address with the mailed token or code")
        .takes::<VerifyBody>()
        .gives::<Verified>(200, "Verified"),
        Route::post(
            "/v1/auth/resend-verification",
            Endpoint::ResendVerification,
            api_key(resend_verification),
        )
        .budget(Budget::Mail)
        .summary("Mail the verification again")
        .takes::<EmailBody>()
        .gives::<Message>(200, "The same answer whatever the address"),
        Route::post(
            "/v1/auth/forgot-password",
            Endpoint::ForgotPassword,
            api_key(forgot_password),
        )
        .budget(Budget::Mail)
        .summary("Mail a link that sets a new password")
        .takes::<EmailBody>()
        .gives::<Message>(200, "The same answer whatever the address"),
        Route::post(
            "/v1/auth/reset-password",
            Endpoint::ResetPassword,
            api_key(reset_password),
        )
        .budget(Budget::SignIn)
        .summary("Set a new password with the mailed token; every session ends")
        .takes::<ResetBody>()
        .gives::<Message>(200, "Set"),
    ]
}

fn oauth() -> Vec<Route> {
    vec![
        Route::post("/oauth/token", Endpoint::Token, secret_in_form(token))
            .budget(Budget::Refresh)
            .summary("Refresh as OAuth 2.0 does it (RFC 6749 section 6)")
            .takes_form::<TokenForm>()
            .gives::<Tokens>(200, "The next pair")
            .refuses_as::<OauthError>("application/json"),
        Route::post("/oauth/revoke", Endpoint::Revoke, secret_in_form(revoke))
            .summary("End the session of a refresh token (RFC 7009)")
            .takes_form::<RevokeForm>()
            .gives_nothing(200, "Whatever the token was, it works no longer")
            .refuses_as::<OauthError>("application/json"),
    ]
}
