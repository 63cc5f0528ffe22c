//! The documentation of `dev`: every dialect's API document, made readable here and not by a script from elsewhere.

use super::docs_model::{self, Operation};
use super::shell::Outcome;
use super::{Pages, Shared, quickstart};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use std::slice;

/// `GET /docs`
pub(super) async fn index(State(pages): Shared) -> Response {
    let dialects: Vec<_> = pages
        .state
        .dialects
        .iter()
        .map(|dialect| {
            let operations = vestibule_web::table(slice::from_ref(dialect)).len();
            context! { name => dialect.door.name.as_str(), title => dialect.title, operations }
        })
        .collect();
    pages
        .shell
        .page(StatusCode::OK, "docs.html", context! { dialects })
}

/// `GET /docs/{dialect}`
pub(super) async fn show(State(pages): Shared, Path(dialect): Path<String>) -> Response {
    pages.documented(&dialect, None)
}

/// `GET /docs/{dialect}/{operation}`
pub(super) async fn operation(
    State(pages): Shared,
    Path((dialect, operation)): Path<(String, String)>,
) -> Response {
    pages.documented(&dialect, Some(&operation))
}

impl Pages {
    /// All operations of a dialect, or one of them in full.
    fn documented(&self, dialect: &str, id: Option<&str>) -> Response {
        let Some(dialect) = self.state.dialect(dialect) else {
            return self.undocumented("No such API");
        };
        let base = self.state.core.settings.public_url.as_str();
        // Made anew for each view: kept, the documents would be most of an idle server's memory.
        let document = match serde_json::to_value(vestibule_web::openapi(dialect, base)) {
            Ok(document) => document,
            Err(error) => {
                tracing::error!(%error, "an OpenAPI document cannot be written");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let operations = docs_model::operations(&document, base);
        let shown = id.map(|id| operations.iter().find(|operation| operation.id == id));
        let (template, shown) = match shown {
            None => ("dialect.html", Value::UNDEFINED),
            Some(Some(operation)) => ("operation.html", Value::from(Serde(operation))),
            Some(None) => return self.undocumented("No such operation"),
        };
        let groups = Value::from(Serde(grouped(&operations)));
        let languages: Vec<_> = quickstart::languages().collect();
        let values = context! { name => dialect.door.name.as_str(), title => dialect.title, base, groups, shown, languages };
        self.shell.page(StatusCode::OK, template, values)
    }

    fn undocumented(&self, title: &str) -> Response {
        let text = "The list of all there is stands at /docs.";
        let outcome = Outcome {
            project: None,
            mood: "bad",
            title,
            text,
            advice: None,
        };
        self.shell.outcome(StatusCode::NOT_FOUND, &outcome)
    }
}

/// Operations that belong together, under a heading.
#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    operations: Vec<&'a Operation>,
}

/// Groups by the first word of the path after its version; what would stand alone comes last, together.
fn grouped(operations: &[Operation]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for operation in operations {
        let name = operation
            .path
            .split('/')
            .find(|word| word.len() > 2)
            .unwrap_or_default();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.operations.push(operation),
            None => groups.push(Group {
                name,
                operations: vec![operation],
            }),
        }
    }
    let (mut groups, single): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|group| group.operations.len() > 1);
    groups.sort_by_key(|group| std::cmp::Reverse(group.operations.len()));
    let others: Vec<_> = single.into_iter().flat_map(|group| group.operations).collect();
    groups.extend((!others.is_empty()).then_some(Group {
        name: "others",
        operations: others,
    }));
    groups
}
