//! Values by path, each with the place it came from, until they become a [`Config`].

use super::keys::{self, Key, Kind};
use super::{Config, Invalid, Origin};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// What is set so far.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<&'static str, (Value, Origin)>);

impl Tree {
    /// Sets a value, in place of what a weaker layer set. The type is checked here, where the origin is known.
    pub fn set(&mut self, key: &'static Key, value: Value, origin: Origin) -> Result<(), String> {
        let fits = match &key.kind {
            Kind::Text => value.is_str(),
            Kind::Integer => value.is_integer(),
            Kind::Boolean => value.is_bool(),
            Kind::List | Kind::Tables => value.is_array(),
            Kind::Choice(names) => value
                .as_str()
                .is_some_and(|value| names.iter().any(|name| name == value)),
        };
        if !fits {
            return Err(format!("{} ({origin}) must be {}", key.path, wanted(&key.kind)));
        }
        self.0.insert(&key.path, (value, origin));
        Ok(())
    }

    /// What is set at a path, and by whom.
    pub fn get(&self, path: &str) -> Option<&(Value, Origin)> {
        self.0.get(path)
    }

    /// The configuration with defaults for all that is unset.
    pub fn config(&self) -> Result<Config, Invalid> {
        let mut root = Table::new();
        let dialects = crate::dialects::names();
        for (path, (value, origin)) in &self.0 {
            let (table, field) = path.split_once('.').unwrap_or(("", path));
            alone(table, field, value, dialects.contains(&table))
                .map_err(|problem| Invalid::one(format!("{path} ({origin}): {problem}")))?;
            insert(&mut root, table, field, value, dialects.contains(&table));
        }
        root.try_into()
            .map_err(|error: toml::de::Error| Invalid::one(error.message()))
    }
}

/// Reads one value into an otherwise default configuration, so that a problem can be told with its origin.
fn alone(table: &str, field: &str, value: &Value, dialect: bool) -> Result<(), String> {
    let mut root = Table::new();
    insert(&mut root, table, field, value, dialect);
    let read: Result<Config, toml::de::Error> = root.try_into();
    read.map(drop).map_err(|error| error.message().to_owned())
}

fn insert(root: &mut Table, table: &str, field: &str, value: &Value, dialect: bool) {
    if table.is_empty() {
        root.insert(field.to_owned(), value.clone());
        return;
    }
    let home = if dialect {
        child(root, "dialects")
    } else {
        Some(root)
    };
    if let Some(table) = home.and_then(|home| child(home, table)) {
        table.insert(field.to_owned(), value.clone());
    }
}

fn child<'a>(parent: &'a mut Table, name: &str) -> Option<&'a mut Table> {
    parent
        .entry(name)
        .or_insert_with(|| Value::Table(Table::new()))
        .as_table_mut()
}

/// What a kind of setting takes, in words.
pub fn wanted(kind: &Kind) -> String {
    match kind {
        Kind::Text => "a string".into(),
        Kind::Integer => "a whole number".into(),
        Kind::Boolean => "true or false".into(),
        Kind::List => "a list in square brackets".into(),
        Kind::Tables => "a list of tables".into(),
        Kind::Choice(names) => names
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

/// The tables of a file as values by path, or what is unknown in it.
pub fn flatten(table: Table) -> (Vec<(String, Value)>, Vec<String>) {
    let (mut values, mut unknown) = (Vec::new(), Vec::new());
    for (name, value) in table {
        match value {
            // What may stand many times is one value; a lone table is told what it must be.
            value if keys::find(&name).is_some() => values.push((name, value)),
            Value::Table(fields) if keys::model().tables.iter().any(|table| table.name == name) => {
                values.extend(
                    fields
                        .into_iter()
                        .map(|(field, value)| (format!("{name}.{field}"), value)),
                );
            }
            _ => unknown.push(name),
        }
    }
    (values, unknown)
}
