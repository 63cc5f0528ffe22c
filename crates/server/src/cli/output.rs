//! What commands print: JSON for scripts, tables and sentences for people.

use super::Failure;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::io::{IsTerminal as _, Write as _};

/// Where a command's results go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// One line of JSON instead of text.
    pub json: bool,
    /// Whether questions are answered with yes in advance.
    pub yes: bool,
}

/// A column of a list: its heading, and its text for a row.
pub type Column<T> = (&'static str, fn(&T) -> String);

impl Output {
    /// Prints a result: itself as JSON, or the sentences that it makes for people.
    pub fn result<T: Serialize>(self, value: &T, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json {
            line(&json(value)?)
        } else {
            line(&text())
        }
    }

    /// Prints a list: `{"data": […]}`, or a table.
    pub fn list<T: Serialize>(self, rows: &[T], columns: &[Column<T>], none: &str) -> Result<(), Failure> {
        if self.json {
            return line(&json(&serde_json::json!({ "data": rows }))?);
        }
        if rows.is_empty() {
            return line(none);
        }
        line(&table(rows, columns))
    }

    /// Tells people something besides the result, on stderr.
    pub fn note(self, text: &str) {
        if !self.json {
            eprintln!("note: {}", harmless(text));
        }
    }

    /// Asks before something that cannot be undone. Without a terminal the answer is no, unless `--yes` was given.
    pub fn confirm(self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::new(format!(
                "{question} Nobody is there to answer: repeat the command with --yes"
            )));
        }
        let asked = dialoguer::Confirm::new()
            .with_prompt(question)
            .default(false)
            .interact();
        match asked {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::new("nothing was changed")),
            Err(error) => Err(Failure::new(format!("cannot ask: {error}"))),
        }
    }

    /// A bar on stderr for long work; nothing when stderr is no terminal.
    pub fn progress(self, doing: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{msg:>12} [{bar:32}] {human_pos}/{human_len} {eta}");
        bar.set_style(
            style
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        bar.with_message(doing)
    }
}

/// The rows under headings, without control characters that a stranger put into a name.
pub fn table<T>(rows: &[T], columns: &[Column<T>]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if let Ok(size) = rustix::termios::tcgetwinsize(std::io::stdout()) {
        table.set_width(size.ws_col);
    }
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        table.add_row(columns.iter().map(|(_, cell)| harmless(&cell(row))));
    }
    // Without borders, lines end in the padding of their last cell.
    table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names and values below each other, the values aligned.
pub fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = facts
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}").trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Text of strangers for a terminal: control and direction characters are shown, not obeyed.
pub fn harmless(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|c| {
            if obeyed(c) {
                c.escape_unicode().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// `text` and a line feed on stdout. A reader that has gone (`| head`) ends the command without complaint.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::new(format!("cannot write JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_cannot_steer_the_terminal() {
        assert_eq!(
            harmless("Eve\u{1b}[2J\r\n\u{202e}x é"),
            "Eve\\u{1b}[2J\\u{d}\\u{a}\\u{202e}x é"
        );
    }
}
