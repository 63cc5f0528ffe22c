//! `/api/auth-roles`

use super::body::close;
use super::listing::{self, Listed};
use super::wire::{AuthRole, Data};
use utoipa::ToSchema;
use vestibule_ops::roles::{self, Collection, NewRole, RoleChange, RoleColumn, demand};
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

const COLUMNS: [(&str, RoleColumn); 4] = [
    ("id", RoleColumn::Id),
    ("name", RoleColumn::Name),
    ("createdAt", RoleColumn::CreatedAt),
    ("updatedAt", RoleColumn::UpdatedAt),
];

/// A role.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct RoleBody {
    #[schema(example = "manager")]
    name: String,
}

/// What is to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct RoleChangeBody {
    #[schema(required = false, nullable = false)]
    name: Option<String>,
}

fn new(fields: &mut Fields) -> NewRole {
    let name = fields.text("name");
    close(fields);
    NewRole {
        name,
        superuser: false,
    }
}

fn change(fields: &mut Fields) -> RoleChange {
    let name = fields.optional_text("name");
    close(fields);
    RoleChange {
        name,
        superuser: None,
    }
}

pub(super) async fn list(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Roles, "View").await?;
    let wanted = listing::read(&call, &COLUMNS)?;
    let page = roles::list(&call.cx, &caller, &wanted).await?;
    Ok(Answer::json(200, &Listed::<AuthRole>::of(&page)))
}

pub(super) async fn create(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Roles, "Create").await?;
    let new = call.read(new)?;
    let role = roles::create(&call.cx, &caller, new).await?;
    let data = AuthRole::from(&role);
    Ok(Answer::json(201, &Data { data }))
}

pub(super) async fn read(call: Call, caller: Caller) -> Result<Answer, Error> {
    let role = roles::get(&call.cx, &caller, call.path("id")).await?;
    let data = AuthRole::from(&role);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn update(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Roles, "Update").await?;
    let change = call.read(change)?;
    let role = roles::update(&call.cx, &caller, call.path("id"), change).await?;
    let data = AuthRole::from(&role);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn delete(call: Call, caller: Caller) -> Result<Answer, Error> {
    roles::delete(&call.cx, &caller, call.path("id")).await?;
    Ok(Answer::empty(204))
}
