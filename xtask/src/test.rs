//! `cargo xtask test`: everything that can be tested, on a machine that may lack what it takes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use crate::{shell, system, web};

/// How many tests passed, failed and were left out, summed over all test programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Tally {
    /// Adds a line of cargo's output if it is the closing line of one test program.
    fn add(&mut self, line: &str) {
        let Some(counts) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(word)) = (words.next(), words.next()) else {
                continue;
            };
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

pub fn test(arguments: &[String]) -> Result<()> {
    if let Some(flag) = arguments.iter().find(|argument| argument.starts_with('-')) {
        bail!("`test` takes words that test names must contain, not `{flag}`");
    }
    system::prepare_tests()?;
    web::build(false)?;
    // The end-to-end tests start the programs, so those are built in the same graph as the tests.
    shell::step("Building programs and tests", || {
        shell::run(shell::cargo().args(["build", "--workspace", "--bins", "--tests"]))
    })?;
    let mut tally = Tally::default();
    let all_ran = run_tests(&["--tests"], arguments, &mut tally)?
        & run_tests(&["--doc"], arguments, &mut tally)?;
    println!();
    if tally.ignored > 0 {
        println!("{} ignored", tally.ignored);
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 || !all_ran {
        bail!("not all tests passed");
    }
    if tally.passed == 0 {
        bail!("no test has {} in its name", arguments.join(" or "));
    }
    Ok(())
}

/// Runs one kind of tests; true if cargo was content.
fn run_tests(kind: &[&str], filters: &[String], tally: &mut Tally) -> Result<bool> {
    let mut command = shell::cargo();
    command
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(kind)
        .arg("--")
        .args(filters)
        .envs([system::PICTURES])
        .stdout(Stdio::piped());
    let mut child = command.spawn().context("cannot start `cargo test`")?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            let line = line.context("cannot read what `cargo test` writes")?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(&line);
        }
    }
    Ok(child.wait()?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_summed() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test parser::failed ... ok",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 1.20s",
        ] {
            tally.add(line);
        }
        assert_eq!(
            tally,
            Tally {
                passed: 13,
                failed: 2,
                ignored: 1
            }
        );
    }
}
