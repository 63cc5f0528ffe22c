//! A dialect: one vendor-shaped presentation of the operations.

use crate::answer::Answer;
use crate::endpoint::Endpoint;
use crate::limit::OwnBudget;
use crate::limit_headers::LimitHeaders;
use crate::quickstart::Quickstart;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::schema::SchemaOf;
use serde_json::Value;
use vestibule_model::{Refusal, Timestamp};
use vestibule_ops::Door;

/// When documentation says no: 2025-12-04T13:30:00Z.
const EXAMPLE_TIME: Timestamp = Timestamp::from_seconds(1_764_855_000);

/// Everything that the kit needs to know about a dialect. Each dialect crate has one function that returns it.
pub struct Dialect {
    /// The dialect as operations see it.
    pub door: &'static Door,
    /// Its name for people: the title of its `OpenAPI` document.
    pub title: &'static str,
    /// Unknown paths under these are refused in its envelope; the longest prefix of all dialects wins.
    pub prefixes: &'static [&'static str],
    /// The lower-case name of the request header that carries the API key.
    pub key_header: &'static str,
    /// Whether its requests need one.
    pub key: KeyRule,
    /// The cookie that may carry the access token instead of `Authorization`.
    pub cookie: Option<&'static str>,
    /// How it shows budgets.
    pub limit_headers: LimitHeaders,
    /// The budgets that it has for itself; the first that covers a path counts. Where none does the shared ones count.
    pub own_budgets: Vec<OwnBudget>,
    /// The first steps of its clients.
    pub quickstart: Quickstart,
    /// The media type of its refusals.
    pub error_type: &'static str,
    /// The shape of its refusals.
    pub error_schema: SchemaOf,
    /// Its routes.
    pub routes: fn() -> Vec<Route>,
    /// How it says no, and when. The kit adds `Retry-After` and `Allow`.
    pub answer: fn(Endpoint, &Refusal, &RequestId, Timestamp) -> Answer,
}

impl Dialect {
    /// The budget of its own that counts requests to a path.
    pub(crate) fn own_budget(&self, path: &str) -> Option<&OwnBudget> {
        self.own_budgets.iter().find(|budget| budget.covers(path))
    }

    /// How it says no at an endpoint: status and body, with a request id and a time for documentation.
    pub fn refused(&self, at: Endpoint, refusal: &Refusal) -> (u16, Value) {
        let answer = (self.answer)(at, refusal, &RequestId::example(), EXAMPLE_TIME);
        (
            answer.status.as_u16(),
            serde_json::from_slice(&answer.body).unwrap_or_default(),
        )
    }
}

/// Whether requests of a dialect need an API key. One that is sent must be good everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// Every request needs one.
    Required,
    /// Every request needs one, but where a bearer token is asked for, the key that its `kid` names may stand for it.
    OrBearer,
    /// Without one, the project is that of the host name, else the default one.
    Optional,
}
