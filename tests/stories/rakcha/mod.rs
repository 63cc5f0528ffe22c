//! Stories through the Rakcha door.

mod input;
mod journey;
mod refusals;
mod tokens;

use vestibule_testkit::{Answer, Front, Rakcha, Server, Way, dialect};
use vestibule_web::{Dialect, Endpoint, Route, signed_in};

/// What every 401 of this door says.
const UNAUTHORIZED: &str = r#"{"message":"Invalid credentials."}"#;

/// A way in on which the tokens of this door open the document's `/api/films`.
fn cinema(t: &Server) -> Front {
    let dialect = Dialect {
        routes: with_films,
        ..dialect("rakcha")
    };
    t.front(Way {
        dialects: vec![dialect],
        ..Way::default()
    })
}

fn with_films() -> Vec<Route> {
    let films = signed_in(|_, _| async { Ok(vestibule_web::Answer::json(200, &[(); 0])) });
    let mut routes = (dialect("rakcha").routes)();
    routes.push(Route::get("/api/films", Endpoint::Me, films));
    routes
}

/// What a client with this token gets to see of the films.
async fn films(t: &Server, token: &str) -> Answer {
    let app = t.rakcha().bearing(token);
    cinema(t).send(app.request("GET", "/api/films")).await
}

/// Asserts that a token opens nothing.
async fn is_refused(t: &Server, what: &str, token: &str) {
    let answer = films(t, token).await;
    assert_eq!((answer.status, answer.text()), (401, UNAUTHORIZED), "{what}");
}

fn token(app: &Rakcha<'_>) -> String {
    app.token.clone().expect("somebody signed in")
}
