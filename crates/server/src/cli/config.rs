//! `vestibule config`

use super::output::{Column, line};
use super::{Failure, Global, Outcome};
use crate::config::check::{self, Finding, Severity};
use crate::config::{self, Config, Invalid, Loaded, Profile, Shown, Sources};
use crate::data;
use crate::instance::exposed_files;
use clap::Subcommand;

/// Show, check and describe the configuration
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Show every setting in force with its source; secrets are masked
    #[command(after_help = "Example:\n  vestibule config show --config /etc/vestibule.toml")]
    Show,
    /// Check that `serve` would accept the configuration
    #[command(
        after_help = "Example:\n  VESTIBULE_SERVER__PUBLIC_URL=https://auth.example.com vestibule config check"
    )]
    Check,
    /// Print a file with every setting at its default, to begin with
    #[command(after_help = "Example:\n  vestibule config sample > vestibule.toml")]
    Sample,
    /// Print the reference in Markdown
    #[command(after_help = "Example:\n  vestibule config reference | less")]
    Reference,
    /// Print the JSON Schema of the file, for editors
    #[command(after_help = "Example:\n  vestibule config schema > vestibule.schema.json")]
    Schema,
}

impl ConfigCommand {
    pub fn run(self, global: &Global) -> Outcome {
        match self {
            Self::Show => show(global),
            Self::Check => check(global),
            Self::Sample => line(config::sample().trim_end()),
            Self::Reference => line(config::reference().trim_end()),
            Self::Schema => line(config::schema().trim_end()),
        }
    }
}

fn show(global: &Global) -> Outcome {
    let shown = config::shown(&global.load()?);
    let columns: [Column<Shown>; 3] = [
        ("Setting", |it| it.setting.to_owned()),
        ("Value", |it| it.value.clone().unwrap_or_default()),
        ("Source", |it| it.source.clone()),
    ];
    global.output().list(&shown, &columns, "")
}

fn check(global: &Global) -> Outcome {
    let loaded = global.sources(Profile::Production, Vec::new()).load()?;
    tell(
        global,
        &check::production(&loaded.config),
        "the configuration is fit for `vestibule serve`",
    )
}

/// Lists findings; any error among them fails the command.
pub fn tell(global: &Global, findings: &[Finding], none: &str) -> Outcome {
    let columns: [Column<Finding>; 3] = [
        ("", |it| severity(it.severity).to_owned()),
        ("Where", |it| it.subject.clone()),
        ("What", |it| it.message.clone()),
    ];
    global.output().list(findings, &columns, none)?;
    match findings
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .count()
    {
        0 => Ok(()),
        1 => Err(Failure::new(
            "1 error must be mended before `vestibule serve` starts",
        )),
        errors => Err(Failure::new(format!(
            "{errors} errors must be mended before `vestibule serve` starts"
        ))),
    }
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Refuses to start on any error among findings, and names each.
pub fn refuse(findings: &[Finding]) -> Outcome {
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    let told: Vec<_> = errors.map(ToString::to_string).collect();
    if told.is_empty() {
        Ok(())
    } else {
        Err(Invalid(told).into())
    }
}

/// Refuses files of the instance that every user of the machine can read.
pub fn refuse_exposed(config: &Config) -> Outcome {
    let exposed = exposed_files(config);
    if exposed.is_empty() {
        Ok(())
    } else {
        Err(Invalid(exposed).into())
    }
}

/// Refuses a configuration file with a secret in it that every user of the machine can read.
pub fn refuse_exposed_file(sources: &Sources, loaded: &Loaded) -> Outcome {
    exposed_file(sources, loaded).map_or(Ok(()), |reason| Err(Invalid::one(reason).into()))
}

/// Why the configuration file is not private enough for what stands in it.
pub fn exposed_file(sources: &Sources, loaded: &Loaded) -> Option<String> {
    let file = sources.file.as_ref()?;
    if loaded.holds_secret(file) {
        data::exposed(file)
    } else {
        None
    }
}
