//! The records as they travel.

use serde::Serialize;
use utoipa::ToSchema;
use vestibule_model::role::{Role, RoleAssignment, RolePermission};

/// An answer that shows one record.
#[derive(Serialize, ToSchema)]
pub(super) struct Data<T: ToSchema> {
    pub(super) data: T,
}

/// A role.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthRole {
    id: String,
    name: String,
    created_at: String,
    updated_at: String,
}

impl From<&Role> for AuthRole {
    fn from(role: &Role) -> Self {
        Self {
            id: role.id.to_string(),
            name: role.name.clone(),
            created_at: role.created_at.rfc3339_millis(),
            updated_at: role.updated_at.rfc3339_millis(),
        }
    }
}

/// One thing that a role permits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AuthPermission {
    id: String,
    resource: String,
    action: String,
    role_id: String,
    created_at: String,
    updated_at: String,
}

impl From<&RolePermission> for AuthPermission {
    fn from(permission: &RolePermission) -> Self {
        Self {
            id: permission.id.to_string(),
            resource: permission.resource.clone(),
            action: permission.action.clone(),
            role_id: permission.role.to_string(),
            created_at: permission.created_at.rfc3339_millis(),
            updated_at: permission.updated_at.rfc3339_millis(),
        }
    }
}

/// A role that a user has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserRole {
    id: String,
    user_id: String,
    role_id: String,
    created_at: String,
    updated_at: String,
}

impl From<&RoleAssignment> for UserRole {
    fn from(assignment: &RoleAssignment) -> Self {
        Self {
            id: assignment.id.to_string(),
            user_id: assignment.user.to_string(),
            role_id: assignment.role.to_string(),
            created_at: assignment.created_at.rfc3339_millis(),
            updated_at: assignment.updated_at.rfc3339_millis(),
        }
    }
}

/// Something that can be permitted.
#[derive(Serialize, ToSchema)]
pub(super) struct AuthAction {
    pub(super) resource: String,
    pub(super) action: String,
}
