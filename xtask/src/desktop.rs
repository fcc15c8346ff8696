//! Building the programs that a user starts.

use std::path::PathBuf;

use anyhow::Result;

use crate::{paths, shell};

/// The window: `kitbench-desktop`. Needs `dist/web/`, which it embeds.
pub const WINDOW: &str = "kitbench-desktop";

/// The shell verbs and the browser door: `kitbench`.
pub const SHELL: &str = "kitbench";

/// Builds programs and returns the paths, in the order asked for.
pub fn build(programs: &[&str], release: bool) -> Result<Vec<PathBuf>> {
    let mut command = shell::cargo();
    // `--workspace` only widens which features of shared dependencies are on, to the same set that
    // the tests use; without it, going from `run` to `test` would build half of them again.
    command.args(["build", "--workspace"]);
    for program in programs {
        command.args(["--bin", program]);
    }
    if release {
        command.arg("--release");
    }
    shell::step(&format!("Building {}", programs.join(" and ")), || {
        shell::run(&mut command)
    })?;
    let profile = if release { "release" } else { "debug" };
    Ok(programs
        .iter()
        .map(|program| paths::program(profile, program))
        .collect())
}
