//! `vestibule mail`

use super::desk::Desk;
use super::output::Column;
use super::{Failure, Outcome};
use crate::config::check::{self, Severity};
use crate::instance::post;
use clap::Subcommand;
use serde::Serialize;
use std::time::Duration;
use vestibule_model::id::MailId;
use vestibule_ops::admin::mail;
use vestibule_store::outbox::OutboxRow;

/// Mail on its way
#[derive(Subcommand)]
pub enum MailCommand {
    /// List mails, newest first; what they say stays sealed
    #[command(after_help = "Example:\n  vestibule mail list --waiting")]
    List {
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Only mails that have not gone
        #[arg(long)]
        waiting: bool,
    },
    /// Try a waiting mail again at once
    #[command(after_help = "Example:\n  vestibule mail retry 0198c0de-0000-7000-8000-000000000001")]
    Retry {
        /// The mail's id, as `mail list` shows it
        id: String,
    },
    /// Send a line of text, to see whether the mail settings work
    #[command(after_help = "Example:\n  vestibule mail test me@example.org")]
    Test {
        /// The recipient
        to: String,
    },
}

#[derive(Serialize)]
struct Shown {
    id: String,
    kind: &'static str,
    environment: &'static str,
    state: &'static str,
    created_at: String,
    expires_at: String,
    attempts: i64,
    next_attempt_at: Option<String>,
    sent_at: Option<String>,
    dead_at: Option<String>,
    last_error: Option<String>,
}

impl MailCommand {
    pub async fn run(self, desk: &Desk) -> Outcome {
        match self {
            Self::List { limit, waiting } => list(desk, limit, waiting).await,
            Self::Retry { id } => retry(desk, &id).await,
            Self::Test { to } => test(desk, &to).await,
        }
    }
}

fn shown(row: &OutboxRow) -> Shown {
    let state = match (row.sent_at, row.dead_at) {
        (Some(_), _) => "sent",
        (None, Some(_)) => "given up",
        (None, None) => "waiting",
    };
    Shown {
        id: row.id.to_string(),
        kind: row.kind.as_str(),
        environment: row.realm.environment.as_str(),
        state,
        created_at: row.created_at.to_string(),
        expires_at: row.expires_at.to_string(),
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at.map(|at| at.to_string()),
        sent_at: row.sent_at.map(|at| at.to_string()),
        dead_at: row.dead_at.map(|at| at.to_string()),
        last_error: row.last_error.clone(),
    }
}

async fn list(desk: &Desk, limit: u32, waiting: bool) -> Outcome {
    let before = desk.core.clock.now().plus(Duration::from_mins(1));
    let rows = mail::list(&desk.core, before, limit).await?;
    let rows: Vec<_> = rows
        .iter()
        .map(shown)
        .filter(|row| !waiting || row.state == "waiting")
        .collect();
    let columns: [Column<Shown>; 6] = [
        ("Id", |it| it.id.clone()),
        ("Kind", |it| it.kind.to_owned()),
        ("State", |it| it.state.to_owned()),
        ("Written", |it| it.created_at.clone()),
        ("Attempts", |it| it.attempts.to_string()),
        ("Last error", |it| it.last_error.clone().unwrap_or_default()),
    ];
    desk.output.list(&rows, &columns, "there are no mails here")
}

async fn retry(desk: &Desk, id: &str) -> Outcome {
    let unknown = || Failure::not_found(format!("there is no mail {id}: `vestibule mail list` shows all"));
    let id: MailId = id.parse().map_err(|_| unknown())?;
    if !mail::retry(&desk.core, &desk.operator, id).await? {
        return Err(Failure::not_found(format!(
            "mail {id} does not wait: it is unknown, has gone, or has expired"
        )));
    }
    let told = serde_json::json!({ "id": id.to_string(), "state": "waiting" });
    desk.output.result(&told, || {
        format!("mail {id} will be tried at once by the running server")
    })
}

async fn test(desk: &Desk, to: &str) -> Outcome {
    let config = &desk.loaded.config;
    let wrong: Vec<_> = check::production(config)
        .into_iter()
        .filter(|it| it.severity == Severity::Error && it.subject.starts_with("mail"))
        .map(|it| it.to_string())
        .collect();
    if !wrong.is_empty() {
        return Err(Failure::usage(wrong.join("\n")));
    }
    let smtp = post::smtp(&config.mail).map_err(|wrong| Failure::usage(wrong.to_string()))?;
    let now = desk.core.clock.now();
    let id = MailId::new(desk.core.entropy.as_ref(), now);
    smtp.send_test(to, id, now)
        .await
        .map_err(|error| Failure::new(format!("the mail did not go: {error}")))?;
    let told = serde_json::json!({ "sent_to": to });
    desk.output
        .result(&told, || format!("the mail server has taken a test mail to {to}"))
}
