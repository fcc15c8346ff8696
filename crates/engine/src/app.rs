//! The program itself: facts, settings, figures of the status bar, first look around.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kitbench_protocol::{AppInfo, ErrorView, EventKind, Found, PROTOCOL_VERSION, Settings, Status};

use crate::Inner;
use crate::errors::view_of_state;
use crate::folders;

pub fn info(inner: &Inner) -> AppInfo {
    let options = &inner.options;
    AppInfo {
        protocol_version: PROTOCOL_VERSION,
        version: env!("CARGO_PKG_VERSION").into(),
        commit: options.commit.clone(),
        door: options.door,
        platform: std::env::consts::OS.into(),
        home_folder: folders::home().display().to_string(),
        kit_home: options.kit_home.display().to_string(),
        example_target: options.example_target.display().to_string(),
        state_folder: options.state_folder.display().to_string(),
        open_project: inner.projects.opened(),
    }
}

pub fn settings(inner: &Inner) -> Result<Settings, ErrorView> {
    inner.state.settings().map_err(|e| view_of_state(&e))
}

/// Stores the settings with figures brought into their ranges.
pub fn set_settings(inner: &Inner, mut settings: Settings) -> Result<Settings, ErrorView> {
    settings.zoom = if settings.zoom.is_finite() {
        settings.zoom.clamp(0.8, 2.0)
    } else {
        1.0
    };
    settings.layers_at_once = settings.layers_at_once.clamp(1, 8);
    inner
        .state
        .save_settings(&settings)
        .map_err(|e| view_of_state(&e))?;
    inner.events.send(EventKind::Settings);
    Ok(settings)
}

pub fn status(inner: &Inner) -> Result<Status, ErrorView> {
    let store = crate::kits::store_bytes(inner);
    let (upload, download) = inner.jobs.speeds();
    let (registries_reachable, registries) = crate::registries::reachable_count(inner)?;
    Ok(Status {
        watched_folders: inner.watch.count(),
        store_bytes: store,
        disk_free_bytes: folders::disk_free(&inner.options.kit_home),
        upload_bytes_per_second: upload,
        download_bytes_per_second: download,
        registries_reachable,
        registries,
        secret_store: inner.credentials.sentence(&inner.state),
    })
}

/// Tells once a second while bytes move, so that the status bar's speeds follow; an
/// idle program sends nothing.
pub fn start_status_ticker(inner: &Arc<Inner>) {
    let weak = Arc::downgrade(inner);
    tokio::spawn(async move {
        let mut before = (0, 0);
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let Some(inner) = weak.upgrade() else { return };
            let now = inner.jobs.speeds();
            if now != before {
                before = now;
                inner.events.send(EventKind::Status);
            }
        }
    });
}

/// Folders with a Kitfile in the usual places, kits in the store, known logins. Reads
/// only, and not deep: first start must not crawl a disk.
pub fn find_on_computer(inner: &Inner) -> Found {
    let home = folders::home();
    let mut projects = Vec::new();
    for place in [
        "",
        "ml",
        "projects",
        "Projects",
        "work",
        "src",
        "code",
        "Documents",
        "kitbench",
    ] {
        let folder = home.join(place);
        if place.is_empty() || folder.is_dir() {
            collect_kitfile_folders(&folder, &mut projects);
        }
    }
    projects.sort();
    projects.dedup();
    projects.truncate(50);
    let (kits, kit_bytes) = crate::kits::count(inner);
    Found {
        projects,
        kits,
        kit_bytes,
        logins: inner.credentials.known_hosts(),
    }
}

fn collect_kitfile_folders(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten().take(2_000) {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && path.is_dir() && folders::has_kitfile(&path) {
            found.push(path.display().to_string());
        }
    }
}
