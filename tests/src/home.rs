//! A user's home that belongs to one test: the programs find no file of the real user in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

/// A home folder. It is removed when this is dropped.
#[derive(Debug)]
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("kitbench-home-")
            .tempdir()?;
        for name in [
            "config",
            "data",
            "state",
            "cache",
            "run",
            "kitops",
            "Downloads",
        ] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        Ok(Self { folder })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder shared with `kit`, holding the local store.
    pub fn kitops(&self) -> PathBuf {
        self.path().join("kitops")
    }

    /// Where a browser puts what is downloaded.
    pub fn downloads(&self) -> PathBuf {
        self.path().join("Downloads")
    }

    /// Makes a command live in this home.
    pub fn apply(&self, command: &mut Command) {
        let at = |name: &str| self.path().join(name);
        command
            .env("HOME", self.path())
            .env("XDG_CONFIG_HOME", at("config"))
            .env("XDG_DATA_HOME", at("data"))
            .env("XDG_STATE_HOME", at("state"))
            .env("XDG_CACHE_HOME", at("cache"))
            .env("XDG_RUNTIME_DIR", at("run"))
            .env("KITOPS_HOME", self.kitops())
            // A session bus would bring the user's key store and notifications into the test.
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .env_remove("KITBENCH_STATE")
            .env_remove("WAYLAND_DISPLAY");
    }
}
