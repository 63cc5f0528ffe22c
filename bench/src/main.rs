//! Measures the release binary against references taken in the same run, and prints one table.
//!
//! `cargo xtask bench` builds what is needed and calls this. Load comes from `wrk` (Debian's package), on the
//! same machine; the server's CPU time is read from `/proc`. Figures of different runs do not compare: only the
//! ratios do.

mod load;
mod reference;
mod report;
mod rounds;
mod server;
mod turns;
mod verdicts;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Load measurements of Vestibule.
#[derive(Parser)]
struct Arguments {
    /// The binary to measure.
    #[arg(long, default_value = "target/release/vestibule")]
    binary: PathBuf,
    /// Seconds that each load lasts.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each figure and its reference are measured in turn.
    #[arg(long, default_value_t = 5)]
    turns: u32,
    /// Users that are imported before the second round, whose figures must stay within 15 % of the first.
    #[arg(long, default_value_t = 100_000)]
    users: u32,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Serves one JSON answer and one document with bare axum: the reference, run as a process of its own.
    Bare {
        /// Bytes of the document.
        #[arg(long)]
        document: usize,
    },
}

/// Everything that can stop a measurement ends it with this text.
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    if let Some(Part::Bare { document }) = arguments.part {
        return reference::serve_bare(document);
    }
    rounds::run(&arguments)
}
