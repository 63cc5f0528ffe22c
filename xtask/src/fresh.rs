//! `cargo xtask fresh`: the committed files that the binary generates, against what it generates now.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, process};

use serde_json::Value;

use crate::Outcome;
use crate::workspace::{capture, cargo, root};

/// Each generated file and the words after `vestibule` that print it.
const GENERATED: &[(&str, &[&str])] = &[
    ("docs/reference/configuration.md", &["config", "reference"]),
    ("docs/reference/vestibule.sample.toml", &["config", "sample"]),
    ("docs/reference/vestibule.schema.json", &["config", "schema"]),
    ("docs/reference/cli.md", &["reference", "cli"]),
];

/// Where the dialects are, each in a folder of its name.
const DIALECTS: &str = "crates/dialects";

/// Every generated file, with the two of each dialect.
fn generated() -> Result<Vec<(String, Vec<String>)>, String> {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut files: Vec<_> = GENERATED
        .iter()
        .map(|(file, words)| ((*file).to_owned(), owned(words)))
        .collect();
    for name in dialects()? {
        let openapi = format!("docs/reference/openapi/{name}.json");
        files.push((openapi, owned(&["reference", "openapi", &name])));
        let errors = format!("docs/reference/errors-{name}.md");
        files.push((errors, owned(&["reference", "errors", &name])));
    }
    Ok(files)
}

/// The names of the dialects, in alphabetical order.
fn dialects() -> Result<Vec<String>, String> {
    let unread = |error| format!("fresh: cannot read {DIALECTS}: {error}");
    let folders = fs::read_dir(root().join(DIALECTS)).map_err(unread)?;
    let names = folders.map(|folder| Ok(folder.map_err(unread)?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<Result<_, String>>()?;
    names.sort();
    Ok(names)
}

/// Generates every file and compares it with the committed one, or writes it there.
pub fn run(write: bool) -> Outcome {
    let binary = build()?;
    let folder = env::temp_dir().join(format!("vestibule-fresh-{}", process::id()));
    fs::create_dir_all(&folder)
        .map_err(|error| format!("fresh: cannot make {}: {error}", folder.display()))?;

    let settle = if write { update } else { compare };
    let mut wrong = Vec::new();
    let generated = generated()?;
    for (file, words) in &generated {
        let settled = generate(&binary, words, &folder).and_then(|text| settle(&root().join(file), &text));
        if let Err(reason) = settled {
            wrong.push(format!("{file} (vestibule {}): {reason}", words.join(" ")));
        }
    }
    // Only an empty folder can be removed this way; whatever a command left in it stays to be looked at.
    if fs::remove_dir(&folder).is_err() {
        wrong.push(format!(
            "a command that only prints left files in {}",
            folder.display()
        ));
    }

    let done = if write { "written" } else { "fresh" };
    if wrong.is_empty() {
        return Ok(format!("fresh: {} generated files are {done}", generated.len()));
    }
    Err(format!(
        "{}\nfresh: not all of {} generated files are {done}",
        wrong.join("\n"),
        generated.len()
    ))
}

/// Builds the server and returns the path of its binary.
fn build() -> Result<PathBuf, String> {
    let arguments = [
        "build",
        "--quiet",
        "--package",
        "vestibule-server",
        "--message-format",
        "json-render-diagnostics",
    ];
    let printed = capture(&mut cargo(&arguments))?;
    let messages = printed
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok());
    let binary = messages
        .filter_map(|message: Value| Some(message.get("executable")?.as_str()?.into()))
        .next_back();
    binary.ok_or_else(|| "fresh: vestibule-server built no binary".to_owned())
}

/// What the binary prints in an empty folder and without the settings of this terminal, so that nothing of
/// this machine gets into a reference.
fn generate(binary: &Path, words: &[String], folder: &Path) -> Result<Vec<u8>, String> {
    let mut command = Command::new(binary);
    command
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_clear()
        .env("COLUMNS", "100");
    let printed = capture(&mut command)?;
    if printed.is_empty() {
        Err("the command printed nothing".to_owned())
    } else {
        Ok(printed)
    }
}

fn update(path: &Path, generated: &[u8]) -> Result<(), String> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(path, generated))
        .map_err(|error| format!("cannot be written: {error}"))
}

fn compare(path: &Path, generated: &[u8]) -> Result<(), String> {
    let committed = fs::read(path)
        .map_err(|error| format!("cannot be read: {error}; run `cargo xtask fresh --write` and commit it"))?;
    if committed == generated {
        return Ok(());
    }
    let line = 1 + committed
        .split(|byte| *byte == b'\n')
        .zip(generated.split(|byte| *byte == b'\n'))
        .take_while(|(before, now)| before == now)
        .count();
    Err(format!(
        "differs from line {line} on; run `cargo xtask fresh --write` and commit it"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_file_is_reported_with_its_first_differing_line() {
        let path = env::temp_dir().join(format!("vestibule-stale-{}.md", process::id()));
        update(&path, b"one\ntwo\nthree\n").unwrap();

        assert_eq!(compare(&path, b"one\ntwo\nthree\n"), Ok(()));
        for changed in [&b"one\n2\nthree\n"[..], b"one\n"] {
            let reason = compare(&path, changed).unwrap_err();
            assert!(reason.starts_with("differs from line 2 on"), "{reason}");
        }
        fs::remove_file(&path).unwrap();
        assert!(compare(&path, b"").unwrap_err().contains("fresh --write"));
    }
}
