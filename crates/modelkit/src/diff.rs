//! What differs between two kits, or between a project folder and a kit.

mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use kitbench_kitfile::{Kitfile, to_config_json};
use serde_json::Value;

use crate::LayerKind;
use crate::digest::{Digest, Hasher};
use crate::error::{Error, Result};
use crate::inspect::{Kit, KitLayer, files};
use crate::plan::Plan;
use crate::progress::CancellationToken;
use crate::source::KitSource;

pub use texts::{MAX_TEXT, texts};

/// One of the two things compared.
pub enum Side<'a> {
    /// A kit, wherever it lies.
    Kit {
        source: &'a dyn KitSource,
        kit: &'a Kit,
    },
    /// A project folder, by what packing it would do.
    Folder {
        context: &'a Path,
        kitfile: &'a Kitfile,
        plan: &'a Plan,
    },
}

/// The outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// Both are the same kit, by the digest of the manifest.
    pub identical: bool,
    /// Fields of the Kitfile whose values differ.
    pub fields: Vec<FieldChange>,
    pub layers: Vec<LayerChange>,
    /// Files that differ, sorted by path. Layers that both have are not searched.
    pub files: Vec<FileChange>,
}

/// A field of the Kitfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// E.g. `model.parameters.lr` or `datasets[0].name`.
    pub path: String,
    /// As JSON; `None` where it is absent.
    pub old: Option<String>,
    pub new: Option<String>,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerChange {
    pub kind: LayerKind,
    pub label: String,
    pub path: String,
    pub change: Change,
    /// Bytes of the blob, or of the files in a folder.
    pub old_size: Option<u64>,
    pub new_size: Option<u64>,
}

/// How two things relate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// In both, the same.
    Same,
    Added,
    Removed,
    /// In both, with other content.
    Changed,
    /// The same content, formerly at this path.
    Moved {
        from: String,
    },
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    pub path: String,
    pub change: Change,
    pub old_size: Option<u64>,
    pub new_size: Option<u64>,
    /// Whether only its permissions differ.
    pub mode_only: bool,
}

/// Compares `old` with `new`. With `deep` the files of differing layers are compared by content,
/// which reads them.
///
/// # Errors
/// Those of reading either side; [`Error::Cancelled`].
pub fn diff(
    old: &Side<'_>,
    new: &Side<'_>,
    deep: bool,
    cancel: &CancellationToken,
) -> Result<Diff> {
    let mut result = Diff::default();
    if let (Side::Kit { kit: a, .. }, Side::Kit { kit: b, .. }) = (old, new)
        && a.digest == b.digest
    {
        result.identical = true;
        result.layers = old
            .layers()
            .into_iter()
            .map(|layer| layer.change(Change::Same, true, true))
            .collect();
        return Ok(result);
    }
    result.fields = fields(old.kitfile(), new.kitfile())?;
    let (mut a, mut b) = (old.layers(), new.layers());
    // Layers with the same content are the same, whatever they are called.
    let digests = |layers: &[Layer]| {
        layers
            .iter()
            .filter_map(|layer| layer.digest)
            .collect::<BTreeSet<_>>()
    };
    let shared: BTreeSet<Digest> = digests(&a).intersection(&digests(&b)).copied().collect();
    let is_shared = |layer: &Layer| layer.digest.is_some_and(|digest| shared.contains(&digest));
    result.layers.extend(
        b.iter()
            .filter(|layer| is_shared(layer))
            .map(|layer| layer.change(Change::Same, true, true)),
    );
    a.retain(|layer| !is_shared(layer));
    b.retain(|layer| !is_shared(layer));
    for layer in &b {
        let before = a
            .iter()
            .find(|before| (before.kind, &before.path) == (layer.kind, &layer.path));
        let mut change = layer.change(
            if before.is_some() {
                Change::Changed
            } else {
                Change::Added
            },
            false,
            true,
        );
        change.old_size = before.map(|before| before.size);
        result.layers.push(change);
    }
    for layer in &a {
        if !b
            .iter()
            .any(|after| (after.kind, &after.path) == (layer.kind, &layer.path))
        {
            result
                .layers
                .push(layer.change(Change::Removed, true, false));
        }
    }
    if deep {
        let (before, after) = (old.files(&a, cancel)?, new.files(&b, cancel)?);
        result.files = compare(before, after);
        // Between a folder and a kit, layers are the same if their files are.
        if matches!(
            (old, new),
            (Side::Folder { .. }, _) | (_, Side::Folder { .. })
        ) && result.files.is_empty()
        {
            for layer in result
                .layers
                .iter_mut()
                .filter(|layer| layer.change == Change::Changed)
            {
                layer.change = Change::Same;
            }
        }
    }
    Ok(result)
}

/// A layer of either side.
struct Layer {
    kind: LayerKind,
    label: String,
    path: String,
    digest: Option<Digest>,
    size: u64,
    number: usize,
}

impl Layer {
    fn change(&self, change: Change, old: bool, new: bool) -> LayerChange {
        LayerChange {
            kind: self.kind,
            label: self.label.clone(),
            path: self.path.clone(),
            change,
            old_size: old.then_some(self.size),
            new_size: new.then_some(self.size),
        }
    }
}

/// What a file is compared by.
#[derive(PartialEq, Eq)]
struct Fact {
    size: u64,
    mode: u32,
    digest: Digest,
}

