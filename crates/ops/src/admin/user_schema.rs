//! A project's user schema, and bringing the identifiers of existing users in line with it.

use super::{Operator, projects};
use crate::core::Core;
use crate::error::{Error, Stop};
use crate::unique_values;
use crate::user_schema::{self, Identifier};
use serde_json::Value;
use std::sync::Arc;
use vestibule_model::id::UserId;
use vestibule_model::user::User;
use vestibule_model::{Environment, Project, Realm};
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::{Tx, identifiers, users};

/// Users looked at together.
const PAGE: u32 = 200;
/// Users per transaction: one of them can give back twenty values and claim twenty others.
const BATCH: usize = 10;

/// What indexing found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexed {
    /// Users whose identifiers were brought in line.
    pub changed: u64,
    /// Users who share a value with an earlier one, and cannot log in with it until one of them changes it.
    pub sharing: Vec<Sharing>,
}

/// A user whose value is somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The user.
    pub user: UserId,
    /// Which half of the project.
    pub environment: Environment,
    /// The paths of the values that somebody else had first.
    pub paths: Vec<String>,
}

/// The schema in force, whoever declares it.
pub fn text(project: &Project) -> Result<&Value, Error> {
    Ok(user_schema::of(project)?.text())
}

/// The paths that the schema marks as identifiers.
pub fn identifiers(project: &Project) -> Result<Vec<&str>, Error> {
    Ok(user_schema::of(project)?.identifier_paths().collect())
}

/// Claims, for every user of a project, the values that its user schema now marks as identifiers, and gives back those
/// that it no longer marks. Until this has run after a change of the marks, nobody can log in with a value of a new
/// mark that was set before, and somebody else may take it. Where two users have one value, it is whose
/// it was, or else of the one who registered first. Interrupted, it is begun again by calling it again. `progress` hears how many users were looked at.
pub async fn index(
    core: &Core,
    by: &Operator,
    project: &Arc<Project>,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Indexed, Error> {
    let (mut indexed, mut seen) = (Indexed::default(), 0);
    for environment in Environment::ALL {
        let realm = project.realm(environment);
        let mut after = 0;
        loop {
            let page = users::page(&core.store.db, realm, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            let mut behind = Vec::new();
            for user in &page {
                if is_behind(core, project, user).await? {
                    behind.push(user.id);
                }
            }
            for batch in behind.chunks(BATCH) {
                align(core, project, realm, batch.to_vec(), &mut indexed).await?;
            }
            seen += page.len() as u64;
            progress(seen);
        }
    }
    let entry = by.does(core, projects::live(project.id), Act::ProjectUpdated);
    core.write(note, entry.saying("identifiers indexed")).await?;
    Ok(indexed)
}

async fn is_behind(core: &Core, project: &Project, user: &User) -> Result<bool, Error> {
    let wanted = user_schema::of(project)?.identifiers_of(&user.profile);
    let present = identifiers::read_of_user(&core.store.db, user.id).await?;
    let has = |it: &Identifier| {
        present
            .iter()
            .any(|(path, value)| *path == it.path && *value == it.value)
    };
    Ok(present.len() != wanted.len() || !wanted.iter().all(has))
}

struct Batch {
    project: Arc<Project>,
    users: Vec<UserId>,
}

async fn align(
    core: &Core,
    project: &Arc<Project>,
    realm: Realm,
    users: Vec<UserId>,
    indexed: &mut Indexed,
) -> Result<(), Error> {
    let batch = Batch {
        project: Arc::clone(project),
        users,
    };
    for (user, paths) in core.write(align_in, batch).await? {
        if paths.is_empty() {
            indexed.changed += 1;
        } else {
            indexed.sharing.push(Sharing {
                user,
                environment: realm.environment,
                paths,
            });
        }
    }
    Ok(())
}

async fn align_in(tx: &mut Tx, batch: &Batch) -> Result<Vec<(UserId, Vec<String>)>, Stop> {
    let schema = user_schema::of(&batch.project).map_err(|error| Stop::from(error.refusal()))?;
    let mut answers = Vec::new();
    for id in &batch.users {
        let Some(user) = users::lock(tx, *id).await? else {
            continue;
        };
        let wanted = schema.identifiers_of(&user.profile);
        answers.push((*id, unique_values::replace_free(tx, &user, &wanted).await?));
    }
    Ok(answers)
}

async fn note(tx: &mut Tx, entry: &Entry) -> Result<(), Stop> {
    Ok(audit::write(tx, entry).await?)
}
