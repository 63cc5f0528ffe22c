//! The mails of `dev`, which go nowhere.

use crate::outbox::open;
use crate::templates::Templates;
use serde::Serialize;
use vestibule_keys::Sealer;
use vestibule_model::Timestamp;
use vestibule_model::id::MailId;
use vestibule_model::mail::Letter;
use vestibule_store::outbox::{self as rows, OutboxRow};
use vestibule_store::{Db, Error};

/// Rows that one search looks through at most.
const MOST_ROWS: usize = 2_000;
const PAGE: u32 = 100;

/// A mail that was caught.
#[derive(Clone, Debug, Serialize)]
pub struct CaughtMail {
    /// Its id.
    pub id: String,
    /// The recipient, in canonical form.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML document.
    pub html: String,
    /// The links that it carries.
    pub links: Vec<String>,
    /// The six-digit code, if it carries one.
    pub code: Option<String>,
    /// When it was sent, in RFC 3339.
    pub sent_at: String,
}

/// The newest `limit` mails, newest first, whose canonical recipient is `wanted`. What no longer opens or renders is
/// passed over.
pub async fn list(
    db: &Db,
    sealer: &Sealer,
    templates: &Templates,
    wanted: impl Fn(&str) -> bool,
    limit: usize,
) -> Result<Vec<CaughtMail>, Error> {
    let (mut found, mut seen, mut before) = (Vec::new(), 0, Timestamp::from_micros(i64::MAX));
    while found.len() < limit && seen < MOST_ROWS {
        let page = rows::captured(db, before, PAGE).await?;
        let Some(oldest) = page.last() else { break };
        before = oldest.created_at;
        seen += page.len();
        let opened = page.iter().filter_map(|row| Some((row, open(sealer, row).ok()?)));
        let asked = opened
            .filter(|(_, letter)| wanted(&letter.to))
            .take(limit - found.len());
        found.extend(asked.filter_map(|(row, letter)| caught(templates, row, letter)));
    }
    Ok(found)
}

/// The caught mail with this id.
pub async fn find(
    db: &Db,
    sealer: &Sealer,
    templates: &Templates,
    id: MailId,
) -> Result<Option<CaughtMail>, Error> {
    let row = rows::find(db, id).await?;
    Ok(row.and_then(|row| caught(templates, &row, open(sealer, &row).ok()?)))
}

fn caught(templates: &Templates, row: &OutboxRow, letter: Letter) -> Option<CaughtMail> {
    let rendered = templates.render(row.kind, &letter).ok()?;
    Some(CaughtMail {
        id: row.id.to_string(),
        to: letter.to,
        subject: rendered.subject,
        text: rendered.text,
        html: rendered.html,
        links: letter.link.into_iter().collect(),
        code: letter.code,
        sent_at: row.sent_at?.rfc3339_millis(),
    })
}
