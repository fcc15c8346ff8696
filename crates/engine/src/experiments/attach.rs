//! Attaching a run to a pack: the record is written into the project and the Kitfile gets a docs
//! entry for it, so that `kit` packs it too.

use std::path::Path;

use kitbench_kitfile::paths::clean_path;
use kitbench_kitfile::{Edit, FieldPath, Rules, parse};
use kitbench_modelkit::ignore::IgnoreRules;
use kitbench_protocol::{
    AttachChange, AttachChoice, AttachPlan, AttachedMetric, AttachedRun, Better, ErrorKind,
    ErrorView, MAX_CHOICES, PlanAttach, StartPack,
};
use kitbench_runs::{Run, RunState};

use super::record::{MAX_BYTES, PLACES, RunRecord, from_number};
use super::{FoundRun, ProjectRuns, columns, lock};
use crate::Inner;
use crate::errors::{io_error, sentence, view_of_kit};
use crate::kitfile;

/// What the docs entry says.
const DESCRIPTION: &str = "The run that produced this ModelKit";
/// Metrics named for a run that is offered.
const SHORT_METRICS: usize = 3;

/// What attaching (or detaching) a run does to a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attachment {
    /// Files to write, relative to the project; without bytes they are removed.
    files: Vec<(String, Option<Vec<u8>>)>,
    /// The Kitfile before and after; `None` when it stays.
    kitfile: Option<(String, String)>,
}

/// The record that lies in a project, with its path there. A file that is something else is not
/// one, whatever its name.
pub fn present(folder: &Path) -> Option<(String, RunRecord)> {
    PLACES.iter().find_map(|place| {
        let path = folder.join(place);
        if std::fs::metadata(&path).ok()?.len() > MAX_BYTES {
            return None;
        }
        let record = RunRecord::parse(&std::fs::read(&path).ok()?, place).ok()?;
        Some(((*place).to_owned(), record))
    })
}

/// What attaching `record` to the next pack of the project in `folder` changes; nothing attached
/// with `None`.
///
/// # Errors
/// When there is no Kitfile or it cannot be edited, or `.kitignore` leaves the record out.
pub fn plan(folder: &Path, record: Option<&RunRecord>) -> Result<Attachment, ErrorView> {
    let mut attachment = Attachment::default();
    let text = kitfile::read(folder)?;
    let place = match record {
        None => None,
        Some(record) => {
            if text.is_none() {
                return Err(ErrorView::new(
                    ErrorKind::NotFound,
                    format!("`{}` has no Kitfile to attach a run to.", folder.display()),
                    "Save a Kitfile first; the run is listed there as a document.",
                ));
            }
            let place = place(folder)?;
            let bytes = record.bytes();
            if std::fs::read(folder.join(place)).ok().as_ref() != Some(&bytes) {
                attachment.files.push((place.to_owned(), Some(bytes)));
            }
            Some(place)
        }
    };
    let stale = present(folder).filter(|(path, _)| Some(path.as_str()) != place);
    if let Some((path, _)) = &stale {
        attachment.files.push((path.clone(), None));
    }
    if let Some(before) = text {
        let mut after = before.clone();
        if let Some((path, _)) = &stale {
            after = without(&after, path)?;
        }
        if let Some(place) = place {
            after = with(&after, place, DESCRIPTION)?;
        }
        if after != before {
            attachment.kitfile = Some((before, after));
        }
    }
    Ok(attachment)
}

/// The first place that `.kitignore` lets through.
fn place(folder: &Path) -> Result<&'static str, ErrorView> {
    let rules = IgnoreRules::load(folder).map_err(|error| view_of_kit(&error))?;
    let mut pattern = None;
    for place in PLACES {
        match rules
            .ignored_by(place)
            .map_err(|error| view_of_kit(&error))?
        {
            None => return Ok(place),
            Some(by) => pattern = pattern.or(Some(by.pattern.to_owned())),
        }
    }
    let pattern = pattern.unwrap_or_default();
    Err(ErrorView::new(
        ErrorKind::Conflict,
        format!("`{pattern}` in .kitignore leaves the record of the run out of the pack."),
        format!("Add the line `!{}` at the end of .kitignore.", PLACES[0]),
    ))
}

