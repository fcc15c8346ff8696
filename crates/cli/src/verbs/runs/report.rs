//! `kitbench runs report`: a saved review as HTML or Markdown.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use kitbench_engine::errors::io_error;
use kitbench_engine::reviews::{self, ENDING, FOLDER};
use kitbench_protocol::{ReportFormat, ThemeChoice};

use crate::failure::{Failure, Outcome};
use crate::output::{Output, finish};

#[derive(Debug, Args)]
pub struct Report {
    /// The review: its file, or its name among the reviews of this folder
    #[arg(value_name = "REVIEW")]
    review: PathBuf,

    /// File to write (.html, or .md with its pictures and tables in a folder beside it); standard
    /// output without
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What to write to standard output
    #[arg(long, value_name = "FORMAT", default_value = "html")]
    format: Format,

    /// Colours of the pictures
    #[arg(long, value_name = "THEME", default_value = "light")]
    theme: Theme,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Html,
    /// With the pictures inside
    Markdown,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Theme {
    Light,
    Dark,
}

impl Report {
    pub fn run(self, out: Output) -> Outcome {
        let path = place(&self.review);
        let review = reviews::read_at(&path, &path.display().to_string())?;
        let theme = match self.theme {
            Theme::Light => ThemeChoice::Light,
            Theme::Dark => ThemeChoice::Dark,
        };
        let Some(target) = &self.output else {
            let format = match self.format {
                Format::Html => ReportFormat::Html,
                Format::Markdown => ReportFormat::Markdown,
            };
            if matches!(format, ReportFormat::Html) && std::io::stdout().is_terminal() {
                return Err(Failure::misuse(
                    "A report with pictures is of no use on a terminal.",
                    "Name a file with --output, as in `-o report.html`.",
                ));
            }
            let file = reviews::exported(&review, format, theme)?;
            let mut stdout = std::io::stdout().lock();
            return finish(stdout.write_all(&file.bytes).and_then(|()| stdout.flush()));
        };
        let ending = target
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        let written = match ending.as_str() {
            "html" | "htm" => {
                let file = reviews::exported(&review, ReportFormat::Html, theme)?;
                std::fs::write(target, file.bytes)
                    .map_err(|error| io_error("write", target, &error))?;
                vec![target.clone()]
            }
            "md" | "markdown" => reviews::write_markdown(&review, target, theme)?,
            _ => {
                return Err(Failure::misuse(
                    format!("The ending of {} tells no format.", target.display()),
                    "Use .html or .md.",
                ));
            }
        };
        let paths: Vec<String> = written
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        out.show(&serde_json::json!({ "written": paths }), |out| {
            writeln!(out, "Wrote {}", paths.first().map_or("", String::as_str))?;
            match paths.len() {
                0 | 1 => Ok(()),
                more => writeln!(out, "and {} files beside it", more - 1),
            }
        })
    }
}

/// A path that is there, else the review of that name below this folder.
fn place(review: &Path) -> PathBuf {
    if review.exists() {
        return review.to_path_buf();
    }
    let name = review.to_string_lossy();
    match reviews::file_of(&name) {
        Ok(file) if Path::new(&file).exists() => PathBuf::from(file),
        _ => {
            let plain = Path::new(FOLDER).join(format!("{name}{ENDING}"));
            if plain.exists() {
                plain
            } else {
                review.to_path_buf()
            }
        }
    }
}
