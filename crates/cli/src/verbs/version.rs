//! `kitbench version`.

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Outcome;

#[derive(Debug, Args)]
pub struct Version {}

/// The JSON of `version`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    version: &'static str,
    /// Short commit of the build, or empty.
    commit: &'static str,
    /// Operating system and processor.
    platform: String,
    /// The home folder in use.
    home: String,
}

impl Version {
    pub fn run(self, context: &Context) -> Outcome {
        let facts = Facts {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("KITBENCH_COMMIT").unwrap_or_default(),
            platform: format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
            home: context.home.path().display().to_string(),
        };
        context.out.show(&facts, |out| {
            writeln!(out, "Version: {}", facts.version)?;
            if !facts.commit.is_empty() {
                writeln!(out, "Commit: {}", facts.commit)?;
            }
            writeln!(out, "Platform: {}", facts.platform)?;
            writeln!(out, "Home: {}", facts.home)
        })
    }
}