/// The Kitfile with a docs entry for `path`, unless an entry covers it.
///
/// # Errors
/// When the text cannot be edited without changing more.
pub fn with(text: &str, path: &str, description: &str) -> Result<String, ErrorView> {
    if doc_places(text)
        .iter()
        .any(|(_, entry)| covers(entry, path))
    {
        return Ok(text.to_owned());
    }
    apply(
        text,
        Edit::Insert {
            section: FieldPath::root().key("docs"),
            index: None,
            fields: vec![
                ("path".into(), path.to_owned()),
                ("description".into(), description.to_owned()),
            ],
        },
    )
}

/// The Kitfile without the docs entry for exactly `path`.
///
/// # Errors
/// When the text cannot be edited without changing more.
pub fn without(text: &str, path: &str) -> Result<String, ErrorView> {
    let found = doc_places(text)
        .into_iter()
        .find(|(_, entry)| clean_path(entry) == path);
    match found {
        Some((at, _)) => apply(
            text,
            Edit::Remove {
                path: FieldPath::root().key("docs").index(at),
            },
        ),
        None => Ok(text.to_owned()),
    }
}

fn doc_places(text: &str) -> Vec<(usize, String)> {
    let kitfile = parse(text, Rules::Current).kitfile;
    let docs = kitfile.map(|kitfile| kitfile.docs).unwrap_or_default();
    docs.into_iter().map(|doc| doc.path).enumerate().collect()
}

fn covers(entry: &str, path: &str) -> bool {
    let entry = clean_path(entry);
    entry == path || entry == "." || path.starts_with(&format!("{entry}/"))
}

fn apply(text: &str, edit: Edit) -> Result<String, ErrorView> {
    kitbench_kitfile::apply(text, &[edit]).map_err(|error| {
        ErrorView::new(
            ErrorKind::Invalid,
            sentence(&error.to_string()),
            "Edit the Kitfile by hand; nothing was changed.",
        )
    })
}

impl Attachment {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.kitfile.is_none()
    }

    /// Writes the files, then the Kitfile, each in one step.
    ///
    /// # Errors
    /// When one cannot be written; those before it stay.
    pub fn write(&self, folder: &Path) -> Result<(), ErrorView> {
        for (place, bytes) in &self.files {
            let path = folder.join(place);
            match bytes {
                Some(bytes) => {
                    if let Some(parent) = path.parent() {
                        std::fs::create_dir_all(parent)
                            .map_err(|error| io_error("make the folder", parent, &error))?;
                    }
                    kitfile::write_beside(&path, bytes)?;
                }
                None => {
                    std::fs::remove_file(&path)
                        .map_err(|error| io_error("remove", &path, &error))?;
                    if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
                        // Stays if anything else is in it.
                        let _ = std::fs::remove_dir(parent);
                    }
                }
            }
        }
        if let Some((_, after)) = &self.kitfile {
            kitfile::write(folder, after)?;
        }
        Ok(())
    }

    fn view(&self) -> Option<AttachChange> {
        if self.is_empty() {
            return None;
        }
        let written = self.files.iter().find(|(_, bytes)| bytes.is_some());
        let file = written.or(self.files.first());
        let (mut added_lines, mut removed_lines) = (Vec::new(), Vec::new());
        if let Some((before, after)) = &self.kitfile {
            added_lines = lines_beyond(after, before);
            removed_lines = lines_beyond(before, after);
        }
        Some(AttachChange {
            path: file.map(|(path, _)| path.clone()).unwrap_or_default(),
            bytes: file.and_then(|(_, bytes)| Some(bytes.as_ref()?.len() as u64)),
            added_lines,
            removed_lines,
        })
    }
}

/// The lines of `text` between what it has in common with `other` at both ends.
fn lines_beyond(text: &str, other: &str) -> Vec<String> {
    let (text, other): (Vec<&str>, Vec<&str>) = (text.lines().collect(), other.lines().collect());
    let head = text.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let most = text.len().min(other.len()) - head;
    let pairs = text.iter().rev().zip(other.iter().rev());
    let tail = pairs.take(most).take_while(|(a, b)| a == b).count();
    let lines = text.get(head..text.len() - tail).unwrap_or_default();
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The run to attach without being told: the newest that finished.
pub fn suggested<'a>(runs: &[&'a Run]) -> Option<&'a Run> {
    let finished = runs
        .iter()
        .filter(|run| run.state == RunState::Finished && !run.metrics.is_empty());
    finished
        .max_by_key(|run| (run.end_ms.or(run.start_ms), run.start_ms))
        .copied()
}

