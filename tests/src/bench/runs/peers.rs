//! The trackers' own Python packages, in an environment of their own below `target/bench`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// What is compared with. W&B reads run files in Python up to this version; newer ones read them in a
/// server program that has no reader to call.
const PACKAGES: &[&str] = &[
    "mlflow-skinny==3.17.2",
    "sqlalchemy",
    "alembic",
    "tensorboard==2.21.0",
    "wandb==0.21.4",
];

const SCRIPT: &str = include_str!("peers.py");

static PYTHON: OnceLock<PathBuf> = OnceLock::new();

/// What a peer took and what it found.
pub struct Peer {
    pub seconds: f64,
    /// Values read.
    pub count: u64,
    /// Their sum, which tells that both read the same.
    pub sum: f64,
}

/// Makes the environment below `folder` if it is not there.
pub fn prepare(folder: &Path) -> Result<()> {
    let home = folder.join("venv");
    let python = if cfg!(windows) {
        home.join("Scripts/python.exe")
    } else {
        home.join("bin/python")
    };
    let wanted = PACKAGES.join("\n");
    let installed = home.join("kitbench-packages");
    if std::fs::read_to_string(&installed).ok().as_deref() != Some(&wanted) {
        eprintln!("installing {}", PACKAGES.join(", "));
        let base = if cfg!(windows) { "python" } else { "python3" };
        succeed(Command::new(base).args(["-m", "venv"]).arg(&home))?;
        let quiet = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        succeed(Command::new(&python).args(quiet).args(PACKAGES))?;
        std::fs::write(&installed, wanted)?;
    }
    PYTHON
        .set(python)
        .map_err(|_| anyhow::anyhow!("the peers are prepared once"))
}

fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start {command:?}; Python 3.10 or newer is needed"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

fn call(job: &str, arguments: &Value) -> Result<Value> {
    let python = PYTHON.get().context("the peers are not prepared")?;
    let output = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT, job, &arguments.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start Python")?;
    if !output.status.success() {
        bail!("the peer's {job} ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().context("the peer printed nothing")?;
    Ok(serde_json::from_str(last)?)
}

fn measured(job: &str, arguments: &Value) -> Result<Peer> {
    eprintln!("the peer's {job}");
    let answer = call(job, arguments)?;
    let number = |name: &str| {
        answer[name]
            .as_f64()
            .with_context(|| format!("the peer's {job} tells no {name}"))
    };
    Ok(Peer {
        seconds: number("seconds")?,
        count: number("count")? as u64,
        sum: number("sum")?,
    })
}

/// `MlflowClient.search_runs` over all pages.
pub fn search(uri: &str, experiment: &str) -> Result<Peer> {
    measured("search", &json!([uri, experiment]))
}

/// `MlflowClient.get_metric_history` for each run.
pub fn history(uri: &str, metric: &str, runs: &[String]) -> Result<Peer> {
    measured("history", &json!([uri, metric, runs]))
}

/// `EventAccumulator` without sampling.
pub fn tensorboard(folder: &Path) -> Result<Peer> {
    measured("tensorboard", &json!([folder]))
}

/// `DataStore` and the records it finds.
pub fn wandb(file: &Path) -> Result<Peer> {
    measured("wandb", &json!([file]))
}

/// An MLflow database of so many runs, metrics and steps.
pub fn make_database(path: &Path, (runs, metrics, steps): (usize, usize, usize)) -> Result<()> {
    call("make_database", &json!([path, runs, metrics, steps])).map(drop)
}

/// The versions measured, in one line.
pub fn versions() -> Result<String> {
    let answer = call("versions", &json!([]))?;
    let all = answer.as_object().context("versions are an object")?;
    let parts: Vec<String> = all
        .iter()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()))
        .collect();
    Ok(parts.join(", "))
}
