//! Child processes that end with the test that started them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

/// A running program. It is ended, with what it started, when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: Option<PathBuf>,
}

impl Process {
    /// Starts a program that writes to a log file.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| missing(name))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: Some(log.to_owned()),
        })
    }

    /// Starts a program whose output nobody reads.
    pub fn start_quiet(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| missing(name))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: None,
        })
    }

    /// Starts a program and waits for the first line it writes to standard output that the function
    /// makes sense of. Later output is dropped.
    pub fn start_and_read<T>(
        name: &str,
        command: &mut Command,
        mut reads: impl FnMut(&str) -> Option<T>,
    ) -> Result<(Self, T)> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| missing(name))?;
        let mut process = Self {
            name: name.to_owned(),
            child,
            log: None,
        };
        let output = process
            .child
            .stdout
            .take()
            .context("standard output was asked for")?;
        let mut lines = BufReader::new(output);
        let mut said = String::new();
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            if let Some(value) = reads(line.trim_end()) {
                // Keep reading, or the program would stop once the pipe is full.
                std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
                return Ok((process, value));
            }
            said.push_str(&line);
            line.clear();
        }
        bail!("{name} ended before it was ready; it wrote:\n{said}")
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// An error if the program has ended.
    pub fn check_alive(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!("{} ended with {status}{}", self.name, self.log_tail());
        }
        Ok(())
    }

    /// The last lines of the log, for an error message.
    pub fn log_tail(&self) -> String {
        let Some(text) = self
            .log
            .as_ref()
            .and_then(|log| std::fs::read_to_string(log).ok())
        else {
            return String::new();
        };
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(30)..].join("\n");
        format!("; {} wrote last:\n{tail}", self.name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A polite signal first: WebDriver servers end their windows and browsers on it.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .stderr(Stdio::null())
            .status();
        let ended = asked.is_ok()
            && crate::wait::until(
                "the end of a process",
                std::time::Duration::from_secs(3),
                || Ok(self.child.try_wait()?),
            )
            .is_ok();
        if !ended {
            // The test is over; there is nobody left to tell.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn missing(name: &str) -> String {
    format!("cannot start {name}; `cargo xtask test` installs what the tests need")
}
