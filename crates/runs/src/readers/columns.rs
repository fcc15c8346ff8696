//! All points of a run, by metric: the newest in memory, the others in a store if there is one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::index::{Chunk, Store};
use crate::model::{MetricSummary, Run};
use crate::series::{Series, Step};

/// Points of a metric that are put away together.
const CHUNK: usize = 8192;
/// Fewer points than this are not worth a chunk of their own.
const FEW: usize = 512;
/// Points in memory above which metrics with more than [`FEW`] are put away.
const HELD: usize = 1 << 20;

/// All points of a run, by metric, in the order the metrics appeared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    index: HashMap<String, usize>,
    metrics: Vec<Metric>,
    /// Metrics whose summary is out of date because a point was replaced.
    stale: BTreeSet<usize>,
    /// Where points are put away; without one all stay in memory.
    store: Option<Arc<Store>>,
    /// Points in memory, and how many make it worth a look for some to put away.
    held: usize,
    limit: usize,
}

#[derive(Clone, Debug, Default)]
struct Metric {
    name: String,
    summary: MetricSummary,
    /// What was put away, in order, and its summary.
    away: Vec<Chunk>,
    away_summary: MetricSummary,
    first_time_ms: Option<i64>,
    /// The points after that; the last point of all is always among them.
    series: Series,
}

/// A metric as it is kept for the next process.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    summary: MetricSummary,
    away: Vec<Chunk>,
    away_summary: MetricSummary,
    first_time_ms: Option<i64>,
    series: Option<Chunk>,
}

/// Columns as they are kept for the next process.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptColumns(Vec<Kept>);

impl Metric {
    fn len(&self) -> usize {
        let away: usize = self.away.iter().map(|chunk| chunk.points as usize).sum();
        away + self.series.len()
    }

    fn is_empty(&self) -> bool {
        self.series.is_empty() && self.away.is_empty()
    }

    /// Puts all points but the last away: a tracker may still replace that one.
    fn put_away(&mut self, store: &Store) -> usize {
        let Some(count) = self.series.len().checked_sub(1).filter(|count| *count > 0) else {
            return 0;
        };
        self.away.push(store.put(&self.series, 0, count));
        let last = self.series.point(count);
        let mut part = std::mem::take(&mut self.series);
        part.truncate(count);
        self.away_summary.merge(&MetricSummary::of(&part));
        // The columns' memory is used again.
        part.truncate(0);
        self.series = part;
        if let Some((step, time_ms, value)) = last {
            self.series.push(step, time_ms, value);
        }
        count
    }

    fn push(&mut self, step: Step, time_ms: Option<i64>, value: f64) {
        if self.is_empty() {
            self.first_time_ms = time_ms;
        }
        self.series.push(step, time_ms, value);
        self.summary.add(step, time_ms, value, false);
    }
}

impl Columns {
    /// Empty columns that put points away in `store`.
    pub(crate) fn within(store: Option<Arc<Store>>) -> Self {
        Self {
            store,
            limit: HELD,
            ..Self::default()
        }
    }

    /// The number of a metric, made when it is new.
    pub(crate) fn id(&mut self, key: &str) -> usize {
        if let Some(&id) = self.index.get(key) {
            return id;
        }
        let id = self.metrics.len();
        self.index.insert(key.to_owned(), id);
        self.metrics.push(Metric {
            name: key.to_owned(),
            ..Metric::default()
        });
        id
    }

    /// Appends a point to the metric numbered `id`.
    pub(crate) fn push_id(&mut self, id: usize, step: Step, time_ms: Option<i64>, value: f64) {
        let Some(metric) = self.metrics.get_mut(id) else {
            return;
        };
        metric.push(step, time_ms, value);
        if let Some(store) = &self.store {
            self.held += 1;
            if metric.series.len() > CHUNK {
                self.held -= metric.put_away(store);
            }
            if self.held > self.limit {
                self.make_room();
            }
        }
    }

    /// Puts away what is worth it of all metrics.
    fn make_room(&mut self) {
        let Some(store) = &self.store else { return };
        for metric in &mut self.metrics {
            if metric.series.len() > FEW {
                self.held -= metric.put_away(store);
                metric.series.shrink();
            }
        }
        // Very many small metrics: not looked through again at each point.
        self.limit = self.held + HELD;
    }

    /// Appends a point.
    pub(crate) fn push(&mut self, key: &str, step: Step, time_ms: Option<i64>, value: f64) {
        let id = self.id(key);
        self.push_id(id, step, time_ms, value);
    }

