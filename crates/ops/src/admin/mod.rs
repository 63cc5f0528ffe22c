//! What operators do, by the command line. Every change is audited with the operator as its actor.

pub mod api_keys;
pub mod gateway;
pub mod instance;
pub mod keys;
pub mod mail;
pub mod moving;
pub mod projects;
pub mod roles;
pub mod sessions;
pub mod settings;
mod user_import;
pub mod user_schema;
pub mod users;

use crate::core::Core;
use vestibule_model::Realm;
use vestibule_model::id::AuditId;
use vestibule_store::audit::{Act, Entry, Outcome};

/// Who acts.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The name of the system account, such as `root`.
    pub name: String,
}

impl Operator {
    /// The audit row of something that this operator does.
    pub(crate) fn does(&self, core: &Core, realm: Realm, act: Act) -> Entry {
        let at = core.clock.now();
        Entry {
            id: AuditId::new(core.entropy.as_ref(), at),
            realm,
            at,
            act,
            outcome: Outcome::Success,
            actor: format!("operator:{}", self.name),
            user: None,
            session: None,
            dialect: String::new(),
            ip: None,
            user_agent: None,
            request_id: String::new(),
            detail: None,
        }
    }
}
