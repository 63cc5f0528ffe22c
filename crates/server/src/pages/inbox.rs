//! The inbox of `dev`: mail that goes nowhere, to be read here.

use super::answer::{self, POLICY_OF_INBOX, POLICY_OF_MAIL};
use super::form::Form;
use super::shell::Outcome;
use super::{Pages, Shared};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use vestibule_mail::inbox::{self, CaughtMail};
use vestibule_model::Email;
use vestibule_model::id::MailId;
use vestibule_ops::Error;

/// Mails that a list holds at most.
const LONGEST: usize = 100;

/// What is asked of the list.
struct Search {
    /// The recipient as typed.
    typed: String,
    wanted: Wanted,
    limit: usize,
}

/// Whose mail is asked for.
enum Wanted {
    All,
    /// That of one address, in canonical form.
    Address(Email),
    /// That of addresses with these letters in them.
    Part(String),
}

impl Search {
    fn of(query: Option<&str>) -> Self {
        let query = Form::parse(query.unwrap_or_default()).unwrap_or_default();
        let typed = query.get("to").unwrap_or_default().trim().to_owned();
        let wanted = match Email::parse(&typed) {
            Ok(address) => Wanted::Address(address),
            Err(_) if typed.is_empty() => Wanted::All,
            Err(_) => Wanted::Part(typed.to_lowercase()),
        };
        Self {
            wanted,
            typed,
            limit: query
                .get("limit")
                .and_then(|limit| limit.parse().ok())
                .unwrap_or(LONGEST)
                .min(LONGEST),
        }
    }

    fn matches(&self, to: &str) -> bool {
        match &self.wanted {
            Wanted::All => true,
            Wanted::Address(address) => to == address.as_str(),
            Wanted::Part(part) => to.contains(part),
        }
    }

    /// The query that repeats this search.
    fn query(&self) -> String {
        match self.wanted {
            Wanted::All => String::new(),
            _ => format!("?to={}", utf8_percent_encode(&self.typed, NON_ALPHANUMERIC)),
        }
    }
}

/// `GET /dev/inbox?to=`: the newest mails, and the newest of them open.
pub(super) async fn list(State(pages): Shared, RawQuery(query): RawQuery) -> Response {
    let search = Search::of(query.as_deref());
    match pages.mails(&search).await {
        Ok(mails) => pages.inbox(&search, &mails, mails.first(), false),
        Err(error) => pages.trouble(None, error),
    }
}

/// `GET /dev/inbox/{id}?to=`: the list, and one mail open.
pub(super) async fn one(State(pages): Shared, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let search = Search::of(query.as_deref());
    let (mails, mail) = match (pages.mails(&search).await, pages.mail(&id).await) {
        (Ok(mails), Ok(mail)) => (mails, mail),
        (Err(error), _) | (_, Err(error)) => return pages.trouble(None, error),
    };
    match mail {
        Some(mail) => pages.inbox(&search, &mails, Some(&mail), true),
        None => pages.no_such_mail(),
    }
}

/// `GET /dev/inbox/{id}/html`: the mail as its reader sees it, for the frame.
pub(super) async fn html(State(pages): Shared, Path(id): Path<String>) -> Response {
    match pages.mail(&id).await {
        Ok(Some(mail)) => {
            // Pages refuse to be framed, so links open beside the inbox.
            let document = mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
            answer::html(StatusCode::OK, POLICY_OF_MAIL, document)
        }
        Ok(None) => pages.no_such_mail(),
        Err(error) => pages.trouble(None, error),
    }
}

/// `GET /dev/inbox.json?to=&limit=`
pub(super) async fn json(State(pages): Shared, RawQuery(query): RawQuery) -> Response {
    match pages.mails(&Search::of(query.as_deref())).await {
        Ok(mails) => answer::json(&json!({ "data": mails })),
        Err(error) => pages.trouble(None, error),
    }
}

impl Pages {
    async fn mails(&self, search: &Search) -> Result<Vec<CaughtMail>, Error> {
        let core = &self.state.core;
        let wanted = |to: &str| search.matches(to);
        Ok(inbox::list(
            &core.store.db,
            &core.sealer,
            &self.state.templates,
            wanted,
            search.limit,
        )
        .await?)
    }

    async fn mail(&self, id: &str) -> Result<Option<CaughtMail>, Error> {
        let Ok(id) = id.parse::<MailId>() else {
            return Ok(None);
        };
        let core = &self.state.core;
        Ok(inbox::find(&core.store.db, &core.sealer, &self.state.templates, id).await?)
    }

    fn inbox(
        &self,
        search: &Search,
        mails: &[CaughtMail],
        open: Option<&CaughtMail>,
        chosen: bool,
    ) -> Response {
        let values = context! {
            typed => &search.typed,
            query => search.query(),
            mails => Value::from(Serde(mails)),
            open => Value::from(Serde(open)),
            chosen,
            newest => mails.first().map(|mail| mail.id.as_str()).unwrap_or_default(),
        };
        self.shell
            .page_under(POLICY_OF_INBOX, StatusCode::OK, "inbox.html", values)
    }

    fn no_such_mail(&self) -> Response {
        let outcome = Outcome {
            project: None,
            mood: "bad",
            title: "No such mail",
            text: "It may be older than what the inbox keeps.",
            advice: None,
        };
        self.shell.outcome(StatusCode::NOT_FOUND, &outcome)
    }
}
