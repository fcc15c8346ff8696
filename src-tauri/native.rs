//! Calls that the window answers itself, because only a window has native dialogs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use kitbench_protocol::{Answer, ErrorKind, ErrorView, PickFolder, Reveal, SaveFile};
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

use crate::window;

/// Opens the folder dialog; `None` when it was cancelled.
pub async fn pick_folder(app: &tauri::AppHandle, call: PickFolder) -> Answer<Option<String>> {
    let dialog = dialog(app).set_title(call.title);
    let chosen = ask(move || dialog.blocking_pick_folder()).await?;
    chosen.map(text).transpose()
}

/// Asks where to save, then writes there; the path, or `None` when it was cancelled.
pub async fn save_file(app: &tauri::AppHandle, call: SaveFile) -> Answer<Option<String>> {
    let dialog = dialog(app).set_file_name(call.suggested_name);
    let Some(chosen) = ask(move || dialog.blocking_save_file()).await? else {
        return Ok(None);
    };
    let path = path(chosen)?;
    write_whole(&path, &call.bytes).map_err(|error| {
        ErrorView::new(
            ErrorKind::Io,
            format!("{} could not be written.", path.display()),
            "Choose another place, or make room on the disk.",
        )
        .with_details(error.to_string())
    })?;
    Ok(Some(path.to_string_lossy().into_owned()))
}

/// Shows a file in the system's file manager.
pub async fn reveal(call: Reveal) -> Answer<()> {
    tauri_plugin_opener::reveal_item_in_dir(&call.path).map_err(|error| {
        ErrorView::new(
            ErrorKind::Unsupported,
            format!("{} could not be shown in a file manager.", call.path),
            "Open the folder by hand; its path can be copied.",
        )
        .with_details(error.to_string())
    })
}

/// Writes beside and renames, so that nothing half-written is ever visible.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to report; a rest that cannot be removed is no second one.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn dialog(app: &tauri::AppHandle) -> FileDialogBuilder<tauri::Wry> {
    let dialog = app.dialog().file();
    match window::main(app) {
        Some(window) => dialog.set_parent(&window),
        None => dialog,
    }
}

/// Dialogs block the thread that asks, which must not be one that answers other calls.
async fn ask<T: Send + 'static>(question: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tauri::async_runtime::spawn_blocking(question)
        .await
        .map_err(|error| {
            ErrorView::new(
                ErrorKind::Internal,
                "The dialog could not be shown.",
                "Type the path instead.",
            )
            .with_details(error.to_string())
        })
}

fn path(chosen: FilePath) -> Answer<PathBuf> {
    chosen.into_path().map_err(|error| {
        ErrorView::new(
            ErrorKind::Unsupported,
            "The dialog chose something that is no file on this computer.",
            "Choose a place on a disk of this computer.",
        )
        .with_details(error.to_string())
    })
}

fn text(chosen: FilePath) -> Answer<String> {
    let path = path(chosen)?;
    path.to_str().map(str::to_owned).ok_or_else(|| {
        ErrorView::new(
            ErrorKind::Invalid,
            format!("The name of {} is not valid Unicode.", path.display()),
            "Rename the folder, or choose another one.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside() {
        let folder = std::env::temp_dir().join(format!("kitbench-save-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("chart.png");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        assert!(write_whole(&folder.join("missing/chart.png"), b"x").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
