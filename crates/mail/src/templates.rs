//! The templates of mails: built in, and replaced one by one by files of an operator.
//!
//! A kind has two: `<kind>.txt`, whose first line is `Subject: …` and whose second is empty, and `<kind>.html`.
//! `layout.html` and `action.html` are shared by the built-in HTML ones. Templates are [MiniJinja]'s: they reach
//! nothing but their variables and each other, and each rendering is bounded.
//!
//! [MiniJinja]: https://docs.rs/minijinja/latest/minijinja/syntax/

use crate::letter::{self, ALWAYS, Variables, WITH_SECRET};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use std::path::{Path, PathBuf};
use std::{fs, io};
use vestibule_model::mail::{Letter, MailKind};

/// Instructions that one rendering may take; the built-in templates take less than a hundredth of it.
const FUEL: u64 = 50_000;
/// Largest template file, in bytes.
const LARGEST: u64 = 256 * 1024;

macro_rules! built_in {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../templates/", $name)))),*] };
}

const BUILT_IN: &[(&str, &str)] = built_in![
    "layout.html",
    "action.html",
    "verify_email.txt",
    "verify_email.html",
    "reset_password.txt",
    "reset_password.html",
    "password_changed.txt",
    "password_changed.html",
    "already_registered.txt",
    "already_registered.html",
];

/// A mail as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The subject; one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML document.
    pub html: String,
}

/// Why templates cannot be used. The text names the file and what to change.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder or a file of it cannot be read.
    #[error("cannot read the mail template {path}: {cause}")]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file of the folder has a name that no template has.
    #[error("the mail template folder holds {path}, which is no template; templates are: {known}")]
    Name {
        /// The file.
        path: PathBuf,
        /// Names that templates have.
        known: String,
    },
    /// A text template does not begin with its subject.
    #[error("the mail template {name} must begin with a line `Subject: …` and an empty line")]
    Subject {
        /// The file's name.
        name: String,
    },
    /// A template uses a variable that its mail does not have.
    #[error("the mail template {name} uses `{variable}`, which this mail does not have; it has: {known}")]
    Variable {
        /// The file's name.
        name: String,
        /// The unknown variable.
        variable: String,
        /// Variables that the mail has.
        known: String,
    },
    /// A template cannot be read or rendered.
    #[error("the mail template {name}{} fails: {problem}", line.map(|line| format!(", line {line},")).unwrap_or_default())]
    Fails {
        /// The file's name.
        name: String,
        /// The line.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
}

/// Every template, tried out.
pub struct Templates(Environment<'static>);

impl Templates {
    /// The built-in templates, with those of `folder` in their stead, each rendered once with and once without a
    /// name. Unknown files, unknown variables and whatever fails with a sample are errors.
    pub fn load(folder: Option<&Path>) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| {
            if has_ending(name, "html") {
                AutoEscape::Html
            } else {
                AutoEscape::None
            }
        });
        // What users say is escaped, whatever a template asks for.
        environment.remove_filter("safe");
        for (name, source) in BUILT_IN {
            add(&mut environment, name, source)?;
        }
        if let Some(folder) = folder {
            for (name, source) in read(folder)? {
                add(&mut environment, &name, &source)?;
            }
        }
        let templates = Self(environment);
        templates.check_variables()?;
        for kind in MailKind::SENT {
            for sample in letter::samples(kind) {
                templates.render(kind, &sample)?;
            }
        }
        Ok(templates)
    }

    /// Renders a letter.
    pub fn render(&self, kind: MailKind, letter: &Letter) -> Result<Rendered, TemplateError> {
        let mut variables = Variables::of(letter);
        let subject = letter::one_line(&self.one(&subject_name(kind), &variables)?);
        variables.subject = Some(&subject);
        let text = self.one(&format!("{}.txt", kind.as_str()), &variables)?;
        let html = self.one(&format!("{}.html", kind.as_str()), &variables)?;
        Ok(Rendered { subject, text, html })
    }

    fn one(&self, name: &str, variables: &Variables<'_>) -> Result<String, TemplateError> {
        let rendered = self
            .0
            .get_template(name)
            .and_then(|template| template.render(Serde(variables)));
        rendered.map_err(|error| fails(name, &error))
    }

    /// Finds unknown variables in branches that no sample takes.
    fn check_variables(&self) -> Result<(), TemplateError> {
        for (name, template) in self.0.templates() {
            let plain = MailKind::SENT
                .iter()
                .any(|kind| !letter::has_secret(*kind) && name.split('.').next() == Some(kind.as_str()));
            let known: Vec<&str> = ALWAYS
                .into_iter()
                .chain(WITH_SECRET.into_iter().filter(|_| !plain))
                .collect();
            // `action` is set by the templates that include `action.html`.
            let is_known = |variable: &str| {
                known.contains(&variable)
                    || self.is_global(variable)
                    || (name == "action.html" && variable == "action")
            };
            let unknown = template
                .undeclared_variables(false)
                .into_iter()
                .find(|variable| !is_known(variable));
            if let Some(variable) = unknown {
                return Err(TemplateError::Variable {
                    name: file_name(name),
                    variable,
                    known: known.join(", "),
                });
            }
        }
        Ok(())
    }

    fn is_global(&self, name: &str) -> bool {
        self.0.globals().any(|(global, _)| global == name)
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.templates().map(|(name, _)| name))
            .finish()
    }
}

