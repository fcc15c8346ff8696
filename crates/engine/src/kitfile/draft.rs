//! A first Kitfile for a folder.

use std::fs;
use std::path::{Path, PathBuf};

use kitbench_kitfile::{InitEntry, InitOptions, ProjectTexts, init};
use kitbench_protocol::ErrorView;

use crate::errors::io_error;

/// Entries looked at; the rules go one level deep, so this is a very large project.
const MAX_ENTRIES: usize = 100_000;
/// License and skill texts are short.
const MAX_TEXT: u64 = 1 << 20;

struct Texts<'a>(&'a Path);

impl ProjectTexts for Texts<'_> {
    fn text(&self, path: &str) -> Option<String> {
        let path = self.0.join(path);
        if fs::metadata(&path).ok()?.len() > MAX_TEXT {
            return None;
        }
        fs::read_to_string(path).ok()
    }
}

/// The text of a Kitfile for what is in `folder`, with the folder's name as package name.
pub fn draft(folder: &Path) -> Result<String, ErrorView> {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let options = InitOptions {
        name: name.clone(),
        folder_name: name,
        ..InitOptions::default()
    };
    Ok(init(&entries(folder)?, &options, &Texts(folder)).yaml)
}

fn entries(folder: &Path) -> Result<Vec<InitEntry>, ErrorView> {
    let mut entries = Vec::new();
    let mut folders: Vec<(PathBuf, usize)> = vec![(folder.to_path_buf(), 0)];
    while let Some((next, depth)) = folders.pop() {
        let listing = match fs::read_dir(&next) {
            Ok(listing) => listing,
            // A folder below that cannot be read is left to packing, which names it.
            Err(_) if depth > 0 => continue,
            Err(error) => return Err(io_error("list the folder", &next, &error)),
        };
        for entry in listing.flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let path = entry.path();
            let Some(relative) = path.strip_prefix(folder).ok().and_then(Path::to_str) else {
                continue;
            };
            // Tools' own folders are no part of a project's content.
            if depth == 0
                && matches!(
                    relative,
                    ".git" | ".venv" | "venv" | "node_modules" | "mlruns"
                )
            {
                continue;
            }
            let is_folder = metadata.is_dir();
            if !is_folder && !metadata.is_file() || entries.len() >= MAX_ENTRIES {
                continue;
            }
            entries.push(InitEntry {
                path: relative.replace('\\', "/"),
                size: if is_folder { 0 } else { metadata.len() },
                is_folder,
            });
            if is_folder && depth < 2 {
                folders.push((path, depth + 1));
            }
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_names_model_code_and_docs() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("model.safetensors", "xxxx"),
            ("README.md", "# x"),
            ("data/train.csv", "a,b\n1,2\n"),
            ("src/train.py", "print()"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let text = draft(folder.path()).unwrap();
        for part in ["model.safetensors", "README.md", "data", "src"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
