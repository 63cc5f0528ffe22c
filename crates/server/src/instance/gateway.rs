//! What lies behind the doors of an instance.

use crate::config::{Config, Profile};
use std::sync::Arc;
use vestibule_gateway::{BUILT_IN, Proxy};
use vestibule_model::{Entropy, GatewayRule, entropy};
use vestibule_web::Gateway;

/// The request of Rakcha's document.
const FILMS: &str = "/api/films";

/// The default project's tables, and the proxy behind all of them.
pub fn gateway(config: &Config, profile: Profile, entropy: &dyn Entropy) -> Gateway {
    let mut rules = config.gateway.clone();
    if profile == Profile::Development {
        rules.extend(films(&rules));
    }
    let name = u64::from_be_bytes(entropy::bytes(entropy));
    Gateway {
        rules,
        upstreams: Arc::new(Proxy::new(name)),
    }
}

/// What `dev` guards so that the document's request works as printed, unless something else stands there.
fn films(configured: &[GatewayRule]) -> Option<GatewayRule> {
    let covers = |rule: &GatewayRule| {
        let rest = FILMS.strip_prefix(&rule.prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let films = GatewayRule {
        prefix: FILMS.to_owned(),
        upstream: BUILT_IN.to_owned(),
        dialect: "rakcha".to_owned(),
        roles: Vec::new(),
        environment: None,
        timeout: 30,
    };
    (!configured.iter().any(covers)).then_some(films)
}
