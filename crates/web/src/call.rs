//! What a handler is given.

use crate::bearer::Bearer;
use crate::fields::Fields;
use crate::form;
use crate::request_id::RequestId;
use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde_json::{Map, Value};
use std::net::IpAddr;
use std::sync::Arc;
use vestibule_model::refusal::Input;
use vestibule_model::{Refusal, json};
use vestibule_ops::{Core, Cx, Error, Facts};

/// What a route does with a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyRule {
    /// It is not looked at.
    Ignored,
    /// A JSON object.
    Json,
    /// A JSON object, or nothing, which is an empty one.
    OptionalJson,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// The parts of a request that a handler may look at.
pub(crate) struct Received {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) captures: Vec<(String, String)>,
    pub(crate) id: RequestId,
    pub(crate) client: IpAddr,
    pub(crate) rule: BodyRule,
    pub(crate) body: Bytes,
}

impl Received {
    /// The facts that operations keep.
    pub(crate) fn facts(&self) -> Facts {
        let agent = self.headers.get(http::header::USER_AGENT);
        let agent = agent.and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        Facts::new(Some(self.client), agent, self.id.as_str().to_owned())
    }

    fn path(&self, name: &str) -> &str {
        self.captures
            .iter()
            .find(|(captured, _)| captured == name)
            .map_or("", |(_, value)| value)
    }

    fn query(&self, name: &str) -> Result<Option<String>, Refusal> {
        let mut parameters = form::fields(self.uri.query().unwrap_or_default().as_bytes())?;
        match parameters.remove(name) {
            Some(Value::String(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    fn fields(&self) -> Result<Map<String, Value>, Refusal> {
        match self.rule {
            BodyRule::Form => Ok(form::fields(&self.body)?),
            BodyRule::OptionalJson | BodyRule::Ignored if self.body.is_empty() => Ok(Map::new()),
            _ => Ok(json::object(&self.body).map_err(|problem| Input::Malformed(problem.to_string()))?),
        }
    }
}

/// A request whose project and environment are known and whose access has been checked.
pub struct Call {
    /// The context of the operation to call.
    pub cx: Cx,
    pub(crate) request: Received,
}

impl Call {
    /// What the path has in the place of `{name}`; empty when the route names no such place.
    pub fn path(&self, name: &str) -> &str {
        self.request.path(name)
    }

    /// The token of a well-formed `Authorization: Bearer` header, for routes where it is optional.
    pub fn bearer(&self) -> Option<&str> {
        match Bearer::of(&self.request.headers) {
            Bearer::Token(token) => Some(token),
            Bearer::Absent | Bearer::Unreadable => None,
        }
    }

    /// Reads the body, JSON or form as the route declares, into a shape. Refused as a whole, with every wrong
    /// field named.
    pub fn read<T>(&self, shape: impl FnOnce(&mut Fields) -> T) -> Result<T, Error> {
        Ok(Fields::read(self.request.fields()?, shape)?)
    }
}

/// A request to a route that anybody may call and that need not be about any project.
pub struct Open {
    pub(crate) core: Arc<Core>,
    pub(crate) draining: bool,
    pub(crate) request: Received,
}

impl Open {
    /// What all requests share.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Whether the server is shutting down and wants no new work.
    pub const fn draining(&self) -> bool {
        self.draining
    }

    /// What the path has in the place of `{name}`; empty when the route names no such place.
    pub fn path(&self, name: &str) -> &str {
        self.request.path(name)
    }

    /// A query parameter. Refused when any parameter comes twice.
    pub fn query(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.request.query(name)?)
    }
}
