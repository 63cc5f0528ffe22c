//! What lies behind the doors: paths that lead to an upstream, for those whom a dialect's token lets in.

use crate::answer::Answer;
use crate::app::{App, Arrived, refuse, throttled};
use crate::bearer::{self, Bearer};
use crate::caught::Caught;
use crate::client::Client;
use crate::cors::{self, Readers};
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::identity::Identity;
use crate::limit::Budget;
use crate::meter::Meter;
use crate::path;
use crate::reply::Reply;
use crate::request_id::RequestId;
use axum::body::Body;
use http::request::Parts;
use http::{HeaderMap, Method};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use vestibule_model::refusal::{ApiKey, Failed, Permission, Token};
use vestibule_model::{Environment, GatewayRule, Project, Refusal};
use vestibule_ops::{ApiKeyKind, Cx, Entrance, Error, Facts};

/// The header that carries the API key at every door.
const KEY: &str = "x-api-key";

/// Sends admitted requests to their upstreams.
pub trait Upstreams: Send + Sync + 'static {
    /// Passes a request on. Always answers, with the upstream's answer or with what went wrong.
    fn pass<'a>(&'a self, admitted: Admitted<'a>) -> Pin<Box<dyn Future<Output = Passed> + Send + 'a>>;
}

/// What came back from an upstream.
pub type Passed = http::Response<Body>;

/// A request that may pass.
pub struct Admitted<'a> {
    /// The table that it falls under.
    pub rule: &'a GatewayRule,
    /// Who sent it.
    pub identity: Identity,
    /// Its id.
    pub id: &'a RequestId,
    /// Where it came from.
    pub hop: Hop,
    /// Its head, as the client sent it.
    pub parts: Parts,
    /// Its body, not yet read.
    pub body: Body,
}

/// The connection that a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Who sent it to us.
    pub peer: IpAddr,
    /// Whether that is a trusted proxy, whose `X-Forwarded-…` headers are believed.
    pub trusted: bool,
    /// Whether clients reach us by TLS.
    pub https: bool,
}

/// The tables of the default project, and the way to every upstream.
pub struct Gateway {
    /// The tables of the configuration.
    pub rules: Vec<GatewayRule>,
    /// Who sends requests on.
    pub upstreams: Arc<dyn Upstreams>,
}

impl Gateway {
    /// The tables of this project, or those of the configuration.
    fn rules_of<'r>(&'r self, project: Option<&'r Project>) -> &'r [GatewayRule] {
        project.map_or(&self.rules, |project| &project.settings.gateway)
    }
}

/// The gateway at work.
pub(crate) struct Gate {
    gateway: Option<Gateway>,
    /// For each dialect: passed requests, and questions of other proxies.
    meters: Vec<[Meter; 2]>,
}

impl Gate {
    pub(crate) fn new(gateway: Option<Gateway>, dialects: &[Dialect]) -> Self {
        let meters = dialects.iter().map(|_| Default::default()).collect();
        Self { gateway, meters }
    }
}

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

/// The table that a request falls under.
pub(crate) struct Covered<'a> {
    place: Place<'a>,
    /// Whose tables: the project's own, or those of the configuration.
    own: bool,
    /// Which of them.
    number: usize,
    /// What the request said about its project, if that was wrong.
    problem: Option<Error>,
}

