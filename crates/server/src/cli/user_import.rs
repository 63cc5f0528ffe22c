//! `vestibule user import`

use super::arguments::RealmArguments;
use super::desk::Desk;
use super::output::harmless;
use super::{Attempt, Failure, Outcome, user, user_import_line, words};
use serde::Serialize;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use vestibule_model::{Environment, Project};
use vestibule_ops::admin::users::{self, NewUser};

/// Users handed over at once.
const BATCH: usize = 500;
/// Refused lines that are listed for people; a script gets all of them.
const LISTED: usize = 20;

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
    let read = import.read(&mut lines, &bar).await;
    bar.finish_and_clear();
    match read {
        Ok(()) => import.tell(),
        Err(failure) => {
            // What has been imported stays, and is told before what went wrong.
            import.tell_summary()?;
            Err(failure)
        }
    }
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
    async fn read(&mut self, lines: &mut impl BufRead, bar: &indicatif::ProgressBar) -> Outcome {
        let (mut number, mut bytes) = (0, Vec::new());
        loop {
            bytes.clear();
            number += 1;
            let read = lines.read_until(b'\n', &mut bytes);
            if let Ok(1..) = read {
                self.take(number, &bytes);
            }
            if !matches!(read, Ok(1..)) || self.batch.len() == BATCH {
                self.hand_over().await?;
            }
            let read = read.attempting(format!("read line {number}"))?;
            bar.inc(read as u64);
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, line: u64, bytes: &[u8]) {
        match user_import_line::read(line, bytes) {
            Ok(user) => self.batch.extend(user.map(|user| (line, user))),
            Err(message) => self.summary.refused.push(Refused { line, message }),
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
        self.tell_summary()?;
        match self.summary.refused.len() {
            0 => Ok(()),
            1 => Err(Failure::new("1 line was refused")),
            refused => Err(Failure::new(format!("{refused} lines were refused"))),
        }
    }

    fn tell_summary(&mut self) -> Outcome {
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
        })
    }
}
