//! `vestibule serve`

use super::desk::operator;
use super::{Attempt, Failure, Global, Outcome};
use crate::config::{self, Flag, Loaded, Profile, Sources, check};
use crate::instance::{Options, Recorder, Setup, start};
use crate::logs::Logs;
use crate::open_files;
use crate::signals::{Hangup, Stop};
use clap::Args;
use std::sync::Arc;
use vestibule_keys::SystemEntropy;
use vestibule_model::SystemClock;
use vestibule_ops::admin::instance;
use vestibule_store::Role;

/// Start the server for production
///
/// Refuses to start on an unsafe setting and names it. SIGTERM and Ctrl-C stop it after the running requests have
/// ended; a second one stops it at once. SIGHUP reads the configuration again: the log level changes at once, and
/// what needs a restart is named in the log.
#[derive(Args)]
#[command(after_help = "Example:\n  vestibule serve --config /etc/vestibule.toml")]
pub struct ServeCommand {
    /// The address and port to listen on
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where clients reach the server, such as `https://auth.example.com`
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

impl ServeCommand {
    pub async fn run(self, global: &Global) -> Outcome {
        let stop = Stop::listen().attempting("listen for signals")?;
        let hangup = Hangup::listen().attempting("listen for signals")?;
        let listen = self.listen.map(|value| Flag {
            name: "--listen",
            path: "server.listen",
            value,
        });
        let public_url = self.public_url.map(|value| Flag {
            name: "--public-url",
            path: "server.public_url",
            value,
        });
        let sources = global.sources(
            Profile::Production,
            listen.into_iter().chain(public_url).collect(),
        );
        let loaded = sources.load()?;
        let config = loaded.config.clone();
        super::config::refuse(&check::production(&config))?;
        super::config::refuse_exposed(&config)?;
        super::config::refuse_exposed_file(&sources, &loaded)?;
        let logs = Logs::start(&config.log).map_err(Failure::usage)?;
        open_files::raise_limit();
        let running = start(Options {
            recorder: Some(Recorder::install(Some(logs.dropped()))),
            setup: Setup {
                profile: Profile::Production,
                role: Role::Server,
                clock: Arc::new(SystemClock::start()),
                entropy: Arc::new(SystemEntropy),
                // With a configured master key there is nothing that `init` would have to make first.
                create: config.secrets.master_key.is_some(),
            },
            listener: None,
            config,
        })
        .await?;
        let prepared = instance::initialise(&running.core, &operator(), "default", "Default").await;
        let outcome = match prepared {
            Ok(_) => {
                tracing::info!(
                    url = running.base_url,
                    version = env!("CARGO_PKG_VERSION"),
                    "ready"
                );
                let ready = serde_json::json!({
                    "base_url": running.base_url,
                    "listen_url": running.listen_url,
                    "metrics_url": running.metrics_url(),
                });
                let told = if global.json {
                    global.output().result(&ready, String::new)
                } else {
                    Ok(())
                };
                tokio::select! {
                    () = stop.asked() => {}
                    () = reload(hangup, &sources, &loaded, &logs) => {}
                }
                told
            }
            Err(error) => Err(error.into()),
        };
        running.shutdown().await;
        tracing::info!("stopped");
        outcome
    }
}

/// Looks at the configuration again at each SIGHUP. One that cannot be used changes nothing.
async fn reload(mut hangup: Hangup, sources: &Sources, running: &Loaded, logs: &Logs) {
    loop {
        hangup.received().await;
        match reread(sources, logs) {
            Ok(fresh) => {
                let mut needs_a_restart = config::changed(running, &fresh);
                needs_a_restart.retain(|setting| *setting != "log.level");
                tracing::info!(?needs_a_restart, "read the configuration again");
            }
            Err(failure) => {
                tracing::error!(
                    reason = failure.message,
                    "cannot use the changed configuration; the old one stays in force"
                );
            }
        }
    }
}

fn reread(sources: &Sources, logs: &Logs) -> Result<Loaded, Failure> {
    let fresh = sources.load()?;
    super::config::refuse(&check::production(&fresh.config))?;
    logs.set_level(&fresh.config.log).map_err(Failure::usage)?;
    Ok(fresh)
}
