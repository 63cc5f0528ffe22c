//! Pages for people: those that mailed links lead to, and in `dev` the inbox, the documentation and a start page.
//!
//! They need no JavaScript, fetch nothing from elsewhere, and each answer carries its own content security policy.

mod answer;
mod assets;
mod curl;
mod docs;
mod docs_model;
#[cfg(test)]
mod docs_tests;
mod form;
mod inbox;
mod quickstart;
mod realm;
mod refusal;
mod reset_password;
mod shell;
mod start;
mod verify_email;

use axum::Router;
use axum::routing::get;
use shell::Shell;
use std::path::PathBuf;
use std::sync::Arc;
use vestibule_mail::Templates;
use vestibule_model::Environment;
use vestibule_ops::Core;
use vestibule_web::Dialect;

/// What the pages work with.
pub struct PagesState {
    /// The operations' core.
    pub core: Arc<Core>,
    /// Renders the mails of the inbox.
    pub templates: Arc<Templates>,
    /// The dialects, in the order in which they are listed.
    pub dialects: Vec<Dialect>,
    /// The environment of a page that was reached without a mailed token.
    pub default_environment: Environment,
    /// Whether the pages of `vestibule dev` are served: start, inbox and documentation.
    pub dev: bool,
    /// The file with the API keys of `dev`, for code to copy.
    pub dev_keys: Option<PathBuf>,
}

impl PagesState {
    /// The dialect of this name.
    fn dialect(&self, name: &str) -> Option<&Dialect> {
        self.dialects
            .iter()
            .find(|dialect| dialect.door.name.as_str() == name)
    }
}

/// The paths of pages and documents, with `{name}` where anything may stand; each covers those that it continues.
pub(crate) const PATHS: [&str; 9] = [
    "/verify-email",
    "/reset-password",
    "/assets/{name}",
    "/ready",
    "/docs/{dialect}/{operation}",
    "/dev/inbox/{id}/html",
    "/openapi/{document}",
    "/quickstart",
    "/forward-auth/{dialect}",
];

/// What every handler sees.
struct Pages {
    state: PagesState,
    shell: Shell,
}

type Shared = axum::extract::State<Arc<Pages>>;

/// The pages, to be served where no dialect has a prefix.
pub fn router(state: PagesState) -> Router {
    let dev = state.dev;
    let pages = Arc::new(Pages {
        state,
        shell: Shell::new(),
    });
    let mut router = Router::new()
        .route(
            "/verify-email",
            get(verify_email::show).post(verify_email::submit),
        )
        .route(
            "/reset-password",
            get(reset_password::show).post(reset_password::submit),
        )
        .route("/assets/{name}", get(assets::asset));
    if dev {
        router = router
            .route("/", get(start::show))
            .route("/quickstart", get(quickstart::show))
            .route("/docs", get(docs::index))
            .route("/docs/{dialect}", get(docs::show))
            .route("/docs/{dialect}/{operation}", get(docs::operation))
            .route("/dev/inbox", get(inbox::list))
            .route("/dev/inbox.json", get(inbox::json))
            .route("/dev/inbox/{id}", get(inbox::one))
            .route("/dev/inbox/{id}/html", get(inbox::html));
    }
    router.with_state(pages)
}
