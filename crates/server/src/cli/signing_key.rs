//! `vestibule key signing`

use super::arguments::{ProjectArgument, RealmArguments};
use super::desk::Desk;
use super::output::Column;
use super::{Failure, Outcome, user};
use clap::{Args, Subcommand};
use serde::Serialize;
use vestibule_ops::admin::keys::{self, SigningKey};

/// Keys that sign access tokens
#[derive(Subcommand)]
pub enum SigningCommand {
    /// List the signing keys of a project; they are made when they are first used
    #[command(after_help = "Example:\n  vestibule key signing list --project default")]
    List {
        #[command(flatten)]
        project: ProjectArgument,
    },
    /// Make a successor: published at once, signing as soon as no verifier can hold an older JWKS document
    #[command(
        after_help = "Example:\n  vestibule key signing rotate --project default --environment live --dialect rakomi"
    )]
    Rotate(DoorArguments),
    /// Revoke a leaked key: its tokens are refused here within a second, elsewhere when JWKS caches end
    #[command(
        after_help = "Example:\n  vestibule key signing revoke LTacESbw4TZ6yK2q8zY3pBSWRWFvXyxYAmE4W1pQYFM"
    )]
    Revoke {
        /// The key's id in tokens (`kid`), as `key signing list` shows it
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

/// Whose signing key.
#[derive(Args)]
pub struct DoorArguments {
    #[command(flatten)]
    realm: RealmArguments,
    /// The API whose tokens it signs
    #[arg(long, default_value = "rakomi")]
    dialect: String,
}

#[derive(Serialize)]
struct Shown {
    kid: String,
    environment: &'static str,
    dialect: String,
    algorithm: String,
    state: &'static str,
    created_at: String,
    active_from: String,
    retired_at: Option<String>,
    expires_at: Option<String>,
    revoked_at: Option<String>,
}

impl SigningCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::List { project } => list(desk, &project.project).await,
            Self::Rotate(door) => rotate(desk, &door).await,
            Self::Revoke { kid } => revoke(desk, &kid).await,
        }
    }
}

fn shown(key: SigningKey) -> Shown {
    Shown {
        kid: key.kid,
        environment: key.environment.as_str(),
        dialect: key.dialect,
        algorithm: key.algorithm,
        state: key.state.as_str(),
        created_at: key.created_at.to_string(),
        active_from: key.active_from.to_string(),
        retired_at: key.retired_at.map(|at| at.to_string()),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
    }
}

async fn list(desk: &Desk, project: &str) -> Outcome {
    let id = desk.project(project).await?.id;
    let rows: Vec<_> = keys::list(&desk.core, id).await?.into_iter().map(shown).collect();
    let columns: [Column<Shown>; 6] = [
        ("Kid", |it| it.kid.clone()),
        ("Environment", |it| it.environment.to_owned()),
        ("API", |it| it.dialect.clone()),
        ("State", |it| it.state.to_owned()),
        ("Signs from", |it| it.active_from.clone()),
        ("Until", |it| it.retired_at.clone().unwrap_or_default()),
    ];
    desk.output.list(
        &rows,
        &columns,
        "there are no signing keys yet: the first sign-in makes one",
    )
}

async fn rotate(desk: &Desk, arguments: &DoorArguments) -> Outcome {
    let project = user::project(desk, &arguments.realm).await?;
    let environment = desk.realm(&arguments.realm).await?.environment;
    let door = desk.core.door(&arguments.dialect).ok_or_else(|| {
        let known = crate::dialects::names().join(", ");
        Failure::not_found(format!(
            "there is no API {}; there are {known}",
            arguments.dialect
        ))
    })?;
    let key = shown(keys::rotate(&desk.core, &desk.operator, &project, environment, door).await?);
    desk.output.result(&key, || {
        format!(
            "key {} is published now and signs from {}",
            key.kid, key.active_from
        )
    })
}

async fn revoke(desk: &Desk, kid: &str) -> Outcome {
    desk.output.confirm(&format!(
        "Revoke the signing key {kid}? Everybody whose token it signed must refresh."
    ))?;
    if !keys::revoke(&desk.core, &desk.operator, kid).await? {
        return Err(Failure::not_found(format!(
            "there is no signing key {kid} that is not revoked already"
        )));
    }
    desk.output
        .result(&serde_json::json!({ "kid": kid, "revoked": true }), || {
            format!("revoked the signing key {kid}")
        })
}
