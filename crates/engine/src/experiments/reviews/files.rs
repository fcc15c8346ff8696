//! Reviews as files to hand on: HTML, Markdown, pictures and tables.

use std::path::{Path, PathBuf};

use kitbench_protocol::{
    ChartFormat, ErrorKind, ErrorView, ExportReview, ExportedFile, ReportFormat, ReportRuns,
    ReviewChartFile, ThemeChoice, WriteReview,
};

use super::format::Review;
use super::report::Shown;
use super::{ENDING, inside, make_now, read};
use crate::Inner;
use crate::errors::io_error;
use crate::experiments::export::file_name;
use crate::experiments::view_of_runs;
use crate::kitfile;

/// A review as one file.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn exported(
    review: &Review,
    format: ReportFormat,
    theme: ThemeChoice,
) -> Result<ExportedFile, ErrorView> {
    let (ending, media_type, text) = match format {
        ReportFormat::Html => ("html", "text/html", review.html(theme)),
        ReportFormat::Markdown => ("md", "text/markdown", review.markdown_whole(theme)),
    };
    let name = if review.name.is_empty() {
        format!("{} runs", review.project)
    } else {
        review.name.clone()
    };
    Ok(ExportedFile {
        suggested_name: format!("{}.{ending}", file_name(&name)),
        media_type: media_type.into(),
        bytes: text.map_err(|error| view_of_runs(&error))?.into_bytes(),
    })
}

/// Answers [`ExportReview`].
pub(crate) fn export(inner: &Inner, call: &ExportReview) -> Result<ExportedFile, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    exported(&read(&folder, &call.file)?, call.format, call.theme)
}

/// Answers [`ReportRuns`].
pub(crate) fn report(inner: &Inner, call: &ReportRuns) -> Result<ExportedFile, ErrorView> {
    exported(
        &make_now(inner, call.project, &call.spec)?,
        call.format,
        call.theme,
    )
}

/// Writes the Markdown of a review to `target`, and what it leads to into a folder beside it with
/// the name of the file without its ending; answers the paths written.
///
/// # Errors
/// When a chart cannot be drawn or a file not be written.
pub fn write_markdown(
    review: &Review,
    target: &Path,
    theme: ThemeChoice,
) -> Result<Vec<PathBuf>, ErrorView> {
    let stem = target
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let (text, files) = review
        .markdown_beside(&stem, theme)
        .map_err(|error| view_of_runs(&error))?;
    let folder = target.with_file_name(&stem);
    if !files.is_empty() {
        std::fs::create_dir_all(&folder)
            .map_err(|error| io_error("make the folder", &folder, &error))?;
    }
    let mut written = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        kitfile::write_beside(&path, &file.bytes)?;
        written.push(path);
    }
    kitfile::write_beside(target, text.as_bytes())?;
    written.insert(0, target.to_path_buf());
    Ok(written)
}

/// Answers [`WriteReview`].
pub(crate) fn write_files(inner: &Inner, call: &WriteReview) -> Result<Vec<String>, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let review = read(&folder, &call.file)?;
    let path = inside(&folder, &call.file)?;
    let stem = call.file.trim_end_matches(ENDING);
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    let written = write_markdown(
        &review,
        &path.with_file_name(format!("{stem}.md")),
        call.theme,
    )?;
    let shown = written.iter().map(|path| {
        let below = path.strip_prefix(&folder).unwrap_or(path);
        below.display().to_string().replace('\\', "/")
    });
    Ok(shown.collect())
}

/// Answers [`ReviewChartFile`].
pub(crate) fn chart_file(inner: &Inner, call: &ReviewChartFile) -> Result<ExportedFile, ErrorView> {
    let folder = crate::projects::folder(inner, call.project)?;
    let review = read(&folder, &call.file)?;
    let at = call.chart as usize;
    let charts = review.charts.iter().map(Shown::Chart);
    let mut all = charts.chain(review.plots.iter().map(Shown::Plot));
    let shown = all.nth(at).ok_or_else(|| {
        ErrorView::new(
            ErrorKind::NotFound,
            format!("The review has no chart {}.", call.chart + 1),
            "It was saved anew meanwhile; open it again.",
        )
    })?;
    let view = |error| view_of_runs(&error);
    let (ending, media_type, bytes) = match call.format {
        ChartFormat::Svg => (
            "svg",
            "image/svg+xml",
            review.svg(shown, call.theme).map_err(view)?.into_bytes(),
        ),
        ChartFormat::Png => (
            "png",
            "image/png",
            review.png(shown, call.theme).map_err(view)?,
        ),
        ChartFormat::Csv => {
            let bytes = match shown {
                Shown::Chart(drawn) => review.csv(drawn).into_bytes(),
                Shown::Plot(kept) => review.plot_csv(kept)?,
            };
            ("csv", "text/csv", bytes)
        }
    };
    Ok(ExportedFile {
        suggested_name: format!("{}.{ending}", file_name(&shown.name())),
        media_type: media_type.into(),
        bytes,
    })
}
