//! The HTTP kit: everything between a socket and a dialect's handler.
//!
//! A dialect declares [`Route`]s, each through one of [`public`], [`api_key`],
//! [`signed_in`], [`secret`] and [`secret_of_session`], which says who may call it, and one
//! `answer` that says no in its words. [`App`] leads every request the same way: budget, key, token, body,
//! handler, answer. [`serve()`] listens.

mod access;
mod admit;
mod answer;
mod app;
mod arrived;
mod bearer;
mod bodies;
mod body;
mod byte_table;
mod call;
mod caught;
mod charge;
mod client;
mod common_headers;
mod connection;
mod cors;
mod dialect;
mod endpoint;
mod fields;
mod form;
mod forward_auth;
mod gate;
mod head;
mod header_text;
mod hosts;
mod identity;
mod in_time;
mod leftover;
mod let_in;
mod limit;
mod limit_headers;
mod meter;
mod openapi;
mod pages;
mod path;
mod patience;
mod presented;
mod quickstart;
mod refuse;
mod reply;
mod request_id;
mod route;
mod router;
#[cfg(test)]
mod sample;
mod schema;
mod security;
mod serve;
mod shutdown;
mod sign_up;
mod tunnel;
mod unrouted;

pub use access::{Guarded, api_key, public, secret, secret_in_form, secret_of_session, signed_in};
pub use answer::{Answer, Cookie};
pub use app::{App, Settings};
pub use bodies::{ChangeBody, CodeBody, EmailBody, RefreshBody, ResetBody, TokenBody, VerifyBody};
pub use call::{Call, Open};
pub use dialect::{Dialect, KeyRule};
pub use endpoint::Endpoint;
pub use fields::Fields;
pub use gate::{Admitted, Gateway, Hop, Passed, Upstreams};
pub use identity::Identity;
pub use limit::{Budget, OwnBudget, Rate, Rates};
pub use limit_headers::{Draft, LimitHeaders};
pub use openapi::openapi;
pub use quickstart::Quickstart;
pub use reply::Response;
pub use request_id::RequestId;
pub use route::{Route, RouteInfo, table};
pub use router::RouteConflict;
pub use schema::SchemaOf;
pub use serve::{Serving, serve};
pub use shutdown::Shutdown;
pub use tunnel::Tunnel;
