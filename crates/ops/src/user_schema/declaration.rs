//! What a user schema declares beyond JSON Schema's own rules: its fields in order, their marks, its identifiers.

use super::marks::Marks;
use super::path::Path;
use serde_json::Value;
use vestibule_model::refusal::FieldError;

/// The only version of JSON Schema that is read.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Largest schema, in bytes of its JSON.
const MAX_TEXT: usize = 64 * 1_024;
/// How deeply the parts of a schema may be nested, followed references included.
const MAX_LEVELS: usize = 16;
/// How many parts a schema may have, each counted as often as something refers to it.
const MAX_PARTS: usize = 4_096;
/// How many errors are told of one schema.
const MAX_TOLD: usize = 20;
/// How many identifiers a schema may mark.
const MAX_IDENTIFIERS: usize = 8;

/// Keywords that hold one schema, many by name, or a list of them, in which no mark means anything.
const WITHOUT_MARKS: [&str; 18] = [
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
    "$recursiveRef",
];

/// A schema's declarations.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// The fields of the profile, in the order of the schema.
    pub(super) fields: Vec<(String, Marks)>,
    /// Where the identifiers stand.
    pub(super) identifiers: Vec<Path>,
}

impl Declaration {
    /// Reads a schema, or says everything that is wrong with its declarations.
    pub(super) fn read(schema: &Value) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader {
            root: schema,
            declaration: Self::default(),
            parts: 0,
            wrong: Vec::new(),
        };
        if serde_json::to_string(schema).map_or(usize::MAX, |text| text.len()) > MAX_TEXT {
            reader.refuse("", "is larger than 64 KiB");
        } else {
            reader.root();
        }
        if reader.wrong.is_empty() {
            Ok(reader.declaration)
        } else {
            Err(reader.wrong)
        }
    }

    /// What a field is marked as, if the schema names it.
    pub(super) fn marks(&self, field: &str) -> Option<Marks> {
        let found = self.fields.iter().find(|(name, _)| name == field);
        found.map(|(_, marks)| *marks)
    }
}

/// Where a part of a schema stands.
#[derive(Clone)]
pub(super) struct At {
    /// Its path within the schema, for people.
    pub(super) place: String,
    /// Which values of the profile it describes; `None` where that depends on other parts or other values.
    pub(super) profile: Option<Path>,
    level: usize,
}

impl At {
    fn inside(&self, step: &str, profile: Option<Path>) -> Self {
        Self {
            place: format!("{}.{step}", self.place),
            profile,
            level: self.level + 1,
        }
    }

    /// Whether this is a field of the profile itself.
    pub(super) fn is_field(&self) -> bool {
        let path = self.profile.as_ref().map_or("", Path::text);
        self.level == 1 && !path.is_empty()
    }
}

pub(super) struct Reader<'s> {
    pub(super) root: &'s Value,
    pub(super) declaration: Declaration,
    parts: usize,
    wrong: Vec<FieldError>,
}

impl<'s> Reader<'s> {
    pub(super) fn refuse(&mut self, place: &str, message: impl Into<String>) {
        let dot = if place.is_empty() { "" } else { "." };
        let field = format!("user_schema{dot}{}", place.trim_start_matches('.'));
        self.wrong.push(FieldError::new(field, "invalid", message));
    }

    fn root(&mut self) {
        let root = self.root;
        if root.get("$schema").is_some_and(|draft| draft != DRAFT) {
            self.refuse("$schema", format!("must be {DRAFT}"));
        }
        if root.get("type").is_some_and(|kind| kind != "object") {
            self.refuse("type", "must be \"object\": a profile is one");
        }
        let Some(Value::Object(properties)) = root.get("properties") else {
            return self.refuse("properties", "must name the fields of the profile");
        };
        for (name, field) in properties {
            let marks = self.field(name, field);
            self.declaration.fields.push((name.clone(), marks));
        }
        let at = At {
            place: String::new(),
            profile: Some(Path::root()),
            level: 0,
        };
        self.part(root, &at);
        if self.declaration.identifiers.len() > MAX_IDENTIFIERS {
            self.refuse("", format!("marks more than {MAX_IDENTIFIERS} identifiers"));
        }
    }

    /// Reads one part and those inside it.
    fn part(&mut self, part: &'s Value, at: &At) {
        self.parts += 1;
        let Value::Object(part) = part else { return };
        if self.wrong.len() >= MAX_TOLD {
            return;
        }
        if at.level > MAX_LEVELS {
            let message = format!("is nested deeper than {MAX_LEVELS} levels, or refers to itself");
            return self.refuse(&at.place, message);
        }
        if self.parts == MAX_PARTS {
            self.refuse(
                "",
                format!("has more than {MAX_PARTS} parts, counted as often as they are referred to"),
            );
        }
        if self.parts >= MAX_PARTS {
            return;
        }
        self.marks(part, at);
        for (keyword, value) in part {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(fields)) => {
                    for (name, field) in fields {
                        let profile = at.profile.as_ref().map(|path| path.field(name));
                        self.part(field, &at.inside(&format!("properties.{name}"), profile));
                    }
                }
                ("items", items) => {
                    let profile = at.profile.as_ref().map(Path::entries);
                    self.part(items, &at.inside("items", profile));
                }
                ("$ref", Value::String(reference)) => self.follow(reference, at),
                ("$id", _) if at.level > 0 => {
                    self.refuse(&format!("{}.$id", at.place), "can stand at the top only");
                }
                (keyword, value) if WITHOUT_MARKS.contains(&keyword) => self.parts_of(keyword, value, at),
                _ => {}
            }
        }
    }

    /// Reads the parts that stand in a keyword by themselves, by name or in a list.
    fn parts_of(&mut self, keyword: &str, value: &'s Value, at: &At) {
        match (keyword, value) {
            ("$dynamicRef" | "$recursiveRef", _) => {
                self.refuse(&format!("{}.{keyword}", at.place), "is not supported: use $ref");
            }
            ("patternProperties" | "dependentSchemas", Value::Object(parts)) => {
                for (name, part) in parts {
                    self.part(part, &at.inside(&format!("{keyword}.{name}"), None));
                }
            }
            (_, Value::Array(parts)) => {
                for (number, part) in parts.iter().enumerate() {
                    self.part(part, &at.inside(&format!("{keyword}.{number}"), None));
                }
            }
            (_, part) => self.part(part, &at.inside(keyword, None)),
        }
    }

    fn follow(&mut self, reference: &str, at: &At) {
        let inside = at.inside("$ref", at.profile.clone());
        let pointer = reference
            .strip_prefix('#')
            .filter(|pointer| pointer.starts_with('/'));
        match pointer.map(|pointer| self.root.pointer(pointer)) {
            Some(Some(part)) => self.part(part, &inside),
            Some(None) => self.refuse(&inside.place, "refers to nothing in this schema"),
            None => self.refuse(
                &inside.place,
                "must point into this schema, such as #/$defs/phone: nothing is fetched",
            ),
        }
    }
}
