//! A server behind the gateway that does what the story says, over a real socket.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vestibule_model::GatewayRule;
use vestibule_testkit::{Answer, Front, Rakomi, Server, Way};

const PATIENCE: Duration = Duration::from_secs(10);

/// Where the stories' upstream stands.
pub const FILMS: &str = "/api/films";

/// The server. It ends with the story.
pub struct Upstream {
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    serving: JoinHandle<()>,
}

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Method and target.
    pub line: String,
    /// In alphabetical order; names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Heard {
    /// The values of a header, joined as one list.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(" | "))
    }

    /// Everything, one line each, with what differs between two runs masked.
    pub fn shown(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| match name.as_str() {
            "x-request-id" => format!("{name}: {}…", &value[..4]),
            "authorization" => format!("{name}: {}…", &value[..10]),
            "host" => format!("{name}: (upstream)"),
            _ => format!("{name}: {value}").trim_end().to_owned(),
        });
        let mut lines = vec![self.line.clone()];
        lines.extend(headers);
        lines.push(String::from_utf8_lossy(&self.body).into_owned());
        lines.join("\n").trim_end().to_owned()
    }
}

/// One connection to the server.
pub struct Visit {
    pub stream: TcpStream,
    buffer: Vec<u8>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Visit {
    /// The next request with its whole body; none when the connection ends.
    pub async fn request(&mut self) -> Option<Heard> {
        let mut heard = self.head().await?;
        if let Some(length) = heard.header("content-length") {
            let length: usize = length.parse().unwrap();
            while self.buffer.len() < length {
                self.more().await?;
            }
            heard.body = self.buffer.drain(..length).collect();
        } else if heard.header("transfer-encoding").is_some() {
            while !self.buffer.windows(5).any(|end| end == b"0\r\n\r\n") {
                self.more().await?;
            }
            heard.body = std::mem::take(&mut self.buffer);
        }
        self.heard.lock().unwrap().push(heard.clone());
        Some(heard)
    }

    /// The head of the next request.
    pub async fn head(&mut self) -> Option<Heard> {
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let line = lines.next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        let mut headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        headers.sort();
        Some(Heard {
            line,
            headers,
            body: Vec::new(),
        })
    }

    /// Reads what comes next; none at the end.
    pub async fn more(&mut self) -> Option<()> {
        let read = self.stream.read_buf(&mut self.buffer).await.ok()?;
        (read > 0).then_some(())
    }

    /// Forgets what was read.
    pub fn take(&mut self) {
        self.buffer.clear();
    }

    /// What was read and not yet looked at.
    pub fn read(&self) -> &[u8] {
        &self.buffer
    }

    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        // The story may be over.
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }
}

impl Upstream {
    /// Serves every connection by the script.
    pub async fn with<R>(script: impl Fn(Visit) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::default();
        let hearing = Arc::clone(&heard);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(script(Visit {
                    stream,
                    buffer: Vec::new(),
                    heard: Arc::clone(&hearing),
                }));
            }
        });
        Self {
            address,
            heard,
            serving,
        }
    }

    /// Answers every request with this.
    pub async fn answering(answer: &'static str) -> Self {
        Self::with(move |mut visit| async move {
            while visit.request().await.is_some() {
                visit.say(answer).await;
            }
        })
        .await
    }

    /// Answers every request with an empty list of films.
    pub async fn films() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
            .await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The rule that leads to it.
    pub fn rule(&self) -> GatewayRule {
        rule(&json!({"upstream": self.url()}))
    }

    /// What has arrived, and forgets it.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    /// The one request that has arrived.
    #[track_caller]
    pub fn heard_one(&self) -> Heard {
        let mut heard = self.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard.remove(0)
    }

    /// A way in that leads to it at [`FILMS`].
    pub fn behind(&self, t: &Server) -> Front {
        gateway(t, vec![self.rule()])
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A rule for [`FILMS`] with these fields.
pub fn rule(fields: &Value) -> GatewayRule {
    let mut rule = json!({"prefix": FILMS, "upstream": "http://127.0.0.1:1", "dialect": "rakomi"});
    for (name, value) in fields.as_object().unwrap() {
        rule[name] = value.clone();
    }
    serde_json::from_value(rule).unwrap()
}

/// A way in with these rules for the default project.
pub fn gateway(t: &Server, gateway: Vec<GatewayRule>) -> Front {
    t.front(Way {
        gateway,
        ..Way::default()
    })
}

/// The answer, line by line, without what differs between two equal ones.
pub fn shown(answer: Answer) -> String {
    let text = answer.masked().to_string();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// Asks until nobody is let through any more, which takes a moment after the database is gone: what was read of it is
/// believed for 750 ms. Returns the first refusal.
pub async fn until_refused(front: &Front, app: &Rakomi<'_>, target: &str) -> Answer {
    let asking = async {
        loop {
            let answer = ask(front, app, "GET", target).await;
            if answer.status != 200 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, asking).await.expect("refused at last")
}

/// Asks with somebody's token.
pub async fn ask(front: &Front, app: &Rakomi<'_>, method: &str, target: &str) -> Answer {
    front.send(app.request(method, target)).await
}

/// A connection of a client, for what no whole answer can show.
pub struct Client(TcpStream, Vec<u8>);

impl Client {
    pub async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap(), Vec::new())
    }

    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says a request with somebody's token and these further lines.
    pub async fn ask(&mut self, app: &Rakomi<'_>, line: &str, more: &str) {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{more}\r\n",
            app.access()
        );
        self.say(head).await;
    }

    /// Reads until this has come, and returns all that came since the last time.
    pub async fn until(&mut self, awaited: &str) -> String {
        let reading = async {
            loop {
                if let Some(at) = self
                    .1
                    .windows(awaited.len())
                    .position(|seen| seen == awaited.as_bytes())
                {
                    let heard = self.1.drain(..at + awaited.len()).collect();
                    return String::from_utf8(heard).unwrap();
                }
                let read = self.0.read_buf(&mut self.1).await.unwrap();
                assert!(
                    read > 0,
                    "ended before {awaited:?}: {:?}",
                    String::from_utf8_lossy(&self.1)
                );
            }
        };
        timeout(PATIENCE, reading).await.expect("what is awaited comes")
    }

    /// Reads to the end of the connection, however it ends.
    pub async fn rest(&mut self) -> Vec<u8> {
        let reading = async { while matches!(self.0.read_buf(&mut self.1).await, Ok(read) if read > 0) {} };
        timeout(PATIENCE, reading).await.expect("the connection ends");
        std::mem::take(&mut self.1)
    }

    /// Takes what came so far off the stream without waiting.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.0
    }
}
