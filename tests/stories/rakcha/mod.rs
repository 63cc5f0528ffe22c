//! Stories through the Rakcha door.

mod input;
mod journey;
mod numbers;
mod refusals;
mod tokens;

use serde_json::json;
use vestibule_testkit::{Answer, Front, Rakcha, Server, Way};

/// What every 401 of this door says.
const UNAUTHORIZED: &str = r#"{"message":"Invalid credentials."}"#;

/// A way in on which the tokens of this door open the document's `/api/films`, as in `vestibule dev`.
fn cinema(t: &Server) -> Front {
    let films = json!({"prefix": "/api/films", "upstream": "built-in", "dialect": "rakcha"});
    t.front(Way {
        gateway: vec![serde_json::from_value(films).unwrap()],
        ..Way::default()
    })
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
