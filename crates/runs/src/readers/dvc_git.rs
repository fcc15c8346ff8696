//! DVC experiments: earlier runs, kept by git under `refs/exps`, read from dvclive's folder or,
//! where there is none, from the files that `dvc.yaml` names.
//!
//! Read with the `git` program, by commands that only print objects.

use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::RunsError;
use crate::formats::{json, yaml};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::readers::whole_json::leaves;
use crate::readers::{dvc_project, dvclive};
use crate::scan::Source;

/// Largest blob read.
const LIMIT: u64 = 256 << 20;
/// What stands between the repository's folder and the ref in a unit's path.
const MARK: &str = ".git/refs/exps";

/// The source's folder itself, then one unit per experiment of its repository.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let mut units = vec![source.path.clone()];
    if let Some(repository) = repository(&source.path) {
        units.extend(experiments(&repository));
    }
    Ok(units)
}

/// Whether a unit's path is that of an experiment.
pub(crate) fn is_experiment(path: &Path) -> bool {
    split(path).is_some()
}

/// The repository a folder lies in, if it holds experiments: told without starting git.
pub(crate) fn repository(folder: &Path) -> Option<PathBuf> {
    let root = folder.ancestors().find(|path| path.join(".git").exists())?;
    let packed = || {
        std::fs::read_to_string(root.join(".git/packed-refs"))
            .is_ok_and(|refs| refs.contains(" refs/exps/"))
    };
    (root.join(MARK).is_dir() || packed()).then(|| root.to_path_buf())
}

fn git(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args([
            "--no-pager",
            "--literal-pathspecs",
            "-c",
            "core.fsmonitor=false",
            "-C",
        ])
        .arg(repository)
        .args(arguments)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stderr(Stdio::null());
    command
}

/// `refs/exps/<2>/<38>/<name>`, as paths inside the repository's `.git`.
fn experiments(repository: &Path) -> Vec<PathBuf> {
    let output = git(
        repository,
        &["for-each-ref", "--format=%(refname)", "refs/exps"],
    )
    .output();
    let Ok(output) = output else {
        return Vec::new();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("refs/exps/"));
    // Others under refs/exps are DVC's own: exec/…, stash, celery/….
    let kept = names.filter(|name| {
        let parts: Vec<&str> = name.split('/').collect();
        parts.len() == 3 && parts[0].len() == 2 && parts[1].len() == 38
    });
    kept.map(|name| repository.join(MARK).join(name)).collect()
}

/// Repository and ref of a unit's path.
fn split(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str()?;
    let (repository, name) = text.split_once(&format!("/{MARK}/"))?;
    Some((PathBuf::from(repository), format!("refs/exps/{name}")))
}

/// How the files of a commit become a run.
type ReadTree = fn(&Tree<'_>, &mut Loaded) -> Result<(), String>;

/// One experiment. Its commit never changes; the ref may move to another.
pub(crate) struct Experiment {
    folder: PathBuf,
    repository: PathBuf,
    reference: String,
    commit: Option<String>,
    loaded: Loaded,
    read: ReadTree,
}

/// The files of a commit below the source's folder.
pub(crate) struct Tree<'a> {
    repository: &'a Path,
    commit: &'a str,
    prefix: &'a str,
    /// The folder as it is now, to name files with.
    pub(crate) folder: &'a Path,
}

impl Tree<'_> {
    /// Files whose path below the folder is wanted, with that path.
    pub(crate) fn files(
        &self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<(String, Vec<u8>)>, String> {
        blobs(self.repository, self.commit, self.prefix, wanted)
    }
}

impl Experiment {
    /// An experiment of the folder or project that a source is.
    pub(crate) fn new(source: &Source, path: &Path) -> Self {
        let (repository, reference) = split(path).unwrap_or_default();
        let name = reference.rsplit('/').next().unwrap_or_default().to_owned();
        let run = Run::new(name, source.kind, source.path.clone());
        Self {
            folder: source.path.clone(),
            repository,
            reference,
            commit: None,
            loaded: Loaded::new(run),
            read: match source.kind {
                SourceKind::Dvc => dvc_project::read_tree,
                _ => live_folder,
            },
        }
    }

    fn read(&mut self, commit: &str, time: Option<i64>) -> Result<(), String> {
        let prefix = self
            .folder
            .strip_prefix(&self.repository)
            .map_err(|e| e.to_string())?;
        let prefix = prefix.to_string_lossy().replace('\\', "/");
        let old = &self.loaded.run;
        let mut run = Run::new(old.id.clone(), old.source, self.folder.clone());
        run.state = RunState::Finished;
        run.end_ms = time;
        run.git_commit = Some(commit.to_owned());
        let baseline: String = self
            .reference
            .trim_start_matches("refs/exps/")
            .chars()
            .filter(|c| *c != '/')
            .take(40)
            .collect();
        run.tags.insert("dvc.baseline".into(), baseline);
        let mut loaded = Loaded::new(run);
        let tree = Tree {
            repository: &self.repository,
            commit,
            prefix: &prefix,
            folder: &self.folder,
        };
        (self.read)(&tree, &mut loaded)?;
        loaded.settle();
        loaded.run.start_ms = loaded.columns.first_time_ms();
        self.loaded = loaded;
        Ok(())
    }
}

