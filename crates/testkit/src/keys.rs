//! Keys that are the same in every run.

use crate::entropy::SeededEntropy;
use vestibule_keys::digest::sha256;
use vestibule_keys::jose::Key;
use vestibule_model::id::KeyId;
use vestibule_model::token::Algorithm;
use vestibule_model::{Environment, Project, Realm, entropy};
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
/// fixed, and RSA signatures of PKCS #1 v1.5 depend on nothing but key and message (RFC 8017 §8.2), like HMACs: tokens
/// are the same in every run. A door's HMAC secret is made of its name, and takes no chance from the stories, whose ids
/// would otherwise change with every new door.
pub(crate) async fn lay_secret_keys(core: &Core, chance: &SeededEntropy, doors: &[&Door], project: &Project) {
    let pairs: [(_, &[u8]); 2] = [
        (Environment::Live, include_bytes!("keys/live.pk8")),
        (Environment::Test, include_bytes!("keys/test.pk8")),
    ];
    for (environment, pair) in pairs {
        let realm = project.realm(environment);
        for door in doors {
            let (name, algorithm) = (door.name.as_str(), door.token.algorithm());
            if algorithm != Algorithm::Hs256 {
                lay_signing(core, realm, (name, algorithm), pair).await;
                continue;
            }
            let secret = hmac_secret(name, environment);
            let number = |seed: u64, byte: &u8| seed.wrapping_mul(31).wrapping_add(u64::from(*byte));
            let before = chance.begin_at(secret.iter().fold(0, number));
            lay_signing(core, realm, (name, algorithm), &secret).await;
            chance.begin_at(before);
        }
        for purpose in ["refresh", "code", "ip"] {
            let secret: [u8; 32] = entropy::bytes(core.entropy.as_ref());
            lay(core, realm, ("", purpose, Algorithm::Hs256), (None, &secret)).await;
        }
    }
}

/// The secret that signs the tokens of a door whose algorithm is HS256, in the default project.
pub fn hmac_secret(dialect: &str, environment: Environment) -> [u8; 32] {
    sha256(format!("{dialect} {environment}").as_bytes())
}

async fn lay_signing(core: &Core, realm: Realm, (dialect, algorithm): (&str, Algorithm), material: &[u8]) {
    let key = Key::from_material(algorithm, material).expect("a sound key");
    let ring = (dialect, "signing", algorithm);
    lay(core, realm, ring, (Some(key.kid().to_owned()), material)).await;
}

async fn lay(
    core: &Core,
    realm: Realm,
    (dialect, purpose, algorithm): (&str, &str, Algorithm),
    (kid, material): (Option<String>, &[u8]),
) {
    let now = core.clock.now();
    let id = KeyId::new(core.entropy.as_ref(), now);
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
