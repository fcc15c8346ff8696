//! `kitbench push`.

use std::sync::Arc;

use clap::Args;
use kitbench_modelkit::Reference;
use kitbench_modelkit::source::KitSource as _;
use kitbench_registry::{FolderJournal, Outcome as Moved, Push as Order};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Outcome;
use crate::kits;
use crate::network::Network;
use crate::units;

#[derive(Debug, Args)]
pub struct Push {
    /// The ModelKit in the local store
    source: String,

    /// Its name in the registry, if it is another one
    destination: Option<String>,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `push` and `pull`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MovedJson {
    pub reference: String,
    pub digest: String,
    /// Bytes that went over the network.
    pub moved_bytes: u64,
    /// Bytes that the other side had.
    pub reused_bytes: u64,
    /// Bytes that the registry linked from another repository.
    pub mounted_bytes: u64,
}

impl MovedJson {
    pub fn new(reference: &Reference, moved: &Moved) -> MovedJson {
        MovedJson {
            reference: reference.to_string(),
            digest: moved.digest.to_string(),
            moved_bytes: moved.moved_bytes,
            reused_bytes: moved.reused_bytes,
            mounted_bytes: moved.mounted_bytes,
        }
    }

    /// `1.2 MiB moved, 3.4 GiB already there`.
    pub fn account(&self) -> String {
        let mut account = format!("{} moved", units::bytes(self.moved_bytes));
        if self.reused_bytes > 0 {
            account += &format!(", {} already there", units::bytes(self.reused_bytes));
        }
        if self.mounted_bytes > 0 {
            account += &format!(", {} linked", units::bytes(self.mounted_bytes));
        }
        account
    }
}

impl Push {
    pub async fn run(self, context: &Context) -> Outcome {
        let source = kits::reference(&self.source)?.or_latest();
        let target = match &self.destination {
            Some(text) => kits::reference(text)?.or_latest(),
            None => source.clone(),
        };
        kits::remote_only(&target)?;
        let tags = target.tag.iter().cloned().collect();
        let json = push_one(context, &self.network, &source, &target, tags).await?;
        context.out.show(&json, |out| {
            writeln!(out, "Pushed {} ({})", json.reference, json.account())?;
            writeln!(out, "Digest: {}", json.digest)
        })
    }
}

/// Sends the stored ModelKit `source` to the repository of `target`, with `tags`.
pub async fn push_one(
    context: &Context,
    network: &Network,
    source: &Reference,
    target: &Reference,
    tags: Vec<String>,
) -> Outcome<MovedJson> {
    let (_, manifest) = context.store.kit(source)?.manifest()?;
    let registry = network.registry(context, &target.registry)?;
    let mut order = Order::new(manifest, target.repository.clone(), "");
    order.tags = tags;
    // What the same registry has under the kit's own name need not be sent again.
    if source.registry == target.registry && source.repository != target.repository {
        order.mount_from = vec![source.repository.clone()];
    }
    order.journal = Arc::new(FolderJournal::new(context.home.cache().join("uploads")));
    let moved = registry
        .push(
            Arc::new(context.store.clone()),
            &order,
            context.observer(),
            &context.cancel,
        )
        .await?;
    Ok(MovedJson::new(target, &moved))
}
