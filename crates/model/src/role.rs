//! Roles, what they permit, who has them, and what follows from all that for one user.

use crate::id::{AssignmentId, PermissionId, RoleId, UserId};
use crate::{Realm, Timestamp};

/// What may be done with a resource, besides what an app names itself.
pub const ACTIONS: [&str; 4] = ["View", "Create", "Update", "Delete"];

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Project and environment.
    pub realm: Realm,
    /// Its name, unique in its realm.
    pub name: String,
    /// Whether it permits everything.
    pub superuser: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One thing that a role permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePermission {
    /// Its id.
    pub id: PermissionId,
    /// Project and environment.
    pub realm: Realm,
    /// The role that permits it.
    pub role: RoleId,
    /// On what: a name in kebab-case.
    pub resource: String,
    /// What may be done: one of [`ACTIONS`], or an app's own word.
    pub action: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A role that a user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Its id.
    pub id: AssignmentId,
    /// Project and environment.
    pub realm: Realm,
    /// Who has it.
    pub user: UserId,
    /// Which role.
    pub role: RoleId,
    /// When it was assigned.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a user may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authority {
    /// Names of the user's roles, earliest assigned first.
    pub roles: Vec<String>,
    /// What the roles permit, as `resource:action`, sorted and each once.
    pub permissions: Vec<String>,
    /// Whether one of the roles permits everything.
    pub superuser: bool,
}

impl Authority {
    /// What roles (earliest assigned first) and their permissions come to.
    pub fn of<'a>(
        roles: impl IntoIterator<Item = (String, bool)>,
        permissions: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let mut authority = Self::default();
        for (name, superuser) in roles {
            authority.superuser |= superuser;
            authority.roles.push(name);
        }
        let spelled = permissions
            .into_iter()
            .map(|(resource, action)| spell(resource, action));
        authority.permissions = spelled.collect();
        authority.permissions.sort_unstable();
        authority.permissions.dedup();
        authority
    }

    /// Whether this action on this resource is permitted.
    pub fn permits(&self, resource: &str, action: &str) -> bool {
        self.superuser || self.permissions.binary_search(&spell(resource, action)).is_ok()
    }

    /// Whether the role of this name is among the roles, or all are because everything is permitted.
    pub fn has_role(&self, name: &str) -> bool {
        self.superuser || self.roles.iter().any(|role| role == name)
    }
}

/// A permission as one word: `resource:action`.
pub fn spell(resource: &str, action: &str) -> String {
    format!("{resource}:{action}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_lists_roles_as_assigned_and_permissions_sorted_and_once() {
        let roles = [("writer".to_owned(), false), ("author".to_owned(), false)];
        let permissions = [
            ("post", "View"),
            ("comment", "View"),
            ("post", "Create"),
            ("post", "View"),
        ];
        let authority = Authority::of(roles, permissions);
        assert_eq!(authority.roles, ["writer", "author"]);
        assert_eq!(
            authority.permissions,
            ["comment:View", "post:Create", "post:View"]
        );
        assert!(authority.permits("post", "Create") && !authority.permits("post", "create"));
        assert!(!authority.permits("comment", "Create") && !authority.permits("comment:View", ""));
        assert!(authority.has_role("author") && !authority.has_role("Author"));
    }

    #[test]
    fn one_superuser_role_permits_everything() {
        let authority = Authority::of([("plain".to_owned(), false), ("root".to_owned(), true)], []);
        assert!(
            authority.superuser && authority.permits("anything", "Whatever") && authority.has_role("other")
        );
        assert!(!Authority::default().permits("anything", "View"));
    }
}
