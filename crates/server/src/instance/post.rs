//! The mail worker's transport and templates, from the configuration.

use crate::config::{Config, Mail, Profile, SmtpTls};
use vestibule_mail::{Encryption, Patience, Smtp, SmtpOptions, Templates, Transport};

/// The configured mail server.
pub fn smtp(mail: &Mail) -> Result<Smtp, String> {
    let server = mail
        .server()?
        .ok_or("no mail server: set mail.host or mail.smtp_url")?;
    let options = SmtpOptions {
        host: server.host,
        port: server.port,
        encryption: match server.tls {
            SmtpTls::Starttls => Encryption::StartTls,
            SmtpTls::Tls => Encryption::Tls,
            SmtpTls::None => Encryption::Plain,
        },
        login: server.login,
        from: mail.from.clone().ok_or("mail.from is not set: name the sender")?,
        reply_to: mail.reply_to.clone(),
        ca_file: mail.ca_file.clone(),
        allow_plaintext: mail.allow_plaintext,
        patience: Patience::default(),
    };
    Smtp::new(options).map_err(|error| error.to_string())
}

/// Where mail goes: under `dev` without a mail server into the capture inbox.
pub fn transport(config: &Config, profile: Profile) -> Result<Transport, String> {
    match profile {
        Profile::Development => Ok(Transport::Capture),
        Profile::Production => smtp(&config.mail).map(|smtp| Transport::Smtp(Box::new(smtp))),
    }
}

/// The built-in templates, with the operator's in their place.
pub fn templates(mail: &Mail) -> Result<Templates, String> {
    Templates::load(mail.templates.as_deref()).map_err(|error| format!("mail.templates: {error}"))
}
