//! Signals. SIGTERM and SIGINT ask to stop, a second one ends the process at once; SIGHUP asks to read the
//! configuration again.

use std::process;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What the shell reports for a process that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// SIGHUP, which asks to look at the configuration again.
pub struct Hangup(Signal);

impl Hangup {
    /// Begins to listen; from now on the signal no longer ends the process.
    pub fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Waits for the next one.
    pub async fn received(&mut self) {
        self.0.recv().await;
    }
}

/// The signals that ask the process to stop.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Begins to listen; from now on the signals no longer end the process by themselves.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for a signal; the next one ends the process.
    pub async fn asked(mut self) {
        self.next().await;
        tokio::spawn(async move {
            self.next().await;
            tracing::warn!("asked to stop twice: stopping without waiting for running requests");
            process::exit(INTERRUPTED);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
