//! Style, script and icon. Their addresses contain a hash of what they are, so that browsers keep them for good.

use super::Shared;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use vestibule_keys::digest::sha256;

/// A file in the binary.
pub(super) struct Asset {
    /// Its name with the hash: `page-1a2b3c4d.css`.
    pub(super) name: String,
    content: &'static str,
    content_type: &'static str,
}

impl Asset {
    fn new(stem: &str, ending: &str, content: &'static str, content_type: &'static str) -> Self {
        let hash = sha256(content.as_bytes())
            .first_chunk()
            .copied()
            .map(u64::from_be_bytes)
            .unwrap_or_default();
        Self {
            name: format!("{stem}-{hash:016x}.{ending}"),
            content,
            content_type,
        }
    }

    /// Where the asset is fetched.
    pub(super) fn path(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// The assets of all pages.
pub(super) struct Assets {
    pub(super) style: Asset,
    pub(super) inbox_script: Asset,
    pub(super) icon: Asset,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self {
            style: Asset::new(
                "page",
                "css",
                include_str!("assets/page.css"),
                "text/css; charset=utf-8",
            ),
            inbox_script: Asset::new(
                "inbox",
                "js",
                include_str!("assets/inbox.js"),
                "text/javascript; charset=utf-8",
            ),
            icon: Asset::new("icon", "svg", include_str!("assets/icon.svg"), "image/svg+xml"),
        }
    }
}

/// `GET /assets/{name}`
pub(super) async fn asset(State(pages): Shared, Path(name): Path<String>) -> Response {
    let Assets {
        style,
        inbox_script,
        icon,
    } = &pages.shell.assets;
    let Some(asset) = [style, inbox_script, icon]
        .into_iter()
        .find(|asset| asset.name == name)
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, asset.content).into_response()
}
