//! What a push or pull would move, found out without moving it.

use std::collections::BTreeSet;
use std::sync::Arc;

use kitbench_modelkit::Reference;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_protocol::{Direction, ErrorView, PlanTransfer, TransferLayer, TransferPlan};
use kitbench_registry::{Preflight, Push};

use crate::errors::view_of_kit;
use crate::kits::{parse_reference, store};
use crate::registries::{client_for, note, remote_reference};
use crate::{Inner, blocking, convert, folders};

pub async fn plan(inner: &Arc<Inner>, call: PlanTransfer) -> Result<TransferPlan, ErrorView> {
    match call.direction {
        Direction::Push => plan_push(inner, &call.source, &call.target).await,
        Direction::Pull => plan_pull(inner, &call.source).await,
    }
}

async fn plan_push(
    inner: &Arc<Inner>,
    source: &str,
    target: &str,
) -> Result<TransferPlan, ErrorView> {
    let source = parse_reference(source)?.or_latest();
    let target = if target.is_empty() {
        source.to_string()
    } else {
        target.to_owned()
    };
    let target = remote_reference(&target)?;
    let kit = blocking(inner, move |inner| {
        let source = store(inner)
            .kit(&source)
            .map_err(|error| view_of_kit(&error))?;
        Kit::read(&source).map_err(|error| view_of_kit(&error))
    })
    .await?;
    let client = client_for(inner, &target.registry).await?;
    let tag = target.tag.clone().unwrap_or_else(|| "latest".into());
    let push = Push::new(
        kit.manifest_text.clone(),
        target.repository.clone(),
        tag.clone(),
    );
    let preflight = client
        .preflight_push(&push, &CancellationToken::new())
        .await;
    let preflight = note(inner, &target.registry, preflight)?;
    let there = note(
        inner,
        &target.registry,
        client.resolve(&target.repository, &tag).await,
    )?;
    let mut plan = view(inner, &preflight, &kit);
    plan.replaces = there
        .filter(|digest| *digest != kit.digest)
        .map(|digest| digest.to_string());
    Ok(plan)
}

async fn plan_pull(inner: &Arc<Inner>, source: &str) -> Result<TransferPlan, ErrorView> {
    let reference = remote_reference(source)?;
    let client = client_for(inner, &reference.registry).await?;
    let selector = reference.tag_or_digest().unwrap_or_else(|| "latest".into());
    let blobs = store(inner);
    let preflight = client
        .preflight_pull(&reference.repository, &selector, &blobs)
        .await;
    let preflight = note(inner, &reference.registry, preflight)?;
    let source = crate::registries::fetch(inner, &reference).await?;
    let kit = Kit::read(&source).map_err(|error| view_of_kit(&error))?;
    let mut plan = view(inner, &preflight, &kit);
    plan.replaces =
        local_digest(inner, &reference).filter(|digest| *digest != preflight.digest.to_string());
    Ok(plan)
}

fn local_digest(inner: &Inner, reference: &Reference) -> Option<String> {
    let entry = store(inner).resolve(reference).ok()?;
    Some(entry.digest.to_string())
}

fn view(inner: &Inner, preflight: &Preflight, kit: &Kit) -> TransferPlan {
    let there: BTreeSet<String> = preflight
        .blobs
        .iter()
        .filter(|blob| blob.there_bytes >= blob.descriptor.size)
        .map(|blob| blob.descriptor.digest.to_string())
        .collect();
    let layers = kit
        .layers
        .iter()
        .map(|layer| TransferLayer {
            label: convert::layer_label(layer.kind, &layer.name, &layer.clean_path()),
            kind: Some(convert::kind_to_protocol(layer.kind)),
            bytes: layer.descriptor.size,
            already_there: there.contains(&layer.descriptor.digest.to_string()),
        })
        .collect();
    TransferPlan {
        layers,
        bytes: kit.manifest.layer_bytes(),
        move_bytes: preflight.missing_bytes(),
        disk_free_bytes: folders::disk_free(&inner.options.kit_home),
        resumable: true,
        replaces: None,
    }
}
