//! `vestibule key`: API keys, and below it the keys that sign tokens and the master key.

use super::arguments::{ProjectArgument, RealmArguments};
use super::desk::Desk;
use super::output::Column;
use super::{Failure, Outcome};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use vestibule_keys::secret_text::ApiKeyKind;
use vestibule_model::id::ApiKeyId;
use vestibule_ops::admin::api_keys::{self, NewApiKey};
use vestibule_store::api_keys::ApiKeyRow;

/// API keys; below them the keys that sign tokens, and the master key
#[derive(Subcommand)]
pub enum KeyCommand {
    #[command(flatten)]
    Api(ApiKeyCommand),
    /// Keys that sign access tokens
    #[command(subcommand)]
    Signing(super::signing_key::SigningCommand),
    /// The master key, which seals every other secret
    #[command(subcommand)]
    Master(super::master_key::MasterCommand),
}

/// What is done with API keys.
#[derive(Subcommand)]
pub enum ApiKeyCommand {
    /// Make an API key; its text is shown once
    #[command(
        after_help = "Example:\n  vestibule key create --environment live --kind api --name \"web shop\""
    )]
    Create {
        #[command(flatten)]
        realm: RealmArguments,
        /// What the key may do
        #[arg(long, value_enum, default_value_t = KindArgument::Api)]
        kind: KindArgument,
        /// What to call it
        #[arg(long, default_value = "")]
        name: String,
    },
    /// List the API keys of a project; their texts are not kept
    #[command(after_help = "Example:\n  vestibule key list --project shop")]
    List {
        #[command(flatten)]
        project: ProjectArgument,
    },
    /// Revoke an API key; within a second it opens nothing any more
    #[command(after_help = "Example:\n  vestibule key revoke 0198c0de-0000-7000-8000-000000000001")]
    Revoke {
        /// The key's id, as `key list` shows it
        id: String,
    },
    /// Make an API key like another one, and revoke that one
    #[command(after_help = "Example:\n  vestibule key rotate 0198c0de-0000-7000-8000-000000000001 --keep")]
    Rotate {
        /// The key's id, as `key list` shows it
        id: String,
        /// Leave the old key alone until `key revoke`, so that clients can change over
        #[arg(long)]
        keep: bool,
    },
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum KindArgument {
    /// `akm_…`: for an app's server
    Api,
    /// `pk_…`: for a browser or an app; public by nature
    Publishable,
    /// `drk_…`: for an app that was written for Darukaa
    Darukaa,
    /// `sk_…`: reserved for administration; opens nothing yet
    Secret,
}

impl From<KindArgument> for ApiKeyKind {
    fn from(argument: KindArgument) -> Self {
        match argument {
            KindArgument::Api => Self::Api,
            KindArgument::Publishable => Self::Publishable,
            KindArgument::Darukaa => Self::Darukaa,
            KindArgument::Secret => Self::Secret,
        }
    }
}

#[derive(Serialize)]
struct Shown {
    id: String,
    kind: &'static str,
    environment: &'static str,
    name: String,
    hint: String,
    created_at: String,
    revoked_at: Option<String>,
    /// Only when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl ApiKeyCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::Create { realm, kind, name } => {
                let realm = desk.realm(&realm).await?;
                told(
                    desk,
                    &api_keys::create(&desk.core, &desk.operator, realm, kind.into(), &name).await?,
                )
            }
            Self::List { project } => list(desk, &project.project).await,
            Self::Revoke { id } => revoke(desk, &id).await,
            Self::Rotate { id, keep } => rotate(desk, &id, keep).await,
        }
    }
}

fn shown(row: &ApiKeyRow) -> Shown {
    let kind = ApiKeyKind::ALL.into_iter().find(|kind| kind.prefix() == row.kind);
    let environment = kind.map_or(row.realm.environment.as_str(), |kind| {
        kind.environment(row.realm.environment)
    });
    Shown {
        id: row.id.to_string(),
        kind: kind.map_or("unknown", |kind| match kind {
            ApiKeyKind::Api => "api",
            ApiKeyKind::Publishable => "publishable",
            ApiKeyKind::Darukaa => "darukaa",
            ApiKeyKind::Secret => "secret",
        }),
        environment: row.realm.environment.as_str(),
        name: row.name.clone(),
        hint: format!("{}_{environment}_…{}", row.kind, row.hint),
        created_at: row.created_at.to_string(),
        revoked_at: row.revoked_at.map(|at| at.to_string()),
        key: None,
    }
}

fn told(desk: &Desk, new: &NewApiKey) -> Outcome {
    let mut key = shown(&new.row);
    key.key = Some(new.text.clone());
    desk.output.result(&key, || {
        format!("{}\nKeep it now: only a hash of it is stored.", new.text)
    })
}

async fn list(desk: &Desk, project: &str) -> Outcome {
    let id = desk.project(project).await?.id;
    let rows: Vec<_> = api_keys::list(&desk.core, id, 10_000)
        .await?
        .iter()
        .map(shown)
        .collect();
    let columns: [Column<Shown>; 7] = [
        ("Id", |it| it.id.clone()),
        ("Key", |it| it.hint.clone()),
        ("Kind", |it| it.kind.to_owned()),
        ("Environment", |it| it.environment.to_owned()),
        ("Name", |it| it.name.clone()),
        ("Created", |it| it.created_at.clone()),
        ("Revoked", |it| it.revoked_at.clone().unwrap_or_default()),
    ];
    desk.output.list(
        &rows,
        &columns,
        "there are no API keys: make one with `vestibule key create`",
    )
}

async fn find(desk: &Desk, id: &str) -> Result<ApiKeyRow, Failure> {
    let unknown = || {
        Failure::not_found(format!(
            "there is no API key {id}: `vestibule key list` shows all"
        ))
    };
    let id: ApiKeyId = id.parse().map_err(|_| unknown())?;
    api_keys::find(&desk.core, id).await?.ok_or_else(unknown)
}

async fn revoke(desk: &Desk, id: &str) -> Outcome {
    let key = find(desk, id).await?;
    desk.output.confirm(&format!("Revoke {}?", shown(&key).hint))?;
    api_keys::revoke(&desk.core, &desk.operator, key.id).await?;
    let key = find(desk, id).await?;
    desk.output
        .result(&shown(&key), || format!("revoked {}", shown(&key).hint))
}

async fn rotate(desk: &Desk, id: &str, keep: bool) -> Outcome {
    let old = find(desk, id).await?;
    let kind = ApiKeyKind::ALL.into_iter().find(|kind| kind.prefix() == old.kind);
    let kind = kind.ok_or_else(|| Failure::new(format!("the API key {id} is of an unknown kind")))?;
    if !keep {
        desk.output.confirm(&format!(
            "Revoke {} and make another one in its place?",
            shown(&old).hint
        ))?;
    }
    let new = api_keys::create(&desk.core, &desk.operator, old.realm, kind, &old.name).await?;
    if !keep {
        api_keys::revoke(&desk.core, &desk.operator, old.id).await?;
    }
    told(desk, &new)
}
