//! The program itself: what runs where, settings, folder browsing.

use serde::{Deserialize, Serialize};

/// Asks for [`AppInfo`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetApp;

/// Which door the front end came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Door {
    /// The desktop window: native dialogs, drag and drop of folders.
    Window,
    /// A browser tab: folders are chosen with [`BrowseFolder`], files are downloads.
    Browser,
}

/// Facts that do not change while the program runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppInfo {
    pub protocol_version: u32,
    /// Kitbench's version, e.g. `0.1.0`.
    pub version: String,
    /// Short commit of the build, or empty.
    pub commit: String,
    pub door: Door,
    /// `linux`, `macos` or `windows`.
    pub platform: String,
    /// The user's home folder; paths below it are drawn with `~`.
    pub home_folder: String,
    /// The folder shared with `kit` (`KITOPS_HOME` or its default place).
    pub kit_home: String,
    /// Where the example is copied unless the user says otherwise.
    pub example_target: String,
    /// Where Kitbench keeps its own state.
    pub state_folder: String,
    /// Open this project at once (`--example`, or a folder given on the command line).
    pub open_project: Option<crate::ProjectId>,
}

/// Asks for [`Settings`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetSettings;

/// Stores all settings; answers with what is now in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetSettings(pub Settings);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThemeChoice {
    #[default]
    System,
    Dark,
    Light,
}

/// Where secrets of registries are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretStore {
    /// The system's key store (Secret Service, Keychain, Credential Manager).
    #[default]
    System,
    /// `credentials.json` in the kit home, as `kit login` writes it: readable by anyone
    /// who can read the file.
    KitFile,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub theme: ThemeChoice,
    /// 0.8 to 2.0.
    pub zoom: f32,
    /// Layers moved at the same time, 1 to 8.
    pub layers_at_once: u8,
    pub secret_store: SecretStore,
    /// Continue interrupted transfers when the program starts.
    pub resume_transfers: bool,
    /// Widths, open groups, sort orders: opaque to the engine, keyed by screen.
    pub view_state: std::collections::BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            theme: ThemeChoice::System,
            zoom: 1.0,
            layers_at_once: 3,
            secret_store: SecretStore::System,
            resume_transfers: false,
            view_state: Default::default(),
        }
    }
}

/// Asks for the figures of the status bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetStatus;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    pub watched_folders: u32,
    /// Bytes of all blobs in the local store, each counted once.
    pub store_bytes: u64,
    /// Free bytes on the store's disk.
    pub disk_free_bytes: u64,
    /// Bytes per second over the last seconds, all jobs together.
    pub upload_bytes_per_second: u64,
    pub download_bytes_per_second: u64,
    pub registries_reachable: u32,
    pub registries: u32,
    /// Where secrets really go on this computer, as a sentence.
    pub secret_store: String,
}

/// What first start finds on this computer, read only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindOnComputer;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Folders that hold a Kitfile, in the usual places.
    pub projects: Vec<String>,
    /// ModelKits in the local store.
    pub kits: u32,
    pub kit_bytes: u64,
    /// Hosts with a login in `kit`'s or Docker's files.
    pub logins: Vec<String>,
}

/// Lists a folder so that one can be chosen without a native dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowseFolder {
    /// `None` starts at the home folder.
    pub path: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderListing {
    pub path: String,
    pub parent: Option<String>,
    /// Whether this folder itself holds a Kitfile.
    pub has_kitfile: bool,
    /// Sub-folders, by name; hidden ones last.
    pub folders: Vec<FolderEntry>,
    /// Number of plain files here.
    pub files: u32,
    /// Shortcuts: home, the disk's root, mounted disks.
    pub places: Vec<FolderPlace>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderEntry {
    pub name: String,
    pub has_kitfile: bool,
    pub hidden: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderPlace {
    pub label: String,
    pub path: String,
}

/// Opens the native folder dialog. Window only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickFolder {
    pub title: String,
}

/// Asks where to save and writes the bytes there. Window only; a browser downloads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveFile {
    pub suggested_name: String,
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}

/// Shows a file or folder in the system's file manager. Window only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    pub path: String,
}

/// A file made by the engine, for saving or downloading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    pub suggested_name: String,
    pub media_type: String,
    #[serde(with = "serde_bytes")]
    pub bytes: Vec<u8>,
}
