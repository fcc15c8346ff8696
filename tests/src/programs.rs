//! Where the programs are that a test starts.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A program of the workspace, built beside this test: `kitbench-desktop` or `kitbench`.
pub fn built(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("a program has a path")?;
    // `target/debug/deps/window-1234` for a test, `target/debug/bench` for a program.
    for folder in own.ancestors().skip(1).take(2) {
        let path = folder.join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("{name} is not built; `cargo xtask test` builds it before it runs the tests")
}

/// The browser that the browser door is tried in: `KITBENCH_CHROMIUM`, or the first one found.
pub fn chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("KITBENCH_CHROMIUM") {
        return Ok(path.into());
    }
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .find_map(|name| on_path(name))
        .context("there is no Chromium; `cargo xtask test` installs it")
}

/// The full path of a program that the shell would find.
pub fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}
