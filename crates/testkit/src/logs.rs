//! What was logged.

use crate::Server;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::util::SubscriberInitExt;

/// Everything that this thread logs while this is held, down to the last detail.
pub struct Logs {
    lines: Lines,
    _held: tracing::subscriber::DefaultGuard,
}

impl Server {
    /// Begins to listen to what is logged.
    pub fn logs(&self) -> Logs {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false);
        Logs {
            lines,
            _held: subscriber
                .with_writer(move || writer.clone())
                .finish()
                .set_default(),
        }
    }
}

impl Logs {
    /// All lines so far.
    pub fn so_far(&self) -> String {
        let lines = self.lines.0.lock().expect("no story panics while it logs");
        String::from_utf8_lossy(&lines).into_owned()
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no story panics while it logs").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
