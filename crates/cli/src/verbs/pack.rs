//! `kitbench pack`.

use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kitbench_engine::errors::io_error;
use kitbench_engine::{ProjectRuns, attach};
use kitbench_kitfile::decode;
use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::pack::{self as packing, PackOptions, Packed, Shape};
use kitbench_modelkit::plan::{LeftOut, Plan};
use kitbench_modelkit::{Compat, Compression, Format, LayerKind, Packaging, Reference, time};
use kitbench_protocol::ErrorKind;
use serde::Serialize;

use super::push::{MovedJson, push_one};
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::network::Network;
use crate::output::table;
use crate::units;

#[derive(Debug, Args)]
pub struct Pack {
    /// The project folder
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,

    /// The Kitfile, if it is not the folder's own; - reads it from standard input
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Name and tag, further tags after commas, as in ghcr.io/team/model:v1,latest
    #[arg(short, long, value_name = "REFERENCE")]
    tag: Option<String>,

    /// How layers are compressed
    #[arg(long, value_name = "HOW", default_value = "none")]
    compression: Compressing,

    /// Whether layers are archives or, each being one file, the files themselves
    #[arg(long, value_name = "FORMAT", default_value = "tar")]
    layer_format: LayerFormat,

    /// Write a CNCF ModelPack artifact instead of a native ModelKit
    #[arg(long)]
    use_model_pack: bool,

    /// Whose rules to follow: those of a kit release, or the newest that older readers accept
    #[arg(long, value_name = "RULES", default_value = "current", value_parser = ["1.7", "1.11", "current"])]
    compat: String,

    /// Write the time of creation into the manifest, as kit does since mid 2026; the same files then
    /// give another digest each time, unless SOURCE_DATE_EPOCH pins the time
    #[arg(long)]
    created: bool,

    /// Send it to the registry that it is named after
    #[arg(long, requires = "tag", conflicts_with = "dry_run")]
    push: bool,

    /// Record that this run (its id or name) produced the kit: writes .kitbench/run.json and lists it
    /// in the Kitfile's docs; `none` takes an earlier record out
    #[arg(long, value_name = "RUN", conflicts_with_all = ["dry_run", "file"])]
    attach_run: Option<String>,

    /// Show which file would go into which layer, and pack nothing
    #[arg(long)]
    dry_run: bool,

    /// The version to write into the manifest
    #[arg(long, value_name = "VERSION", hide = true)]
    tool_version: Option<String>,

    #[command(flatten)]
    network: Network,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Compressing {
    None,
    Gzip,
    GzipFastest,
    Zstd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayerFormat {
    Tar,
    Raw,
}

/// The JSON of `pack`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackedJson {
    /// Name and tag, or the digest for a kit without a name.
    reference: String,
    digest: String,
    tags: Vec<String>,
    config: BlobJson,
    layers: Vec<LayerJson>,
    left_out: Vec<LeftOutJson>,
    uncovered: Vec<String>,
    warnings: Vec<String>,
    /// With `--push`: what went over the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pushed: Option<MovedJson>,
}

#[derive(Serialize)]
struct BlobJson {
    digest: String,
    size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerJson {
    kind: &'static str,
    label: String,
    digest: String,
    diff_id: String,
    size: u64,
    /// Whether the store had it already.
    reused: bool,
}

#[derive(Serialize)]
struct LeftOutJson {
    path: String,
    reason: String,
}

/// The JSON of `pack --dry-run`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanJson {
    layers: Vec<PlannedLayerJson>,
    left_out: Vec<LeftOutJson>,
    uncovered: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct PlannedLayerJson {
    kind: &'static str,
    label: String,
    path: String,
    /// Bytes of the files together.
    bytes: u64,
    entries: Vec<EntryJson>,
}

#[derive(Serialize)]
struct EntryJson {
    path: String,
    folder: bool,
    size: u64,
}

impl Pack {
    pub async fn run(self, context: &Context) -> Outcome {
        if let Some(run) = self.attach_run.clone() {
            let folder = folder(&self.folder)?;
            context.blocking(move || attach_run(&folder, &run)).await?;
        }
        let options = self.options()?;
        if self.push {
            // Said before anything is packed.
            kits::remote_only(&options.reference)?;
        }
        let finder = kits::anywhere(context, &self.network);
        if self.dry_run {
            let plan = context
                .blocking(move || Ok(packing::preview(&options, &finder)?.1))
                .await?;
            return show_plan(context, &plan);
        }
        let tags: Vec<String> = options
            .reference
            .tag
            .iter()
            .chain(&options.extra_tags)
            .cloned()
            .collect();
        let (store, cancel) = (context.store.clone(), context.cancel.clone());
        let observer = context.observer();
        let packed = context
            .blocking(move || {
                let cache = FileCache::open(&store.home().cache());
                Ok(packing::pack(
                    &store,
                    &options,
                    &finder,
                    &cache,
                    observer.as_ref(),
                    &cancel,
                )?)
            })
            .await?;
        let pushed = if self.push {
            let name = &packed.reference;
            Some(push_one(context, &self.network, name, name, tags.clone()).await?)
        } else {
            None
        };
        show(context, packed, tags, pushed)
    }

