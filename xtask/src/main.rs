//! The project's own build tool: `cargo xtask <verb>`.
//!
//! Two verbs are enough for a newcomer: `run` opens the workbench, `test` runs every test. Both
//! install what the machine lacks first. The others are for those who change the project.

mod bench;
mod check;
mod desktop;
mod dist;
mod paths;
mod run;
mod screenshots;
mod shell;
mod system;
mod test;
mod web;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask <verb>

  run [--example] [--browser] [--release] [-- ARGS]
                      build what changed and open the workbench; without a display, or with
                      --browser, serve it on 127.0.0.1 and print its address and token
  test [FILTER]       run every test (unit, interop, UI, window, browser, registry)
  check               formatting, lints, dependency direction, house rules
  bench ui|pack|runs  measure; builds in release mode
  screenshots [--screen NAME] [--theme dark|light] [--size WxH] [--out PATH]
                      drive the real window through its screens (into docs/images)
  web [--force]       build only the user interface into dist/web
  dist                the files to hand out, in dist/
";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Err(error) = dispatch(&arguments) {
        eprintln!("xtask: {error:#}");
        std::process::exit(1);
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let Some((verb, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    match verb.as_str() {
        "run" => run::run(rest),
        "test" => test::test(rest),
        "check" => check::check(rest),
        "bench" => bench::bench(rest),
        "screenshots" => screenshots::screenshots(rest),
        "web" => web::build(rest.iter().any(|argument| argument == "--force")).map(drop),
        "dist" => dist::dist(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no verb `{other}`\n\n{HELP}"),
    }
}
