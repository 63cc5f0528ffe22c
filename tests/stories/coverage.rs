//! The rows of the security catalogue that this server can meet today, each of which some test names.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The families of which every row of the first release (★) is met: a test names each, or it stands in [`UNMET`].
const WHOLE: [(&str, &[(u32, u32)]); 6] = [
    ("l", &[(1, 2), (4, 19)]),
    ("s", &[(1, 10), (13, 15), (17, 17)]),
    ("t", &[(1, 22), (24, 30)]),
    ("x", &[(1, 8), (10, 14), (16, 19)]),
    ("a", &[(1, 7), (9, 13), (15, 16)]),
    ("w", &[(1, 6), (8, 13)]),
];

/// Rows of those families that no door can meet yet, and why.
const UNMET: [(&str, &str); 0] = [];

/// The other families. What needs a part that does not exist yet (change of address, a second node, social login, magic
/// links, webhooks) joins with that part.
const MET: [(&str, &[u32]); 8] = [
    ("e", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16]),
    (
        "p",
        &[
            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 20, 21, 23, 24,
        ],
    ),
    ("r", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 18, 24, 25]),
    ("f", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
    ("g", &[1, 2, 3, 4, 5]),
    ("rt", &[1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 16]),
    ("i", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 18]),
    ("d", &[1, 2, 3, 5, 6, 7, 8, 9, 11, 12]),
];

#[test]
fn every_row_that_can_be_met_is_named_by_a_test() {
    let mut named = BTreeSet::new();
    for folder in ["../crates", "."] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut named);
    }
    let met = MET
        .iter()
        .flat_map(|(family, rows)| rows.iter().map(move |row| format!("{family}{row:02}")));
    let whole = WHOLE.iter().flat_map(|(family, rows)| {
        let rows = rows.iter().flat_map(|(first, last)| *first..=*last);
        rows.map(move |row| format!("{family}{row:02}"))
    });
    let unmet = |id: &str| UNMET.iter().any(|(row, _)| *row == id);
    let expected: Vec<_> = met.chain(whole).filter(|id| !unmet(id)).collect();
    let missing: Vec<_> = expected.iter().filter(|id| !named.contains(*id)).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
    let excused: Vec<_> = UNMET.iter().filter(|(id, _)| named.contains(*id)).collect();
    assert!(excused.is_empty(), "a test names {excused:?} by now");
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
