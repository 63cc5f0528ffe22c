//! The published keys (RFC 7517 §5).

use crate::core::Core;
use crate::error::Error;
use crate::keyring;
use bytes::Bytes;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use vestibule_model::id::ProjectId;
use vestibule_model::{DialectName, Environment, Fault, Project, Timestamp};

/// A key document.
#[derive(Clone, Debug)]
pub struct JwksDocument {
    /// `{"keys":[…]}`
    pub body: Bytes,
    /// How long verifiers may keep it.
    pub max_age: Duration,
}

/// Which document: of this project, with the keys of live, with those of test, for this dialect.
pub(crate) type Which = (ProjectId, bool, bool, &'static str);

/// A document, and when the first of its keys is to go.
#[derive(Clone)]
pub(crate) struct Published {
    document: JwksDocument,
    complete_until: Timestamp,
}

/// The keys of a project and dialect that tokens are signed with, were until lately, or will be soon. Where there is
/// none yet, one is made: a verifier that keeps an empty document would refuse the first tokens.
pub async fn jwks(
    core: &Arc<Core>,
    project: &Project,
    environments: &[Environment],
    door: DialectName,
) -> Result<JwksDocument, Error> {
    let of = |environment| environments.contains(&environment);
    let which = (
        project.id,
        of(Environment::Live),
        of(Environment::Test),
        door.as_str(),
    );
    let now = core.clock.now();
    match core.caches.jwks.get(&which) {
        Some(published) if now < published.complete_until => Ok(published.document),
        _ => Box::pin(compose(core, project, environments, which, now)).await,
    }
}

async fn compose(
    core: &Arc<Core>,
    project: &Project,
    environments: &[Environment],
    which: Which,
    now: Timestamp,
) -> Result<JwksDocument, Error> {
    let ticket = core.caches.jwks.ticket(&which);
    let (.., door) = which;
    let door = core
        .door(door)
        .ok_or_else(|| Fault::Internal(format!("no dialect {door}")))?;
    let mut keys = Vec::new();
    let mut complete_until = Timestamp::from_micros(i64::MAX);
    for environment in environments {
        let ring = keyring::signing_ring(core, project, *environment, door).await?;
        for key in ring.believed(now) {
            keys.extend(key.key.jwk());
            complete_until = complete_until.min(key.term.expires_at.unwrap_or(complete_until));
        }
    }
    let document = JwksDocument {
        body: Bytes::from(json!({ "keys": keys }).to_string()),
        max_age: Duration::from_secs(project.settings.jwks.max_age),
    };
    let published = Published {
        document: document.clone(),
        complete_until,
    };
    core.caches.jwks.fill(&ticket, which, published);
    Ok(document)
}
