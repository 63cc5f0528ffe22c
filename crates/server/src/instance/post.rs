//! The mail worker's transport and templates, from the configuration.

use crate::config::check::{Finding, error};
use crate::config::{self, Config, Mail, Profile, SmtpTls};
use vestibule_mail::{Encryption, Patience, Smtp, SmtpOptions, Templates, Transport};

/// The configured mail server.
pub fn smtp(mail: &Mail) -> Result<Smtp, Finding> {
    let server = mail
        .server()?
        .ok_or_else(|| error("mail", "no mail server: set mail.host or mail.smtp_url"))?;
    let options = SmtpOptions {
        host: server.host,
        port: server.port,
        encryption: match server.tls {
            SmtpTls::Starttls => Encryption::StartTls,
            SmtpTls::Tls => Encryption::Tls,
            SmtpTls::None => Encryption::Plain,
        },
        login: server.login,
        from: mail
            .from
            .clone()
            .ok_or_else(|| error("mail.from", "is not set: name the sender"))?,
        reply_to: mail.reply_to.clone(),
        ca_file: mail.ca_file.clone(),
        allow_plaintext: mail.allow_plaintext,
        patience: Patience::default(),
    };
    Smtp::new(options).map_err(|wrong| named(&wrong.to_string()))
}

/// The mailer's problems begin with the setting that they are about.
fn named(problem: &str) -> Finding {
    match problem.split_once(' ') {
        Some((setting, what)) if config::keys().iter().any(|key| key.path == setting) => error(setting, what),
        _ => error("mail", problem),
    }
}

/// Where mail goes: under `dev` without a mail server into the capture inbox.
pub fn transport(config: &Config, profile: Profile) -> Result<Transport, Finding> {
    match profile {
        Profile::Development => Ok(Transport::Capture),
        Profile::Production => smtp(&config.mail).map(|smtp| Transport::Smtp(Box::new(smtp))),
    }
}

/// The built-in templates, with the operator's in their place.
pub fn templates(mail: &Mail) -> Result<Templates, Finding> {
    Templates::load(mail.templates.as_deref()).map_err(|wrong| error("mail.templates", wrong.to_string()))
}
