//! `kitbench unpack`.

use std::path::{Path, PathBuf};

use clap::Args;
use kitbench_engine::errors::io_error;
use kitbench_modelkit::Reference;
use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::source::KitResolver as _;
use kitbench_modelkit::unpack::{self as unpacking, Existing, Filter, FilterType, UnpackOptions};
use serde::Serialize;

use super::pack::kind_name;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::kits;
use crate::network::Network;
use crate::skills::{self, PlacedSkill};

#[derive(Debug, Args)]
pub struct Unpack {
    /// The ModelKit, by tag or digest; from its registry if it is not in the local store
    reference: String,

    /// The folder to unpack into, this one by default; made if it is not there
    #[arg(short, long, value_name = "FOLDER")]
    dir: Option<PathBuf>,

    /// Replace files that exist
    #[arg(short, long, conflicts_with = "ignore_existing")]
    overwrite: bool,

    /// Keep files that exist
    #[arg(short, long)]
    ignore_existing: bool,

    /// Unpack only this, as in model, docs, or datasets:train,test; repeatable
    #[arg(short, long, value_name = "TYPES[:NAMES]")]
    filter: Vec<String>,

    /// Put the ModelKit's skills (prompts with a SKILL.md) where coding agents look for them: those named, as in
    /// --as-skill=claude-code,codex, or those found; in your home, or in the project given with --dir
    #[arg(
        long,
        value_name = "AGENTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with_all = ["filter", "include_remote", "kitfile", "model", "code", "datasets", "docs"]
    )]
    as_skill: Option<String>,

    /// Also fetch data sets that the ModelKit keeps in other ModelKits
    #[arg(long)]
    include_remote: bool,

    #[arg(long, hide = true)]
    kitfile: bool,
    #[arg(long, hide = true)]
    model: bool,
    #[arg(long, hide = true)]
    code: bool,
    #[arg(long, hide = true)]
    datasets: bool,
    #[arg(long, hide = true)]
    docs: bool,

    #[command(flatten)]
    network: Network,
}

/// The JSON of `unpack`.
#[derive(Serialize)]
struct UnpackedJson {
    reference: String,
    digest: String,
    /// The folder.
    target: String,
    /// Whether the Kitfile was written.
    kitfile: bool,
    layers: Vec<LayerJson>,
    files: u64,
    folders: u64,
    /// Files that were there and stayed as they were.
    kept: u64,
    /// Bytes of the files written.
    bytes: u64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct LayerJson {
    kind: &'static str,
    name: String,
    path: String,
    digest: String,
}

/// The JSON of `unpack --as-skill`.
#[derive(Serialize)]
struct SkillsJson {
    reference: String,
    digest: String,
    skills: Vec<PlacedSkill>,
}

impl Unpack {
    pub async fn run(self, context: &Context) -> Outcome {
        let reference = kits::reference(&self.reference)?.or_latest();
        let filters = self.filters()?;
        let existing = match (self.overwrite, self.ignore_existing) {
            (true, _) => Existing::Overwrite,
            (_, true) => Existing::Keep,
            _ => Existing::Refuse,
        };
        let absolute = |dir: &Path| {
            std::path::absolute(dir).map_err(|error| io_error("find the folder", dir, &error))
        };
        if let Some(agents) = &self.as_skill {
            let project = self.dir.as_deref().map(absolute).transpose()?;
            let places = skills::places(agents, project.as_deref())?;
            return self
                .place_skills(context, reference, places, existing)
                .await;
        }
        let target = absolute(self.dir.as_deref().unwrap_or(Path::new(".")))?;
        let options = UnpackOptions {
            filters: filters.clone(),
            existing,
            include_remote: self.include_remote,
            ..UnpackOptions::new(target.clone())
        };
        let (kit, done) = {
            let finder = kits::anywhere(context, &self.network);
            let (observer, cancel) = (context.observer(), context.cancel.clone());
            context
                .blocking(move || {
                    let source = finder.find(&reference)?;
                    let kit = Kit::read(source.as_ref())?;
                    let done = unpacking::unpack(
                        source.as_ref(),
                        &options,
                        &finder,
                        observer.as_ref(),
                        &cancel,
                    )?;
                    Ok((kit, done))
                })
                .await?
        };
        let chosen = kit.layers.iter().filter(|layer| {
            let selects = |filter: &Filter| filter.selects(layer.kind, &layer.name, &layer.path);
            filters.is_empty() || filters.iter().any(selects)
        });
        let json = UnpackedJson {
            reference: kit.reference.to_string(),
            digest: kit.digest.to_string(),
            target: target.display().to_string(),
            kitfile: done.kitfile,
            layers: chosen
                .map(|layer| LayerJson {
                    kind: kind_name(layer.kind),
                    name: layer.name.clone(),
                    path: layer.path.clone(),
                    digest: layer.descriptor.digest.to_string(),
                })
                .collect(),
            files: done.files,
            folders: done.folders,
            kept: done.kept,
            bytes: done.bytes,
            warnings: done.warnings,
        };
        context.out.show(&json, |out| {
            writeln!(out, "Unpacking to {}", json.target)?;
            if json.kitfile {
                writeln!(
                    out,
                    "Unpacking config to {}",
                    target.join("Kitfile").display()
                )?;
            }
            for layer in &json.layers {
                let name = if layer.name.is_empty() { "" } else { " " };
                writeln!(
                    out,
                    "Unpacking {}{name}{} to {}",
                    layer.kind, layer.name, layer.path
                )?;
            }
            if json.kept > 0 {
                writeln!(out, "Kept {} existing", json.kept)?;
            }
            Ok(())
        })
    }

    async fn place_skills(
        self,
        context: &Context,
        reference: Reference,
        places: Vec<(PathBuf, Vec<&'static str>)>,
        existing: Existing,
    ) -> Outcome {
        let finder = kits::anywhere(context, &self.network);
        let (observer, cancel) = (context.observer(), context.cancel.clone());
        let json = context
            .blocking(move || {
                let source = finder.find(&reference)?;
                let kit = Kit::read(source.as_ref())?;
                let watched = (observer.as_ref(), &cancel);
                let skills =
                    skills::place_all(source.as_ref(), &kit, &places, existing, &finder, watched)?;
                Ok(SkillsJson {
                    reference: kit.reference.to_string(),
                    digest: kit.digest.to_string(),
                    skills,
                })
            })
            .await?;
        context.out.show(&json, |out| {
            for placed in &json.skills {
                let done = if placed.kept { "Kept" } else { "Put" };
                let agents = placed.agents.join(", ");
                let (skill, path) = (&placed.skill, &placed.path);
                writeln!(out, "{done} skill {skill} for {agents} at {path}")?;
            }
            Ok(())
        })
    }

    fn filters(&self) -> Outcome<Vec<Filter>> {
        let mut filters = Vec::new();
        for text in &self.filter {
            filters.push(
                text.parse::<Filter>()
                    .map_err(|error| match Failure::from(error) {
                        Failure::Failed(view) => Failure::Misuse(view),
                        other => other,
                    })?,
            );
        }
        // Flags of older releases of kit.
        let types: Vec<FilterType> = [
            (self.kitfile, FilterType::Kitfile),
            (self.model, FilterType::Model),
            (self.code, FilterType::Code),
            (self.datasets, FilterType::Datasets),
            (self.docs, FilterType::Docs),
        ]
        .into_iter()
        .filter_map(|(set, kind)| set.then_some(kind))
        .collect();
        if !types.is_empty() {
            filters.push(Filter {
                types,
                names: Vec::new(),
            });
        }
        Ok(filters)
    }
}
