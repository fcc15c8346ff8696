//! An MLflow tracking server, asked by REST (1.5 of the format notes). Only searches and reads
//! are sent; points stay on the server until a series is asked for.

mod answers;
mod http;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::error::RunsError;
use crate::formats::json::Json;
use crate::formats::tail::now_ms;
use crate::model::{MetricSummary, Problem, Run, RunState};
use crate::reader::{Reader, Refresh};
use crate::readers::mlflow::state;
use crate::scan::Source;
use crate::series::Series;
use crate::server::{Address, Login};

use http::Client;

/// Runs and experiments per page: the server's own default.
const PAGE: usize = 1000;
/// Experiments named in one search.
const EXPERIMENTS: usize = 200;
/// Points per page: the most the server gives.
const POINTS: &str = "25000";
/// Questions under way at once.
const AT_ONCE: usize = 8;
/// Up to this many metrics of runs are read in full at once, so that the table has smallest,
/// largest and count; beyond it a metric is read when its series is asked for.
const EAGER: usize = 1000;
/// Most pages of one search; a server that never ends its pages is broken.
const MOST_PAGES: usize = 100_000;

/// A point as runs are listed with it: step, time, bits of the value.
type Latest = (Option<i64>, Option<i64>, u64);

/// Run, metric, what the listing said of it, and whether the run is under way.
type Wanted = (String, String, Latest, bool);

/// A run with what the server says of it.
struct Listed {
    run: Run,
    status: String,
    latest: BTreeMap<String, MetricSummary>,
}

/// A series read before, and what the listing said when it was.
struct Kept {
    series: Series,
    summary: MetricSummary,
    latest: Latest,
    /// The run was under way: points behind the latest may still come.
    open: bool,
}

/// One server.
pub(crate) struct MlflowServer {
    source: Source,
    client: Client,
    runs: Vec<Listed>,
    kept: Mutex<HashMap<(String, String), Kept>>,
    problems: Vec<Problem>,
}

fn latest(summary: &MetricSummary) -> Latest {
    let value = summary.last.unwrap_or_default();
    let bits = if value.is_nan() { f64::NAN } else { value }.to_bits();
    (
        summary.last_step.map(|s| s.whole),
        summary.last_time_ms,
        bits,
    )
}

