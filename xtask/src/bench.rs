//! `cargo xtask bench`: the release binary, then the measuring program against it.

use crate::Outcome;
use crate::workspace::{cargo, show};

/// Builds both in release and hands the arguments on.
pub fn run(arguments: &[String]) -> Outcome {
    show(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "vestibule-server",
    ]))?;
    let measure = ["run", "--release", "--package", "vestibule-bench", "--"];
    show(cargo(&measure).args(arguments))?;
    Ok("bench: done".to_owned())
}
