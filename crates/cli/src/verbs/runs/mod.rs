//! `kitbench runs`: what experiment trackers left in a folder or in ModelKits.

mod compare;
mod export;
mod found;
mod kits;
mod list;
mod report;
mod save;

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
    /// List the runs below a folder or in a ModelKit
    List(list::List),
    /// Set runs side by side: parameters that differ first, final metrics with differences
    Compare(compare::Compare),
    /// Write every point as JSON or CSV, or a chart as SVG or PNG
    Export(export::Export),
    /// Write a saved review as HTML or Markdown, for people without Kitbench
    Report(report::Report),
}

impl RunsVerb {
    /// Which runs are meant; none where a review is.
    fn choice(&self) -> Option<&found::Choice> {
        match self {
            RunsVerb::List(verb) => Some(&verb.choice),
            RunsVerb::Compare(verb) => Some(&verb.choice),
            RunsVerb::Export(verb) => Some(&verb.choice),
            RunsVerb::Report(_) => None,
        }
    }
}

impl Runs {
    pub async fn run(self, context: &Context) -> Outcome {
        let out = context.out;
        // Reading is blocking; stopping it needs no cleaning up.
        let cancel = context.cancel.clone();
        let kits = match self.verb.choice() {
            Some(choice) => Some(kits::Kits::of(context, choice).await?),
            None => None,
        };
        let work = context.blocking(move || match (self.verb, &kits) {
            (RunsVerb::List(verb), Some(kits)) => verb.run(out, kits),
            (RunsVerb::Compare(verb), Some(kits)) => verb.run(out, kits),
            (RunsVerb::Export(verb), Some(kits)) => verb.run(out, kits),
            (RunsVerb::Report(verb), _) => verb.run(out),
            // Every verb but that has a choice.
            (_, None) => Ok(()),
        });
        tokio::select! {
            outcome = work => outcome,
            () = cancel.cancelled() => Err(crate::failure::Failure::Cancelled),
        }
    }
}
