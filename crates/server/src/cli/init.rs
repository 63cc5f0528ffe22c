//! `vestibule init`

use super::desk::operator;
use super::{Attempt, Failure, Global, Outcome, arguments, output};
use crate::address;
use crate::config::{Flag, Profile, check};
use crate::data::{self, Folder};
use crate::instance::keys::Keys;
use crate::instance::{Setup, open};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::SystemClock;
use vestibule_ops::admin::instance;
use vestibule_store::Role;

/// Prepare production: write a configuration file, the data folder, the master key, a project and its API keys
#[derive(Args)]
#[command(
    after_help = "Example:\n  vestibule init --data /var/lib/vestibule --public-url https://auth.example.com"
)]
pub struct InitCommand {
    /// Where clients will reach the server, such as `https://auth.example.com`
    #[arg(long, value_name = "URL")]
    pub public_url: String,
}

#[derive(Serialize)]
struct Made {
    config: PathBuf,
    data: PathBuf,
    master_key: String,
    project: String,
    keys: Keys,
}

impl InitCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        if address::base_url(&self.public_url).is_none() {
            let url = &self.public_url;
            return Err(Failure::usage(format!(
                "\"{url}\" is not a base URL such as https://auth.example.com (no path, no query)"
            )));
        }
        let file = global
            .config
            .clone()
            .unwrap_or_else(|| PathBuf::from(arguments::FILE));
        if file
            .try_exists()
            .attempting(format!("look at {}", file.display()))?
        {
            return Err(Failure::new(format!(
                "{} exists already: name another file with --config, or edit it",
                file.display()
            )));
        }
        let public_url = Flag {
            name: "--public-url",
            path: "server.public_url",
            value: self.public_url.clone(),
        };
        let mut sources = global.sources(Profile::Production, vec![public_url]);
        sources.file = None;
        let config = sources.load()?.config;
        super::config::refuse(&check::always(&config))?;
        let folder = Folder::of(&config);
        if let Some(database) = folder.database().filter(|database| database.exists()) {
            let shown = database.display();
            return Err(Failure::new(format!(
                "{shown} exists already: name another folder with --data, or serve this one"
            )));
        }
        let setup = Setup {
            profile: Profile::Production,
            role: Role::Server,
            clock: Arc::new(SystemClock::start()),
            entropy: Arc::new(SystemEntropy),
            create: true,
        };
        let core = open(&config, &self.public_url, &setup).await?;
        let project = instance::initialise(&core, &operator(), "default", "Default").await?;
        let keys = Keys::make(&core, &operator(), &project, "vestibule init").await?;
        core.store.db.close().await;
        let data = std::path::absolute(folder.root()).attempting("name the data folder")?;
        data::write_private(&file, &text(&self.public_url, &data))
            .attempting(format!("write {}", file.display()))?;
        let master_key = core
            .sealer
            .current_id()
            .map(|id| id.to_string())
            .unwrap_or_default();
        let made = Made {
            config: file,
            data,
            master_key,
            project: project.slug.clone(),
            keys,
        };
        global.output().result(&made, || screen(&made, &folder))
    }
}

/// The file: what must be said, and where the rest is described.
fn text(public_url: &str, data: &Path) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    format!(
        "# All settings: `vestibule config sample` or `vestibule config reference`.\n\n\
         [server]\npublic_url = {}\nlisten = \"127.0.0.1:7373\"\ndata_dir = {}\n\n\
         # Vestibule needs a mail server. The password can stand in a file instead: password_file = \"…\".\n\
         [mail]\n#from = \"Example <no-reply@example.com>\"\n#host = \"smtp.example.com\"\n#tls = \"starttls\"\n\
         #username = \"\"\n#password_file = \"\"\n\n\
         # Proxies in front of Vestibule, whose X-Forwarded-For is believed.\n\
         [network]\n#trusted_proxies = [\"127.0.0.1/32\"]\n",
        quoted(public_url),
        quoted(&data.display().to_string())
    )
}

fn screen(made: &Made, folder: &Folder) -> String {
    let facts = output::facts(&[
        ("  configuration", made.config.display().to_string()),
        ("  data", made.data.display().to_string()),
        (
            "  master key",
            format!(
                "{} (keep a copy elsewhere: without it backups cannot be restored)",
                folder.master_key().display()
            ),
        ),
        ("  project", made.project.clone()),
        ("  live", made.keys.live.api.clone()),
        ("", made.keys.live.publishable.clone()),
        ("", made.keys.live.secret.clone()),
        ("  test", made.keys.test.api.clone()),
        ("", made.keys.test.publishable.clone()),
        ("", made.keys.test.secret.clone()),
    ]);
    let config = made.config.display();
    format!(
        "Made, with API keys that are shown only now:\n\n{facts}\n\n\
         Next: set the mail server in {config}, then\n  vestibule doctor --config {config}\n  vestibule serve --config {config}"
    )
}
