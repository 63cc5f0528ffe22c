//! `/ready`: whether this process should get requests. False first when it stops.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::sync::Arc;
use vestibule_ops::{Core, health};
use vestibule_web::Shutdown;

/// What readiness depends on.
#[derive(Clone)]
pub struct Readiness {
    pub core: Arc<Core>,
    pub shutdown: Shutdown,
}

impl Readiness {
    /// The route for the main listener.
    pub fn router(self) -> Router {
        Router::new().route("/ready", get(async move || self.answer().await))
    }

    /// What `/ready` answers now.
    pub async fn answer(&self) -> Response {
        let (status, body) = if self.shutdown.is_announced() {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"stopping"}"#)
        } else if health(&self.core).await.is_err() {
            (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"unavailable"}"#)
        } else {
            (StatusCode::OK, r#"{"status":"ready"}"#)
        };
        (
            status,
            [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")],
            body,
        )
            .into_response()
    }
}