    /// Sets the value at the last step: replaces the point when the step is the last one.
    pub(crate) fn merge(&mut self, key: &str, step: Step, time_ms: Option<i64>, value: f64) {
        let id = self.id(key);
        let Some(metric) = self.metrics.get_mut(id) else {
            return;
        };
        let last = metric
            .series
            .len()
            .checked_sub(1)
            .and_then(|i| metric.series.steps.get(i));
        if last == Some(step) {
            metric.series.replace_last(step, time_ms, value);
            if metric.len() == 1 {
                metric.first_time_ms = time_ms;
            }
            self.stale.insert(id);
        } else {
            self.push_id(id, step, time_ms, value);
        }
    }

    fn metric(&self, key: &str) -> Option<&Metric> {
        self.index.get(key).and_then(|&id| self.metrics.get(id))
    }

    /// Whether a metric was met, with or without points.
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.metric(key).is_some()
    }

    /// All points of a metric. `None` when there is no such metric, or when its points could
    /// not be read back: the store then says that it is damaged.
    pub(crate) fn get(&self, key: &str) -> Option<Series> {
        let mut series = Series::default();
        self.append_to(key, &mut series)?;
        Some(series)
    }

    /// Appends all points of a metric, as [`Columns::get`] gives them.
    pub(crate) fn append_to(&self, key: &str, series: &mut Series) -> Option<()> {
        let metric = self.metric(key)?;
        series.reserve(metric.len());
        if let Some(store) = &self.store {
            for chunk in &metric.away {
                store.get(chunk, series).ok()?;
            }
        }
        series.append(&metric.series);
        Some(())
    }

    /// The step of the point logged last.
    pub(crate) fn last_step(&self, key: &str) -> Option<Step> {
        // The last point of all is never put away.
        let steps = &self.metric(key)?.series.steps;
        steps.get(steps.len().checked_sub(1)?)
    }

    /// How many points a metric has.
    pub(crate) fn len_of(&self, key: &str) -> usize {
        self.metric(key).map_or(0, Metric::len)
    }

    /// Drops a metric's points.
    pub(crate) fn clear_key(&mut self, key: &str) {
        if let Some(metric) = self.index.get(key).and_then(|&id| self.metrics.get_mut(id)) {
            self.held = self.held.saturating_sub(metric.series.len());
            *metric = Metric {
                name: std::mem::take(&mut metric.name),
                ..Metric::default()
            };
        }
    }

    /// The time of the newest point.
    pub(crate) fn last_time_ms(&self) -> Option<i64> {
        self.metrics
            .iter()
            .filter_map(|metric| metric.summary.last_time_ms)
            .max()
    }

    /// The time of the first point of the metric that began first.
    pub(crate) fn first_time_ms(&self) -> Option<i64> {
        self.metrics
            .iter()
            .filter_map(|metric| metric.first_time_ms)
            .min()
    }

    /// Summaries of all metrics that have points.
    pub(crate) fn all_summaries(&self) -> impl Iterator<Item = (&str, &MetricSummary)> {
        self.metrics
            .iter()
            .filter(|metric| !metric.is_empty())
            .map(|metric| (metric.name.as_str(), &metric.summary))
    }

    /// Copies the summaries of all metrics that have points.
    pub(crate) fn summaries(&mut self, run: &mut Run) {
        for id in std::mem::take(&mut self.stale) {
            if let Some(metric) = self.metrics.get_mut(id) {
                metric.summary = metric.away_summary.clone();
                metric.summary.merge(&MetricSummary::of(&metric.series));
            }
        }
        run.metrics
            .retain(|key, _| self.metric(key).is_some_and(|m| !m.is_empty()));
        for metric in self.metrics.iter().filter(|metric| !metric.is_empty()) {
            match run.metrics.get_mut(&metric.name) {
                Some(known) if *known == metric.summary => {}
                Some(known) => *known = metric.summary.clone(),
                None => {
                    run.metrics
                        .insert(metric.name.clone(), metric.summary.clone());
                }
            }
        }
    }

    /// What the next process needs; `None` when points could not be put where it finds them.
    pub(crate) fn keep(&mut self) -> Option<KeptColumns> {
        self.make_room();
        let store = self.store.clone()?;
        let keep = |metric: &Metric| {
            let rest = metric.series.len();
            let series = (rest > 0).then(|| store.put(&metric.series, 0, rest));
            let kept = series.iter().chain(&metric.away).all(Chunk::is_kept);
            kept.then(|| Kept {
                name: metric.name.clone(),
                summary: metric.summary.clone(),
                away: metric.away.clone(),
                away_summary: metric.away_summary.clone(),
                first_time_ms: metric.first_time_ms,
                series,
            })
        };
        let all: Option<Vec<Kept>> = self.metrics.iter().map(keep).collect();
        Some(KeptColumns(all?))
    }

    /// The columns as they were kept; `None` when the store does not have all of them.
    pub(crate) fn restore(kept: KeptColumns, store: &Arc<Store>) -> Option<Self> {
        let mut columns = Self::within(Some(store.clone()));
        for kept in kept.0 {
            let mut series = Series::default();
            if let Some(chunk) = &kept.series {
                store.get(chunk, &mut series).ok()?;
            }
            columns
                .index
                .insert(kept.name.clone(), columns.metrics.len());
            columns.held += series.len();
            columns.metrics.push(Metric {
                name: kept.name,
                summary: kept.summary,
                away: kept.away,
                away_summary: kept.away_summary,
                first_time_ms: kept.first_time_ms,
                series,
            });
        }
        columns.limit = columns.held + HELD;
        Some(columns)
    }

    /// Bytes of the store that hold points of these columns.
    pub(crate) fn bytes_away(&self) -> u64 {
        let chunks = self.metrics.iter().flat_map(|metric| &metric.away);
        chunks.map(Chunk::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Index;
    use crate::scan::Source;

    /// Points as they come, and now and then one that replaces the last.
    fn fill(columns: &mut Columns, plain: &mut Columns, from: usize, to: usize) {
        for i in from..to {
            let key = ["a", "b", "c/d"][i % 3];
            let value = match i % 977 {
                5 => f64::NAN,
                6 => f64::INFINITY,
                _ => (i as f64 * 0.37).sin() * 1e-3,
            };
            let (step, time) = (Step::from((i / 3) as i64), (i % 5 != 0).then_some(i as i64));
            for columns in [&mut *columns, &mut *plain] {
                columns.merge(key, step, time, value);
                if i % 101 == 0 {
                    columns.merge(key, step, time, value + 1.0);
                }
            }
        }
    }

    fn same(columns: &mut Columns, plain: &mut Columns) {
        let mut runs = [0, 1].map(|_| Run::new("r", crate::SourceKind::Wandb, "/x"));
        columns.summaries(&mut runs[0]);
        plain.summaries(&mut runs[1]);
        assert_eq!(runs[0].metrics, runs[1].metrics);
        assert_eq!(columns.first_time_ms(), plain.first_time_ms());
        for key in ["a", "b", "c/d"] {
            let (one, other) = (columns.get(key).unwrap(), plain.get(key).unwrap());
            assert_eq!(one.len(), columns.len_of(key));
            assert_eq!(
                columns.last_step(key),
                one.iter().last().map(|point| point.0)
            );
            let bits = |s: &Series| {
                s.iter()
                    .map(|(s, t, v)| (s, t, v.to_bits()))
                    .collect::<Vec<_>>()
            };
            assert!(bits(&one) == bits(&other), "{key}");
        }
    }

    #[test]
    fn points_put_away_are_the_same() {
        let cache = tempfile::tempdir().unwrap();
        let source = Source {
            kind: crate::SourceKind::Wandb,
            path: cache.path().join("wandb"),
            root: cache.path().into(),
            runs: None,
        };
        let index = Index::new(cache.path().join("cache"));
        let mut plain = Columns::default();
        let mut state = None;
        let mut at = 0;
        for more in [10, 30_000, 1, 700, 30_000] {
            let store = Arc::new(Store::open(&index, &source).0);
            let mut columns = match state.take() {
                Some(kept) => Columns::restore(kept, &store).unwrap(),
                None => Columns::within(Some(store.clone())),
            };
            fill(&mut columns, &mut plain, at, at + more);
            at += more;
            same(&mut columns, &mut plain);
            state = columns.keep();
            same(&mut columns, &mut plain);
            let state = postcard::to_allocvec(state.as_ref().unwrap()).unwrap();
            assert!(store.save(&source, &state));
        }
        // A store of this process alone serves as well.
        let mut alone = Columns::within(Some(Arc::new(Store::private())));
        let mut plain = Columns::default();
        fill(&mut alone, &mut plain, 0, 30_000);
        same(&mut alone, &mut plain);
        assert!(alone.keep().is_none(), "the next process would not find it");
        alone.clear_key("a");
        assert_eq!(alone.get("a").map(|s| s.len()), Some(0));
    }

    #[test]
    fn many_metrics_hold_few_points_in_memory() {
        let mut columns = Columns::within(Some(Arc::new(Store::private())));
        for step in 0..600 {
            for metric in 0..2000 {
                let id = columns.id(&metric.to_string());
                columns.push_id(id, Step::from(step), None, step as f64);
            }
        }
        let held: usize = columns.metrics.iter().map(|m| m.series.len()).sum();
        assert_eq!(held, columns.held);
        assert!(held < 2 * HELD + 2000 * FEW, "{held}");
        assert_eq!(columns.get("7").map(|s| s.len()), Some(600));
    }
}
