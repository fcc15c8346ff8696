//! WebDriver servers: one for the real window, one for the browser.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process::Process;
use crate::wait;
use crate::webdriver::Session;

/// A running WebDriver server. It ends when this is dropped.
#[derive(Debug)]
pub struct Driver {
    process: Process,
    url: String,
}

impl Driver {
    /// Starts `program --port=N`, prepared by the caller, on a free port.
    ///
    /// Between finding the port and taking it another process may come first; the server then ends
    /// at once, and another port is tried.
    pub fn start(name: &str, log: &Path, prepare: impl Fn(&mut Command)) -> Result<Self> {
        let mut last = None;
        for _ in 0..3 {
            let port = free_port()?;
            let mut command = Command::new(name);
            command.arg(format!("--port={port}"));
            prepare(&mut command);
            let url = format!("http://127.0.0.1:{port}");
            let mut process = Process::start(name, &mut command, log)?;
            let ready = wait::until("a WebDriver server", wait::STEP, || {
                if process.check_alive().is_err() {
                    return Ok(Some(false));
                }
                Ok(Session::ready(&url)?.then_some(true))
            });
            match ready {
                Ok(true) => return Ok(Self { process, url }),
                Ok(false) => last = process.check_alive().err(),
                Err(error) => return Err(error.context(process.log_tail())),
            }
        }
        Err(last.unwrap_or_else(|| anyhow::anyhow!("{name} does not start")))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The server's process number; windows and browsers are its descendants.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn log_tail(&self) -> String {
        self.process.log_tail()
    }
}

/// A port nobody listens on at the moment.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind("127.0.0.1:0").context("cannot listen on the loopback interface")?;
    Ok(listener.local_addr()?.port())
}
