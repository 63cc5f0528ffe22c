//! What all pages have in common: the templates and the assets.

use super::answer;
use super::assets::Assets;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, UndefinedBehavior, Value, context};
use serde::Serialize;

macro_rules! templates {
    ($($name:literal),* $(,)?) => { [$(($name, include_str!(concat!("templates/", $name)))),*] };
}

/// The templates of pages. They are built in and not an operator's to change.
pub(super) struct Shell {
    templates: Environment<'static>,
    pub(super) assets: Assets,
}

impl Shell {
    pub(super) fn new() -> Self {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.add_filter("prose", |text: &str| Value::from_safe_string(prose(text)));
        for (name, source) in templates![
            "base.html",
            "verify_email.html",
            "reset_password.html",
            "outcome.html",
            "start.html",
            "inbox.html",
            "docs.html",
            "dialect.html",
            "docs_nav.html",
            "operation.html",
            "field_table.html",
            "fields.html",
        ] {
            if let Err(error) = templates.add_template(name, source) {
                tracing::error!(name, %error, "a page's template is wrong");
            }
        }
        let assets = Assets::new();
        let paths = context! {
            style => assets.style.path(),
            inbox_script => assets.inbox_script.path(),
            icon => assets.icon.path(),
        };
        templates.add_global("assets", paths);
        Self { templates, assets }
    }

    /// A page.
    pub(super) fn page(&self, status: StatusCode, template: &str, values: impl Into<Value>) -> Response {
        self.page_under(answer::POLICY, status, template, values)
    }

    /// A page under another policy than the usual one.
    pub(super) fn page_under(
        &self,
        policy: &'static str,
        status: StatusCode,
        template: &str,
        values: impl Into<Value>,
    ) -> Response {
        let rendered = self
            .templates
            .get_template(template)
            .and_then(|template| template.render(values));
        match rendered {
            Ok(document) => answer::html(status, policy, document),
            Err(error) => {
                tracing::error!(template, %error, "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// A page that says one thing.
    pub(super) fn outcome(&self, status: StatusCode, outcome: &Outcome<'_>) -> Response {
        self.page(status, "outcome.html", Serde(outcome))
    }
}

/// Text from an API document: escaped, and what stands between back quotes as code.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (number, part) in text.split('`').enumerate() {
        let escaped = HtmlEscape(part);
        let piece = if number % 2 == 1 {
            format!("<code>{escaped}</code>")
        } else {
            escaped.to_string()
        };
        html.push_str(&piece);
    }
    html
}

/// What a page that says one thing says.
#[derive(Serialize)]
pub(super) struct Outcome<'a> {
    /// The project's name, when one is known.
    pub(super) project: Option<&'a str>,
    /// `good`, `bad` or `wait`.
    pub(super) mood: &'static str,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    /// A second paragraph: what to do now.
    pub(super) advice: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_read() {
        let shell = Shell::new();
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages/templates")).unwrap();
        for file in files {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(shell.templates.get_template(&name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_a_user_or_an_operator_says_is_never_markup() {
        let (text, project) = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>");
        let outcome = Outcome {
            project: Some(project),
            mood: "bad",
            title: text,
            text,
            advice: Some(text),
        };
        let shell = Shell::new();
        let page = shell
            .templates
            .get_template("outcome.html")
            .unwrap()
            .render(Serde(&outcome))
            .unwrap();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert_eq!(prose("a `b<` <c>"), "a <code>b&lt;</code> &lt;c&gt;");
    }
}
