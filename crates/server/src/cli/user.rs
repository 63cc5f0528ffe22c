//! `vestibule user`

use super::arguments::RealmArguments;
use super::desk::Desk;
use super::password_argument::PasswordArguments;
use super::user_shown::{COLUMNS, describe, shown};
use super::{Failure, Outcome, project_schema};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vestibule_model::id::UserId;
use vestibule_model::user::User;
use vestibule_model::{Project, Realm};
use vestibule_ops::admin::users::{self, NewUser};
use vestibule_ops::admin::{projects, roles};

/// Users
#[derive(Subcommand)]
pub enum UserCommand {
    /// Create a user by the rules of registration; no mail is sent
    #[command(
        after_help = "Example:\n  vestibule user create ada@example.org --name Ada --password-stdin < password.txt"
    )]
    Create {
        /// The address that the user signs in with
        email: String,
        #[command(flatten)]
        realm: RealmArguments,
        /// The name to show
        #[arg(long)]
        name: Option<String>,
        /// Fields of the profile, as a JSON object or @FILE
        #[arg(long, value_name = "JSON")]
        profile: Option<String>,
        /// Take the address for verified
        #[arg(long)]
        verified: bool,
        #[command(flatten)]
        password: PasswordArguments,
    },
    /// List users in the order of their registration
    #[command(after_help = "Example:\n  vestibule user list --environment live --limit 20")]
    List {
        #[command(flatten)]
        realm: RealmArguments,
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Begin after the user of this number
        #[arg(long, default_value_t = 0, value_name = "NUMBER")]
        after: i64,
    },
    /// Show a user with the latest acts about it
    #[command(after_help = "Example:\n  vestibule user show ada@example.org --acts 50")]
    Show {
        #[command(flatten)]
        user: UserArguments,
        /// How many acts at most
        #[arg(long, default_value_t = 20)]
        acts: u32,
    },
    /// Change fields of a user's profile, those for operators only too
    #[command(
        after_help = "What is not named stays; null clears a field.\n\nExample:\n  vestibule user update ada@example.org --profile '{\"name\": \"Ada\", \"bio\": null}'"
    )]
    Update {
        #[command(flatten)]
        user: UserArguments,
        /// The fields that change, as a JSON object or @FILE
        #[arg(long, value_name = "JSON")]
        profile: String,
    },
    /// Keep a user out and end its sessions
    #[command(after_help = "Example:\n  vestibule user disable ada@example.org")]
    Disable(UserArguments),
    /// Let a disabled user in again
    #[command(after_help = "Example:\n  vestibule user enable ada@example.org")]
    Enable(UserArguments),
    /// End the lock of an account after failed logins
    #[command(after_help = "Example:\n  vestibule user unlock ada@example.org")]
    Unlock(UserArguments),
    /// Take a user's address for verified
    #[command(after_help = "Example:\n  vestibule user verify ada@example.org")]
    Verify(UserArguments),
    /// Set a password and end every session of the user
    #[command(after_help = "Example:\n  vestibule user set-password ada@example.org")]
    SetPassword {
        #[command(flatten)]
        user: UserArguments,
        #[command(flatten)]
        password: PasswordArguments,
    },
    /// Delete a user with its sessions; audit rows stay
    #[command(after_help = "Example:\n  vestibule user delete ada@example.org --yes")]
    Delete(UserArguments),
    /// Import users from a file of JSON lines
    #[command(
        after_help = "A line holds an object with \"email\" and, as needed, \"password_hash\" (Argon2, bcrypt, scrypt,\nPBKDF2, SHA-crypt) or \"password\", \"email_verified\", \"public_metadata\", and profile fields\nsuch as \"name\".\n\nExample:\n  vestibule user import --environment live users.jsonl"
    )]
    Import {
        #[command(flatten)]
        realm: RealmArguments,
        /// The file; `-` is standard input
        file: PathBuf,
    },
}

/// Which user.
#[derive(Args, Clone, Debug)]
pub struct UserArguments {
    /// The user's e-mail address or id
    pub user: String,
    #[command(flatten)]
    pub realm: RealmArguments,
}

impl UserCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::Create {
                email,
                realm,
                name,
                profile,
                verified,
                password,
            } => {
                let meant = password.no_password;
                let password = password.read(desk, "Password of the new user")?;
                let mut profile = profile.map_or(Ok(Map::new()), |text| project_schema::read_json(&text))?;
                profile.extend(name.map(|name| ("name".to_owned(), Value::from(name))));
                let new = NewUser {
                    email,
                    email_verified: verified,
                    password,
                    profile,
                    public_metadata: Map::new(),
                };
                create(desk, &realm, new, meant).await
            }
            Self::List { realm, limit, after } => list(desk, desk.realm(&realm).await?, after, limit).await,
            Self::Show { user, acts } => show(desk, &user, acts).await,
            Self::Update { user, profile } => update(desk, &user, project_schema::read_json(&profile)?).await,
            Self::Disable(user) => {
                let user = find(desk, &user).await?;
                let done = users::disable(&desk.core, &desk.operator, &user).await?;
                say(
                    desk,
                    &user,
                    done,
                    "disabled; its sessions have ended",
                    "disabled already",
                )
                .await
            }
            Self::Enable(user) => {
                let user = find(desk, &user).await?;
                let done = users::enable(&desk.core, &desk.operator, &user).await?;
                say(desk, &user, done, "enabled", "enabled already").await
            }
            Self::Unlock(user) => {
                let user = find(desk, &user).await?;
                let done = users::unlock(&desk.core, &desk.operator, &user).await?;
                say(desk, &user, done, "unlocked", "not locked").await
            }
            Self::Verify(user) => {
                let user = find(desk, &user).await?;
                let done = users::verify_email(&desk.core, &desk.operator, &user).await?;
                say(desk, &user, done, "verified", "verified already").await
            }
            Self::SetPassword { user, password } => set_password(desk, &user, password).await,
            Self::Delete(user) => delete(desk, &user).await,
            Self::Import { realm, file } => super::user_import::run(desk, &realm, &file).await,
        }
    }
}

