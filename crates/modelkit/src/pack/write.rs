//! Config and manifest of a new kit, and the moment it enters the store.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use kitbench_kitfile::{Kitfile, LayerInfo, to_config_json};
use serde::Serialize;

use super::layers::{Built, compression_of, packaging_of};
use super::{PackOptions, Packed, PackedLayer, TOOL_VERSION};
use crate::error::{Error, Result};
use crate::media::{self, Format, LayerType, Packaging};
use crate::plan::PlannedLayer;
use crate::store::Store;
use crate::time::rfc3339;
use crate::{Compat, Descriptor, Digest, LayerKind, Manifest, json};

/// The form of a manifest, by the releases that write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// 1.7 to 1.9: no artifact type, no layer annotations.
    E1,
    /// 1.10 and 1.11: both. What all readers accept, and the same for the same files.
    E2,
    /// Mid 2026: with media type and time of creation as well.
    E3,
}

/// What stands against these options, beyond what the Kitfile's own check finds.
pub(super) fn check(kitfile: &Kitfile, options: &PackOptions) -> Result<()> {
    let mut problems = Vec::new();
    if options.format == Format::ModelPack {
        if !kitfile.mcp_servers.is_empty() {
            problems.push(
                "ModelPack knows no MCP servers; pack a native ModelKit or remove `mcpServers`"
                    .to_owned(),
            );
        }
        if options.compat < Compat::V1_11 {
            problems
                .push("kit 1.7 knows no ModelPack; choose the rules of 1.11 or current".to_owned());
        }
        if options.packaging == Packaging::Raw && options.compression != media::Compression::None {
            problems.push(
                "raw ModelPack layers cannot be compressed; choose compression none".to_owned(),
            );
        }
    }
    if options.compat < Compat::Current {
        if options.packaging == Packaging::Raw {
            problems.push(format!(
                "kit {} knows no raw layers; choose the current rules",
                options.compat.name()
            ));
        }
        if options.compression == media::Compression::Zstd {
            problems.push(format!(
                "kit {} cannot read zstd; choose gzip or the current rules",
                options.compat.name()
            ));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Kitfile(problems))
    }
}

/// Puts the built layers in their places and enters the kit. On failure the new blobs go again.
pub(super) fn commit(
    store: &Store,
    kitfile: &Kitfile,
    planned: &[PlannedLayer],
    built: Vec<Built>,
    options: &PackOptions,
) -> Result<Packed> {
    let mut kitfile = kitfile.clone();
    let mut descriptors = Vec::new();
    let mut layers = Vec::new();
    for (plan, layer) in planned.iter().zip(&built) {
        set_layer(
            &mut kitfile,
            plan,
            LayerInfo {
                digest: layer.digest.to_string(),
                diff_id: layer.diff_id.to_string(),
            },
        );
        descriptors.push(describe(plan, layer, options)?);
        layers.push(PackedLayer {
            kind: plan.kind,
            label: plan.label.clone(),
            digest: layer.digest,
            diff_id: layer.diff_id,
            size: layer.size,
            reused: layer.file.is_none(),
        });
    }
    let native =
        to_config_json(&kitfile).map_err(|error| Error::Kitfile(vec![error.to_string()]))?;
    let config = match options.format {
        Format::Native => native.clone(),
        Format::ModelPack => modelpack_config(&kitfile, &layers, options)?,
    };
    let manifest = manifest(&native, &config, descriptors, options);
    let text = manifest.to_json()?;

    let mut new = Vec::new();
    let entered = (|| {
        for layer in built {
            // Two layers of one kit may be the same blob.
            if let Some(file) = layer.file
                && !store.has_blob(&layer.digest, layer.size)
            {
                store.adopt(file, &layer.digest, 0o600)?;
                new.push(layer.digest);
            }
        }
        if !store.has_blob(&manifest.config.digest, manifest.config.size) {
            new.push(manifest.config.digest);
        }
        store.put_blob(&config)?;
        if !store.has_blob(&Digest::of(&text), text.len() as u64) {
            new.push(Digest::of(&text));
        }
        let tags: Vec<String> = options
            .reference
            .tag
            .iter()
            .chain(&options.extra_tags)
            .cloned()
            .collect();
        store.add_manifest(&options.reference, &text, &tags)
    })();
    let entry = match entered {
        Ok(entry) => entry,
        Err(error) => {
            store.withdraw(&new);
            return Err(error);
        }
    };
    let reference = match options.reference.tag {
        Some(_) => options.reference.clone(),
        None => options.reference.with_digest(entry.digest),
    };
    Ok(Packed {
        reference,
        manifest: entry,
        config: manifest.config,
        layers,
        left_out: Vec::new(),
        uncovered: Vec::new(),
        warnings: Vec::new(),
    })
}

