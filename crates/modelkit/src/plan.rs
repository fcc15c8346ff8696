//! Which file goes into which layer, decided before anything is read.

use std::path::{Path, PathBuf};

use kitbench_kitfile::paths::{clean_path, is_kit_reference, lies_within};
use kitbench_kitfile::{ElementKind, Kitfile};

use crate::error::{Error, Result};
use crate::ignore::IgnoreRules;
use crate::walk::{Entry, EntryKind, Stamp, scan};
use crate::{Compat, LayerKind};

/// What packing would do.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of the manifest.
    pub layers: Vec<PlannedLayer>,
    /// Files in no layer's path and not ignored.
    pub uncovered: Vec<String>,
    /// What lies in a layer's path and yet goes into no layer, and why.
    pub left_out: Vec<LeftOut>,
    /// What is probably not meant.
    pub warnings: Vec<String>,
}

/// A layer to be packed.
#[derive(Clone, Debug)]
pub struct PlannedLayer {
    pub kind: LayerKind,
    /// The number of its element among its kind, from 0.
    pub index: usize,
    /// What to call it: `model wine`, `code layer 0`.
    pub label: String,
    /// The element's name, perhaps empty.
    pub name: String,
    /// The cleaned path, relative to the project folder; `.` for all of it.
    pub path: String,
    /// Folders and files in the order of the archive.
    pub entries: Vec<PlannedEntry>,
    /// Bytes of the files together.
    pub bytes: u64,
}

/// A file or folder of a layer.
#[derive(Clone, Debug)]
pub struct PlannedEntry {
    /// Relative to the project folder, `/` between elements.
    pub path: String,
    /// The same as raw bytes if they are not UTF-8.
    pub(crate) raw: Option<Vec<u8>>,
    pub is_folder: bool,
    pub stamp: Stamp,
}

impl PlannedEntry {
    /// The path as it is stored.
    pub fn name(&self) -> &[u8] {
        self.raw.as_deref().unwrap_or(self.path.as_bytes())
    }
}

/// Something in a layer's path that is in no layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub path: String,
    pub reason: LeftOutReason,
}

/// Why something is in no layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutReason {
    /// A symbolic link; ModelKits hold none.
    Symlink,
    /// A device, pipe or socket.
    Special,
    /// A name with `..` in it, which `kit` neither packs nor unpacks.
    DotDot,
    /// A pattern of the ignore file, with its line; without one, a name that is never packed.
    Ignored {
        pattern: String,
        line: Option<usize>,
    },
    /// The name merely begins like the path of another layer, which is enough for `kit` before
    /// late 2026 to leave it out.
    PrefixOnly { layer: String },
    /// It belongs to a layer of the parent ModelKit.
    Parent { layer: String },
}

impl std::fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LeftOutReason::Symlink => f.write_str("a symbolic link; ModelKits hold none"),
            LeftOutReason::Special => f.write_str("neither a file nor a folder"),
            LeftOutReason::DotDot => f.write_str("its name contains “..”, which kit cannot unpack"),
            LeftOutReason::Ignored {
                pattern,
                line: Some(line),
            } => {
                write!(f, "ignored by “{pattern}”, line {line} of .kitignore")
            }
            LeftOutReason::Ignored {
                pattern,
                line: None,
            } => write!(f, "never packed ({pattern})"),
            LeftOutReason::PrefixOnly { layer } => {
                write!(
                    f,
                    "its name begins like the layer path “{layer}”, and these rules go by the beginning only"
                )
            }
            LeftOutReason::Parent { layer } => {
                write!(f, "belongs to “{layer}” of the parent ModelKit")
            }
        }
    }
}

/// A path of a layer that other layers leave out.
struct Claim {
    path: String,
    of_parent: bool,
}

