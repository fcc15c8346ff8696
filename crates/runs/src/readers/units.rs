//! The frame for formats whose runs are files (or folders of them) that are read as a whole:
//! points are kept in memory as columns and grow with the file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::tail::now_ms;
use crate::media::Medium;
use crate::model::{MetricSummary, Run, RunState, SourceKind};
use crate::reader::{Reader, Refresh};
use crate::scan::Source;
use crate::series::{Series, Step};

/// All points of a run, by metric, in the order the metrics appeared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    index: HashMap<String, usize>,
    series: Vec<(String, Series, MetricSummary)>,
    /// Metrics whose summary is out of date because a point was replaced.
    stale: BTreeSet<usize>,
}

impl Columns {
    /// The number of a metric, made when it is new.
    pub(crate) fn id(&mut self, key: &str) -> usize {
        if let Some(&id) = self.index.get(key) {
            return id;
        }
        let id = self.series.len();
        self.index.insert(key.to_owned(), id);
        self.series
            .push((key.to_owned(), Series::default(), MetricSummary::default()));
        id
    }

    /// Appends a point to the metric numbered `id`.
    pub(crate) fn push_id(&mut self, id: usize, step: Step, time_ms: Option<i64>, value: f64) {
        if let Some((_, series, summary)) = self.series.get_mut(id) {
            series.push(step, time_ms, value);
            summary.add(step, time_ms, value, false);
        }
    }

    /// Appends a point.
    pub(crate) fn push(&mut self, key: &str, step: Step, time_ms: Option<i64>, value: f64) {
        let id = self.id(key);
        self.push_id(id, step, time_ms, value);
    }

    /// Sets the value at the last step: replaces the point when the step is the last one.
    pub(crate) fn merge(&mut self, key: &str, step: Step, time_ms: Option<i64>, value: f64) {
        let id = self.id(key);
        let Some((_, series, summary)) = self.series.get_mut(id) else {
            return;
        };
        let last = series
            .len()
            .checked_sub(1)
            .and_then(|i| series.steps.get(i));
        if last == Some(step) {
            series.replace_last(step, time_ms, value);
            self.stale.insert(id);
        } else {
            series.push(step, time_ms, value);
            summary.add(step, time_ms, value, false);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Series> {
        self.index
            .get(key)
            .and_then(|&id| self.series.get(id))
            .map(|(_, series, _)| series)
    }

    /// Drops a metric's points.
    pub(crate) fn clear_key(&mut self, key: &str) {
        if let Some((_, series, summary)) =
            self.index.get(key).and_then(|&id| self.series.get_mut(id))
        {
            *series = Series::default();
            *summary = MetricSummary::default();
        }
    }

    /// The time of the newest point.
    pub(crate) fn last_time_ms(&self) -> Option<i64> {
        self.series
            .iter()
            .filter_map(|(_, _, s)| s.last_time_ms)
            .max()
    }

    /// The time of the first point of the metric that began first.
    pub(crate) fn first_time_ms(&self) -> Option<i64> {
        self.series
            .iter()
            .filter_map(|(_, s, _)| s.times_ms.get(0))
            .min()
    }

    /// Summaries of all metrics that have points.
    pub(crate) fn all_summaries(&self) -> impl Iterator<Item = (&str, &MetricSummary)> {
        self.series
            .iter()
            .filter(|(_, s, _)| !s.is_empty())
            .map(|(key, _, summary)| (key.as_str(), summary))
    }

    /// Copies the summaries of all metrics that have points.
    pub(crate) fn summaries(&mut self, run: &mut Run) {
        for id in std::mem::take(&mut self.stale) {
            if let Some((_, series, summary)) = self.series.get_mut(id) {
                *summary = MetricSummary::of(series);
            }
        }
        run.metrics
            .retain(|key, _| self.get(key).is_some_and(|s| !s.is_empty()));
        for (key, series, summary) in &self.series {
            if series.is_empty() {
                continue;
            }
            match run.metrics.get_mut(key) {
                Some(known) if known == summary => {}
                Some(known) => *known = summary.clone(),
                None => {
                    run.metrics.insert(key.clone(), summary.clone());
                }
            }
        }
    }
}

/// A run with its points.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) run: Run,
    pub(crate) columns: Columns,
}

impl Loaded {
    pub(crate) fn new(run: Run) -> Self {
        Self {
            run,
            columns: Columns::default(),
        }
    }

    /// Says where the run is in its life; whether that is new.
    pub(crate) fn set_state(&mut self, state: RunState) -> bool {
        let changed = state != self.run.state;
        self.run.state = state;
        changed
    }

