//! `vestibule dev`

use super::desk::operator;
use super::{Attempt, Failure, Global, Outcome, output};
use crate::config::{Config, Flag, Profile, check};
use crate::data::{self, Folder};
use crate::instance::keys::Keys;
use crate::instance::{Options, Recorder, Running, Setup, start};
use crate::logs::Logs;
use crate::open_files;
use crate::signals::Stop;
use clap::Args;
use serde::Serialize;
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::{Project, SystemClock};
use vestibule_ops::admin::instance;
use vestibule_store::Role;

/// Start a server for development; needs no configuration
///
/// Makes ./vestibule-data with a project, its keys and a mail inbox on the first run, and finds it again on the next.
/// Mail never leaves: it is read at /dev/inbox.
#[derive(Args)]
#[command(
    after_help = "Example:\n  vestibule dev\n  vestibule dev --data /tmp/try --listen 127.0.0.1:0 --json"
)]
pub struct DevCommand {
    /// The address and port to listen on; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

#[derive(Serialize)]
struct Ready<'a> {
    base_url: &'a str,
    project: &'a str,
    keys: &'a Keys,
    inbox_url: String,
    docs_url: String,
    metrics_url: Option<&'a str>,
}

impl DevCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        let stop = Stop::listen().attempting("listen for signals")?;
        let flags = self.listen.map(|value| Flag {
            name: "--listen",
            path: "server.listen",
            value,
        });
        let config = global
            .sources(Profile::Development, flags.into_iter().collect())
            .load()?
            .config;
        super::config::refuse(&check::always(&config))?;
        super::config::refuse_exposed(&config)?;
        let logs = Logs::start(&config.log).map_err(Failure::usage)?;
        open_files::raise_limit();
        if !config.server.listen.ip().is_loopback() {
            let listen = config.server.listen;
            tracing::warn!(%listen, "everybody who reaches this address can read the mail inbox with its links and codes");
        }
        let folder = Folder::of(&config);
        let running = start(Options {
            recorder: Some(Recorder::install(Some(logs.dropped()))),
            setup: Setup {
                profile: Profile::Development,
                role: Role::Server,
                clock: Arc::new(SystemClock::start()),
                entropy: Arc::new(SystemEntropy),
                create: true,
            },
            listener: None,
            config: config.clone(),
        })
        .await?;
        let told = welcome(global, &config, &folder, &running).await;
        if told.is_ok() {
            stop.asked().await;
        }
        running.shutdown().await;
        told
    }
}

async fn welcome(global: &Global, config: &Config, folder: &Folder, running: &Running) -> Outcome {
    let project = instance::initialise(&running.core, &operator(), "default", "Default").await?;
    let keys = keys(folder, running, &project).await?;
    let ready = Ready {
        base_url: &running.base_url,
        project: &project.slug,
        keys: &keys,
        inbox_url: format!("{}/dev/inbox", running.base_url),
        docs_url: format!("{}/docs", running.base_url),
        metrics_url: running.metrics_url(),
    };
    global.output().result(&ready, || screen(config, &ready))
}

/// The keys of the last run, as far as they still work; otherwise new ones.
async fn keys(folder: &Folder, running: &Running, project: &Project) -> Result<Keys, Failure> {
    let path = folder.dev_keys();
    let _alone = folder.alone().attempting("lock the data folder")?;
    let kept = std::fs::read_to_string(&path)
        .ok()
        .and_then(|text| serde_json::from_str::<Keys>(&text).ok());
    if let Some(kept) = kept
        && kept.work(&running.core, project).await?
    {
        return Ok(kept);
    }
    let keys = Keys::make(&running.core, &operator(), project, "vestibule dev").await?;
    let text = serde_json::to_string_pretty(&keys).attempting("write the API keys")?;
    data::write_private(&path, &format!("{text}\n")).attempting(format!("write {}", path.display()))?;
    Ok(keys)
}

/// At most twelve lines: what a developer copies next.
fn screen(config: &Config, ready: &Ready<'_>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let apis: Vec<_> = crate::dialects::all().iter().map(|it| it.title).collect();
    let folder = output::harmless(&config.server.data_dir.display().to_string());
    let Ready {
        base_url,
        keys,
        inbox_url,
        docs_url,
        ..
    } = ready;
    let facts = output::facts(&[
        ("  server", (*base_url).to_owned()),
        ("  inbox", inbox_url.clone()),
        ("  API docs", format!("{docs_url} ({})", apis.join(", "))),
        ("  test key", keys.test.api.clone()),
        ("  live key", keys.live.api.clone()),
        ("  data, more keys", format!("{folder}/, dev-keys.json in it")),
    ]);
    format!(
        "Vestibule {version} is ready; Ctrl-C stops it.\n\n{facts}\n\nRegister a user, then look into the inbox:\n\
         curl {base_url}/v1/auth/register -H 'X-API-Key: {}' -H 'Content-Type: application/json' \
         -d '{{\"email\":\"ada@example.org\",\"password\":\"correct horse battery staple\"}}'",
        keys.test.api
    )
}
