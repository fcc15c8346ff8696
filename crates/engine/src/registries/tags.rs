//! The tags of a repository, with what each holds.

use std::sync::Arc;

use futures_util::StreamExt as _;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::{Descriptor, Format, Manifest, Reference};
use kitbench_protocol::{ErrorView, LayerAcrossTags, RegistryId, Relation, TagList, TagRow};
use kitbench_registry::Registry;

use super::fetch::Fetched;
use super::{client_for, note, record};
use crate::errors::view_of_state;
use crate::state::now_ms;
use crate::{Inner, blocking, convert};

/// The most tags that are listed.
const MAX_TAGS: usize = 2_000;
/// Manifests read at the same time.
const AT_ONCE: usize = 8;

struct ReadTag {
    row: TagRow,
    layers: Vec<(String, kitbench_protocol::LayerKind, String)>,
    first_blob: Option<Descriptor>,
}

pub async fn tags(
    inner: &Arc<Inner>,
    id: RegistryId,
    repository: String,
) -> Result<TagList, ErrorView> {
    let host = blocking(inner, move |inner| Ok(record(inner, id)?.address.host)).await?;
    let client = client_for(inner, &host).await?;
    let names = note(inner, &host, client.all_tags(&repository, MAX_TAGS).await)?;
    let local = {
        let name = format!("{host}/{repository}");
        blocking(inner, move |inner| {
            Ok(crate::kits::local_tags(inner, &name))
        })
        .await?
    };
    let mut read: Vec<ReadTag> = futures_util::stream::iter(names)
        .map(|tag| read_tag(&client, &repository, tag))
        .buffered(AT_ONCE)
        .collect()
        .await;
    for tag in &mut read {
        tag.row.relation = match local.get(&tag.row.tag) {
            Some(digest) if *digest == tag.row.digest => Relation::Same,
            Some(_) => Relation::Differs,
            None => Relation::NotPulled,
        };
    }
    // Newest first where the manifests say; names of the same age in their own order.
    read.sort_by(|a, b| {
        b.row
            .created_ms
            .cmp(&a.row.created_ms)
            .then_with(|| b.row.tag.cmp(&a.row.tag))
    });
    let partial_reads = match read.iter().find_map(|tag| tag.first_blob.as_ref()) {
        Some(blob) => client.supports_ranges(&repository, &blob.digest).await.ok(),
        None => None,
    };
    {
        let repository = repository.clone();
        blocking(inner, move |inner| {
            inner
                .state
                .use_repository(&host, &repository)
                .map_err(|e| view_of_state(&e))
        })
        .await?;
    }
    Ok(TagList {
        layers: across_tags(&read),
        tags: read.into_iter().map(|tag| tag.row).collect(),
        partial_reads,
        listed_ms: now_ms(),
    })
}

async fn read_tag(client: &Registry, repository: &str, tag: String) -> ReadTag {
    let mut row = TagRow {
        tag: tag.clone(),
        digest: String::new(),
        bytes: 0,
        created_ms: None,
        framework: String::new(),
        name: String::new(),
        artifact: String::new(),
        is_modelkit: false,
        relation: Relation::Unknown,
        error: None,
    };
    let failed = |mut row: TagRow, message: String| {
        row.error = Some(message);
        ReadTag {
            row,
            layers: Vec::new(),
            first_blob: None,
        }
    };
    let remote = match client.manifest(repository, &tag).await {
        Ok(remote) => remote,
        Err(error) => return failed(row, error.to_string()),
    };
    row.digest = remote.digest.to_string();
    let manifest = match remote.modelkit() {
        Ok(manifest) => manifest,
        Err(error) => {
            row.artifact.clone_from(&remote.media_type);
            return failed(row, error.to_string());
        }
    };
    row.bytes = manifest.layer_bytes();
    row.is_modelkit = true;
    row.artifact = match manifest.format() {
        Some(Format::ModelPack) => "ModelPack".into(),
        _ => "ModelKit".into(),
    };
    row.created_ms = manifest
        .created()
        .and_then(kitbench_modelkit::time::parse_rfc3339_ms);
    let config = match client.config_of(repository, &manifest).await {
        Ok(config) => config,
        Err(error) => return failed(row, error.to_string()),
    };
    let source = Fetched {
        reference: Reference {
            registry: client.host().to_owned(),
            repository: repository.to_owned(),
            tag: Some(tag),
            digest: Some(remote.digest),
        },
        entry: remote.descriptor(),
        manifest: remote.bytes.to_vec(),
        config: config.to_vec(),
    };
    let kitfile = match Kit::read(&source) {
        Ok(kit) => Some(kit.kitfile),
        Err(error) => return failed(row, error.to_string()),
    };
    if let Some(kitfile) = &kitfile {
        row.name.clone_from(&kitfile.package.name);
        if let Some(model) = &kitfile.model {
            row.framework.clone_from(&model.framework);
        }
    }
    let layers = layer_digests(&manifest, kitfile.as_ref());
    let first_blob = manifest
        .layers()
        .iter()
        .find(|layer| layer.size > 1)
        .cloned();
    ReadTag {
        row,
        layers,
        first_blob,
    }
}

/// Label, kind and digest of each layer.
fn layer_digests(
    manifest: &Manifest,
    kitfile: Option<&kitbench_kitfile::Kitfile>,
) -> Vec<(String, kitbench_protocol::LayerKind, String)> {
    let elements = kitfile
        .map(kitbench_kitfile::Kitfile::elements)
        .unwrap_or_default();
    manifest
        .layers()
        .iter()
        .filter_map(|layer| {
            let kind = layer.layer_type()?.kind;
            let digest = layer.digest.to_string();
            let element = elements
                .iter()
                .find(|element| element.layer.is_some_and(|info| info.digest == digest));
            let path = layer.annotations.get(kitbench_modelkit::media::FILE_PATH);
            let label = convert::layer_label(
                kind,
                element.map(|element| element.name).unwrap_or_default(),
                path.map(String::as_str).unwrap_or_default(),
            );
            Some((label, convert::kind_to_protocol(kind), digest))
        })
        .collect()
}

fn across_tags(read: &[ReadTag]) -> Vec<LayerAcrossTags> {
    let mut rows: Vec<LayerAcrossTags> = Vec::new();
    for (column, tag) in read.iter().enumerate() {
        for (label, kind, digest) in &tag.layers {
            let at = rows
                .iter()
                .position(|row| row.label == *label)
                .unwrap_or_else(|| {
                    rows.push(LayerAcrossTags {
                        label: label.clone(),
                        kind: *kind,
                        digests: vec![None; read.len()],
                    });
                    rows.len() - 1
                });
            rows[at].digests[column] = Some(digest.clone());
        }
    }
    rows
}
