//! The one way from a request to its answer.

use crate::answer::Answer;
use crate::arrived::Arrived;
use crate::call::Received;
use crate::caught::Caught;
use crate::client::TrustedProxies;
use crate::cors::{self, Readers};
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::gate::{Gate, Gateway};
use crate::head;
use crate::hosts::{Hosts, Named};
use crate::in_time::{in_time, within};
use crate::limit::{self, Limits, Rates, Turns};
use crate::meter::{InFlight, Meter};
use crate::refuse::throttled;
use crate::reply::{Reply, Response};
use crate::request_id::RequestIds;
use crate::route::Route;
use crate::router::{Found, RouteConflict, Router};
use crate::shutdown::Shutdown;
use axum::body::Body;
use bytes::Bytes;
use ipnet::IpNet;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vestibule_model::refusal::{Failed, NotFound};
use vestibule_model::{Environment, Project};
use vestibule_ops::Core;

/// A request that took longer is logged.
const SLOW: Duration = Duration::from_secs(5);

/// What the server decides about its HTTP side.
pub struct Settings {
    /// The environment of requests that name none.
    pub default_environment: Environment,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Names that are served besides the public URL's, `localhost` and every address.
    pub hosts: Vec<String>,
    /// The budgets of one client address that dialects share.
    pub rates: Rates,
    /// What lies behind the doors.
    pub gateway: Option<Gateway>,
}

/// All doors of the house: dialects, documents and pages behind one pipeline.
pub struct App {
    pub(crate) core: Arc<Core>,
    pub(crate) environment: Environment,
    pub(crate) shutdown: Shutdown,
    pub(crate) router: Router,
    pub(crate) pages: axum::Router,
    pub(crate) limits: Limits,
    pub(crate) gate: Gate,
    pub(crate) turns: Turns,
    pub(crate) proxies: TrustedProxies,
    pub(crate) hosts: Hosts,
    pub(crate) ids: RequestIds,
    pub(crate) https: bool,
    in_flight: InFlight,
    pub(crate) documents: Vec<OnceLock<Answer>>,
    pub(crate) warned_of_proxy: AtomicBool,
}

impl App {
    /// Puts the doors together. `pages` are served where no dialect has a prefix.
    pub fn new(
        core: Arc<Core>,
        settings: Settings,
        mut dialects: Vec<Dialect>,
        pages: axum::Router,
        shutdown: Shutdown,
    ) -> Result<Arc<Self>, RouteConflict> {
        limit::number(&mut dialects);
        Ok(Arc::new(Self {
            environment: settings.default_environment,
            shutdown,
            pages: crate::pages::closed(pages),
            gate: Gate::new(settings.gateway, &dialects),
            limits: Limits::new(settings.rates, &*core.entropy),
            turns: Turns::default(),
            proxies: TrustedProxies::new(settings.trusted_proxies),
            hosts: Hosts::new(&core.settings.public_url, settings.hosts),
            ids: RequestIds::new(&*core.entropy),
            https: core.settings.public_url.starts_with("https://"),
            in_flight: InFlight::default(),
            documents: dialects.iter().map(|_| OnceLock::new()).collect(),
            warned_of_proxy: AtomicBool::new(false),
            router: Router::new(dialects)?,
            core,
        }))
    }

    /// How many requests are being answered.
    pub fn in_flight(&self) -> usize {
        self.in_flight.now()
    }

    /// Answers a request that came from this peer. Never fails and never panics.
    pub async fn answer(&self, request: http::Request<Body>, peer: IpAddr) -> Response {
        let (arrived, body) = self.arrive(request, peer);
        self.answer_to(arrived, body).await
    }

    /// Answers a request that has arrived.
    pub(crate) async fn answer_to(&self, arrived: Box<Arrived>, body: Body) -> Response {
        let _flight = self.in_flight.begin();
        let (method, id, at) = (arrived.parts.method.clone(), arrived.id, arrived.at);
        let reply = self.reply(arrived, body).await;
        let took = self.core.clock.monotonic().saturating_sub(at);
        let (dialect, endpoint, status) = (reply.dialect, reply.endpoint, reply.status());
        match reply.meter {
            Some(meter) => meter.count(dialect, endpoint, status, took),
            // No route keeps these series at hand; they are looked up.
            None => Meter::default().count(dialect, endpoint, status, took),
        }
        if took > SLOW {
            let (request_id, endpoint) = (id.as_str(), endpoint.as_str());
            tracing::warn!(
                request_id,
                dialect,
                endpoint,
                status = status.as_u16(),
                ?took,
                "slow request"
            );
        }
        reply.into_response(&method, &id, self.https, || self.core.clock.now().minus(took))
    }

