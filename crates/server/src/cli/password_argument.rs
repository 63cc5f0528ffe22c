//! Where a command takes a password from.

use super::Failure;
use super::desk::Desk;
use clap::Args;
use std::io::{IsTerminal as _, Read as _};
use vestibule_ops::admin::users::NewPassword;

/// Where a password comes from: asked for at a terminal, unless one of these is given.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub struct PasswordArguments {
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// The password's hash, as another system stored it
    #[arg(long, value_name = "HASH")]
    password_hash: Option<String>,
    /// Set no password
    #[arg(long)]
    pub no_password: bool,
}

impl PasswordArguments {
    /// Reads it; none when there is none to be set.
    pub fn read(self, desk: &Desk, prompt: &str) -> Result<Option<NewPassword>, Failure> {
        let failed =
            |error: &dyn std::fmt::Display| Failure::new(format!("cannot read the password: {error}"));
        if let Some(hash) = self.password_hash {
            return Ok(Some(NewPassword::Hash(hash)));
        }
        if self.password_stdin {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .map_err(|error| failed(&error))?;
            return Ok(Some(NewPassword::Plain(
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )));
        }
        if self.no_password || desk.output.json || !std::io::stdin().is_terminal() {
            return Ok(None);
        }
        let asked = dialoguer::Password::new()
            .with_prompt(prompt)
            .with_confirmation("The same again", "They differ.")
            .allow_empty_password(true)
            .interact();
        let typed = asked.map_err(|error| failed(&error))?;
        Ok((!typed.is_empty()).then_some(NewPassword::Plain(typed)))
    }
}
