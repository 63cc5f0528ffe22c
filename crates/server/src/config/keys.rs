//! Every setting, derived from the model: its path, its text, its type, its default.

use super::{Config, RateLimit};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};
use std::sync::LazyLock;
use vestibule_web::Dialect;

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
    Table,
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
        self.path.rsplit_once('.').unwrap_or(("", &self.path))
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

static MODEL: LazyLock<Model> = LazyLock::new(|| read_model(&crate::dialects::all()));

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

fn read_model(dialects: &[Dialect]) -> Model {
    let mut schema = generator().into_root_schema_for::<Config>().to_value();
    if let Some(properties) = properties_mut(&mut schema) {
        spell_dialects(properties);
        spell_rate_limits(properties, dialects);
    }
    let (mut tables, mut keys) = (Vec::new(), Vec::new());
    for (name, table) in properties(&schema) {
        read_table(name, table, &mut tables, &mut keys);
    }
    Model { tables, keys, schema }
}

/// Reads a table, then those that it holds.
fn read_table(name: &str, table: &Value, tables: &mut Vec<Table>, keys: &mut Vec<Key>) {
    let fields = |entry| properties(entry).map(|(field, schema)| key(format!("{name}.{field}"), schema));
    let entry: Option<Vec<Key>> = table.get("items").map(|entry| fields(entry).collect());
    if entry.is_some() {
        keys.push(key(name.to_owned(), table));
    }
    tables.push(Table {
        name: name.to_owned(),
        text: text(table),
        entry,
    });
    for (field, schema) in properties(table) {
        let path = format!("{name}.{field}");
        if schema.get("properties").is_some() {
            read_table(&path, schema, tables, keys);
        } else {
            keys.push(key(path, schema));
        }
    }
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

/// Puts a table with a dialect's own values into that of each dialect with budgets of its own, in the place of the
/// map that the model gathers them in.
fn spell_rate_limits(properties: &mut Map<String, Value>, dialects: &[Dialect]) {
    let Some(gathered) = properties.remove("rate_limits") else {
        return;
    };
    for dialect in dialects {
        let name = dialect.door.name.as_str();
        let table = properties.get_mut(name).and_then(properties_mut);
        let (Some(budget), Some(table)) = (dialect.own_budgets.first(), table) else {
            continue;
        };
        let own = serde_json::to_value(RateLimit::of(dialect)).unwrap_or_default();
        let mut limits = gathered.get("additionalProperties").cloned().unwrap_or_default();
        for (field, schema) in properties_mut(&mut limits).into_iter().flatten() {
            if let (Some(schema), Some(default)) = (schema.as_object_mut(), own.get(field)) {
                schema.insert("default".into(), default.clone());
            }
        }
        if let Some(limits) = limits.as_object_mut() {
            let under = if budget.under.is_empty() {
                format!("the {name} API")
            } else {
                format!("`{}` and below", budget.under.join("`, `"))
            };
            let text = format!("How many requests one client may send to {under}. For the whole instance.");
            limits.insert("description".into(), text.into());
        }
        table.insert("rate_limit".into(), limits);
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
        return Kind::Choice(texts(names.iter()));
    }
    // An enumeration whose values have texts of their own.
    if let Some(each) = inner.get("oneOf").and_then(Value::as_array) {
        return Kind::Choice(texts(each.iter().filter_map(|it| it.get("const"))));
    }
    let kind = inner
        .get("type")
        .and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match kind {
        Some("integer") => Kind::Integer,
        Some("boolean") => Kind::Boolean,
        Some("array") if inner.pointer("/items/properties").is_some() => Kind::Tables,
        Some("array") => Kind::List,
        Some("object") => Kind::Table,
        _ => Kind::Text,
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<String> {
    values
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vestibule_web::{OwnBudget, Rate};

    #[test]
    fn a_dialect_with_budgets_of_its_own_has_a_table_for_them_that_shows_its_defaults() {
        let own_budgets = vec![OwnBudget::new(&["/v1/auth", "/oauth"], Rate::per_minute(10))];
        let limited = Dialect {
            own_budgets,
            ..vestibule_rakomi::dialect()
        };
        let model = read_model(&[limited]);
        let table = model
            .tables
            .iter()
            .find(|table| table.name == "rakomi.rate_limit");
        assert_eq!(
            table.unwrap().text,
            "How many requests one client may send to `/v1/auth`, `/oauth` and below. For the whole instance."
        );
        let keys = model
            .keys
            .iter()
            .filter(|key| key.place().0 == "rakomi.rate_limit");
        let keys: Vec<_> = keys
            .map(|key| {
                (
                    key.variable(),
                    key.kind.clone(),
                    key.default.as_ref().unwrap().to_string(),
                )
            })
            .collect();
        let named = |name: &str| format!("VESTIBULE_RAKOMI__RATE_LIMIT__{name}");
        let drafts = ["draft-6", "draft-7", "draft-8", "none"].map(str::to_owned);
        assert_eq!(
            keys,
            [
                (named("LIMIT"), Kind::Integer, "10".to_owned()),
                (named("WINDOW_MS"), Kind::Integer, "60000".to_owned()),
                (
                    named("STANDARD_HEADERS"),
                    Kind::Choice(drafts.to_vec()),
                    "\"draft-7\"".to_owned()
                ),
                (named("LEGACY_HEADERS"), Kind::Boolean, "false".to_owned()),
            ]
        );
        assert!(
            model
                .schema
                .pointer("/properties/rakomi/properties/rate_limit/properties/limit")
                .is_some()
        );
        assert!(read_model(&[vestibule_rakomi::dialect()]).tables.len() < model.tables.len());
    }
}