fn set_layer(kitfile: &mut Kitfile, plan: &PlannedLayer, info: LayerInfo) {
    let at = plan.index;
    let place = match plan.kind {
        LayerKind::Model => kitfile.model.as_mut().map(|model| &mut model.layer),
        LayerKind::ModelPart => kitfile
            .model
            .as_mut()
            .and_then(|model| model.parts.get_mut(at))
            .map(|part| &mut part.layer),
        LayerKind::Code => kitfile.code.get_mut(at).map(|code| &mut code.layer),
        LayerKind::Dataset => kitfile
            .datasets
            .get_mut(at)
            .map(|dataset| &mut dataset.layer),
        LayerKind::Docs => kitfile.docs.get_mut(at).map(|docs| &mut docs.layer),
        LayerKind::Prompt => kitfile.prompts.get_mut(at).map(|prompt| &mut prompt.layer),
        LayerKind::McpServer => kitfile
            .mcp_servers
            .get_mut(at)
            .map(|server| &mut server.layer),
    };
    if let Some(place) = place {
        *place = Some(info);
    }
}

fn shape_of(options: &PackOptions) -> Shape {
    options.shape.unwrap_or(match options.compat {
        Compat::V1_7 => Shape::E1,
        Compat::V1_11 | Compat::Current => Shape::E2,
    })
}

fn describe(plan: &PlannedLayer, layer: &Built, options: &PackOptions) -> Result<Descriptor> {
    let packaging = packaging_of(plan, options);
    let kind = LayerType {
        kind: plan.kind,
        format: options.format,
        packaging,
        compression: compression_of(plan, options),
    };
    let mut descriptor = Descriptor::new(kind.media_type(), layer.digest, layer.size);
    let mut annotate =
        |key: &str, value: String| descriptor.annotations.insert(key.to_owned(), value);
    if shape_of(options) != Shape::E1 {
        annotate(media::FILE_PATH, plan.path.clone());
    }
    if plan.kind == LayerKind::Prompt {
        annotate(media::LAYER_SUBTYPE, "prompt".into());
    }
    if let (Packaging::Raw, Some(file)) = (packaging, plan.entries.first()) {
        #[derive(Serialize)]
        struct Metadata<'a> {
            name: &'a str,
            mode: u32,
            uid: u32,
            gid: u32,
            size: u64,
            mtime: String,
            typeflag: u8,
        }
        let metadata = Metadata {
            name: file.path.rsplit('/').next().unwrap_or_default(),
            mode: file.stamp.mode & 0o777,
            uid: 0,
            gid: 0,
            size: file.stamp.size,
            mtime: rfc3339(file.stamp.mtime),
            typeflag: 0,
        };
        annotate(
            media::FILE_METADATA,
            String::from_utf8_lossy(&json::to_vec(&metadata)?).into_owned(),
        );
    }
    Ok(descriptor)
}

fn manifest(
    native: &[u8],
    config: &[u8],
    layers: Vec<Descriptor>,
    options: &PackOptions,
) -> Manifest {
    let shape = shape_of(options);
    let (artifact, config_type) = match options.format {
        Format::Native => (media::NATIVE_ARTIFACT, media::NATIVE_CONFIG),
        Format::ModelPack => (media::MODELPACK_ARTIFACT, media::MODELPACK_CONFIG),
    };
    let mut annotations = BTreeMap::new();
    let version = options
        .tool_version
        .clone()
        .unwrap_or_else(|| TOOL_VERSION.into());
    annotations.insert(media::CLI_VERSION.to_owned(), version);
    if options.format == Format::ModelPack {
        annotations.insert(
            media::KITFILE.to_owned(),
            String::from_utf8_lossy(native).into_owned(),
        );
    }
    if shape == Shape::E3 {
        let seconds = options
            .created
            .map_or_else(|| crate::cache::now() / 1_000_000_000, i128::from);
        annotations.insert(media::CREATED.to_owned(), rfc3339(seconds * 1_000_000_000));
    }
    Manifest {
        schema_version: 2,
        media_type: (shape == Shape::E3).then(|| media::MANIFEST.to_owned()),
        artifact_type: (shape != Shape::E1).then(|| artifact.to_owned()),
        config: Descriptor::of(config_type, config),
        layers: (shape == Shape::E3 || !layers.is_empty()).then_some(layers),
        subject: None,
        annotations,
    }
}

