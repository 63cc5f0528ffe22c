//! Paths of identifiers within a profile: `username`, `profile.nickname`, `phones.some.number`.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

/// The word of a path that stands for every entry of a list.
pub(super) const SOME: &str = "some";

/// Where in a profile an identifier stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Into a field of an object.
    Field(String),
    /// Into every entry of a list.
    Some,
}

/// A value that only one user of a realm may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identifier {
    /// Where it stands in the profile.
    pub(crate) path: String,
    /// The value as it is compared.
    pub(crate) value: String,
}

impl Identifier {
    pub(super) fn new(path: &Path, typed: &str) -> Self {
        Self {
            path: path.text.clone(),
            value: compared(typed),
        }
    }
}

/// A value as identifiers are compared: exactly, after NFC, since what looks the same and was typed on another keyboard
/// is the same name.
pub(crate) fn compared(typed: &str) -> String {
    typed.nfc().collect()
}

impl Path {
    /// The profile itself.
    pub(super) const fn root() -> Self {
        Self {
            text: String::new(),
            steps: Vec::new(),
        }
    }

    /// The path of a field of what stands here.
    pub(super) fn field(&self, name: &str) -> Self {
        self.then(name, Step::Field(name.to_owned()))
    }

    /// The path of the entries of the list that stands here.
    pub(super) fn entries(&self) -> Self {
        self.then(SOME, Step::Some)
    }

    fn then(&self, word: &str, step: Step) -> Self {
        let dot = if self.text.is_empty() { "" } else { "." };
        let steps = self.steps.iter().cloned().chain([step]).collect();
        Self {
            text: format!("{}{dot}{word}", self.text),
            steps,
        }
    }

    /// As projects and clients write it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The name of the field that the path ends in or whose entries it ends in.
    pub(super) fn last_field(&self) -> Option<&str> {
        self.steps.iter().rev().find_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            Step::Some => None,
        })
    }

    /// Whether the path's text says exactly these steps.
    pub(super) fn is_plain(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Field(name) => !name.is_empty() && name != SOME && !name.contains('.'),
            Step::Some => true,
        })
    }

    /// The texts at this path, each with its exact place (`phones.0.number`).
    pub(super) fn values<'p>(&self, profile: &'p Map<String, Value>, mut found: impl FnMut(String, &'p str)) {
        let Some((Step::Field(first), rest)) = self.steps.split_first() else {
            return;
        };
        let mut reached: Vec<(String, &Value)> = profile
            .get_key_value(first)
            .map(|(name, value)| (name.clone(), value))
            .into_iter()
            .collect();
        for step in rest {
            reached = reached
                .into_iter()
                .flat_map(|(place, value)| step.inside(&place, value))
                .collect();
        }
        for (place, value) in reached {
            if let Some(text) = value.as_str() {
                found(place, text);
            }
        }
    }
}

impl Step {
    fn inside<'v>(&self, place: &str, value: &'v Value) -> Vec<(String, &'v Value)> {
        match (self, value) {
            (Self::Field(name), Value::Object(fields)) => fields
                .get(name)
                .map(|value| (format!("{place}.{name}"), value))
                .into_iter()
                .collect(),
            (Self::Some, Value::Array(entries)) => entries
                .iter()
                .enumerate()
                .map(|(at, value)| (format!("{place}.{at}"), value))
                .collect(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_crosses_lists_by_some_and_finds_texts_only() {
        let profile = json!({"phones": [{"number": "1"}, {"number": 2}, {}, "3", {"number": "4"}]});
        let path = Path::root().field("phones").entries().field("number");
        assert_eq!(path.text(), "phones.some.number");
        let mut found = Vec::new();
        path.values(profile.as_object().unwrap(), |place, value| {
            found.push((place, value));
        });
        assert_eq!(
            found,
            [
                ("phones.0.number".to_owned(), "1"),
                ("phones.4.number".to_owned(), "4")
            ]
        );
        let mut other = Vec::new();
        Path::root()
            .field("name")
            .values(profile.as_object().unwrap(), |_, value| other.push(value));
        assert!(other.is_empty());
    }

    #[test]
    fn identifiers_are_compared_exactly_after_nfc() {
        assert_eq!(compared("e\u{301}"), compared("\u{e9}"));
        assert_ne!(compared("Ada"), compared("ada"));
        assert_ne!(
            compared("\u{2460}"),
            compared("1"),
            "compatibility forms stay apart"
        );
    }
}
