//! Kits of the local store: the list, one kit, its names, its end.

mod detail;
mod diff;
mod look;
mod unpack;

pub use detail::{local_detail, remote_detail};
pub use diff::diff;
pub use look::{list_layer, read_file};
pub use unpack::{options as unpack_options, plan as plan_unpack};

use std::collections::{BTreeMap, BTreeSet};

use kitbench_modelkit::Reference;
use kitbench_modelkit::progress::CancellationToken;
use kitbench_modelkit::store::{Home, Removal, Store, StoredKit};
use kitbench_protocol::{
    ErrorKind, ErrorView, EventKind, KitList, KitRow, LayerKind, Relation, RemovalPlan, Severity,
};

use crate::errors::{sentence, view_of_kit, view_of_state};
use crate::{Inner, convert};

/// The store shared with `kit`.
pub fn store(inner: &Inner) -> Store {
    Store::new(Home::at(&inner.options.kit_home))
}

/// Brings kits of the layout before `kit` 0.5 into the present one, as `kit` does at its start, and tells
/// of it. What cannot be brought stays where it is.
pub fn adopt_old_layout(inner: &Inner) {
    let adopted = match store(inner).adopt_old_layout(&CancellationToken::new()) {
        Ok(adopted) => adopted,
        Err(error) => {
            log::warn!("the store's old layout cannot be read: {error}");
            return;
        }
    };
    if !adopted.kits.is_empty() {
        let names: Vec<String> = adopted.kits.iter().map(ToString::to_string).collect();
        let message = format!("Brought from the store's old layout: {}.", names.join(", "));
        inner.events.send(EventKind::Store);
        inner.events.notice(Severity::Info, message);
    }
    for (folder, problem) in &adopted.left {
        let folder = folder.display();
        let message = format!("`{folder}` stays in the store's old layout: {problem}.");
        inner.events.notice(Severity::Warning, message);
    }
}

pub fn parse_reference(text: &str) -> Result<Reference, ErrorView> {
    text.trim()
        .parse::<Reference>()
        .map_err(|error| ErrorView::new(ErrorKind::Invalid, sentence(&error.to_string()), ""))
}

/// As people write it: without `localhost/`.
pub fn display(reference: &Reference) -> String {
    reference.to_string()
}

/// Tags of a repository (`registry/repository`) with their digests.
pub fn local_tags(inner: &Inner, repository: &str) -> BTreeMap<String, String> {
    let kits = match store(inner).list() {
        Ok(kits) => kits,
        Err(error) => {
            log::warn!("{repository}: {error}");
            return BTreeMap::new();
        }
    };
    kits.into_iter()
        .filter(|kit| kit.repository.full_repository() == repository)
        .flat_map(|kit| {
            let digest = kit.digest.to_string();
            kit.tags.into_iter().map(move |tag| (tag, digest.clone()))
        })
        .collect()
}

/// Number of kits and bytes of the store, for the first look around.
pub fn count(inner: &Inner) -> (u32, u64) {
    match list(inner) {
        Ok(list) => (list.kits.len() as u32, list.store_bytes),
        Err(_) => (0, 0),
    }
}

/// Bytes of all blobs in the store.
pub fn store_bytes(inner: &Inner) -> u64 {
    let folder = store(inner).root().join("blobs").join("sha256");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|m| m.len())
        .sum()
}

pub fn list(inner: &Inner) -> Result<KitList, ErrorView> {
    let store = store(inner);
    let kits = store.list().map_err(|error| view_of_kit(&error))?;
    let mut list = KitList {
        store_bytes: store_bytes(inner),
        ..KitList::default()
    };
    let mut uses: BTreeMap<String, (u64, LayerKind, BTreeSet<String>)> = BTreeMap::new();
    for kit in kits {
        if let Some(problem) = &kit.problem {
            list.problems
                .push(format!("{}: {problem}", display(&kit.reference())));
        } else {
            for (digest, bytes, kind) in layers_of(&store, &kit) {
                let layer = uses.entry(digest).or_insert((bytes, kind, BTreeSet::new()));
                layer.2.insert(kit.digest.to_string());
            }
        }
        list.kits.push(row(inner, &kit)?);
    }
    let mut by_kind: BTreeMap<LayerKind, u64> = BTreeMap::new();
    for (bytes, kind, kits) in uses.into_values() {
        *by_kind.entry(kind).or_default() += bytes;
        if kits.len() > 1 {
            list.shared_bytes += bytes;
        }
    }
    list.by_kind = by_kind.into_iter().collect();
    Ok(list)
}

fn layers_of(store: &Store, kit: &StoredKit) -> Vec<(String, u64, LayerKind)> {
    use kitbench_modelkit::source::KitSource as _;
    let manifest = store
        .kit(&kit.repository.with_digest(kit.digest))
        .and_then(|source| source.manifest())
        .and_then(|(_, bytes)| kitbench_modelkit::Manifest::parse(&bytes, "the manifest"));
    let Ok(manifest) = manifest else {
        return Vec::new();
    };
    manifest
        .layers()
        .iter()
        .filter_map(|layer| {
            let kind = convert::kind_to_protocol(layer.layer_type()?.kind);
            Some((layer.digest.to_string(), layer.size, kind))
        })
        .collect()
}

