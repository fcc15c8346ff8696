//! `kitbench pull`.

use std::sync::Arc;

use clap::Args;
use kitbench_modelkit::Reference;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::pack::MAX_PARENTS;
use kitbench_modelkit::reference::DEFAULT_TAG;
use kitbench_protocol::ErrorKind;
use serde::Serialize;

use super::push::MovedJson;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::network::Network;

#[derive(Debug, Args)]
pub struct Pull {
    /// The ModelKit, with its registry
    reference: String,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `pull`.
#[derive(Serialize)]
struct PulledJson {
    #[serde(flatten)]
    kit: MovedJson,
    /// Kits that its model comes from, nearest first, each pulled under its own name.
    parents: Vec<MovedJson>,
}

impl Pull {
    pub async fn run(self, context: &Context) -> Outcome {
        let wanted = kits::reference(&self.reference)?.or_latest();
        kits::remote_only(&wanted)?;
        let mut seen = Vec::new();
        let mut pulled = Vec::new();
        let mut next = Some(wanted.clone());
        // A kit whose model is another kit brings that one along.
        while let Some(reference) = next.take() {
            if seen.contains(&reference) || seen.len() > MAX_PARENTS {
                return Err(Failure::failed(
                    ErrorKind::Invalid,
                    format!(
                        "{wanted} refers back to itself through the kits its model comes from."
                    ),
                    "Ask whoever made it to pack it again with another model path.",
                ));
            }
            pulled.push(pull_one(context, &self.network, &reference).await?);
            let kit = Kit::read(&context.store.kit(&reference)?)?;
            next = match kit.parent() {
                Some(parent) => {
                    let parent = kits::reference(parent)?.or_latest();
                    let here = context.store.resolve(&parent).is_ok();
                    (parent.has_registry() && !here).then_some(parent)
                }
                None => None,
            };
            seen.push(reference);
        }
        let mut pulled = pulled.into_iter();
        let Some(kit) = pulled.next() else {
            return Ok(());
        };
        let json = PulledJson {
            kit,
            parents: pulled.collect(),
        };
        context.out.show(&json, |out| {
            for one in std::iter::once(&json.kit).chain(&json.parents) {
                writeln!(out, "Pulled {} ({})", one.reference, one.account())?;
                writeln!(out, "Digest: {}", one.digest)?;
            }
            Ok(())
        })
    }
}

/// Pulls one ModelKit, without its parents.
pub async fn pull_one(
    context: &Context,
    network: &Network,
    reference: &Reference,
) -> Outcome<MovedJson> {
    let registry = network.registry(context, &reference.registry)?;
    let selector = reference
        .tag_or_digest()
        .unwrap_or_else(|| DEFAULT_TAG.into());
    let result = registry
        .pull(
            &reference.repository,
            &selector,
            Arc::new(context.store.clone()),
            context.observer(),
            &context.cancel,
        )
        .await?;
    Ok(MovedJson::new(reference, &result.outcome))
}
