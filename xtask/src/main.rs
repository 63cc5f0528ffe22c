//! Checks of the workspace's own rules, run by people and by CI as `cargo xtask <task>`.

mod bench;
mod borders;
mod fresh;
mod layers;
mod sizes;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "xtask", about = "Checks of the workspace's own rules")]
enum Task {
    /// Checks which crate imports which against the table of borders
    Layers,
    /// Checks the length of files, the budget of `both!` pairs, and markers that must not stay
    Sizes,
    /// Checks that every generated file equals what the binary generates now
    Fresh {
        /// Updates the files instead of checking them
        #[arg(long)]
        write: bool,
    },
    /// Builds the release binary and measures it; arguments go to the measuring program
    Bench {
        /// What to measure, as `vestibule-bench --help` says
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// What a task says at its end: a summary, or the report of what is wrong.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Layers => layers::run(),
        Task::Sizes => sizes::run(),
        Task::Fresh { write } => fresh::run(write),
        Task::Bench { arguments } => bench::run(&arguments),
    };
    match outcome {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(report) => {
            eprintln!("{report}");
            ExitCode::FAILURE
        }
    }
}