    fn options(&self) -> Outcome<PackOptions> {
        let (reference, extra_tags) = match &self.tag {
            Some(text) => {
                let (reference, extra) = Reference::parse_with_tags(text)?;
                (reference.or_latest(), extra)
            }
            None => (Reference::unnamed(), Vec::new()),
        };
        if reference.digest.is_some() {
            return Err(Failure::misuse(
                "A new ModelKit cannot be named by a digest.",
                "Name it by a tag, as in team/model:v1.",
            ));
        }
        let context = folder(&self.folder)?;
        let kitfile = self
            .file
            .as_deref()
            .map(|file| read_kitfile(file, &context))
            .transpose()?;
        Ok(PackOptions {
            kitfile,
            extra_tags,
            compression: match self.compression {
                Compressing::None => Compression::None,
                Compressing::Gzip => Compression::Gzip,
                Compressing::GzipFastest => Compression::GzipFastest,
                Compressing::Zstd => Compression::Zstd,
            },
            packaging: match self.layer_format {
                LayerFormat::Tar => Packaging::Tar,
                LayerFormat::Raw => Packaging::Raw,
            },
            format: if self.use_model_pack {
                Format::ModelPack
            } else {
                Format::Native
            },
            compat: Compat::from_name(&self.compat).unwrap_or_default(),
            tool_version: self.tool_version.clone(),
            shape: self.created.then_some(Shape::E3),
            created: time::source_date_epoch()?,
            ..PackOptions::new(context, reference)
        })
    }
}

/// Records in the project which run produced what is packed next, or that none did.
fn attach_run(folder: &Path, name: &str) -> Outcome {
    let record = match name {
        "none" => None,
        name => {
            let mut runs = ProjectRuns::open(folder)?;
            let id = run_id(&runs, name)?;
            Some(attach::record(&mut runs, &id)?)
        }
    };
    Ok(attach::plan(folder, record.as_ref())?.write(folder)?)
}

/// The one run of that id or name.
fn run_id(runs: &ProjectRuns, name: &str) -> Outcome<String> {
    let found = runs.own_runs();
    let by_id: Vec<_> = found.iter().filter(|found| found.run.id == name).collect();
    let matches = match by_id.is_empty() {
        true => found
            .iter()
            .filter(|found| found.run.name == name)
            .collect(),
        false => by_id,
    };
    match matches.as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Failure::failed(
            ErrorKind::NotFound,
            format!("There is no run `{name}`."),
            "`kitbench runs list` shows the runs; name one by its id or its name.",
        )),
        many => Err(Failure::misuse(
            format!("`{name}` means {} runs.", many.len()),
            "Name it by its id; `kitbench runs list` shows them.",
        )),
    }
}

/// The folder to pack; it must be there.
pub fn folder(path: &Path) -> Outcome<PathBuf> {
    let found = std::fs::canonicalize(path);
    let found = found.and_then(|path| match path.is_dir() {
        true => Ok(path),
        false => Err(io::Error::other("it is no folder")),
    });
    Ok(found.map_err(|error| io_error("open the folder", path, &error))?)
}

/// The text of a Kitfile that was named. A relative path starts where the caller is; where there is
/// nothing, in the project folder, as for `kit`.
fn read_kitfile(file: &Path, context: &Path) -> Outcome<String> {
    let in_context = context.join(file);
    let (name, bytes) = if file == Path::new("-") {
        if io::stdin().is_terminal() {
            return Err(Failure::misuse(
                "The Kitfile was to come from standard input, and that is a terminal.",
                "Pipe it in, as in `kitbench pack -f - . < Kitfile`, or name the file.",
            ));
        }
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        (Path::new("standard input"), read.map(|_| bytes))
    } else {
        let path = if !file.exists() && in_context.exists() {
            &in_context
        } else {
            file
        };
        (path, std::fs::read(path))
    };
    let bytes = bytes.map_err(|error| io_error("read the Kitfile from", name, &error))?;
    let decoded = decode(&bytes).map(|(text, _)| text);
    decoded.map_err(|error| {
        Failure::failed(
            ErrorKind::Invalid,
            format!(
                "The Kitfile from {} cannot be read: {error}.",
                name.display()
            ),
            "",
        )
    })
}

