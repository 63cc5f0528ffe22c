//! `/forward-auth/{dialect}`: the gateway's check, for a proxy that asks before it passes a request on by itself.

use crate::answer::Answer;
use crate::app::App;
use crate::arrived::Arrived;
use crate::caught::Caught;
use crate::dialect::Dialect;
use crate::endpoint::Endpoint;
use crate::form;
use crate::identity::Identity;
use crate::let_in::{Place, Sender};
use crate::reply::Reply;
use http::header::ORIGIN;
use http::{Method, Uri};
use serde_json::Value;
use std::pin::pin;
use std::sync::Arc;
use vestibule_model::Environment;
use vestibule_model::refusal::{ApiKey, Failed, Input, NotFound};
use vestibule_ops::Error;

const PREFIX: &str = "/forward-auth/";

/// What the proxy's operator demands, in the query of the URL that the proxy asks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Demands {
    project: Option<String>,
    environment: Option<Environment>,
    roles: Vec<String>,
}

impl App {
    /// The dialect whose check is asked for, and its number.
    pub(crate) fn asked_dialect(&self, path: &str) -> Option<(usize, &Dialect)> {
        let name = path.strip_prefix(PREFIX)?.split('/').next()?;
        let mut dialects = self.router.dialects().iter().enumerate();
        dialects.find(|(_, dialect)| dialect.door.name.as_str() == name)
    }

    /// Answers 200 with the identity in headers, or says no as the dialect does. Of what a client can send, only its
    /// credentials are looked at: no `X-Forwarded-…`, no method, no path.
    pub(crate) async fn at_forward_auth<'a>(
        &'a self,
        (index, dialect): (usize, &'a Dialect),
        arrived: Box<Arrived>,
    ) -> Reply<'a> {
        let mut place = Place {
            dialect,
            meter: self.gate.meter(index, Endpoint::ForwardAuth),
            endpoint: Endpoint::ForwardAuth,
            project: None,
            environment: self.environment,
        };
        let vouched = Caught(pin!(self.vouch(&mut place, arrived.sender()))).await;
        let vouched = vouched.unwrap_or_else(|panicked| {
            let request_id = arrived.id.as_str();
            tracing::error!(request_id, panic = panicked.0, "the check for a proxy panicked");
            Err(Failed::Internal.into())
        });
        match vouched {
            Ok(identity) => {
                let mut answer = Answer::empty(200);
                identity.tell(&mut answer.headers, &arrived.id);
                Reply::of(answer, place.endpoint, dialect).counted_by(place.meter)
            }
            Err(error) => self.turned_away(&place, error, arrived.sender()).await,
        }
    }

    /// The project is the operator's to name. A client whose key is of another one does not choose it: behind the proxy
    /// stands one application, and a user of another project would pass as that application's.
    async fn vouch(&self, place: &mut Place<'_>, sender: Sender<'_>) -> Result<Identity, Error> {
        let demands = Demands::of(&sender.parts.uri)?;
        let project = if let Some(slug) = &demands.project {
            let project = vestibule_ops::project_by_slug(&self.core, slug).await?;
            project.ok_or(NotFound::Route)?
        } else {
            let (project, environment) = self.without_key(sender.parts).await?;
            place.environment = environment;
            project
        };
        place.project = Some(Arc::clone(&project));
        if !project.serves(place.dialect.door.name) {
            return Err(NotFound::Route.into());
        }
        place.environment = demands.environment.unwrap_or(place.environment);
        if let Some(entrance) = self.entrance(&sender.parts.headers).await? {
            if entrance.project.id != project.id {
                return Err(ApiKey::Invalid.into());
            }
            place.environment = entrance.environment;
        }
        let admits = |environment| match demands.environment {
            Some(only) => only == environment,
            None => environment == Environment::Live || self.environment == Environment::Test,
        };
        // A browser names the origin whenever it asks for more than to read.
        let acts = sender.parts.headers.contains_key(ORIGIN);
        let done = if acts { Method::POST } else { Method::GET };
        self.let_in(place, &demands.roles, (sender, &done), admits).await
    }
}

impl Demands {
    /// Envoy asks with the client's own path and query behind ours; they say nothing. In the query of the check itself
    /// a demand that cannot be read is an error: it would let in more than was meant.
    fn of(uri: &Uri) -> Result<Self, Input> {
        let rest = uri
            .path()
            .strip_prefix(PREFIX)
            .and_then(|path| path.split_once('/'));
        let query = uri.query().unwrap_or_default().as_bytes();
        match rest {
            None => Self::read(query),
            Some((_, "")) if names_a_demand(query) => Err(malformed(
                "demands stand in the query of /forward-auth/NAME, without a slash at its end",
            )),
            Some(_) => Ok(Self::default()),
        }
    }

    fn read(query: &[u8]) -> Result<Self, Input> {
        let mut demands = Self::default();
        for (name, value) in form::fields(query)? {
            let Value::String(value) = value else { continue };
            match name.as_str() {
                "project" => demands.project = Some(value),
                "environment" => {
                    let named = Environment::parse(&value);
                    demands.environment =
                        Some(named.ok_or_else(|| malformed("environment is `live` or `test`"))?);
                }
                "roles" => {
                    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
                    demands.roles = names.map(str::to_owned).collect();
                    if demands.roles.is_empty() {
                        return Err(malformed("roles names no role"));
                    }
                }
                _ => return Err(malformed("only project, environment and roles can be demanded")),
            }
        }
        Ok(demands)
    }
}

fn names_a_demand(query: &[u8]) -> bool {
    let demands = [&b"project="[..], b"environment=", b"roles="];
    let mut pairs = query.split(|byte| *byte == b'&');
    pairs.any(|pair| demands.iter().any(|demand| pair.starts_with(demand)))
}

fn malformed(why: &str) -> Input {
    Input::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demands(target: &str) -> Result<Demands, Input> {
        Demands::of(&format!("/forward-auth/rakcha{target}").parse().unwrap())
    }

    #[test]
    fn demands_are_read_strictly_where_an_operator_writes_them() {
        assert_eq!(demands(""), Ok(Demands::default()));
        let read = demands("?project=shop&environment=test&roles=admin,%20cinema_manager,").unwrap();
        assert_eq!(read.project.as_deref(), Some("shop"));
        assert_eq!(read.environment, Some(Environment::Test));
        assert_eq!(read.roles, ["admin", "cinema_manager"]);
        for wrong in [
            "?role=admin",
            "?roles=",
            "?roles=,",
            "?roles=a&roles=b",
            "?environment=prod",
            "?roles",
            "?x",
        ] {
            assert!(demands(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn g01_a_path_and_query_of_the_client_demand_nothing() {
        for target in [
            "/",
            "/?x=1",
            "/api/films",
            "/api/films?project=other&roles=x&environment=test",
            "/%2e%2e//;x",
        ] {
            assert_eq!(demands(target), Ok(Demands::default()), "{target}");
        }
        for misplaced in ["/?roles=admin", "/?x=1&project=shop"] {
            assert!(demands(misplaced).is_err(), "{misplaced}");
        }
    }
}
