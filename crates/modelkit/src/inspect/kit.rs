//! Manifest and config of a kit, of every era, as one thing.

use std::io::Read as _;

use kitbench_kitfile::paths::{clean_path, is_kit_reference};
use kitbench_kitfile::{
    Code, Dataset, Docs, ElementKind, Kitfile, LayerInfo, Model, ModelPart, Prompt,
    from_config_json,
};
use serde::Deserialize;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::manifest::{Descriptor, Manifest, null_is_default};
use crate::media::{self, Compression, Format, Packaging};
use crate::plan::kind_of;
use crate::reference::Reference;
use crate::source::KitSource;
use crate::{LayerKind, Result as CrateResult};

/// A kit, read.
#[derive(Clone, Debug)]
pub struct Kit {
    pub reference: Reference,
    /// The manifest's digest, which is the kit's.
    pub digest: Digest,
    pub format: Format,
    pub manifest: Manifest,
    /// The manifest's text as stored.
    pub manifest_text: Vec<u8>,
    /// The Kitfile it was packed with, or one made up from a foreign artifact's layers.
    pub kitfile: Kitfile,
    /// Layers in the order of the manifest, but for those of unknown type.
    pub layers: Vec<KitLayer>,
    /// What was passed over.
    pub warnings: Vec<String>,
}

/// A layer of a kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KitLayer {
    pub kind: LayerKind,
    /// What to call it: `model wine`, `code layer 0`.
    pub label: String,
    /// Name of its Kitfile element, perhaps empty.
    pub name: String,
    /// Path of its Kitfile element as written.
    pub path: String,
    /// Where it points, with its media type and annotations.
    pub descriptor: Descriptor,
    /// Digest before compression, if known.
    pub diff_id: Option<Digest>,
    pub packaging: Packaging,
    pub compression: Compression,
    /// From before 0.5, without layer info: entry names start at the last element of `path`.
    pub is_legacy: bool,
}

impl KitLayer {
    /// The path in cleaned form: of the layer's annotation, else of the Kitfile.
    pub fn clean_path(&self) -> String {
        let annotated = self.descriptor.annotations.get(media::FILE_PATH);
        clean_path(annotated.map_or(self.path.as_str(), String::as_str))
    }
}

impl Kit {
    /// Reads manifest and config.
    ///
    /// # Errors
    /// [`Error::NotAModelKit`], [`Error::Malformed`] if the two do not fit together,
    /// [`Error::Corrupt`] if they are not what they should be; those of the source.
    pub fn read(source: &dyn KitSource) -> Result<Kit> {
        let reference = source.reference().clone();
        let (entry, text) = source.manifest()?;
        let what = reference.to_string();
        let found = Digest::of(&text);
        if found != entry.digest {
            return Err(Error::Corrupt {
                what: format!("the manifest of {what}"),
                expected: entry.digest,
                found,
            });
        }
        let manifest = Manifest::parse(&text, &what)?;
        let format = manifest.format().unwrap_or_default();
        let config_what = format!("the config of {what}");
        let config = read_config(source, &manifest.config, &config_what)?;
        let annotated = manifest
            .annotations
            .get(media::KITFILE)
            .filter(|_| format == Format::ModelPack);
        let malformed = |problem: String| Error::Malformed {
            what: config_what.clone(),
            problem,
        };
        let kitfile = match (format, annotated) {
            (Format::Native, _) => {
                from_config_json(&config).map_err(|error| malformed(error.to_string()))?
            }
            (Format::ModelPack, Some(kitfile)) => from_config_json(kitfile.as_bytes())
                .map_err(|error| malformed(error.to_string()))?,
            (Format::ModelPack, None) => made_up(&manifest, &config, &config_what)?,
        };
        let (layers, warnings) = pair(&manifest, &kitfile, &what)?;
        Ok(Kit {
            reference,
            digest: entry.digest,
            format,
            manifest,
            manifest_text: text,
            kitfile,
            layers,
            warnings,
        })
    }

