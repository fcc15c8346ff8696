//! Neptune 2.x local folders: JSON operations one after another.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::formats::json::{self, Json};
use crate::formats::tail::{Change, Tail, read_small};
use crate::formats::time::{iso_ms, seconds_ms};
use crate::model::{Run, RunState, SourceKind};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::scan::{Source, list, own_name};
use crate::series::Step;

/// Whether a folder is a run: `metadata.json` beside `data-<n>.log`.
pub(crate) fn is_run(path: &Path) -> bool {
    path.join("metadata.json").is_file()
        && list(path).is_ok_and(|f| f.files.iter().any(|(name, _)| log_number(name).is_some()))
}

/// Run folders at most three levels below a `.neptune` folder.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    let mut found = Vec::new();
    let mut open = vec![(source.path.clone(), 0)];
    while let Some((path, depth)) = open.pop() {
        if is_run(&path) {
            found.push(path);
            continue;
        }
        match list(&path) {
            Ok(folder) if depth < 3 => {
                open.extend(folder.folders.into_iter().map(|(_, p)| (p, depth + 1)))
            }
            Ok(_) => {}
            Err(error) if depth == 0 => return Err(RunsError::io(&path, error)),
            Err(_) => {}
        }
    }
    found.sort();
    Ok(found)
}

fn log_number(name: &str) -> Option<u64> {
    name.strip_prefix("data-")?
        .strip_suffix(".log")?
        .parse()
        .ok()
}

/// One run folder.
pub(crate) struct Neptune2 {
    folder: PathBuf,
    logs: Vec<(u64, Tail)>,
    loaded: Loaded,
    sets: std::collections::BTreeMap<String, BTreeSet<String>>,
    metadata_read: bool,
}

