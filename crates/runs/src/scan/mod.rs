//! Finding sources below a folder, by content rather than by name.

mod detect;
mod detect_plain;
pub(crate) mod names;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::model::SourceKind;

/// Deepest folder looked into, counted from the scanned one.
const MAX_DEPTH: usize = 24;
/// Most folder entries looked at in one scan.
const MAX_ENTRIES: usize = 2_000_000;
/// Folders that hold code, caches or history, never runs of this project.
const NEVER: [&str; 11] = [
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "__pycache__",
    "site-packages",
    ".tox",
    ".mypy_cache",
    ".ruff_cache",
    // Copies that notebooks and test runners keep.
    ".ipynb_checkpoints",
    ".pytest_cache",
];

/// A place with runs of one tool.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The tool.
    pub kind: SourceKind,
    /// The file or folder that holds the runs.
    pub path: PathBuf,
    /// The folder that was scanned: run ids that are paths are relative to it.
    pub root: PathBuf,
    /// How many runs the scan saw; `None` where only opening tells.
    pub runs: Option<usize>,
}

impl Source {
    /// A path below the scanned folder with `/` between parts; the scanned folder itself
    /// and paths outside go by their last part.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let below = path
            .strip_prefix(&self.root)
            .ok()
            .filter(|p| !p.as_os_str().is_empty());
        match below {
            Some(below) => {
                let parts: Vec<_> = below
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect();
                parts.join("/")
            }
            None => own_name(path).unwrap_or_else(|| path.display().to_string()),
        }
    }
}

/// The last part of a path; of one like `.` that of the folder it means. `None` for a root.
pub(crate) fn own_name(path: &Path) -> Option<String> {
    let name = match path.file_name() {
        Some(name) => name.to_owned(),
        None => path.canonicalize().ok()?.file_name()?.to_owned(),
    };
    Some(name.to_string_lossy().into_owned())
}

/// Something that looked like runs or could not be looked at, and why it is not a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The file or folder.
    pub path: PathBuf,
    /// Why, in a sentence.
    pub why: String,
}

/// Everything a scan found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    /// Sources in path order.
    pub sources: Vec<Source>,
    /// What was passed over, in path order.
    pub skipped: Vec<Skipped>,
}

/// The entries of one folder.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) files: Vec<(String, PathBuf)>,
    pub(crate) folders: Vec<(String, PathBuf)>,
}

impl Folder {
    pub(crate) fn file(&self, name: &str) -> Option<&Path> {
        self.files
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, path)| path.as_path())
    }

    pub(crate) fn name(&self) -> String {
        own_name(&self.path).unwrap_or_default()
    }
}

/// What the detection of one folder or file adds.
#[derive(Default)]
pub(crate) struct Found {
    root: PathBuf,
    sources: BTreeMap<(PathBuf, SourceKind), Option<usize>>,
    skipped: Vec<Skipped>,
    /// Folders with event files; which of them are one source shows at the end.
    events: Vec<PathBuf>,
    /// Files that a `dvc.yaml` met before names: parts of its run, not runs of their own.
    named: HashSet<PathBuf>,
    /// Trainer output folders, each of which may be met several times.
    trainers: BTreeMap<PathBuf, ()>,
}

impl Found {
    /// Adds a source, or counts one more run of a known one.
    pub(crate) fn add(&mut self, kind: SourceKind, path: &Path, runs: Option<usize>) {
        let entry = self
            .sources
            .entry((path.to_path_buf(), kind))
            .or_insert(Some(0));
        *entry = match (*entry, runs) {
            (Some(known), Some(more)) => Some(known + more),
            _ => None,
        };
    }

    pub(crate) fn skip(&mut self, path: &Path, why: impl Into<String>) {
        if self.skipped.len() < 10_000 {
            self.skipped.push(Skipped {
                path: path.to_path_buf(),
                why: why.into(),
            });
        }
    }
}

