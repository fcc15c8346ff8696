//! Operations on a store, done in a process of their own so that it can be killed or confined.
//!
//! A test file that uses this must have a test named `worker` that calls [`work`].

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::oci::{export, import};
use kitbench_modelkit::pack::PackOptions;
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::store::{Home, Store, Verification};
use kitbench_modelkit::unpack::{UnpackOptions, unpack};

use super::{Place, reference, write};

const OPERATION: &str = "KITBENCH_TEST_OPERATION";
const FOLDER: &str = "KITBENCH_TEST_FOLDER";
/// What a worker prints right before and right after its work.
pub const STARTED: &str = "worker: started";
pub const ENDED: &str = "worker: ended";

/// Everything that writes to the store or to a target folder.
pub const OPERATIONS: [&str; 5] = ["pack", "unpack", "tag", "remove", "import"];

/// The store of the scene in `folder`.
pub fn store(folder: &Path) -> Store {
    Store::new(Home::at(folder.join("home")))
}

/// Does one operation in the scene in `folder`.
pub fn operate(operation: &str, folder: &Path) -> kitbench_modelkit::Result<()> {
    let store = store(folder);
    let never = CancellationToken::new();
    match operation {
        "pack" => {
            let cache = FileCache::open(&folder.join("no-cache"));
            let options = PackOptions::new(folder.join("project"), reference("new:1"));
            kitbench_modelkit::pack::pack(&store, &options, &store, &cache, &Silent, &never)?;
        }
        "unpack" => {
            let kit = store.kit(&reference("old:1"))?;
            let options = UnpackOptions::new(folder.join("out"));
            unpack(&kit, &options, &store, &Silent, &never)?;
        }
        // Packs a project twice with a small change between, which makes the second layer from the first.
        "repack" => {
            let project = folder.join("old");
            super::settle(&project);
            let cache = FileCache::open(&folder.join("cache"));
            let options = PackOptions::new(&project, reference("again:1"));
            kitbench_modelkit::pack::pack(&store, &options, &store, &cache, &Silent, &never)?;
            let new = folder.join("new");
            std::fs::write(&new, "changed").unwrap();
            std::fs::rename(&new, project.join("src/1/1.py")).unwrap();
            kitbench_modelkit::pack::pack(&store, &options, &store, &cache, &Silent, &never)?;
        }
        "tag" => {
            store.tag(&reference("old:1"), &reference("r.example/other/name:2"))?;
        }
        "remove" => {
            store.remove(&reference("doomed:1"), false)?;
        }
        "import" => {
            let name = reference("unnamed");
            import(&store, &folder.join("kits.tar"), &name, &Silent, &never)?;
        }
        other => panic!("no operation {other}"),
    }
    Ok(())
}

/// In a worker process this does the work; as a test by itself it does nothing.
pub fn work() {
    let (Ok(operation), Some(folder)) = (std::env::var(OPERATION), std::env::var_os(FOLDER)) else {
        return;
    };
    say(STARTED);
    let done = operate(&operation, Path::new(&folder));
    say(ENDED);
    if let Err(error) = done {
        eprintln!("{error}");
        std::process::exit(3);
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n{line}")
        .and_then(|()| out.flush())
        .unwrap();
}

/// A process that does `operation` in the scene in `folder`; [`work`] tells how it gets on.
pub fn process(operation: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "worker", "--nocapture"])
        .env(OPERATION, operation)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// `bytes` bytes that look like weights: the same for the same `seed`, hardly to be compressed.
pub fn weights(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    (0..bytes)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b' ' + u8::try_from(state >> 58).unwrap())
        })
        .collect()
}

/// A scene in `folder`: a store with the kits `old:1` and `doomed:1`, which share a layer, the
/// project `project`, and the layout `kits.tar` with the kit `imported:1`. Each kit has `bytes`
/// bytes of weights and `files` small files.
pub fn scene(folder: &Path, bytes: usize, files: usize) {
    let project = |name: &str, seed: u64| -> PathBuf {
        let path = folder.join(name);
        let content = weights(seed, bytes);
        write(
            &path,
            &[
                (
                    "Kitfile",
                    "model: {path: w}\ncode: [{path: src}]\ndocs: [{path: shared}]\n",
                ),
                ("w", &content),
                ("shared", "in all kits"),
            ],
        );
        for number in 0..files {
            let name = format!("src/{}/{number}.py", number % 7);
            write(&path, &[(&name, &format!("{name} of {seed}\n").repeat(20))]);
        }
        path
    };
    let place = Place {
        store: store(folder),
        cache: FileCache::open(folder),
        folder: tempfile::tempdir().unwrap(),
    };
    for (seed, name) in ["old", "doomed", "imported"].into_iter().enumerate() {
        let options = PackOptions::new(project(name, seed as u64), reference(&format!("{name}:1")));
        place.pack(&options).unwrap();
    }
    export(
        &place.store,
        &[reference("imported:1")],
        &folder.join("kits.tar"),
        &BTreeSet::new(),
        &Silent,
        &CancellationToken::new(),
    )
    .unwrap();
    place.store.remove(&reference("imported:1"), false).unwrap();
    project("project", 9);
}

/// Hashes everything in the store of the scene in `folder`.
pub fn verify(folder: &Path) -> Verification {
    store(folder)
        .verify(false, &Silent, &CancellationToken::new())
        .unwrap()
}

/// What is in the store in `home`, without its lock.
pub fn content(home: &Path) -> Vec<super::Node> {
    let mut nodes = super::tree(home);
    nodes.retain(|(name, ..)| !name.ends_with(".kitbench/lock"));
    nodes
}
