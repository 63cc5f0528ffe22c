//! Keys that are the same in every run.

use crate::entropy::SeededEntropy;
use vestibule_keys::digest::sha256;
use vestibule_keys::jose::Key;
use vestibule_model::id::KeyId;
use vestibule_model::token::Algorithm;
use vestibule_model::{Entropy, Environment, Project, Realm, entropy};
use vestibule_ops::admin::api_keys;
use vestibule_ops::{ApiKeyKind, Core, Door};
use vestibule_store::secret_keys::{self, SEALED_FOR, SecretKeyRow};
use vestibule_store::{Error, Tx};

/// The API keys of one environment.
#[derive(Clone, Debug)]
pub struct RealmKeys {
    /// `akm_…`
    pub api: String,
    /// `pk_…`
    pub publishable: String,
    /// `sk_…`
    pub secret: String,
}

/// The API keys of the default project.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Those of the live environment.
    pub live: RealmKeys,
    /// Those of the test environment.
    pub test: RealmKeys,
}

impl Keys {
    /// Those of an environment.
    pub const fn of(&self, environment: Environment) -> &RealmKeys {
        match environment {
            Environment::Live => &self.live,
            Environment::Test => &self.test,
        }
    }

    /// Makes them.
    pub(crate) async fn make(core: &Core, project: &Project) -> Self {
        Self {
            live: realm_keys(core, project, Environment::Live).await,
            test: realm_keys(core, project, Environment::Test).await,
        }
    }
}

async fn realm_keys(core: &Core, project: &Project, environment: Environment) -> RealmKeys {
    let key = async |kind| {
        let made = api_keys::create(
            core,
            &crate::operator(),
            project.realm(environment),
            kind,
            "story",
        )
        .await;
        made.expect("an API key").text
    };
    RealmKeys {
        api: key(ApiKeyKind::Api).await,
        publishable: key(ApiKeyKind::Publishable).await,
        secret: key(ApiKeyKind::Secret).await,
    }
}

/// Lays the secret keys of the default project, so that none is made in the middle of a story. The signing keys are
/// fixed, and RSA signatures of PKCS #1 v1.5 and MACs depend on nothing but key and message (RFC 8017 §8.2): tokens are
/// the same in every run. The ids of later doors' keys come from a chance of their own, so that one more door leaves
/// the ids of every story as they are.
pub(crate) async fn lay_secret_keys(core: &Core, doors: &[&Door], project: &Project) {
    let pairs: [(_, &[u8]); 2] = [
        (Environment::Live, include_bytes!("keys/live.pk8")),
        (Environment::Test, include_bytes!("keys/test.pk8")),
    ];
    let beside = SeededEntropy::new(8);
    for (environment, pair) in pairs {
        let realm = project.realm(environment);
        for (number, door) in doors.iter().enumerate() {
            let (name, algorithm) = (door.name.as_str(), door.token.algorithm());
            let secret = sha256(format!("{} {name}", environment.as_str()).as_bytes());
            let material = match algorithm {
                Algorithm::Hs256 => secret.as_slice(),
                Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => pair,
            };
            let key = Key::from_material(algorithm, material).expect("a sound key");
            let chance: &dyn Entropy = if number == 0 {
                core.entropy.as_ref()
            } else {
                &beside
            };
            let id = KeyId::new(chance, core.clock.now());
            lay(
                core,
                realm,
                (name, "signing", algorithm),
                (id, Some(key.kid().to_owned()), material),
            )
            .await;
        }
        for purpose in ["refresh", "code", "ip"] {
            let secret: [u8; 32] = entropy::bytes(core.entropy.as_ref());
            let id = KeyId::new(core.entropy.as_ref(), core.clock.now());
            lay(core, realm, ("", purpose, Algorithm::Hs256), (id, None, &secret)).await;
        }
    }
}

async fn lay(
    core: &Core,
    realm: Realm,
    (dialect, purpose, algorithm): (&str, &str, Algorithm),
    (id, kid, material): (KeyId, Option<String>, &[u8]),
) {
    let now = core.clock.now();
    let row = SecretKeyRow {
        id,
        realm,
        dialect: dialect.to_owned(),
        purpose: purpose.to_owned(),
        algorithm: algorithm.as_str().to_owned(),
        kid: kid.unwrap_or_else(|| id.to_string()),
        sealed: core
            .sealer
            .seal(SEALED_FOR, &id.bytes(), material)
            .expect("to seal"),
        created_at: now,
        active_from: now,
        retired_at: None,
        expires_at: None,
        revoked_at: None,
    };
    core.store
        .db
        .write(core.deadline(), insert, row)
        .await
        .expect("to store a key");
}

async fn insert(tx: &mut Tx, row: &SecretKeyRow) -> Result<(), Error> {
    secret_keys::insert(tx, row).await
}
