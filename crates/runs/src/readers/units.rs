//! The frame for formats whose runs are files (or folders of them) that are read as a whole:
//! points are kept in memory as columns and grow with the file.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::RunsError;
use crate::formats::tail::now_ms;
use crate::index::{Index, Store};
use crate::media::Medium;
use crate::model::{Run, RunState, SourceKind};
use crate::reader::{Reader, Refresh};
pub(crate) use crate::readers::columns::Columns;
use crate::scan::Source;
use crate::series::Series;

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
        self.loaded().columns.get(key)
    }
    /// Points are to be put away in this store from now on. Formats whose points are few
    /// keep them in memory.
    fn put_away_in(&mut self, _store: &Arc<Store>) {}
    /// What the next process needs to go on from here; `None` for formats that are read
    /// anew each time.
    fn keep(&mut self) -> Option<Vec<u8>> {
        None
    }
    /// Goes on from what [`Unit::keep`] gave; false when that cannot be understood.
    fn restore(&mut self, _kept: &[u8], _store: &Arc<Store>) -> bool {
        false
    }
    /// Bytes of the store that are in use.
    fn bytes_away(&self) -> u64 {
        0
    }
}

/// The accessors of a [`Unit`] that keeps its run in a field.
macro_rules! keeps_run_in {
    ($($field:ident).+) => {
        fn loaded(&self) -> &$crate::readers::units::Loaded {
            &self.$($field).+
        }

        fn loaded_mut(&mut self) -> &mut $crate::readers::units::Loaded {
            &mut self.$($field).+
        }
    };
}
pub(crate) use keeps_run_in;

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
    store: Arc<Store>,
    /// Something changed since the state was saved.
    unsaved: bool,
    /// Runs that a sub-run was joined to: place of the run, place of the sub-run, both as one.
    joined: Vec<(usize, usize, Run)>,
    /// Runs that went on in further folders.
    resumed: Vec<Resumed>,
}

/// A run of several units.
struct Resumed {
    /// Places of its units, in the order they began.
    parts: Vec<usize>,
    /// Places of units that are copies of another one.
    copies: Vec<usize>,
    /// All of them as one.
    run: Run,
}

/// Bytes of new points that make it worth saving the state while looking.
const SAVE: u64 = 4 << 20;

impl UnitReader {
    pub(crate) fn new(
        source: Source,
        discover: Discover,
        make: Make,
        index: Option<&Index>,
    ) -> Self {
        let (store, state) = match index {
            Some(index) => Store::open(index, &source),
            None => (Store::private(), None),
        };
        let mut reader = Self {
            source,
            discover,
            make,
            units: Vec::new(),
            store: Arc::new(store),
            unsaved: false,
            joined: Vec::new(),
            resumed: Vec::new(),
        };
        if let Some(state) = state
            && !reader.restore(&state)
        {
            reader.start_over();
        }
        reader
    }

    /// Goes on from a saved state; false when it or its points are of no use.
    fn restore(&mut self, state: &[u8]) -> bool {
        let Ok(kept) = postcard::from_bytes::<Vec<(String, Vec<u8>)>>(state) else {
            return false;
        };
        let mut live = state.len() as u64;
        for (path, kept) in kept {
            let path = PathBuf::from(path);
            let mut unit = (self.make)(&self.source, &path);
            if !unit.restore(&kept, &self.store) {
                return false;
            }
            live += unit.bytes_away();
            self.units.push((path, unit));
        }
        !self.store.is_wasteful(live)
    }

    fn start_over(&mut self) {
        self.store.clear();
        self.units.clear();
    }

    fn make(&self, path: &Path) -> Box<dyn Unit> {
        let mut unit = (self.make)(&self.source, path);
        unit.put_away_in(&self.store);
        unit
    }

    /// Saves the state if the index is written here and the format can be gone on with.
    fn save(&mut self) {
        if !self.unsaved || !self.store.is_kept() {
            return;
        }
        let mut all = Vec::new();
        for (path, unit) in &mut self.units {
            let (Some(path), Some(kept)) = (path.to_str(), unit.keep()) else {
                return;
            };
            all.push((path.to_owned(), kept));
        }
        if let Ok(state) = postcard::to_allocvec(&all)
            && self.store.save(&self.source, &state)
        {
            self.unsaved = false;
        }
    }
}

