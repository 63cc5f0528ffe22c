//! Measures the release binary against references taken in the same run, and prints one table.
//!
//! `cargo xtask bench` builds what is needed and calls this. Load comes from `wrk` (Debian's package), on the
//! same machine; the server's CPU time is read from `/proc`. Figures of different runs do not compare: only the
//! ratios do.

mod door;
mod doors;
mod gateway;
mod limit;
mod load;
mod many_projects;
mod people;
mod postgres;
mod projects;
mod reference;
mod report;
mod rounds;
mod server;
mod turns;
mod verdicts;

use clap::{Parser, Subcommand, ValueEnum};
use report::Report;
use std::path::PathBuf;

/// Load measurements of Vestibule.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask bench\n  cargo xtask bench --only door,gateway --seconds 1 --turns 3"
)]
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
    /// Users that are imported into PostgreSQL before its second round.
    #[arg(long, default_value_t = 1_000_000)]
    postgres_users: u32,
    /// Projects in one process, whose figures must stay within 15 % of those of a single one.
    #[arg(long, default_value_t = 10_000)]
    projects: u32,
    /// Measure only these parts, separated by commas; otherwise all.
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    #[command(subcommand)]
    process: Option<Process>,
}

/// What can be measured apart.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Size, start, memory, flood, and Rakomi's login, refresh, `me` and JWKS with few users and with many
    Base,
    /// The other doors' logins and profiles, and forward-auth of all
    Door,
    /// What the gateway adds to an upstream's latency
    Gateway,
    /// Many projects in one process
    Projects,
    /// Rakomi's login, refresh and `me` on PostgreSQL, with few users and with many, and on two nodes
    Postgres,
}

#[derive(Subcommand)]
enum Process {
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
    if let Some(Process::Bare { document }) = arguments.process {
        return reference::serve_bare(document);
    }
    let mut report = Report::default();
    for part in Part::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(part) {
            continue;
        }
        match part {
            Part::Base => rounds::run(&arguments, &mut report)?,
            Part::Door => doors::run(&arguments, &mut report)?,
            Part::Gateway => gateway::run(&arguments, &mut report)?,
            Part::Projects => projects::run(&arguments, &mut report)?,
            Part::Postgres => postgres::run(&arguments, &mut report)?,
        }
    }
    match report.print() {
        0 => Ok(()),
        missed => Err(format!("{missed} goals missed").into()),
    }
}
