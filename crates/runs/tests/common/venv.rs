//! The trackers themselves, from PyPI: a virtual environment made on first use and kept below
//! the target folder as long as `live/requirements.txt` stays as it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// What is installed, every version pinned.
const REQUIREMENTS: &str = include_str!("../live/requirements.txt");

/// Runs a command to its end; its output is the reason if it fails.
fn run(command: &mut Command) {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(
        output.status.success(),
        "The trackers for the live tests cannot be installed ({}): {command:?}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

/// The folder with the environment's programs. Made once; other test programs wait for it.
pub fn programs() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trackers");
        fs::create_dir_all(&root).unwrap();
        let lock = File::create(root.join("lock")).unwrap();
        lock.lock().unwrap();
        let venv = root.join("venv");
        let stamp = root.join("stamp");
        if fs::read_to_string(&stamp).is_ok_and(|made| made == REQUIREMENTS) {
            return venv.join("bin");
        }
        let _ = fs::remove_file(&stamp);
        if venv.exists() {
            fs::remove_dir_all(&venv).unwrap();
        }
        let list = root.join("requirements.txt");
        fs::write(&list, REQUIREMENTS).unwrap();
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        run(Command::new(venv.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--only-binary", ":all:"])
            .arg("--requirement")
            .arg(&list));
        fs::write(&stamp, REQUIREMENTS).unwrap();
        venv.join("bin")
    })
}

/// A program of the environment with nothing of this machine's set-up: no account, no
/// telemetry, `home` instead of the user's folder.
pub fn program(name: &str, home: &Path) -> Command {
    let mut command = Command::new(programs().join(name));
    command
        .env("HOME", home)
        .env("PYTHONWARNINGS", "ignore")
        .env("PYTHONUNBUFFERED", "1")
        .env("MLFLOW_ALLOW_FILE_STORE", "true")
        .env("MLFLOW_DISABLE_TELEMETRY", "true")
        .env("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        .env("WANDB_MODE", "offline")
        .env("WANDB_SILENT", "true")
        .env("WANDB_ERROR_REPORTING", "false")
        .env_remove("MLFLOW_TRACKING_URI")
        .current_dir(home);
    command
}
