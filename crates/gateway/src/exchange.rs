//! One request and the head of its answer.

use crate::client::Clients;
use crate::head::Outgoing;
use crate::refusal::Refusal;
use crate::stream::{Progress, Stalled};
use axum::body::Body;
use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often a request is sent again that met a connection which its upstream was just closing.
const AGAIN: u32 = 2;

/// Sends the request and waits for the head of the answer, for as long as the table says after the last part of the
/// request's body.
pub(crate) async fn exchange(clients: &Clients, outgoing: Outgoing) -> Result<Response<Incoming>, Refusal> {
    let Outgoing {
        request,
        patience,
        progress,
    } = outgoing;
    tokio::select! {
        answered = send(clients, request) => answered,
        () = overdue(progress, patience) => Err(Refusal::Slow),
    }
}

async fn overdue(progress: Option<Arc<Progress>>, patience: Duration) {
    match progress {
        Some(progress) => progress.stalled(patience).await,
        None => tokio::time::sleep(patience).await,
    }
}

async fn send(clients: &Clients, mut request: Request<Body>) -> Result<Response<Incoming>, Refusal> {
    let mut again = if is_repeatable(&request) { AGAIN } else { 0 };
    loop {
        let copy = (again > 0).then(|| copy(&request));
        let Some(sending) = clients.send(request) else {
            return Err(Refusal::Down(
                "this system has no certificates to judge it by".into(),
            ));
        };
        match (sending.await, copy) {
            (Ok(response), _) => return Ok(response),
            // Never reached, so that another attempt would meet the same.
            (Err(error), _) if error.is_connect() => return Err(judged(error)),
            (Err(_), Some(copy)) => {
                again -= 1;
                request = copy;
            }
            (Err(error), None) => return Err(judged(error)),
        }
    }
}

/// Whether the request may be sent twice and still can be (RFC 9110 §9.2.2): its body would be gone.
fn is_repeatable(request: &Request<Body>) -> bool {
    let idempotent = [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
    ];
    idempotent.contains(request.method()) && request.body().is_end_stream()
}

fn copy(request: &Request<Body>) -> Request<Body> {
    let mut copy = Request::new(Body::empty());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    copy
}

fn judged(error: Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if error.is::<Stalled>() {
            return Refusal::Unfinished;
        }
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
            return Refusal::Slow;
        }
        cause = error.source();
    }
    Refusal::Down(Box::new(error))
}
