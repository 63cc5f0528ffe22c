//! Every route, with what it asks of its caller, its budget and its documentation.

use crate::delete_me::delete_me;
use crate::login::{LoginBody, login};
use crate::logout::logout;
use crate::me::me;
use crate::roles;
use crate::signup::{SignupBody, signup};
use crate::update_me::{UpdateMeBody, update_me};
use crate::update_password::{UpdatePasswordBody, update_password};
use crate::wire::{AccessToken, Done, ProfileAnswer};
use vestibule_web::{Budget, Endpoint, Route, api_key, secret_of_session, signed_in};

pub(crate) fn routes() -> Vec<Route> {
    [accounts(), profile(), roles::routes()]
        .into_iter()
        .flatten()
        .collect()
}

fn accounts() -> Vec<Route> {
    vec![
        Route::post("/api/auth/signup", Endpoint::Register, api_key(signup))
            .budget(Budget::SignUp)
            .summary("Create a user account")
            .takes::<SignupBody>()
            .gives::<ProfileAnswer>(201, "The user; a verification mail is on its way")
            .refuses(&[403, 409]),
        Route::post("/api/auth/login", Endpoint::Login, api_key(login))
            .budget(Budget::SignIn)
            .summary("Log in and get an access token")
            .describe("The token comes in the answer, in the cookie `arkos_access_token`, or in both, as the project sets it.")
            .query("usernameField", "The path of the identifier that the body holds, such as `phones.some.number`")
            .takes::<LoginBody>()
            .gives::<AccessToken>(200, "Signed in")
            .refuses(&[403]),
        Route::delete("/api/auth/logout", Endpoint::Logout, secret_of_session(logout))
            .summary("Log out: the session ends and the cookie is cleared")
            .gives_nothing(204, "Ended, now or before")
            .refuses(&[403]),
        Route::post(
            "/api/auth/update-password",
            Endpoint::ChangePassword,
            signed_in(update_password),
        )
        .budget(Budget::SignIn)
        .summary("Change the password; every other session ends")
        .takes::<UpdatePasswordBody>()
        .gives::<Done>(200, "Changed")
        .refuses(&[403]),
    ]
}

fn profile() -> Vec<Route> {
    vec![
        Route::get("/api/users/me", Endpoint::Me, signed_in(me))
            .summary("The profile of the signed-in user")
            .gives::<ProfileAnswer>(200, "The user"),
        Route::patch("/api/users/me", Endpoint::UpdateMe, signed_in(update_me))
            .summary("Change fields of the profile")
            .takes::<UpdateMeBody>()
            .gives::<ProfileAnswer>(200, "The user as it is now")
            .refuses(&[403, 409]),
        Route::delete("/api/users/me", Endpoint::DeleteMe, signed_in(delete_me))
            .summary("Delete the account for ever")
            .gives_nothing(204, "Deleted")
            .refuses(&[403]),
    ]
}
