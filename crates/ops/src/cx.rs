//! What one request brings to an operation.

use crate::core::{Core, Door};
use crate::error::{Error, Stop};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use vestibule_model::{Environment, Policy, Project, Realm, Timestamp};
use vestibule_store::Act;

/// Longest `User-Agent` that is kept, in bytes.
const MAX_USER_AGENT: usize = 512;

/// The context of an operation: who asks, through which door, of which project, and until when.
#[derive(Clone)]
pub struct Cx {
    /// What all requests share.
    pub core: Arc<Core>,
    /// The project that the request is about.
    pub project: Arc<Project>,
    /// Which half of it.
    pub environment: Environment,
    /// The dialect that the request came through.
    pub door: &'static Door,
    /// Facts about the request.
    pub facts: Facts,
    /// When to give up.
    pub deadline: Instant,
}

/// Facts about a request, for audit rows and session lists.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The client's address, as told by the connection or a trusted proxy; `None` for the command line.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`, at most 512 bytes.
    pub user_agent: Option<String>,
    /// The `X-Request-Id` of the answer.
    pub request_id: String,
}

impl Facts {
    /// Facts of a request, with the agent cut to what is kept.
    pub fn new(address: Option<IpAddr>, user_agent: Option<&str>, request_id: String) -> Self {
        let user_agent = user_agent.map(|agent| {
            let end = agent.floor_char_boundary(MAX_USER_AGENT);
            agent.get(..end).unwrap_or_default().to_owned()
        });
        Self {
            address,
            user_agent,
            request_id,
        }
    }
}

impl Cx {
    /// Project and environment.
    pub fn realm(&self) -> Realm {
        self.project.realm(self.environment)
    }

    /// Runs a transaction body that begins before the request's deadline.
    pub(crate) async fn write<F, I, T>(&self, body: F, input: I) -> Result<T, Error>
    where
        F: for<'t> Act<'t, I, Result<T, Stop>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        Ok(self.core.store.db.write(self.deadline, body, input).await?)
    }

    /// As [`write`](Self::write), for what comes before or after a hash: while others wait for theirs, it waits a little
    /// for others to commit with.
    pub(crate) async fn write_in_company<F, I, T>(&self, body: F, input: I) -> Result<T, Error>
    where
        F: for<'t> Act<'t, I, Result<T, Stop>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let by = self.core.in_company(self.deadline);
        Ok(self.core.store.db.write(by, body, input).await?)
    }

    /// As [`write`](Self::write), but without waiting for the disk: power loss may undo it until a later write has been
    /// answered. For what no answer speaks of. Where the disk is not another machine's, it waits for company as
    /// [`write_in_company`](Self::write_in_company) does.
    pub(crate) async fn write_unsynced<F, I, T>(&self, body: F, input: I) -> Result<T, Error>
    where
        F: for<'t> Act<'t, I, Result<T, Stop>> + Copy + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let by = self.core.in_company(self.deadline);
        Ok(self.core.store.db.write_unsynced(by, body, input).await?)
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    /// What this door demands of this project.
    pub fn policy(&self) -> Policy {
        self.door.policy_for(&self.project)
    }
}