/// The record of a run of a project.
///
/// # Errors
/// When there is no such run.
pub fn record(runs: &mut ProjectRuns, id: &str) -> Result<RunRecord, ErrorView> {
    let found = runs.runs().into_iter().find(|found| found.id == id);
    let run = found
        .map(|found| found.run.clone())
        .ok_or_else(super::run_is_gone)?;
    let root = runs.root.clone();
    Ok(RunRecord::new(&run, &root, &mut |metric| {
        runs.series(id, metric).ok()
    }))
}

/// Answers the pack dialog.
pub(crate) fn plan_attach(inner: &Inner, call: &PlanAttach) -> Result<AttachPlan, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let mut plan = AttachPlan {
        attached: present(&folder).map(|(path, record)| view(&record, &path)),
        ..AttachPlan::default()
    };
    {
        let mut found = runs.own_runs();
        let newest =
            |found: &FoundRun<'_>| std::cmp::Reverse(found.run.end_ms.or(found.run.start_ms));
        found.sort_by_key(newest);
        let all: Vec<&Run> = found.iter().map(|found| found.run).collect();
        let best = suggested(&all);
        plan.suggested = found
            .iter()
            .find(|found| best.is_some_and(|best| std::ptr::eq(best, found.run)))
            .map(|found| found.id.clone());
        plan.more_runs = found.len().saturating_sub(MAX_CHOICES) as u32;
        plan.runs = found.iter().take(MAX_CHOICES).map(choice).collect();
    }
    let record = call.run.as_deref().map(|id| record(&mut runs, id));
    let record = match record.transpose() {
        Ok(record) => record,
        Err(error) => {
            plan.problem = Some(error.message);
            return Ok(plan);
        }
    };
    match self::plan(&folder, record.as_ref()) {
        Ok(attachment) => plan.change = attachment.view(),
        Err(error) => plan.problem = Some(format!("{} {}", error.message, error.hint)),
    }
    Ok(plan)
}

fn choice(found: &FoundRun<'_>) -> AttachChoice {
    let run = found.run;
    AttachChoice {
        run: found.id.clone(),
        name: run.name.clone(),
        source: columns::source_name(run.source).into(),
        state: columns::state(run.state),
        at_ms: run.end_ms.or(run.start_ms),
        metrics: short_metrics(run),
    }
}

/// `val/loss 0.0712, val/accuracy 0.9512`: those whose better direction is known first, validation
/// before training.
pub fn short_metrics(run: &Run) -> String {
    let mut metrics: Vec<(&String, f64)> = run
        .metrics
        .iter()
        .filter_map(|(name, metric)| Some((name, metric.last?)))
        .collect();
    metrics.sort_by_key(|(name, _)| weight(name));
    let short = |(name, value): &(&String, f64)| format!("{name} {}", figure(*value));
    let texts: Vec<String> = metrics.iter().take(SHORT_METRICS).map(short).collect();
    texts.join(", ")
}

/// Sorts metrics by how much people decide by them: a known direction first, validation before
/// training.
pub fn weight(metric: &str) -> (bool, bool) {
    (
        columns::better(metric) == Better::Unknown,
        metric.starts_with("train"),
    )
}

/// Four significant figures.
pub fn figure(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    if !(1e-4..1e6).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    format!("{value:.*}", digits.clamp(0, 8) as usize)
}

/// Writes what the chosen run (or none) changes, before the project is packed.
pub(crate) fn before_pack(inner: &Inner, call: &StartPack, folder: &Path) -> Result<(), ErrorView> {
    let record = match &call.attached_run {
        None => None,
        Some(id) => {
            let runs = inner.experiments.of(inner, call.project)?;
            let mut runs = lock(&runs);
            Some(record(&mut runs, id)?)
        }
    };
    plan(folder, record.as_ref())?.write(folder)
}

