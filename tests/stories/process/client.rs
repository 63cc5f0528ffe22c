//! A client as small as can be: what goes over the wire is exactly what stands here.

use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a client waits for anything.
const PATIENCE: Duration = Duration::from_secs(15);

/// A request that can be sent again and again.
#[derive(Clone)]
pub struct Request {
    line: String,
    headers: Vec<String>,
    body: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

/// A client of its own behind the proxy, with budgets of its own.
pub fn somebody() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0x0a00_0001);
    Ipv4Addr::from_bits(NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self {
            line: format!("GET {path} HTTP/1.1"),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub fn post(path: &str, body: &Value) -> Self {
        let request = Self {
            line: format!("POST {path} HTTP/1.1"),
            headers: Vec::new(),
            body: body.to_string(),
        };
        request.header("content-type", "application/json")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}"));
        self
    }

    /// From the client of this address, through the trusted proxy that we are.
    pub fn from(self, client: Ipv4Addr) -> Self {
        self.header("x-forwarded-for", &client.to_string())
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Everything that is sent.
    pub fn text(&self) -> String {
        let (line, headers, length) = (&self.line, self.headers.join("\r\n"), self.body.len());
        format!(
            "{line}\r\nhost: localhost\r\n{headers}\r\ncontent-length: {length}\r\n\r\n{}",
            self.body
        )
    }

    /// Sends it over a connection of its own.
    pub fn send(&self, to: SocketAddr) -> io::Result<Answer> {
        Connection::open(to)?.send(self)
    }
}

/// A connection that is kept.
pub struct Connection(BufReader<TcpStream>);

impl Connection {
    pub fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub fn send(&mut self, request: &Request) -> io::Result<Answer> {
        self.write(&request.text())?;
        self.answer()
    }

    pub fn write(&mut self, text: &str) -> io::Result<()> {
        self.0.get_mut().write_all(text.as_bytes())
    }

    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.0.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        let length = answer
            .header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        answer.body = String::from_utf8(body).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(answer)
    }

    /// Whether the server closes within `patience`; what it says before that is read away.
    pub fn closed_within(&mut self, patience: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(patience)).unwrap();
        match self.0.read_to_end(&mut Vec::new()) {
            Ok(_) => true,
            Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        }
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// A text of the JSON body, empty when it is not there.
    pub fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_default().to_owned()
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.text("code")
    }

    /// Fails the story unless this is the status.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}
