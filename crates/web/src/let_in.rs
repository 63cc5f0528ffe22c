//! Who may enter a guarded place, whoever serves it: the gateway, or another proxy that asks.

use crate::app::App;
use crate::arrived::Arrived;
use crate::bearer::{self, Bearer};
use crate::call::realm_without_key;
use crate::client::Client;
use crate::cors;
use crate::dialect::{Dialect, KeyRule};
use crate::endpoint::Endpoint;
use crate::identity::Identity;
use crate::limit::Budget;
use crate::meter::Meter;
use crate::presented::Presented;
use crate::refuse::throttled;
use crate::reply::Reply;
use crate::request_id::RequestId;
use http::request::Parts;
use http::{HeaderMap, Method};
use std::sync::Arc;
use std::time::Duration;
use vestibule_model::refusal::{Failed, Permission, Token};
use vestibule_model::{Environment, Project, Refusal};
use vestibule_ops::{Cx, Entrance, Error, Facts};

/// The header that carries the API key at every door.
const KEY: &str = "x-api-key";

/// Whom a guarded place belongs to, and who may enter it.
pub(crate) struct Place<'a> {
    pub(crate) dialect: &'a Dialect,
    pub(crate) meter: Option<&'a Meter>,
    pub(crate) endpoint: Endpoint,
    /// Unknown while it cannot be read.
    pub(crate) project: Option<Arc<Project>>,
    /// The environment of a request that names none.
    pub(crate) environment: Environment,
}

/// Who sends a request, as far as is known without its body.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) parts: &'a Parts,
    client: Client,
    pub(crate) id: &'a RequestId,
    at: Duration,
}

impl Arrived {
    pub(crate) const fn sender(&self) -> Sender<'_> {
        Sender {
            parts: &self.parts,
            client: self.client,
            id: &self.id,
            at: self.at,
        }
    }
}

impl App {
    /// What the API key opens, if one is sent.
    pub(crate) async fn entrance(&self, headers: &HeaderMap) -> Result<Option<Entrance>, Error> {
        let Some(key) = crate::admit::key(headers, KEY)? else {
            return Ok(None);
        };
        self.opened_by(key).await.map(Some)
    }

    /// What a request without a key is about.
    pub(crate) async fn without_key(&self, parts: &Parts) -> Result<(Arc<Project>, Environment), Error> {
        let host = crate::hosts::named(&parts.headers, &parts.uri);
        realm_without_key(&self.core, self.environment, host).await
    }

    /// Who sends a request, if its token and its roles open the place. What is done is for the cross-site check of
    /// cookies.
    pub(crate) async fn let_in(
        &self,
        place: &Place<'_>,
        roles: &[String],
        (sender, done): (Sender<'_>, &Method),
        admits: impl Fn(Environment) -> bool,
    ) -> Result<Identity, Error> {
        let headers = &sender.parts.headers;
        let Some(project) = &place.project else {
            return Err(Failed::Unavailable.into());
        };
        let presented = Presented::of(place.dialect.cookie, headers);
        self.same_site(presented.by_cookie.then_some(done), sender.parts, project)?;
        let token = match presented.token {
            Bearer::Token(token) => token,
            Bearer::Absent => return Err(Token::Missing.into()),
            Bearer::Unreadable => return Err(Token::NotAuthentic.into()),
        };
        let environment = self.environment_of(place, project, headers, token).await?;
        if !admits(environment) {
            return Err(Token::NotAuthentic.into());
        }
        let agent = headers
            .get(http::header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let cx = Cx {
            core: Arc::clone(&self.core),
            project: Arc::clone(project),
            environment,
            door: place.dialect.door,
            facts: Facts::new(Some(sender.client.address), agent, sender.id.as_str().to_owned()),
            deadline: self.core.deadline(),
        };
        let caller = vestibule_ops::authenticate(&cx, token).await?;
        let authority = vestibule_ops::authority(&cx, caller.user.id).await?;
        let identity = (place.dialect.identity)(&cx, &caller.user, authority.roles.clone());
        if roles.is_empty() || identity.roles.iter().any(|role| roles.contains(role)) {
            Ok(identity)
        } else {
            Err(Permission::Insufficient.into())
        }
    }

    /// The environment that a token is looked for in: the place's or, where the `kid` of a token may stand for the key
    /// that was not sent, that of the `kid`.
    async fn environment_of(
        &self,
        place: &Place<'_>,
        project: &Project,
        headers: &HeaderMap,
        token: &str,
    ) -> Result<Environment, Error> {
        let kid = match place.dialect.key {
            KeyRule::OrBearer if !headers.contains_key(KEY) => bearer::kid(token),
            KeyRule::OrBearer | KeyRule::Required | KeyRule::Optional => None,
        };
        let Some(kid) = kid else {
            return Ok(place.environment);
        };
        let realm = vestibule_ops::realm_of_kid(&self.core, &kid, place.dialect.door.name).await?;
        let ours = realm.filter(|(theirs, _)| theirs.id == project.id);
        Ok(ours.map_or(place.environment, |(_, environment)| environment))
    }

    /// Says no. Only what is refused counts against the client's budget: what passes is the upstream's traffic, and a
    /// proxy that asks for all of its users must not be shut out by those who have no token.
    pub(crate) async fn turned_away<'a>(
        &'a self,
        place: &Place<'a>,
        error: Error,
        sender: Sender<'_>,
    ) -> Reply<'a> {
        let (dialect, endpoint) = (place.dialect, place.endpoint);
        let ours = matches!(&error, Error::Fault(_) | Error::Refused(Refusal::Failed(_)));
        let own = dialect.own_budget(sender.parts.uri.path());
        let shown = (!ours).then(|| self.limits.charge(own, Budget::Default, sender.client, sender.at));
        let error = match &shown {
            Some(shown) if shown.refused => throttled(shown),
            _ => error,
        };
        let answer = self.refuse(dialect, endpoint, error, sender.id);
        let origin = cors::origin(&sender.parts.headers);
        let readers = self.readers(dialect, origin, place.project.as_deref()).await;
        let reply = Reply::of(answer, endpoint, dialect)
            .counted_by(place.meter)
            .read_by(readers);
        match shown {
            Some(shown) => reply.showing(dialect.limit_headers, shown),
            None => reply,
        }
    }
}
