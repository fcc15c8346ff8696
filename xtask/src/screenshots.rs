//! `cargo xtask screenshots`: pictures of the real window. The driving is in `tests/src/walk.rs`.

use std::process::Command;

use anyhow::Result;

use crate::{desktop, paths, shell, system, web};

pub fn screenshots(arguments: &[String]) -> Result<()> {
    system::prepare_tests()?;
    web::build(false)?;
    desktop::build(&[desktop::WINDOW, desktop::SHELL, "screenshots"], false)?;
    shell::run(
        Command::new(paths::program("debug", "screenshots"))
            .args(arguments)
            .envs([system::PICTURES])
            .current_dir(paths::root()),
    )
}
