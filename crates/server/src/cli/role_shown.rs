//! A role, what it permits and who has it, for people and scripts.

use super::output::{self, Column};
use serde::Serialize;
use vestibule_model::Environment;
use vestibule_model::role::Role;

/// A role for people and scripts.
#[derive(Serialize)]
pub struct Shown {
    id: String,
    name: String,
    superuser: bool,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    holders: Option<Holders>,
}

/// Who has a role.
#[derive(Serialize)]
pub struct Holders {
    /// How many there are.
    pub total: i64,
    /// The earliest of them.
    pub first: Vec<Holder>,
}

/// Somebody who has a role.
#[derive(Serialize)]
pub struct Holder {
    pub user_id: String,
    pub email: String,
    pub assigned_at: String,
}

/// The columns of a list of roles.
pub const COLUMNS: [Column<Shown>; 4] = [
    ("Name", |it| it.name.clone()),
    ("Superuser", |it| if it.superuser { "yes" } else { "" }.to_owned()),
    ("Created", |it| it.created_at.clone()),
    ("Id", |it| it.id.clone()),
];

/// A role as it is shown.
pub fn shown(role: &Role) -> Shown {
    Shown {
        id: role.id.to_string(),
        name: role.name.clone(),
        superuser: role.superuser,
        created_at: role.created_at.to_string(),
        updated_at: role.updated_at.to_string(),
        permissions: None,
        holders: None,
    }
}

impl Shown {
    /// The same role with what only `role show` tells.
    pub fn with(mut self, permissions: Vec<String>, holders: Holders) -> Self {
        (self.permissions, self.holders) = (Some(permissions), Some(holders));
        self
    }
}

/// A role with its holders, as sentences.
pub fn describe(role: &Shown, environment: Environment) -> String {
    let holders = role.holders.as_ref();
    let facts = [
        ("role", role.name.clone()),
        ("environment", environment.to_string()),
        ("id", role.id.clone()),
        (
            "permits",
            match &role.permissions {
                _ if role.superuser => "everything".to_owned(),
                Some(permissions) if !permissions.is_empty() => permissions.join(", "),
                _ => "nothing".to_owned(),
            },
        ),
        ("created", role.created_at.clone()),
        ("changed", role.updated_at.clone()),
        ("users", holders.map_or(0, |it| it.total).to_string()),
    ];
    let columns: [Column<Holder>; 3] = [
        ("E-mail", |it| it.email.clone()),
        ("Assigned", |it| it.assigned_at.clone()),
        ("Id", |it| it.user_id.clone()),
    ];
    let first = holders.map(|it| it.first.as_slice()).unwrap_or_default();
    if first.is_empty() {
        output::facts(&facts)
    } else {
        format!("{}\n\n{}", output::facts(&facts), output::table(first, &columns))
    }
}
