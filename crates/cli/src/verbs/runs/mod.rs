//! `kitbench runs`: what experiment trackers left in a folder.

mod compare;
mod export;
mod found;
mod list;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Outcome;

#[derive(Debug, Args)]
pub struct Runs {
    #[command(subcommand)]
    verb: RunsVerb,
}

#[derive(Debug, Subcommand)]
enum RunsVerb {
    /// List the runs below a folder
    List(list::List),
    /// Set runs side by side: parameters that differ first, final metrics with differences
    Compare(compare::Compare),
    /// Write every point as JSON or CSV, or a chart as SVG or PNG
    Export(export::Export),
}

impl Runs {
    pub async fn run(self, context: &Context) -> Outcome {
        let out = context.out;
        // Reading is blocking; stopping it needs no cleaning up.
        let cancel = context.cancel.clone();
        let work = context.blocking(move || match self.verb {
            RunsVerb::List(verb) => verb.run(out),
            RunsVerb::Compare(verb) => verb.run(out),
            RunsVerb::Export(verb) => verb.run(out),
        });
        tokio::select! {
            outcome = work => outcome,
            () = cancel.cancelled() => Err(crate::failure::Failure::Cancelled),
        }
    }
}
