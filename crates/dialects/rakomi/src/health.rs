//! `GET /v1/health`

use crate::wire::Health;
use vestibule_ops::Error;
use vestibule_web::{Answer, Open};

pub(crate) async fn health(open: Open) -> Result<Answer, Error> {
    let (status, word) = match vestibule_ops::health(open.core()).await {
        Ok(()) if !open.draining() => (200, "ok"),
        Ok(()) | Err(_) => (503, "unavailable"),
    };
    Ok(Answer::json(
        status,
        &Health {
            status: word,
            version: env!("CARGO_PKG_VERSION"),
        },
    ))
}
