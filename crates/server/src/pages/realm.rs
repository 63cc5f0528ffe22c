//! Whose page this is: a mailed token names its project; without one the page is the default project's, or that of
//! the `project` and `environment` in its address.

use super::Pages;
use super::form::Form;
use serde::Serialize;
use std::sync::Arc;
use vestibule_model::{Environment, Project};
use vestibule_ops::{Cx, Error, Facts};

/// The project and environment of a page.
pub(super) struct Place {
    pub(super) project: Arc<Project>,
    pub(super) environment: Environment,
    /// Whether the form must repeat them, because no token does.
    named: bool,
}

/// The hidden fields that lead a form back to its place.
#[derive(Serialize)]
pub(super) struct Named<'a> {
    project: &'a str,
    environment: &'static str,
}

impl Place {
    /// The hidden fields, if the form needs them.
    pub(super) fn named(&self) -> Option<Named<'_>> {
        self.named.then(|| Named {
            project: &self.project.slug,
            environment: self.environment.as_str(),
        })
    }
}

impl Pages {
    /// Where the fields of a query or form lead; `None` when the token is none of ours or the project is unknown.
    pub(super) async fn place(&self, form: &Form) -> Result<Option<Place>, Error> {
        let core = &self.state.core;
        if let Some(token) = form.get("token") {
            let realm = vestibule_ops::realm_of_mailed_token(core, token).await?;
            return Ok(realm.map(|(project, environment)| Place {
                project,
                environment,
                named: false,
            }));
        }
        let environment = form.get("environment").and_then(Environment::parse);
        let environment = environment.unwrap_or(self.state.default_environment);
        let project = match form.get("project") {
            Some(slug) => vestibule_ops::project_by_slug(core, slug).await?,
            None => Some(vestibule_ops::default_project(core).await?),
        };
        Ok(project.map(|project| Place {
            project,
            environment,
            named: true,
        }))
    }

    /// The context for an operation. Pages have no door of their own: the first one's policy holds.
    pub(super) fn cx(&self, place: &Place, facts: Option<Facts>) -> Option<Cx> {
        let core = &self.state.core;
        Some(Cx {
            core: Arc::clone(core),
            project: Arc::clone(&place.project),
            environment: place.environment,
            door: core.doors.first().copied()?,
            facts: facts.unwrap_or_else(|| Facts::new(None, None, String::new())),
            deadline: core.deadline(),
        })
    }
}