/// The config of a ModelPack artifact, in the order in which `kit` writes it.
fn modelpack_config(
    kitfile: &Kitfile,
    layers: &[PackedLayer],
    options: &PackOptions,
) -> Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Config<'a> {
        descriptor: About<'a>,
        modelfs: ModelFs,
        config: Details<'a>,
    }
    #[derive(Serialize)]
    struct About<'a> {
        #[serde(rename = "createdAt")]
        created_at: String,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        authors: &'a [String],
        #[serde(skip_serializing_if = "str::is_empty")]
        name: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        version: &'a str,
        #[serde(skip_serializing_if = "BTreeSet::is_empty")]
        licenses: BTreeSet<&'a str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        title: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        description: &'a str,
    }
    #[derive(Serialize)]
    struct ModelFs {
        r#type: &'static str,
        #[serde(rename = "diffIds")]
        diff_ids: Option<Vec<Digest>>,
    }
    #[derive(Serialize)]
    struct Details<'a> {
        #[serde(skip_serializing_if = "str::is_empty")]
        format: &'a str,
    }
    let model = kitfile.model.as_ref();
    let package = &kitfile.package;
    let licenses = [package.license.as_str()]
        .into_iter()
        .chain(model.into_iter().flat_map(|model| {
            std::iter::once(model.license.as_str())
                .chain(model.parts.iter().map(|part| part.license.as_str()))
        }))
        .chain(
            kitfile
                .datasets
                .iter()
                .map(|dataset| dataset.license.as_str()),
        )
        .chain(kitfile.code.iter().map(|code| code.license.as_str()))
        .filter(|license| !license.is_empty());
    let created = options.created.map_or_else(crate::cache::now, |seconds| {
        i128::from(seconds) * 1_000_000_000
    });
    json::to_vec(&Config {
        descriptor: About {
            created_at: rfc3339(created),
            authors: &package.authors,
            name: &package.name,
            version: &package.version,
            licenses: licenses.collect(),
            title: &package.name,
            description: &package.description,
        },
        modelfs: ModelFs {
            r#type: "layers",
            diff_ids: (!layers.is_empty())
                .then(|| layers.iter().map(|layer| layer.diff_id).collect()),
        },
        config: Details {
            format: model.map_or("", |model| model.format.as_str()),
        },
    })
}

/// Whether the file is a ZIP archive with `manifest.json` at its root, by its central directory.
pub(super) fn is_mcp_bundle(path: &Path) -> Result<bool> {
    const END: &[u8] = b"PK\x05\x06";
    const ENTRY: &[u8] = b"PK\x01\x02";
    /// A comment of at most 65,535 bytes follows the end record of 22.
    const TAIL: u64 = 65_557;
    const MAX_DIRECTORY: u32 = 16 << 20;
    let io = |error| Error::io("read", path)(error);
    let mut file = std::fs::File::open(path).map_err(Error::io("open", path))?;
    let length = file.metadata().map_err(io)?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))
        .map_err(io)?;
    let mut tail = Vec::new();
    file.by_ref()
        .take(TAIL)
        .read_to_end(&mut tail)
        .map_err(io)?;
    let Some(end) = tail.windows(4).rposition(|window| window == END) else {
        return Ok(false);
    };
    let word = |bytes: &[u8], at: usize| {
        bytes
            .get(at..at + 4)
            .and_then(|b| b.try_into().ok())
            .map_or(0, u32::from_le_bytes)
    };
    let half = |bytes: &[u8], at: usize| {
        bytes
            .get(at..at + 2)
            .and_then(|b| b.try_into().ok())
            .map_or(0, u16::from_le_bytes) as usize
    };
    let record = tail.get(end..).unwrap_or_default();
    let (size, offset) = (word(record, 12), word(record, 16));
    if size > MAX_DIRECTORY {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(u64::from(offset))).map_err(io)?;
    let mut directory = Vec::new();
    file.take(u64::from(size))
        .read_to_end(&mut directory)
        .map_err(io)?;
    let mut rest = directory.as_slice();
    while rest.starts_with(ENTRY) {
        let (name, extra, comment) = (half(rest, 28), half(rest, 30), half(rest, 32));
        if rest.get(46..46 + name) == Some(b"manifest.json") {
            return Ok(true);
        }
        rest = rest.get(46 + name + extra + comment..).unwrap_or_default();
    }
    Ok(false)
}
