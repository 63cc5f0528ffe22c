//! Every setting, derived from the model: its path, its text, its type, its default.

use super::Config;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// One setting.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its place in the file: `server.listen`.
    pub path: String,
    /// What it is, in sentences.
    pub text: String,
    /// What values it takes.
    pub kind: Kind,
    /// Its default, where it has one.
    pub default: Option<Value>,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether it is a path in the file system.
    pub is_path: bool,
}

/// What values a setting takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Boolean,
    List,
    Tables,
    Choice(Vec<String>),
}

impl Key {
    /// The environment variable that sets it: `VESTIBULE_SERVER__LISTEN`.
    pub fn variable(&self) -> String {
        format!(
            "{}{}",
            super::env::PREFIX,
            self.path.replace('.', "__").to_uppercase()
        )
    }

    /// The table that it stands in, and its name there.
    pub fn place(&self) -> (&str, &str) {
        self.path.split_once('.').unwrap_or(("", &self.path))
    }
}

/// A table of the file, with its text.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub text: String,
    /// What each entry holds, where the table may stand many times.
    pub entry: Option<Vec<Key>>,
}

/// The model as the file spells it.
pub struct Model {
    pub tables: Vec<Table>,
    pub keys: Vec<Key>,
    pub schema: Value,
}

static MODEL: LazyLock<Model> = LazyLock::new(read_model);

/// The model, read from the types once.
pub fn model() -> &'static Model {
    &MODEL
}

/// All settings, in the order of the sample.
pub fn keys() -> &'static [Key] {
    &MODEL.keys
}

/// The setting at this path.
pub fn find(path: &str) -> Option<&'static Key> {
    keys().iter().find(|key| key.path == path)
}

/// The candidate that `typed` was probably meant to be.
pub fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let rated = candidates.map(|name| (strsim::jaro_winkler(typed, name), name));
    rated
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(likeness, _)| *likeness > 0.7)
        .map(|(_, name)| name)
}

fn read_model() -> Model {
    let mut schema = generator().into_root_schema_for::<Config>().to_value();
    if let Some(properties) = properties_mut(&mut schema) {
        spell_dialects(properties);
    }
    let (mut tables, mut keys) = (Vec::new(), Vec::new());
    for (name, table) in properties(&schema) {
        let fields = |of| properties(of).map(|(field, schema)| key(format!("{name}.{field}"), schema));
        let entry = table.get("items").map(|entry| fields(entry).collect());
        if entry.is_some() {
            keys.push(key(name.clone(), table));
        } else {
            keys.extend(fields(table));
        }
        tables.push(Table {
            name: name.clone(),
            text: text(table),
            entry,
        });
    }
    Model { tables, keys, schema }
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
}

/// Puts a table for each dialect, by its name, in the place of the map that the model gathers them in.
fn spell_dialects(properties: &mut Map<String, Value>) {
    let Some(gathered) = properties.remove("dialects") else {
        return;
    };
    for door in crate::dialects::doors() {
        let mut table = gathered.get("additionalProperties").cloned().unwrap_or_default();
        if let Some(fields) = properties_mut(&mut table) {
            let mut own = (door.own.schema)(&mut generator()).to_value();
            fields.extend(properties_mut(&mut own).map(std::mem::take).unwrap_or_default());
        }
        if let Some(table) = table.as_object_mut() {
            let text = format!(
                "The {} API; unset values are its own defaults. A default for every project.",
                door.name
            );
            table.insert("description".into(), text.into());
            table.insert("additionalProperties".into(), false.into());
        }
        properties.insert(door.name.as_str().to_owned(), table);
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn properties_mut(schema: &mut Value) -> Option<&mut Map<String, Value>> {
    schema.get_mut("properties")?.as_object_mut()
}

fn text(schema: &Value) -> String {
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn key(path: String, schema: &Value) -> Key {
    let marked = |mark: &str| schema.get(mark).and_then(Value::as_bool).unwrap_or(false);
    Key {
        path,
        text: text(schema),
        kind: kind(schema),
        default: schema.get("default").filter(|value| !value.is_null()).cloned(),
        secret: marked("x-secret"),
        is_path: marked("x-path"),
    }
}

fn kind(schema: &Value) -> Kind {
    // An optional enumeration is `anyOf` itself and null.
    let inner = schema.get("anyOf").and_then(|any| any.get(0)).unwrap_or(schema);
    if let Some(names) = inner.get("enum").and_then(Value::as_array) {
        return Kind::Choice(
            names
                .iter()
                .filter_map(|name| Some(name.as_str()?.to_owned()))
                .collect(),
        );
    }
    // So is one whose values have texts of their own, spelled as constants.
    let constants = inner.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let names: Vec<String> = constants
        .filter_map(|value| Some(value.get("const")?.as_str()?.to_owned()))
        .collect();
    if !names.is_empty() {
        return Kind::Choice(names);
    }
    let kind = inner
        .get("type")
        .and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Boolean,
        Some("array") if inner.pointer("/items/properties").is_some() => Kind::Tables,
        Some("array") => Kind::List,
        _ => Kind::Text,
    }
}
