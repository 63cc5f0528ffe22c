//! The schemas of a process: each distinct one once, however many projects have it.

use super::{UserSchema, new_project};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use vestibule_model::refusal::FieldError;

/// The schemas that projects in memory have, by their texts.
pub(crate) struct Schemas {
    /// What a project has when neither it nor the instance declares one.
    new_project: Arc<Map<String, Value>>,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    by_text: HashMap<String, Weak<UserSchema>>,
    /// When there are so many, those that nobody has any more are dropped.
    prune_at: usize,
}

impl Default for Schemas {
    fn default() -> Self {
        Self {
            new_project: Arc::new(new_project::schema()),
            read: Mutex::default(),
        }
    }
}

impl Schemas {
    /// The schema of a project with this setting.
    pub(crate) fn get(
        &self,
        setting: Option<&Arc<Map<String, Value>>>,
    ) -> Result<Arc<UserSchema>, Vec<FieldError>> {
        let text = setting.unwrap_or(&self.new_project);
        let key = serde_json::to_string(text).unwrap_or_default();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = read.by_text.get(&key).and_then(Weak::upgrade) {
            return Ok(schema);
        }
        let schema = Arc::new(UserSchema::read(text)?);
        if read.by_text.len() >= read.prune_at {
            read.by_text.retain(|_, schema| schema.strong_count() > 0);
            read.prune_at = (2 * read.by_text.len()).max(64);
        }
        read.by_text.insert(key, Arc::downgrade(&schema));
        Ok(schema)
    }

    /// How many schemas are remembered, those that nobody has any more too.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.read
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .by_text
            .len()
    }
}
