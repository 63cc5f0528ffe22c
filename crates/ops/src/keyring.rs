//! The secret keys at work: loaded, parsed once, made when they are first needed, and replaced in time.

mod make;
mod parsed;
mod ring;

pub(crate) use make::Making;
pub(crate) use make::{Order, and_wait as make_and_wait};
pub(crate) use parsed::Parsed;
pub(crate) use ring::{Need, Ring, RingKey, Term};

use crate::core::{Core, Door};
use crate::entrance;
use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;
use vestibule_keys::digest::MacKey;
use vestibule_keys::jose::{Key, encode_header};
use vestibule_model::token::Algorithm;
use vestibule_model::{DialectName, Environment, Fault, Project, Realm};
use vestibule_store::secret_keys::{self, RingName, SEALED_FOR, SecretKeyRow};

const SIGNING: &str = "signing";
const REFRESH: &str = "refresh";
const CODE: &str = "code";
const IP: &str = "ip";

/// The longest key id that any algorithm of ours gives.
const MAX_KID: usize = 64;

/// The key of the MACs in refresh tokens.
pub(crate) async fn refresh_key(core: &Core, realm: Realm) -> Result<Arc<MacKey>, Error> {
    mac_key(core, realm, REFRESH).await
}

/// The key of the hashes of six-digit codes.
pub(crate) async fn code_key(core: &Core, realm: Realm) -> Result<Arc<MacKey>, Error> {
    mac_key(core, realm, CODE).await
}

/// The key of the hashes of client addresses.
pub(crate) async fn ip_key(core: &Core, realm: Realm) -> Result<Arc<MacKey>, Error> {
    mac_key(core, realm, IP).await
}

async fn mac_key(core: &Core, realm: Realm, purpose: &'static str) -> Result<Arc<MacKey>, Error> {
    let name = RingName {
        realm,
        dialect: "",
        purpose,
    };
    if let Some(key) = core
        .caches
        .macs
        .through(&name, || stored_mac(core, &name))
        .await?
    {
        return Ok(key);
    }
    make::mac_key(core, &name).await?;
    stored_mac(core, &name).await?.ok_or_else(|| vanished(&name))
}

async fn stored_mac(core: &Core, name: &RingName) -> Result<Option<Arc<MacKey>>, Error> {
    let rows = secret_keys::ring(&core.store.db, name).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let material = core.sealer.open(SEALED_FOR, &row.id.bytes(), &row.sealed)?;
    let material = material.as_slice().try_into().map_err(|_| damaged(row))?;
    Ok(Some(Arc::new(MacKey::new(material))))
}

/// The signing keys of a project, environment and dialect, of which one may sign now. The first is made when it is
/// first needed; a successor is made beside the request when the one that signs is old.
pub(crate) async fn signing_ring(
    core: &Arc<Core>,
    project: &Project,
    environment: Environment,
    door: &'static Door,
) -> Result<Arc<Ring>, Error> {
    let name = signing(project.realm(environment), door);
    let ring = load(core, &name, door).await?;
    let rotation = Duration::from_hours(24).saturating_mul(days(project.settings.tokens.key_rotation_days));
    match ring.need(core.clock.now(), rotation) {
        Need::Nothing => Ok(ring),
        Need::Successor => {
            make::in_background(core, Order::successor(project, name, door, ring.newest()));
            Ok(ring)
        }
        Need::Key => {
            make::and_wait(core, Order::at_once(project, name.clone(), door, ring.newest())).await?;
            load(core, &name, door).await
        }
    }
}

fn days(days: u64) -> u32 {
    u32::try_from(days.max(1)).unwrap_or(u32::MAX)
}

/// The ring's name.
pub(crate) fn signing(realm: Realm, door: &Door) -> RingName {
    RingName {
        realm,
        dialect: door.name.as_str(),
        purpose: SIGNING,
    }
}

/// The signing keys as they are; none is made.
pub(crate) async fn load(core: &Core, name: &RingName, door: &Door) -> Result<Arc<Ring>, Error> {
    let read = || async {
        let rows = secret_keys::ring(&core.store.db, name).await?;
        let keys: Result<_, Error> = rows.iter().map(|row| parse(core, row, door)).collect();
        Ok::<_, Error>(Some(Arc::new(Ring(keys?))))
    };
    let ring = core.caches.rings.through(name, read).await?;
    ring.ok_or_else(|| vanished(name))
}

fn parse(core: &Core, row: &SecretKeyRow, door: &Door) -> Result<RingKey, Error> {
    let key = match core.parsed.get(row) {
        Some(key) => key,
        None => open(core, row)?,
    };
    let header = encode_header(&door.token.header(key.kid()));
    Ok(RingKey {
        id: row.id,
        term: Term::of(row),
        key,
        header,
    })
}

fn open(core: &Core, row: &SecretKeyRow) -> Result<Arc<Key>, Error> {
    let material = core.sealer.open(SEALED_FOR, &row.id.bytes(), &row.sealed)?;
    let algorithm = Algorithm::parse(&row.algorithm).ok_or_else(|| damaged(row))?;
    let key = Key::from_material(algorithm, &material).map_err(|_| damaged(row))?;
    let key = Arc::new(key);
    core.parsed.keep(row, &key);
    Ok(key)
}

fn damaged(row: &SecretKeyRow) -> Error {
    Fault::Internal(format!(
        "the secret key {} is damaged: restore it from a backup, or revoke it",
        row.id
    ))
    .into()
}

fn vanished(name: &RingName) -> Error {
    Fault::Unavailable(format!(
        "the {} key of project {} is gone",
        name.purpose, name.realm.project
    ))
    .into()
}

/// The project and environment of the key that a token names, if it is a signing key of this dialect. The token is not
/// judged by this.
pub async fn realm_of_kid(
    core: &Core,
    kid: &str,
    door: DialectName,
) -> Result<Option<(Arc<Project>, Environment)>, Error> {
    let plausible = kid.len() <= MAX_KID
        && kid
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !plausible {
        return Ok(None);
    }
    let read = || async {
        let row = secret_keys::find_by_kid(&core.store.db, kid).await?;
        Ok::<_, Error>(Some(row.and_then(|row| ring_name(core, &row))))
    };
    let ring = core.caches.kids.through(&kid.to_owned(), read).await?.flatten();
    let Some(ring) = ring.filter(|ring| ring.dialect == door.as_str() && ring.purpose == SIGNING) else {
        return Ok(None);
    };
    entrance::enabled(core, ring.realm).await
}

/// The ring of a key, if this binary knows what it is for.
pub(crate) fn ring_name(core: &Core, row: &SecretKeyRow) -> Option<RingName> {
    let door = core.door(&row.dialect)?;
    (row.purpose == SIGNING).then(|| signing(row.realm, door))
}
