//! The one route, with what it asks of its caller, its budget and its documentation.

use crate::login::{LoginBody, login};
use crate::wire::Authenticated;
use vestibule_web::{Budget, Endpoint, Route, api_key};

pub(crate) fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/users/auth", Endpoint::Login, api_key(login))
            .budget(Budget::SignIn)
            .summary("Obtain a token")
            .describe("The token expires after an hour; repeat the request to obtain a new one.")
            .takes::<LoginBody>()
            .gives::<Authenticated<'_>>(200, "Signed in"),
    ]
}
