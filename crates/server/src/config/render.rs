//! What is generated from the model: the reference for people, the sample to begin with, the schema for editors.

use super::keys::{Key, Kind, Table, model};
use super::tree::wanted;
use serde_json::Value;
use std::fmt::Write as _;

/// The reference, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         A flag wins over the environment, the environment over the file, the file over the default. The file is the one \
         that `--config` names, else `vestibule.toml` in the working directory, if there is one. Unknown settings are \
         errors. An empty variable counts as unset; a variable's value is TOML, or plain text where a string is \
         wanted. A secret can be read from a file: add `_file` to its name, or `_FILE` to its variable.\n\n\
         Three variables are read under the names that platforms give them: `PORT` (the port of `server.listen`, on \
         all interfaces; under `dev` on loopback), `DATABASE_URL` (`postgres://…` or `sqlite:PATH`) and `SMTP_URL`.\n",
    );
    for table in &model().tables {
        describe(&mut page, table);
    }
    page
}

fn describe(page: &mut String, table: &'static Table) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## `{}`\n\n{}\n", heading(table), table.text);
    if let Some(whole) = whole(table) {
        let (kind, variable) = (wanted(&whole.kind), whole.variable());
        let _ = write!(
            page,
            "\n- Takes {kind}\n- Default: none\n- Variable: `{variable}`\n"
        );
    }
    for key in fields(table) {
        let (_, name) = key.place();
        let default = key
            .default
            .as_ref()
            .map_or_else(|| "unset".to_owned(), |default| format!("`{}`", value(default)));
        let kind = wanted(&key.kind).replace('"', "`");
        let secret = if key.secret { ", secret" } else { "" };
        let _ = write!(
            page,
            "\n### `{name}`\n\n{}\n\n- Takes {kind}{secret}\n- Default: {default}\n",
            key.text
        );
        if table.entry.is_none() {
            let _ = writeln!(page, "- Variable: `{}`", key.variable());
        }
    }
}

/// A configuration file with every setting in a comment, at its default.
pub fn sample() -> String {
    let mut file = String::from(
        "# Every setting of Vestibule with its default. Remove the # in front of what you change.\n",
    );
    for table in &model().tables {
        let many = if table.entry.is_some() { "#" } else { "" };
        let text = wrap(&table.text, 100);
        let _ = write!(file, "\n{text}{many}{}\n", heading(table));
        for key in fields(table) {
            let (_, name) = key.place();
            let lines = wrap(&key.text, 100);
            let _ = write!(
                file,
                "\n{lines}#{name} = {}\n",
                key.default.as_ref().map_or_else(|| example(key), value)
            );
        }
    }
    file
}

/// The JSON Schema (2020-12) of the file, for editors.
pub fn schema() -> String {
    let mut schema = model().schema.clone();
    allow_secret_files(&mut schema);
    format!("{schema:#}\n")
}

/// A secret may be given as the path of a file.
fn allow_secret_files(schema: &mut Value) {
    for key in model().keys.iter().filter(|key| key.secret) {
        let (table, name) = key.place();
        let text = format!("A file that holds `{name}`.");
        let place = schema
            .pointer_mut(&format!("/properties/{table}/properties"))
            .and_then(Value::as_object_mut);
        if let Some(fields) = place {
            fields.insert(
                format!("{name}_file"),
                serde_json::json!({"type": "string", "description": text}),
            );
        }
    }
}

fn fields(table: &'static Table) -> impl Iterator<Item = &'static Key> {
    let entry = table.entry.iter().flatten();
    entry.chain(model().keys.iter().filter(|key| key.place().0 == table.name))
}

/// The setting that a table is as a whole, where it may stand many times.
fn whole(table: &Table) -> Option<&'static Key> {
    table.entry.as_ref().and_then(|_| super::keys::find(&table.name))
}

fn heading(table: &Table) -> String {
    match table.entry {
        Some(_) => format!("[[{}]]", table.name),
        None => format!("[{}]", table.name),
    }
}

fn example(key: &Key) -> String {
    match &key.kind {
        Kind::Text => "\"\"".into(),
        Kind::Integer => "0".into(),
        Kind::Boolean => "false".into(),
        Kind::List | Kind::Tables => "[]".into(),
        Kind::Table => "{}".into(),
        Kind::Choice(names) => names
            .first()
            .map_or_else(String::new, |name| format!("\"{name}\"")),
    }
}

/// A JSON value as TOML writes it.
pub fn value(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.len() + word.len() >= width {
            wrapped.push_str(&line);
            wrapped.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    wrapped + &line + "\n"
}
