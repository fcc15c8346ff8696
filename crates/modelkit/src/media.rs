//! Media types: what an artifact, a config or a layer says it is.

use serde::{Deserialize, Serialize};

use crate::LayerKind;

/// Media type of every ModelKit manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of image indexes; the shared index of the store and ModelKit indexes.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// `artifactType` of native ModelKits since 1.10.
pub const NATIVE_ARTIFACT: &str = "application/vnd.kitops.modelkit.manifest.v1+json";
/// `artifactType` of ModelPack artifacts.
pub const MODELPACK_ARTIFACT: &str = "application/vnd.cncf.model.manifest.v1+json";
/// Media type of a native config: the Kitfile as JSON.
pub const NATIVE_CONFIG: &str = "application/vnd.kitops.modelkit.config.v1+json";
/// Media type of a ModelPack config.
pub const MODELPACK_CONFIG: &str = "application/vnd.cncf.model.config.v1+json";

/// Annotation: the version of the tool that packed.
pub const CLI_VERSION: &str = "ml.kitops.modelkit.cli-version";
/// Annotation of ModelPack manifests: the whole Kitfile as JSON.
pub const KITFILE: &str = "ml.kitops.modelkit.kitfile";
/// Annotation of layers: says that a code layer is a prompt.
pub const LAYER_SUBTYPE: &str = "ml.kitops.modelkit.layer-subtype";
/// Annotation of layers: the cleaned path of the layer.
pub const FILE_PATH: &str = "org.cncf.model.filepath";
/// Annotation of raw layers: the metadata that a tar header would hold.
pub const FILE_METADATA: &str = "org.cncf.model.file.metadata+json";
/// Annotation of manifests: when they were made.
pub const CREATED: &str = "org.opencontainers.image.created";

/// The family of media types an artifact uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Format {
    /// KitOps' own, the default.
    #[default]
    Native,
    /// The CNCF ModelPack specification.
    ModelPack,
}

/// How a layer is compressed; what `pack --compression` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Compression {
    /// As it is; the only choice whose digests every tool reproduces.
    #[default]
    None,
    /// gzip at its default level.
    Gzip,
    /// gzip at its fastest level; the media type does not tell it from [`Compression::Gzip`].
    GzipFastest,
    /// zstd; readers before mid 2026 refuse it.
    Zstd,
}

impl Compression {
    /// All, in the order shown to people.
    pub const ALL: [Compression; 4] = [
        Compression::None,
        Compression::Gzip,
        Compression::GzipFastest,
        Compression::Zstd,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::GzipFastest => "gzip-fastest",
            Compression::Zstd => "zstd",
        }
    }

    /// The compression named so, see [`Compression::name`].
    pub fn from_name(name: &str) -> Option<Compression> {
        Compression::ALL.into_iter().find(|c| c.name() == name)
    }

    fn suffix(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip | Compression::GzipFastest => "+gzip",
            Compression::Zstd => "+zstd",
        }
    }
}

/// What a layer's blob is, once decompressed; what `pack --layer-format` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Packaging {
    /// A tar archive.
    #[default]
    Tar,
    /// The one file itself.
    Raw,
}

/// Everything the media type of a layer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LayerType {
    pub kind: LayerKind,
    pub format: Format,
    pub packaging: Packaging,
    pub compression: Compression,
}

/// kind, native word, ModelPack words. A prompt is a code layer with an annotation.
const KINDS: [(LayerKind, &str, &str); 6] = [
    (LayerKind::Model, "model", "weight"),
    (LayerKind::ModelPart, "modelpart", "weight.config"),
    (LayerKind::Code, "code", "code"),
    (LayerKind::Dataset, "dataset", "dataset"),
    (LayerKind::Docs, "docs", "doc"),
    (LayerKind::McpServer, "mcpb", "mcpb"),
];
const NATIVE_PREFIX: &str = "application/vnd.kitops.modelkit.";
const MODELPACK_PREFIX: &str = "application/vnd.cncf.model.";

impl LayerType {
    /// The media type as written in a manifest. A prompt gives the code type; the caller adds the
    /// annotation [`LAYER_SUBTYPE`].
    pub fn media_type(&self) -> String {
        let kind = if self.kind == LayerKind::Prompt {
            LayerKind::Code
        } else {
            self.kind
        };
        let (_, native, modelpack) = KINDS.iter().find(|(k, ..)| *k == kind).unwrap_or(&KINDS[2]);
        let packaging = match self.packaging {
            Packaging::Tar => "tar",
            Packaging::Raw => "raw",
        };
        let (prefix, word) = match self.format {
            Format::Native => (NATIVE_PREFIX, native),
            Format::ModelPack => (MODELPACK_PREFIX, modelpack),
        };
        format!("{prefix}{word}.v1.{packaging}{}", self.compression.suffix())
    }

    /// What `media_type` says, `None` if it is no layer type of either family. `subtype` is the
    /// value of the annotation [`LAYER_SUBTYPE`], which makes a code layer a prompt.
    pub fn parse(media_type: &str, subtype: Option<&str>) -> Option<LayerType> {
        let (format, rest) = if let Some(rest) = media_type.strip_prefix(NATIVE_PREFIX) {
            (Format::Native, rest)
        } else {
            (
                Format::ModelPack,
                media_type.strip_prefix(MODELPACK_PREFIX)?,
            )
        };
        let (word, packaging) = rest.split_once(".v1.")?;
        let (packaging, compression) = match packaging.split_once('+') {
            Some((packaging, "gzip")) => (packaging, Compression::Gzip),
            Some((packaging, "zstd")) => (packaging, Compression::Zstd),
            Some(_) => return None,
            None => (packaging, Compression::None),
        };
        let packaging = match packaging {
            "tar" => Packaging::Tar,
            "raw" => Packaging::Raw,
            _ => return None,
        };
        let (mut kind, ..) = *KINDS.iter().find(|(_, native, modelpack)| {
            word == if format == Format::Native {
                *native
            } else {
                *modelpack
            }
        })?;
        if kind == LayerKind::Code && subtype == Some("prompt") {
            kind = LayerKind::Prompt;
        }
        Some(LayerType {
            kind,
            format,
            packaging,
            compression,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_read_back() {
        for kind in LayerKind::ALL {
            for format in [Format::Native, Format::ModelPack] {
                for packaging in [Packaging::Tar, Packaging::Raw] {
                    for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
                        let layer = LayerType {
                            kind,
                            format,
                            packaging,
                            compression,
                        };
                        let subtype = (kind == LayerKind::Prompt).then_some("prompt");
                        assert_eq!(LayerType::parse(&layer.media_type(), subtype), Some(layer));
                    }
                }
            }
        }
    }

    #[test]
    fn foreign_media_types_are_unknown() {
        for foreign in [
            "",
            "application/vnd.oci.image.layer.v1.tar+gzip",
            "application/vnd.kitops.modelkit.model.v1.zip",
            "application/vnd.kitops.modelkit.model.v1.tar+br",
            "application/vnd.kitops.modelkit.weight.v1.tar",
        ] {
            assert_eq!(LayerType::parse(foreign, None), None, "{foreign}");
        }
    }
}
