//! From a route to its handler: which project, which caller, and only then the body.

use crate::access::Guard;
use crate::answer::Answer;
use crate::app::App;
use crate::bearer::{self, Bearer};
use crate::body;
use crate::call::{Call, Open, Received, realm_without_key};
use crate::cors;
use crate::dialect::{Dialect, KeyRule};
use crate::hosts;
use crate::in_time::in_time;
use crate::limit::{Budget, Shown};
use crate::presented;
use crate::route::Route;
use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method};
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use vestibule_model::refusal::{ApiKey, NotFound, Permission, Token};
use vestibule_model::{Environment, Project, Refusal};
use vestibule_ops::{ApiKeyKind, Caller, Cx, Entrance, Error};

/// A request whose key and token are good.
struct Admitted {
    cx: Cx,
    caller: Option<Caller>,
    by_key: bool,
}

/// A project and one of its environments.
type Realm = (Arc<Project>, Environment);

impl App {
    /// Checks the key, then the token, then reads the body and runs the handler. The project is noted as soon
    /// as it is known, for it decides who may read even a refusal.
    pub(crate) async fn admit(
        &self,
        dialect: &Dialect,
        route: &Route,
        (request, body): (Received, Body),
        (deadline, project, shown): (Instant, &mut Option<Arc<Project>>, &mut Shown),
    ) -> Result<Answer, Error> {
        if let Guard::Public(handler) = &route.guard {
            let work = handler(Open {
                core: Arc::clone(&self.core),
                environment: self.environment,
                draining: self.shutdown.is_announced(),
                request,
            });
            return in_time(deadline, pin!(work)).await;
        }
        // Boxed, because most of a request's future is this, and it is moved before it runs.
        Box::pin(self.admit_checked(dialect, route, (request, body), (deadline, project, shown))).await
    }

    async fn admit_checked(
        &self,
        dialect: &Dialect,
        route: &Route,
        (mut request, body): (Received, Body),
        (mut deadline, project, shown): (Instant, &mut Option<Arc<Project>>, &mut Shown),
    ) -> Result<Answer, Error> {
        let mut body = Some(body);
        if matches!(route.guard, Guard::SecretInForm(_))
            && let Some(body) = body.take()
        {
            read_body(route, (&mut request, body), &mut deadline).await?;
        }
        let Admitted {
            mut cx,
            caller,
            by_key,
        } = {
            let work = pin!(self.admitted(dialect, route, &request, (project, deadline)));
            in_time(deadline, work).await?
        };
        if let Some(body) = body {
            read_body(route, (&mut request, body), &mut cx.deadline).await?;
        }
        let (until, client) = (cx.deadline, request.arrived.client);
        let call = Call { cx, request };
        let handling = pin!(async {
            match (&route.guard, caller) {
                (Guard::SignedIn(handler), Some(caller)) => handler(call, caller).await,
                (Guard::ApiKey(handler) | Guard::Secret(handler) | Guard::SecretInForm(handler), _) => {
                    handler(call).await
                }
                (Guard::SecretOfSession(handler), _) => standing_for_a_key(by_key, handler(call).await),
                (Guard::SignedIn(_) | Guard::Public(_), _) => Err(Token::Missing.into()),
            }
        });
        let work = in_time(until, handling);
        if route.budget == Budget::SignUp {
            // Now that the body is here: whoever sends theirs slowly keeps nobody waiting.
            return Box::pin(self.in_turn((client, until), shown, work)).await;
        }
        work.await
    }

    /// Checks the key, then the token.
    async fn admitted(
        &self,
        dialect: &Dialect,
        route: &Route,
        request: &Received,
        (project, deadline): (&mut Option<Arc<Project>>, Instant),
    ) -> Result<Admitted, Error> {
        let key = key(request.headers(), dialect.key_header)?;
        let by_key = key.is_some() || dialect.key != KeyRule::OrBearer;
        let (found, environment) = self.realm(dialect, &route.guard, key, request).await?;
        *project = Some(Arc::clone(&found));
        if !found.serves(dialect.door.name) {
            return Err(NotFound::Route.into());
        }
        if matches!(route.guard, Guard::SignedIn(_) | Guard::SecretOfSession(_)) {
            // Only a dialect with a cookie has its token read for this; the others' is read once, for what it says.
            let by_cookie = dialect.cookie.is_some() && request.presented().by_cookie;
            let method = by_cookie.then_some(&request.arrived.parts.method);
            self.same_site(method, &request.arrived.parts, &found)?;
        }
        let (core, facts) = (Arc::clone(&self.core), request.facts());
        let cx = Cx {
            core,
            project: found,
            environment,
            door: dialect.door,
            facts,
            deadline,
        };
        let caller = match &route.guard {
            Guard::SignedIn(_) => Some(standing_for_a_key(by_key, request.caller(&cx).await)?),
            _ => None,
        };
        Ok(Admitted { cx, caller, by_key })
    }

