//! Reviews: what was compared, said and shown, kept in `reviews/` of the project.

mod files;
pub mod format;
mod kept;
mod plain;
pub mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kitbench_protocol::{
    EditReview, ErrorKind, ErrorView, EventKind, GetSeries, PackReview, ProjectId, ReviewRow,
    ReviewSpec, ReviewView, RunMark, SaveReview,
};

use super::{ProjectRuns, attach, columns, lock, series};
use crate::Inner;
use crate::errors::{io_error, sentence};
use crate::kitfile;
use crate::state::now_ms;
pub(crate) use files::{chart_file, export, report, write_files};
pub use files::{exported, write_markdown};
use format::{Curve, Drawn, Final, Review, ReviewError, ReviewRun, colour_text, state_text};
use kept::{Bands, KeptPlot};

/// Where reviews lie in a project.
pub const FOLDER: &str = "reviews";
/// How their files end.
pub const ENDING: &str = ".review.json";
/// Pixel columns that curves are reduced to.
const COLUMNS: u32 = 640;
/// Size of the pictures, in pixels.
const SIZE: (u32, u32) = (1040, 520);
/// Most runs and charts of one review.
const MOST_RUNS: usize = 200;
const MOST_CHARTS: usize = 100;

/// Makes a review of what the project's runs are now.
///
/// # Errors
/// When a chosen run is not there, or there are too many.
pub fn make(
    runs: &mut ProjectRuns,
    spec: &ReviewSpec,
    marks: &[RunMark],
    project: &str,
) -> Result<Review, ErrorView> {
    if spec.runs.is_empty() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            "A review needs at least one run.",
            "Tick the runs it is about.",
        ));
    }
    if spec.runs.len() > MOST_RUNS || spec.charts.len() + spec.plots.len() > MOST_CHARTS {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("A review holds at most {MOST_RUNS} runs and {MOST_CHARTS} charts."),
            "Tick fewer runs, or make several reviews.",
        ));
    }
    let mut chosen = Vec::new();
    {
        let found = runs.runs();
        for wanted in &spec.runs {
            let run = found
                .iter()
                .find(|found| found.id == wanted.id)
                .ok_or_else(super::run_is_gone)?;
            chosen.push(review_run(run.run, wanted, marks));
        }
    }
    let ids: Vec<String> = spec.runs.iter().map(|run| run.id.clone()).collect();
    let mut charts = Vec::new();
    for chart in &spec.charts {
        let call = GetSeries {
            project: ProjectId(0),
            runs: ids.clone(),
            metric: chart.metric.clone(),
            x_axis: chart.x_axis,
            x_range: chart.x_range,
            width: COLUMNS,
            smoothing: chart.smoothing,
            options: chart.options.clone(),
        };
        charts.push(Drawn {
            metric: chart.metric.clone(),
            x_axis: chart.x_axis,
            x_range: chart.x_range,
            log_y: chart.log_y,
            smoothing: chart.smoothing,
            options: chart.options.clone(),
            curves: series::curves(runs, &call)?
                .iter()
                .map(Curve::new)
                .collect(),
            bands: Bands::of(runs, chart)?,
        });
    }
    let plots = spec.plots.iter();
    let plots: Result<_, _> = plots.map(|plot| KeptPlot::of(runs, &ids, plot)).collect();
    let now = now_ms();
    Ok(Review {
        kitbench_review: format::VERSION,
        name: spec.name.trim().to_owned(),
        project: project.to_owned(),
        created_ms: now,
        saved_ms: now,
        verdict: spec.verdict,
        note: spec.note.clone(),
        filter: spec.filter.clone(),
        view: spec.view.clone(),
        runs: chosen,
        charts,
        plots: plots?,
    })
}