impl Drop for UnitReader {
    fn drop(&mut self) {
        self.save();
    }
}

impl UnitReader {
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

    /// Makes one run of Neptune's units with one run id: each process that goes on with a run
    /// has a folder of its own.
    fn resume(&mut self) {
        self.resumed.clear();
        if !matches!(
            self.source.kind,
            SourceKind::Neptune2 | SourceKind::Neptune3
        ) {
            return;
        }
        let run_at = |place: &usize| self.units.get(*place).map(|(_, unit)| &unit.loaded().run);
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, (_, unit)) in self.units.iter().enumerate() {
            let id = unit.loaded().run.id.as_str();
            places.entry(id).or_default().push(place);
        }
        let mut resumed = Vec::new();
        for mut all in places.into_values().filter(|all| all.len() > 1) {
            all.sort_by_key(|place| (run_at(place).and_then(|run| run.start_ms), *place));
            let mut parts: Vec<usize> = Vec::new();
            let mut copies = Vec::new();
            let mut whole: Option<Run> = None;
            for place in all {
                let Some(part) = run_at(&place) else { continue };
                let same = |known: &usize| {
                    run_at(known).is_some_and(|run| {
                        (&run.metrics, &run.params) == (&part.metrics, &part.params)
                    })
                };
                if parts.iter().any(same) {
                    copies.push(place);
                    continue;
                }
                parts.push(place);
                match &mut whole {
                    None => whole = Some(part.clone()),
                    Some(run) => go_on(run, part),
                }
            }
            if let Some(run) = whole {
                resumed.push(Resumed { parts, copies, run });
            }
        }
        self.resumed = resumed;
    }

    /// Units are told of as the runs they are parts of.
    fn tell_of_runs(&self, refresh: &mut Refresh, shown: &HashSet<String>) {
        if self.resumed.is_empty() {
            return;
        }
        let here: HashSet<&str> = self.runs().iter().map(|run| run.id.as_str()).collect();
        let (known, new) = std::mem::take(&mut refresh.added)
            .into_iter()
            .partition::<Vec<_>, _>(|id| shown.contains(id));
        let (still, gone) = std::mem::take(&mut refresh.removed)
            .into_iter()
            .partition::<Vec<_>, _>(|id| here.contains(id.as_str()));
        refresh.changed.extend(known.into_iter().chain(still));
        (refresh.added, refresh.removed) = (new, gone);
        for list in [
            &mut refresh.added,
            &mut refresh.changed,
            &mut refresh.removed,
        ] {
            let mut seen = HashSet::new();
            list.retain(|id| seen.insert(id.clone()));
        }
    }

    /// Every point of a resumed run's metric; `None` for a run that is not resumed.
    fn resumed_series(&self, run: &str, key: &str) -> Option<Series> {
        let resumed = self.resumed.iter().find(|resumed| resumed.run.id == run)?;
        let mut whole: Option<Series> = None;
        for place in &resumed.parts {
            let (_, unit) = self.units.get(*place)?;
            if let Some(part) = unit.series(key) {
                match &mut whole {
                    None => whole = Some(part),
                    Some(series) => series.append(&part),
                }
            }
        }
        whole
    }

    /// The run that a joined one got its `key` from, and its place.
    fn part_with(&self, run: &str, key: &str) -> Option<(&Path, &dyn Unit)> {
        let of = |(_, _, joined): &&(usize, usize, Run)| joined.id == run;
        let (_, sub, _) = self.joined.iter().find(of)?;
        let (path, unit) = self.units.get(*sub)?;
        let has = unit.loaded().run.metrics.contains_key(key);
        has.then_some((path, unit.as_ref()))
    }
}

