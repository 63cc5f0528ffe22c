//! Arguments that several commands share.

use clap::{Args, ValueEnum};
use std::collections::BTreeMap;
use std::path::PathBuf;
use vestibule_model::Environment;

use super::{Failure, Output};
use crate::config::{Flag, Loaded, Profile, Sources};
use crate::data;

/// The file that is read when none is named.
pub const FILE: &str = "vestibule.toml";

/// Where the instance is, and how its commands print.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// The configuration file; otherwise vestibule.toml in the working directory, if there is one
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "VESTIBULE_CONFIG",
        hide_env = true,
        help_heading = "Everywhere"
    )]
    pub config: Option<PathBuf>,
    /// The data folder; otherwise the one in the configuration, or ./vestibule-data
    #[arg(long, global = true, value_name = "FOLDER", help_heading = "Everywhere")]
    pub data: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Answer every question with yes
    #[arg(long, short, global = true, help_heading = "Everywhere")]
    pub yes: bool,
}

impl Global {
    /// How this command prints.
    pub fn output(&self) -> Output {
        Output {
            json: self.json,
            yes: self.yes,
        }
    }

    /// The sources of settings, `flags` included.
    pub fn sources(&self, profile: Profile, mut flags: Vec<Flag>) -> Sources {
        if let Some(folder) = &self.data {
            flags.push(Flag {
                name: "--data",
                path: "server.data_dir",
                value: folder.display().to_string(),
            });
        }
        let implied = PathBuf::from(FILE);
        let implied = (profile == Profile::Production && implied.exists()).then_some(implied);
        let variables = std::env::vars_os()
            .filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)))
            .collect::<BTreeMap<_, _>>();
        Sources {
            profile,
            file: self.config.clone().or(implied),
            variables,
            flags,
        }
    }

    /// The settings that a command beside the server works with: in a folder that `dev` made, those of `dev`.
    pub fn load(&self) -> Result<Loaded, Failure> {
        let loaded = self.sources(Profile::Production, Vec::new()).load()?;
        if self.config.is_none() && data::Folder::of(&loaded.config).dev_keys().exists() {
            return Ok(self.sources(Profile::Development, Vec::new()).load()?);
        }
        Ok(loaded)
    }
}

/// `live` or `test`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum EnvironmentArgument {
    Live,
    Test,
}

impl From<EnvironmentArgument> for Environment {
    fn from(argument: EnvironmentArgument) -> Self {
        match argument {
            EnvironmentArgument::Live => Self::Live,
            EnvironmentArgument::Test => Self::Test,
        }
    }
}

/// Which project.
#[derive(Args, Clone, Debug)]
pub struct ProjectArgument {
    /// The project, by its slug
    #[arg(long, value_name = "SLUG", default_value = "default")]
    pub project: String,
}

/// Which half of which project.
#[derive(Args, Clone, Debug)]
pub struct RealmArguments {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The environment; otherwise the instance's default one (`test` in a folder that `dev` made)
    #[arg(long, value_enum)]
    pub environment: Option<EnvironmentArgument>,
}
