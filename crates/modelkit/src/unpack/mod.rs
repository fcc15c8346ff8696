//! Unpacks a kit, or parts of it, into a folder.

mod extract;
mod filter;
mod hashing;
mod target;
mod work;

use std::path::{Path, PathBuf};

use kitbench_kitfile::paths::is_kit_reference;
use kitbench_kitfile::to_yaml;

use crate::error::{Error, Result};
use crate::inspect::{Kit, KitLayer};
use crate::parents::{Ancestor, ancestors};
use crate::plan::kind_of;
use crate::progress::{CancellationToken, Observer, Step, StepState};
use crate::source::{KitResolver, KitSource};

pub use filter::{Filter, FilterType};
use target::Target;

/// What to do with files that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Stop with an error.
    #[default]
    Refuse,
    /// Replace them; they keep their permissions.
    Overwrite,
    /// Keep them.
    Keep,
}

/// What to unpack and how.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    /// The folder to unpack into; created if need be.
    pub target: PathBuf,
    /// What to unpack; everything if empty, else what any of them selects.
    pub filters: Vec<Filter>,
    pub existing: Existing,
    /// Whether to fetch the data sets that lie in other ModelKits, each into the folder of its path.
    pub include_remote: bool,
    /// How many times larger than its blob a compressed layer may become, beyond
    /// `free_expansion`, so that a small archive cannot fill the disk.
    pub max_expansion: u64,
    /// Bytes that a layer may have whatever the size of its blob.
    pub free_expansion: u64,
}

impl UnpackOptions {
    /// Everything into `target`, which must not hold any of it yet.
    pub fn new(target: impl Into<PathBuf>) -> UnpackOptions {
        UnpackOptions {
            target: target.into(),
            filters: Vec::new(),
            existing: Existing::Refuse,
            include_remote: false,
            max_expansion: 200,
            free_expansion: 1 << 30,
        }
    }
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    pub layers: usize,
    pub files: u64,
    pub folders: u64,
    /// Files kept as they were ([`Existing::Keep`]).
    pub kept: u64,
    /// Bytes of the files written.
    pub bytes: u64,
    /// Whether the Kitfile was written, or was there with the same content.
    pub kitfile: bool,
    pub warnings: Vec<String>,
}

/// Unpacks `source`. A parent ModelKit's model comes first, found by `resolver`. Steps: one per
/// layer. Every layer is checked against its digest and, where known, its diffId.
///
/// When it fails or is cancelled, files and folders that it created are removed again; files that
/// it replaced ([`Existing::Overwrite`]) stay replaced. When it is killed, every file that has its
/// name is complete, and unpacking again into the same folder goes on from there: what the killed
/// run wrote is compared and kept.
///
/// # Errors
/// [`Error::Exists`], [`Error::Blocked`] for a place in the target; [`Error::Archive`],
/// [`Error::Corrupt`], [`Error::Size`] for a layer; [`Error::Parent`]; [`Error::Cancelled`];
/// [`Error::Io`]; those of [`Kit::read`].
pub fn unpack(
    source: &dyn KitSource,
    options: &UnpackOptions,
    resolver: &dyn KitResolver,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Unpacked> {
    let kit = Kit::read(source)?;
    let of_parents = for_parents(&options.filters);
    let parents = match of_parents.is_empty() {
        true => Vec::new(),
        false => ancestors(&kit.reference, kit.parent(), resolver)?,
    };
    let remote = match options.include_remote {
        true => remote_kits(&kit, &options.filters, resolver)?,
        false => Vec::new(),
    };
    let mut steps = Vec::new();
    let mut jobs: Vec<(&dyn KitSource, &KitLayer, &Path)> = Vec::new();
    let mut result = Unpacked::default();
    let top = Path::new("");
    let of_parent = [Filter::model()];
    // The eldest first.
    for Ancestor { source, kit } in parents.iter().rev() {
        jobs.extend(selected(kit, &of_parents).map(|layer| (source.as_ref(), layer, top)));
        result.warnings.extend(kit.warnings.iter().cloned());
    }
    jobs.extend(selected(&kit, &options.filters).map(|layer| (source, layer, top)));
    result.warnings.extend(kit.warnings.iter().cloned());
    if !options.include_remote {
        result.warnings.extend(elsewhere(&kit, &options.filters));
    }
    for RemoteKit { place, kits } in &remote {
        for (generation, Ancestor { source, kit }) in kits.iter().enumerate().rev() {
            let wanted: &[Filter] = if generation == 0 { &[] } else { &of_parent };
            jobs.extend(
                selected(kit, wanted).map(|layer| (source.as_ref(), layer, place.as_path())),
            );
            result.warnings.extend(kit.warnings.iter().cloned());
            result.warnings.extend(elsewhere(kit, &[]));
        }
    }
    for (_, layer, _) in &jobs {
        steps.push(Step {
            label: layer.label.clone(),
            kind: Some(layer.kind),
            digest: Some(layer.descriptor.digest.to_string()),
            total_bytes: layer.descriptor.size,
        });
    }
    observer.steps(&steps);
    for warning in &result.warnings {
        observer.warning(warning);
    }
    let mut target = Target::open(&options.target, options.existing)?;
    let outcome = (|| {
        if options.filters.is_empty() || options.filters.iter().any(Filter::selects_kitfile) {
            target.write_kitfile(top, to_yaml(&kit.kitfile).as_bytes())?;
            result.kitfile = true;
        }
        for RemoteKit { place, kits } in &remote {
            if let Some(Ancestor { kit, .. }) = kits.first() {
                target.write_kitfile(place, to_yaml(&kit.kitfile).as_bytes())?;
            }
        }
        for (number, (source, layer, place)) in jobs.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            observer.state(number, StepState::Extracting);
            let progress = |bytes| observer.bytes(number, bytes);
            let extracted = extract::layer(
                *source,
                layer,
                place,
                &mut target,
                options,
                &progress,
                cancel,
            );
            observer.state(
                number,
                if extracted.is_ok() {
                    StepState::Done
                } else {
                    StepState::Failed
                },
            );
            extracted?;
            result.layers += 1;
        }
        target.finish()
    })();
    if let Err(error) = outcome {
        target.undo();
        let bytes = crate::progress::total(&steps);
        return Err(error.needing(bytes, &options.target));
    }
    let counts = target.counts();
    (result.files, result.folders, result.kept, result.bytes) =
        (counts.files, counts.folders, counts.kept, counts.bytes);
    Ok(result)
}

