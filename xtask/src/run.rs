//! `cargo xtask run`: from a checkout to an open workbench.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{desktop, shell, system, web};

#[derive(Default)]
struct Options {
    example: bool,
    browser: bool,
    release: bool,
    passed_on: Vec<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--example" => options.example = true,
                "--browser" => options.browser = true,
                "--release" => options.release = true,
                "--" => options.passed_on.extend(arguments.by_ref().cloned()),
                other => bail!(
                    "`run` takes --example, --browser, --release and, after --, arguments of the \
                     program; not `{other}`"
                ),
            }
        }
        Ok(options)
    }
}

pub fn run(arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    let window = !options.browser && has_display();
    if window {
        system::prepare_window()?;
    } else {
        system::prepare_browser()?;
    }
    web::build(false)?;
    let program = if window {
        desktop::WINDOW
    } else {
        desktop::SHELL
    };
    let built = desktop::build(&[program], options.release)?;
    for path in built {
        let mut command = Command::new(path);
        if !window {
            command.arg("serve");
            if has_display() {
                command.arg("--open");
            } else if !options.browser {
                eprintln!("==> There is no display here; the workbench is served for a browser.");
            }
        }
        if options.example {
            command.arg("--example");
        }
        shell::run(command.args(&options.passed_on))?;
    }
    Ok(())
}

fn has_display() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
