//! Browsing folders, for doors without a native dialog, and the places of this
//! computer.

use std::path::{Path, PathBuf};

use kitbench_kitfile::KITFILE_NAMES;
use kitbench_protocol::{ErrorKind, ErrorView, FolderEntry, FolderListing, FolderPlace};

use crate::errors::io_error;

/// The user's home folder, or the root where there is none.
pub fn home() -> PathBuf {
    directories::BaseDirs::new().map_or_else(|| PathBuf::from("/"), |dirs| dirs.home_dir().into())
}

/// Where Kitbench keeps its state: `KITBENCH_STATE`, else the system's place for it.
pub fn default_state_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("KITBENCH_STATE").filter(|value| !value.is_empty()) {
        return folder.into();
    }
    match directories::ProjectDirs::from("dev", "kitbench", "kitbench") {
        Some(dirs) => dirs.data_local_dir().into(),
        None => home().join(".kitbench"),
    }
}

/// `true` if the folder holds a Kitfile under one of its names.
pub fn has_kitfile(folder: &Path) -> bool {
    KITFILE_NAMES.iter().any(|name| folder.join(name).is_file())
}

/// What the user typed as an absolute path, with `~` for the home folder. The folder need
/// not exist.
pub fn absolute(text: &str) -> Result<PathBuf, ErrorView> {
    let text = text.trim();
    let path = match text.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            home().join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    };
    if path.as_os_str().is_empty() || !path.is_absolute() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{text}` is not an absolute path."),
            "Write the folder from the root, or from `~`.",
        ));
    }
    Ok(path)
}

/// Turns what the user typed or dropped into the path of an existing folder or file.
pub fn resolve(text: &str) -> Result<PathBuf, ErrorView> {
    let path = absolute(text)?;
    std::fs::canonicalize(&path).map_err(|error| io_error("open the folder", &path, &error))
}

pub fn list(path: Option<&str>) -> Result<FolderListing, ErrorView> {
    let folder = match path {
        Some(path) => resolve(path)?,
        None => home(),
    };
    let entries =
        std::fs::read_dir(&folder).map_err(|error| io_error("list the folder", &folder, &error))?;
    let mut folders = Vec::new();
    let mut files = 0;
    for entry in entries {
        let entry = entry.map_err(|error| io_error("list the folder", &folder, &error))?;
        // Links to folders are folders here: people keep data behind links.
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            folders.push(FolderEntry {
                has_kitfile: has_kitfile(&entry.path()),
                hidden: name.starts_with('.'),
                name,
            });
        } else {
            files += 1;
        }
    }
    folders.sort_by(|a, b| (a.hidden, &a.name).cmp(&(b.hidden, &b.name)));
    Ok(FolderListing {
        parent: folder.parent().map(|parent| parent.display().to_string()),
        has_kitfile: has_kitfile(&folder),
        path: folder.display().to_string(),
        folders,
        files,
        places: places(),
    })
}

fn places() -> Vec<FolderPlace> {
    let mut places = vec![FolderPlace {
        label: "Home".into(),
        path: home().display().to_string(),
    }];
    if cfg!(windows) {
        for letter in 'A'..='Z' {
            let root = format!("{letter}:\\");
            if Path::new(&root).is_dir() {
                places.push(FolderPlace {
                    label: root.clone(),
                    path: root,
                });
            }
        }
    } else {
        for (label, path) in [
            ("Computer", "/"),
            ("Mounted disks", "/mnt"),
            ("Media", "/media"),
            ("Volumes", "/Volumes"),
        ] {
            if Path::new(path).is_dir() {
                places.push(FolderPlace {
                    label: label.into(),
                    path: path.into(),
                });
            }
        }
    }
    places
}

/// Free bytes on the disk that holds `path`, or 0 where the system does not say.
pub fn disk_free(path: &Path) -> u64 {
    // The folder may not exist yet; its nearest existing parent is on the same disk.
    let existing = path.ancestors().find(|ancestor| ancestor.exists());
    existing
        .and_then(|path| fs4::available_space(path).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_by_name_with_hidden_ones_last() {
        let top = tempfile::tempdir().unwrap();
        for name in ["b", "a", ".cache"] {
            std::fs::create_dir(top.path().join(name)).unwrap();
        }
        std::fs::write(top.path().join("b/Kitfile"), "package: {}\n").unwrap();
        std::fs::write(top.path().join("notes.txt"), "").unwrap();
        let listing = list(Some(&top.path().display().to_string())).unwrap();
        let names: Vec<_> = listing
            .folders
            .iter()
            .map(|f| (f.name.as_str(), f.has_kitfile))
            .collect();
        assert_eq!(names, [("a", false), ("b", true), (".cache", false)]);
        assert_eq!(listing.files, 1);
        assert!(!listing.has_kitfile);
    }

    #[test]
    fn a_relative_or_vanished_path_says_so() {
        assert_eq!(resolve("some/where").unwrap_err().kind, ErrorKind::Invalid);
        let error = resolve("/no/such/folder/anywhere").unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(
            error.message.contains("/no/such/folder/anywhere"),
            "{error}"
        );
    }
}