impl MlflowServer {
    pub(crate) fn new(source: Source, address: Address, login: &Login) -> Self {
        Self {
            source,
            client: Client::new(address, login),
            runs: Vec::new(),
            kept: Mutex::default(),
            problems: Vec::new(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<(String, String), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All pages of a search: `ask` gets the page token, empty for the first.
    fn pages(
        &self,
        ask: impl Fn(&str) -> Result<Json, RunsError>,
        mut take: impl FnMut(&Json),
    ) -> Result<(), RunsError> {
        let mut token = String::new();
        for _ in 0..MOST_PAGES {
            let answer = ask(&token)?;
            take(&answer);
            match answer.get("next_page_token").and_then(Json::text) {
                Some(next) if !next.is_empty() && next != token => token = next.to_owned(),
                _ => return Ok(()),
            }
        }
        Err(self.client.fail("never ends the pages of a search"))
    }

    /// Id and name of all experiments, deleted ones too.
    fn experiments(&self) -> Result<HashMap<String, String>, RunsError> {
        let mut found = HashMap::new();
        self.pages(
            |token| {
                let body = json!({"view_type": "ALL", "max_results": PAGE, "page_token": token});
                self.client.post("experiments/search", &body)
            },
            |answer| {
                let list = answer.get("experiments").map(Json::items);
                for experiment in list.unwrap_or_default() {
                    let text = |key: &str| experiment.get(key).and_then(Json::text);
                    if let Some(id) = text("experiment_id") {
                        let name = text("name").unwrap_or(id);
                        found.insert(id.to_owned(), name.to_owned());
                    }
                }
            },
        )?;
        Ok(found)
    }

    fn list(&self) -> Result<Vec<Listed>, RunsError> {
        let experiments = self.experiments()?;
        let mut ids: Vec<&String> = experiments.keys().collect();
        ids.sort();
        let mut found = Vec::new();
        for ids in ids.chunks(EXPERIMENTS) {
            self.pages(
                |token| {
                    // Oldest first: runs that begin meanwhile come behind and shift no page.
                    let body = json!({
                        "experiment_ids": ids, "run_view_type": "ALL", "max_results": PAGE,
                        "order_by": ["attributes.start_time ASC"], "page_token": token,
                    });
                    self.client.post("runs/search", &body)
                },
                |answer| {
                    let runs = answer.get("runs").map(Json::items).unwrap_or_default();
                    found.extend(
                        runs.iter()
                            .filter_map(|run| answers::run(run, &experiments, &self.source.path)),
                    );
                },
            )?;
        }
        found
            .sort_by(|a: &Listed, b| (a.run.start_ms, &a.run.id).cmp(&(b.run.start_ms, &b.run.id)));
        // A page that shifted all the same must not show a run twice.
        found.dedup_by(|a, b| a.run.id == b.run.id);
        Ok(found)
    }

    /// Registered model versions by the run they come from.
    fn models(&self) -> Result<HashMap<String, Vec<String>>, RunsError> {
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        self.pages(
            |token| {
                let page = PAGE.to_string();
                let query = [("max_results", page.as_str()), ("page_token", token)];
                self.client.get("model-versions/search", &query)
            },
            |answer| {
                let list = answer.get("model_versions").map(Json::items);
                for version in list.unwrap_or_default() {
                    let text = |key: &str| version.get(key).and_then(Json::text);
                    if let (Some(run), Some(name), Some(number)) =
                        (text("run_id"), text("name"), text("version"))
                    {
                        let names = found.entry(run.to_owned()).or_default();
                        names.push(format!("{name} version {number}"));
                    }
                }
            },
        )?;
        found.values_mut().for_each(|names| names.sort());
        Ok(found)
    }

    /// Every point of one metric, from the server.
    fn fetch(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let mut series = Series::default();
        let mut broken = None;
        self.pages(
            |token| {
                let mut query = vec![
                    ("run_id", run),
                    ("metric_key", key),
                    ("max_results", POINTS),
                ];
                if !token.is_empty() {
                    query.push(("page_token", token));
                }
                self.client.get("metrics/get-history", &query)
            },
            |answer| {
                let points = answer.get("metrics").map(Json::items).unwrap_or_default();
                for point in points {
                    match answers::point(point) {
                        Some((step, time, value)) => series.push(step, time, value),
                        None => broken = Some(point.strict().to_string()),
                    }
                }
            },
        )?;
        match broken {
            Some(point) => Err(self
                .client
                .fail(format!("gives a point without a number: {point}"))),
            None => Ok(series.sorted()),
        }
    }

    /// A metric of a run as it is asked for.
    fn wanted(&self, run: &str, key: &str) -> Result<Wanted, RunsError> {
        let listed = self.runs.iter().find(|listed| listed.run.id == run);
        let listed = listed.ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        let summary = listed.latest.get(key);
        let summary = summary.ok_or_else(|| RunsError::UnknownMetric {
            run: run.to_owned(),
            key: key.to_owned(),
        })?;
        let open = listed.run.state == RunState::Running;
        Ok((run.to_owned(), key.to_owned(), latest(summary), open))
    }

    /// Reads the metrics named, several at once, and keeps them.
    fn read(&self, wanted: &[Wanted]) -> Result<(), RunsError> {
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE.min(wanted.len()) {
                scope.spawn(|| {
                    while let Some((run, key, latest, open)) =
                        wanted.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        match self.fetch(run, key) {
                            Ok(series) => self.keep(run, key, series, *latest, *open),
                            Err(error) => {
                                next.store(wanted.len(), Ordering::Relaxed);
                                let mut first =
                                    failed.lock().unwrap_or_else(PoisonError::into_inner);
                                first.get_or_insert(error);
                            }
                        }
                    }
                });
            }
        });
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(()), Err)
    }

    fn keep(&self, run: &str, key: &str, series: Series, latest: Latest, open: bool) {
        let mut summary = MetricSummary::default();
        for (step, time, value) in series.iter() {
            summary.add(step, time, value, true);
        }
        let kept = Kept {
            series,
            summary,
            latest,
            open,
        };
        self.kept().insert((run.to_owned(), key.to_owned()), kept);
    }

    /// Drops what was read of metrics that have changed since, and reads in full what is new,
    /// as long as it is not much.
    fn bring_up_to_date(&self, listed: &[Listed]) -> Result<(), RunsError> {
        let total: usize = listed.iter().map(|l| l.latest.len()).sum();
        let mut wanted = Vec::new();
        let mut kept = std::mem::take(&mut *self.kept());
        let mut still = HashMap::new();
        for Listed {
            run,
            status,
            latest: metrics,
        } in listed
        {
            let open = matches!(status.as_str(), "RUNNING" | "SCHEDULED" | "");
            for (key, summary) in metrics {
                let now = latest(summary);
                let id = (run.id.clone(), key.clone());
                match kept.remove(&id) {
                    Some(known) if known.latest == now && !known.open && !open => {
                        still.insert(id, known);
                    }
                    _ if total <= EAGER => wanted.push((id.0, id.1, now, open)),
                    _ => {}
                }
            }
        }
        *self.kept() = still;
        self.read(&wanted)
    }
}

