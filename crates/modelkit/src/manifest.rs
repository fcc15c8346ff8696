//! The manifest of a ModelKit: reading every era's, writing each era's to the byte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::json;
use crate::media::{self, Format, LayerType};

/// The most layers a manifest may list; `kit` writes one per Kitfile element.
pub const MAX_LAYERS: usize = 10_000;

/// Points at a blob. Fields stand in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    #[serde(rename = "mediaType", default)]
    pub media_type: String,
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
    #[serde(
        rename = "artifactType",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub artifact_type: Option<String>,
}

impl Descriptor {
    /// A descriptor without annotations.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Descriptor {
        Descriptor {
            media_type: media_type.into(),
            digest,
            size,
            annotations: BTreeMap::new(),
            artifact_type: None,
        }
    }

    /// The descriptor of `bytes`.
    pub fn of(media_type: impl Into<String>, bytes: &[u8]) -> Descriptor {
        Descriptor::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// What its media type and annotations say about the layer, `None` if it is no ModelKit layer.
    pub fn layer_type(&self) -> Option<LayerType> {
        LayerType::parse(
            &self.media_type,
            self.annotations
                .get(media::LAYER_SUBTYPE)
                .map(String::as_str),
        )
    }
}

/// An image manifest. Fields stand in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    #[serde(rename = "schemaVersion", default)]
    pub schema_version: u32,
    #[serde(rename = "mediaType", default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    #[serde(
        rename = "artifactType",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub artifact_type: Option<String>,
    pub config: Descriptor,
    /// `None` is written as `null`, as `kit` does up to 1.11 for a kit without layers.
    #[serde(default)]
    pub layers: Option<Vec<Descriptor>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    #[serde(
        default,
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the manifest of a ModelKit or ModelPack artifact; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Malformed`] if it is not a manifest or over the bounds, [`Error::NotAModelKit`] if
    /// neither its artifact type nor its config media type is that of a ModelKit.
    pub fn parse(bytes: &[u8], what: &str) -> Result<Manifest> {
        if bytes.len() as u64 > json::MAX_MANIFEST_BYTES {
            return Err(Error::Malformed {
                what: what.to_owned(),
                problem: format!(
                    "its manifest has {} bytes, the limit is {}",
                    bytes.len(),
                    json::MAX_MANIFEST_BYTES
                ),
            });
        }
        let probe: Probe = json::from_slice(bytes, what)?;
        let not = |problem: &str| Error::NotAModelKit {
            what: what.to_owned(),
            problem: problem.to_owned(),
        };
        let is_index = probe.media_type.as_deref() == Some(media::INDEX);
        if is_index || (probe.manifests.is_some() && !probe.config) {
            return Err(not(&listed(&probe.manifests.unwrap_or_default())));
        }
        let manifest: Manifest = json::from_slice(bytes, what)?;
        if manifest.format().is_none() {
            return Err(not(&format!(
                "its config is of type “{}”",
                crate::error::shorten(&manifest.config.media_type)
            )));
        }
        if manifest.layers().len() > MAX_LAYERS {
            return Err(Error::Malformed {
                what: what.to_owned(),
                problem: format!(
                    "it lists {} layers, the limit is {MAX_LAYERS}",
                    manifest.layers().len()
                ),
            });
        }
        Ok(manifest)
    }

    /// The layers, none if the list is `null`.
    pub fn layers(&self) -> &[Descriptor] {
        self.layers.as_deref().unwrap_or_default()
    }

    /// Which family the artifact is of, by artifact type or config media type; `None` if it is no
    /// ModelKit.
    pub fn format(&self) -> Option<Format> {
        match (
            self.artifact_type.as_deref(),
            self.config.media_type.as_str(),
        ) {
            (_, media::NATIVE_CONFIG) => Some(Format::Native),
            (_, media::MODELPACK_CONFIG) => Some(Format::ModelPack),
            (Some(media::NATIVE_ARTIFACT), _) => Some(Format::Native),
            (Some(media::MODELPACK_ARTIFACT), _) => Some(Format::ModelPack),
            _ => None,
        }
    }

    /// The version of the tool that packed, if it says so.
    pub fn tool_version(&self) -> Option<&str> {
        self.annotations.get(media::CLI_VERSION).map(String::as_str)
    }

    /// When it was made, as written (RFC 3339), if it says so.
    pub fn created(&self) -> Option<&str> {
        self.annotations.get(media::CREATED).map(String::as_str)
    }

    /// Bytes of all layers together, a blob listed twice counted twice; what `kit list` shows.
    pub fn layer_bytes(&self) -> u64 {
        self.layers()
            .iter()
            .fold(0, |sum, layer| sum.saturating_add(layer.size))
    }

    /// The manifest's text, whose digest is the kit's.
    ///
    /// # Errors
    /// Practically none: strings always serialise.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        json::to_vec(self)
    }
}

/// Only what tells an index from a manifest.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "mediaType", default)]
    media_type: Option<String>,
    #[serde(default)]
    manifests: Option<serde_json::Value>,
    #[serde(default, deserialize_with = "is_there")]
    config: bool,
}

/// What to say of an index: that it is one, and what it lists, to be chosen by digest.
fn listed(manifests: &serde_json::Value) -> String {
    const SHOWN: usize = 8;
    let entries = manifests.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut shown: Vec<String> = entries.iter().filter_map(entry).take(SHOWN + 1).collect();
    if shown.len() > SHOWN {
        shown.truncate(SHOWN);
        shown.push("and more".into());
    }
    match shown.as_slice() {
        [] => "it is an index of several artifacts, and lists none".to_owned(),
        _ => format!(
            "it is an index of several artifacts; name one of them by its digest: {}",
            shown.join("; ")
        ),
    }
}

/// One line of an index: the digest, and in parentheses the platform, the names and the labels by which
/// people tell the entries apart.
fn entry(entry: &serde_json::Value) -> Option<String> {
    const LABELS: usize = 6;
    let digest: Digest = entry.get("digest")?.as_str()?.parse().ok()?;
    let plain = |text: &str| -> String {
        let replace = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        crate::error::shorten(text).chars().map(replace).collect()
    };
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(plain(text)),
        serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let mut about = Vec::new();
    if let Some(platform) = entry.get("platform") {
        let parts = ["os", "architecture", "variant"].map(|part| platform.get(part).and_then(text));
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            about.push(parts.join("/"));
        }
    }
    for labels in ["annotations", "modelMetadata"] {
        let labels = entry.get(labels).and_then(serde_json::Value::as_object);
        about.extend(labels.into_iter().flatten().filter_map(|(key, value)| {
            let key = plain(key.rsplit('.').next().unwrap_or(key));
            Some(format!("{key}={}", text(value)?))
        }));
    }
    about.truncate(LABELS);
    Some(match about.as_slice() {
        [] => digest.to_string(),
        _ => format!("{digest} ({})", about.join(", ")),
    })
}

fn is_there<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"mediaType":"application/vnd.kitops.modelkit.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}"#;

    #[test]
    fn an_index_says_what_it_lists_so_that_one_can_be_named() {
        let digest = Digest::of(b"kit");
        let entries = [
            format!(
                r#"{{"digest":"{digest}","platform":{{"os":"linux","architecture":"arm64"}},"annotations":{{"org.opencontainers.image.ref.name":"v1"}},"modelMetadata":{{"quantization":"int8","bits":8,"deep":{{}}}}}}"#
            ),
            r#"{"digest":"junk","annotations":{"a":"b"}}"#.to_owned(),
            format!(r#"{{"digest":"{digest}","annotations":{{"x":"\u001b[31m"}}}}"#),
            "7".to_owned(),
        ];
        for form in [
            r#""mediaType":"application/vnd.oci.image.index.v1+json","#,
            "",
        ] {
            let index = format!(
                r#"{{"schemaVersion":2,{form}"manifests":[{}]}}"#,
                entries.join(",")
            );
            let error = Manifest::parse(index.as_bytes(), "r.example/a:1").unwrap_err();
            assert!(matches!(error, Error::NotAModelKit { .. }));
            let text = error.to_string();
            assert!(
                text.contains(&format!(
                    "{digest} (linux/arm64, name=v1, bits=8, quantization=int8); {digest} (x=\u{fffd}[31m)"
                )),
                "{text}"
            );
            assert!(!text.contains("junk"), "{text}");
        }
        for empty in ["null", "[]", "{}"] {
            let index = format!(r#"{{"mediaType":"{}","manifests":{empty}}}"#, media::INDEX);
            let text = Manifest::parse(index.as_bytes(), "it")
                .unwrap_err()
                .to_string();
            assert!(text.contains("lists none"), "{text}");
        }
        let many: Vec<String> = (0..40)
            .map(|n: u8| format!(r#"{{"digest":"{}"}}"#, Digest::of(&[n])))
            .collect();
        let index = format!(r#"{{"manifests":[{}]}}"#, many.join(","));
        let text = Manifest::parse(index.as_bytes(), "it")
            .unwrap_err()
            .to_string();
        assert!(text.ends_with("; and more"), "{text}");
    }

    #[test]
    fn layers_may_be_null_missing_or_empty() {
        for layers in [r#","layers":null"#, "", r#","layers":[]"#] {
            let text = format!(r#"{{"schemaVersion":2,"config":{CONFIG}{layers}}}"#);
            let manifest = Manifest::parse(text.as_bytes(), "it").unwrap();
            assert!(manifest.layers().is_empty());
            assert_eq!(manifest.format(), Some(Format::Native));
        }
    }

    #[test]
    fn what_is_no_modelkit_is_refused_with_the_reason() {
        let image = r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#;
        assert!(matches!(
            Manifest::parse(image.as_bytes(), "it"),
            Err(Error::NotAModelKit { .. })
        ));
        let index = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert!(matches!(
            Manifest::parse(index.as_bytes(), "it"),
            Err(Error::NotAModelKit { .. })
        ));
        let digest = Digest::of(b"x").to_string();
        let index = format!(r#"{{"manifests":[{{"digest":"{digest}"}},{{"digest":"evil"}},3]}}"#);
        let told = Manifest::parse(index.as_bytes(), "it")
            .unwrap_err()
            .to_string();
        assert!(
            told.ends_with(&format!("by its digest: {digest}")),
            "{told}"
        );
        for broken in ["", "{", "[]", "{\"config\":3}", r#"{"schemaVersion":2}"#] {
            assert!(
                matches!(
                    Manifest::parse(broken.as_bytes(), "it"),
                    Err(Error::Malformed { .. })
                ),
                "{broken}"
            );
        }
    }

    #[test]
    fn too_many_layers_are_refused() {
        let layer = CONFIG.replace("config.v1+json", "code.v1.tar");
        let layers = vec![layer; MAX_LAYERS + 1].join(",");
        let text = format!(r#"{{"schemaVersion":2,"config":{CONFIG},"layers":[{layers}]}}"#);
        assert!(matches!(
            Manifest::parse(text.as_bytes(), "it"),
            Err(Error::Malformed { .. })
        ));
    }
}