fn left_out_json(left_out: &[LeftOut]) -> Vec<LeftOutJson> {
    let json = |left: &LeftOut| LeftOutJson {
        path: left.path.clone(),
        reason: left.reason.to_string(),
    };
    left_out.iter().map(json).collect()
}

/// The kind of a layer in JSON, as in its media type.
pub fn kind_name(kind: LayerKind) -> &'static str {
    match kind {
        LayerKind::Model => "model",
        LayerKind::ModelPart => "modelpart",
        LayerKind::Code => "code",
        LayerKind::Dataset => "dataset",
        LayerKind::Docs => "docs",
        LayerKind::Prompt => "prompt",
        LayerKind::McpServer => "mcpserver",
    }
}

fn show(
    context: &Context,
    packed: Packed,
    tags: Vec<String>,
    pushed: Option<MovedJson>,
) -> Outcome {
    let left_out = left_out_json(&packed.left_out);
    for left in &left_out {
        log::debug!("Left out {}: {}", left.path, left.reason);
    }
    if !left_out.is_empty() {
        log::info!(
            "{} left out; `kitbench pack --dry-run` says which and why",
            counted(left_out.len(), "path")
        );
    }
    let json = PackedJson {
        reference: packed.reference.to_string(),
        digest: packed.manifest.digest.to_string(),
        tags,
        config: BlobJson {
            digest: packed.config.digest.to_string(),
            size: packed.config.size,
        },
        layers: packed
            .layers
            .iter()
            .map(|layer| LayerJson {
                kind: kind_name(layer.kind),
                label: layer.label.clone(),
                digest: layer.digest.to_string(),
                diff_id: layer.diff_id.to_string(),
                size: layer.size,
                reused: layer.reused,
            })
            .collect(),
        left_out,
        uncovered: packed.uncovered,
        warnings: packed.warnings,
        pushed,
    };
    context.out.show(&json, |out| {
        for layer in &json.layers {
            let saved = if layer.reused {
                "Already saved"
            } else {
                "Saved"
            };
            writeln!(out, "{saved} {} layer: {}", layer.kind, layer.digest)?;
        }
        writeln!(out, "Saved configuration: {}", json.config.digest)?;
        writeln!(out, "Saved manifest: {}", json.digest)?;
        writeln!(out, "Model saved: {}", json.digest)?;
        match &json.pushed {
            Some(pushed) => writeln!(out, "Pushed {} ({})", pushed.reference, pushed.account()),
            None => Ok(()),
        }
    })
}

fn show_plan(context: &Context, plan: &Plan) -> Outcome {
    let json = PlanJson {
        layers: plan
            .layers
            .iter()
            .map(|layer| PlannedLayerJson {
                kind: kind_name(layer.kind),
                label: layer.label.clone(),
                path: layer.path.clone(),
                bytes: layer.bytes,
                entries: layer
                    .entries
                    .iter()
                    .map(|entry| EntryJson {
                        path: entry.path.clone(),
                        folder: entry.is_folder,
                        size: if entry.is_folder { 0 } else { entry.stamp.size },
                    })
                    .collect(),
            })
            .collect(),
        left_out: left_out_json(&plan.left_out),
        uncovered: plan.uncovered.clone(),
        warnings: plan.warnings.clone(),
    };
    if !context.out.is_json() {
        plan.warnings
            .iter()
            .for_each(|warning| log::warn!("{warning}"));
    }
    context.out.show(&json, |out| write_plan(out, &json))
}

fn write_plan(out: &mut dyn Write, plan: &PlanJson) -> io::Result<()> {
    for layer in &plan.layers {
        let files: Vec<_> = layer.entries.iter().filter(|entry| !entry.folder).collect();
        let (count, bytes) = (counted(files.len(), "file"), units::bytes(layer.bytes));
        writeln!(out, "{} at {}: {count}, {bytes}", layer.label, layer.path)?;
        let rows: Vec<_> = files
            .iter()
            .map(|file| vec![format!("  {}", file.path), units::bytes(file.size)])
            .collect();
        table(out, &rows)?;
    }
    if !plan.left_out.is_empty() {
        writeln!(out, "Left out:")?;
        let rows: Vec<_> = plan
            .left_out
            .iter()
            .map(|left| vec![format!("  {}", left.path), left.reason.clone()])
            .collect();
        table(out, &rows)?;
    }
    if !plan.uncovered.is_empty() {
        writeln!(out, "In no layer:")?;
        for path in &plan.uncovered {
            writeln!(out, "  {path}")?;
        }
    }
    Ok(())
}

/// `1 file`, `2 files`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