impl Reader for MlflowServer {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        self.runs.iter().map(|listed| &listed.run).collect()
    }

    fn problems(&self) -> Vec<Problem> {
        self.problems.clone()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let mut listed = self.list()?;
        self.bring_up_to_date(&listed)?;
        self.problems.clear();
        let mut models = self.models().unwrap_or_else(|error| {
            self.problems.push(Problem {
                file: self.source.path.clone(),
                offset: None,
                message: format!("registered models are not shown: {error}"),
            });
            HashMap::new()
        });
        let now = now_ms();
        {
            let kept = self.kept();
            for Listed {
                run,
                status,
                latest,
            } in &mut listed
            {
                for (key, summary) in latest {
                    let full = kept.get(&(run.id.clone(), key.clone()));
                    let summary = full.map_or_else(|| summary.clone(), |k| k.summary.clone());
                    run.metrics.insert(key.clone(), summary);
                }
                if let Some(names) = models.remove(&run.id) {
                    run.other.insert("registered model".into(), names);
                }
                run.state = state(run, status, now);
            }
        }
        let mut known: HashMap<String, Run> = self
            .runs
            .drain(..)
            .map(|listed| (listed.run.id.clone(), listed.run))
            .collect();
        let mut refresh = Refresh::default();
        for Listed { run, .. } in &listed {
            match known.remove(&run.id) {
                None => refresh.added.push(run.id.clone()),
                Some(old) if old != *run => refresh.changed.push(run.id.clone()),
                Some(_) => {}
            }
        }
        refresh.removed = known.into_keys().collect();
        refresh.removed.sort();
        self.runs = listed;
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let wanted = self.wanted(run, key)?;
        if let Some(series) = self.series_at_hand(run, key) {
            return Ok(series);
        }
        let series = self.fetch(run, key)?;
        let (_, _, latest, open) = wanted;
        self.keep(run, key, series.clone(), latest, open);
        Ok(series)
    }

    fn series_at_hand(&self, run: &str, key: &str) -> Option<Series> {
        let id = (run.to_owned(), key.to_owned());
        self.kept().get(&id).map(|kept| kept.series.clone())
    }

    fn many_series(&self, wanted: &[(&str, &str)]) -> Vec<Result<Series, RunsError>> {
        let missing = |(run, key): &&(&str, &str)| self.series_at_hand(run, key).is_none();
        let missing: Vec<Wanted> = wanted
            .iter()
            .filter(missing)
            .filter_map(|(run, key)| self.wanted(run, key).ok())
            .collect();
        // What failed fails again below, and is told there.
        if let Err(error) = self.read(&missing) {
            log::debug!("reading ahead: {error}");
        }
        let series = wanted.iter().map(|(run, key)| self.series(run, key));
        series.collect()
    }
}
