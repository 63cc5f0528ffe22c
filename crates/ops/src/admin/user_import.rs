//! Users made by operators, one or many at a time.

use super::Operator;
use super::users::{NewPassword, stored_hash};
use crate::core::Core;
use crate::error::{Error, Stop};
use crate::register;
use crate::user_schema::{self, By, Identifier, MAX_IDENTIFIERS};
use serde_json::{Map, Value};
use vestibule_keys::StoredHash;
use vestibule_model::id::UserId;
use vestibule_model::refusal::{Conflict, FieldError, Input};
use vestibule_model::user::User;
use vestibule_model::{Email, Environment, Project, Refusal};
use vestibule_store::audit::{self, Act, Entry};
use vestibule_store::{Tx, identifiers, users};

/// Most rows that one transaction writes.
const ROWS: usize = 500;
/// Rows of a user without unique values.
const ROWS_OF_A_USER: usize = 5;

/// A user to be made.
#[derive(Default)]
pub struct NewUser {
    /// The address as the operator typed it.
    pub email: String,
    /// Whether the operator vouches for the address.
    pub email_verified: bool,
    /// The password, if one is to be set.
    pub password: Option<NewPassword>,
    /// Profile fields by the project's user schema.
    pub profile: Map<String, Value>,
    /// What the app stores beside the profile.
    pub public_metadata: Map<String, Value>,
}

/// Makes users by the rules of registration; answers for each, in order. Rows that are refused stop no others. When
/// this fails midway, the rows of earlier batches have been made; giving all of them again refuses those as taken.
pub async fn import(
    core: &Core,
    by: &Operator,
    project: &Project,
    environment: Environment,
    new: Vec<NewUser>,
) -> Result<Vec<Result<User, Refusal>>, Error> {
    let mut answers = Vec::with_capacity(new.len());
    let mut new = new.into_iter().peekable();
    while new.peek().is_some() {
        let (mut batch, mut rows) = (Vec::new(), 0);
        while rows + ROWS_OF_A_USER + MAX_IDENTIFIERS <= ROWS
            && let Some(user) = new.next()
        {
            batch.push(match candidate(core, by, project, environment, user).await {
                Ok(candidate) => {
                    rows += ROWS_OF_A_USER + candidate.identifiers.len();
                    Ok(candidate)
                }
                Err(Error::Refused(refusal)) => Err(refusal),
                Err(fault) => return Err(fault),
            });
        }
        answers.extend(core.write(insert, batch).await?);
    }
    Ok(answers)
}

struct Candidate {
    user: User,
    identifiers: Vec<Identifier>,
    hash: Option<String>,
    entry: Entry,
}

async fn candidate(
    core: &Core,
    by: &Operator,
    project: &Project,
    environment: Environment,
    new: NewUser,
) -> Result<Candidate, Error> {
    let rules = user_schema::of(project)?.rules()?;
    let email = Email::parse(&new.email)
        .map_err(|problem| fields(vec![FieldError::new("email", "format", problem.to_string())]))?;
    let profile = rules.admit(new.profile, By::Operator).map_err(fields)?;
    user_schema::check_metadata(&new.public_metadata).map_err(|wrong| fields(vec![wrong]))?;
    let now = core.clock.now();
    let user = User {
        id: UserId::new(core.entropy.as_ref(), now),
        realm: project.realm(environment),
        number: 0,
        email,
        email_typed: new.email.trim().to_owned(),
        email_verified_at: new.email_verified.then_some(now),
        profile: profile.fields,
        public_metadata: new.public_metadata,
        disabled_at: None,
        created_at: now,
        updated_at: now,
    };
    let hash = match new.password {
        Some(password) => Some(stored_hash(core, project, &user, password).await?),
        None => None,
    };
    let entry = by.does(core, user.realm, Act::UserCreated).about(user.id);
    Ok(Candidate {
        user,
        identifiers: profile.identifiers,
        hash,
        entry,
    })
}

fn fields(wrong: Vec<FieldError>) -> Refusal {
    Input::Fields(wrong).into()
}

async fn insert(
    tx: &mut Tx,
    batch: &Vec<Result<Candidate, Refusal>>,
) -> Result<Vec<Result<User, Refusal>>, Stop> {
    let mut answers = Vec::with_capacity(batch.len());
    for candidate in batch {
        answers.push(match candidate {
            Ok(candidate) => insert_one(tx, candidate).await?,
            Err(refusal) => Err(refusal.clone()),
        });
    }
    Ok(answers)
}

/// What is taken is looked for first, because one refused row must not undo the others of its batch.
async fn insert_one(tx: &mut Tx, new: &Candidate) -> Result<Result<User, Refusal>, Stop> {
    let mut user = new.user.clone();
    let mut taken = Vec::new();
    for Identifier { path, value } in &new.identifiers {
        if identifiers::is_taken(tx, user.realm, path, value).await? {
            taken.push(path.clone());
        }
    }
    if !taken.is_empty() {
        taken.dedup();
        return Ok(Err(Conflict::ValueTaken(taken).into()));
    }
    if users::find_by_email_in(tx, user.realm, &user.email)
        .await?
        .is_some()
    {
        return Ok(Err(Conflict::EmailTaken.into()));
    }
    user.number = users::next_number(tx, user.realm).await?;
    if !users::insert(tx, &user).await? {
        return Ok(Err(Conflict::EmailTaken.into()));
    }
    register::insert_rest(tx, &user, &new.identifiers, new.hash.as_deref(), user.created_at).await?;
    audit::write(tx, &new.entry).await?;
    Ok(Ok(user))
}

/// A hash that this server can verify within its caps; its text as it is to be stored.
pub(super) fn check_hash(text: &str) -> Result<String, Refusal> {
    match StoredHash::parse(text) {
        Ok(hash) => Ok(hash.text().to_owned()),
        Err(bad) => Err(Refusal::field("password_hash", &bad.to_string())),
    }
}
