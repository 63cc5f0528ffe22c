//! Every route, with what it asks of its caller, its budget and its documentation.

use crate::change_password::change_password;
use crate::forgot_password::forgot_password;
use crate::login::{LoginBody, login};
use crate::logout::logout;
use crate::refresh::refresh;
use crate::resend_verification::resend_verification;
use crate::reset_password::reset_password;
use crate::signup::{SignupBody, signup};
use crate::update_user::{UpdateBody, update_user};
use crate::user::user;
use crate::verify_email::verify_email;
use crate::wire::{Profile, Sentence, Tokens};
use vestibule_web::{
    Budget, ChangeBody, EmailBody, Endpoint, RefreshBody, ResetBody, Route, VerifyBody, api_key, signed_in,
};

pub(crate) fn routes() -> Vec<Route> {
    [accounts(), users(), mailed()].into_iter().flatten().collect()
}

fn accounts() -> Vec<Route> {
    vec![
        Route::post("/auth/login", Endpoint::Login, api_key(login))
            .also_at(&["/api/v1/auth/login"])
            .budget(Budget::SignIn)
            .summary("Log in and get tokens")
            .takes::<LoginBody>()
            .gives::<Tokens>(200, "Signed in")
            .refuses(&[403]),
        Route::post("/api/v1/auth/signup", Endpoint::Register, api_key(signup))
            .budget(Budget::SignUp)
            .summary("Create a new user account")
            .takes::<SignupBody>()
            .gives::<Sentence>(201, "Created; a verification mail is on its way")
            .refuses(&[403]),
        Route::post("/api/v1/auth/refresh", Endpoint::Refresh, api_key(refresh))
            .also_at(&["/api/v1/auth/refresh-token"])
            .budget(Budget::Refresh)
            .summary("Obtain a new access token")
            .describe("Single use: the answer carries the next refresh token.")
            .takes::<RefreshBody>()
            .gives::<Tokens>(200, "The next pair"),
        Route::post("/api/v1/auth/logout", Endpoint::Logout, signed_in(logout))
            .summary("Log out: end the session of the refresh token")
            .describe("Needs both tokens of the user: the access token, and the newest refresh token.")
            .takes::<RefreshBody>()
            .gives::<Sentence>(200, "Ended"),
    ]
}

fn users() -> Vec<Route> {
    vec![
        Route::get("/api/v1/auth/user", Endpoint::Me, signed_in(user))
            .summary("The signed-in user")
            .gives::<Profile>(200, "The user"),
        Route::put("/api/v1/auth/user", Endpoint::UpdateMe, signed_in(update_user))
            .summary("Change the signed-in user")
            .takes::<UpdateBody>()
            .gives::<Profile>(200, "The user as it is now")
            .refuses(&[403]),
        Route::post(
            "/api/v1/auth/change-password",
            Endpoint::ChangePassword,
            signed_in(change_password),
        )
        .budget(Budget::SignIn)
        .summary("Change the password; every other session ends")
        .takes::<ChangeBody>()
        .gives::<Sentence>(200, "Changed"),
    ]
}

fn mailed() -> Vec<Route> {
    vec![
        Route::post(
            "/api/v1/auth/verify-email",
            Endpoint::VerifyEmail,
            api_key(verify_email),
        )
        .budget(Budget::SignIn)
        .summary("Verify an address with the mailed token or code")
        .takes::<VerifyBody>()
        .gives::<Sentence>(200, "Verified"),
        Route::post(
            "/api/v1/auth/resend-verification",
            Endpoint::ResendVerification,
            api_key(resend_verification),
        )
        .budget(Budget::Mail)
        .summary("Mail the verification again")
        .takes::<EmailBody>()
        .gives::<Sentence>(200, "The same answer whatever the address"),
        Route::post(
            "/api/v1/auth/forgot-password",
            Endpoint::ForgotPassword,
            api_key(forgot_password),
        )
        .budget(Budget::Mail)
        .summary("Mail a link that sets a new password")
        .takes::<EmailBody>()
        .gives::<Sentence>(200, "The same answer whatever the address"),
        Route::post(
            "/api/v1/auth/reset-password",
            Endpoint::ResetPassword,
            api_key(reset_password),
        )
        .budget(Budget::SignIn)
        .summary("Set a new password with the mailed token; every session ends")
        .takes::<ResetBody>()
        .gives::<Sentence>(200, "Set"),
    ]
}
