//! What could be better about a generated Kitfile than `kit init` makes it.

use super::{InitEntry, InitOptions};
use crate::edit::Edit;
use crate::field_path::FieldPath;
use crate::model::Kitfile;
use crate::paths;

/// An improvement that the user may take.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// One sentence: what and why.
    pub message: String,
    /// The edits of the Kitfile that make it so; empty if it is about `.kitignore` alone.
    pub edits: Vec<Edit>,
    /// Lines to add to `.kitignore`.
    pub ignore: Vec<String>,
}

/// What files tell about the model in them: suffix, format, framework.
const FORMATS: [(&str, &str, &str); 12] = [
    (".onnx", "onnx", ""),
    (".safetensors", "safetensors", ""),
    (".gguf", "gguf", "llama.cpp"),
    (".ggml", "ggml", "llama.cpp"),
    (".pt", "pytorch", "pytorch"),
    (".pth", "pytorch", "pytorch"),
    (".keras", "keras", "keras"),
    (".h5", "hdf5", "keras"),
    (".tflite", "tflite", "tensorflow"),
    (".joblib", "joblib", "scikit-learn"),
    (".pkl", "pickle", ""),
    (".pmml", "pmml", ""),
];

/// Folders that hold what can be made again, or what does not belong into a kit.
const LITTER_FOLDERS: [&str; 14] = [
    ".git",
    ".venv",
    "venv",
    "env",
    "__pycache__",
    ".ipynb_checkpoints",
    ".pytest_cache",
    ".mypy_cache",
    "node_modules",
    "mlruns",
    "wandb",
    "lightning_logs",
    ".neptune",
    ".dvc",
];

/// Folders whose name says that they hold data.
const DATA_FOLDERS: [&str; 6] = ["data", "dataset", "datasets", "corpus", "train", "test"];

pub(super) fn suggestions(
    kitfile: &Kitfile,
    entries: &[InitEntry],
    options: &InitOptions,
) -> Vec<Suggestion> {
    let mut out = Vec::new();
    let root = FieldPath::root();
    let set = |path: FieldPath, value: &str| Edit::Set {
        path,
        value: value.to_owned(),
    };
    if kitfile.package.name.is_empty() && !options.folder_name.is_empty() {
        let name = &options.folder_name;
        out.push(Suggestion {
            message: format!("Name the kit `{name}`, as its folder."),
            edits: vec![set(root.key("package").key("name"), name)],
            ignore: Vec::new(),
        });
    }
    if let Some(model) = &kitfile.model
        && let Some((_, format, framework)) = FORMATS
            .iter()
            .find(|(suffix, ..)| model.path.ends_with(suffix))
    {
        let field = root.key("model");
        let mut edits = vec![set(field.key("format"), format)];
        let mut message = format!("Say that the model's format is `{format}`");
        if !framework.is_empty() {
            edits.push(set(field.key("framework"), framework));
            message.push_str(&format!(" and its framework `{framework}`"));
        }
        message.push('.');
        out.push(Suggestion {
            message,
            edits,
            ignore: Vec::new(),
        });
    }
    for (at, code) in kitfile.code.iter().enumerate().rev() {
        let path = paths::clean_path(&code.path);
        if DATA_FOLDERS.contains(&path.as_str()) {
            out.push(Suggestion {
                message: format!("List `{path}` as a data set instead of code."),
                edits: vec![
                    Edit::Remove {
                        path: root.key("code").index(at),
                    },
                    Edit::Insert {
                        section: root.key("datasets"),
                        index: None,
                        fields: vec![
                            ("name".to_owned(), path.clone()),
                            ("path".to_owned(), code.path.clone()),
                        ],
                    },
                ],
                ignore: Vec::new(),
            });
        }
    }
    let packed = |folder: &str| {
        kitfile
            .elements()
            .iter()
            .any(|element| paths::lies_within(folder, &paths::clean_path(element.path)))
    };
    let mut ignore: Vec<String> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.is_folder) {
        let name = entry.path.rsplit('/').next().unwrap_or_default();
        let line = match entry.path.contains('/') {
            true => format!("**/{name}"),
            false => name.to_owned(),
        };
        let known = LITTER_FOLDERS.contains(&name) || name.ends_with(".egg-info");
        if known && packed(&entry.path) && !ignore.contains(&line) {
            ignore.push(line);
        }
    }
    if !ignore.is_empty() {
        ignore.sort();
        let names: Vec<String> = ignore.iter().map(|line| format!("`{line}`")).collect();
        out.push(Suggestion {
            message: format!("Leave {} out of the kit by `.kitignore`.", names.join(", ")),
            edits: Vec::new(),
            ignore,
        });
    }
    // Files that operating systems leave behind are packed by `.` under all rules.
    let litter = entries.iter().any(|entry| {
        let name = entry
            .path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        super::listing::LITTER.contains(&name.as_str()) && packed(&entry.path)
    });
    if litter {
        out.push(Suggestion {
            message: "Leave the operating system's own files out by `.kitignore`.".to_owned(),
            edits: Vec::new(),
            ignore: ["**/.DS_Store", "**/Thumbs.db", "**/desktop.ini"]
                .map(str::to_owned)
                .to_vec(),
        });
    }
    out
}
