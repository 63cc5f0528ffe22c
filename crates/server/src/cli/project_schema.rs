//! `vestibule project schema`, `project index`, and `project set … user_schema`

use super::desk::Desk;
use super::{Attempt, Failure, Outcome};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::Read as _;
use std::sync::Arc;
use vestibule_model::{Project, json};
use vestibule_ops::admin::user_schema::{self, Indexed};
use vestibule_ops::admin::{projects, users};

/// The setting, as projects have it and as the configuration file has it.
const NAMES: [&str; 2] = ["user_schema", "users.schema"];
/// Users who share a value that are listed for people; a script gets all of them.
const LISTED: usize = 20;

/// Whether a setting is the user schema.
pub fn is_meant(setting: &str) -> bool {
    NAMES.contains(&setting)
}

/// JSON on the command line, or `@FILE`, or `@-` for standard input.
pub fn read_json(text: &str) -> Result<Map<String, Value>, Failure> {
    let text = match text.strip_prefix('@') {
        None => text.as_bytes().to_vec(),
        Some("-") => {
            let mut read = Vec::new();
            std::io::stdin()
                .read_to_end(&mut read)
                .attempting("read standard input")?;
            read
        }
        Some(path) => std::fs::read(path).attempting(format!("read {path}"))?,
    };
    json::object(&text).map_err(|problem| Failure::usage(format!("{problem}: give a JSON object, or @FILE")))
}

/// What became of a project's schema.
#[derive(Serialize)]
struct Told {
    project: String,
    fields: Vec<String>,
    identifiers: Vec<String>,
    /// Users whose identifiers were brought in line; nothing when the marks did not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    indexed: Option<u64>,
    /// Users who cannot log in with a value because another one has it.
    sharing: Vec<Sharing>,
}

#[derive(Serialize)]
struct Sharing {
    email: String,
    id: String,
    environment: String,
    paths: Vec<String>,
}

/// Sets a project's schema, or gives it back to the instance's default. When it marks other identifiers than before,
/// the values that users have already are indexed.
pub async fn set(desk: &Desk, slug: &str, value: Option<String>) -> Outcome {
    let before = complete(desk, slug).await?;
    let value = value.map(|text| read_json(&text)).transpose()?;
    let value = value.map_or(Value::Null, Value::Object);
    projects::set(&desk.core, &desk.operator, before.id, "user_schema", value).await?;
    let after = complete(desk, slug).await?;
    let marked = |project| -> Result<Vec<String>, Failure> {
        let mut paths = user_schema::identifiers(project)?;
        paths.sort_unstable();
        Ok(paths.into_iter().map(str::to_owned).collect())
    };
    if marked(&before)? == marked(&after)? {
        tell(desk, &after, None).await
    } else {
        index_all(desk, &after).await
    }
}

/// Brings the identifiers of all users in line with the schema.
pub async fn index(desk: &Desk, slug: &str) -> Outcome {
    index_all(desk, &complete(desk, slug).await?).await
}

/// Prints the schema in force.
pub async fn show(desk: &Desk, slug: &str) -> Outcome {
    let project = complete(desk, slug).await?;
    let text = user_schema::text(&project)?;
    desk.output.result(text, || format!("{text:#}"))
}

async fn complete(desk: &Desk, slug: &str) -> Result<Arc<Project>, Failure> {
    Ok(projects::complete(&desk.core, desk.project(slug).await?)?)
}

async fn index_all(desk: &Desk, project: &Arc<Project>) -> Outcome {
    let bar = desk.output.progress("users seen");
    let mut count = 0;
    for environment in vestibule_model::Environment::ALL {
        count += users::count(&desk.core, project.realm(environment)).await?;
    }
    bar.set_length(u64::try_from(count).unwrap_or(0));
    let indexed =
        user_schema::index(&desk.core, &desk.operator, project, |seen| bar.set_position(seen)).await;
    bar.finish_and_clear();
    tell(desk, project, Some(indexed?)).await
}

async fn tell(desk: &Desk, project: &Project, indexed: Option<Indexed>) -> Outcome {
    let fields = user_schema::text(project)?
        .get("properties")
        .and_then(Value::as_object);
    let mut told = Told {
        project: project.slug.clone(),
        fields: fields
            .into_iter()
            .flatten()
            .map(|(name, _)| name.clone())
            .collect(),
        identifiers: user_schema::identifiers(project)?
            .into_iter()
            .map(str::to_owned)
            .collect(),
        indexed: indexed.as_ref().map(|it| it.changed),
        sharing: Vec::new(),
    };
    for sharing in indexed.into_iter().flat_map(|it| it.sharing) {
        let realm = project.realm(sharing.environment);
        let user = users::find(&desk.core, realm, sharing.user).await?;
        told.sharing.push(Sharing {
            email: user.map_or_else(String::new, |user| user.email.to_string()),
            id: sharing.user.to_string(),
            environment: sharing.environment.to_string(),
            paths: sharing.paths,
        });
    }
    desk.output.result(&told, || told.sentences())
}

impl Told {
    fn sentences(&self) -> String {
        let mut lines = vec![format!(
            "users of project {} have the fields {}",
            self.project,
            self.fields.join(", ")
        )];
        lines.push(if self.identifiers.is_empty() {
            "they log in with their e-mail address alone".to_owned()
        } else {
            format!("they can log in with email, {}", self.identifiers.join(", "))
        });
        if let Some(indexed) = self.indexed {
            lines.push(format!("indexed the identifiers of {indexed} users"));
        }
        if !self.sharing.is_empty() {
            lines
                .push("these users have a value that another one has, and cannot log in with it:".to_owned());
        }
        let listed = self.sharing.iter().take(LISTED);
        lines
            .extend(listed.map(|it| format!("  {} ({}): {}", it.email, it.environment, it.paths.join(", "))));
        let more = self.sharing.len().saturating_sub(LISTED);
        if more > 0 {
            lines.push(format!("  and {more} more; --json lists all"));
        }
        lines.join("\n")
    }
}
