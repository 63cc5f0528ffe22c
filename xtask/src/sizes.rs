//! `cargo xtask sizes`: the length of files, the budget of `both!` pairs, and markers that must not stay.
//!
//! The length of functions is clippy's to check (`too_many_lines`).

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::workspace::root;

/// Folders whose files are measured.
const MEASURED: &[&str] = &["crates", "tests", "bench", "xtask"];
/// A file above this is listed, so that a reviewer asks whether it is one thing.
const REVIEW: usize = 300;
/// A file above this fails the check.
const LIMIT: usize = 500;
/// How many sentences may differ between the two databases.
const PAIRS: usize = 10;
/// Folders whose files may hold no marker: all but this one, which has to name them.
const UNMARKED: &[&str] = &["crates", "tests", "bench"];
/// What must not stay, and what to do instead.
const MARKERS: &[(&str, &str)] = &[
    ("#[allow(", "say `#[expect(…, reason = \"…\")]`"),
    ("#![allow(", "say `#![expect(…, reason = \"…\")]`"),
    ("#[ignore", "make the test run, or remove it"),
    ("TODO", "do it, or file an issue"),
    ("FIXME", "mend it, or file an issue"),
];

/// One source file, its path relative to the workspace.
struct Source {
    path: PathBuf,
    text: String,
}

/// Measures every Rust file of the workspace.
pub fn run() -> Outcome {
    let mut sources = Vec::new();
    for folder in MEASURED {
        read_into(&mut sources, &root(), &root().join(folder))?;
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    check(&sources)
}

fn read_into(sources: &mut Vec<Source>, root: &Path, folder: &Path) -> Result<(), String> {
    let cannot = |error| format!("sizes: cannot read {}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            read_into(sources, root, &path)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("sizes: cannot read {}: {error}", path.display()))?;
            sources.push(Source {
                path: path.strip_prefix(root).unwrap_or(&path).to_path_buf(),
                text,
            });
        }
    }
    Ok(())
}

fn check(sources: &[Source]) -> Outcome {
    let product = || sources.iter().filter(|source| !is_test(&source.path));
    let lengths: Vec<(usize, &Path)> = product()
        .map(|source| (code(&source.text).lines().count(), source.path.as_path()))
        .collect();
    let shipped = product().filter(|source| source.path.starts_with("crates"));
    let pairs: usize = shipped.map(|source| pairs(code(&source.text))).sum();

    let mut wrong: Vec<String> = sources.iter().flat_map(marked).collect();
    let too_long = lengths.iter().filter(|(lines, _)| *lines > LIMIT);
    wrong.extend(too_long.map(|(lines, path)| {
        format!(
            "{}: {lines} lines, and {LIMIT} is the limit; split it by what it does",
            path.display()
        )
    }));
    if pairs > PAIRS {
        wrong.push(format!(
            "{pairs} `both!` pairs, and {PAIRS} is the budget; say it in the databases' shared tongue"
        ));
    }

    let mut summary = String::new();
    for (lines, path) in lengths
        .iter()
        .filter(|(lines, _)| (REVIEW + 1..=LIMIT).contains(lines))
    {
        let _ = writeln!(
            summary,
            "review: {} has {lines} lines; is it one thing?",
            path.display()
        );
    }
    let _ = write!(
        summary,
        "sizes: {} files, median {} lines, longest {}; {pairs} of {PAIRS} `both!` pairs",
        lengths.len(),
        median(lengths.iter().map(|(lines, _)| *lines).collect()),
        lengths.iter().map(|(lines, _)| *lines).max().unwrap_or(0),
    );
    if wrong.is_empty() {
        Ok(summary)
    } else {
        Err(format!("{}\n{summary}", wrong.join("\n")))
    }
}

/// Whether a whole file is tests: anything in a `tests` folder, and a `tests.rs` beside its module.
fn is_test(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

/// The text without its `#[cfg(test)] mod …` tail; clippy sees to it that nothing follows that module.
fn code(text: &str) -> &str {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = text.get(start..).unwrap_or_default();
        if line.trim_end() == "#[cfg(test)]" && opens_a_module(rest) {
            return text.get(..start).unwrap_or(text).trim_end();
        }
        start += line.len();
    }
    text
}

fn opens_a_module(attributes: &str) -> bool {
    let item = attributes.lines().find(|line| !line.starts_with("#["));
    item.is_some_and(|item| item.starts_with("mod ") && item.ends_with('{'))
}

fn pairs(code: &str) -> usize {
    let sentences = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    sentences.map(|line| line.matches("both!").count()).sum()
}

