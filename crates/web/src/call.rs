//! What a handler is given.

use crate::arrived::Arrived;
use crate::bearer::Bearer;
use crate::fields::Fields;
use crate::form;
use crate::hosts::Named;
use crate::presented::{self, Presented};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::sync::Arc;
use vestibule_model::refusal::{Input, Token};
use vestibule_model::{Environment, Project, Refusal, json};
use vestibule_ops::{Caller, Core, Cx, Error, Facts};

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
    pub(crate) arrived: Box<Arrived>,
    pub(crate) captures: Vec<(String, String)>,
    pub(crate) rule: BodyRule,
    /// The cookie that may carry the access token.
    pub(crate) cookie: Option<&'static str>,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.arrived.parts.headers
    }

    /// The facts that operations keep.
    pub(crate) fn facts(&self) -> Facts {
        let agent = self.headers().get(http::header::USER_AGENT);
        let agent = agent.and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let Arrived { client, id, .. } = &*self.arrived;
        Facts::new(Some(client.address), agent, id.as_str().to_owned())
    }

    pub(crate) fn presented(&self) -> Presented<'_> {
        Presented::of(self.cookie, self.headers())
    }

    /// The caller by the access token.
    pub(crate) async fn caller(&self, cx: &Cx) -> Result<Caller, Error> {
        match self.presented().token {
            Bearer::Token(token) => vestibule_ops::authenticate(cx, token).await,
            Bearer::Absent => Err(Token::Missing.into()),
            Bearer::Unreadable => Err(Token::NotAuthentic.into()),
        }
    }

    /// The host name that the request gives us, in lower case and without its port, unless it leads to no project.
    pub(crate) fn host(&self) -> Option<Cow<'_, str>> {
        if self.arrived.named == Named::Nothing {
            return None;
        }
        crate::hosts::named(self.headers(), &self.arrived.parts.uri)
    }

    fn path(&self, name: &str) -> &str {
        self.captures
            .iter()
            .find(|(captured, _)| captured == name)
            .map_or("", |(_, value)| value)
    }

    fn query(&self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(query) = self.arrived.parts.uri.query() else {
            return Ok(None);
        };
        let mut parameters = form::fields(query.as_bytes())?;
        match parameters.remove(name) {
            Some(Value::String(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    pub(crate) fn fields(&self) -> Result<Map<String, Value>, Refusal> {
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

    /// The access token, for routes where it is optional: of a well-formed `Authorization: Bearer` header or, where the
    /// dialect has one, of its cookie.
    pub fn bearer(&self) -> Option<&str> {
        match self.request.presented().token {
            Bearer::Token(token) => Some(token),
            Bearer::Absent | Bearer::Unreadable => None,
        }
    }

    /// Whether a browser sends the dialect's cookie, whatever it holds.
    pub fn sends_cookie(&self) -> bool {
        let cookie = self.request.cookie;
        cookie.is_some_and(|name| presented::is_sent(self.request.headers(), name))
    }

    /// Who holds the access token, for routes where it is optional.
    pub async fn caller(&self) -> Result<Caller, Error> {
        self.request.caller(&self.cx).await
    }

    /// A query parameter. Refused when any parameter comes twice.
    pub fn query(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.request.query(name)?)
    }

    /// All query parameters, in order. Refused when any comes twice.
    pub fn queries(&self) -> Result<Vec<(String, String)>, Error> {
        let query = self.request.arrived.parts.uri.query();
        let fields = form::fields(query.unwrap_or_default().as_bytes());
        let texts = fields.map_err(Refusal::from)?.into_iter();
        Ok(texts
            .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
            .collect())
    }

    /// Whether clients reach this server over TLS, so that cookies are for TLS alone.
    pub fn is_secure(&self) -> bool {
        self.cx.core.settings.public_url.starts_with("https://")
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
    pub(crate) environment: Environment,
    pub(crate) draining: bool,
    pub(crate) request: Received,
}

impl Open {
    /// What all requests share.
    pub const fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The project and environment that the request's host name leads to, else the default ones.
    pub async fn realm(&self) -> Result<(Arc<Project>, Environment), Error> {
        realm_without_key(&self.core, self.environment, self.request.host()).await
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

/// The project and environment of a request without an API key: those that its host name leads to, else the default
/// project in the environment that the instance sets.
pub(crate) async fn realm_without_key(
    core: &Core,
    environment: Environment,
    host: Option<Cow<'_, str>>,
) -> Result<(Arc<Project>, Environment), Error> {
    if let Some(host) = host.filter(|host| !crate::hosts::is_local(host))
        && let Some(realm) = vestibule_ops::realm_of_host(core, &host).await?
    {
        return Ok(realm);
    }
    Ok((vestibule_ops::default_project(core).await?, environment))
}