    /// Copies the columns' summaries to the run.
    pub(crate) fn settle(&mut self) {
        self.columns.summaries(&mut self.run);
    }
}

/// One run that can be looked at again.
pub(crate) trait Unit: Send {
    /// Reads what is new; says whether anything changed.
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError>;
    /// The run as of the last refresh.
    fn loaded(&self) -> &Loaded;
    /// The same, to note problems on.
    fn loaded_mut(&mut self) -> &mut Loaded;
    /// The images, histograms or texts of a name.
    fn media(&self, _name: &str) -> Result<Vec<Medium>, RunsError> {
        Ok(Vec::new())
    }
    /// All points of a metric.
    fn series(&self, key: &str) -> Option<Series> {
        self.loaded().columns.get(key).cloned()
    }
}

/// Lists the units of a source: each a name (unique, stable) and how to open it.
pub(crate) type Discover = fn(&Source) -> Result<Vec<PathBuf>, RunsError>;
/// Opens one unit found by [`Discover`].
pub(crate) type Make = fn(&Source, &Path) -> Box<dyn Unit>;

/// A reader over units.
pub(crate) struct UnitReader {
    source: Source,
    discover: Discover,
    make: Make,
    units: Vec<(PathBuf, Box<dyn Unit>)>,
    /// Runs that a sub-run was joined to: place of the run, place of the sub-run, both as one.
    joined: Vec<(usize, usize, Run)>,
}

impl UnitReader {
    pub(crate) fn new(source: Source, discover: Discover, make: Make) -> Self {
        Self {
            source,
            discover,
            make,
            units: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// Joins TensorBoard's sub-runs of hyperparameters to their runs. A run with several of
    /// them (a trial each) stays as it is.
    fn join(&mut self) {
        self.joined.clear();
        if self.source.kind != SourceKind::Tensorboard {
            return;
        }
        let runs: Vec<&Run> = self.units.iter().map(|(_, u)| &u.loaded().run).collect();
        let places: HashMap<&str, usize> = runs
            .iter()
            .enumerate()
            .map(|(place, run)| (run.id.as_str(), place))
            .collect();
        let mut subs: HashMap<usize, Vec<usize>> = HashMap::new();
        for (place, run) in runs.iter().enumerate() {
            let parent = run.parent.as_deref().and_then(|id| places.get(id));
            if let Some(parent) = parent.filter(|parent| **parent != place) {
                subs.entry(*parent).or_default().push(place);
            }
        }
        for (parent, subs) in subs {
            let [sub] = subs.as_slice() else { continue };
            let (Some(run), Some(part)) = (runs.get(parent), runs.get(*sub)) else {
                continue;
            };
            let mut run: Run = (*run).clone();
            for (key, value) in &part.params {
                run.params.entry(key).or_insert_with(|| value.clone());
            }
            for (key, summary) in &part.metrics {
                run.metrics
                    .entry(key.clone())
                    .or_insert_with(|| summary.clone());
            }
            for problem in &part.problems {
                run.report(&problem.file, problem.offset, problem.message.clone());
            }
            if matches!(part.state, RunState::Finished | RunState::Failed) {
                run.state = part.state;
                run.end_ms = run.end_ms.or(part.end_ms);
            }
            self.joined.push((parent, *sub, run));
        }
    }

    /// The run that a joined one got its `key` from.
    fn part_with(&self, run: &str, key: &str) -> Option<&dyn Unit> {
        let of = |(_, _, joined): &&(usize, usize, Run)| joined.id == run;
        let (_, sub, _) = self.joined.iter().find(of)?;
        let (_, unit) = self.units.get(*sub)?;
        let has = unit.loaded().run.metrics.contains_key(key);
        has.then_some(unit.as_ref())
    }
}

impl Reader for UnitReader {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        self.units
            .iter()
            .map(|(_, unit)| &unit.loaded().run)
            .collect()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let found = (self.discover)(&self.source)?;
        let mut refresh = Refresh::default();
        let still: HashSet<&PathBuf> = found.iter().collect();
        self.units.retain(|(path, unit)| {
            let keep = still.contains(path);
            if !keep {
                refresh.removed.push(unit.loaded().run.id.clone());
            }
            keep
        });
        let now = now_ms();
        let mut known: HashMap<PathBuf, Box<dyn Unit>> = self.units.drain(..).collect();
        for path in found {
            let (mut unit, new) = match known.remove(&path) {
                Some(unit) => (unit, false),
                None => ((self.make)(&self.source, &path), true),
            };
            let changed = match unit.refresh(now) {
                Ok(changed) => changed,
                Err(error) => {
                    let before = unit.loaded().run.problems.len();
                    let run = &mut unit.loaded_mut().run;
                    run.report(&path, None, error.to_string());
                    run.problems.len() != before
                }
            };
            let id = unit.loaded().run.id.clone();
            if new {
                refresh.added.push(id);
            } else if changed {
                refresh.changed.push(id);
            }
            self.units.push((path, unit));
        }
        self.join();
        // What happened to a part happened to the whole.
        for (_, sub, run) in &self.joined {
            let part = self.units.get(*sub).map(|(_, unit)| &unit.loaded().run.id);
            let touched = |id: &String| refresh.changed.contains(id) || refresh.added.contains(id);
            if part.is_some_and(touched) && !touched(&run.id) {
                refresh.changed.push(run.id.clone());
            }
        }
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let unit = self
            .units
            .iter()
            .find(|(_, unit)| unit.loaded().run.id == run);
        let (_, unit) = unit.ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        let of_part = || self.part_with(run, key)?.series(key);
        unit.series(key)
            .or_else(of_part)
            .ok_or_else(|| RunsError::UnknownMetric {
                run: run.to_owned(),
                key: key.to_owned(),
            })
    }

    fn media(&self, run: &str, name: &str) -> Result<Vec<Medium>, RunsError> {
        let mut units = self.units.iter().map(|(_, unit)| unit);
        let unit = units.find(|unit| unit.loaded().run.id == run);
        let unit = unit.ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        unit.media(name)
    }

    fn rows(&self) -> Vec<&Run> {
        let mut rows: Vec<Option<&Run>> = self.runs().into_iter().map(Some).collect();
        for (parent, sub, run) in &self.joined {
            if let Some(row) = rows.get_mut(*parent) {
                *row = Some(run);
            }
            if let Some(row) = rows.get_mut(*sub) {
                *row = None;
            }
        }
        rows.into_iter().flatten().collect()
    }

    fn run(&self, id: &str) -> Option<&Run> {
        self.units
            .iter()
            .map(|(_, unit)| &unit.loaded().run)
            .find(|run| run.id == id)
    }
}

/// For sources that are one run.
pub(crate) fn only_itself(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    Ok(vec![source.path.clone()])
}
