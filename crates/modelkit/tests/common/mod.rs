//! Projects and stores for tests.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod kits;
pub mod work;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::GzDecoder;
use kitbench_modelkit::cache::{FileCache, LayerCache};
use kitbench_modelkit::pack::{PackOptions, Packed, pack};
use kitbench_modelkit::progress::{CancellationToken, Observer, Silent, Step, StepState};
use kitbench_modelkit::store::{Home, Store};
use kitbench_modelkit::unpack::{Filter, UnpackOptions, Unpacked, unpack};
use kitbench_modelkit::{Digest, Reference, Result};
use tempfile::TempDir;

/// Every project of the corpus.
pub const PROJECTS: [&str; 9] = [
    "context", "empty", "files", "ignore", "overlap", "params", "prompts", "tree", "wine",
];

pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/corpus")
        .join(path)
}

/// Unpacks a `.tar.gz` with exactly the modes it states.
pub fn untar(archive: &Path, into: &Path) {
    let file = std::fs::File::open(archive).unwrap();
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    archive.set_preserve_permissions(true);
    archive.set_unpack_xattrs(false);
    archive.unpack(into).unwrap();
}

/// A project of the corpus, in a folder of its own.
pub fn project(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    untar(&data(&format!("{name}/project.tar.gz")), folder.path());
    folder
}

/// What `kit` made of a project.
pub fn expected(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(data(&format!("{name}/expected.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A store in a folder of its own.
pub struct Place {
    pub folder: TempDir,
    pub store: Store,
    pub cache: FileCache,
}

impl Place {
    pub fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(Home::at(folder.path()));
        let cache = FileCache::open(&store.home().cache());
        Place {
            folder,
            store,
            cache,
        }
    }

    pub fn pack(&self, options: &PackOptions) -> Result<Packed> {
        self.pack_with(options, &self.cache)
    }

    pub fn pack_with(&self, options: &PackOptions, cache: &dyn LayerCache) -> Result<Packed> {
        self.pack_watched(options, cache, &Silent)
    }

    pub fn pack_watched(
        &self,
        options: &PackOptions,
        cache: &dyn LayerCache,
        watcher: &dyn Observer,
    ) -> Result<Packed> {
        pack(
            &self.store,
            options,
            &self.store,
            cache,
            watcher,
            &CancellationToken::new(),
        )
    }

    pub fn unpack(&self, kit: &str, target: &Path, filters: &[&str]) -> Result<Unpacked> {
        let mut options = UnpackOptions::new(target);
        options.filters = filters
            .iter()
            .map(|filter| filter.parse::<Filter>().unwrap())
            .collect();
        self.unpack_with(kit, &options)
    }

    pub fn unpack_with(&self, kit: &str, options: &UnpackOptions) -> Result<Unpacked> {
        let kit = self.store.kit(&reference(kit))?;
        unpack(
            &kit,
            options,
            &self.store,
            &Silent,
            &CancellationToken::new(),
        )
    }
}

pub fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

/// Writes files given as (path, content), creating folders; modes 644 and 755.
pub fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
    }
    exact_modes(folder);
}

/// 755 for folders, 644 for files, whatever the umask.
pub fn exact_modes(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            exact_modes(&path);
        } else if metadata.is_file() {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        }
    }
}

/// A path, its mode, and the digest of a file's content.
pub type Node = (String, u32, Option<String>);

/// Every file and folder below `folder`, sorted. Links are left out.
pub fn tree(folder: &Path) -> Vec<Node> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(at) = pending.pop() {
        for entry in std::fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            let name = path
                .strip_prefix(folder)
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let mode = metadata.permissions().mode() & 0o7777;
            if metadata.is_dir() {
                found.push((name, mode, None));
                pending.push(path);
            } else if metadata.is_file() {
                found.push((
                    name,
                    mode,
                    Some(Digest::of(&std::fs::read(&path).unwrap()).short()),
                ));
            }
        }
    }
    found.sort();
    found
}

/// Waits until all files below `folder` were last changed long enough ago for their stamps to be trusted.
pub fn settle(folder: &Path) {
    // The change time cannot be set; wait for the clock to move past its grain.
    let newest = || {
        let mut newest = std::time::SystemTime::UNIX_EPOCH;
        for (path, ..) in tree(folder) {
            use std::os::unix::fs::MetadataExt as _;
            let metadata = std::fs::metadata(folder.join(path)).unwrap();
            let changed = std::time::UNIX_EPOCH
                + std::time::Duration::new(metadata.ctime() as u64, metadata.ctime_nsec() as u32);
            newest = newest.max(changed);
        }
        newest
    };
    let grain = std::time::Duration::from_millis(25);
    while newest().elapsed().unwrap_or_default() < grain {
        std::thread::yield_now();
    }
}

/// Records states and warnings, adds up bytes, and may do something at the first byte.
#[derive(Default)]
pub struct Watcher {
    pub steps: Mutex<Vec<Step>>,
    pub states: Mutex<Vec<(usize, StepState)>>,
    pub bytes: AtomicU64,
    pub warnings: Mutex<Vec<String>>,
    pub at_first_byte: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Observer for Watcher {
    fn steps(&self, steps: &[Step]) {
        *self.steps.lock().unwrap() = steps.to_vec();
    }
    fn state(&self, index: usize, state: StepState) {
        self.states.lock().unwrap().push((index, state));
    }
    fn bytes(&self, _: usize, delta: u64) {
        self.bytes.fetch_add(delta, Ordering::Relaxed);
        if let Some(action) = self.at_first_byte.lock().unwrap().take() {
            action();
        }
    }
    fn warning(&self, message: &str) {
        self.warnings.lock().unwrap().push(message.to_owned());
    }
}