fn selected<'k>(kit: &'k Kit, filters: &[Filter]) -> impl Iterator<Item = &'k KitLayer> {
    kit.layers.iter().filter(move |layer| {
        filters.is_empty()
            || filters
                .iter()
                .any(|filter| filter.selects(layer.kind, &layer.name, &layer.path))
    })
}

/// The selected data sets whose data a kit only points at.
fn remote_sets<'k>(
    kit: &'k Kit,
    filters: &'k [Filter],
) -> impl Iterator<Item = kitbench_kitfile::Element<'k>> {
    let elements = kit.kitfile.elements().into_iter();
    elements
        .filter(|element| !element.remote_path.is_empty() && element.layer.is_none())
        .filter(|element| {
            let selects =
                |filter: &Filter| filter.selects(kind_of(element.kind), element.name, element.path);
            filters.is_empty() || filters.iter().any(selects)
        })
}

/// Names them.
fn elsewhere(kit: &Kit, filters: &[Filter]) -> Vec<String> {
    remote_sets(kit, filters)
        .map(|element| {
            format!(
                "the data of the {} are not in the ModelKit; fetch them from {}",
                element.label(),
                crate::error::shorten(element.remote_path)
            )
        })
        .collect()
}

/// A data set that is a ModelKit of its own, with that kit's ancestors, and where it goes.
struct RemoteKit<'r> {
    place: PathBuf,
    kits: Vec<Ancestor<'r>>,
}

/// Finds the ModelKits that the selected data sets of `kit` lie in.
fn remote_kits<'r>(
    kit: &Kit,
    filters: &[Filter],
    resolver: &'r dyn KitResolver,
) -> Result<Vec<RemoteKit<'r>>> {
    let mut found = Vec::new();
    for element in remote_sets(kit, filters) {
        let problem = |problem: String| Error::Remote {
            label: element.label(),
            remote: crate::error::shorten(element.remote_path),
            problem,
        };
        if !is_kit_reference(element.remote_path) {
            return Err(problem(
                "only data sets in ModelKits are fetched; fetch this one with the tools of its store, \
                 and choose what to unpack by filters or without remote data"
                    .into(),
            ));
        }
        let place = target::local_path(element.path.as_bytes()).map_err(problem)?;
        let kits =
            ancestors(&kit.reference, Some(element.remote_path), resolver).map_err(|error| {
                match error {
                    Error::Parent { problem: why, .. } => problem(why),
                    other => problem(other.to_string()),
                }
            })?;
        found.push(RemoteKit { place, kits });
    }
    Ok(found)
}

/// What to take of parents: model and parts, and of those only what the user's filters on models
/// select; nothing if it is empty.
fn for_parents(filters: &[Filter]) -> Vec<Filter> {
    if filters.is_empty() {
        vec![Filter::model()]
    } else {
        filters.iter().filter_map(Filter::model_part_only).collect()
    }
}

/// The folder that legacy layers of Kitfile path `path` are extracted below.
fn legacy_base(path: &str) -> String {
    let clean = kitbench_kitfile::clean_path(path);
    Path::new(&clean)
        .parent()
        .map(|parent| parent.to_string_lossy().replace('\\', "/"))
        .unwrap_or_default()
}
