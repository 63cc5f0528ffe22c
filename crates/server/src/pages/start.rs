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
        .dialects
        .iter()
        .map(|dialect| context! { name => dialect.door.name.as_str(), title => dialect.title })
        .collect();
    let values = context! { base => &pages.state.core.settings.public_url, dialects };
    pages.shell.page(StatusCode::OK, "start.html", values)
}