/// Looks for runs below `root` (a folder, or a single file).
///
/// Links to folders inside `root` are not followed, links to the outside once; `.git`,
/// `node_modules`, virtual environments and caches are not entered. Nothing is written.
///
/// # Errors
/// When `root` itself cannot be read. Anything below that cannot be read is in
/// [`Discovery::skipped`].
pub fn scan(root: &Path) -> Result<Discovery, RunsError> {
    let meta = std::fs::metadata(root).map_err(|e| RunsError::io(root, e))?;
    let mut found = Found {
        root: root.to_path_buf(),
        ..Found::default()
    };
    if meta.is_file() {
        let name = root
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let folder = Folder {
            path: match root.parent() {
                // A bare name: what lies beside it and above is looked for by whole paths.
                Some(above) if above.as_os_str().is_empty() => {
                    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
                }
                above => above.unwrap_or(root).to_path_buf(),
            },
            files: vec![(name.clone(), root.to_path_buf())],
            folders: Vec::new(),
        };
        detect::file(&folder, &name, root, true, &mut found);
    } else {
        list(root).map_err(|e| RunsError::io(root, e))?;
        walk(root, &mut found);
    }
    detect::finish(&mut found);
    let root = root.to_path_buf();
    let sources = found
        .sources
        .into_iter()
        .map(|((path, kind), runs)| Source {
            kind,
            path,
            root: root.clone(),
            runs,
        });
    let mut discovery = Discovery {
        sources: sources.collect(),
        skipped: found.skipped,
    };
    discovery.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(discovery)
}

/// As which plain table a file can be read.
pub(crate) fn plain_kind(path: &Path) -> Option<SourceKind> {
    detect_plain::plain_kind(path)
}

fn walk(root: &Path, found: &mut Found) {
    let inside = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let mut visited = HashSet::new();
    let mut entries = 0;
    let mut open = vec![(root.to_path_buf(), 0)];
    while let Some((path, depth)) = open.pop() {
        let folder = match list(&path) {
            Ok(folder) => folder,
            Err(error) => {
                found.skip(&path, format!("cannot be listed: {error}"));
                continue;
            }
        };
        entries += folder.files.len() + folder.folders.len();
        if entries > MAX_ENTRIES {
            found.skip(
                &path,
                format!("not looked at: more than {MAX_ENTRIES} files before it"),
            );
            continue;
        }
        if folder.file("pyvenv.cfg").is_some() {
            continue;
        }
        let deeper = detect::folder(&folder, found);
        if !deeper {
            continue;
        }
        for (name, path) in folder.folders.into_iter().rev() {
            if NEVER.contains(&name.as_str()) {
                continue;
            }
            if depth + 1 > MAX_DEPTH {
                found.skip(
                    &path,
                    format!("not looked at: deeper than {MAX_DEPTH} folders"),
                );
                continue;
            }
            if path.is_symlink() {
                // Inside the tree the target is met on its own path; outside, once.
                match path.canonicalize() {
                    Ok(target) if target.starts_with(&inside) || inside.starts_with(&target) => {
                        continue;
                    }
                    Ok(target) if !visited.insert(target.clone()) => continue,
                    Ok(_) => {}
                    Err(_) => continue,
                }
            }
            open.push((path, depth + 1));
        }
    }
}

/// The entries of a folder in name order; links are resolved to what they point at.
pub(crate) fn list(path: &Path) -> std::io::Result<Folder> {
    let mut folder = Folder {
        path: path.to_path_buf(),
        files: Vec::new(),
        folders: Vec::new(),
    };
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_symlink() => std::fs::metadata(&path).map(|m| m.file_type()),
            other => other,
        };
        match kind {
            Ok(kind) if kind.is_dir() => folder.folders.push((name, path)),
            Ok(kind) if kind.is_file() => folder.files.push((name, path)),
            // Sockets, devices and dangling links hold no runs.
            _ => {}
        }
    }
    folder.files.sort();
    folder.folders.sort();
    Ok(folder)
}
