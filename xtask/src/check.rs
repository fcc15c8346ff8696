//! `cargo xtask check`: what a reviewer should not have to look for.

mod dependencies;
mod house;

use anyhow::{Result, bail};

use crate::{shell, system, web};

pub fn check(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("`check` takes no `{argument}`");
    }
    // The cheap ones first, and both: they answer in a second.
    let house = shell::step("House rules", house::check);
    let direction = shell::step("Dependency direction", dependencies::check);
    match (house, direction) {
        (Err(house), Err(direction)) => bail!("{house}\n{direction}"),
        (house, direction) => house.and(direction)?,
    }
    system::prepare_tests()?;
    shell::step("Formatting", || {
        shell::run(shell::cargo().args(["fmt", "--all", "--", "--check"]))
    })?;
    // The window embeds the built user interface, so without it the window cannot be linted.
    web::build(false)?;
    shell::step("Lints", || {
        shell::run(shell::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]))
    })?;
    shell::step("Lints of the user interface as WebAssembly", || {
        shell::run(shell::cargo().args([
            "clippy",
            "--package",
            "kitbench-ui",
            "--lib",
            "--target",
            system::WASM,
            "--",
            "--deny",
            "warnings",
        ]))
    })
}