/// A record as pages show it; `path` is where it lies in the kit.
pub fn view(record: &RunRecord, path: &str) -> AttachedRun {
    let run = record.run();
    AttachedRun {
        id: record.id.clone(),
        name: record.name.clone(),
        source: columns::source_name(record.kind()).into(),
        path: path.to_owned(),
        state: columns::state(record.state),
        start_ms: record.start_ms,
        end_ms: record.end_ms,
        experiment: record.experiment.clone(),
        git_commit: record.git_commit.clone(),
        datasets: record.datasets.clone(),
        note: record.note.clone(),
        params: run.flat_params(),
        tags: record
            .tags
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        metrics: record
            .metrics
            .iter()
            .filter_map(|(name, metric)| {
                let better = columns::better(name);
                let (best, best_step) = match better {
                    Better::Higher => (&metric.max, &metric.max_step),
                    Better::Lower => (&metric.min, &metric.min_step),
                    Better::Unknown => (&serde_json::Value::Null, &serde_json::Value::Null),
                };
                Some(AttachedMetric {
                    name: name.clone(),
                    last: from_number(&metric.last)?,
                    last_step: from_number(&metric.last_step),
                    best: from_number(best),
                    best_step: from_number(best_step),
                    better,
                    count: metric.count,
                })
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str) -> RunRecord {
        RunRecord::parse(
            format!(
                "{{\"kitbenchRun\": 1, \"id\": \"a\", \"name\": \"{name}\", \"source\": \"keras\",
                  \"path\": \"log.csv\", \"state\": \"finished\", \"params\": {{}}, \"metrics\": {{}}}}"
            )
            .as_bytes(),
            "run.json",
        )
        .unwrap()
    }

    const KITFILE: &str = "# mine\nmanifestVersion: 1.0.0\npackage:\n  name: a # b\nmodel:\n  path: m.bin\ndocs:\n  - path: README.md\n";

    #[test]
    fn attaching_and_detaching_leave_the_rest_of_the_kitfile_alone() {
        let folder = tempfile::tempdir().unwrap();
        let kitfile = folder.path().join("Kitfile");
        std::fs::write(&kitfile, KITFILE).unwrap();
        let attachment = plan(folder.path(), Some(&record("first"))).unwrap();
        let view = attachment.view().unwrap();
        assert_eq!(view.path, ".kitbench/run.json");
        assert_eq!(
            view.added_lines,
            [
                "  - path: .kitbench/run.json",
                "    description: The run that produced this ModelKit"
            ]
        );
        assert!(view.removed_lines.is_empty());
        attachment.write(folder.path()).unwrap();
        let text = std::fs::read_to_string(&kitfile).unwrap();
        assert!(text.starts_with(KITFILE), "{text}");
        assert!(
            plan(folder.path(), Some(&record("first")))
                .unwrap()
                .is_empty()
        );
        let second = plan(folder.path(), Some(&record("second"))).unwrap();
        assert!(second.kitfile.is_none(), "only the record is another one");
        second.write(folder.path()).unwrap();
        assert_eq!(present(folder.path()).unwrap().1.name, "second");
        plan(folder.path(), None)
            .unwrap()
            .write(folder.path())
            .unwrap();
        assert_eq!(std::fs::read_to_string(&kitfile).unwrap(), KITFILE);
        assert!(present(folder.path()).is_none());
        assert!(!folder.path().join(".kitbench").exists());
        assert!(plan(folder.path(), None).unwrap().is_empty());
    }

    #[test]
    fn ignore_rules_do_not_lose_the_record() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Kitfile"), KITFILE).unwrap();
        std::fs::write(folder.path().join(".kitignore"), ".*\n").unwrap();
        let attachment = plan(folder.path(), Some(&record("a"))).unwrap();
        assert_eq!(attachment.view().unwrap().path, "kitbench-run.json");
        std::fs::write(folder.path().join(".kitignore"), "**/*.json\n").unwrap();
        let error = plan(folder.path(), Some(&record("a"))).unwrap_err();
        assert!(error.message.contains("**/*.json"), "{error:?}");
        assert!(error.hint.contains("!.kitbench/run.json"), "{error:?}");
    }

    #[test]
    fn a_file_of_somebody_else_is_not_taken_for_a_record() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Kitfile"), KITFILE).unwrap();
        std::fs::write(folder.path().join("kitbench-run.json"), "{}").unwrap();
        assert!(present(folder.path()).is_none());
        assert!(plan(folder.path(), None).unwrap().is_empty());
        let none = tempfile::tempdir().unwrap();
        assert!(plan(none.path(), Some(&record("a"))).is_err());
        assert!(plan(none.path(), None).unwrap().is_empty());
    }

    #[test]
    fn an_entry_that_covers_the_record_is_enough() {
        let text = "docs:\n- path: ./.kitbench/\n";
        assert_eq!(with(text, PLACES[0], "x").unwrap(), text);
        assert_eq!(without(text, PLACES[0]).unwrap(), text);
    }
}
