//! `vestibule project`

use super::desk::Desk;
use super::output::{self, Column};
use super::project_settings::{self, Setting};
use super::{Attempt, Failure, Outcome, project_schema};
use clap::Subcommand;
use serde::Serialize;
use serde_json::{Map, Value};
use vestibule_model::Timestamp;
use vestibule_ops::admin::projects::{self, NewProject};
use vestibule_store::projects::ProjectRow;

/// Projects: isolated users, keys and settings
#[derive(Subcommand)]
pub enum ProjectCommand {
    /// Create a project with a live and a test environment
    #[command(after_help = "Example:\n  vestibule project create shop --name \"The Shop\"")]
    Create {
        /// Its name in commands and paths: lower-case letters, digits, dashes
        slug: String,
        /// Its name for people, shown in mails; otherwise the slug
        #[arg(long)]
        name: Option<String>,
    },
    /// List all projects
    #[command(after_help = "Example:\n  vestibule project list --json")]
    List,
    /// Show a project with its settings
    #[command(after_help = "Example:\n  vestibule project show default")]
    Show {
        /// The project's slug
        slug: String,
    },
    /// Change a setting or the name of a project
    #[command(
        after_help = "Examples:\n  vestibule project set default registration.open false\n  vestibule project set default rakomi.audience https://api.example.com\n  vestibule project set default cors.allowed_origins '[\"https://app.example.com\"]'\n  vestibule project set default rakomi.audience --unset\n  vestibule project set default name \"My App\"\n  vestibule project set default user_schema @user-schema.json"
    )]
    Set {
        /// The project's slug
        slug: String,
        /// The setting, as in the configuration file, or `name`, or `user_schema`
        setting: String,
        /// Its value, as in the configuration file; quotes around text may be left out. A user schema is JSON, or @FILE
        #[arg(required_unless_present = "unset")]
        value: Option<String>,
        /// Give the setting back to the instance's default
        #[arg(long, conflicts_with = "value")]
        unset: bool,
    },
    /// Print the user schema in force: JSON Schema 2020-12
    #[command(after_help = "Example:\n  vestibule project schema default > user-schema.json")]
    Schema {
        /// The project's slug
        slug: String,
    },
    /// Bring the identifiers of all users in line with the user schema
    #[command(
        after_help = "`project set` does this by itself when a schema marks other identifiers than before. Run it after\nan interruption, or when `users.schema` of the configuration changed.\n\nExample:\n  vestibule project index default"
    )]
    Index {
        /// The project's slug
        slug: String,
    },
    /// Shut all doors of a project; its data stays
    #[command(after_help = "Example:\n  vestibule project disable shop")]
    Disable {
        /// The project's slug
        slug: String,
    },
    /// Open the doors of a project again
    #[command(after_help = "Example:\n  vestibule project enable shop")]
    Enable {
        /// The project's slug
        slug: String,
    },
    /// Delete a project with all its users, sessions and keys
    #[command(after_help = "Example:\n  vestibule project delete shop --yes")]
    Delete {
        /// The project's slug
        slug: String,
    },
}

#[derive(Serialize)]
struct Shown {
    id: String,
    slug: String,
    name: String,
    enabled: bool,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Vec<Setting>>,
}

impl ProjectCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::Create { slug, name } => create(desk, slug, name).await,
            Self::List => list(desk).await,
            Self::Show { slug } => show(desk, &slug).await,
            Self::Set {
                slug,
                setting,
                value,
                unset,
            } => set(desk, &slug, &setting, value.filter(|_| !unset)).await,
            Self::Schema { slug } => project_schema::show(desk, &slug).await,
            Self::Index { slug } => project_schema::index(desk, &slug).await,
            Self::Disable { slug } => switch(desk, &slug, false).await,
            Self::Enable { slug } => switch(desk, &slug, true).await,
            Self::Delete { slug } => delete(desk, &slug).await,
        }
    }
}

fn shown(row: ProjectRow) -> Shown {
    Shown {
        id: row.id.to_string(),
        slug: row.slug,
        name: row.name,
        enabled: row.disabled_at.is_none(),
        created_at: row.created_at.to_string(),
        settings: None,
    }
}