impl Neptune2 {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let name = own_name(path).unwrap_or_default();
        // run__<uuid>__<pid>__<key>
        let id = name
            .split("__")
            .nth(1)
            .map_or_else(|| name.clone(), str::to_owned);
        let run = Run::new(id, SourceKind::Neptune2, path);
        Self {
            folder: path.to_path_buf(),
            logs: Vec::new(),
            loaded: Loaded::new(run),
            sets: Default::default(),
            metadata_read: false,
        }
    }

    fn read_metadata(&mut self) {
        let file = self.folder.join("metadata.json");
        let run = &mut self.loaded.run;
        match read_small(&file, 1 << 20)
            .map_err(|e| e.to_string())
            .and_then(|b| json::parse(&b).map_err(|e| e.to_string()))
        {
            Ok(about) => {
                if let Some(id) = about.get("containerId").and_then(Json::text) {
                    if run.name == run.id {
                        run.name = id.to_owned();
                    }
                    run.id = id.to_owned();
                }
                run.start_ms = about.get("createdAt").and_then(Json::text).and_then(iso_ms);
                if let Some(mode) = about.get("mode").and_then(Json::text) {
                    run.tags.insert("neptune/mode".into(), mode.to_owned());
                }
                self.metadata_read = true;
            }
            Err(error) => run.report(&file, None, format!("cannot be read: {error}")),
        }
    }

    fn read_logs(&mut self) -> Result<bool, RunsError> {
        let files = list(&self.folder)
            .map_err(|e| RunsError::io(&self.folder, e))?
            .files;
        for (name, path) in files {
            let Some(number) = log_number(&name) else {
                continue;
            };
            if !self.logs.iter().any(|(known, _)| *known == number) {
                self.logs.push((number, Tail::new(path)));
            }
        }
        // By number: 28 comes before 100.
        self.logs.sort_by_key(|(number, _)| *number);
        let mut logs = std::mem::take(&mut self.logs);
        let mut changed = false;
        let mut failed = None;
        for (_, tail) in &mut logs {
            let path = tail.path().to_path_buf();
            match tail.check() {
                // Parts already sent are deleted by the tool; what was read stays.
                Ok(Change::None | Change::Gone) => continue,
                Ok(Change::Grown) => {}
                Ok(Change::Rewritten) => {
                    self.loaded.run.report(
                        &path,
                        None,
                        "the log was written anew while being read: its points may be repeated",
                    );
                }
                Err(error) => {
                    failed = Some(RunsError::io(&path, error));
                    continue;
                }
            }
            let read = tail.read(|bytes, offset| self.operations(bytes, offset, &path));
            if let Err(error) = read {
                failed = Some(RunsError::io(&path, error));
            }
            changed = true;
        }
        self.logs = logs;
        match failed {
            Some(error) => Err(error),
            None => Ok(changed),
        }
    }

    /// Applies the complete objects at the beginning of `bytes`; says how many bytes they take.
    fn operations(&mut self, bytes: &[u8], offset: u64, path: &Path) -> usize {
        let mut at = 0;
        loop {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            if at >= bytes.len() {
                return at;
            }
            match json::parse_prefix(&bytes[at..]) {
                Ok((operation, used)) => {
                    self.apply(&operation, offset + at as u64, path);
                    at += used;
                }
                Err(error) if error.cut => return at,
                Err(error) => {
                    let place = offset + at as u64;
                    self.loaded.run.report(
                        path,
                        Some(place),
                        format!("an operation is not JSON ({error}): left out"),
                    );
                    // The tool writes one object per line: go on at the next.
                    match bytes[at..].iter().position(|&b| b == b'\n') {
                        Some(end) => at += end + 1,
                        None => return at,
                    }
                }
            }
        }
    }

    fn apply(&mut self, operation: &Json, at: u64, path: &Path) {
        let Some(object) = operation.get("obj") else {
            self.loaded
                .run
                .report(path, Some(at), "an entry without an operation: left out");
            return;
        };
        let parts: Vec<&str> = object
            .get("path")
            .map(Json::items)
            .unwrap_or_default()
            .iter()
            .filter_map(Json::text)
            .collect();
        let key = parts.join("/");
        let value = object.get("value");
        let values = object.get("values").map(Json::items).unwrap_or_default();
        match object.get("type").and_then(Json::text).unwrap_or_default() {
            "AssignFloat" | "AssignInt" | "AssignBool" | "AssignString" | "AssignDatetime" => {
                if let Some(value) = value {
                    self.assign(&key, value);
                }
            }
            "LogFloats" => {
                for entry in values {
                    let Some(number) = entry.get("value").and_then(Json::number) else {
                        continue;
                    };
                    let columns = &mut self.loaded.columns;
                    let next = || columns.last_step(&key).map_or(Step::default(), Step::next);
                    let step = entry.get("step").and_then(Json::step).unwrap_or_else(next);
                    let time = entry.get("ts").and_then(Json::number).and_then(seconds_ms);
                    columns.push(&key, step, time, number);
                }
            }
            "ClearFloatLog" => self.loaded.columns.clear_key(&key),
            "DeleteAttribute" => {
                self.loaded.columns.clear_key(&key);
                self.loaded.run.params.remove(&key);
                self.loaded.run.tags.remove(&key);
                self.sets.remove(&key);
            }
            "AddStrings" => {
                let set = self.sets.entry(key).or_default();
                set.extend(values.iter().filter_map(Json::text).map(str::to_owned));
            }
            "RemoveStrings" => {
                let set = self.sets.entry(key).or_default();
                values.iter().filter_map(Json::text).for_each(|text| {
                    set.remove(text);
                });
            }
            "ClearStringSet" => {
                self.sets.insert(key, BTreeSet::new());
            }
            "LogStrings" => self.other("text series", key),
            "LogImages" => self.other("image series", key),
            "UploadFile" | "UploadFileContent" | "UploadFileSet" | "TrackFilesToArtifact" => {
                self.other("file", key)
            }
            // Unknown operations are newer than this reader; they are no numbers it knows.
            _ => {}
        }
    }

    fn other(&mut self, kind: &str, key: String) {
        let names = self.loaded.run.other.entry(kind.to_owned()).or_default();
        if !names.contains(&key) {
            names.push(key);
        }
    }

    fn assign(&mut self, key: &str, value: &Json) {
        let run = &mut self.loaded.run;
        match (key, value.text()) {
            ("sys/name", Some(name)) if !name.is_empty() => run.name = name.to_owned(),
            ("sys/description", Some(text)) if !text.is_empty() => run.note = Some(text.to_owned()),
            _ => {}
        }
        if key.starts_with("sys/") {
            run.tags
                .insert(key.to_owned(), crate::model::plain(&value.strict()));
        } else {
            run.params.insert(key.to_owned(), value.strict());
        }
    }
}

impl Unit for Neptune2 {
    fn refresh(&mut self, now_ms: i64) -> Result<bool, RunsError> {
        if !self.metadata_read {
            self.read_metadata();
        }
        let mut changed = self.read_logs()?;
        for (key, set) in &self.sets {
            let text = set.iter().cloned().collect::<Vec<_>>().join(", ");
            self.loaded.run.tags.insert(key.clone(), text);
        }
        self.loaded.settle();
        let run = &mut self.loaded.run;
        let written = self
            .logs
            .iter()
            .filter_map(|(_, tail)| tail.modified_ms())
            .max();
        let state = match run.tags.get("sys/failed").map(String::as_str) {
            Some("true") => RunState::Failed,
            _ => RunState::without_end(written, now_ms),
        };
        changed |= state != run.state;
        run.state = state;
        if state == RunState::Stale
            && let Some((_, tail)) = self.logs.last()
            && tail.offset() < tail.len()
        {
            let (path, offset) = (tail.path().to_path_buf(), tail.offset());
            run.report(
                &path,
                Some(offset),
                "the log ends inside an operation, which is left out",
            );
        }
        Ok(changed)
    }

    keeps_run_in!(loaded);
}
