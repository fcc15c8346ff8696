//! A display of its own for each test: Xvfb with a window manager.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process::Process;

/// A virtual X display. It ends when this is dropped.
#[derive(Debug)]
pub struct Display {
    // Dropped in this order: the window manager before the display it is on.
    _manager: Process,
    _server: Process,
    name: String,
}

impl Display {
    /// Starts a display of this size, in pixels, on a free number.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let (server, number) = Process::start_and_read(
            "Xvfb",
            Command::new("Xvfb")
                // Xvfb looks for a free number itself and writes it when it is ready.
                .args([
                    "-displayfd",
                    "1",
                    "-nolisten",
                    "tcp",
                    "-noreset",
                    "-screen",
                    "0",
                ])
                .arg(format!("{width}x{height}x24"))
                .stderr(Stdio::null()),
            |line| line.parse::<u32>().ok(),
        )?;
        let name = format!(":{number}");
        // Without a window manager, keyboard focus goes wherever the pointer is.
        let manager = Process::start_quiet(
            "openbox",
            Command::new("openbox")
                .args(["--sm-disable", "--config-file", "/dev/null"])
                .env("DISPLAY", &name),
        )?;
        Ok(Self {
            _manager: manager,
            _server: server,
            name,
        })
    }

    /// The value of `DISPLAY` for programs that shall show here.
    pub fn name(&self) -> &str {
        &self.name
    }
}