/// Who sends a request, as far as is known without its body.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) client: Client,
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
    /// The table that covers a request. No other spelling of a guarded path leads anywhere.
    pub(crate) async fn covered(&self, parts: &Parts) -> Option<Covered<'_>> {
        let gateway = self.gate.gateway.as_ref()?;
        let reflecting = matches!(parts.method, Method::TRACE | Method::CONNECT);
        if reflecting || !path::is_passable(parts.uri.path()) {
            return None;
        }
        let default = vestibule_ops::default_project(&self.core).await;
        let named = match self.entrance(&parts.headers).await {
            Ok(Some(entrance)) => Ok((entrance.project, entrance.environment)),
            Ok(None) => default.clone().map(|project| (project, self.environment)),
            Err(error) => Err(error),
        };
        // Somebody whose key is bad is told so in the words of the door that stands there without one.
        let (project, environment, problem) = match named {
            Ok((project, environment)) => (Some(project), environment, None),
            Err(error) => (default.as_ref().ok().cloned(), self.environment, Some(error)),
        };
        let own = project.as_ref().is_some_and(|project| {
            let is_default = default.is_ok_and(|default| default.id == project.id);
            !project.settings.gateway.is_empty() || !is_default
        });
        let rules = gateway.rules_of(project.as_deref().filter(|_| own));
        let number = find(rules, parts.uri.path(), |rule| {
            rule.admits(environment, self.environment)
        })?;
        let named = rules.get(number)?.dialect.as_str();
        let dialects = self.router.dialects();
        let index = dialects
            .iter()
            .position(|dialect| dialect.door.name.as_str() == named)?;
        let dialect = dialects.get(index)?;
        if project
            .as_ref()
            .is_some_and(|project| !project.serves(dialect.door.name))
        {
            return None;
        }
        let meter = self.gate.meters.get(index).map(|[passed, _]| passed);
        let place = Place {
            dialect,
            meter,
            endpoint: Endpoint::Gateway,
            project,
            environment,
        };
        Some(Covered {
            place,
            own,
            number,
            problem,
        })
    }

    /// What the API key opens, if one is sent.
    pub(crate) async fn entrance(&self, headers: &HeaderMap) -> Result<Option<Entrance>, Error> {
        let Some(key) = crate::admit::key(headers, KEY)? else {
            return Ok(None);
        };
        let entrance = vestibule_ops::resolve_api_key(&self.core, key).await?;
        match entrance.kind {
            ApiKeyKind::Api | ApiKeyKind::Publishable => Ok(Some(entrance)),
            ApiKeyKind::Secret => Err(ApiKey::Invalid.into()),
        }
    }

    /// Lets the request pass or says no in the words of the dialect that guards the path.
    pub(crate) async fn at_gate<'a>(&'a self, covered: Covered<'a>, arrived: Arrived) -> Reply<'a> {
        let Covered {
            place,
            own,
            number,
            problem,
        } = covered;
        let project = place.project.clone();
        let rule = self.gate.gateway.as_ref().and_then(|gateway| {
            let rule = gateway.rules_of(project.as_deref().filter(|_| own)).get(number)?;
            Some((rule, &gateway.upstreams))
        });
        let Some((rule, upstreams)) = rule else {
            return self
                .turned_away(&place, Failed::Internal.into(), arrived.sender())
                .await;
        };
        let origin = cors::origin(&arrived.parts.headers).map(str::to_owned);
        if cors::is_preflight(&arrived.parts.method, &arrived.parts.headers) {
            let readers = self.readers(origin.as_deref(), None).await;
            if readers != Readers::OwnOrigin {
                let mut answer = Answer::empty(204);
                cors::allow_request(&mut answer.headers, &arrived.parts.headers);
                return Reply::of(answer, Endpoint::Gateway, place.dialect).read_by(readers);
            }
        }
        let admits = |environment| rule.admits(environment, self.environment);
        let identity = match problem {
            Some(problem) => Err(problem),
            None => self.let_in(&place, &rule.roles, arrived.sender(), admits).await,
        };
        let identity = match identity {
            Ok(identity) => identity,
            Err(error) => return self.turned_away(&place, error, arrived.sender()).await,
        };
        let Arrived {
            parts, body, id, hop, ..
        } = arrived;
        let admitted = Admitted {
            rule,
            identity,
            id: &id,
            hop,
            parts,
            body,
        };
        let passed = match Caught(pin!(upstreams.pass(admitted))).await {
            Ok(passed) => passed,
            Err(panicked) => {
                tracing::error!(
                    request_id = id.as_str(),
                    panic = panicked.0,
                    "the gateway panicked"
                );
                let answer = refuse(place.dialect, Endpoint::Gateway, Failed::Internal.into(), &id);
                return Reply::of(answer, Endpoint::Gateway, place.dialect).counted_by(place.meter);
            }
        };
        let readers = self.readers(origin.as_deref(), project.as_deref()).await;
        Reply::passed(passed, Endpoint::Gateway, place.dialect)
            .counted_by(place.meter)
            .read_by(readers)
    }

    /// Who sends a request, if its token and its roles open the place.
    pub(crate) async fn let_in(
        &self,
        place: &Place<'_>,
        roles: &[String],
        sender: Sender<'_>,
        admits: impl Fn(Environment) -> bool,
    ) -> Result<Identity, Error> {
        let headers = &sender.parts.headers;
        let Some(project) = &place.project else {
            return Err(Failed::Unavailable.into());
        };
        let token = match Bearer::of(headers) {
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
        let identity = (place.dialect.identity)(&cx, &caller.user, Vec::new());
        if roles.is_empty() || identity.roles.iter().any(|role| roles.contains(role)) {
            Ok(identity)
        } else {
            Err(Permission::Insufficient.into())
        }
    }

    /// The environment that a token is looked for in: the place's or, when no key was sent, that of the token's `kid`.
    async fn environment_of(
        &self,
        place: &Place<'_>,
        project: &Project,
        headers: &HeaderMap,
        token: &str,
    ) -> Result<Environment, Error> {
        let kid = if headers.contains_key(KEY) {
            None
        } else {
            bearer::kid(token)
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
        let shown = (!ours).then(|| self.limits.take(Budget::Default, sender.client, sender.at));
        let error = match &shown {
            Some(shown) if shown.refused => throttled(shown),
            _ => error,
        };
        let answer = refuse(dialect, endpoint, error, sender.id);
        let readers = self
            .readers(cors::origin(&sender.parts.headers), place.project.as_deref())
            .await;
        let reply = Reply::of(answer, endpoint, dialect)
            .counted_by(place.meter)
            .read_by(readers);
        match shown {
            Some(shown) => reply.showing(dialect.limit_headers, shown),
            None => reply,
        }
    }

    pub(crate) fn forward_auth_meter(&self, index: usize) -> Option<&Meter> {
        self.gate.meters.get(index).map(|[_, asked]| asked)
    }
}

/// The table with the longest prefix of the path. A path that is another spelling of that prefix, in the case of its
/// letters, has none: to the upstream it may be the same, and a shorter prefix may demand less.
fn find(rules: &[GatewayRule], path: &str, admits: impl Fn(&GatewayRule) -> bool) -> Option<usize> {
    let covers = |rule: &GatewayRule| {
        let end = rule.prefix.len();
        path.get(..end)
            .is_some_and(|head| head.eq_ignore_ascii_case(&rule.prefix))
            && matches!(path.as_bytes().get(end), None | Some(b'/'))
    };
    let covering = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| admits(rule) && covers(rule));
    let (number, rule) = covering.max_by_key(|(_, rule)| rule.prefix.len())?;
    path::is_under(&rule.prefix, path).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn led(path: &str) -> Option<usize> {
        let rule = |prefix: &str| {
            let table = serde_json::json!({"prefix": prefix, "upstream": "http://h", "dialect": "sample"});
            serde_json::from_value(table).unwrap()
        };
        find(
            &[rule("/api/films"), rule("/api/films/admin"), rule("/Shop")],
            path,
            |_| true,
        )
    }

    #[test]
    fn g02_a11_the_longest_prefix_counts_and_no_other_spelling_of_it_gets_the_shorter_one() {
        assert_eq!(led("/api/films"), Some(0));
        assert_eq!(led("/api/films/"), Some(0));
        assert_eq!(led("/api/films/7"), Some(0));
        assert_eq!(led("/api/films/admin/x"), Some(1));
        assert_eq!(led("/api/films/admin/"), Some(1));
        assert_eq!(led("/api/films/administer"), Some(0));
        assert_eq!(led("/Shop/x"), Some(2));
        for path in [
            "/api/filmsx",
            "/api",
            "/API/films",
            "/api/films/Admin",
            "/api/films/ADMIN/x",
            "/shop",
            "/",
        ] {
            assert_eq!(led(path), None, "{path}");
        }
    }
}
