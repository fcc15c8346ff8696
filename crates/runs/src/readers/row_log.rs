//! The reader of logs in lines, each with values of several metrics: tables and JSON lines.
//! A file is one run, or one per value of the column that says so.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::RunsError;
use crate::formats::tail::{Change, Tail, modified_ms, now_ms, read_small};
use crate::formats::yaml;
use crate::mapping::{Column, Mapping};
use crate::model::{Problem, Run, RunState, SourceKind};
use crate::reader::{Reader, Refresh};
use crate::readers::units::Loaded;
use crate::scan::Source;
use crate::series::Series;

/// Largest parameter file that is read.
const PARAMS_LIMIT: u64 = 8 << 20;

/// How a file's lines become points.
pub(crate) trait Rows: Send {
    /// Takes the complete lines off `bytes`, which begin at `offset` of the file; says how
    /// many bytes they were.
    fn take(&mut self, bytes: &[u8], offset: u64, parts: &mut Parts) -> usize;
    /// Forgets what was read; the roles of columns are those of `mapping` from now on.
    fn start_over(&mut self, mapping: &Mapping);
    /// What the columns mean; `None` while nothing was read.
    fn columns(&self) -> Option<Vec<Column>>;
    /// What is wrong with a file that ends with `left` bytes that are no line.
    fn unfinished(&self, left: u64) -> String;
}

/// The runs of a file.
pub(crate) struct Parts {
    /// The file, where problems are.
    file: PathBuf,
    /// A run of which nothing is known yet, for the whole file.
    blank: Run,
    parts: Vec<Part>,
    by_run: HashMap<String, usize>,
    /// Metrics by number: the same in all runs.
    names: Vec<String>,
    numbers: HashMap<String, usize>,
    /// What is wrong and belongs to no run.
    problems: Vec<Problem>,
}

/// One run.
pub(crate) struct Part {
    pub(crate) loaded: Loaded,
    /// Lines so far.
    pub(crate) rows: i64,
    /// Lines came while it was looked at.
    grew: bool,
}

