//! Mail: templates, SMTP, the capture inbox of `dev`, and the worker that empties the outbox.
//!
//! A row of the outbox was written in the transaction of the act that it tells of. The worker claims it under a
//! lease, opens its sealed letter, renders it and sends it; the mail's id is its `Message-ID`, so that a mail sent
//! twice after a crash is recognised as one.
#![warn(missing_docs)]

mod backoff;
mod failure;
pub mod inbox;
mod letter;
mod message;
pub mod outbox;
mod smtp;
mod templates;
mod user_text;

#[cfg(test)]
mod outbox_tests;
#[cfg(test)]
mod smtp_tests;
#[cfg(test)]
mod template_tests;
#[cfg(test)]
mod test_server;

pub use failure::Failure;
pub use message::SetupError;
pub use outbox::{Post, Transport};
pub use smtp::{Encryption, Patience, Smtp, SmtpOptions};
pub use templates::{Rendered, TemplateError, Templates};