/// The user that a command line names by address or id.
pub async fn find(desk: &Desk, arguments: &UserArguments) -> Result<User, Failure> {
    let realm = desk.realm(&arguments.realm).await?;
    let found = match arguments.user.parse::<UserId>() {
        Ok(id) => users::find(&desk.core, realm, id).await?,
        Err(_) => users::find_by_email(&desk.core, realm, &arguments.user).await?,
    };
    found.ok_or_else(|| {
        let (user, environment) = (&arguments.user, realm.environment);
        Failure::not_found(format!(
            "there is no user {user} in the {environment} environment of this project"
        ))
    })
}

/// The project of a command line with its settings complete.
pub async fn project(desk: &Desk, realm: &RealmArguments) -> Result<Arc<Project>, Failure> {
    Ok(projects::complete(
        &desk.core,
        desk.project(&realm.project.project).await?,
    )?)
}

/// `meant` says whether the command line asks for a user without a password.
async fn create(desk: &Desk, realm: &RealmArguments, new: NewUser, meant: bool) -> Outcome {
    let has_password = new.password.is_some();
    let (project, environment) = (project(desk, realm).await?, desk.realm(realm).await?.environment);
    let user = users::create(&desk.core, &desk.operator, &project, environment, new).await?;
    desk.output.result(&shown(&user), || {
        format!("created user {} ({environment}), id {}", user.email, user.id)
    })?;
    if !has_password && !meant {
        let (email, project) = (&user.email, &project.slug);
        desk.output.note(&format!(
            "user {email} has no password: set one with `vestibule user set-password {email} --project {project} \
             --environment {environment} --password-stdin`, or say --no-password"
        ));
    }
    Ok(())
}

async fn update(desk: &Desk, arguments: &UserArguments, changes: Map<String, Value>) -> Outcome {
    let user = find(desk, arguments).await?;
    let project = project(desk, &arguments.realm).await?;
    users::update_profile(&desk.core, &desk.operator, &project, &user, changes).await?;
    say(desk, &user, true, "updated", "").await
}

async fn list(desk: &Desk, realm: Realm, after: i64, limit: u32) -> Outcome {
    let users: Vec<_> = users::list(&desk.core, realm, after, limit)
        .await?
        .iter()
        .map(shown)
        .collect();
    desk.output.list(
        &users,
        &COLUMNS,
        &format!("there are no users here ({} environment)", realm.environment),
    )
}

async fn show(desk: &Desk, arguments: &UserArguments, acts: u32) -> Outcome {
    let (user, project) = (
        find(desk, arguments).await?,
        project(desk, &arguments.realm).await?,
    );
    let roles = roles::assigned(&desk.core, (&project, user.realm.environment), user.id).await?;
    let user = &user;
    let before = desk.core.clock.now().plus(Duration::from_mins(1));
    let acts = users::audit_rows(&desk.core, user.id, before, acts.min(10_000)).await?;
    let locked_until = users::locked_until(&desk.core, user).await?;
    let told = shown(user).with(roles, locked_until, &acts);
    desk.output.result(&told, || describe(&told, user.realm))
}

/// Tells what became of a user, as it is now.
async fn say(desk: &Desk, user: &User, done: bool, changed: &str, unchanged: &str) -> Outcome {
    let now = users::find(&desk.core, user.realm, user.id).await?;
    let now = now.ok_or_else(|| Failure::not_found(format!("user {} is gone", user.email)))?;
    desk.output.result(&shown(&now), || {
        format!(
            "user {} is {}",
            user.email,
            if done { changed } else { unchanged }
        )
    })
}

async fn set_password(desk: &Desk, arguments: &UserArguments, password: PasswordArguments) -> Outcome {
    let user = find(desk, arguments).await?;
    let new = password.read(desk, &format!("New password of {}", user.email))?;
    let new =
        new.ok_or_else(|| Failure::usage("no password was given: use --password-stdin or --password-hash"))?;
    let project = project(desk, &arguments.realm).await?;
    users::set_password(&desk.core, &desk.operator, &project, &user, new).await?;
    say(
        desk,
        &user,
        true,
        "given a new password; its sessions have ended",
        "",
    )
    .await
}

async fn delete(desk: &Desk, arguments: &UserArguments) -> Outcome {
    let user = find(desk, arguments).await?;
    desk.output
        .confirm(&format!("Delete user {} ({})?", user.email, user.id))?;
    users::delete(&desk.core, &desk.operator, &user).await?;
    desk.output
        .result(&shown(&user), || format!("deleted user {}", user.email))
}
