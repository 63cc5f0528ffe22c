//! `/api/auth-permissions`

use super::body::{as_sent, close, optional_reference, reference};
use super::listing::{self, Listed};
use super::wire::{AuthPermission, Data};
use utoipa::ToSchema;
use vestibule_ops::roles::permissions::{self, NewPermission, PermissionChange, PermissionColumn};
use vestibule_ops::roles::{Collection, demand};
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

const COLUMNS: [(&str, PermissionColumn); 6] = [
    ("id", PermissionColumn::Id),
    ("resource", PermissionColumn::Resource),
    ("action", PermissionColumn::Action),
    ("roleId", PermissionColumn::Role),
    ("createdAt", PermissionColumn::CreatedAt),
    ("updatedAt", PermissionColumn::UpdatedAt),
];

/// One thing that a role permits. The role may also be named as `"role": {"id"}`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct PermissionBody {
    /// In kebab-case.
    #[schema(example = "post")]
    resource: String,
    /// `View`, `Create`, `Update`, `Delete`, or a word of the app's own.
    #[schema(example = "Create")]
    action: String,
    role_id: String,
}

/// What is to change; what is absent stays.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct PermissionChangeBody {
    #[schema(required = false, nullable = false)]
    resource: Option<String>,
    #[schema(required = false, nullable = false)]
    action: Option<String>,
    #[schema(required = false, nullable = false)]
    role_id: Option<String>,
}

fn new(fields: &mut Fields) -> NewPermission {
    let (resource, action) = (fields.text("resource"), fields.text("action"));
    let role = reference(fields, "role");
    close(fields);
    NewPermission {
        role,
        resource,
        action,
    }
}

fn change(fields: &mut Fields) -> PermissionChange {
    let (resource, action) = (fields.optional_text("resource"), fields.optional_text("action"));
    let role = optional_reference(fields, "role");
    close(fields);
    PermissionChange {
        role,
        resource,
        action,
    }
}

pub(super) async fn list(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Permissions, "View").await?;
    let wanted = listing::read(&call, &COLUMNS)?;
    let page = permissions::list(&call.cx, &caller, &wanted).await?;
    Ok(Answer::json(200, &Listed::<AuthPermission>::of(&page)))
}

pub(super) async fn create(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Permissions, "Create").await?;
    let new = call.read(new)?;
    let permission = permissions::create(&call.cx, &caller, new)
        .await
        .map_err(|error| as_sent(&call, error))?;
    let data = AuthPermission::from(&permission);
    Ok(Answer::json(201, &Data { data }))
}

pub(super) async fn read(call: Call, caller: Caller) -> Result<Answer, Error> {
    let permission = permissions::get(&call.cx, &caller, call.path("id")).await?;
    let data = AuthPermission::from(&permission);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn update(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Permissions, "Update").await?;
    let change = call.read(change)?;
    let permission = permissions::update(&call.cx, &caller, call.path("id"), change)
        .await
        .map_err(|error| as_sent(&call, error))?;
    let data = AuthPermission::from(&permission);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn delete(call: Call, caller: Caller) -> Result<Answer, Error> {
    permissions::delete(&call.cx, &caller, call.path("id")).await?;
    Ok(Answer::empty(204))
}