/// Plans the layers of `kitfile` in `context`.
///
/// `parent_paths` are the layer paths of the parent ModelKits, if the model names one.
///
/// # Errors
/// [`Error::MissingPath`] and [`Error::NotPackable`] for a layer path, [`Error::Ignore`] for the
/// ignore file, [`Error::Io`] if a folder that is needed cannot be listed.
pub fn plan(
    context: &Path,
    kitfile: &Kitfile,
    compat: Compat,
    parent_paths: &[String],
) -> Result<Plan> {
    let ignore = IgnoreRules::load(context)?;
    let entries = scan(context, &ignore)?;
    let claims = claims(kitfile, compat, parent_paths);
    let mut covered = vec![false; entries.len()];
    let mut plan = Plan::default();
    for element in kitfile.elements() {
        let is_model = element.kind == ElementKind::Model;
        if is_model && (element.path.is_empty() || is_kit_reference(element.path))
            || !element.remote_path.is_empty()
        {
            continue;
        }
        let mut layer = PlannedLayer {
            kind: kind_of(element.kind),
            index: element.index,
            label: element.label(),
            name: element.name.to_owned(),
            path: clean_path(element.path),
            entries: Vec::new(),
            bytes: 0,
        };
        check_exists(context, &layer)?;
        fill(
            &mut layer,
            &entries,
            &claims,
            ignore.has_negation(),
            compat,
            context,
            &mut covered,
        )?;
        if let Some(by) = ignore.ignored_by(&clean_again(&layer.path))? {
            plan.warnings.push(format!(
                "the path {} of the {} is ignored by “{}” in .kitignore",
                layer.path, layer.label, by.pattern
            ));
        } else if !layer.entries.iter().any(|entry| !entry.is_folder) {
            plan.warnings.push(format!(
                "the {} at {} holds no files",
                layer.label, layer.path
            ));
        }
        plan.layers.push(layer);
    }
    explain(&mut plan, &entries, &claims, compat, &covered);
    Ok(plan)
}

/// A layer's kind from that of its Kitfile element.
pub(crate) fn kind_of(kind: ElementKind) -> LayerKind {
    match kind {
        ElementKind::Model => LayerKind::Model,
        ElementKind::ModelPart => LayerKind::ModelPart,
        ElementKind::Code => LayerKind::Code,
        ElementKind::Dataset => LayerKind::Dataset,
        ElementKind::Docs => LayerKind::Docs,
        ElementKind::Prompt => LayerKind::Prompt,
        ElementKind::McpServer => LayerKind::McpServer,
    }
}

/// The layer paths of `kitfile`, cleaned, in the order in which `kit` compares them.
pub fn layer_paths(kitfile: &Kitfile, compat: Compat) -> Vec<String> {
    let elements = kitfile.elements();
    let order = [
        ElementKind::Code,
        ElementKind::Dataset,
        ElementKind::Docs,
        ElementKind::Prompt,
        ElementKind::McpServer,
        ElementKind::Model,
        ElementKind::ModelPart,
    ];
    let mut paths = Vec::new();
    for kind in order {
        if kind == ElementKind::Prompt && compat < Compat::V1_11 {
            continue;
        }
        for element in elements.iter().filter(|element| element.kind == kind) {
            if kind == ElementKind::Model
                && (element.path.is_empty() || is_kit_reference(element.path))
            {
                continue;
            }
            paths.push(clean_again(element.path));
        }
    }
    paths
}

fn claims(kitfile: &Kitfile, compat: Compat, parent_paths: &[String]) -> Vec<Claim> {
    let claim = |path: &str, of_parent| Claim {
        path: clean_again(path),
        of_parent,
    };
    let mut claims: Vec<Claim> = layer_paths(kitfile, compat)
        .iter()
        .map(|path| claim(path, false))
        .collect();
    // `kit` also takes the reference to a parent for a path.
    if compat < Compat::Current
        && let Some(model) = &kitfile.model
        && is_kit_reference(&model.path)
    {
        claims.push(claim(&clean_again(&model.path), false));
    }
    claims.extend(parent_paths.iter().map(|path| claim(path, true)));
    claims
}

/// What `kit` does to a path each time it compares it: white space goes off its ends, then it is
/// cleaned, so that a name that ends in a space, or is one, is not what it was.
fn clean_again(path: &str) -> String {
    clean_path(path.trim())
}

fn check_exists(context: &Path, layer: &PlannedLayer) -> Result<()> {
    let target = context.join(PathBuf::from(&layer.path));
    match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() || metadata.is_file() => Ok(()),
        Ok(_) => Err(Error::NotPackable {
            label: layer.label.clone(),
            path: layer.path.clone(),
        }),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Err(Error::MissingPath {
                label: layer.label.clone(),
                path: layer.path.clone(),
                context: context.into(),
            })
        }
        Err(error) => Err(Error::io("look at", target)(error)),
    }
}

