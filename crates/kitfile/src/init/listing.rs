//! What is in the project folder, and what its files are by their names.

use super::InitEntry;
use crate::model::Rules;

/// What a file is taken for. The order matters only to tell mixed folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FileKind {
    Model,
    Dataset,
    Docs,
    Metadata,
    Prompt,
    McpServer,
    Unknown,
}

pub(super) const MODEL_SUFFIXES: [&str; 23] = [
    ".safetensors",
    ".pkl",
    ".joblib",
    ".pth",
    ".pt",
    ".mar",
    ".pt2",
    ".ptl",
    ".pb",
    ".ckpt",
    ".tflite",
    ".tfrecords",
    ".npy",
    ".npz",
    ".keras",
    ".h5",
    ".caffemodel",
    ".pmml",
    ".coreml",
    ".gguf",
    ".ggml",
    ".ggmf",
    ".llamafile",
];
pub(super) const METADATA_SUFFIXES: [&str; 4] = [".json", ".yaml", ".xml", ".txt"];
pub(super) const DOCS_SUFFIXES: [&str; 4] = [".md", ".adoc", ".html", ".pdf"];
pub(super) const DATASET_SUFFIXES: [&str; 4] = [".tar", ".zip", ".parquet", ".csv"];
pub(super) const PROMPT_NAMES: [&str; 3] = ["agents.md", "skill.md", "claude.md"];
/// Files of operating systems, in lower case; left out since mid 2026.
pub(super) const LITTER: [&str; 9] = [
    ".ds_store",
    ".appledouble",
    ".lsoverride",
    ".spotlight-v100",
    ".trashes",
    "thumbs.db",
    "desktop.ini",
    "$recycle.bin",
    "ehthumbs.db",
];

pub(super) fn kind_of(name: &str, rules: Rules) -> FileKind {
    let lower = name.to_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    let is_bin_model =
        name.ends_with(".bin") && (rules == Rules::V1_7 || name.contains("pytorch_model"));
    if rules >= Rules::V1_11
        && (PROMPT_NAMES.contains(&lower.as_str()) || lower.contains(".prompt"))
    {
        FileKind::Prompt
    } else if rules == Rules::Current && name.ends_with(".mcpb") {
        FileKind::McpServer
    } else if ends(&MODEL_SUFFIXES) || name.ends_with(".onnx") || is_bin_model {
        FileKind::Model
    } else if ends(&METADATA_SUFFIXES) {
        FileKind::Metadata
    } else if ends(&DOCS_SUFFIXES) {
        FileKind::Docs
    } else if ends(&DATASET_SUFFIXES) {
        FileKind::Dataset
    } else {
        FileKind::Unknown
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct File {
    pub name: String,
    pub path: String,
    pub size: u64,
}

/// A folder with what is directly in it, sorted by name.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub name: String,
    pub path: String,
    pub files: Vec<File>,
    pub folders: Vec<Folder>,
}

impl Folder {
    /// The project folder with its sub-folders; deeper ones are known to exist only.
    pub fn root(entries: &[InitEntry], rules: Rules) -> Folder {
        let mut root = Folder {
            path: ".".to_owned(),
            ..Folder::default()
        };
        let mut sorted: Vec<&InitEntry> = entries.iter().collect();
        sorted.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        for entry in sorted {
            let parts: Vec<&str> = entry.path.split('/').collect();
            let is_litter = |part: &str| LITTER.contains(&part.to_lowercase().as_str());
            if rules == Rules::Current && parts.iter().any(|part| is_litter(part)) {
                continue;
            }
            root.add(&parts, "", entry);
        }
        root
    }

    fn add(&mut self, parts: &[&str], above: &str, entry: &InitEntry) {
        let Some((name, rest)) = parts.split_first() else {
            return;
        };
        let path = match above {
            "" => (*name).to_owned(),
            above => format!("{above}/{name}"),
        };
        if rest.is_empty() && !entry.is_folder {
            self.files.push(File {
                name: (*name).to_owned(),
                path,
                size: entry.size,
            });
            return;
        }
        let at = match self.folders.iter().position(|folder| folder.name == *name) {
            Some(at) => at,
            None => {
                self.folders.push(Folder {
                    name: (*name).to_owned(),
                    path: path.clone(),
                    ..Folder::default()
                });
                self.folders.len() - 1
            }
        };
        if let Some(folder) = self.folders.get_mut(at) {
            folder.add(rest, &path, entry);
        }
    }

    /// The path of a `SKILL.md` directly in the folder.
    pub fn skill(&self) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.name.eq_ignore_ascii_case("skill.md"))
            .map(|file| file.path.as_str())
    }
}