    /// A cookie is sent by the browser for whatever page asks, so it counts only for pages of our own site: of the public
    /// URL, whatever a proxy makes of `Host`, and of the host that the request names.
    pub(crate) fn same_site(
        &self,
        by_cookie: Option<&Method>,
        parts: &Parts,
        project: &Project,
    ) -> Result<(), Permission> {
        let Some(method) = by_cookie else {
            return Ok(());
        };
        let scheme = if self.https { "https" } else { "http" };
        let named = hosts::named_with_port(&parts.headers, &parts.uri);
        let own = |origin: &str| {
            let rest = origin
                .strip_prefix(scheme)
                .and_then(|rest| rest.strip_prefix("://"));
            (rest.is_some() && rest == named) || self.hosts.is_own(origin)
        };
        presented::same_site(method, &parts.headers, own, &project.settings.cors)
    }

    /// The realm that the request is about: the key's, else that of the bearer's `kid`, else that of the host, else the
    /// default one; which of these may stand for a key is the dialect's and the guard's choice.
    async fn realm(
        &self,
        dialect: &Dialect,
        guard: &Guard,
        key: Option<&str>,
        request: &Received,
    ) -> Result<Realm, Error> {
        if let Some(key) = key {
            let opened = self.opened_by(key).await?;
            return Ok((opened.project, opened.environment));
        }
        if let Guard::SecretInForm(_) = guard
            && let Some(realm) = self.realm_in_form(request).await?
        {
            return Ok(realm);
        }
        match (dialect.key, guard) {
            (KeyRule::Optional, _) | (_, Guard::Secret(_) | Guard::SecretInForm(_) | Guard::Public(_)) => {
                realm_without_key(&self.core, self.environment, request.host()).await
            }
            (KeyRule::OrBearer, Guard::SignedIn(_) | Guard::SecretOfSession(_)) => {
                let Bearer::Token(token) = request.presented().token else {
                    return Err(ApiKey::Missing.into());
                };
                let kid = bearer::kid(token).ok_or(ApiKey::Missing)?;
                let realm = vestibule_ops::realm_of_kid(&self.core, &kid, dialect.door.name).await?;
                realm.ok_or_else(|| ApiKey::Missing.into())
            }
            (KeyRule::Required | KeyRule::OrBearer, _) => Err(ApiKey::Missing.into()),
        }
    }

    /// What an API key opens.
    pub(crate) async fn opened_by(&self, key: &str) -> Result<Entrance, Error> {
        let entrance = vestibule_ops::resolve_api_key(&self.core, key).await?;
        match entrance.kind {
            ApiKeyKind::Api | ApiKeyKind::Publishable | ApiKeyKind::Darukaa => Ok(entrance),
            ApiKeyKind::Secret => Err(ApiKey::Invalid.into()),
        }
    }

    /// The realm of the client that a form names, else of the refresh token in it. Neither is judged by this.
    async fn realm_in_form(&self, request: &Received) -> Result<Option<Realm>, Error> {
        let form = request.fields()?;
        let text = |name| form.get(name).and_then(Value::as_str);
        if let Some(client) = text("client_id") {
            return match self.opened_by(client).await {
                Ok(opened) => Ok(Some((opened.project, opened.environment))),
                Err(Error::Refused(_)) => Ok(None),
                Err(fault) => Err(fault),
            };
        }
        match text("token") {
            Some(token) => vestibule_ops::realm_of_refresh_token(&self.core, token).await,
            None => Ok(None),
        }
    }

    /// Whether any project lets pages of this origin call.
    pub(crate) async fn any_project_lists(&self, origin: &str) -> bool {
        cors::lists(&self.core.settings.defaults.cors, origin)
            || vestibule_ops::origin_is_listed(&self.core, origin)
                .await
                .unwrap_or(false)
    }
}

/// Reads the body, which has a time of its own: the rest gets as much more.
async fn read_body(
    route: &Route,
    (request, body): (&mut Received, Body),
    deadline: &mut Instant,
) -> Result<(), Error> {
    let since = Instant::now();
    request.body = body::read(route.body, request.headers(), body).await?;
    *deadline += since.elapsed();
    Ok(())
}

/// The API key, if one is sent. More than one, or one that is not text, is a bad one and never ignored.
pub(crate) fn key<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ApiKey> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| ApiKey::Invalid),
        (Some(_), Some(_)) => Err(ApiKey::Invalid),
    }
}

/// Without a key, a bearer that is not authentic leaves nothing that stands for one.
fn standing_for_a_key<T>(by_key: bool, result: Result<T, Error>) -> Result<T, Error> {
    match result {
        Err(Error::Refused(Refusal::Token(Token::NotAuthentic))) if !by_key => Err(ApiKey::Missing.into()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn x05_one_key_is_read_and_two_are_a_bad_one() {
        let mut headers = HeaderMap::new();
        assert_eq!(key(&headers, "x-api-key"), Ok(None));
        headers.append("x-api-key", HeaderValue::from_static("akm_test_1"));
        assert_eq!(key(&headers, "x-api-key"), Ok(Some("akm_test_1")));
        headers.append("x-api-key", HeaderValue::from_static("akm_test_1"));
        assert_eq!(key(&headers, "x-api-key"), Err(ApiKey::Invalid));
    }
}
