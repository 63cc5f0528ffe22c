//! The command line: one file per noun.

mod archive;
mod arguments;
mod backup;
mod config;
mod desk;
mod dev;
mod doctor;
mod errors;
mod failure;
mod init;
mod key;
mod mail;
mod master_key;
mod migrate;
mod moving;
mod moving_place;
mod output;
mod password_argument;
mod project;
mod project_schema;
mod project_settings;
mod reference;
mod restore;
mod role;
mod role_shown;
mod serve;
mod session;
mod signing_key;
mod user;
mod user_import;
mod user_import_line;
mod user_shown;
mod words;

pub use arguments::Global;
pub use failure::{Attempt, Failure, Outcome};
pub use output::Output;

use clap::{Parser, Subcommand};
use desk::Desk;
use key::KeyCommand;
use std::process::ExitCode;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or failed
  2  the command line or the configuration cannot be understood
  3  what was named does not exist

Begin with: vestibule dev";

/// Vestibule: a self-hosted authentication server in one binary
#[derive(Parser)]
#[command(name = "vestibule", version, after_help = EXIT_CODES, subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Dev(dev::DevCommand),
    Serve(serve::ServeCommand),
    Init(init::InitCommand),
    Doctor(doctor::DoctorCommand),
    Migrate(migrate::MigrateCommand),
    #[command(subcommand)]
    Project(project::ProjectCommand),
    #[command(subcommand)]
    Key(key::KeyCommand),
    #[command(subcommand)]
    User(user::UserCommand),
    #[command(subcommand)]
    Role(role::RoleCommand),
    #[command(subcommand)]
    Session(session::SessionCommand),
    #[command(subcommand)]
    Mail(mail::MailCommand),
    Backup(backup::BackupCommand),
    Restore(restore::RestoreCommand),
    #[command(subcommand)]
    Config(config::ConfigCommand),
    #[command(subcommand, hide = true)]
    Reference(reference::ReferenceCommand),
}

/// Runs the command that this process was started with.
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let json = global.json;
    match run(command, &global) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

fn run(command: Command, global: &Global) -> Outcome {
    match command {
        Command::Config(command) => command.run(global),
        Command::Reference(command) => command.run(),
        Command::Dev(command) => server()?.block_on(command.run(global)),
        Command::Serve(command) => server()?.block_on(command.run(global)),
        Command::Init(command) => companion()?.block_on(command.run(global)),
        Command::Doctor(command) => companion()?.block_on(command.run(global)),
        Command::Migrate(command) => companion()?.block_on(command.run(global)),
        Command::Restore(command) => companion()?.block_on(command.run(global)),
        Command::Key(KeyCommand::Master(command)) => companion()?.block_on(command.run(global)),
        Command::Project(command) => at_desk(global, async |desk| command.run(desk).await),
        Command::Key(KeyCommand::Api(command)) => at_desk(global, async |desk| command.run(desk).await),
        Command::Key(KeyCommand::Signing(command)) => at_desk(global, async |desk| command.run(desk).await),
        Command::User(command) => at_desk(global, async |desk| command.run(desk).await),
        Command::Role(command) => at_desk(global, async |desk| command.run(desk).await),
        Command::Session(command) => at_desk(global, async |desk| command.run(desk).await),
        Command::Mail(command) => at_desk(global, async |desk| command.run(desk).await),
        Command::Backup(command) => at_desk(global, async |desk| command.run(desk).await),
    }
}

/// Opens the instance for one command, and closes it whatever became of the command.
fn at_desk(global: &Global, work: impl AsyncFnOnce(&Desk) -> Outcome) -> Outcome {
    companion()?.block_on(async {
        let desk = Desk::open(global).await?;
        let outcome = work(&desk).await;
        desk.close().await;
        outcome
    })
}

/// As many workers as there are cores.
fn server() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .attempting("start the runtime")
}

/// One command has no use for more than one thread.
fn companion() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .attempting("start the runtime")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let path = format!("{path} {}", command.get_name());
            if command.has_subcommands() {
                command
                    .get_subcommands()
                    .filter(|it| !it.is_hide_set())
                    .for_each(|inner| check(inner, &path));
            } else {
                let help = command
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains("Example") && help.contains(path.trim()), "{path}");
                assert!(command.get_about().is_some(), "{path}");
            }
        }
        Cli::command()
            .get_subcommands()
            .filter(|it| !it.is_hide_set())
            .for_each(|it| check(it, "vestibule"));
    }
}