impl Parts {
    fn new(source: &Source, file: &Path) -> Self {
        Self {
            file: file.to_path_buf(),
            blank: Run::new(source.relative(&source.path), source.kind, &source.path),
            parts: Vec::new(),
            by_run: HashMap::new(),
            names: Vec::new(),
            numbers: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// The file's format.
    pub(crate) fn kind(&self) -> SourceKind {
        self.blank.source
    }

    /// The number of a metric, the same in all runs.
    pub(crate) fn metric(&mut self, name: &str) -> usize {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        for part in &mut self.parts {
            part.loaded.columns.id(name);
        }
        number
    }

    /// The place of the run of that name, or of that of the whole file.
    pub(crate) fn place(&mut self, name: Option<&str>) -> usize {
        match self.by_run.get(name.unwrap_or_default()) {
            Some(place) => *place,
            None => {
                let mut run = self.blank.clone();
                if let Some(name) = name {
                    run.id = format!("{}#{name}", run.id);
                    run.name = name.to_owned();
                }
                let mut loaded = Loaded::new(run);
                for name in &self.names {
                    loaded.columns.id(name);
                }
                self.parts.push(Part {
                    loaded,
                    rows: 0,
                    grew: false,
                });
                let place = self.parts.len() - 1;
                self.by_run
                    .insert(name.unwrap_or_default().to_owned(), place);
                place
            }
        }
    }

    /// The run at a place.
    pub(crate) fn part(&mut self, place: usize) -> &mut Part {
        &mut self.parts[place]
    }

    /// Notes damage, on the file's run where there is only that one.
    pub(crate) fn report(&mut self, at: Option<u64>, message: impl Into<String>) {
        if let [part] = self.parts.as_mut_slice() {
            part.loaded.run.report(&self.file, at, message);
            return;
        }
        let mut of_file = self.blank.clone();
        of_file.problems = std::mem::take(&mut self.problems);
        of_file.report(&self.file, at, message);
        self.problems = of_file.problems;
    }
}

impl Part {
    /// Notes a parameter; of several values the first counts.
    pub(crate) fn param(&mut self, file: &Path, at: u64, name: &str, value: Value) {
        let run = &mut self.loaded.run;
        match run.params.get(name) {
            None => {
                run.params.insert(name.to_owned(), value);
            }
            Some(known) if *known == value => {}
            Some(_) => run.report(
                file,
                Some(at),
                format!("{name:?} changes within the run: as a parameter its first value counts"),
            ),
        }
    }
}

/// One file.
pub(crate) struct RowLog<R> {
    source: Source,
    tail: Tail,
    rows: R,
    mapping: Mapping,
    parts: Parts,
    params: Option<PathBuf>,
    params_seen: Option<i64>,
    /// Lines came after the first look.
    grew: bool,
    /// Columns got other roles: all is read anew.
    again: bool,
}

impl<R: Rows> RowLog<R> {
    /// The log in `file` of a source, with the parameters of another file.
    pub(crate) fn new(source: Source, file: PathBuf, params: Option<PathBuf>, rows: R) -> Self {
        Self {
            parts: Parts::new(&source, &file),
            tail: Tail::new(file),
            mapping: Mapping::default(),
            source,
            rows,
            params,
            params_seen: None,
            grew: false,
            again: false,
        }
    }

    fn start_over(&mut self) {
        self.rows.start_over(&self.mapping);
        self.parts = Parts::new(&self.source, self.tail.path());
        self.params_seen = None;
        self.begin();
    }

    /// A file without a column for runs is a run, even before its first line.
    fn begin(&mut self) {
        if self
            .mapping
            .column(crate::mapping::ColumnRole::Run)
            .is_none()
        {
            self.parts.place(None);
        }
    }

    fn read_params(&mut self) -> bool {
        let Some(file) = &self.params else {
            return false;
        };
        let modified = modified_ms(file);
        if modified.is_none() || modified == self.params_seen {
            return false;
        }
        self.params_seen = modified;
        let params = read_small(file, PARAMS_LIMIT)
            .map_err(|error| error.to_string())
            .and_then(|bytes| yaml::params(&bytes));
        match params {
            Ok(params) => self.each_run(|run| run.params.clone_from(&params)),
            Err(message) => {
                let file = file.clone();
                let message = format!("the parameters cannot be read: {message}");
                self.each_run(|run| run.report(&file, None, message.clone()));
            }
        }
        true
    }

    fn each_run(&mut self, change: impl Fn(&mut Run)) {
        for part in &mut self.parts.parts {
            change(&mut part.loaded.run);
        }
    }

    /// Reads what is new; says whether all was read anew.
    fn look(&mut self) -> Result<bool, RunsError> {
        let path = self.tail.path().to_path_buf();
        let looked_before = self.tail.modified_ms().is_some();
        let asked = std::mem::take(&mut self.again);
        let mut anew = asked;
        if asked {
            self.tail = Tail::new(&path);
            self.start_over();
        }
        self.begin();
        match self.tail.check().map_err(|e| RunsError::io(&path, e))? {
            Change::None | Change::Grown => {}
            Change::Gone => {
                return Err(RunsError::format(
                    &path,
                    "the file is gone; what was read is kept",
                ));
            }
            Change::Rewritten => {
                self.start_over();
                anew = true;
            }
        }
        let before = self.tail.offset();
        let rows_before: Vec<i64> = self.parts.parts.iter().map(|part| part.rows).collect();
        let (rows, parts) = (&mut self.rows, &mut self.parts);
        self.tail
            .read(|bytes, offset| rows.take(bytes, offset, parts))
            .map_err(|e| RunsError::io(&path, e))?;
        let more = self.tail.offset() != before;
        // What is only read in another way did not grow.
        if looked_before && !asked && (more || anew) {
            self.grew = true;
            // In a table of many runs, those that got nothing more are not written.
            for (at, part) in self.parts.parts.iter_mut().enumerate() {
                part.grew |= anew || rows_before.get(at).is_none_or(|rows| part.rows > *rows);
            }
        }
        anew |= self.read_params();
        self.set_state();
        for part in &mut self.parts.parts {
            part.loaded.settle();
            part.loaded.run.start_ms = part.loaded.columns.first_time_ms();
        }
        Ok(anew)
    }

    fn set_state(&mut self) {
        let now_ms = now_ms();
        let written = self.tail.modified_ms();
        let old = RunState::without_end(written, now_ms) == RunState::Stale;
        let many = self.parts.parts.len() > 1;
        for part in &mut self.parts.parts {
            let state = RunState::of_log(written, self.grew && (part.grew || !many), now_ms);
            let done = self.source.kind == SourceKind::Ultralytics
                && yaml::int(&part.loaded.run.params, "epochs")
                    .is_some_and(|epochs| part.rows >= epochs);
            part.loaded.run.state = if done { RunState::Finished } else { state };
        }
        let left = self.tail.len().saturating_sub(self.tail.offset());
        if left > 0 && old {
            let message = self.rows.unfinished(left);
            self.parts.report(Some(self.tail.offset()), message);
        }
    }

    /// What shows that a run got more: lines, problems, its state.
    fn figures(&self) -> BTreeMap<String, (i64, usize, RunState)> {
        let figures = self.parts.parts.iter().map(|part| {
            let run = &part.loaded.run;
            (run.id.clone(), (part.rows, run.problems.len(), run.state))
        });
        figures.collect()
    }

    fn part(&self, run: &str) -> Option<&Part> {
        let mut parts = self.parts.parts.iter();
        parts.find(|part| part.loaded.run.id == run)
    }
}

impl<R: Rows> Reader for RowLog<R> {
    fn source(&self) -> &Source {
        &self.source
    }

    fn runs(&self) -> Vec<&Run> {
        let parts = self.parts.parts.iter();
        parts.map(|part| &part.loaded.run).collect()
    }

    fn refresh(&mut self) -> Result<Refresh, RunsError> {
        let mut before = self.figures();
        let anew = self.look().unwrap_or_else(|error| {
            let file = self.source.path.clone();
            self.each_run(|run| run.report(&file, None, error.to_string()));
            false
        });
        let mut refresh = Refresh::default();
        for (id, now) in self.figures() {
            match before.remove(&id) {
                None => refresh.added.push(id),
                Some(then) if anew || then != now => refresh.changed.push(id),
                Some(_) => {}
            }
        }
        refresh.removed = before.into_keys().collect();
        Ok(refresh)
    }

    fn series(&self, run: &str, key: &str) -> Result<Series, RunsError> {
        let part = self.part(run).ok_or_else(|| RunsError::UnknownRun {
            path: self.source.path.clone(),
            run: run.to_owned(),
        })?;
        let known = part.loaded.run.metrics.contains_key(key);
        let series = part.loaded.columns.get(key).filter(|_| known);
        series.ok_or_else(|| RunsError::UnknownMetric {
            run: run.to_owned(),
            key: key.to_owned(),
        })
    }

    fn problems(&self) -> Vec<Problem> {
        self.parts.problems.clone()
    }

    fn columns(&self) -> Option<Vec<Column>> {
        let told = self.source.kind.has_columns();
        told.then(|| self.rows.columns().unwrap_or_default())
    }

    fn map_columns(&mut self, mapping: &Mapping) -> bool {
        let can = self.source.kind.has_columns();
        if can && *mapping != self.mapping {
            self.mapping = mapping.clone();
            self.again = true;
        }
        can
    }
}
