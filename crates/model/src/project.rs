//! Projects, their two environments, and the names of dialects.

use crate::Timestamp;
use crate::id::ProjectId;
use crate::settings::{DialectSettings, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// One of the two disjoint halves of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real users.
    Live,
    /// Users of development and test.
    Test,
}

impl Environment {
    /// Both, in the order in which they are listed.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`: as stored, in claims and in API keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// The environment of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|environment| environment.as_str() == name)
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A project and one of its environments: the walls within which users, sessions and keys exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Realm {
    /// The project.
    pub project: ProjectId,
    /// Which half of it.
    pub environment: Environment,
}

/// The name of a dialect: an open string, so that a sixth one is its crate and one registration line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialectName(&'static str);

impl DialectName {
    /// The dialect of this lower-case name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name as stored and as met in configuration.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A project with its settings complete.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its id, the default `aud` and the `tenant_id` of tokens.
    pub id: ProjectId,
    /// Its name in commands and paths: lower-case letters, digits, dashes.
    pub slug: String,
    /// Its name for people, shown in mails and pages.
    pub name: String,
    /// The instance's defaults with the project's own settings laid over them.
    pub settings: Settings,
    /// What its dialects alone have as settings, read once.
    pub own: OwnSettings,
    /// When an operator disabled the project; all its doors are shut then.
    pub disabled_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Project {
    /// One environment of this project.
    pub const fn realm(&self, environment: Environment) -> Realm {
        Realm {
            project: self.id,
            environment,
        }
    }

    /// The settings of one dialect, where any are made.
    pub fn dialect(&self, name: DialectName) -> Option<&DialectSettings> {
        self.settings.dialects.get(name.as_str())
    }

    /// Whether the routes of a dialect exist for this project.
    pub fn serves(&self, name: DialectName) -> bool {
        self.dialect(name)
            .and_then(|settings| settings.enabled)
            .unwrap_or(true)
    }
}

/// The settings that single dialects have beside the common ones, each as the dialect's own type.
#[derive(Clone, Default)]
pub struct OwnSettings(pub Vec<Arc<dyn Any + Send + Sync>>);

impl OwnSettings {
    /// The settings of this type, of the one dialect that has it.
    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.iter().find_map(|own| own.downcast_ref())
    }
}

impl fmt::Debug for OwnSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnSettings").finish_non_exhaustive()
    }
}
