//! Finding and choosing runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use kitbench_engine::errors::io_error;
use kitbench_protocol::ErrorKind;
use kitbench_runs::filter::Filter;
use kitbench_runs::mapping::{Column, plain_source};
use kitbench_runs::server::{self, Address, Login};
use kitbench_runs::{
    Mapping, Problem, Reader, Refresh, Run, RunsError, Series, Skipped, Source, open_mapped, scan,
};
use serde::Serialize;

use crate::failure::{Failure, Outcome, sentence};
use crate::network::Network;

/// Which runs are meant.
#[derive(Debug, Args)]
pub struct Choice {
    /// A folder to search, one file or folder of a tracker, a ModelKit (local or on its registry), or
    /// the address of an MLflow server (http://…); MLFLOW_TRACKING_USERNAME and
    /// MLFLOW_TRACKING_PASSWORD sign in
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,

    /// Only runs that this lets through, as in 'metrics.val_loss < 0.3 and state != failed'
    #[arg(short, long, value_name = "EXPRESSION")]
    pub filter: Option<String>,

    /// Of a repository: one row per tag, with the run that made it
    #[arg(long)]
    pub tags: bool,

    /// Of a kit on a registry: look into all its layers, however large
    #[arg(long)]
    pub all_layers: bool,

    /// What columns of CSV, TSV and JSON lines mean, as in 'step=epoch,time=when,run=trial,param=lr';
    /// also metric= and ignored=. The others are guessed; `runs list --json` shows how
    #[arg(long, value_name = "ROLE=COLUMN,…")]
    pub map: Option<String>,

    #[command(flatten)]
    pub network: Network,
}

/// What was found.
pub struct Found {
    pub readers: Vec<Chosen>,
    pub skipped: Vec<Skipped>,
}

/// A source that could not be read, as JSON.
#[derive(Serialize)]
pub struct SkippedJson {
    pub path: String,
    pub why: String,
}

impl Found {
    /// All chosen runs with their readers.
    pub fn runs(&self) -> impl Iterator<Item = (&Chosen, &Run)> {
        self.readers
            .iter()
            .flat_map(|reader| reader.runs().into_iter().map(move |run| (reader, run)))
    }

    pub fn skipped_json(&self) -> Vec<SkippedJson> {
        let json = |skipped: &Skipped| SkippedJson {
            path: skipped.path.display().to_string(),
            why: skipped.why.clone(),
        };
        self.skipped.iter().map(json).collect()
    }

    /// Says on standard error what was passed over and what is damaged.
    pub fn warn(&self) {
        for skipped in &self.skipped {
            log::warn!("{}: {}", skipped.path.display(), skipped.why);
        }
        for reader in &self.readers {
            reader
                .problems()
                .iter()
                .for_each(|problem| log::warn!("{problem}"));
        }
        for (_, run) in self.runs() {
            for problem in &run.problems {
                log::warn!("Run {}: {problem}", run.name);
            }
        }
    }
}

impl Choice {
    /// What was asked for, to be shown: an address without its login.
    pub fn place(&self) -> String {
        let path = self.path.display().to_string();
        match Address::parse(&path) {
            Ok((address, _)) => address.to_string(),
            Err(_) => path,
        }
    }

    /// Of runs that were found elsewhere than below the path.
    pub fn of_readers(&self, readers: Vec<Box<dyn Reader>>) -> Outcome<Found> {
        let filter = self.filter.as_deref().map(parse).transpose()?;
        let chosen = readers.into_iter();
        Ok(Found {
            readers: chosen
                .map(|reader| Chosen::new(reader, filter.as_ref()))
                .collect(),
            skipped: Vec::new(),
        })
    }

    /// Reads all sources below the path. One that cannot be read is among the skipped ones; the
    /// others still count.
    pub fn find(&self) -> Outcome<Found> {
        let filter = self.filter.as_deref().map(parse).transpose()?;
        if let Some(address) = self.path.to_str().filter(|text| Address::is_meant(text)) {
            let reader = connect(address)?;
            return Ok(Found {
                readers: vec![Chosen::new(reader, filter.as_ref())],
                skipped: Vec::new(),
            });
        }
        if let Err(error) = std::fs::metadata(&self.path) {
            return Err(io_error("read", &self.path, &error).into());
        }
        let mapping = match &self.map {
            None => Mapping::default(),
            Some(text) => Mapping::parse(text)
                .map_err(|error| Failure::misuse(sentence(&error.to_string()), ""))?,
        };
        let mut found = scan(&self.path)?;
        if self.map.is_some() && found.sources.is_empty() && self.path.is_file() {
            // Whoever says what its columns mean takes it for a table.
            found.sources.extend(plain_source(&self.path, &self.path));
            found.skipped.clear();
        }
        let mut readers = Vec::new();
        let mut skipped = found.skipped;
        for source in &found.sources {
            match open_mapped(source, &mapping) {
                Ok(reader) => readers.push(Chosen::new(reader, filter.as_ref())),
                Err(error) => skipped.push(Skipped {
                    path: source.path.clone(),
                    why: error.to_string(),
                }),
            }
        }
        Ok(Found { readers, skipped })
    }
}

