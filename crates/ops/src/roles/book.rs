//! Where the roles of a realm stand: in the database, or in the project's configuration.

use crate::core::Core;
use crate::entrance;
use crate::error::Error as OpsError;
use vestibule_keys::digest::sha256;
use vestibule_model::id::{PermissionId, RoleId, UserId};
use vestibule_model::role::{Role, RolePermission, spell};
use vestibule_model::settings::RolesMode;
use vestibule_model::{Authority, Environment, Fault, Project, Realm};
use vestibule_store::{Db, Error, Tx, permissions, projects, role_assignments, roles};

/// The roles of a realm.
#[derive(Clone)]
pub(crate) struct Book {
    /// Project and environment.
    pub(crate) realm: Realm,
    /// The roles of the configuration, where the project's mode is `static`.
    pub(crate) configured: Option<Vec<Configured>>,
}

/// A role of the configuration. Its ids are made from its realm and its names, so that they are the same at every
/// start and on every node without being stored anywhere.
#[derive(Clone)]
pub(crate) struct Configured {
    pub(crate) role: Role,
    pub(crate) permissions: Vec<RolePermission>,
}

impl Book {
    /// The roles of one half of a project.
    pub(crate) fn of(project: &Project, environment: Environment) -> Self {
        let realm = project.realm(environment);
        let settings = &project.settings.roles;
        let configured = match settings.mode {
            RolesMode::Dynamic => None,
            RolesMode::Static => {
                let roles = settings.fixed.iter();
                Some(
                    roles
                        .map(|(name, fixed)| Configured::new(project, realm, name, fixed))
                        .collect(),
                )
            }
        };
        Self { realm, configured }
    }

    /// The roles of a realm whose project is not at hand; it may be disabled.
    pub(crate) async fn load(core: &Core, realm: Realm) -> Result<Self, OpsError> {
        let row = projects::find(&core.store.db, realm.project).await?;
        let gone = || Fault::Unavailable("the project has just been deleted".to_owned());
        let project = entrance::complete(core, row.ok_or_else(gone)?)?;
        Ok(Self::of(&project, realm.environment))
    }

    /// Whether the roles stand in the configuration.
    pub(crate) const fn is_configured(&self) -> bool {
        self.configured.is_some()
    }

    /// The configured role with this id.
    pub(crate) fn configured_role(&self, id: RoleId) -> Option<&Configured> {
        self.configured.iter().flatten().find(|it| it.role.id == id)
    }

    /// What a user may do.
    pub(crate) async fn authority(&self, db: &Db, user: UserId) -> Result<Authority, Error> {
        if self.is_configured() {
            let ids = role_assignments::configured_of_user(db, self.realm, user).await?;
            return Ok(self.configured_authority(&ids));
        }
        let roles = role_assignments::roles_of_user(db, self.realm, user).await?;
        if roles.is_empty() {
            return Ok(Authority::default());
        }
        let permissions = permissions::of_user(db, self.realm, user).await?;
        Ok(Authority::of(roles, pairs(&permissions)))
    }

    /// What a user may do, as the transaction sees it.
    pub(crate) async fn authority_in(&self, tx: &mut Tx, user: UserId) -> Result<Authority, Error> {
        if self.is_configured() {
            let ids = role_assignments::configured_of_user_in(tx, self.realm, user).await?;
            return Ok(self.configured_authority(&ids));
        }
        let roles = role_assignments::roles_of_user_in(tx, self.realm, user).await?;
        let permissions = permissions::of_user_in(tx, self.realm, user).await?;
        Ok(Authority::of(roles, pairs(&permissions)))
    }

    fn configured_authority(&self, ids: &[RoleId]) -> Authority {
        let held: Vec<_> = ids.iter().filter_map(|id| self.configured_role(*id)).collect();
        let roles = held.iter().map(|it| (it.role.name.clone(), it.role.superuser));
        let permissions = held.iter().flat_map(|it| &it.permissions);
        Authority::of(
            roles,
            permissions.map(|it| (it.resource.as_str(), it.action.as_str())),
        )
    }

    /// Whether an enabled user of the realm, other than `except`, may do everything.
    pub(crate) async fn superuser_is_left(&self, tx: &mut Tx, except: Option<UserId>) -> Result<bool, Error> {
        let Some(configured) = &self.configured else {
            return roles::superuser_is_left(tx, self.realm, except).await;
        };
        for Configured { role, .. } in configured.iter().filter(|it| it.role.superuser) {
            if role_assignments::holder_is_left(tx, role.id, except).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn pairs(permissions: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    permissions
        .iter()
        .map(|(resource, action)| (resource.as_str(), action.as_str()))
}

impl Configured {
    fn new(
        project: &Project,
        realm: Realm,
        name: &str,
        fixed: &vestibule_model::settings::FixedRole,
    ) -> Self {
        let (created_at, updated_at) = (project.created_at, project.created_at);
        let role = Role {
            id: RoleId::from_bytes(derived(realm, &[name])),
            realm,
            name: name.to_owned(),
            superuser: fixed.superuser,
            created_at,
            updated_at,
        };
        // Whatever is no `resource:action` was refused when the settings were made.
        let pairs = fixed.permissions.iter().filter_map(|pair| pair.split_once(':'));
        let permissions = pairs.map(|(resource, action)| RolePermission {
            id: PermissionId::from_bytes(derived(realm, &[name, &spell(resource, action)])),
            realm,
            role: role.id,
            resource: resource.to_owned(),
            action: action.to_owned(),
            created_at,
            updated_at,
        });
        Self {
            permissions: permissions.collect(),
            role,
        }
    }
}

/// An id made from names: a `UUIDv8` (RFC 9562 §5.8) of their SHA-256. Each name is preceded by its length, so that no
/// two lists give the same text.
fn derived(realm: Realm, names: &[&str]) -> [u8; 16] {
    let mut text = realm.project.bytes().to_vec();
    for name in [realm.environment.as_str()].iter().chain(names) {
        text.extend((name.len() as u64).to_be_bytes());
        text.extend(name.as_bytes());
    }
    let mut id: [u8; 16] = sha256(&text).first_chunk().copied().unwrap_or_default();
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_model::id::ProjectId;

    #[test]
    fn an_id_of_a_configured_role_depends_on_everything_that_names_it_and_on_nothing_else() {
        let realm = |project, environment| Realm {
            project: ProjectId::from_bytes([project; 16]),
            environment,
        };
        let live = realm(1, Environment::Live);
        let ids = [
            derived(live, &["editor"]),
            derived(live, &["editors"]),
            derived(live, &["edit", "or"]),
            derived(realm(1, Environment::Test), &["editor"]),
            derived(realm(2, Environment::Live), &["editor"]),
        ];
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert_eq!(ids[0], derived(live, &["editor"]));
        assert_eq!(
            RoleId::from_bytes(ids[0]).to_string(),
            "e0fb60f0-f370-8edb-aa30-0e6a06920e64",
            "an id is never made in another way again: assignments hold it"
        );
    }
}
