//! The mail server, from one URL or from single settings.

use super::check::{Finding, error};
use super::{Mail, SmtpTls};
use axum::http::Uri;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

/// A mail server, complete.
#[derive(Clone, Debug)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// User and password, when it wants a login.
    pub login: Option<(String, SecretString)>,
}

#[derive(Default)]
struct FromUrl {
    host: Option<String>,
    port: Option<u16>,
    tls: Option<SmtpTls>,
    user: Option<String>,
    password: Option<SecretString>,
}

impl Mail {
    /// The mail server, if one is configured. The problem never repeats the URL, which holds a password.
    pub fn server(&self) -> Result<Option<MailServer>, Finding> {
        let url = match &self.smtp_url {
            Some(url) => read(url.expose_secret()).map_err(|problem| error("mail.smtp_url", problem))?,
            None => FromUrl::default(),
        };
        let Some(host) = self.host.clone().or(url.host) else {
            return Ok(None);
        };
        let tls = self.tls.or(url.tls).unwrap_or(SmtpTls::Starttls);
        let port = self.port.or(url.port).unwrap_or(match tls {
            SmtpTls::Starttls => 587,
            SmtpTls::Tls => 465,
            SmtpTls::None => 25,
        });
        let login = match (
            self.username.clone().or(url.user),
            self.password.clone().or(url.password),
        ) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => return Err(half("mail.password", "mail.username")),
            (None, Some(_)) => return Err(half("mail.username", "mail.password")),
        };
        Ok(Some(MailServer {
            host,
            port,
            tls,
            login,
        }))
    }
}

fn half(missing: &str, set: &str) -> Finding {
    error(
        missing,
        format!("is not set, but {set} is: a login needs both, so set both or neither"),
    )
}

fn read(url: &str) -> Result<FromUrl, String> {
    const FORM: &str = "is not of the form smtp://user:password@host:587 or smtps://user:password@host:465; \
                        write special characters of user and password as %XX";
    let uri: Uri = url.parse().map_err(|_| FORM)?;
    let tls = match uri.scheme_str() {
        Some("smtp") => SmtpTls::Starttls,
        Some("smtps") => SmtpTls::Tls,
        _ => return Err(FORM.into()),
    };
    let authority = uri.authority().ok_or(FORM)?;
    let login = authority
        .as_str()
        .rsplit_once('@')
        .map(|(login, _)| login.split_once(':').unwrap_or((login, "")));
    let decoded = |text: &str| {
        percent_decode_str(text)
            .decode_utf8()
            .map(Into::into)
            .map_err(|_| FORM)
    };
    let (user, password) = match login {
        Some((user, password)) => (Some(decoded(user)?), Some(SecretString::from(decoded(password)?))),
        None => (None, None),
    };
    let host = authority.host().trim_matches(['[', ']']).to_owned();
    Ok(FromUrl {
        host: Some(host),
        port: authority.port_u16(),
        tls: Some(tls),
        user,
        password,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str, change: impl FnOnce(&mut Mail)) -> Result<Option<MailServer>, Finding> {
        let mut mail = Mail {
            smtp_url: Some(SecretString::from(url)),
            ..Default::default()
        };
        change(&mut mail);
        mail.server()
    }

    #[test]
    fn one_line_says_everything() {
        let server = server("smtps://me%40example.com:p%3Aw@mail.example.com", |_| {})
            .unwrap()
            .unwrap();
        let (user, password) = server.login.unwrap();
        assert_eq!(
            (server.host.as_str(), server.port, server.tls),
            ("mail.example.com", 465, SmtpTls::Tls)
        );
        assert_eq!(
            (user.as_str(), password.expose_secret()),
            ("me@example.com", "p:w")
        );
    }

    #[test]
    fn single_settings_win_over_the_line() {
        let server = server("smtp://mail.example.com:2525", |mail| mail.port = Some(26))
            .unwrap()
            .unwrap();
        assert_eq!((server.port, server.tls), (26, SmtpTls::Starttls));
    }

    #[test]
    fn a_problem_never_repeats_the_password() {
        for url in [
            "http://me:hush@host",
            "me:hush@host",
            "smtp://me:hu sh@host",
            "smtp://me:%FFhush@host",
        ] {
            let problem = server(url, |_| {}).unwrap_err().to_string();
            assert!(
                !problem.contains("hush") && !problem.contains("hu sh"),
                "{problem}"
            );
        }
        assert!(server("smtp://me@host", |_| {}).unwrap().is_some());
    }

    #[test]
    fn half_a_login_is_refused_under_the_name_of_the_missing_half() {
        let user = server("smtp://host", |mail| mail.username = Some("me".into()));
        let password = server("smtp://host", |mail| mail.password = Some("hush".into()));
        assert_eq!(user.unwrap_err().subject, "mail.password");
        assert_eq!(password.unwrap_err().subject, "mail.username");
        let both = server("smtp://me:hush@host", |mail| mail.username = Some("you".into()));
        assert!(both.unwrap().unwrap().login.is_some());
    }
}
