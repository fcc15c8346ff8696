//! `kitbench diff`: what two ModelKits share and what they do not.

use std::collections::BTreeSet;
use std::io::{self, Write};

use clap::Args;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::{Descriptor, Digest};
use serde::Serialize;

use super::pack::kind_name;
use crate::context::Context;
use crate::failure::Outcome;
use crate::kits::{self, Place};
use crate::network::Network;
use crate::output::table;
use crate::units;

/// Characters of a digest in a table, as `kit diff` shows them.
const SHORT_DIGEST: usize = 17;

#[derive(Debug, Args)]
pub struct Diff {
    /// One ModelKit; local:// or remote:// before it says where to look, else first here, then there
    a: String,
    /// The other
    b: String,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `diff`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffJson {
    /// Same manifest, and so the same in everything.
    identical: bool,
    a: SideJson,
    b: SideJson,
    configs_equal: bool,
    annotations_equal: bool,
    layers: LayersJson,
}

#[derive(Serialize)]
struct SideJson {
    reference: String,
    digest: String,
    config: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayersJson {
    shared: Vec<LayerJson>,
    only_a: Vec<LayerJson>,
    only_b: Vec<LayerJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerJson {
    /// As in `pack`; `unknown` for what is no layer of a ModelKit.
    kind: &'static str,
    media_type: String,
    digest: String,
    size: u64,
}

impl Diff {
    pub async fn run(self, context: &Context) -> Outcome {
        let a = self.side(context, &self.a).await?;
        let b = self.side(context, &self.b).await?;
        let (in_a, in_b) = (digests(&a), digests(&b));
        let json = DiffJson {
            identical: a.digest == b.digest,
            configs_equal: a.manifest.config.digest == b.manifest.config.digest,
            annotations_equal: a.manifest.annotations == b.manifest.annotations,
            layers: LayersJson {
                shared: layers(&a, |digest| in_b.contains(digest)),
                only_a: layers(&a, |digest| !in_b.contains(digest)),
                only_b: layers(&b, |digest| !in_a.contains(digest)),
            },
            a: side_json(&a),
            b: side_json(&b),
        };
        context.out.show(&json, |out| write(&json, out))
    }

    async fn side(&self, context: &Context, text: &str) -> Outcome<Kit> {
        let (place, name) = match (
            text.strip_prefix("local://"),
            text.strip_prefix("remote://"),
        ) {
            (Some(name), _) => (Place::Local, name),
            (_, Some(name)) => (Place::Remote, name),
            _ => (Place::Anywhere, text),
        };
        let reference = kits::reference(name)?.or_latest();
        kits::read(context, &self.network, &reference, place).await
    }
}

fn side_json(kit: &Kit) -> SideJson {
    SideJson {
        reference: kit.reference.to_string(),
        digest: kit.digest.to_string(),
        config: kit.manifest.config.digest.to_string(),
    }
}

fn digests(kit: &Kit) -> BTreeSet<Digest> {
    kit.manifest
        .layers()
        .iter()
        .map(|layer| layer.digest)
        .collect()
}

/// Layers sorted by media type, each once.
fn layers(kit: &Kit, wanted: impl Fn(&Digest) -> bool) -> Vec<LayerJson> {
    let mut layers: Vec<&Descriptor> = kit
        .manifest
        .layers()
        .iter()
        .filter(|layer| wanted(&layer.digest))
        .collect();
    layers.sort_by_key(|layer| (&layer.media_type, layer.digest));
    layers.dedup_by_key(|layer| (&layer.media_type, layer.digest));
    let json = |layer: &Descriptor| LayerJson {
        kind: layer
            .layer_type()
            .map_or("unknown", |layer| kind_name(layer.kind)),
        media_type: layer.media_type.clone(),
        digest: layer.digest.to_string(),
        size: layer.size,
    };
    layers.into_iter().map(json).collect()
}

fn write(diff: &DiffJson, out: &mut dyn Write) -> io::Result<()> {
    if diff.identical {
        return writeln!(out, "ModelKits are identical");
    }
    let word = |equal: bool| if equal { "the same" } else { "different" };
    writeln!(out, "Configs are {}", word(diff.configs_equal))?;
    writeln!(out, "Annotations are {}", word(diff.annotations_equal))?;
    let groups = [
        ("Shared layers".to_owned(), &diff.layers.shared),
        (
            format!("Layers only in {}", diff.a.reference),
            &diff.layers.only_a,
        ),
        (
            format!("Layers only in {}", diff.b.reference),
            &diff.layers.only_b,
        ),
    ];
    for (title, layers) in groups {
        if layers.is_empty() {
            writeln!(out, "\n{title}: none")?;
            continue;
        }
        writeln!(out, "\n{title}:")?;
        let mut rows = vec![["TYPE", "DIGEST", "SIZE"].map(str::to_owned).to_vec()];
        for layer in layers {
            let digest = layer.digest.get(..SHORT_DIGEST).unwrap_or(&layer.digest);
            rows.push(vec![
                layer.kind.to_owned(),
                digest.to_owned(),
                units::bytes(layer.size),
            ]);
        }
        table(out, &rows)?;
    }
    Ok(())
}
