//! A rendered letter as a message on the wire (RFC 5322).

use crate::Rendered;
use crate::failure::Failure;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use std::time::{Duration, UNIX_EPOCH};
use vestibule_model::Timestamp;
use vestibule_model::id::MailId;

/// A setting of the mail server that cannot be used. The text names the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SetupError(pub(crate) String);

/// Who mails come from and where answers go.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl Sender {
    pub(crate) fn parse(from: &str, reply_to: Option<&str>) -> Result<Self, SetupError> {
        let mailbox = |setting: &str, text: &str| {
            let parsed = if text.contains(char::is_control) {
                None
            } else {
                text.parse::<Mailbox>().ok()
            };
            let form = "is no address of the form `Example <no-reply@example.com>`";
            parsed
                .filter(|it| AsRef::<str>::as_ref(&it.email).is_ascii())
                .ok_or_else(|| SetupError(format!("{setting} {form}: {text:?}")))
        };
        Ok(Self {
            from: mailbox("mail.from", from)?,
            reply_to: reply_to.map(|text| mailbox("mail.reply_to", text)).transpose()?,
        })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.from.email
    }

    /// The domain of the sender: what the server is greeted with, and the right half of each `Message-ID`.
    pub(crate) fn domain(&self) -> &str {
        self.from.email.domain()
    }

    /// The message for one recipient. Nothing in it depends on the attempt: a mail sent twice is the same twice.
    pub(crate) fn message(
        &self,
        to: &Address,
        rendered: &Rendered,
        id: MailId,
        written: Timestamp,
    ) -> Result<Vec<u8>, Failure> {
        let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(written.seconds()).unwrap_or(0));
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".into(),
        );
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(rendered.subject.clone())
            .date(date)
            .message_id(Some(format!("<{id}@{}>", self.domain())))
            .raw_header(automatic);
        if let Some(reply_to) = &self.reply_to {
            builder = builder.reply_to(reply_to.clone());
        }
        let parts = MultiPart::alternative()
            .boundary(format!("part-of-{id}"))
            .singlepart(SinglePart::plain(rendered.text.clone()))
            .singlepart(SinglePart::html(rendered.html.clone()));
        let message = builder.multipart(parts);
        message
            .map(|message| message.formatted())
            .map_err(|error| Failure::permanent("composing", &error.to_string()))
    }
}
