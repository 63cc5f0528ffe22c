//! `vestibule doctor`

use super::{Global, Outcome};
use crate::address;
use crate::config::check::{self, Finding};
use crate::config::{Config, Profile};
use crate::data::Folder;
use crate::instance::{OpenError, Setup, exposed_files, open};
use clap::Args;
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::{Settings, SystemClock};
use vestibule_ops::Core;
use vestibule_ops::admin::{mail, projects};
use vestibule_store::{Health, Role};

/// Mails that wait before that is worth a word.
const MANY_MAILS: i64 = 100;

/// Look for what is unsafe or broken; exit code 1 when `serve` would refuse to start
#[derive(Args)]
#[command(after_help = "Example:\n  vestibule doctor --config /etc/vestibule.toml")]
pub struct DoctorCommand {}

impl DoctorCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        let sources = global.sources(Profile::Production, Vec::new());
        let loaded = sources.load()?;
        let config = &loaded.config;
        let mut findings = check::production(config);
        findings.extend(
            exposed_files(config)
                .iter()
                .map(|reason| check::error("files", reason)),
        );
        if let Some(reason) = super::config::exposed_file(&sources, &loaded) {
            findings.push(check::error("files", reason));
        }
        findings.extend(instance(config).await);
        let database = Folder::of(config).database_shown();
        super::config::tell(
            global,
            &findings,
            &format!("nothing is wrong; the database is {database}"),
        )
    }
}

/// What only the opened instance shows.
async fn instance(config: &Config) -> Vec<Finding> {
    let setup = Setup {
        profile: Profile::Production,
        role: Role::Companion,
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(SystemEntropy),
        create: false,
    };
    let public_url = config.server.public_url.clone().unwrap_or_default();
    let core = match open(config, &public_url, &setup).await {
        Ok(core) => core,
        // With a configured master key `serve` makes what is missing.
        Err(OpenError::Absent(_)) if config.secrets.master_key.is_some() => {
            return vec![check::warning(
                "database",
                "is not there yet or has no tables: the first start of `vestibule serve` makes it",
            )];
        }
        Err(error) => return vec![check::error("instance", error.to_string())],
    };
    let mut found = Vec::new();
    if core.store.db.health() != Health::Writable {
        found.push(check::error("database", "takes no writes: look at the disk"));
    }
    match mail::waiting(&core).await {
        Ok(waiting) if waiting > MANY_MAILS => {
            found.push(check::warning(
                "mail",
                format!("{waiting} mails wait: `vestibule mail list --waiting` tells why"),
            ));
        }
        Ok(_) => {}
        Err(_) => found.push(check::error(
            "database",
            "cannot be read: look at the log of the server",
        )),
    }
    found.extend(each_project(&core).await);
    core.store.db.close().await;
    if Folder::of(config).previous_master_key().exists() {
        found.push(check::warning(
            "master key",
            "a rotation is not finished: stop the server and run `vestibule key master rotate`",
        ));
    }
    found
}

/// A project may set for itself what the configuration must not.
async fn each_project(core: &Core) -> Vec<Finding> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while let Ok(page) = projects::list(core, &after, 500).await {
        let Some(last) = page.last() else { break };
        after.clone_from(&last.slug);
        for row in page {
            let slug = row.slug.clone();
            match projects::complete(core, row) {
                Ok(project) => found.extend(settings(core, &slug, &project.settings)),
                Err(error) => found.push(check::error(
                    &format!("project {slug}"),
                    super::Failure::from(error).message,
                )),
            }
        }
    }
    found
}

fn settings(core: &Core, slug: &str, settings: &Settings) -> Vec<Finding> {
    let origins = settings.cors.allowed_origins.iter();
    let loose = origins.filter(|origin| origin.contains('*') || address::base_url(origin).is_none());
    let subject = format!("project {slug}");
    // The defaults of all projects are told once, with the configuration.
    let default = &core.settings.defaults.links;
    let links = if settings.links == *default {
        None
    } else {
        Some(check::plain_links(&settings.links))
    };
    loose
        .map(|origin| {
            check::error(
                &subject,
                format!("cors.allowed_origins holds \"{origin}\": name exact origins"),
            )
        })
        .chain(
            links
                .into_iter()
                .flatten()
                .map(|(setting, message)| check::error(&subject, format!("{setting}: {message}"))),
        )
        .chain(check::enumeration(slug, settings))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::Severity;
    use secrecy::SecretString;

    #[tokio::test]
    async fn a_database_that_the_first_start_would_make_is_a_warning_and_any_other_absence_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.data_dir = folder.path().join("data");
        let severity = async |config: &Config| {
            let [found] = instance(config).await.try_into().unwrap();
            let Finding { severity, .. } = found;
            severity
        };
        assert_eq!(severity(&config).await, Severity::Error);
        config.secrets.master_key = Some(SecretString::from("7".repeat(64)));
        assert_eq!(severity(&config).await, Severity::Warning);
        assert!(!config.server.data_dir.exists());
    }
}
