//! `vestibule reference`: the parts of the documentation that are generated.

use super::output::line;
use super::{Attempt, Failure, Outcome};
use crate::dialects;
use clap::{CommandFactory as _, Subcommand};
use std::fmt::Write as _;

/// Where documents say that the server is, since they are not of any one server.
const ANYWHERE: &str = "http://127.0.0.1:7373";

/// Print generated documentation
#[derive(Subcommand)]
pub enum ReferenceCommand {
    /// Every command with its help, in Markdown
    Cli,
    /// The `OpenAPI` document of a dialect
    Openapi { dialect: String },
    /// The refusals of a dialect, in Markdown
    Errors { dialect: String },
}

impl ReferenceCommand {
    pub fn run(self) -> Outcome {
        match self {
            Self::Cli => line(cli().trim_end()),
            Self::Openapi { dialect } => {
                let document = vestibule_web::openapi(&find(&dialect)?, ANYWHERE);
                let text = serde_json::to_string_pretty(&document).attempting("write the document")?;
                line(&text)
            }
            Self::Errors { dialect } => line(super::errors::table(&find(&dialect)?).trim_end()),
        }
    }
}

fn find(name: &str) -> Result<vestibule_web::Dialect, Failure> {
    let found = dialects::all()
        .into_iter()
        .find(|dialect| dialect.door.name.as_str() == name);
    found.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no dialect {name}; there are {}",
            dialects::names().join(", ")
        ))
    })
}

fn cli() -> String {
    let mut page = String::from("# Commands\n\nWhat `vestibule help` says, command by command.\n");
    let mut root = super::Cli::command().term_width(100);
    root.build();
    describe(&mut page, &mut root, "");
    page
}

fn describe(page: &mut String, command: &mut clap::Command, parent: &str) {
    let name = format!("{parent} {}", command.get_name()).trim().to_owned();
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "\n## {name}\n\n```text\n{}\n```\n",
        command.render_long_help().to_string().trim_end()
    );
    for inner in command.get_subcommands_mut() {
        if !inner.is_hide_set() && inner.get_name() != "help" {
            describe(page, inner, &name);
        }
    }
}