/// A tracking server. A login in the address counts more than MLflow's variables.
fn connect(address: &str) -> Outcome<Box<dyn Reader>> {
    let (address, login) = Address::parse(address)?;
    let login = match login {
        Login::None => Login::from_variables(|name| std::env::var(name).ok()),
        given => given,
    };
    Ok(server::connect(&address, &login)?)
}

fn parse(text: &str) -> Outcome<Filter> {
    Filter::parse(text).map_err(|error| {
        let rest = text.get(error.start..).unwrap_or_default();
        let place = if rest.is_empty() { "at its end".into() } else { format!("at `{rest}`") };
        Failure::misuse(
            format!("The filter cannot be understood {place}: {}.", error.message),
            "Filters are like: metrics.val_loss < 0.3 and params.lr ~ \"1e-.*\" and state != failed",
        )
    })
}

/// A reader of which only some runs are wanted.
pub struct Chosen {
    reader: Box<dyn Reader>,
    /// Ids; all without.
    only: Option<BTreeSet<String>>,
}

impl Chosen {
    fn new(reader: Box<dyn Reader>, filter: Option<&Filter>) -> Chosen {
        let only = filter.map(|filter| {
            let runs = reader.runs();
            let kept = runs.into_iter().filter(|run| filter.matches(run));
            kept.map(|run| run.id.clone()).collect()
        });
        Chosen { reader, only }
    }

    /// Narrows the choice to these runs.
    pub fn keep(&mut self, ids: BTreeSet<String>) {
        self.only = Some(match self.only.take() {
            Some(before) => before.intersection(&ids).cloned().collect(),
            None => ids,
        });
    }
}

impl Reader for Chosen {
    fn source(&self) -> &Source {
        self.reader.source()
    }

    fn runs(&self) -> Vec<&Run> {
        let mut runs = self.reader.runs();
        if let Some(only) = &self.only {
            runs.retain(|run| only.contains(&run.id));
        }
        runs
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        self.reader.refresh()
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        self.reader.series(run, key)
    }

    fn problems(&self) -> Vec<Problem> {
        self.reader.problems()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        self.reader.columns()
    }
}

/// Narrows what was found to the runs named, each by its id, its name, or the beginning of its id;
/// gives their places in the order named.
pub fn choose(found: &mut Found, names: &[String]) -> Outcome<Vec<(usize, String)>> {
    let mut chosen = Vec::new();
    for name in names {
        let matching = |test: &dyn Fn(&Run) -> bool| -> Vec<(usize, String)> {
            let readers = found.readers.iter().enumerate();
            readers
                .flat_map(|(at, reader)| {
                    let runs = reader.runs().into_iter().filter(|run| test(run));
                    runs.map(move |run| (at, run.id.clone()))
                        .collect::<Vec<_>>()
                })
                .collect()
        };
        let mut matches = matching(&|run| run.id == *name);
        if matches.is_empty() {
            matches = matching(&|run| run.name == *name);
        }
        if matches.is_empty() && name.len() >= 4 {
            matches = matching(&|run| run.id.starts_with(name.as_str()));
        }
        match matches.len() {
            0 => {
                return Err(Failure::failed(
                    ErrorKind::NotFound,
                    format!("There is no run `{name}`."),
                    "`kitbench runs list` shows the runs; name one by its id or its name.",
                ));
            }
            1 => chosen.extend(matches.pop()),
            count => {
                return Err(Failure::misuse(
                    format!("`{name}` means {count} runs."),
                    "Name it by its id; `kitbench runs list` shows them.",
                ));
            }
        }
    }
    for (at, reader) in found.readers.iter_mut().enumerate() {
        let ids = chosen.iter().filter(|(reader, _)| *reader == at);
        reader.keep(ids.map(|(_, id)| id.clone()).collect());
    }
    Ok(chosen)
}

/// A number as JSON; what JSON has no number for is the text `NaN`, `Infinity`, `-Infinity`.
pub fn number(value: f64) -> serde_json::Value {
    match serde_json::Number::from_f64(value) {
        Some(number) => number.into(),
        None if value.is_nan() => "NaN".into(),
        None if value > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// A number for people: at most six figures.
pub fn short(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return value.to_string();
    }
    let magnitude = value.abs();
    if !(1e-4..1e7).contains(&magnitude) {
        return format!("{value:.4e}");
    }
    let digits = 5 - magnitude.log10().floor() as i32;
    let text = format!("{value:.*}", digits.clamp(0, 9) as usize);
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The place as it is shown: below the path that was searched.
pub fn shown_path(path: &Path, root: &Path) -> String {
    let below = path
        .strip_prefix(root)
        .ok()
        .filter(|below| !below.as_os_str().is_empty());
    below.unwrap_or(path).display().to_string()
}

/// A runs error that names its file, as a sentence.
pub fn why(error: &RunsError) -> String {
    sentence(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_for_people_and_exact_for_machines() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.123_456_789, "0.123457"),
            (1234.5, "1234.5"),
            (100.0, "100"),
            (1e-7, "1.0000e-7"),
            (2.5e9, "2.5000e9"),
            (0.0, "0"),
            (f64::NAN, "NaN"),
            (-3.0, "-3"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(number(0.1).to_string(), "0.1");
        assert_eq!(number(f64::NEG_INFINITY), "-Infinity");
        assert_eq!(number(f64::NAN), "NaN");
    }
}
