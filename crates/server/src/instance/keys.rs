//! The first API keys of a project: one of each kind for each environment.

use serde::{Deserialize, Serialize};
use vestibule_keys::secret_text::{ApiKeyKind, hash_of};
use vestibule_model::{Environment, Project};
use vestibule_ops::admin::{Operator, api_keys};
use vestibule_ops::{Core, Error};

/// The texts of a project's first keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// For test users.
    pub test: KeySet,
    /// For real users.
    pub live: KeySet,
}

/// The texts of one environment's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySet {
    /// `akm_…`
    pub api: String,
    /// `pk_…`
    pub publishable: String,
    /// `sk_…`
    pub secret: String,
}

impl Keys {
    /// Makes them, all or none.
    pub async fn make(core: &Core, by: &Operator, project: &Project, name: &str) -> Result<Self, Error> {
        use ApiKeyKind::{Api, Publishable, Secret};
        let test = project.realm(Environment::Test);
        let live = project.realm(Environment::Live);
        let wanted = [
            (test, Api),
            (test, Publishable),
            (test, Secret),
            (live, Api),
            (live, Publishable),
            (live, Secret),
        ];
        let made = api_keys::create_all(core, by, wanted, name).await?;
        let [api, publishable, secret, live @ ..] = made.map(|key| key.text);
        let test = KeySet {
            api,
            publishable,
            secret,
        };
        let [api, publishable, secret] = live;
        let live = KeySet {
            api,
            publishable,
            secret,
        };
        Ok(Self { test, live })
    }

    /// Whether all of them still open this project.
    pub async fn work(&self, core: &Core, project: &Project) -> Result<bool, Error> {
        let stored = api_keys::list(core, project.id, 10_000).await?;
        let works = |text: &str| {
            let hash = hash_of(text);
            stored
                .iter()
                .any(|row| row.hash == hash && row.revoked_at.is_none())
        };
        let sets = [&self.test, &self.live];
        Ok(sets
            .iter()
            .flat_map(|set| [&set.api, &set.publishable, &set.secret])
            .all(|text| works(text)))
    }
}
