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
    command.arg("build");
    if release {
        command.arg("--release");
        // Exactly what a user gets: nothing that only tests ask for is compiled in.
        for program in programs {
            command.args(["--package", program]);
        }
    } else {
        // `--workspace` only widens which features of shared crates are on, to the set that the tests
        // use; without it, going from `run` to `test` would build half of them again.
        command.arg("--workspace");
    }
    for program in programs {
        command.args(["--bin", program]);
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
