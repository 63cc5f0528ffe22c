//! Logs: lines on stderr from a thread of their own, so that a stuck terminal or pipe never holds up a request.

use crate::config::check::{Finding, error};
use crate::config::{Log, LogFormat};
use std::io::IsTerminal as _;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt, reload};

/// Lines that wait at most; what comes after them is dropped and counted.
const WAITING_LINES: usize = 8192;

/// Running logs; what is still waiting is written when this is dropped.
pub struct Logs {
    level: reload::Handle<EnvFilter, Registry>,
    dropped: ErrorCounter,
    _writer: WorkerGuard,
}

impl Logs {
    /// Begins logging for the whole process.
    pub fn start(log: &Log) -> Result<Self, String> {
        let (filter, level) = reload::Layer::new(filter(log).map_err(|wrong| wrong.to_string())?);
        let (writer, guard) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(WAITING_LINES)
            .thread_name("logs")
            .finish(std::io::stderr());
        let dropped = writer.error_counter();
        let lines = match log.format {
            LogFormat::Json => fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(writer)
                .boxed(),
            LogFormat::Text => fmt::layer()
                .with_ansi(std::io::stderr().is_terminal())
                .with_writer(writer)
                .boxed(),
        };
        let begun = tracing_subscriber::registry().with(filter).with(lines).try_init();
        begun.map_err(|error| format!("cannot begin to log: {error}"))?;
        Ok(Self {
            level,
            dropped,
            _writer: guard,
        })
    }

    /// Logs more or less from now on.
    pub fn set_level(&self, log: &Log) -> Result<(), String> {
        self.level
            .reload(filter(log).map_err(|wrong| wrong.to_string())?)
            .map_err(|error| format!("log.level: {error}"))
    }

    /// Counts the lines that were dropped because nobody took them.
    pub fn dropped(&self) -> ErrorCounter {
        self.dropped.clone()
    }
}

/// What is wrong with the level, before anything is logged.
pub fn judge(log: &Log) -> Result<(), Finding> {
    filter(log).map(drop)
}

fn filter(log: &Log) -> Result<EnvFilter, Finding> {
    EnvFilter::try_new(&log.level).map_err(|wrong| {
        let level = &log.level;
        error(
            "log.level",
            format!("\"{level}\" is no level such as \"info\", nor directives such as \"info,vestibule_ops=debug\": {wrong}"),
        )
    })
}
