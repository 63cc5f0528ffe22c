//! The start page of `dev`.

use super::Shared;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::context;

/// `GET /`
pub(super) async fn show(State(pages): Shared) -> Response {
    let dialects: Vec<_> = pages
        .state
        .documents
        .iter()
        .map(|document| context! { name => &document.name, title => &document.title })
        .collect();
    let values = context! { base => &pages.state.core.settings.public_url, dialects };
    pages.shell.page(StatusCode::OK, "start.html", values)
}