    async fn reply(&self, arrived: Box<Arrived>, body: Body) -> Reply<'_> {
        let unacceptable = head::unacceptable(&arrived.parts);
        let misdirected = unacceptable.is_none() && !self.serves_host(&arrived).await;
        let misdirected = misdirected.then_some(http::StatusCode::MISDIRECTED_REQUEST);
        if let Some(status) = unacceptable.or(misdirected) {
            return Reply::problem(Endpoint::Unrouted, status, &arrived.id).closing();
        }
        match self.router.find(&arrived.parts.method, arrived.parts.uri.path()) {
            Found::Route(dialect, route, captures) => {
                self.at_route(dialect, (route, captures), (arrived, body)).await
            }
            Found::OtherMethods(dialect, place) => {
                Box::pin(self.at_other_method(dialect, place, arrived)).await
            }
            Found::Nowhere(owner) => Box::pin(self.elsewhere(owner, (arrived, body))).await,
        }
    }

    /// Passes a request on, or answers it with a page. An upstream takes the time that it takes; whether there is one,
    /// and the page, come in time.
    async fn elsewhere<'a>(
        &'a self,
        owner: Option<&'a Dialect>,
        (arrived, body): (Box<Arrived>, Body),
    ) -> Reply<'a> {
        let (id, deadline) = (arrived.id, self.core.deadline());
        let late = || Reply::problem(Endpoint::Unrouted, http::StatusCode::SERVICE_UNAVAILABLE, &id);
        let covered = {
            let work = pin!(self.covered(&arrived.parts));
            within(deadline, work).await
        };
        match covered {
            Some(Some(covered)) => Box::pin(self.at_gate(covered, (arrived, body))).await,
            Some(None) => {
                let page = pin!(self.at_no_route(owner, (arrived, body)));
                within(deadline, page).await.unwrap_or_else(late)
            }
            None => late(),
        }
    }

    async fn at_no_route<'a>(
        &'a self,
        owner: Option<&'a Dialect>,
        (arrived, body): (Box<Arrived>, Body),
    ) -> Reply<'a> {
        match (owner, self.asked_dialect(arrived.parts.uri.path())) {
            (Some(dialect), _) => self.unrouted(dialect, NotFound::Route, arrived).await,
            (None, Some(asked)) => self.at_forward_auth(asked, arrived).await,
            (None, None) => self.at_page(arrived, body).await,
        }
    }

    /// Whether the request names a host that is ours, or that leads to a project.
    async fn serves_host(&self, request: &Arrived) -> bool {
        if request.named != Named::Other {
            return true;
        }
        let Some(host) = crate::hosts::named(&request.parts.headers, &request.parts.uri) else {
            return false;
        };
        // Boxed, as all that is rare here is: a request's future is moved before it runs, and so should be small.
        let realm = Box::pin(vestibule_ops::realm_of_host(&self.core, &host)).await;
        matches!(realm, Ok(Some(_)))
    }

    async fn at_route<'a>(
        &'a self,
        dialect: &'a Dialect,
        (route, captures): (&'a Route, Vec<(String, String)>),
        (arrived, body): (Box<Arrived>, Body),
    ) -> Reply<'a> {
        let (id, client, at) = (arrived.id, arrived.client, arrived.at);
        let deadline = self.core.deadline();
        let origin = cors::origin(&arrived.parts.headers).map(str::to_owned);
        let own = dialect.own_budget(arrived.parts.uri.path());
        let mut shown = self.limits.charge(own, route.budget, client, at);
        let mut project = None;
        let charged = {
            let charging = self.charge_with_others((own, route.budget), client, at, &mut shown);
            in_time(deadline, pin!(charging)).await
        };
        let result = if let Err(error) = charged {
            Err(error)
        } else if shown.refused {
            Err(throttled(&shown))
        } else {
            let request = Received {
                arrived,
                captures,
                rule: route.body,
                cookie: dialect.cookie,
                body: Bytes::new(),
            };
            let noted = (deadline, &mut project, &mut shown);
            let work = pin!(self.admit(dialect, route, (request, body), noted));
            Caught(work).await.unwrap_or_else(|panicked| {
                let (request_id, endpoint) = (id.as_str(), route.endpoint.as_str());
                tracing::error!(request_id, endpoint, panic = panicked.0, "a handler panicked");
                Err(Failed::Internal.into())
            })
        };
        let answer = result.unwrap_or_else(|error| self.refuse(dialect, route.endpoint, error, &id));
        let readers = match route.guard.access() {
            vestibule_model::Access::Public => Readers::Anybody {
                asking: origin.is_some(),
            },
            _ => self.readers(dialect, origin.as_deref(), project.as_deref()).await,
        };
        Reply::at_route(answer, (dialect, route), shown, readers)
    }

    /// Who may read an answer: the resolved project decides or, before one is known, all of them.
    pub(crate) async fn readers(
        &self,
        dialect: &Dialect,
        origin: Option<&str>,
        project: Option<&Project>,
    ) -> Readers {
        let Some(origin) = origin else {
            return Readers::OwnOrigin;
        };
        let listed = match project {
            Some(project) => cors::lists(&project.settings.cors, origin),
            None => Box::pin(self.any_project_lists(origin)).await,
        };
        match http::HeaderValue::from_str(origin) {
            Ok(origin) if listed && dialect.cookie.is_some() => Readers::OriginWithCookies(origin),
            Ok(origin) if listed => Readers::Origin(origin),
            _ => Readers::OwnOrigin,
        }
    }
}
