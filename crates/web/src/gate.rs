//! What lies behind the doors: paths that lead to an upstream, for those whom a dialect's token lets in.

use crate::answer::Answer;
use crate::app::App;
use crate::arrived::Arrived;
use crate::caught::Caught;
use crate::cors::{self, Readers};
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::identity::Identity;
use crate::let_in::Place;
use crate::meter::Meter;
use crate::path;
use crate::presented::{self, Presented};
use crate::reply::Reply;
use crate::request_id::RequestId;
use axum::body::Body;
use http::header::UPGRADE;
use http::request::Parts;
use http::{HeaderMap, Method};
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use vestibule_model::refusal::Failed;
use vestibule_model::{GatewayRule, Project};
use vestibule_ops::Error;

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

    /// What counts the requests at one of the two endpoints.
    pub(crate) fn meter(&self, dialect: usize, at: Endpoint) -> Option<&Meter> {
        let [passed, asked] = self.meters.get(dialect)?;
        Some(if at == Endpoint::ForwardAuth {
            asked
        } else {
            passed
        })
    }
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

impl App {
    /// The table that covers a request. No other spelling of a guarded path leads anywhere.
    pub(crate) async fn covered(&self, parts: &Parts) -> Option<Covered<'_>> {
        let gateway = self.gate.gateway.as_ref()?;
        let reflecting = matches!(parts.method, Method::TRACE | Method::CONNECT);
        if reflecting || !path::is_passable(parts.uri.path()) {
            return None;
        }
        let named = match self.entrance(&parts.headers).await {
            Ok(Some(entrance)) => Ok((entrance.project, entrance.environment)),
            Ok(None) => self.without_key(parts).await,
            Err(error) => Err(error),
        };
        // Somebody whose key is bad is told so in the words of the door that stands there without one.
        let (project, environment, problem) = match named {
            Ok((project, environment)) => (Some(project), environment, None),
            Err(error) => match self.without_key(parts).await {
                Ok((project, environment)) => (Some(project), environment, Some(error)),
                Err(_) => (None, self.environment, Some(error)),
            },
        };
        let own = match &project {
            Some(project) if project.settings.gateway.is_empty() => !self.is_default(project).await,
            Some(_) => true,
            None => false,
        };
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
        let meter = self.gate.meter(index, Endpoint::Gateway);
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

    async fn is_default(&self, project: &Project) -> bool {
        let default = vestibule_ops::default_project(&self.core).await;
        default.is_ok_and(|default| default.id == project.id)
    }

    /// Takes out the cookies of all dialects but one that let the request in. Nobody looked at those, and to an upstream
    /// that reads them they would say who somebody is.
    fn forget_unread_cookies(&self, dialect: &Dialect, headers: &mut HeaderMap) {
        let read = dialect
            .cookie
            .filter(|_| Presented::of(dialect.cookie, headers).by_cookie);
        let cookies = self.router.dialects().iter().filter_map(|dialect| dialect.cookie);
        let unread: Vec<_> = cookies.filter(|name| Some(*name) != read).collect();
        presented::take_out(headers, &unread);
    }

    /// Lets the request pass or says no in the words of the dialect that guards the path.
    pub(crate) async fn at_gate<'a>(
        &'a self,
        covered: Covered<'a>,
        (arrived, body): (Box<Arrived>, Body),
    ) -> Reply<'a> {
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
            let readers = self.readers(place.dialect, origin.as_deref(), None).await;
            if readers != Readers::OwnOrigin {
                let mut answer = Answer::empty(204);
                cors::allow_request(&mut answer.headers, &arrived.parts.headers);
                return Reply::of(answer, Endpoint::Gateway, place.dialect).read_by(readers);
            }
        }
        let admits = |environment| rule.admits(environment, self.environment);
        let identity = if let Some(problem) = problem {
            Err(problem)
        } else {
            let method = acting(&arrived.parts);
            self.let_in(&place, &rule.roles, (arrived.sender(), &method), admits)
                .await
        };
        let identity = match identity {
            Ok(identity) => identity,
            Err(error) => return self.turned_away(&place, error, arrived.sender()).await,
        };
        let Arrived {
            mut parts, id, hop, ..
        } = *arrived;
        self.forget_unread_cookies(place.dialect, &mut parts.headers);
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
                let answer = self.refuse(place.dialect, Endpoint::Gateway, Failed::Internal.into(), &id);
                return Reply::of(answer, Endpoint::Gateway, place.dialect).counted_by(place.meter);
            }
        };
        let readers = self
            .readers(place.dialect, origin.as_deref(), project.as_deref())
            .await;
        Reply::passed(passed, Endpoint::Gateway, place.dialect)
            .counted_by(place.meter)
            .read_by(readers)
    }
}

/// The method, as far as acting for a visitor goes: a `WebSocket` begins with a `GET` and then does anything.
fn acting(parts: &Parts) -> Method {
    if parts.headers.contains_key(UPGRADE) {
        Method::POST
    } else {
        parts.method.clone()
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
