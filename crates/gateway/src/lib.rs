//! The guarded reverse proxy: sends the requests that a dialect's token lets pass on to their upstreams.
//!
//! Who may pass is decided in `vestibule-web`; here the head is cleaned (`head`), bodies are streamed both ways
//! (`stream`), and what goes wrong on the way is answered (`refusal`).

mod client;
mod exchange;
mod head;
mod refusal;
mod spoofable;
mod stream;
mod upgrade;

use axum::body::Body;
use client::Clients;
use http::header::{CONTENT_TYPE, VIA};
use http::{HeaderMap, HeaderValue, Response};
use refusal::{Refusal, refused};
use std::pin::Pin;
use stream::Patient;
use vestibule_web::{Admitted, Passed, Upstreams};

/// The upstream of `vestibule dev` that is built in: an empty list of films.
pub const BUILT_IN: &str = "built-in";

/// Sends requests to any upstream over connections that are kept.
#[derive(Debug)]
pub struct Proxy {
    clients: Clients,
    /// How this process signs what it passes on, so that it knows its own requests when they come back.
    via: HeaderValue,
}

impl Proxy {
    /// A proxy that signs with this name, which no other process has.
    pub fn new(name: u64) -> Self {
        let via = HeaderValue::from_str(&format!("1.1 vestibule-{name:016x}"));
        Self {
            clients: Clients::default(),
            // Digits and letters are always a header value.
            via: via.unwrap_or(HeaderValue::from_static("1.1 vestibule")),
        }
    }

    async fn answer(&self, mut admitted: Admitted<'_>) -> Result<Passed, Refusal> {
        if admitted.rule.upstream == BUILT_IN {
            return Ok(films());
        }
        if self.has_passed(&admitted.parts.headers) {
            return Err(Refusal::Loop);
        }
        let switch = upgrade::Switch::asked(&mut admitted.parts);
        let request = head::request(admitted, switch.is_some(), &self.via)?;
        let mut response = exchange::exchange(&self.clients, request).await?;
        match switch {
            Some(switch) if upgrade::agreed(&response) => Ok(switch.join(response)),
            _ if response.status() == http::StatusCode::SWITCHING_PROTOCOLS => Err(Refusal::Nonsense),
            _ => {
                head::clean_answer(response.headers_mut());
                Ok(response.map(|body| Body::new(Patient::new(body, stream::IDLE))))
            }
        }
    }

    fn has_passed(&self, headers: &HeaderMap) -> bool {
        let mut hops = headers
            .get_all(VIA)
            .iter()
            .flat_map(|hops| hops.as_bytes().split(|byte| *byte == b','));
        hops.any(|hop| hop.trim_ascii() == self.via.as_bytes())
    }
}

impl Upstreams for Proxy {
    fn pass<'a>(&'a self, admitted: Admitted<'a>) -> Pin<Box<dyn Future<Output = Passed> + Send + 'a>> {
        let (id, upstream) = (admitted.id, admitted.rule.upstream.as_str());
        Box::pin(async move {
            self.answer(admitted)
                .await
                .unwrap_or_else(|refusal| refused(&refusal, upstream, id))
        })
    }
}

fn films() -> Passed {
    let mut response = Response::new(Body::from("[]"));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