    /// The ModelKit that the model's path refers to, if it does.
    pub fn parent(&self) -> Option<&str> {
        let path = self.kitfile.model.as_ref()?.path.as_str();
        is_kit_reference(path).then_some(path)
    }
}

fn read_config(source: &dyn KitSource, config: &Descriptor, what: &str) -> CrateResult<Vec<u8>> {
    if config.size > json::MAX_CONFIG_BYTES {
        return Err(Error::Malformed {
            what: what.to_owned(),
            problem: format!(
                "it has {} bytes, the limit is {}",
                config.size,
                json::MAX_CONFIG_BYTES
            ),
        });
    }
    let mut bytes = Vec::new();
    source
        .blob(config)?
        .take(config.size + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", what))?;
    if bytes.len() as u64 != config.size {
        return Err(Error::Size {
            what: what.to_owned(),
            expected: config.size,
            found: bytes.len() as u64,
        });
    }
    let found = Digest::of(&bytes);
    if found != config.digest {
        return Err(Error::Corrupt {
            what: what.to_owned(),
            expected: config.digest,
            found,
        });
    }
    Ok(bytes)
}

/// A Kitfile element that should have a layer.
struct Slot {
    kind: LayerKind,
    label: String,
    name: String,
    path: String,
    info: Option<LayerInfo>,
    taken: bool,
}

/// Finds each layer's Kitfile element: by digest where the Kitfile states them, which is what new
/// releases do, else by position within its kind, which is what old ones do.
fn pair(
    manifest: &Manifest,
    kitfile: &Kitfile,
    what: &str,
) -> Result<(Vec<KitLayer>, Vec<String>)> {
    let mut slots: Vec<Slot> = kitfile
        .elements()
        .into_iter()
        .filter(|element| {
            let no_layer = element.kind == ElementKind::Model
                && element.layer.is_none()
                && (element.path.is_empty() || is_kit_reference(element.path));
            !no_layer && (element.remote_path.is_empty() || element.layer.is_some())
        })
        .map(|element| Slot {
            kind: kind_of(element.kind),
            label: element.label(),
            name: element.name.to_owned(),
            path: element.path.to_owned(),
            info: element.layer.cloned(),
            taken: false,
        })
        .collect();
    let mut layers = Vec::new();
    let mut warnings = Vec::new();
    for descriptor in manifest.layers() {
        let Some(kind) = descriptor.layer_type() else {
            warnings.push(format!(
                "a layer of unknown type “{}” was passed over",
                crate::error::shorten(&descriptor.media_type)
            ));
            continue;
        };
        let malformed = |problem: String| Error::Malformed {
            what: what.to_owned(),
            problem,
        };
        let digest = descriptor.digest.to_string();
        let free = |slot: &Slot| !slot.taken && slot.kind == kind.kind;
        // Further weight layers of a foreign artifact are model parts.
        let fits = |slot: &Slot| {
            let part = kind.kind == LayerKind::Model && slot.kind == LayerKind::ModelPart;
            !slot.taken && (slot.kind == kind.kind || part)
        };
        let by_digest = slots.iter().position(|slot| {
            fits(slot) && slot.info.as_ref().is_some_and(|info| info.digest == digest)
        });
        let by_place = || slots.iter().position(&free);
        let Some(slot) = by_digest.or_else(by_place).and_then(|at| slots.get_mut(at)) else {
            return Err(malformed(format!(
                "its manifest has more {} layers than its Kitfile has elements",
                kind.kind
            )));
        };
        if by_digest.is_none() && slot.info.is_some() {
            return Err(malformed(format!(
                "the digests of its {} in config and manifest do not match",
                slot.label
            )));
        }
        slot.taken = true;
        let diff_id = match slot.info.as_ref().map(|info| info.diff_id.as_str()) {
            None | Some("") => None,
            Some(text) => Some(text.parse().map_err(|error| {
                malformed(format!("the diffId of its {}: {error}", slot.label))
            })?),
        };
        layers.push(KitLayer {
            kind: slot.kind,
            label: slot.label.clone(),
            name: slot.name.clone(),
            path: slot.path.clone(),
            descriptor: descriptor.clone(),
            diff_id,
            packaging: kind.packaging,
            compression: kind.compression,
            is_legacy: slot.info.is_none(),
        });
    }
    Ok((layers, warnings))
}

#[derive(Default, Deserialize)]
struct ModelPackConfig {
    #[serde(default, deserialize_with = "null_is_default")]
    descriptor: About,
    #[serde(default, deserialize_with = "null_is_default")]
    modelfs: ModelFs,
    #[serde(default, deserialize_with = "null_is_default")]
    config: Details,
}

#[derive(Default, Deserialize)]
struct About {
    #[serde(default, deserialize_with = "null_is_default")]
    authors: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    name: String,
    #[serde(default, deserialize_with = "null_is_default")]
    title: String,
    #[serde(default, deserialize_with = "null_is_default")]
    version: String,
    #[serde(default, deserialize_with = "null_is_default")]
    description: String,
    #[serde(default, deserialize_with = "null_is_default")]
    licenses: Vec<String>,
}

#[derive(Default, Deserialize)]
struct ModelFs {
    #[serde(rename = "diffIds", default, deserialize_with = "null_is_default")]
    diff_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Details {
    #[serde(default, deserialize_with = "null_is_default")]
    format: String,
}

/// A Kitfile for an artifact of another ModelPack tool, from its layers and its config.
fn made_up(manifest: &Manifest, config: &[u8], what: &str) -> Result<Kitfile> {
    let config: ModelPackConfig = json::from_slice(config, what)?;
    let about = config.descriptor;
    let mut kitfile = Kitfile {
        manifest_version: "1.0.0".into(),
        ..Kitfile::default()
    };
    kitfile.package.name = if about.name.is_empty() {
        about.title
    } else {
        about.name
    };
    kitfile.package.version = about.version;
    kitfile.package.description = about.description;
    kitfile.package.authors = about.authors;
    kitfile.package.license = about.licenses.into_iter().next().unwrap_or_default();
    // kit 1.10 and 1.11 wrote hashes of the diffIds' texts.
    let wrong = manifest
        .tool_version()
        .is_some_and(|version| version.starts_with("1.10.") || version.starts_with("1.11."));
    let mut model: Option<Model> = None;
    let mut parts = Vec::new();
    for (number, layer) in manifest.layers().iter().enumerate() {
        let Some(kind) = layer.layer_type() else {
            continue;
        };
        let Some(path) = layer.annotations.get(media::FILE_PATH).cloned() else {
            return Err(Error::Malformed {
                what: what.to_owned(),
                problem: format!(
                    "it has no Kitfile, and layer {number} does not say its path (annotation {})",
                    media::FILE_PATH
                ),
            });
        };
        let diff_id = config
            .modelfs
            .diff_ids
            .get(number)
            .filter(|_| !wrong)
            .cloned()
            .unwrap_or_default();
        let info = Some(LayerInfo {
            digest: layer.digest.to_string(),
            diff_id,
        });
        let part = |path: String, info| {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            ModelPart {
                name,
                path,
                layer: info,
                ..ModelPart::default()
            }
        };
        match kind.kind {
            LayerKind::Model if model.is_none() => {
                model = Some(Model {
                    path,
                    format: config.config.format.clone(),
                    layer: info,
                    ..Model::default()
                });
            }
            LayerKind::Model | LayerKind::ModelPart => parts.push(part(path, info)),
            LayerKind::Code | LayerKind::McpServer => kitfile.code.push(Code {
                path,
                layer: info,
                ..Code::default()
            }),
            LayerKind::Prompt => kitfile.prompts.push(Prompt {
                path,
                layer: info,
                ..Prompt::default()
            }),
            LayerKind::Dataset => kitfile.datasets.push(Dataset {
                path,
                layer: info,
                ..Dataset::default()
            }),
            LayerKind::Docs => kitfile.docs.push(Docs {
                path,
                layer: info,
                ..Docs::default()
            }),
        }
    }
    if model.is_some() || !parts.is_empty() {
        let model = model.unwrap_or_default();
        kitfile.model = Some(Model { parts, ..model });
    }
    Ok(kitfile)
}
