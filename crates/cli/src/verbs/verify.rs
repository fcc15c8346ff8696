//! `kitbench verify`: is everything in the local store what it should be?

use std::collections::BTreeSet;

use clap::Args;
use kitbench_modelkit::Reference;
use kitbench_modelkit::store::{Damage, Verification};
use serde::Serialize;

use super::pull::pull_one;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::network::Network;
use crate::units;

#[derive(Debug, Args)]
pub struct Verify {
    /// Move damaged blobs out of the way, so that the next pull or pack writes them anew
    #[arg(long)]
    set_aside: bool,

    /// Fetch damaged ModelKits anew from their registries
    #[arg(long)]
    repair: bool,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `verify`.
#[derive(Serialize)]
struct VerifiedJson {
    kits: usize,
    blobs: usize,
    /// Bytes read.
    bytes: u64,
    /// What is damaged, after the repair if there was one.
    damage: Vec<DamageJson>,
    /// ModelKits that were fetched anew.
    repaired: Vec<String>,
    /// Blobs that no ModelKit uses, which are not read; `prune` takes them.
    unused_blobs: usize,
    unused_bytes: u64,
}

#[derive(Serialize)]
struct DamageJson {
    reference: String,
    blob: Option<String>,
    problem: String,
}

impl Verify {
    /// Damage makes the exit code 1.
    pub async fn run(self, context: &Context) -> Outcome {
        let mut found = verify(context, self.set_aside || self.repair).await?;
        let mut repaired = Vec::new();
        if self.repair && !found.damage.is_empty() {
            let kits: BTreeSet<Reference> = found
                .damage
                .iter()
                .map(|damage| damage.kit.clone())
                .collect();
            for kit in kits.iter().filter(|kit| kit.has_registry()) {
                match pull_one(context, &self.network, kit).await {
                    Ok(_) => repaired.push(kit.to_string()),
                    Err(Failure::Cancelled) => return Err(Failure::Cancelled),
                    // The damage stays, and is told below.
                    Err(failure) => failure.report(false),
                }
            }
            found = verify(context, false).await?;
            repaired.retain(|name| {
                let still = |damage: &Damage| damage.kit.to_string() == *name;
                !found.damage.iter().any(still)
            });
        }
        let json = VerifiedJson {
            repaired,
            kits: found.kits,
            blobs: found.blobs,
            bytes: found.bytes,
            damage: found
                .damage
                .iter()
                .map(|damage| DamageJson {
                    reference: damage.kit.to_string(),
                    blob: damage.blob.map(|blob| blob.to_string()),
                    problem: damage.problem.clone(),
                })
                .collect(),
            unused_blobs: found.unused_blobs,
            unused_bytes: found.unused_bytes,
        };
        context.out.show(&json, |out| {
            for kit in &json.repaired {
                writeln!(out, "{kit} was fetched anew.")?;
            }
            for damage in &json.damage {
                writeln!(out, "{}: {}", damage.reference, damage.problem)?;
            }
            if json.unused_blobs > 0 {
                let (blobs, bytes) = (json.unused_blobs, units::bytes(json.unused_bytes));
                writeln!(
                    out,
                    "{blobs} blobs of {bytes} belong to no ModelKit: a pack or import under way or interrupted. `kitbench prune` removes them."
                )?;
            }
            let (kits, blobs, bytes) = (json.kits, json.blobs, units::bytes(json.bytes));
            match json.damage.len() {
                0 => writeln!(out, "{kits} ModelKits, {blobs} blobs, {bytes}: all as they should be."),
                _ => writeln!(
                    out,
                    "{kits} ModelKits, {blobs} blobs, {bytes}: damaged as said above. Pull or pack those again."
                ),
            }
        })?;
        if json.damage.is_empty() {
            Ok(())
        } else {
            Err(Failure::Told)
        }
    }
}

async fn verify(context: &Context, set_aside: bool) -> Outcome<Verification> {
    let (store, cancel) = (context.store.clone(), context.cancel.clone());
    let observer = context.observer();
    context
        .blocking(move || Ok(store.verify(set_aside, observer.as_ref(), &cancel)?))
        .await
}
