//! Whether mail can leave, judged with what `serve` builds its worker from.

use super::{Finding, Severity, error, warning};
use crate::address;
use crate::config::{Mail, SmtpTls};
use crate::instance::post;

/// What is wrong with the mail server, its login, the addresses and the templates.
pub(super) fn findings(mail: &Mail) -> Vec<Finding> {
    let mut found = server(mail);
    // What was found already would be found again.
    if found.iter().all(|it| it.severity != Severity::Error) {
        found.extend(post::smtp(mail).err());
    }
    found.extend(post::templates(mail).err());
    found
}

fn server(mail: &Mail) -> Vec<Finding> {
    let server = match mail.server() {
        Ok(Some(server)) => server,
        Ok(None) => {
            return vec![error(
                "mail",
                "no mail server: set mail.host or mail.smtp_url, and mail.from",
            )];
        }
        Err(wrong) => return vec![wrong],
    };
    let mut found = Vec::new();
    if mail.from.is_none() {
        found.push(error(
            "mail.from",
            "is not set: name the sender, such as \"Example <no-reply@example.com>\"",
        ));
    }
    if server.tls == SmtpTls::None && !address::is_loopback(&server.host) {
        found.push(if mail.allow_plaintext {
            warning(
                "mail.allow_plaintext",
                format!(
                    "mail to {} travels unencrypted, with every link in it",
                    server.host
                ),
            )
        } else {
            error(
                "mail.tls",
                format!(
                    "mail to {} would travel unencrypted: use \"starttls\" or \"tls\"",
                    server.host
                ),
            )
        });
    }
    found
}
