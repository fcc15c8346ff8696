//! `cargo xtask dist`: what is handed out, as one archive with both programs, the desktop entry, the
//! icon and the licence.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{desktop, paths, shell, system, web};

pub fn dist(arguments: &[String]) -> Result<()> {
    if let Some(argument) = arguments.first() {
        bail!("`dist` takes no `{argument}`");
    }
    system::prepare_window()?;
    web::build(false)?;
    let programs = desktop::build(&[desktop::WINDOW, desktop::SHELL], true)?;
    let name = format!(
        "kitbench-{}-{}-{}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let out = paths::root().join("dist");
    let folder = out.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("bin"))?;
    fs::create_dir_all(folder.join("share/applications"))?;
    fs::create_dir_all(folder.join("share/icons/hicolor/128x128/apps"))?;
    for program in programs {
        let file = program.file_name().context("a program has a name")?;
        fs::copy(&program, folder.join("bin").join(file))
            .with_context(|| format!("cannot copy {}", program.display()))?;
    }
    let root = paths::root();
    for (from, to) in [
        ("LICENSE", "LICENSE"),
        ("README.md", "README.md"),
        (
            "src-tauri/linux/kitbench.desktop",
            "share/applications/kitbench.desktop",
        ),
        (
            "src-tauri/icons/128x128.png",
            "share/icons/hicolor/128x128/apps/kitbench.png",
        ),
    ] {
        fs::copy(root.join(from), folder.join(to))
            .with_context(|| format!("cannot copy {from}"))?;
    }
    let archive = format!("{name}.tar.gz");
    shell::run(
        Command::new("tar")
            .args([
                "--sort=name",
                "--owner=0",
                "--group=0",
                "-czf",
                &archive,
                &name,
            ])
            .current_dir(&out),
    )?;
    println!("{}", out.join(archive).display());
    Ok(())
}
