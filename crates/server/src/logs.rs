//! Logs: lines on stderr from a thread of their own, so that a stuck terminal or pipe never holds up a request.

use crate::config::{Log, LogFormat};
use std::io::IsTerminal as _;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Lines that wait at most; what comes after them is dropped and counted.
const WAITING_LINES: usize = 8192;

/// Running logs; what is still waiting is written when this is dropped.
pub struct Logs {
    _writer: WorkerGuard,
    dropped: ErrorCounter,
}

impl Logs {
    /// Begins logging for the whole process.
    pub fn start(log: &Log) -> Result<Self, String> {
        let filter = EnvFilter::try_new(&log.level).map_err(|error| format!("log.level: {error}"))?;
        let (writer, guard) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(WAITING_LINES)
            .thread_name("logs")
            .finish(std::io::stderr());
        let dropped = writer.error_counter();
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(writer);
        let begun = match log.format {
            LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
            LogFormat::Text => lines
                .with_ansi(std::io::stderr().is_terminal())
                .finish()
                .try_init(),
        };
        begun.map_err(|error| format!("cannot begin to log: {error}"))?;
        Ok(Self {
            _writer: guard,
            dropped,
        })
    }

    /// Counts the lines that were dropped because nobody took them.
    pub fn dropped(&self) -> ErrorCounter {
        self.dropped.clone()
    }
}
