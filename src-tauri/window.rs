//! The one window.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use kitbench_protocol::EventKind;
use tauri::webview::NewWindowResponse;
use tauri::{
    DragDropEvent, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};

use crate::bridge::Bridge;

const LABEL: &str = "main";

/// Opens the window with the size it had last, at first 1440 × 900 logical pixels.
pub fn open(app: &tauri::AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Kitbench")
        .inner_size(1440.0, 900.0)
        .min_inner_size(960.0, 600.0)
        // What shows until the first frame is drawn: the dark theme's `bg_app`.
        .background_color(tauri::window::Color(0x0f, 0x11, 0x15, 0xff))
        .on_navigation(is_own_page)
        .on_new_window(|url, _| {
            open_outside(&url);
            NewWindowResponse::Deny
        })
        .build()?;
    #[cfg(target_os = "linux")]
    keep_no_pages(&window)?;
    let handle = app.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
            let folders = dropped_folders(paths);
            if !folders.is_empty() {
                handle
                    .state::<Bridge>()
                    .publish(EventKind::FoldersDropped(folders));
            }
        }
    });
    Ok(())
}

/// The page is the program's own and is loaded once: WebKit needs no memory for pages gone by.
#[cfg(target_os = "linux")]
fn keep_no_pages(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{CacheModel, WebContextExt, WebViewExt};
    window.with_webview(|webview| {
        if let Some(context) = webview.inner().web_context() {
            context.set_cache_model(CacheModel::DocumentViewer);
        }
    })
}

pub fn main(app: &tauri::AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window(LABEL)
}

/// Shows the window to the user, however it was put away. A window manager may refuse; then the
/// window stays where it is, which is no fault worth a message.
pub fn bring_to_front(app: &tauri::AppHandle) {
    if let Some(window) = main(app) {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// Under which name a second start finds the first: one per place of the user's data, so that a
/// program started with another place (a test, a second account) is a program of its own.
pub fn instance_name() -> String {
    let mut hasher = DefaultHasher::new();
    for name in ["KITBENCH_STATE", "KITOPS_HOME", "XDG_DATA_HOME", "HOME"] {
        std::env::var_os(name).hash(&mut hasher);
    }
    format!("io.kitbench.desktop.i{:016x}", hasher.finish())
}

/// The page may not go anywhere else: whatever it shows comes from the program.
fn is_own_page(url: &Url) -> bool {
    url.scheme() == "tauri" || (cfg!(windows) && url.host_str() == Some("tauri.localhost"))
}

/// Web addresses open in the user's browser; anything else is not opened at all.
fn open_outside(url: &Url) {
    if matches!(url.scheme(), "http" | "https")
        && let Err(error) = tauri_plugin_opener::open_url(url.as_str(), None::<&str>)
    {
        eprintln!("kitbench-desktop: {url} could not be opened in a browser: {error}");
    }
}

/// The folders among what was dropped; a dropped file stands for the folder it is in.
fn dropped_folders(paths: &[PathBuf]) -> Vec<String> {
    let mut folders: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            if path.is_dir() {
                Some(path.as_path())
            } else {
                path.parent().filter(|parent| parent.is_dir())
            }
        })
        .map(Path::to_string_lossy)
        .map(Into::into)
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_files_stand_for_their_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src-tauri");
        let paths = [
            folder.clone(),
            folder.join("main.rs"),
            "/nowhere/at/all".into(),
        ];
        assert_eq!(dropped_folders(&paths), [folder.to_string_lossy()]);
    }

    #[test]
    fn only_the_programs_own_page_is_shown() {
        let own = |text: &str| is_own_page(&text.parse().unwrap());
        assert!(own("tauri://localhost/index.html"));
        assert!(!own("https://example.org/"));
        assert!(!own("file:///etc/passwd"));
    }
}
