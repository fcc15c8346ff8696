//! What a push or pull would move, found out without moving it.

use std::collections::BTreeSet;
use std::sync::Arc;

use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::source::KitSource as _;
use kitbench_modelkit::{Manifest, Reference};
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
    let (entry, manifest) = blocking(inner, move |inner| {
        let kit = store(inner)
            .kit(&source)
            .map_err(|error| view_of_kit(&error))?;
        kit.manifest().map_err(|error| view_of_kit(&error))
    })
    .await?;
    let client = client_for(inner, &target.registry).await?;
    let tag = target.tag.clone().unwrap_or_else(|| "latest".into());
    let push = Push::new(manifest.clone(), target.repository.clone(), tag.clone());
    let preflight = client
        .preflight_push(&push, &CancellationToken::new())
        .await;
    let preflight = note(inner, &target.registry, preflight)?;
    let there = note(
        inner,
        &target.registry,
        client.resolve(&target.repository, &tag).await,
    )?;
    let mut plan = view(inner, &preflight, &manifest)?;
    plan.replaces = there
        .filter(|digest| *digest != entry.digest)
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
    let remote = client.manifest(&reference.repository, &selector).await;
    let remote = note(inner, &reference.registry, remote)?;
    let mut plan = view(inner, &preflight, &remote.bytes)?;
    plan.replaces =
        local_digest(inner, &reference).filter(|digest| *digest != preflight.digest.to_string());
    Ok(plan)
}

fn local_digest(inner: &Inner, reference: &Reference) -> Option<String> {
    let entry = store(inner).resolve(reference).ok()?;
    Some(entry.digest.to_string())
}

fn view(inner: &Inner, preflight: &Preflight, manifest: &[u8]) -> Result<TransferPlan, ErrorView> {
    let manifest =
        Manifest::parse(manifest, "the manifest").map_err(|error| view_of_kit(&error))?;
    let there: BTreeSet<String> = preflight
        .blobs
        .iter()
        .filter(|blob| blob.there_bytes >= blob.descriptor.size)
        .map(|blob| blob.descriptor.digest.to_string())
        .collect();
    let layers = manifest
        .layers()
        .iter()
        .map(|layer| {
            let kind = layer.layer_type().map(|layer_type| layer_type.kind);
            let path = layer.annotations.get(kitbench_modelkit::media::FILE_PATH);
            let path = path.map(String::as_str).unwrap_or_default();
            TransferLayer {
                label: kind.map_or_else(
                    || layer.media_type.clone(),
                    |kind| convert::layer_label(kind, "", path),
                ),
                kind: kind.map(convert::kind_to_protocol),
                bytes: layer.size,
                already_there: there.contains(&layer.digest.to_string()),
            }
        })
        .collect();
    Ok(TransferPlan {
        layers,
        bytes: manifest.layer_bytes(),
        move_bytes: preflight.missing_bytes(),
        disk_free_bytes: folders::disk_free(&inner.options.kit_home),
        resumable: true,
        replaces: None,
    })
}
