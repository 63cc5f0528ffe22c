//! Stories through the Koolbase door.

mod input;
mod isolation;
mod journey;
mod profile;
mod recovery;
mod refusals;
mod sessions;
mod tokens;
mod verification;

use vestibule_testkit::Answer;

/// Asserts a refusal: its status, its code, and that it says nothing else but a text.
#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.string("code").as_str()),
        (status, code),
        "{answer}"
    );
    says(
        answer,
        status,
        &format!(r#"{{"error":{},"code":"{code}"}}"#, answer.json()["error"]),
    );
}

/// Asserts a whole body of JSON.
#[track_caller]
fn says(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text()), (status, body), "{answer}");
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{answer}"
    );
}
