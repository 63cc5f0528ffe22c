//! Handing mails to a mail server (RFC 5321), never in clear unless the operator said so.
//!
//! lettre's own timeout covers the connecting only, so every step here has one of its own.

use crate::Rendered;
use crate::failure::Failure;
use crate::message::{Sender, SetupError};
use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;
use vestibule_model::Timestamp;
use vestibule_model::id::MailId;

/// How the connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Begins in clear; a server that does not then offer STARTTLS gets nothing (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// None.
    Plain,
}

/// How long each step may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Connecting, TLS, greeting and login, together.
    pub connect: Duration,
    /// Each command.
    pub command: Duration,
    /// The message itself, until the server says that it has it.
    pub message: Duration,
}

impl Patience {
    /// The longest that one mail can take.
    pub(crate) fn longest(&self) -> Duration {
        self.connect + self.command * 4 + self.message
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(30),
            message: Duration::from_mins(2),
        }
    }
}

/// The mail server and the sender.
pub struct SmtpOptions {
    /// The server's name or address; its certificate must be for it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// User and password, when it wants a login.
    pub login: Option<(String, SecretString)>,
    /// The sender: `Example <no-reply@example.com>`.
    pub from: String,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// A PEM file of authorities to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether mail may leave in clear to another machine.
    pub allow_plaintext: bool,
    /// How long each step may take.
    pub patience: Patience,
}

/// A mail server, ready to be used.
pub struct Smtp {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: Option<TlsParameters>,
    login: Option<Credentials>,
    sender: Sender,
    greeting: ClientId,
    patience: Patience,
}

impl Smtp {
    /// Checks the settings and reads the certificate authorities; connects to nothing yet.
    pub fn new(options: SmtpOptions) -> Result<Self, SetupError> {
        let plain = options.encryption == Encryption::Plain;
        if plain && !options.allow_plaintext && !is_loopback(&options.host) {
            return Err(SetupError(format!(
                "mail.tls is \"none\", so passwords and links would travel in clear to {}: set it to \"starttls\" or \
                 \"tls\", or set mail.allow_plaintext if the network between is yours",
                options.host
            )));
        }
        let tls = if plain { None } else { Some(tls(&options)?) };
        let sender = Sender::parse(&options.from, options.reply_to.as_deref())?;
        Ok(Self {
            greeting: ClientId::Domain(sender.domain().to_owned()),
            login: options
                .login
                .map(|(user, password)| Credentials::new(user, password.expose_secret().to_owned())),
            host: options.host,
            port: options.port,
            encryption: options.encryption,
            tls,
            sender,
            patience: options.patience,
        })
    }

    /// The longest that one mail can take.
    pub(crate) fn longest(&self) -> Duration {
        self.patience.longest()
    }

    /// Sends a line of text, so that an operator sees whether the settings work.
    pub async fn send_test(&self, to: &str, id: MailId, now: Timestamp) -> Result<(), Failure> {
        let line = "This mail shows that Vestibule can send mail.";
        let rendered = Rendered {
            subject: "A test mail from Vestibule".into(),
            text: format!("{line}\n"),
            html: format!("<!doctype html><html lang=\"en\"><title>Test</title><p>{line}</p></html>"),
        };
        self.send(to, &rendered, id, now).await
    }

    /// Hands one mail over; `Ok` when the server has taken responsibility for it.
    pub(crate) async fn send(
        &self,
        to: &str,
        rendered: &Rendered,
        id: MailId,
        written: Timestamp,
    ) -> Result<(), Failure> {
        let to: Address = to
            .parse()
            .map_err(|_| Failure::permanent("composing", "the recipient is no mail address"))?;
        let message = self.sender.message(&to, rendered, id, written)?;
        let mut connection = self.connect().await?;
        self.hand_over(&mut connection, to, &message).await?;
        // The server has the mail. Whether it says goodbye changes nothing.
        let _ = timeout(
            self.patience.command.min(Duration::from_secs(2)),
            connection.abort(),
        )
        .await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Failure> {
        let connecting = async {
            let implicit = self.tls.clone().filter(|_| self.encryption == Encryption::Tls);
            let address = (self.host.as_str(), self.port);
            let mut connection = AsyncSmtpConnection::connect_tokio1(
                address,
                Some(self.patience.connect),
                &self.greeting,
                implicit,
                None,
            )
            .await
            .map_err(|error| Failure::smtp("connecting", &error))?;
            if let Some(tls) = self
                .tls
                .clone()
                .filter(|_| self.encryption == Encryption::StartTls)
            {
                let upgraded = connection.starttls(tls, &self.greeting).await;
                upgraded.map_err(|error| Failure::smtp("encrypting", &error))?;
            }
            if let Some(login) = &self.login {
                let accepted = connection.auth(DEFAULT_MECHANISMS, login).await;
                accepted.map_err(|error| Failure::smtp("logging in", &error))?;
            }
            Ok(connection)
        };
        in_time("connecting", self.patience.connect, connecting).await
    }

    async fn hand_over(
        &self,
        to: &mut AsyncSmtpConnection,
        recipient: Address,
        message: &[u8],
    ) -> Result<(), Failure> {
        let eight_bit = !message.is_ascii();
        if eight_bit && !to.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Failure::mendable(
                "naming the sender",
                "the server does not take 8-bit messages",
            ));
        }
        let options = eight_bit.then_some(MailParameter::Body(MailBodyParameter::EightBitMime));
        let sender = Mail::new(Some(self.sender.address().clone()), options.into_iter().collect());
        // A refused sender is the operator's to mend, not this recipient's fault.
        self.command("naming the sender", to.command(sender), Failure::smtp)
            .await?;
        self.command(
            "naming the recipient",
            to.command(Rcpt::new(recipient, Vec::new())),
            Failure::smtp_final,
        )
        .await?;
        self.command("announcing the message", to.command(Data), Failure::smtp_final)
            .await?;
        let step = "handing over the message";
        let handed = async {
            to.message(message)
                .await
                .map_err(|error| Failure::smtp_final(step, &error))
        };
        in_time(step, self.patience.message, handed).await.map(drop)
    }

    async fn command<T>(
        &self,
        step: &'static str,
        answer: impl Future<Output = Result<T, Error>>,
        failure: fn(&'static str, &Error) -> Failure,
    ) -> Result<(), Failure> {
        let answer = async { answer.await.map_err(|error| failure(step, &error)) };
        in_time(step, self.patience.command, answer).await.map(drop)
    }
}

async fn in_time<T>(
    step: &'static str,
    patience: Duration,
    doing: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match timeout(patience, doing).await {
        Ok(done) => done,
        Err(_) => Err(Failure::mendable(
            step,
            &format!("no answer within {} s", patience.as_secs_f32()),
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls(options: &SmtpOptions) -> Result<TlsParameters, SetupError> {
    let mut builder = TlsParameters::builder(options.host.clone());
    if let Some(path) = &options.ca_file {
        let unusable = |cause: &dyn std::fmt::Display| {
            SetupError(format!("mail.ca_file {} cannot be used: {cause}", path.display()))
        };
        let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
        if !pem
            .windows(27)
            .any(|window| window == b"-----BEGIN CERTIFICATE-----")
        {
            return Err(unusable(&"it holds no PEM certificate"));
        }
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unusable(&error))?);
    }
    builder
        .build()
        .map_err(|error| SetupError(format!("TLS for mail.host cannot be set up: {error}")))
}
