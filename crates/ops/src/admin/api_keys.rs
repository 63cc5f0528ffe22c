//! API keys.

use super::Operator;
use crate::core::Core;
use crate::error::{Error, Stop};
use vestibule_keys::secret_text::{ApiKeyKind, ApiKeyText, hash_of};
use vestibule_model::id::{ApiKeyId, ProjectId};
use vestibule_model::{Realm, Refusal, Timestamp};
use vestibule_store::Tx;
use vestibule_store::api_keys::{self, ApiKeyRow};
use vestibule_store::audit::{self, Act, Entry};

/// How many characters of a key's end are kept to recognise it by.
const HINT: usize = 4;

/// A key that was just made. Its text is shown once: only a hash of it is kept.
pub struct NewApiKey {
    /// The text that clients send.
    pub text: String,
    /// What is stored.
    pub row: ApiKeyRow,
}

/// Makes an API key.
pub async fn create(
    core: &Core,
    by: &Operator,
    realm: Realm,
    kind: ApiKeyKind,
    name: &str,
) -> Result<NewApiKey, Error> {
    let [key] = create_all(core, by, [(realm, kind)], name).await?;
    Ok(key)
}

/// Makes several API keys with one name, all or none.
pub async fn create_all<const N: usize>(
    core: &Core,
    by: &Operator,
    wanted: [(Realm, ApiKeyKind); N],
    name: &str,
) -> Result<[NewApiKey; N], Error> {
    if name.len() > 100 || name.chars().any(char::is_control) {
        return Err(Refusal::field("name", "must be at most 100 bytes without control characters").into());
    }
    let keys = wanted.map(|(realm, kind)| new(core, realm, kind, name));
    let rows = keys.each_ref().map(|key| {
        let created = by.does(core, key.row.realm, Act::ApiKeyCreated);
        (key.row.clone(), created.saying(&key.row.id.to_string()))
    });
    core.write(insert, rows.to_vec()).await?;
    Ok(keys)
}

fn new(core: &Core, realm: Realm, kind: ApiKeyKind, name: &str) -> NewApiKey {
    let text = ApiKeyText {
        kind,
        environment: realm.environment,
    }
    .generate(core.entropy.as_ref());
    let now = core.clock.now();
    let row = ApiKeyRow {
        id: ApiKeyId::new(core.entropy.as_ref(), now),
        realm,
        kind: kind.prefix().to_owned(),
        hash: hash_of(&text),
        hint: text
            .get(text.len().saturating_sub(HINT)..)
            .unwrap_or_default()
            .to_owned(),
        name: name.to_owned(),
        created_at: now,
        revoked_at: None,
    };
    NewApiKey {
        text: text.to_string(),
        row,
    }
}

async fn insert(tx: &mut Tx, keys: &Vec<(ApiKeyRow, Entry)>) -> Result<(), Stop> {
    for (row, entry) in keys {
        api_keys::insert(tx, row).await?;
        audit::write(tx, entry).await?;
    }
    Ok(())
}

/// Up to `limit` keys of a project, oldest first, revoked ones too.
pub async fn list(core: &Core, project: ProjectId, limit: u32) -> Result<Vec<ApiKeyRow>, Error> {
    Ok(api_keys::of_project(&core.store.db, project, limit).await?)
}

/// The key with this id.
pub async fn find(core: &Core, id: ApiKeyId) -> Result<Option<ApiKeyRow>, Error> {
    Ok(api_keys::find(&core.store.db, id).await?)
}

/// Revokes a key: it opens nothing from within a second on. `false` when there is none, or it was revoked before.
pub async fn revoke(core: &Core, by: &Operator, id: ApiKeyId) -> Result<bool, Error> {
    let Some(key) = find(core, id).await? else {
        return Ok(false);
    };
    let entry = by
        .does(core, key.realm, Act::ApiKeyRevoked)
        .saying(&id.to_string());
    let input = (id, core.clock.now(), entry);
    core.write(end, input).await
}

async fn end(tx: &mut Tx, (id, now, entry): &(ApiKeyId, Timestamp, Entry)) -> Result<bool, Stop> {
    let revoked = api_keys::revoke(tx, *id, *now).await?;
    if revoked {
        audit::write(tx, entry).await?;
    }
    Ok(revoked)
}
