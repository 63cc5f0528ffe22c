//! A second project, beside the default one.

use crate::{Keys, Server, operator};
use serde_json::{Map, Value};
use std::sync::Arc;
use vestibule_model::Project;
use vestibule_ops::admin::projects::{self, NewProject};

/// A project and its API keys.
pub struct OtherProject {
    /// The project as it was at the beginning.
    pub project: Arc<Project>,
    /// Its API keys.
    pub keys: Keys,
}

impl Server {
    /// Sets a setting of another project by its dotted path.
    pub async fn set_of(&self, other: &OtherProject, path: &str, value: impl Into<Value>) {
        let set = projects::set(self.core(), &operator(), other.project.id, path, value.into()).await;
        set.expect("a good setting").expect("the project");
    }

    /// Creates a project. Its signing keys are made when they are first used.
    pub async fn another_project(&self, slug: &str) -> OtherProject {
        let new = NewProject {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            settings: Map::new(),
        };
        let project = projects::create(self.core(), &operator(), new)
            .await
            .expect("a project");
        let keys = Keys::make(self.core(), &project).await;
        OtherProject { project, keys }
    }
}