fn marked(source: &Source) -> Vec<String> {
    if !UNMARKED.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let lines = source.text.lines().zip(1_usize..);
    lines
        .flat_map(|(line, number)| {
            let found = MARKERS.iter().filter(move |(marker, _)| holds(line, marker));
            found.map(move |(marker, instead)| {
                format!(
                    "{}:{number}: `{marker}` must not stay; {instead}",
                    source.path.display()
                )
            })
        })
        .collect()
}

/// Whether a line holds a marker that is not merely the inside of a longer word, as in encoded test data.
fn holds(line: &str, marker: &str) -> bool {
    let in_a_word = |text: Option<char>| text.is_some_and(char::is_alphanumeric);
    let is_word = marker.chars().all(char::is_alphanumeric);
    line.match_indices(marker).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line
            .get(start + marker.len()..)
            .and_then(|text| text.chars().next());
        !is_word || !in_a_word(before) && !in_a_word(after)
    })
}

fn median(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str) -> Outcome {
        check(&[Source {
            path: path.into(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn a_file_may_have_500_lines_and_not_one_more() {
        assert!(check_one("crates/ops/src/login.rs", &"\n".repeat(500)).is_ok());
        let report = check_one("crates/ops/src/login.rs", &"\n".repeat(501)).unwrap_err();
        assert!(
            report.starts_with("crates/ops/src/login.rs: 501 lines, and 500 is the limit"),
            "{report}"
        );
    }

    #[test]
    fn a_file_above_300_lines_is_listed_and_passes() {
        assert!(
            !check_one("bench/src/main.rs", &"\n".repeat(300))
                .unwrap()
                .contains("review")
        );
        assert!(
            check_one("bench/src/main.rs", &"\n".repeat(301))
                .unwrap()
                .starts_with("review: bench/")
        );
    }

    #[test]
    fn the_tests_of_a_file_are_not_counted() {
        let tail = "\n".repeat(900);
        let plain = format!("fn code() {{}}\n\n#[cfg(test)]\nmod tests {{{tail}}}\n");
        let expecting =
            format!("fn code() {{}}\n#[cfg(test)]\n#[expect(a, reason = \"\")]\nmod rules {{{tail}}}\n");
        for text in [plain, expecting] {
            assert!(
                check_one("xtask/src/sizes.rs", &text)
                    .unwrap()
                    .contains("longest 1;")
            );
        }
    }

    #[test]
    fn a_line_of_code_for_tests_does_not_hide_what_follows() {
        for attributed in ["#[cfg(test)]\nuse std::fs;\n", "#[cfg(test)]\nmod tests;\n"] {
            let text = format!("{attributed}{}", "\n".repeat(499));
            assert!(check_one("crates/ops/src/lib.rs", &text).is_err(), "{attributed}");
        }
    }

    #[test]
    fn stories_have_no_limit_but_hold_no_marker() {
        assert!(check_one("tests/stories/rakomi/login.rs", &"\n".repeat(900)).is_ok());
        assert!(check_one("crates/store/src/sessions/tests.rs", &"\n".repeat(900)).is_ok());
        assert!(check_one("tests/stories/rakomi/login.rs", "#[ignore]\n").is_err());
    }

    #[test]
    fn the_eleventh_pair_breaks_the_budget() {
        let pair = "    both!(sqlite: \"\", postgres: \"\"),\n";
        let documented = "/// `both!(…)` spells a sentence twice.\nmacro_rules! both {}\n";
        assert!(
            check_one(
                "crates/store/src/sql.rs",
                &format!("{documented}{}", pair.repeat(10))
            )
            .is_ok()
        );
        let report = check_one("crates/store/src/sql.rs", &pair.repeat(11)).unwrap_err();
        assert!(
            report.starts_with("11 `both!` pairs, and 10 is the budget"),
            "{report}"
        );
    }

    #[test]
    fn each_marker_is_found_where_it_stands() {
        for (marker, _) in MARKERS {
            let report = check_one("crates/web/src/lib.rs", &format!("\n// {marker}: x\n")).unwrap_err();
            assert!(
                report.starts_with(&format!("crates/web/src/lib.rs:2: `{marker}`")),
                "{report}"
            );
        }
        assert!(check_one("crates/web/src/lib.rs", "const SEALED: &str = \"aTODOb\";\n").is_ok());
    }

    #[test]
    fn the_median_is_the_middle_file() {
        assert_eq!(median(vec![900, 10, 40]), 40);
        assert_eq!(median(Vec::new()), 0);
    }
}
