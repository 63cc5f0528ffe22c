//! `GET /.well-known/jwks.json` and `GET /p/{project}/.well-known/jwks.json`

use crate::DOOR;
use vestibule_model::refusal::NotFound;
use vestibule_model::{Environment, Project, Refusal};
use vestibule_ops::Error;
use vestibule_web::{Answer, Open};

pub(crate) async fn root(open: Open) -> Result<Answer, Error> {
    let (project, _) = open.realm().await?;
    publish(&open, &project).await
}

pub(crate) async fn of_project(open: Open) -> Result<Answer, Error> {
    let project = vestibule_ops::project_by_slug(open.core(), open.path("project")).await?;
    let project = project.ok_or(NotFound::Route)?;
    publish(&open, &project).await
}

async fn publish(open: &Open, project: &Project) -> Result<Answer, Error> {
    let environments: &[Environment] = match open.query("env")?.as_deref() {
        None if project.settings.jwks.publish_test_keys => &Environment::ALL,
        None => &[Environment::Live],
        Some(name) => match Environment::parse(name) {
            Some(Environment::Live) => &[Environment::Live],
            Some(Environment::Test) => &[Environment::Test],
            None => return Err(Refusal::field("env", "must be live or test").into()),
        },
    };
    let document = vestibule_ops::jwks(open.core(), project, environments, DOOR.name).await?;
    Ok(Answer::written_json(200, document.body).cached(document.max_age))
}
