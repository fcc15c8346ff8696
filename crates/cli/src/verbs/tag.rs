//! `kitbench tag`.

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Outcome;
use crate::kits::reference;

#[derive(Debug, Args)]
pub struct Tag {
    /// The ModelKit, by tag or digest
    source: String,
    /// Its further name
    destination: String,
}

/// The JSON of `tag`.
#[derive(Serialize)]
struct Tagged {
    source: String,
    reference: String,
    digest: String,
}

impl Tag {
    pub fn run(self, context: &Context) -> Outcome {
        let source = reference(&self.source)?;
        let destination = reference(&self.destination)?;
        let entry = context.store.tag(&source, &destination)?;
        let tagged = Tagged {
            source: source.to_string(),
            reference: destination.to_string(),
            digest: entry.digest.to_string(),
        };
        context.out.show(&tagged, |out| {
            writeln!(
                out,
                "Modelkit {} tagged as {}",
                tagged.source, tagged.reference
            )
        })
    }
}