fn review_run(
    run: &kitbench_runs::Run,
    wanted: &kitbench_protocol::ExportRun,
    marks: &[RunMark],
) -> ReviewRun {
    let mark = marks.iter().find(|mark| mark.run == wanted.id);
    let metrics: BTreeMap<String, Final> = run
        .metrics
        .iter()
        .filter_map(|(name, metric)| Some((name.clone(), Final::new(&columns::summary(metric)?))))
        .collect();
    ReviewRun {
        id: wanted.id.clone(),
        name: if wanted.label.is_empty() {
            run.name.clone()
        } else {
            wanted.label.clone()
        },
        colour: colour_text(wanted.color),
        source: columns::source_name(run.source).into(),
        path: run.path.display().to_string(),
        state: state_text(columns::state(run.state)).into(),
        start_ms: run.start_ms,
        end_ms: run.end_ms,
        duration_ms: run.duration_ms(),
        experiment: run.experiment.clone(),
        git_commit: run.git_commit.clone(),
        datasets: run.datasets.clone(),
        starred: mark.is_some_and(|mark| mark.starred),
        note: mark.map(|mark| mark.note.clone()).unwrap_or_default(),
        params: run.flat_params().into_iter().collect(),
        tags: run.tags.clone(),
        metrics,
        problems: run
            .problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect(),
    }
}

/// The file name for a review's name.
///
/// # Errors
/// When nothing of it can stand in a file name.
pub fn file_of(name: &str) -> Result<String, ErrorView> {
    let mut plain = String::new();
    for c in name.trim().to_lowercase().chars() {
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            plain.push(c);
        } else if !plain.is_empty() && !plain.ends_with('-') {
            plain.push('-');
        }
    }
    let plain: String = plain.chars().take(80).collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.is_empty() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            "The review needs a name.",
            "Write one with letters or digits, like `July candidates`.",
        ));
    }
    Ok(format!("{FOLDER}/{plain}{ENDING}"))
}

/// Reads a review of the project in `folder`.
///
/// # Errors
/// When it is not there, too large, or no review.
pub fn read(folder: &Path, file: &str) -> Result<Review, ErrorView> {
    let path = inside(folder, file)?;
    read_at(&path, file)
}

