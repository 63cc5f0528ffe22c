//! `/api/user-roles`

use super::body::{as_sent, close, optional_reference, reference};
use super::listing::{self, Listed};
use super::wire::{Data, UserRole};
use utoipa::ToSchema;
use vestibule_ops::roles::assignments::{self, AssignmentChange, AssignmentColumn, NewAssignment};
use vestibule_ops::roles::{Collection, demand};
use vestibule_ops::{Caller, Error};
use vestibule_web::{Answer, Call, Fields};

const COLUMNS: [(&str, AssignmentColumn); 5] = [
    ("id", AssignmentColumn::Id),
    ("userId", AssignmentColumn::User),
    ("roleId", AssignmentColumn::Role),
    ("createdAt", AssignmentColumn::CreatedAt),
    ("updatedAt", AssignmentColumn::UpdatedAt),
];

/// A role for a user. Both may also be named as `"user": {"id"}` and `"role": {"id"}`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct UserRoleBody {
    user_id: String,
    role_id: String,
}

/// What is to change; what is absent stays.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "read field by field; the type is its documentation")]
pub(super) struct UserRoleChangeBody {
    #[schema(required = false, nullable = false)]
    user_id: Option<String>,
    #[schema(required = false, nullable = false)]
    role_id: Option<String>,
}

fn new(fields: &mut Fields) -> NewAssignment {
    let (user, role) = (reference(fields, "user"), reference(fields, "role"));
    close(fields);
    NewAssignment { user, role }
}

fn change(fields: &mut Fields) -> AssignmentChange {
    let user = optional_reference(fields, "user");
    let role = optional_reference(fields, "role");
    close(fields);
    AssignmentChange { user, role }
}

pub(super) async fn list(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Assignments, "View").await?;
    let wanted = listing::read(&call, &COLUMNS)?;
    let page = assignments::list(&call.cx, &caller, &wanted).await?;
    Ok(Answer::json(200, &Listed::<UserRole>::of(&page)))
}

pub(super) async fn create(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Assignments, "Create").await?;
    let new = call.read(new)?;
    let assignment = assignments::create(&call.cx, &caller, new)
        .await
        .map_err(|error| as_sent(&call, error))?;
    let data = UserRole::from(&assignment);
    Ok(Answer::json(201, &Data { data }))
}

pub(super) async fn read(call: Call, caller: Caller) -> Result<Answer, Error> {
    let assignment = assignments::get(&call.cx, &caller, call.path("id")).await?;
    let data = UserRole::from(&assignment);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn update(call: Call, caller: Caller) -> Result<Answer, Error> {
    demand(&call.cx, &caller, Collection::Assignments, "Update").await?;
    let change = call.read(change)?;
    let assignment = assignments::update(&call.cx, &caller, call.path("id"), change)
        .await
        .map_err(|error| as_sent(&call, error))?;
    let data = UserRole::from(&assignment);
    Ok(Answer::json(200, &Data { data }))
}

pub(super) async fn delete(call: Call, caller: Caller) -> Result<Answer, Error> {
    assignments::delete(&call.cx, &caller, call.path("id")).await?;
    Ok(Answer::empty(204))
}