impl Side<'_> {
    fn kitfile(&self) -> &Kitfile {
        match self {
            Side::Kit { kit, .. } => &kit.kitfile,
            Side::Folder { kitfile, .. } => kitfile,
        }
    }

    fn layers(&self) -> Vec<Layer> {
        match self {
            Side::Kit { kit, .. } => {
                let layer = |(number, layer): (usize, &KitLayer)| Layer {
                    kind: layer.kind,
                    label: layer.label.clone(),
                    path: layer.clean_path(),
                    digest: Some(layer.diff_id.unwrap_or(layer.descriptor.digest)),
                    size: layer.descriptor.size,
                    number,
                };
                kit.layers.iter().enumerate().map(layer).collect()
            }
            Side::Folder { plan, .. } => plan
                .layers
                .iter()
                .enumerate()
                .map(|(number, layer)| Layer {
                    kind: layer.kind,
                    label: layer.label.clone(),
                    path: layer.path.clone(),
                    digest: None,
                    size: layer.bytes,
                    number,
                })
                .collect(),
        }
    }

    /// The files of `layers` with their digests.
    fn files(
        &self,
        layers: &[Layer],
        cancel: &CancellationToken,
    ) -> Result<BTreeMap<String, Fact>> {
        let mut facts = BTreeMap::new();
        for layer in layers {
            match self {
                Side::Kit { source, kit } => {
                    let Some(layer) = kit.layers.get(layer.number) else {
                        continue;
                    };
                    files::digest_files(*source, layer, cancel, &mut |file, digest| {
                        facts.insert(
                            file.path,
                            Fact {
                                size: file.size,
                                mode: file.mode,
                                digest,
                            },
                        );
                    })?;
                }
                Side::Folder { context, plan, .. } => {
                    let Some(layer) = plan.layers.get(layer.number) else {
                        continue;
                    };
                    for entry in layer.entries.iter().filter(|entry| !entry.is_folder) {
                        let path = context.join(crate::walk::to_path(entry.name()));
                        let file = File::open(&path).map_err(Error::io("open", &path))?;
                        let digest = hash(file, cancel).map_err(|error| match error.kind() {
                            io::ErrorKind::Interrupted => Error::Cancelled,
                            _ => Error::io("read", &path)(error),
                        })?;
                        facts.insert(
                            entry.path.clone(),
                            Fact {
                                size: entry.stamp.size,
                                mode: entry.stamp.mode,
                                digest,
                            },
                        );
                    }
                }
            }
        }
        Ok(facts)
    }
}

/// The digest of everything `reader` gives; an error of kind `Interrupted` if cancelled.
pub(crate) fn hash(mut reader: impl Read, cancel: &CancellationToken) -> io::Result<Digest> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            n => hasher.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}

fn compare(mut before: BTreeMap<String, Fact>, after: BTreeMap<String, Fact>) -> Vec<FileChange> {
    let mut changes = Vec::new();
    let mut added = Vec::new();
    for (path, new) in after {
        match before.remove(&path) {
            Some(old) if old == new => {}
            Some(old) => changes.push(FileChange {
                path,
                change: Change::Changed,
                old_size: Some(old.size),
                new_size: Some(new.size),
                mode_only: old.digest == new.digest,
            }),
            None => added.push((path, new)),
        }
    }
    let mut gone: HashMap<Digest, Vec<(String, Fact)>> = HashMap::new();
    for (path, old) in before {
        gone.entry(old.digest).or_default().push((path, old));
    }
    for (path, new) in added {
        // An empty file could come from anywhere.
        let from = gone
            .get_mut(&new.digest)
            .filter(|_| new.size > 0)
            .and_then(Vec::pop);
        let old_size = from.as_ref().map(|(_, old)| old.size);
        let change = from.map_or(Change::Added, |(from, _)| Change::Moved { from });
        changes.push(FileChange {
            path,
            change,
            old_size,
            new_size: Some(new.size),
            mode_only: false,
        });
    }
    for (path, old) in gone.into_values().flatten() {
        changes.push(FileChange {
            path,
            change: Change::Removed,
            old_size: Some(old.size),
            new_size: None,
            mode_only: false,
        });
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// Compares two Kitfiles by what they mean, not by how they are written, and without layer digests.
///
/// # Errors
/// [`Error::Kitfile`] if one cannot be written as JSON.
pub fn fields(old: &Kitfile, new: &Kitfile) -> Result<Vec<FieldChange>> {
    let mut changes = Vec::new();
    compare_values(&mut changes, "", Some(&value(old)?), Some(&value(new)?));
    Ok(changes)
}

fn value(kitfile: &Kitfile) -> Result<Value> {
    let text = to_config_json(kitfile).map_err(|error| Error::Kitfile(vec![error.to_string()]))?;
    let mut value: Value = crate::json::from_slice(&text, "the Kitfile")?;
    drop_layers(&mut value);
    Ok(value)
}

/// Removes layer info; `parameters` may have keys of the same name and are left alone.
fn drop_layers(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("digest");
            map.remove("diffId");
            map.iter_mut()
                .filter(|(key, _)| *key != "parameters")
                .for_each(|(_, value)| drop_layers(value));
        }
        Value::Array(list) => list.iter_mut().for_each(drop_layers),
        _ => {}
    }
}

fn compare_values(
    changes: &mut Vec<FieldChange>,
    path: &str,
    old: Option<&Value>,
    new: Option<&Value>,
) {
    if old == new {
        return;
    }
    match (old, new) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                compare_values(changes, &inner, a.get(key), b.get(key));
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for at in 0..a.len().max(b.len()) {
                compare_values(changes, &format!("{path}[{at}]"), a.get(at), b.get(at));
            }
        }
        _ => changes.push(FieldChange {
            path: path.to_owned(),
            old: old.map(Value::to_string),
            new: new.map(Value::to_string),
        }),
    }
}
