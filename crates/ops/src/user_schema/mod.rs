//! What the users of a project may say about themselves: a JSON Schema (2020-12) with three marks of ours.
//!
//! - `x-identifier: true` at a string, in the profile or within its objects and lists: one user of the realm at most has
//!   the value, and can log in with it.
//! - `x-self-editable: false` at a field of the profile: given at sign-up, changed by operators only.
//! - `x-admin-only: true` at a field of the profile: set by operators only, and not shown to the user.
//!
//! Some rules hold whatever the schema says, because no schema can say them: see [`check`].

mod check;
mod declaration;
mod marks;
mod metadata;
mod new_project;
mod path;
mod reserved;
mod shared;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use check::{By, MAX_IDENTIFIERS, Profile, Rules};
pub(crate) use metadata::check_metadata;
pub(crate) use path::{Identifier, compared};
pub(crate) use shared::Schemas;

use crate::error::Error;
use declaration::Declaration;
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};
use std::sync::OnceLock;
use vestibule_model::refusal::FieldError;
use vestibule_model::user::User;
use vestibule_model::{Fault, Project};

/// Largest pattern of a schema once compiled, and the largest table that matching it may fill, in bytes.
const MAX_PATTERN: usize = 256 * 1_024;

/// A user schema, read. Its validator is made when a profile is first checked, so that a project nobody registers with
/// costs its declaration only.
pub(crate) struct UserSchema {
    text: Value,
    declaration: Declaration,
    validator: OnceLock<Option<Validator>>,
}

impl UserSchema {
    /// Reads a schema without judging all of it: enough for one that was judged when it was set.
    fn read(text: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let text = Value::Object(text.clone());
        Ok(Self {
            declaration: Declaration::read(&text)?,
            text,
            validator: OnceLock::new(),
        })
    }

    /// Says everything that is wrong with a schema, each by its path within it.
    pub(crate) fn judge(text: &Map<String, Value>) -> Result<(), Vec<FieldError>> {
        let schema = Self::read(text)?;
        match compile(&schema.text) {
            Ok(_) => Ok(()),
            Err(problem) => Err(vec![problem]),
        }
    }

    /// What checks profiles by this schema.
    pub(crate) fn rules(&self) -> Result<Rules<'_>, Fault> {
        let made = self.validator.get_or_init(|| compile(&self.text).ok());
        let broken = || Fault::Internal("a stored user schema does not compile".to_owned());
        Ok(Rules {
            schema: self,
            validator: made.as_ref().ok_or_else(broken)?,
        })
    }

    /// The schema itself.
    pub(crate) const fn text(&self) -> &Value {
        &self.text
    }

    /// The paths with whose values users can log in.
    pub(crate) fn identifier_paths(&self) -> impl Iterator<Item = &str> {
        self.declaration.identifiers.iter().map(path::Path::text)
    }

    /// Whether users can log in with the values at this path.
    pub(crate) fn identifies(&self, path: &str) -> bool {
        self.identifier_paths().any(|it| it == path)
    }

    /// The values of a profile that only one user of the realm may have. Of a profile that was checked by another
    /// schema, those that this one could take.
    pub(crate) fn identifiers_of(&self, profile: &Map<String, Value>) -> Vec<Identifier> {
        let mut found = Vec::new();
        for path in &self.declaration.identifiers {
            path.values(profile, |_, value| {
                let identifier = Identifier::new(path, value);
                let fits = check::misfit(path, value).is_none() && found.len() < MAX_IDENTIFIERS;
                if fits && !found.contains(&identifier) {
                    found.push(identifier);
                }
            });
        }
        found
    }
}

fn compile(text: &Value) -> Result<Validator, FieldError> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(
            PatternOptions::regex()
                .size_limit(MAX_PATTERN)
                .dfa_size_limit(MAX_PATTERN),
        )
        .build(text)
        .map_err(|error| words::of_schema(&error))
}

/// The user schema of a project.
pub(crate) fn of(project: &Project) -> Result<&UserSchema, Error> {
    let schema = project.own.get::<UserSchema>();
    schema.ok_or_else(|| Fault::Internal("a project was completed without its user schema".to_owned()).into())
}

/// The fields of a user's profile that are set, in the order of the project's schema and without those that only
/// operators see. Fields that the schema does not name come last.
pub fn shown_profile<'u>(project: &Project, user: &'u User) -> Vec<(&'u str, &'u Value)> {
    let Some(schema) = project.own.get::<UserSchema>() else {
        return Vec::new();
    };
    let declaration = &schema.declaration;
    let declared = declaration
        .fields
        .iter()
        .filter(|(_, marks)| !marks.admin_only)
        .filter_map(|(name, _)| user.profile.get_key_value(name));
    let rest = user
        .profile
        .iter()
        .filter(|(name, _)| declaration.marks(name).is_none());
    declared
        .chain(rest)
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

/// Whether the project's users have a field of this name that they can set at sign-up.
pub fn has_profile_field(project: &Project, name: &str) -> bool {
    let schema = project.own.get::<UserSchema>();
    schema.is_some_and(|schema| {
        schema
            .declaration
            .marks(name)
            .is_some_and(|marks| !marks.admin_only)
    })
}