/// Chooses the entries of one layer by the steps of `kit`'s walk.
fn fill(
    layer: &mut PlannedLayer,
    entries: &[Entry],
    claims: &[Claim],
    negation: bool,
    compat: Compat,
    context: &Path,
    covered: &mut [bool],
) -> Result<()> {
    let compared = clean_again(&layer.path);
    let mut skip: Option<&[u8]> = None;
    for (number, entry) in entries.iter().enumerate() {
        if let Some(folder) = skip {
            if below(&entry.path, folder) {
                continue;
            }
            skip = None;
        }
        let is_folder = match entry.kind {
            EntryKind::Folder => true,
            EntryKind::File => false,
            EntryKind::Symlink | EntryKind::Special => continue,
        };
        if !same_tree(layer.path.as_bytes(), &entry.path) {
            if is_folder {
                skip = Some(&entry.path);
            }
            continue;
        }
        let path = clean_again(&entry.text());
        let claimed = claims
            .iter()
            .any(|claim| claim_holds(claim, &compared, &path, compat));
        if entry.ignored.is_some() || claimed {
            if is_folder && !negation {
                skip = Some(&entry.path);
            }
            continue;
        }
        if let Some(problem) = &entry.unreadable {
            let path = context.join(crate::walk::to_path(&entry.path));
            return Err(Error::io("list the folder", path)(std::io::Error::other(
                problem.clone(),
            )));
        }
        let (path, raw) = match String::from_utf8(entry.path.clone()) {
            Ok(path) => (path, None),
            Err(error) => (entry.text().into_owned(), Some(error.into_bytes())),
        };
        if let Some(covered) = covered.get_mut(number) {
            *covered = true;
        }
        layer.bytes += entry.stamp.size;
        layer.entries.push(PlannedEntry {
            path,
            raw,
            is_folder,
            stamp: entry.stamp,
        });
    }
    Ok(())
}

/// Whether `claim` takes the file `path` away from the layer at `layer`, both cleaned again.
fn claim_holds(claim: &Claim, layer: &str, path: &str, compat: Compat) -> bool {
    if compat >= Compat::Current {
        !lies_within(layer, &claim.path) && lies_within(path, &claim.path)
    } else {
        !layer.starts_with(&claim.path) && path.starts_with(&claim.path)
    }
}

/// `kit`'s test whether two paths lie in one line of descent: it looks for `..` as text in both
/// relative paths, so names that contain it count as strangers.
fn same_tree(layer: &[u8], path: &[u8]) -> bool {
    let split = |path: &[u8]| -> Vec<Vec<u8>> {
        if path == b"." {
            Vec::new()
        } else {
            path.split(|b| *b == b'/').map(<[u8]>::to_vec).collect()
        }
    };
    let (from, to) = (split(layer), split(path));
    if from.first().is_some_and(|first| first == b"..") {
        return false;
    }
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let has_dots = |climb: usize, rest: &[Vec<u8>]| {
        climb > 0
            || rest
                .iter()
                .any(|element| element.windows(2).any(|pair| pair == b".."))
    };
    let down = has_dots(from.len() - common, to.get(common..).unwrap_or_default());
    let up = has_dots(to.len() - common, from.get(common..).unwrap_or_default());
    !(down && up)
}

fn below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

/// Says of everything that no layer took why that is.
fn explain(plan: &mut Plan, entries: &[Entry], claims: &[Claim], compat: Compat, covered: &[bool]) {
    let taken = |number: usize| covered.get(number).copied().unwrap_or(false);
    let mut reported: Option<&[u8]> = None;
    for (number, entry) in entries.iter().enumerate() {
        if taken(number) || reported.is_some_and(|folder| below(&entry.path, folder)) {
            continue;
        }
        reported = None;
        let path = entry.text().into_owned();
        let inside = plan
            .layers
            .iter()
            .filter(|layer| lies_within(&path, &layer.path));
        let Some(layer) = inside.max_by_key(|layer| layer.path.len()) else {
            if entry.kind == EntryKind::File && entry.ignored.is_none() {
                plan.uncovered.push(path);
            }
            continue;
        };
        let dotted = path.contains("..");
        let claim = claims.iter().find(|claim| {
            claim_holds(
                claim,
                &clean_again(&layer.path),
                &clean_again(&path),
                compat,
            )
        });
        let reason = match (entry.kind, &entry.ignored, claim) {
            (EntryKind::Symlink, ..) => LeftOutReason::Symlink,
            (EntryKind::Special, ..) => LeftOutReason::Special,
            _ if dotted => LeftOutReason::DotDot,
            (_, Some((pattern, line)), _) => LeftOutReason::Ignored {
                pattern: pattern.clone(),
                line: *line,
            },
            (_, None, Some(claim)) if claim.of_parent => LeftOutReason::Parent {
                layer: claim.path.clone(),
            },
            (_, None, Some(claim)) => LeftOutReason::PrefixOnly {
                layer: claim.path.clone(),
            },
            (_, None, None) => continue,
        };
        if entry.kind == EntryKind::Folder {
            // One line for the folder stands for what is in it, unless some of that is packed.
            let inner = entries
                .iter()
                .enumerate()
                .skip(number + 1)
                .take_while(|(_, other)| below(&other.path, &entry.path));
            if inner.into_iter().any(|(number, _)| taken(number)) {
                continue;
            }
            reported = Some(&entry.path);
        }
        plan.left_out.push(LeftOut { path, reason });
    }
}