/// The files of dvclive's folder.
fn live_folder(tree: &Tree<'_>, loaded: &mut Loaded) -> Result<(), String> {
    let mut summary = Vec::new();
    let wanted =
        |path: &str| path.ends_with(".tsv") || path == "params.yaml" || path == "metrics.json";
    for (path, bytes) in tree.files(wanted)? {
        let shown = tree.folder.join(&path);
        if let Some(key) = path
            .strip_prefix("plots/metrics/")
            .and_then(|p| p.strip_suffix(".tsv"))
        {
            let mut columns = None;
            let mut at = 0;
            for line in bytes.split_inclusive(|&b| b == b'\n') {
                if let Some(text) = line.strip_suffix(b"\n") {
                    dvclive::row(key, text, at, &shown, &mut columns, loaded);
                }
                at += line.len() as u64;
            }
        } else if path == "params.yaml" {
            match yaml::params(&bytes) {
                Ok(params) => loaded.run.params = params,
                Err(error) => loaded.run.report(
                    &shown,
                    None,
                    format!("the parameters cannot be read: {error}"),
                ),
            }
        } else if path == "metrics.json" {
            match json::parse(&bytes) {
                Ok(values) => leaves(&values, &mut summary),
                Err(error) => {
                    loaded
                        .run
                        .report(&shown, None, format!("the summary cannot be read: {error}"))
                }
            }
        }
    }
    let pointless = summary
        .into_iter()
        .filter(|(key, _)| key != "step" && !loaded.columns.contains(key));
    loaded.run.summary = pointless.collect();
    Ok(())
}

/// The files wanted below `prefix` in a commit, with their path below it.
fn blobs(
    repository: &Path,
    commit: &str,
    prefix: &str,
    wanted_path: impl Fn(&str) -> bool,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let spec = if prefix.is_empty() { "." } else { prefix };
    let listed = git(
        repository,
        &["ls-tree", "-r", "-z", "--full-tree", commit, "--", spec],
    )
    .output()
    .map_err(|e| e.to_string())?;
    let mut wanted = Vec::new();
    for entry in listed.stdout.split(|&b| b == 0) {
        let text = String::from_utf8_lossy(entry);
        let Some((about, path)) = text.split_once('\t') else {
            continue;
        };
        let path = if prefix.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(prefix).and_then(|p| p.strip_prefix('/'))
        };
        let mut about = about.split(' ').skip(1);
        if let (Some(path), Some("blob"), Some(hash)) = (path, about.next(), about.next())
            && wanted_path(path)
        {
            wanted.push((path.to_owned(), hash.to_owned()));
        }
    }
    let mut child = git(repository, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let input = child.stdin.take();
    let asked: String = wanted.iter().map(|(_, hash)| format!("{hash}\n")).collect();
    // Asked from another thread: both pipes may fill.
    let asking =
        std::thread::spawn(move || input.map(|mut input| input.write_all(asked.as_bytes())));
    let read = child
        .stdout
        .take()
        .map_or_else(|| Ok(Vec::new()), |out| answers(out, wanted));
    let _ = asking.join();
    if read.is_err() {
        let _ = child.kill();
    }
    child.wait().map_err(|e| e.to_string())?;
    read
}

/// `<hash> blob <size>`, the bytes, a line end; per object asked for.
fn answers(
    out: impl Read,
    wanted: Vec<(String, String)>,
) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut out = std::io::BufReader::new(out);
    let mut found = Vec::new();
    for (path, hash) in wanted {
        let mut head = String::new();
        out.read_line(&mut head).map_err(|e| e.to_string())?;
        let size = head
            .trim_end()
            .rsplit(' ')
            .next()
            .and_then(|size| size.parse::<u64>().ok());
        let size = size
            .filter(|size| *size <= LIMIT)
            .ok_or_else(|| format!("git cannot give {path} ({hash})"))?;
        let mut bytes = Vec::new();
        (&mut out)
            .take(size)
            .read_to_end(&mut bytes)
            .map_err(|e| e.to_string())?;
        out.read_exact(&mut [0]).map_err(|e| e.to_string())?;
        found.push((path, bytes));
    }
    Ok(found)
}

impl Unit for Experiment {
    fn refresh(&mut self, _now_ms: i64) -> Result<bool, RunsError> {
        let fail = |message: String| RunsError::format(&self.folder, message);
        let format = "--format=%(objectname) %(committerdate:unix)";
        let output = git(&self.repository, &["for-each-ref", format, &self.reference])
            .output()
            .map_err(|e| fail(e.to_string()))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some((commit, time)) = text.trim().split_once(' ') else {
            return Err(fail(format!("git does not give {}", self.reference)));
        };
        if self.commit.as_deref() == Some(commit) {
            return Ok(false);
        }
        let time = time.parse::<i64>().ok().and_then(|s| s.checked_mul(1000));
        let read = self.read(commit, time);
        read.map_err(|message| {
            RunsError::format(&self.folder, format!("{}: {message}", self.reference))
        })?;
        self.commit = Some(commit.to_owned());
        Ok(true)
    }

    keeps_run_in!(loaded);
}