async fn create(desk: &Desk, slug: String, name: Option<String>) -> Outcome {
    let name = name.unwrap_or_else(|| slug.clone());
    let new = NewProject {
        slug: slug.clone(),
        name,
        settings: Map::new(),
    };
    projects::create(&desk.core, &desk.operator, new).await?;
    let row = desk.project(&slug).await?;
    desk.output.result(&shown(row), || {
        format!("created project {slug}\nnext: vestibule key create --project {slug} --environment live --kind api")
    })
}

async fn list(desk: &Desk) -> Outcome {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let page = projects::list(&desk.core, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.slug);
        rows.extend(page.into_iter().map(shown));
    }
    let columns: [Column<Shown>; 5] = [
        ("Slug", |it| it.slug.clone()),
        ("Name", |it| it.name.clone()),
        ("State", |it| state(it).to_owned()),
        ("Created", |it| it.created_at.clone()),
        ("Id", |it| it.id.clone()),
    ];
    desk.output.list(
        &rows,
        &columns,
        "there are no projects: make one with `vestibule project create SLUG`",
    )
}

async fn show(desk: &Desk, slug: &str) -> Outcome {
    let row = desk.project(slug).await?;
    let complete = projects::complete(&desk.core, row.clone())?;
    let in_force = serde_json::to_value(&complete.settings).attempting("show the settings")?;
    let mut project = shown(row.clone());
    project.settings = Some(project_settings::of(&in_force, &Value::Object(row.settings)));
    desk.output.result(&project, || {
        let facts = [
            ("project", project.slug.clone()),
            ("name", output::harmless(&project.name)),
            ("state", state(&project).to_owned()),
            ("id", project.id.clone()),
            ("created", project.created_at.clone()),
        ];
        let columns: [Column<Setting>; 3] = [
            ("Setting", |it| it.path.clone()),
            ("Value", Setting::value_for_people),
            ("Source", |it| it.source.to_owned()),
        ];
        let settings = project.settings.as_deref().unwrap_or_default();
        format!(
            "{}\n\n{}",
            output::facts(&facts),
            output::table(settings, &columns)
        )
    })
}

async fn set(desk: &Desk, slug: &str, setting: &str, value: Option<String>) -> Outcome {
    if project_schema::is_meant(setting) {
        return project_schema::set(desk, slug, value).await;
    }
    let id = desk.project(slug).await?.id;
    if setting == "name" {
        let name = value.ok_or_else(|| Failure::usage("a project's name cannot be unset"))?;
        projects::rename(&desk.core, &desk.operator, id, &name).await?;
        return show(desk, slug).await;
    }
    let value = value.map_or(Ok(Value::Null), |text| project_settings::read(&text))?;
    let path = project_settings::in_model(setting);
    let set = projects::set(&desk.core, &desk.operator, id, &path, value).await;
    set.map_err(|error| project_settings::refused(setting, error))?;
    show(desk, slug).await
}

async fn switch(desk: &Desk, slug: &str, enable: bool) -> Outcome {
    let id = desk.project(slug).await?.id;
    if enable {
        projects::enable(&desk.core, &desk.operator, id).await?;
    } else {
        projects::disable(&desk.core, &desk.operator, id).await?;
    }
    let row = desk.project(slug).await?;
    let done = if enable { "enabled" } else { "disabled" };
    desk.output
        .result(&shown(row), || format!("{done} project {slug}"))
}

async fn delete(desk: &Desk, slug: &str) -> Outcome {
    let row = desk.project(slug).await?;
    desk.output
        .confirm(&format!("Delete project {slug} with all its users?"))?;
    let bar = desk.output.progress("users gone");
    projects::delete(&desk.core, &desk.operator, row.id, |gone| bar.set_position(gone)).await?;
    bar.finish_and_clear();
    desk.output.result(
        &shown(ProjectRow {
            disabled_at: Some(now(desk)),
            ..row
        }),
        || format!("deleted project {slug}"),
    )
}

fn now(desk: &Desk) -> Timestamp {
    desk.core.clock.now()
}

const fn state(project: &Shown) -> &'static str {
    if project.enabled { "enabled" } else { "disabled" }
}
