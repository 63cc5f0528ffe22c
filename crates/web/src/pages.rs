//! Pages for people and documents for programs: what no dialect's prefix covers.

use crate::answer::Answer;
use crate::app::App;
use crate::arrived::Arrived;
use crate::body;
use crate::caught::Caught;
use crate::cors::Readers;
use crate::endpoint::Endpoint;
use crate::limit::Budget;
use crate::limit_headers::LimitHeaders;
use crate::path;
use crate::reply::Reply;
use axum::body::Body;
use axum::response::IntoResponse;
use http::header::ALLOW;
use http::{Method, Request, StatusCode};
use http_body_util::Either;
use std::pin::pin;
use tower::ServiceExt;
use vestibule_model::refusal::Input;
use vestibule_ops::Facts;

/// Marks the answer to a path that no page has, or to a method that its page does not take.
#[derive(Clone, Copy)]
struct NoPage;

/// The pages, with an end to their paths that the kit can tell.
pub(crate) fn closed(pages: axum::Router) -> axum::Router {
    let none = |status: StatusCode| (status, axum::Extension(NoPage)).into_response();
    pages
        .fallback(move || async move { none(StatusCode::NOT_FOUND) })
        .method_not_allowed_fallback(move || async move { none(StatusCode::METHOD_NOT_ALLOWED) })
}

impl App {
    /// Answers from the documents or the pages. What a page is sent counts as trying a password or a code.
    pub(crate) async fn at_page(&self, arrived: Box<Arrived>, body: Body) -> Reply<'_> {
        let reads = matches!(arrived.parts.method, Method::GET | Method::HEAD);
        let budget = if reads { Budget::Default } else { Budget::SignIn };
        let mut shown = self.limits.take(budget, arrived.client, arrived.at);
        let charged = self.charge_with_others((None, budget), arrived.client, arrived.at, &mut shown);
        let charged = charged.await;
        let problem = |status| Reply::problem(Endpoint::Unrouted, status, &arrived.id);
        let reply = if charged.is_err() {
            problem(StatusCode::SERVICE_UNAVAILABLE)
        } else if shown.refused {
            problem(StatusCode::TOO_MANY_REQUESTS)
        } else if !path::is_plain(arrived.parts.uri.path()) {
            problem(StatusCode::NOT_FOUND)
        } else if let Some(document) = self.document(&arrived).filter(|_| reads) {
            let readers = Readers::Anybody { asking: true };
            Reply::page(document.into(), Endpoint::Description).read_by(readers)
        } else {
            let id = arrived.id;
            match Caught(pin!(self.page(arrived, body))).await {
                Ok(Ok(reply)) => reply,
                Ok(Err(status)) => Reply::problem(Endpoint::Unrouted, status, &id),
                Err(panicked) => {
                    tracing::error!(request_id = id.as_str(), panic = panicked.0, "a page panicked");
                    Reply::problem(Endpoint::Page, StatusCode::INTERNAL_SERVER_ERROR, &id)
                }
            }
        };
        reply.showing(LimitHeaders::DRAFT_7, shown)
    }

    /// `/openapi/{dialect}.json`.
    fn document(&self, arrived: &Arrived) -> Option<Answer> {
        let name = arrived
            .parts
            .uri
            .path()
            .strip_prefix("/openapi/")?
            .strip_suffix(".json")?;
        let mut documents = self.router.dialects().iter().zip(&self.documents);
        let (dialect, document) = documents.find(|(dialect, _)| dialect.door.name.as_str() == name)?;
        let make = || {
            Answer::json(
                200,
                &crate::openapi::openapi(dialect, &self.core.settings.public_url),
            )
        };
        Some(document.get_or_init(make).clone())
    }

    async fn page(&self, arrived: Box<Arrived>, body: Body) -> Result<Reply<'_>, StatusCode> {
        let Arrived {
            mut parts,
            id,
            client,
            ..
        } = *arrived;
        let agent = parts
            .headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let facts = Facts::new(Some(client.address), agent, id.as_str().to_owned());
        parts.extensions.insert(facts);
        let body = body::collect(body).await.map_err(|input| match input {
            Input::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        })?;
        let request = Request::from_parts(parts, Body::from(body));
        let response = match self.pages.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        if response.extensions().get::<NoPage>().is_some() {
            let problem = Reply::problem(Endpoint::Unrouted, response.status(), &id);
            return Ok(match response.headers().get(ALLOW) {
                Some(allow) => problem.with(ALLOW, allow.clone()),
                None => problem,
            });
        }
        Ok(Reply::page(response.map(Either::Right), Endpoint::Page))
    }
}
