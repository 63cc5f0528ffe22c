//! Mail as its readers get it.

use crate::Server;
use std::future::ready;
use vestibule_mail::inbox::{self, CaughtMail};
use vestibule_mail::{Post, Transport};
use vestibule_model::id::NodeId;
use vestibule_store::outbox;

/// A mail that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML document.
    pub html: String,
    /// The first link, where there is one.
    pub link: Option<String>,
    /// The six digits, where there are any.
    pub code: Option<String>,
}

impl Mail {
    /// The token of the link.
    #[track_caller]
    pub fn token(&self) -> String {
        let link = self.link.as_deref().expect("a mail with a link");
        let (_, token) = link.split_once("token=").expect("a link with a token");
        token.split('&').next().unwrap_or_default().to_owned()
    }

    /// The six digits.
    #[track_caller]
    pub fn code(&self) -> String {
        self.code.clone().expect("a mail with a code")
    }

    /// Other six digits than those.
    pub fn wrong_code(&self) -> String {
        let code: u32 = self.code().parse().expect("digits");
        format!("{:06}", (code + 1) % 1_000_000)
    }
}

impl From<CaughtMail> for Mail {
    fn from(mail: CaughtMail) -> Self {
        let CaughtMail {
            to,
            subject,
            text,
            html,
            links,
            code,
            ..
        } = mail;
        Self {
            to,
            subject,
            text,
            html,
            link: links.into_iter().next(),
            code,
        }
    }
}

impl Server {
    /// The mails to an address that were not taken out before, oldest first as far as the clock tells them apart.
    pub async fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.deliver().await;
        let core = self.core();
        let all = inbox::list(
            &core.store.db,
            &core.sealer,
            self.templates(),
            |to| to == address,
            500,
        )
        .await;
        let mut taken = self.taken.lock().expect("no story panics while it takes mail");
        let fresh = all
            .expect("the inbox")
            .into_iter()
            .filter(|mail| taken.insert(mail.id.clone()));
        let mut fresh: Vec<Mail> = fresh.map(Mail::from).collect();
        fresh.reverse();
        fresh
    }

    /// The one mail to an address that was not taken out before.
    #[track_caller]
    pub fn mail_to(&self, address: &str) -> impl Future<Output = Mail> {
        let place = std::panic::Location::caller();
        async move {
            let mut mails = self.mails_to(address).await;
            let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.clone()).collect();
            assert_eq!(mails.len(), 1, "mails to {address} at {place}: {subjects:?}");
            mails.remove(0)
        }
    }

    /// How many mails wait for the worker, those to nobody counted too. Nothing leaves before somebody asks for mail.
    pub async fn mails_waiting(&self) -> i64 {
        outbox::waiting(&self.core().store.db, self.core().deadline())
            .await
            .expect("the outbox")
    }

    /// Runs the outbox worker until nothing is due.
    pub async fn deliver(&self) {
        let core = self.core();
        let post = Post {
            node: NodeId::from_bytes([1; 16]),
            db: &core.store.db,
            clock: core.clock.as_ref(),
            entropy: core.entropy.as_ref(),
            sealer: &core.sealer,
            templates: self.templates(),
            transport: &Transport::Capture,
        };
        while outbox::next_turn(&core.store.db)
            .await
            .expect("the outbox")
            .is_some_and(|turn| turn <= core.clock.now())
        {
            vestibule_mail::outbox::run(&post, &core.mail_queued, ready(())).await;
        }
    }
}
