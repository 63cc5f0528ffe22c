//! The rows of the security catalogue that this server can meet today, each of which some test names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// By family. What needs a part that does not exist yet (change of address, a second node, social login, magic links,
/// webhooks) joins with that part.
const MET: [(&str, &[u32]); 14] = [
    ("e", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16]),
    (
        "p",
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 20, 21, 23, 24,
        ],
    ),
    ("r", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 18, 24, 25]),
    ("f", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    ("a", &[1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16]),
    ("g", &[1, 2, 3, 4, 5]),
    ("l", &[1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19]),
    ("s", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 17]),
    (
        "t",
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20, 21, 22, 24, 25, 26, 27, 30,
        ],
    ),
    ("x", &[1, 2, 3, 4, 5, 7, 10, 11, 12, 13, 14, 16, 17, 18]),
    ("rt", &[1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 16]),
    ("w", &[1, 2, 3, 4, 6, 8, 9, 10, 11, 13]),
    ("i", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 18]),
    ("d", &[1, 2, 3, 5, 6, 7, 8, 9, 11, 12]),
];

#[test]
fn every_row_that_can_be_met_is_named_by_a_test() {
    let mut named = BTreeSet::new();
    for folder in ["../crates", "."] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut named);
    }
    let expected = MET
        .iter()
        .flat_map(|(family, rows)| rows.iter().map(move |row| format!("{family}{row:02}")));
    let missing: Vec<_> = expected.filter(|id| !named.contains(id)).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
}

/// The ids that the names of functions begin with; `r06_r09_…` names two.
fn collect(path: &Path, named: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), named);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        let text = fs::read_to_string(path).unwrap();
        for name in text.split("fn ").skip(1) {
            named.extend(name.split('_').take_while(|word| is_id(word)).map(str::to_owned));
        }
    }
}

fn is_id(word: &str) -> bool {
    let digits = word.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    (1..=2).contains(&(word.len() - digits.len()))
        && digits.len() == 2
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}