/// The template of the first line of a text template, which is kept apart so that no value can make it two lines.
fn subject_name(kind: MailKind) -> String {
    format!("{}.subject", kind.as_str())
}

/// The file that a template stands in.
fn file_name(template: &str) -> String {
    template
        .strip_suffix(".subject")
        .map_or_else(|| template.to_owned(), |kind| format!("{kind}.txt"))
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == ending)
}

fn add(environment: &mut Environment<'static>, name: &str, source: &str) -> Result<(), TemplateError> {
    let source = source.replace("\r\n", "\n");
    let Some(kind) = name.strip_suffix(".txt") else {
        return environment
            .add_template_owned(name.to_owned(), source)
            .map_err(|error| fails(name, &error));
    };
    let parts = source
        .strip_prefix("Subject: ")
        .and_then(|rest| rest.split_once("\n\n"));
    let Some((subject, text)) = parts.filter(|(subject, _)| !subject.contains('\n')) else {
        return Err(TemplateError::Subject {
            name: name.to_owned(),
        });
    };
    for (template, source) in [(format!("{kind}.subject"), subject), (name.to_owned(), text)] {
        environment
            .add_template_owned(template, source.to_owned())
            .map_err(|error| fails(name, &error))?;
    }
    Ok(())
}

/// The templates in an operator's folder. Hidden files are passed over.
fn read(folder: &Path) -> Result<Vec<(String, String)>, TemplateError> {
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |cause| TemplateError::Read { path, cause }
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot(folder))? {
        let path = entry.map_err(cannot(folder))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if !BUILT_IN.iter().any(|(built_in, _)| *built_in == name) {
            let known = BUILT_IN
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(TemplateError::Name { path, known });
        }
        if fs::metadata(&path).map_err(cannot(&path))?.len() > LARGEST {
            return Err(fails_with(&name, None, "it is larger than 256 KiB".into()));
        }
        found.push((name, fs::read_to_string(&path).map_err(cannot(&path))?));
    }
    Ok(found)
}

fn fails(template: &str, error: &minijinja::Error) -> TemplateError {
    let name = file_name(error.name().unwrap_or(template));
    let problem = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too many steps; loops must be short".to_owned(),
        kind => error
            .detail()
            .map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    // The body of a text template begins on the third line of its file.
    let is_body = !has_ending(template, "subject") && !has_ending(&name, "html");
    let above = if is_body { 2 } else { 0 };
    fails_with(&name, error.line().map(|line| line + above), problem)
}

fn fails_with(name: &str, line: Option<usize>, problem: String) -> TemplateError {
    TemplateError::Fails {
        name: name.to_owned(),
        line,
        problem,
    }
}