fn row(inner: &Inner, kit: &StoredKit) -> Result<KitRow, ErrorView> {
    Ok(KitRow {
        registry: kit.repository.registry.clone(),
        repository: kit.repository.repository.clone(),
        tags: kit.tags.clone(),
        digest: kit.digest.to_string(),
        bytes: kit.layer_bytes,
        name: kit.name.clone(),
        version: kit.version.clone(),
        author: kit.authors.first().cloned().unwrap_or_default(),
        created_ms: kit.stored.map(|seconds| seconds * 1_000),
        relation: relation(inner, &kit.repository, &kit.digest.to_string())?,
    })
}

/// Relation to the registry as far as this computer knows: what was pushed or pulled from
/// here is the same there, until somebody asks again.
fn relation(inner: &Inner, repository: &Reference, digest: &str) -> Result<Relation, ErrorView> {
    if !repository.has_registry() {
        return Ok(Relation::LocalOnly);
    }
    let history = inner.state.history(digest).map_err(|e| view_of_state(&e))?;
    let moved = history
        .iter()
        .any(|entry| entry.what.starts_with("Pushed") || entry.what.starts_with("Pulled"));
    Ok(if moved {
        Relation::Same
    } else {
        Relation::NotPushed
    })
}

pub fn tag(inner: &Inner, source: &str, target: &str) -> Result<(), ErrorView> {
    let from = parse_reference(source)?;
    let (to, extra) = Reference::parse_with_tags(target.trim())
        .map_err(|error| ErrorView::new(ErrorKind::Invalid, sentence(&error.to_string()), ""))?;
    let store = store(inner);
    let mut targets = vec![to.clone()];
    targets.extend(extra.into_iter().map(|tag| to.with_tag(tag)));
    for to in targets {
        let entry = store.tag(&from, &to).map_err(|error| view_of_kit(&error))?;
        record(
            inner,
            &entry.digest.to_string(),
            &format!("Tagged {}", display(&to)),
            "",
        );
    }
    inner.events.send(EventKind::Store);
    Ok(())
}

/// Adds a line to the history of a kit. A history that cannot be written is no reason to
/// fail what was done.
pub fn record(inner: &Inner, digest: &str, what: &str, detail: &str) {
    if let Err(error) = inner.state.record(digest, what, detail) {
        log::error!("the history could not be written: {error}");
    }
}

pub fn plan_removal(
    inner: &Inner,
    reference: &str,
    all_tags: bool,
) -> Result<RemovalPlan, ErrorView> {
    let reference = parse_reference(reference)?;
    let removal = store(inner)
        .plan_removal(&reference, all_tags)
        .map_err(|error| view_of_kit(&error))?;
    removal_view(inner, &reference, removal)
}

pub fn remove(inner: &Inner, reference: &str, all_tags: bool) -> Result<RemovalPlan, ErrorView> {
    let reference = parse_reference(reference)?;
    let removal = store(inner)
        .remove(&reference, all_tags)
        .map_err(|error| view_of_kit(&error))?;
    if let Some(digest) = &removal.digest {
        record(
            inner,
            &digest.to_string(),
            &format!("Removed {}", display(&reference)),
            "",
        );
    }
    inner.events.send(EventKind::Store);
    inner.events.send(EventKind::Status);
    removal_view(inner, &reference, removal)
}

fn removal_view(
    inner: &Inner,
    reference: &Reference,
    removal: Removal,
) -> Result<RemovalPlan, ErrorView> {
    let only_copy = match &removal.digest {
        Some(digest) if removal.kit && !removal.kept_elsewhere => {
            relation(inner, reference, &digest.to_string())? != Relation::Same
        }
        _ => false,
    };
    let sentence = if !removal.kit {
        format!(
            "Removes the tag {}; the ModelKit keeps its other tags.",
            removal.tags.join(", ")
        )
    } else {
        let shared = match removal.shared_layers {
            0 => String::new(),
            1 => ", keeps 1 layer that another ModelKit uses".into(),
            n => format!(", keeps {n} layers that other ModelKits use"),
        };
        format!("Frees {}{shared}.", decimal_size(removal.freed_bytes))
    };
    Ok(RemovalPlan {
        tag_only: !removal.kit,
        tags: removal.tags,
        frees_bytes: removal.freed_bytes,
        kept_shared_layers: removal.shared_layers as u32,
        only_copy,
        sentence,
    })
}

/// 1 GB = 10^9 bytes, one digit after the point below 1 GB and two above.
pub fn decimal_size(bytes: u64) -> String {
    let value = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.2} GB", value / 1e9),
    }
}
