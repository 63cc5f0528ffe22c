//! Every route, with what it asks of its caller, its budget and its documentation. The document prints its base as
//! `/v1/sdk` and its paths as `/sdk/auth/…`, so that every route is served at both joined together too.

use crate::delete_me::delete_me;
use crate::forgot_password::forgot_password;
use crate::login::{LoginBody, login};
use crate::logout::logout;
use crate::me::me;
use crate::refresh::refresh;
use crate::register::{RegisterBody, register};
use crate::reset_password::{ResetBody, reset_password};
use crate::send_verification::{SendBody, send_verification};
use crate::update_me::{UpdateBody, update_me};
use crate::verify_email::{VerifyBody, verify_email};
use crate::wire::{Message, Registered, Session, UserShape};
use vestibule_web::{Budget, EmailBody, Endpoint, RefreshBody, Route, api_key, secret_of_session, signed_in};

pub(crate) fn routes() -> Vec<Route> {
    [accounts(), signed_in_routes(), mailed()]
        .into_iter()
        .flatten()
        .collect()
}

fn accounts() -> Vec<Route> {
    vec![
        Route::post("/v1/sdk/auth/register", Endpoint::Register, api_key(register))
            .also_at(&["/v1/sdk/sdk/auth/register"])
            .budget(Budget::SignUp)
            .summary("Create a new user account")
            .takes::<RegisterBody>()
            .gives::<Registered>(201, "Registered; a verification mail is on its way")
            .refuses(&[403, 409]),
        Route::post("/v1/sdk/auth/login", Endpoint::Login, api_key(login))
            .also_at(&["/v1/sdk/sdk/auth/login"])
            .budget(Budget::SignIn)
            .summary("Log in and receive a session token")
            .takes::<LoginBody>()
            .gives::<Session>(200, "Signed in")
            .refuses(&[403]),
        Route::post("/v1/sdk/auth/refresh", Endpoint::Refresh, api_key(refresh))
            .also_at(&["/v1/sdk/sdk/auth/refresh"])
            .budget(Budget::Refresh)
            .summary("Renew the session")
            .describe("Single use: the answer carries the next refresh token.")
            .takes::<RefreshBody>()
            .gives::<Session>(200, "The next tokens"),
    ]
}

fn signed_in_routes() -> Vec<Route> {
    vec![
        Route::post("/v1/sdk/auth/logout", Endpoint::Logout, secret_of_session(logout))
            .also_at(&["/v1/sdk/sdk/auth/logout"])
            .summary("End the session of the bearer token")
            .gives_nothing(204, "Ended, now or before"),
        Route::get("/v1/sdk/auth/me", Endpoint::Me, signed_in(me))
            .also_at(&["/v1/sdk/sdk/auth/me"])
            .summary("The signed-in user")
            .gives::<UserShape>(200, "The user"),
        Route::patch("/v1/sdk/auth/me", Endpoint::UpdateMe, signed_in(update_me))
            .also_at(&["/v1/sdk/sdk/auth/me"])
            .summary("Change the signed-in user's profile")
            .describe("What is absent stays; `null` clears a field.")
            .takes::<UpdateBody>()
            .gives::<UserShape>(200, "The user as it is now"),
        Route::delete("/v1/sdk/auth/me", Endpoint::DeleteMe, signed_in(delete_me))
            .also_at(&["/v1/sdk/sdk/auth/me"])
            .summary("Delete the signed-in user's account")
            .gives_nothing(204, "Deleted for ever"),
    ]
}

fn mailed() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/sdk/auth/verify-email",
            Endpoint::VerifyEmail,
            api_key(verify_email),
        )
        .also_at(&["/v1/sdk/sdk/auth/verify-email"])
        .budget(Budget::SignIn)
        .summary("Verify an address with the mailed token")
        .takes::<VerifyBody>()
        .gives::<Message>(200, "Verified"),
        Route::post(
            "/v1/sdk/auth/send-verification",
            Endpoint::ResendVerification,
            api_key(send_verification),
        )
        .also_at(&[
            "/v1/sdk/sdk/auth/send-verification",
            "/v1/sdk/auth/resend-verification",
            "/v1/sdk/sdk/auth/resend-verification",
        ])
        .budget(Budget::Mail)
        .summary("Mail the verification again")
        .describe("To the address in the body, or without one to that of the bearer token's user.")
        .takes_optional::<SendBody>()
        .gives::<Message>(200, "The same answer whatever the address"),
        Route::post(
            "/v1/sdk/auth/forgot-password",
            Endpoint::ForgotPassword,
            api_key(forgot_password),
        )
        .also_at(&[
            "/v1/sdk/sdk/auth/forgot-password",
            "/v1/sdk/auth/password-reset",
            "/v1/sdk/sdk/auth/password-reset",
        ])
        .budget(Budget::Mail)
        .summary("Mail a link that sets a new password")
        .takes::<EmailBody>()
        .gives::<Message>(200, "The same answer whatever the address"),
        Route::post(
            "/v1/sdk/auth/reset-password",
            Endpoint::ResetPassword,
            api_key(reset_password),
        )
        .also_at(&[
            "/v1/sdk/sdk/auth/reset-password",
            "/v1/sdk/auth/password-reset/confirm",
            "/v1/sdk/sdk/auth/password-reset/confirm",
        ])
        .budget(Budget::SignIn)
        .summary("Set a new password with the mailed token; every session ends")
        .takes::<ResetBody>()
        .gives::<Message>(200, "Set"),
    ]
}
