//! A mail server in this process that does what a test tells it, and keeps what it heard to the byte.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the server does when it hears a verb, instead of agreeing.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// Answers this.
    Say(&'static str),
    /// Answers nothing, and stays connected.
    Silence,
    /// Hangs up.
    Cut,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    script: Arc<Script>,
}

struct Script {
    capabilities: Vec<&'static str>,
    replies: Mutex<HashMap<&'static str, VecDeque<Reply>>>,
    tls: Option<TlsAcceptor>,
}

/// How a connection goes on after a command.
enum Next {
    Command,
    StartTls,
    End,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(vec![], None).await
    }

    pub(crate) async fn with(capabilities: Vec<&'static str>, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Script {
            capabilities,
            replies: Mutex::default(),
            tls,
        });
        let server = Self {
            port,
            heard: Arc::default(),
            script,
        };
        let (heard, script) = (Arc::clone(&server.heard), Arc::clone(&server.script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&heard), Arc::clone(&script)));
            }
        });
        server
    }

    /// What to do the next times that `verb` is heard: `CONNECT`, a command, or `MESSAGE` for the text after DATA.
    pub(crate) fn on(&self, verb: &'static str, replies: &[Reply]) {
        self.script
            .replies
            .lock()
            .unwrap()
            .insert(verb, replies.iter().copied().collect());
    }

    /// What each connection said, as text.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard
            .lock()
            .unwrap()
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }

    /// The messages as they came over the wire, without the closing dot.
    pub(crate) fn messages(&self) -> Vec<String> {
        let after_data = |said: &String| said.split_once("DATA\r\n").map(|(_, rest)| rest.to_owned());
        let whole = |rest: String| {
            rest.split_once("\r\n.\r\n")
                .map(|(message, _)| message.to_owned())
        };
        self.heard()
            .iter()
            .filter_map(after_data)
            .filter_map(whole)
            .collect()
    }
}

async fn connection(stream: TcpStream, heard: Arc<Mutex<Vec<Vec<u8>>>>, script: Arc<Script>) {
    let place = {
        let mut heard = heard.lock().unwrap();
        heard.push(Vec::new());
        heard.len() - 1
    };
    let note = |bytes: &[u8]| heard.lock().unwrap()[place].extend_from_slice(bytes);
    let mut stream = BufReader::new(stream);
    if matches!(
        converse(&mut stream, &script, &note, true).await,
        Some(Next::StartTls)
    ) {
        let Some(tls) = &script.tls else { return };
        if let Ok(encrypted) = tls.accept(stream.into_inner()).await {
            converse(&mut BufReader::new(encrypted), &script, &note, false).await;
        }
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Script,
    note: &impl Fn(&[u8]),
    greet: bool,
) -> Option<Next> {
    if greet {
        answer(stream, script, "CONNECT", "220 test").await?;
    }
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        note(&line);
        let verb = String::from_utf8_lossy(&line)
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_uppercase();
        match command(stream, script, note, &verb).await? {
            Next::Command => {}
            end => return Some(end),
        }
    }
}

async fn command<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Script,
    note: &impl Fn(&[u8]),
    verb: &str,
) -> Option<Next> {
    match verb {
        "EHLO" => {
            for capability in &script.capabilities {
                stream
                    .write_all(format!("250-{capability}\r\n").as_bytes())
                    .await
                    .ok()?;
            }
            stream.write_all(b"250 8BITMIME\r\n").await.ok()?;
        }
        "STARTTLS" => {
            answer(stream, script, "STARTTLS", "220 go on").await?;
            return Some(Next::StartTls);
        }
        "DATA" => {
            if answer(stream, script, "DATA", "354 go on")
                .await?
                .starts_with('3')
            {
                let mut text = Vec::new();
                while !text.ends_with(b"\r\n.\r\n") {
                    if stream.read_until(b'\n', &mut text).await.ok()? == 0 {
                        return None;
                    }
                }
                note(&text);
                answer(stream, script, "MESSAGE", "250 kept").await?;
            }
        }
        "AUTH" => drop(answer(stream, script, "AUTH", "235 welcome").await?),
        "QUIT" => return Some(Next::End),
        "MAIL" => drop(answer(stream, script, "MAIL", "250 fine").await?),
        "RCPT" => drop(answer(stream, script, "RCPT", "250 fine").await?),
        _ => stream.write_all(b"500 what?\r\n").await.ok()?,
    }
    Some(Next::Command)
}

/// Answers as the script says, else with `agreement`; `None` ends the connection.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    script: &Script,
    verb: &'static str,
    agreement: &'static str,
) -> Option<&'static str> {
    let scripted = script
        .replies
        .lock()
        .unwrap()
        .get_mut(verb)
        .and_then(VecDeque::pop_front);
    match scripted.unwrap_or(Reply::Say(agreement)) {
        Reply::Say(text) => {
            stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()?;
            Some(text)
        }
        Reply::Silence => std::future::pending().await,
        Reply::Cut => None,
    }
}
