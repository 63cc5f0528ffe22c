//! Flags over environment over file over defaults.

use super::keys::{self, Key};
use super::tree::{Tree, flatten};
use super::{Config, Invalid, env};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Value;

/// A setting given on the command line.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The flag as typed: `--listen`.
    pub name: &'static str,
    /// The setting's path.
    pub path: &'static str,
    /// Its value.
    pub value: String,
}

/// Which defaults lie under everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `serve` and the commands.
    Production,
    /// `dev`: what makes local work pleasant and would be unsafe elsewhere.
    Development,
}

/// Where settings are read from.
#[derive(Clone, Debug)]
pub struct Sources {
    pub profile: Profile,
    /// The file, if there is one.
    pub file: Option<PathBuf>,
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// The command line.
    pub flags: Vec<Flag>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Development,
    File(PathBuf),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development => f.write_str("vestibule dev"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A configuration and where it came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub config: Config,
    pub(super) tree: Tree,
    secrets_in_file: Vec<PathBuf>,
}

impl Loaded {
    /// Whether a secret stands in this file itself, and not in another one that it names.
    pub fn holds_secret(&self, file: &Path) -> bool {
        self.secrets_in_file.iter().any(|holder| holder == file)
    }
}

/// What `dev` sets under everything else.
const DEVELOPMENT: &str = r#"
server.default_environment = "test"
jwks.publish_test_keys = true
cors.allowed_origins = ["http://localhost:*", "http://127.0.0.1:*"]
log.format = "text"
log.level = "warn"
"#;

impl Sources {
    /// Reads every layer. All problems are reported together.
    pub fn load(&self) -> Result<Loaded, Invalid> {
        let (mut layers, mut problems) = (Layers::default(), Vec::new());
        if self.profile == Profile::Development {
            layers.table(DEVELOPMENT, &Origin::Development);
        }
        if let Some(path) = &self.file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Invalid::one(format!("cannot read {}: {error}", path.display())))?;
            layers.table(&text, &Origin::File(path.clone()));
        }
        let (named, unknown) = env::read(&self.variables, self.profile);
        problems.extend(unknown);
        for env::Named { path, value, origin } in named {
            layers.value(&path, value, origin);
        }
        for flag in &self.flags {
            layers.value(flag.path, flag.value.clone().into(), Origin::Flag(flag.name));
        }
        problems.splice(0..0, layers.problems);
        if problems.is_empty() {
            let Layers {
                tree,
                secrets_in_file,
                ..
            } = layers;
            Ok(Loaded {
                config: tree.config()?,
                tree,
                secrets_in_file,
            })
        } else {
            Err(Invalid(problems))
        }
    }
}

#[derive(Default)]
struct Layers {
    tree: Tree,
    problems: Vec<String>,
    secrets_in_file: Vec<PathBuf>,
}

impl Layers {
    fn table(&mut self, text: &str, origin: &Origin) {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                let (values, unknown) = flatten(table);
                self.problems
                    .extend(unknown.iter().map(|name| unknown_table(name, origin)));
                for (path, value) in values {
                    self.value(&path, value, origin.clone());
                }
            }
            Err(error) => self.problems.push(not_toml(text, &error, origin)),
        }
    }

    fn value(&mut self, path: &str, value: Value, origin: Origin) {
        let set = match (keys::find(path), secret_of(path)) {
            (Some(key), _) => {
                if let (true, Origin::File(file)) = (key.secret, &origin) {
                    self.secrets_in_file.push(file.clone());
                }
                let value = if key.is_path {
                    anchored(value, &origin)
                } else {
                    value
                };
                self.tree.set(key, value, origin)
            }
            (None, Some(key)) => {
                secret(&value, &origin).and_then(|secret| self.tree.set(key, secret.into(), origin))
            }
            (None, None) => Err(unknown_key(path, &origin)),
        };
        self.problems.extend(set.err());
    }
}

/// The secret setting whose file a path names: `mail.password_file` is the file of `mail.password`.
fn secret_of(path: &str) -> Option<&'static Key> {
    keys::find(path.strip_suffix("_file")?).filter(|key| key.secret)
}

fn secret(file: &Value, origin: &Origin) -> Result<String, String> {
    let file = anchored(file.clone(), origin);
    let path = file.as_str().unwrap_or_default();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {path} ({origin}): {error}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A relative path in a file is meant from that file's folder, wherever the command was started.
fn anchored(value: Value, origin: &Origin) -> Value {
    match (&value, origin) {
        (Value::String(path), Origin::File(file)) if Path::new(path).is_relative() => {
            let folder = file.parent().unwrap_or(Path::new(""));
            folder.join(path).display().to_string().into()
        }
        _ => value,
    }
}

/// Names the line, and never shows it: a secret may stand there.
fn not_toml(text: &str, error: &toml::de::Error, origin: &Origin) -> String {
    let before = error
        .span()
        .and_then(|span| text.get(..span.start))
        .unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    format!("{origin} is not TOML: {} in line {line}", error.message())
}

fn unknown_key(path: &str, origin: &Origin) -> String {
    let hint = keys::nearest(path, keys::keys().iter().map(|key| key.path.as_str()));
    format!("{path} ({origin}) is not a setting{}", suggestion(hint))
}

fn unknown_table(name: &str, origin: &Origin) -> String {
    let hint = keys::nearest(name, keys::model().tables.iter().map(|table| table.name.as_str()));
    format!(
        "[{name}] ({origin}) is not a table of settings{}",
        suggestion(hint)
    )
}

fn suggestion(hint: Option<&str>) -> String {
    hint.map_or_else(String::new, |hint| format!("; did you mean {hint}?"))
}
