//! Packs a project folder into a ModelKit of the local store.

mod layers;
mod parent;
mod write;

use std::path::{Path, PathBuf};

use kitbench_kitfile::{Kitfile, decode, find_name, parse};

use crate::cache::LayerCache;
use crate::error::{Error, Result};
use crate::media::{Compression, Format, Packaging};
use crate::plan::{LeftOut, Plan, plan};
use crate::progress::{CancellationToken, Observer, Step, StepState};
use crate::source::KitResolver;
use crate::store::Store;
use crate::{Compat, Descriptor, Digest, LayerKind, Reference};

pub use crate::parents::MAX_PARENTS;
pub use write::Shape;

/// The version written into manifests unless [`PackOptions::tool_version`] says otherwise.
pub const TOOL_VERSION: &str = concat!("kitbench-", env!("CARGO_PKG_VERSION"));

/// What to pack and how.
#[derive(Clone, Debug)]
pub struct PackOptions {
    /// The project folder.
    pub context: PathBuf,
    /// The Kitfile's text; if `None` it is looked for in the project folder.
    pub kitfile: Option<String>,
    /// Where it goes; without a tag the kit gets none.
    pub reference: Reference,
    /// Further tags.
    pub extra_tags: Vec<String>,
    pub compression: Compression,
    pub packaging: Packaging,
    pub format: Format,
    /// Whose rules to follow.
    pub compat: Compat,
    /// The manifest's form; by default that of `compat`.
    pub shape: Option<Shape>,
    /// The version to write into the manifest, [`TOOL_VERSION`] by default.
    pub tool_version: Option<String>,
    /// Seconds since 1970 to write wherever a time is written, e.g. from
    /// [`crate::time::source_date_epoch`]; now by default.
    pub created: Option<i64>,
    /// Threads to use; by default as many as there are cores.
    pub threads: Option<usize>,
}

impl PackOptions {
    /// Packs `context` as `reference` with everything else by default.
    pub fn new(context: impl Into<PathBuf>, reference: Reference) -> PackOptions {
        PackOptions {
            context: context.into(),
            kitfile: None,
            reference,
            extra_tags: Vec::new(),
            compression: Compression::None,
            packaging: Packaging::Tar,
            format: Format::Native,
            compat: Compat::Current,
            shape: None,
            tool_version: None,
            created: None,
            threads: None,
        }
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Packed {
    /// The kit, by its tag, else by its digest.
    pub reference: Reference,
    pub manifest: Descriptor,
    pub config: Descriptor,
    /// In the order of the manifest.
    pub layers: Vec<PackedLayer>,
    pub left_out: Vec<LeftOut>,
    pub uncovered: Vec<String>,
    pub warnings: Vec<String>,
}

/// A layer of a new kit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedLayer {
    pub kind: LayerKind,
    pub label: String,
    pub digest: Digest,
    pub diff_id: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// Whether the store had the blob already.
    pub reused: bool,
}

/// What packing with `options` would do, without reading any file but the Kitfile.
///
/// # Errors
/// As [`pack`].
pub fn preview(options: &PackOptions, resolver: &dyn KitResolver) -> Result<(Kitfile, Plan)> {
    let kitfile = read_kitfile(options)?;
    let parents = parent::layer_paths(&kitfile, options, resolver)?;
    let mut plan = plan(&options.context, &kitfile, options.compat, &parents)?;
    for layer in &mut plan.layers {
        if layers::packaging_of(layer, options) == Packaging::Raw {
            layers::make_raw(&options.context, layer)?;
        }
    }
    Ok((kitfile, plan))
}

/// Packs a project. Steps: one per layer, then one for config and manifest.
///
/// Until the last step nothing in `store` changes; when it fails or is cancelled, nothing is left
/// behind.
///
/// # Errors
/// [`Error::Kitfile`], [`Error::NoKitfile`], the errors of [`plan`], [`Error::Changed`],
/// [`Error::Parent`], [`Error::Cancelled`], [`Error::Io`].
pub fn pack(
    store: &Store,
    options: &PackOptions,
    resolver: &dyn KitResolver,
    cache: &dyn LayerCache,
    observer: &dyn Observer,
    cancel: &CancellationToken,
) -> Result<Packed> {
    if options.reference.digest.is_some() {
        return Err(Error::Kitfile(vec![
            "a new kit cannot be named by a digest; name it by a tag".into(),
        ]));
    }
    let listed_at = crate::cache::now();
    let (kitfile, plan) = preview(options, resolver)?;
    write::check(&kitfile, options)?;
    let mut steps = Vec::new();
    for layer in &plan.layers {
        let packaging = layers::packaging_of(layer, options);
        steps.push(Step {
            label: layer.label.clone(),
            kind: Some(layer.kind),
            digest: None,
            total_bytes: crate::layer::uncompressed_size(layer, packaging)?,
        });
    }
    steps.push(Step {
        label: "config and manifest".into(),
        kind: None,
        digest: None,
        total_bytes: 0,
    });
    observer.steps(&steps);
    for warning in &plan.warnings {
        observer.warning(warning);
    }
    store.prepare()?;
    let last = plan.layers.len();
    let mut attempt = 0;
    loop {
        let built = layers::build_all(
            store,
            &plan.layers,
            options,
            cache,
            listed_at,
            observer,
            cancel,
        )
        .map_err(|error| {
            let bytes = crate::progress::total(&steps);
            error.needing(bytes, store.root())
        })?;
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        observer.state(last, StepState::Packing);
        match write::commit(store, &kitfile, &plan.layers, built, options) {
            Ok(mut packed) => {
                observer.state(last, StepState::Done);
                packed.left_out = plan.left_out;
                packed.uncovered = plan.uncovered;
                packed.warnings = plan.warnings;
                return Ok(packed);
            }
            // Another program removed a blob that was to be reused; it is built again.
            Err(Error::MissingBlob { .. }) if attempt < 3 => attempt += 1,
            Err(error) => {
                observer.state(last, StepState::Failed);
                return Err(error);
            }
        }
    }
}

/// Reads and checks the Kitfile.
fn read_kitfile(options: &PackOptions) -> Result<Kitfile> {
    let text = match &options.kitfile {
        Some(text) => text.clone(),
        None => {
            let path = find_kitfile(&options.context)
                .ok_or_else(|| Error::NoKitfile(options.context.clone()))?;
            let bytes = std::fs::read(&path).map_err(Error::io("read", &path))?;
            decode(&bytes)
                .map_err(|error| Error::Kitfile(vec![error.to_string()]))?
                .0
        }
    };
    let parsed = parse(&text, options.compat);
    let errors: Vec<String> = parsed.errors().map(ToString::to_string).collect();
    match parsed.kitfile {
        Some(kitfile) if errors.is_empty() => Ok(kitfile),
        _ => Err(Error::Kitfile(errors)),
    }
}

/// The Kitfile of a project folder, the first of its possible names.
pub fn find_kitfile(context: &Path) -> Option<PathBuf> {
    find_name(|name| context.join(name).exists()).map(|name| context.join(name))
}
