//! `vestibule user import`

use super::arguments::RealmArguments;
use super::desk::Desk;
use super::output::harmless;
use super::{Attempt, Failure, Outcome, user, words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use vestibule_model::{Environment, Project};
use vestibule_ops::admin::users::{self, NewPassword, NewUser};

/// Users handed over at once.
const BATCH: usize = 500;
/// Refused lines that are listed for people; a script gets all of them.
const LISTED: usize = 20;

#[derive(Deserialize)]
struct Line {
    email: String,
    password: Option<String>,
    password_hash: Option<String>,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    public_metadata: Map<String, Value>,
    #[serde(flatten)]
    profile: Map<String, Value>,
}

#[derive(Serialize)]
struct Summary {
    imported: u64,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    line: u64,
    message: String,
}

struct Import<'a> {
    desk: &'a Desk,
    project: &'a Project,
    environment: Environment,
    summary: Summary,
    batch: Vec<(u64, NewUser)>,
}

pub async fn run(desk: &Desk, realm: &RealmArguments, file: &Path) -> Outcome {
    let project = user::project(desk, realm).await?;
    let environment = desk.realm(realm).await?.environment;
    let summary = Summary {
        imported: 0,
        refused: Vec::new(),
    };
    let mut import = Import {
        desk,
        project: &project,
        environment,
        summary,
        batch: Vec::new(),
    };
    let bar = desk.output.progress("bytes read");
    let mut lines = open(file, &bar)?;
    let (mut number, mut text) = (0, String::new());
    loop {
        text.clear();
        let read = lines
            .read_line(&mut text)
            .attempting(format!("read {}", file.display()))?;
        number += 1;
        import.take(number, text.trim());
        if read == 0 || import.batch.len() == BATCH {
            import.hand_over().await?;
        }
        bar.inc(read as u64);
        if read == 0 {
            break;
        }
    }
    bar.finish_and_clear();
    import.tell()
}

fn open(file: &Path, bar: &indicatif::ProgressBar) -> Result<Box<dyn BufRead + Send>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).attempting(format!("open {}", file.display()))?;
    bar.set_length(opened.metadata().map_or(0, |it| it.len()));
    Ok(Box::new(BufReader::new(opened)))
}

impl Import<'_> {
    fn take(&mut self, line: u64, text: &str) {
        if text.is_empty() {
            return;
        }
        match serde_json::from_str::<Line>(text) {
            Ok(read) => self.batch.push((line, read.into())),
            Err(error) => {
                // The parser counts lines too, but only within this one.
                let message = error.to_string();
                let message = message.split(" at line ").next().unwrap_or_default().to_owned();
                self.summary.refused.push(Refused {
                    line,
                    message: format!("{message} (column {})", error.column()),
                });
            }
        }
    }

    async fn hand_over(&mut self) -> Outcome {
        let (lines, users): (Vec<_>, Vec<_>) = self.batch.drain(..).unzip();
        let (core, by) = (&self.desk.core, &self.desk.operator);
        let made = users::import(core, by, self.project, self.environment, users).await?;
        for (line, made) in lines.into_iter().zip(made) {
            match made {
                Ok(_) => self.summary.imported += 1,
                Err(refusal) => self.summary.refused.push(Refused {
                    line,
                    message: words::refusal(&refusal),
                }),
            }
        }
        Ok(())
    }

    fn tell(mut self) -> Outcome {
        self.summary.refused.sort_by_key(|it| it.line);
        let Summary { imported, refused } = &self.summary;
        self.desk.output.result(&self.summary, || {
            let listed = refused
                .iter()
                .take(LISTED)
                .map(|it| format!("\nline {}: {}", it.line, harmless(&it.message)));
            let more = refused.len().saturating_sub(LISTED);
            let more = if more > 0 {
                format!("\nand {more} more; --json lists all")
            } else {
                String::new()
            };
            format!(
                "imported {imported}, refused {}{}{more}",
                refused.len(),
                listed.collect::<String>()
            )
        })?;
        if refused.is_empty() {
            Ok(())
        } else {
            Err(Failure::new(format!("{} lines were refused", refused.len())))
        }
    }
}

impl From<Line> for NewUser {
    fn from(line: Line) -> Self {
        let plain = line.password.map(NewPassword::Plain);
        Self {
            email: line.email,
            email_verified: line.email_verified,
            password: line.password_hash.map(NewPassword::Hash).or(plain),
            profile: line.profile,
            public_metadata: line.public_metadata,
        }
    }
}