/// Reads the review at `path`, which `shown` names in errors.
///
/// # Errors
/// As [`read`].
pub fn read_at(path: &Path, shown: &str) -> Result<Review, ErrorView> {
    let size = std::fs::metadata(path)
        .map_err(|error| io_error("open the review", path, &error))?
        .len();
    if size > format::MAX_BYTES {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{shown}` has {size} bytes, which no review has."),
            "",
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| io_error("open the review", path, &error))?;
    Review::parse(&bytes, shown).map_err(|error| view_of_review(&error))
}

fn view_of_review(error: &ReviewError) -> ErrorView {
    let hint = match error {
        ReviewError::Malformed { .. } => "It may have been edited by hand; save it anew.",
        ReviewError::Newer { .. } => "Open it with the newer Kitbench.",
    };
    ErrorView::new(ErrorKind::Invalid, sentence(&error.to_string()), hint)
}

/// Writes a review below the project in `folder`, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, file: &str, review: &Review) -> Result<(), ErrorView> {
    let path = inside(folder, file)?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| io_error("make the folder", parent, &error))?;
    }
    kitfile::write_beside(&path, review.text().as_bytes())
}

/// The place of a review's file; names that lead elsewhere are refused.
fn inside(folder: &Path, file: &str) -> Result<PathBuf, ErrorView> {
    let name = file
        .strip_prefix(FOLDER)
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|name| {
            name.ends_with(ENDING) && !name.contains(['/', '\\', '\0']) && !name.starts_with('.')
        });
    name.map(|name| folder.join(FOLDER).join(name))
        .ok_or_else(|| {
            ErrorView::new(
                ErrorKind::Invalid,
                format!("`{file}` is not the file of a review."),
                format!("Reviews lie in `{FOLDER}/` and end in `{ENDING}`."),
            )
        })
}

fn row(folder: &Path, file: &str, review: &Result<Review, ErrorView>) -> ReviewRow {
    let packed = packed_files(folder).iter().any(|entry| entry == file);
    match review {
        Ok(review) => ReviewRow {
            file: file.to_owned(),
            name: review.name.clone(),
            verdict: review.verdict,
            saved_ms: review.saved_ms,
            runs: review.runs.len() as u32,
            charts: review.charts.len() as u32,
            packed,
            problem: None,
        },
        Err(error) => ReviewRow {
            file: file.to_owned(),
            name: file
                .rsplit('/')
                .next()
                .unwrap_or(file)
                .trim_end_matches(ENDING)
                .to_owned(),
            verdict: kitbench_protocol::Verdict::Open,
            saved_ms: 0,
            runs: 0,
            charts: 0,
            packed,
            problem: Some(error.message.clone()),
        },
    }
}

/// Paths of the Kitfile's docs.
fn packed_files(folder: &Path) -> Vec<String> {
    let text = kitfile::read(folder).ok().flatten().unwrap_or_default();
    let kitfile = kitbench_kitfile::parse(&text, kitbench_kitfile::Rules::Current).kitfile;
    let docs = kitfile.map(|kitfile| kitfile.docs).unwrap_or_default();
    docs.iter()
        .map(|doc| kitbench_kitfile::paths::clean_path(&doc.path))
        .collect()
}

/// Answers [`kitbench_protocol::ListReviews`].
pub(crate) fn list(inner: &Inner, project: ProjectId) -> Result<Vec<ReviewRow>, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    let Ok(entries) = std::fs::read_dir(folder.join(FOLDER)) else {
        return Ok(Vec::new());
    };
    let mut rows: Vec<ReviewRow> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(ENDING) && !name.starts_with('.'))
        .map(|name| {
            let file = format!("{FOLDER}/{name}");
            row(&folder, &file, &read(&folder, &file))
        })
        .collect();
    rows.sort_by(|a, b| {
        b.saved_ms
            .cmp(&a.saved_ms)
            .then_with(|| a.file.cmp(&b.file))
    });
    Ok(rows)
}

fn project_name(inner: &Inner, project: ProjectId) -> Result<String, ErrorView> {
    let rows = crate::projects::list(inner)?;
    let row = rows.into_iter().find(|row| row.id == project);
    Ok(row.map(|row| row.name).unwrap_or_default())
}

fn make_now(inner: &Inner, project: ProjectId, spec: &ReviewSpec) -> Result<Review, ErrorView> {
    let marks = super::marks(inner, project)?;
    let name = project_name(inner, project)?;
    for chart in &spec.charts {
        let chosen = spec.runs.iter().map(|run| &run.id);
        let metrics = series::metrics(&chart.metric, &chart.options);
        super::servers::fetch(inner, project, chosen, &metrics);
    }
    let runs = inner.experiments.of(inner, project)?;
    let mut runs = lock(&runs);
    make(&mut runs, spec, &marks, &name)
}

/// Answers [`SaveReview`].
pub(crate) fn save(inner: &Inner, call: &SaveReview) -> Result<ReviewRow, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let file = file_of(&call.spec.name)?;
    let mut review = make_now(inner, call.project, &call.spec)?;
    if let Some(before) = &call.file
        && let Ok(known) = read(&folder, before)
    {
        review.created_ms = known.created_ms;
    }
    free(&folder, &file, call.file.as_deref())?;
    write(&folder, &file, &review)?;
    if let Some(before) = call.file.as_deref().filter(|before| *before != file) {
        moved(&folder, before, &file)?;
    }
    inner.events.send(EventKind::Runs(call.project));
    Ok(row(&folder, &file, &Ok(review)))
}

/// Another review must not be lost to a name.
fn free(folder: &Path, file: &str, own: Option<&str>) -> Result<(), ErrorView> {
    if own != Some(file) && inside(folder, file)?.exists() {
        return Err(ErrorView::new(
            ErrorKind::Conflict,
            format!("There is a review at `{file}` already."),
            "Give this one another name.",
        ));
    }
    Ok(())
}

/// Takes the old file of a renamed review away; the Kitfile follows.
fn moved(folder: &Path, before: &str, after: &str) -> Result<(), ErrorView> {
    let path = inside(folder, before)?;
    if packed_files(folder).iter().any(|entry| entry == before) {
        let text = kitfile::read(folder)?.unwrap_or_default();
        let text = attach::without(&text, before)?;
        let text = attach::with(&text, after, DESCRIPTION)?;
        write_kitfile(folder, &text)?;
    }
    std::fs::remove_file(&path).map_err(|error| io_error("remove", &path, &error))
}

/// What the docs entry of a review says.
const DESCRIPTION: &str = "Review of the runs compared";

fn write_kitfile(folder: &Path, text: &str) -> Result<(), ErrorView> {
    let (path, _) = kitfile::path(folder);
    kitfile::write_beside(&path, text.as_bytes())
}

/// Answers [`kitbench_protocol::GetReview`].
pub(crate) fn get(inner: &Inner, project: ProjectId, file: &str) -> Result<ReviewView, ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    let review = read(&folder, file)?;
    let curves = |drawn: &Drawn| drawn.curves.iter().map(Curve::view).collect();
    let bands = |drawn: &Drawn| drawn.bands.as_ref().map(Bands::views).unwrap_or_default();
    Ok(ReviewView {
        created_ms: review.created_ms,
        spec: review.spec(),
        table: review.table(),
        curves: review.charts.iter().map(curves).collect(),
        bands: review.charts.iter().map(bands).collect(),
        plots: review.plots.iter().map(KeptPlot::view).collect(),
        honesty: review
            .charts
            .iter()
            .map(|drawn| review.honesty(drawn))
            .collect(),
        row: row(&folder, file, &Ok(review)),
    })
}

/// Answers [`EditReview`].
pub(crate) fn edit(inner: &Inner, call: &EditReview) -> Result<ReviewRow, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let mut review = read(&folder, &call.file)?;
    let renamed = review.name != call.name.trim();
    call.name.trim().clone_into(&mut review.name);
    review.verdict = call.verdict;
    review.note.clone_from(&call.note);
    review.saved_ms = now_ms();
    let file = if renamed {
        file_of(&call.name)?
    } else {
        call.file.clone()
    };
    free(&folder, &file, Some(&call.file))?;
    write(&folder, &file, &review)?;
    if file != call.file {
        moved(&folder, &call.file, &file)?;
    }
    inner.events.send(EventKind::Runs(call.project));
    Ok(row(&folder, &file, &Ok(review)))
}

/// Answers [`kitbench_protocol::DeleteReview`].
pub(crate) fn delete(inner: &Inner, project: ProjectId, file: &str) -> Result<(), ErrorView> {
    let folder = crate::projects::folder(inner, project)?;
    let path = inside(&folder, file)?;
    std::fs::remove_file(&path).map_err(|error| io_error("remove", &path, &error))?;
    if packed_files(&folder).iter().any(|entry| entry == file) {
        let text = kitfile::read(&folder)?.unwrap_or_default();
        write_kitfile(&folder, &attach::without(&text, file)?)?;
    }
    inner.events.send(EventKind::Runs(project));
    Ok(())
}

/// Answers [`PackReview`].
pub(crate) fn pack(inner: &Inner, call: &PackReview) -> Result<ReviewRow, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let review = read(&folder, &call.file)?;
    let Some(text) = kitfile::read(&folder)? else {
        return Err(ErrorView::new(
            ErrorKind::NotFound,
            "The project has no Kitfile yet.",
            "Save one first; the review is listed there as a document.",
        ));
    };
    let changed = match call.packed {
        true => attach::with(&text, &call.file, DESCRIPTION)?,
        false => attach::without(&text, &call.file)?,
    };
    if changed != text {
        write_kitfile(&folder, &changed)?;
    }
    inner.events.send(EventKind::Runs(call.project));
    Ok(row(&folder, &call.file, &Ok(review)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_files_in_one_folder() {
        assert_eq!(
            file_of(" July: best of 3 ").unwrap(),
            "reviews/july-best-of-3.review.json"
        );
        assert_eq!(
            file_of("../../etc/passwd").unwrap(),
            "reviews/etc-passwd.review.json"
        );
        assert!(file_of(" / ").is_err());
        let folder = Path::new("/p");
        assert!(inside(folder, "reviews/a.review.json").is_ok());
        for bad in [
            "a.review.json",
            "reviews/../a.review.json",
            "reviews/x/a.review.json",
            "reviews/a.json",
            "/reviews/a.review.json",
            "reviews/.review.json",
        ] {
            assert!(inside(folder, bad).is_err(), "{bad}");
        }
    }
}
