//! A small disk for one test alone, which can be full.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the small disk, set for the inner run.
const DISK: &str = "KITBENCH_TEST_DISK";

/// Runs the test `name` again with a disk of `size` for itself. `None` in the outer run, when that
/// has succeeded.
pub fn on_a_small_disk(name: &str, size: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(DISK) {
        return Some(disk.into());
    }
    let disk = tempfile::tempdir().unwrap();
    let mut attempts = String::new();
    // As root, or as anybody where user namespaces are allowed.
    for namespaces in [&["--mount"][..], &["--mount", "--map-root-user"]] {
        let mounts = Command::new("unshare")
            .args(namespaces)
            .args(["mount", "-t", "tmpfs", "tmpfs"])
            .arg(disk.path())
            .output()
            .unwrap_or_else(|error| panic!("unshare (of util-linux) is needed: {error}"));
        if !mounts.status.success() {
            attempts.push_str(&String::from_utf8_lossy(&mounts.stderr));
            continue;
        }
        let script = format!(r#"mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@""#);
        let inner = Command::new("unshare")
            .args(namespaces)
            .args(["sh", "-c", &script])
            .arg(disk.path())
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(DISK, disk.path())
            .output()
            .unwrap();
        assert!(
            inner.status.success(),
            "{}{}",
            String::from_utf8_lossy(&inner.stdout),
            String::from_utf8_lossy(&inner.stderr)
        );
        return None;
    }
    panic!(
        "this test must mount a small disk and may not ({}). Run it as root in a container with \
         `--cap-add SYS_ADMIN --security-opt apparmor=unconfined`, or allow user namespaces: \
         `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 kernel.unprivileged_userns_clone=1`",
        attempts.trim()
    );
}

/// Fills the disk up to `room` bytes, with a file `filler`.
pub fn fill(disk: &Path, room: u64) {
    let filler = disk.join("filler");
    let mut file = File::create(&filler).unwrap();
    let piece = vec![7; 64 << 10];
    while file.write_all(&piece).is_ok() {}
    let mut page = vec![7; 4 << 10];
    while !page.is_empty() {
        if file.write_all(&page).is_err() {
            page.truncate(page.len() / 2);
        }
    }
    let length = file.metadata().unwrap().len();
    file.set_len(length - room).unwrap();
}
