//! Connections that a request has turned into something else, such as a WebSocket (RFC 9110 §7.8).

use http::Request;
use hyper::upgrade::OnUpgrade;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a connection becomes after its last answer. A request that asks for it carries a clone in its extensions.
#[derive(Clone, Default)]
pub struct Tunnel(Arc<Mutex<Option<Running>>>);

impl Tunnel {
    /// Goes with a request that asks to turn the connection into something else.
    pub(crate) fn offer<B>(&self, request: &mut Request<B>) {
        if request.extensions().get::<OnUpgrade>().is_some() {
            request.extensions_mut().insert(self.clone());
        }
    }

    /// Serves the connection by this once its answer, a 101, has been sent.
    pub fn dig(&self, through: impl Future<Output = ()> + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::pin(through));
    }

    /// Serves the connection to its end, if it has become something else.
    pub(crate) async fn run(&self) {
        let through = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(through) = through {
            through.await;
        }
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tunnel")
    }
}
