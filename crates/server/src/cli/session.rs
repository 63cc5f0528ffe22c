//! `vestibule session`

use super::desk::Desk;
use super::output::Column;
use super::user::{self, UserArguments};
use super::{Failure, Outcome};
use clap::Subcommand;
use serde::Serialize;
use vestibule_model::id::SessionId;
use vestibule_model::session::Session;
use vestibule_ops::admin::{instance, sessions};

/// Sessions: signed-in devices
#[derive(Subcommand)]
pub enum SessionCommand {
    /// List the live sessions of a user, newest first
    #[command(after_help = "Example:\n  vestibule session list ada@example.org")]
    List(UserArguments),
    /// End one session; its tokens are refused within a second
    #[command(after_help = "Example:\n  vestibule session revoke 0198c0de-0000-7000-8000-000000000001")]
    Revoke {
        /// The session's id, as `session list` shows it
        session: String,
    },
    /// End all sessions of a user
    #[command(after_help = "Example:\n  vestibule session revoke-all ada@example.org")]
    RevokeAll(UserArguments),
    /// End the sessions of all users of all projects, and all mailed links and codes: after a restore
    ///
    /// A restored database knows nothing of what was ended after its moment. `vestibule restore` does this by itself;
    /// this command is for what was restored otherwise, and for a standby that was promoted while it was behind.
    #[command(
        after_help = "Example:\n  pg_restore --dbname=vestibule vestibule.dump\n  vestibule session revoke-restored"
    )]
    RevokeRestored,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    dialect: String,
    created_at: String,
    last_used_at: String,
    expires_at: String,
    user_agent: Option<String>,
    ip_hash: String,
}

impl SessionCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::List(user) => list(desk, &user).await,
            Self::Revoke { session } => revoke(desk, &session).await,
            Self::RevokeAll(user) => revoke_all(desk, &user).await,
            Self::RevokeRestored => revoke_restored(desk).await,
        }
    }
}

fn shown(session: &Session) -> Shown {
    Shown {
        id: session.id.to_string(),
        dialect: session.dialect.clone(),
        created_at: session.created_at.to_string(),
        last_used_at: session.last_used_at().to_string(),
        expires_at: session.family.expires_at.to_string(),
        user_agent: session.user_agent.clone(),
        ip_hash: session.ip_hash.clone(),
    }
}

async fn list(desk: &Desk, user: &UserArguments) -> Outcome {
    let user = user::find(desk, user).await?;
    let rows: Vec<_> = sessions::list(&desk.core, user.id)
        .await?
        .iter()
        .map(shown)
        .collect();
    let columns: [Column<Shown>; 6] = [
        ("Id", |it| it.id.clone()),
        ("API", |it| it.dialect.clone()),
        ("Began", |it| it.created_at.clone()),
        ("Last used", |it| it.last_used_at.clone()),
        ("Ends", |it| it.expires_at.clone()),
        ("Agent", |it| it.user_agent.clone().unwrap_or_default()),
    ];
    desk.output
        .list(&rows, &columns, &format!("{} is signed in nowhere", user.email))
}

async fn revoke(desk: &Desk, session: &str) -> Outcome {
    let unknown = || Failure::not_found(format!("there is no live session {session}"));
    let id: SessionId = session.parse().map_err(|_| unknown())?;
    if !sessions::revoke(&desk.core, &desk.operator, id).await? {
        return Err(unknown());
    }
    desk.output
        .result(&serde_json::json!({ "id": session, "revoked": true }), || {
            format!("ended session {session}")
        })
}

async fn revoke_all(desk: &Desk, user: &UserArguments) -> Outcome {
    let user = user::find(desk, user).await?;
    desk.output
        .confirm(&format!("End all sessions of {}?", user.email))?;
    let ended = sessions::revoke_all(&desk.core, &desk.operator, &user).await?;
    let told = serde_json::json!({ "user": user.id.to_string(), "revoked": ended });
    desk.output
        .result(&told, || format!("ended {ended} sessions of {}", user.email))
}

async fn revoke_restored(desk: &Desk) -> Outcome {
    desk.output
        .confirm("End the sessions of all users of all projects, and all mailed links and codes?")?;
    let bar = desk.output.progress("ended");
    let ended = instance::after_restore(&desk.core, &desk.operator, |done| bar.set_position(done)).await;
    bar.finish_and_clear();
    let ended = ended?;
    desk.output.result(&serde_json::json!({ "ended": ended }), || {
        format!("ended {ended} sessions and mailed secrets; everybody signs in again")
    })
}
