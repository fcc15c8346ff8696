//! `kitbench inspect`: digest, Kitfile and manifest as JSON.

use clap::Args;
use kitbench_protocol::ErrorKind;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::json_text;
use crate::kits::{self, Place};
use crate::network::Network;

#[derive(Debug, Args)]
pub struct Inspect {
    /// The ModelKit, by tag or digest
    reference: String,

    /// Read it in its registry, even if it is in the local store
    #[arg(short, long)]
    remote: bool,

    #[command(flatten)]
    network: Network,
}

impl Inspect {
    pub async fn run(self, context: &Context) -> Outcome {
        let reference = kits::reference(&self.reference)?;
        let place = if self.remote {
            Place::Remote
        } else {
            Place::Local
        };
        let kit = kits::read(context, &self.network, &reference, place).await?;
        kit.warnings
            .iter()
            .for_each(|warning| log::warn!("{warning}"));
        let json = json_text::inspection(&kit).map_err(|problem| {
            Failure::failed(
                ErrorKind::Invalid,
                format!("The Kitfile of {reference} cannot be shown as JSON: {problem}."),
                "",
            )
        })?;
        // The same with and without --json.
        context
            .out
            .text(|out| writeln!(out, "{}", json_text::indent(&json)))
    }
}
