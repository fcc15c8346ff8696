//! `cargo xtask bench NAME`: measurements, in release mode. What is measured, and how, is in
//! `tests/src/bench/`, one module per name.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{desktop, paths, shell, system, web};

const NAMES: &[&str] = &["ui", "pack", "runs"];

pub fn bench(arguments: &[String]) -> Result<()> {
    let Some((name, rest)) = arguments.split_first() else {
        bail!("which one? {}", NAMES.join(", "));
    };
    if !NAMES.contains(&name.as_str()) {
        bail!("there is no bench `{name}`; there are {}", NAMES.join(", "));
    }
    // The readers are measured as a library; the others as the programs a user starts.
    match name.as_str() {
        "ui" => {
            system::prepare_tests()?;
            web::build(false)?;
            desktop::build(&[desktop::WINDOW, desktop::SHELL], true)?;
        }
        "pack" => {
            system::prepare_pack_bench()?;
            web::build(false)?;
            desktop::build(&[desktop::SHELL], true)?;
        }
        _ => {}
    }
    if name == "ui" {
        shell::step("CPU of a frame, natively", || {
            let example = ["--package", "kitbench-ui", "--example", "frames"];
            shell::run(shell::cargo().args(["run", "--release"]).args(example))
        })?;
    }
    shell::step("Building the benches", || {
        let package = ["--package", "kitbench-tests", "--bin", "bench"];
        shell::run(shell::cargo().args(["build", "--release"]).args(package))
    })?;
    shell::run(
        Command::new(paths::program("release", "bench"))
            .arg(name)
            .args(rest),
    )
}
