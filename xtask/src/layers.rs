//! `cargo xtask layers`: the manifests against the table of borders.

use std::path::Path;

use serde_json::Value;

use crate::Outcome;
use crate::borders::{BORDERS, Border, FOR_TESTS, GUARDS, meant};
use crate::workspace::{capture, cargo};

/// A crate of the workspace and what its manifest imports.
struct Member {
    package: String,
    /// Its folder without `crates/`, as the table names it.
    name: String,
    imports: Vec<Import>,
}

/// One line of a manifest's dependencies.
struct Import {
    package: String,
    /// The name in the table when the package is one of ours.
    ours: Option<String>,
    /// Whether it is there for tests only.
    dev: bool,
}

/// Reads every manifest through `cargo metadata` and reports each crossed border.
pub fn run() -> Outcome {
    let printed = capture(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata = serde_json::from_slice(&printed)
        .map_err(|error| format!("layers: cannot read what cargo metadata printed: {error}"))?;
    let members = members(&metadata)
        .ok_or("layers: cargo metadata printed a shape this task does not know; mend xtask/src/layers.rs")?;

    let crossed: Vec<String> = members.iter().flat_map(crossed_by).collect();
    if crossed.is_empty() {
        return Ok(format!("layers: {} crates keep their borders", members.len()));
    }
    Err(format!(
        "{}\nlayers: borders crossed: {}; move the code or, if the design changes, DESIGN.md and xtask/src/borders.rs",
        crossed.join("\n"),
        crossed.len()
    ))
}

fn members(metadata: &Value) -> Option<Vec<Member>> {
    let root = Path::new(metadata.get("workspace_root")?.as_str()?);
    metadata
        .get("packages")?
        .as_array()?
        .iter()
        .map(|package| member(package, root))
        .collect()
}

fn member(package: &Value, root: &Path) -> Option<Member> {
    let manifest = Path::new(package.get("manifest_path")?.as_str()?);
    Some(Member {
        package: package.get("name")?.as_str()?.to_owned(),
        name: name_in_table(manifest.parent()?, root),
        imports: package
            .get("dependencies")?
            .as_array()?
            .iter()
            .map(|dependency| import(dependency, root))
            .collect::<Option<_>>()?,
    })
}

fn import(dependency: &Value, root: &Path) -> Option<Import> {
    let folder = dependency.get("path").and_then(Value::as_str);
    Some(Import {
        package: dependency.get("name")?.as_str()?.to_owned(),
        ours: folder.map(|folder| name_in_table(Path::new(folder), root)),
        dev: dependency.get("kind")?.as_str() == Some("dev"),
    })
}

fn name_in_table(folder: &Path, root: &Path) -> String {
    let inside = folder.strip_prefix(root).unwrap_or(folder);
    inside
        .strip_prefix("crates")
        .unwrap_or(inside)
        .display()
        .to_string()
}

fn crossed_by(member: &Member) -> Vec<String> {
    let Some(border) = BORDERS.iter().find(|border| meant(border.crates, &member.name)) else {
        return vec![format!(
            "{}: its folder {} has no row in the table of borders; decide what it may import in DESIGN.md \
             (\"The house\") and xtask/src/borders.rs",
            member.package, member.name
        )];
    };
    member
        .imports
        .iter()
        .filter_map(|import| crossed_at(member, border, import))
        .collect()
}

fn crossed_at(member: &Member, border: &Border, import: &Import) -> Option<String> {
    let among = |patterns: &[&str], name: &str| patterns.iter().any(|pattern| meant(pattern, name));
    let rule = match &import.ours {
        Some(ours) => {
            let allowed = among(border.imports, ours) || import.dev && among(FOR_TESTS, ours);
            (!allowed).then_some(border.rule)
        }
        None => GUARDS
            .iter()
            .find(|guard| {
                let rest = import.package.strip_prefix(guard.package);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
                    && !among(guard.only, &member.name)
            })
            .map(|guard| guard.rule),
    }?;
    let section = if import.dev {
        "[dev-dependencies]"
    } else {
        "[dependencies]"
    };
    Some(format!(
        "{} imports {} in {section}: {rule}",
        member.package, import.package
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossed(name: &str, kind: &Value, dependency: &str, path: Option<&str>) -> Vec<String> {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "packages": [{
                "name": "subject",
                "manifest_path": format!("/w/{name}/Cargo.toml"),
                "dependencies": [{ "name": dependency, "kind": kind, "path": path }],
            }],
        });
        members(&metadata)
            .expect("a shape that is known")
            .iter()
            .flat_map(crossed_by)
            .collect()
    }

    fn imports(name: &str, ours: &str) -> Vec<String> {
        crossed(name, &Value::Null, "object", Some(&format!("/w/{ours}")))
    }

    #[test]
    fn a_dialect_sees_model_ops_and_web() {
        for below in ["crates/model", "crates/ops", "crates/web"] {
            assert_eq!(imports("crates/dialects/rakomi", below), [""; 0]);
        }
    }

    #[test]
    fn a_dialect_sees_neither_data_nor_another_dialect() {
        for beside in [
            "crates/store",
            "crates/sql",
            "crates/dialects/arkos",
            "crates/mail",
        ] {
            assert_eq!(
                imports("crates/dialects/rakomi", beside),
                [
                    "subject imports object in [dependencies]: a dialect never sees store, sql or another \
                  dialect; shared code goes down into web"
                ]
            );
        }
    }

    #[test]
    fn only_store_server_and_testkit_see_sql() {
        for crossing in ["model", "keys", "mail", "ops", "web", "gateway"] {
            assert_eq!(
                imports(&format!("crates/{crossing}"), "crates/sql").len(),
                1,
                "{crossing}"
            );
        }
        for opening in ["store", "server", "testkit"] {
            assert_eq!(
                imports(&format!("crates/{opening}"), "crates/sql"),
                [""; 0],
                "{opening}"
            );
        }
    }

    #[test]
    fn testkit_is_for_tests_only() {
        let testkit = Some("/w/crates/testkit");
        assert_eq!(crossed("crates/ops", &"dev".into(), "testkit", testkit), [""; 0]);
        assert_eq!(crossed("crates/ops", &Value::Null, "testkit", testkit).len(), 1);
        assert_eq!(
            crossed("crates/ops", &"build".into(), "testkit", testkit).len(),
            1
        );
        assert_eq!(imports("tests", "crates/testkit"), [""; 0]);
    }

    #[test]
    fn tests_cross_no_other_border() {
        let found = crossed(
            "crates/ops",
            &"dev".into(),
            "vestibule-web",
            Some("/w/crates/web"),
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("subject imports vestibule-web in [dev-dependencies]: "));
    }

    #[test]
    fn axum_ends_at_the_doors() {
        for door in [
            "crates/web",
            "crates/dialects/arkos",
            "crates/gateway",
            "crates/server",
        ] {
            assert_eq!(crossed(door, &Value::Null, "axum", None), [""; 0]);
        }
        for inside in ["crates/ops", "crates/store", "crates/testkit", "tests"] {
            assert_eq!(crossed(inside, &Value::Null, "axum", None).len(), 1);
            assert_eq!(crossed(inside, &Value::Null, "axum-core", None).len(), 1);
        }
        assert_eq!(crossed("crates/ops", &Value::Null, "axumite", None), [""; 0]);
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        let found = crossed("crates/utilities", &Value::Null, "serde", None);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("its folder utilities has no row"));
    }
}