impl Reader for UnitReader {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        let units = self.units.iter();
        let mut runs: Vec<Option<&Run>> = units.map(|(_, unit)| Some(&unit.loaded().run)).collect();
        for Resumed { parts, copies, run } in &self.resumed {
            for place in parts.iter().chain(copies) {
                runs[*place] = None;
            }
            if let Some(first) = parts.iter().min() {
                runs[*first] = Some(run);
            }
        }
        runs.into_iter().flatten().collect()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let found = (self.discover)(&self.source)?;
        let shown: HashSet<String> = self.runs().iter().map(|run| run.id.clone()).collect();
        let mut refresh = Refresh::default();
        let again: Vec<String> = if self.store.is_damaged() {
            let ids = self.units.iter().map(|(_, unit)| &unit.loaded().run.id);
            let ids = ids.cloned().collect();
            self.start_over();
            ids
        } else {
            Vec::new()
        };
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
                None => (self.make(&path), true),
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
            self.unsaved |= new || changed;
            if new && !again.contains(&id) {
                refresh.added.push(id);
            } else if new || changed {
                refresh.changed.push(id);
            }
            self.units.push((path, unit));
        }
        self.join();
        self.resume();
        self.tell_of_runs(&mut refresh, &shown);
        // What happened to a part happened to the whole.
        for (_, sub, run) in &self.joined {
            let part = self.units.get(*sub).map(|(_, unit)| &unit.loaded().run.id);
            let touched = |id: &String| refresh.changed.contains(id) || refresh.added.contains(id);
            if part.is_some_and(touched) && !touched(&run.id) {
                refresh.changed.push(run.id.clone());
            }
        }
        self.unsaved |= !refresh.removed.is_empty();
        if self.store.unsaved() > SAVE {
            self.save();
        }
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        if let Some(series) = self.resumed_series(run, key) {
            return Ok(series);
        }
        let unit = self
            .units
            .iter()
            .find(|(_, unit)| unit.loaded().run.id == run);
        let (path, unit) = unit.ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        let of_part = || self.part_with(run, key)?.1.series(key);
        let mut series = unit.series(key).or_else(of_part);
        if series.is_none()
            && self.store.is_damaged()
            && let own = unit.loaded().run.metrics.contains_key(key)
            && let (path, unit) = match self.part_with(run, key) {
                Some(part) if !own => part,
                _ => (path.as_path(), unit.as_ref()),
            }
            && let Some(summary) = unit.loaded().run.metrics.get(key)
        {
            // The points put away are lost: they are read again, up to what is known of them.
            let mut unit = (self.make)(&self.source, path);
            unit.refresh(now_ms())?;
            series = unit.series(key).map(|mut series| {
                series.truncate(usize::try_from(summary.count).unwrap_or(usize::MAX));
                series
            });
        }
        series.ok_or_else(|| RunsError::UnknownMetric {
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
        let resumed = self.resumed.iter().map(|resumed| &resumed.run);
        if let Some(run) = resumed.into_iter().find(|run| run.id == id) {
            return Some(run);
        }
        self.units
            .iter()
            .map(|(_, unit)| &unit.loaded().run)
            .find(|run| run.id == id)
    }
}

/// Adds to a run what a later part of it logged.
fn go_on(run: &mut Run, part: &Run) {
    run.params.extend(part.params.clone());
    run.tags.extend(part.tags.clone());
    for (key, summary) in &part.metrics {
        match run.metrics.get_mut(key) {
            Some(known) => known.merge(summary),
            None => {
                run.metrics.insert(key.clone(), summary.clone());
            }
        }
    }
    for (kind, names) in &part.other {
        let known = run.other.entry(kind.clone()).or_default();
        let new = names.iter().filter(|name| !known.contains(name));
        known.extend(new.cloned().collect::<Vec<_>>());
    }
    for problem in &part.problems {
        run.report(&problem.file, problem.offset, problem.message.clone());
    }
    run.name.clone_from(&part.name);
    run.state = part.state;
    run.end_ms = part.end_ms;
}

/// A run without its metrics, which the columns know, as JSON. `None` for a path that is no
/// Unicode.
pub(crate) fn keep_run(run: &Run) -> Option<String> {
    let mut run = run.clone();
    run.metrics.clear();
    serde_json::to_string(&run).ok()
}

/// For sources that are one run.
pub(crate) fn only_itself(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    Ok(vec![source.path.clone()])
}
