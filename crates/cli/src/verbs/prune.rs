//! `kitbench prune`: what no kit uses goes.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Outcome;
use crate::units;

#[derive(Debug, Args)]
pub struct Prune {
    /// Also remove ModelKits without a tag
    #[arg(long)]
    untagged: bool,

    /// Spare what was touched in the last minutes: a pack or pull under way may need it
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    min_age: u64,
}

/// The JSON of `prune`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrunedJson {
    /// ModelKits that went.
    kits: Vec<String>,
    blobs: usize,
    /// Partial downloads.
    partials: usize,
    freed_bytes: u64,
}

impl Prune {
    pub async fn run(self, context: &Context) -> Outcome {
        let store = context.store.clone();
        let min_age = Duration::from_secs(self.min_age.saturating_mul(60));
        let removed = context
            .blocking(move || Ok(store.prune(self.untagged, min_age)?))
            .await?;
        let json = PrunedJson {
            kits: removed.kits.iter().map(ToString::to_string).collect(),
            blobs: removed.blobs,
            partials: removed.partials,
            freed_bytes: removed.bytes,
        };
        context.out.show(&json, |out| {
            for kit in &json.kits {
                writeln!(out, "Removed {kit}")?;
            }
            writeln!(
                out,
                "Freed {}: {} blobs, {} partial downloads",
                units::bytes(json.freed_bytes),
                json.blobs,
                json.partials
            )
        })
    }
}
