//! What breaks a rule of a schema, in words for developers. A value is never repeated: it may be somebody's secret.

use super::new_project::{LINE, USERNAME, WEB};
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::paths::{Location, LocationSegment};
use vestibule_model::refusal::FieldError;

/// Longest text about a schema, in bytes.
const MAX_MESSAGE: usize = 300;

/// The keywords that have no words of their own.
const KEYWORDS: [&str; 9] = [
    "anyOf",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "falseSchema",
    "not",
    "oneOf",
    "propertyNames",
    "unevaluatedItems",
];

/// What is wrong with a profile.
pub(super) fn of_value(error: &ValidationError<'_>) -> Vec<FieldError> {
    let place = dotted(error.instance_path());
    let below = |name: &str| {
        let dot = if place.is_empty() { "" } else { "." };
        format!("{place}{dot}{name}")
    };
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unknown(unexpected, "additionalProperties", below),
        Kind::UnevaluatedProperties { unexpected } => unknown(unexpected, "unevaluatedProperties", below),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![FieldError::new(below(name), "required", "is required")]
        }
        kind => {
            let (rule, message) = broken(kind);
            vec![FieldError::new(place, rule, message)]
        }
    }
}

/// What is wrong with a schema, where JSON Schema itself says so.
pub(super) fn of_schema(error: &ValidationError<'_>) -> FieldError {
    let place = dotted(error.instance_path());
    let dot = if place.is_empty() { "" } else { "." };
    let mut message = format!("is not JSON Schema 2020-12: {error}");
    message.truncate(message.floor_char_boundary(MAX_MESSAGE));
    FieldError::new(format!("user_schema{dot}{place}"), "invalid", message)
}

fn unknown(names: &[String], rule: &'static str, place: impl Fn(&str) -> String) -> Vec<FieldError> {
    let message = "is not a field of this project's users";
    names
        .iter()
        .map(|name| FieldError::new(place(name), rule, message))
        .collect()
}

fn broken(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Type { kind } => ("type", format!("must be {}", types(kind))),
        Kind::MaxLength { limit } => ("maxLength", format!("must be at most {limit} characters long")),
        Kind::MinLength { limit: 1 } => ("minLength", "must not be empty".to_owned()),
        Kind::MinLength { limit } => ("minLength", format!("must be at least {limit} characters long")),
        Kind::Pattern { pattern } => ("pattern", matching(pattern)),
        Kind::Format { format } => ("format", format!("must be of the format {format}")),
        Kind::Enum { options } => ("enum", format!("must be one of {options}")),
        Kind::Constant { expected_value } => ("const", format!("must be {expected_value}")),
        Kind::Maximum { limit } => ("maximum", format!("must be at most {limit}")),
        Kind::ExclusiveMaximum { limit } => ("exclusiveMaximum", format!("must be less than {limit}")),
        Kind::Minimum { limit } => ("minimum", format!("must be at least {limit}")),
        Kind::ExclusiveMinimum { limit } => ("exclusiveMinimum", format!("must be more than {limit}")),
        Kind::MultipleOf { multiple_of } => ("multipleOf", format!("must be a multiple of {multiple_of}")),
        Kind::MaxItems { limit } => ("maxItems", format!("must have at most {limit} entries")),
        Kind::MinItems { limit } => ("minItems", format!("must have at least {limit} entries")),
        Kind::UniqueItems => ("uniqueItems", "must not have an entry twice".to_owned()),
        Kind::MaxProperties { limit } => ("maxProperties", format!("must have at most {limit} fields")),
        Kind::MinProperties { limit } => ("minProperties", format!("must have at least {limit} fields")),
        other => {
            let keyword = other.keyword();
            let rule = KEYWORDS
                .into_iter()
                .find(|it| *it == keyword)
                .unwrap_or("invalid");
            (rule, format!("does not satisfy {keyword} of the user schema"))
        }
    }
}

fn types(kind: &TypeKind) -> String {
    let with_article = |name: &str| match name {
        "null" => "null".to_owned(),
        "array" | "object" | "integer" => format!("an {name}"),
        _ => format!("a {name}"),
    };
    match kind {
        TypeKind::Single(name) => with_article(&name.to_string()),
        TypeKind::Multiple(names) => {
            let names: Vec<_> = names.iter().map(|name| with_article(&name.to_string())).collect();
            names.join(" or ")
        }
    }
}

fn matching(pattern: &str) -> String {
    match pattern {
        LINE => "must not contain control characters".to_owned(),
        USERNAME => "must be 1 to 64 ASCII letters, digits, dots, dashes or underscores".to_owned(),
        WEB => "must be an http or https URL".to_owned(),
        pattern => format!("must match the pattern {pattern}"),
    }
}

/// `phones.0.number`
fn dotted(place: &Location) -> String {
    let steps = place.into_iter().map(|step| match step {
        LocationSegment::Property(name) => name.into_owned(),
        LocationSegment::Index(at) => at.to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}
