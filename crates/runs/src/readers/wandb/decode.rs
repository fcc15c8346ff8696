//! Records of a run file, and what they say about the run.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value};

use super::framing::Records;
use crate::formats::json::{self, Json};
use crate::formats::proto::{self, Wire};
use crate::formats::time::seconds_ms;
use crate::readers::units::Loaded;
use crate::series::Step;

/// What the records read so far add up to.
pub(super) struct Decoded {
    pub(super) loaded: Loaded,
    pub(super) exit: Option<i64>,
    pub(super) runtime: Option<i64>,
    pub(super) rows: u64,
}

impl Decoded {
    /// Nothing read yet.
    pub(super) fn new(loaded: Loaded) -> Self {
        Self {
            loaded,
            exit: None,
            runtime: None,
            rows: 0,
        }
    }

    /// Applies one record found at `place`.
    fn take(&mut self, data: &[u8], path: &Path, place: u64) {
        if !proto::is_whole(data) {
            self.loaded
                .run
                .report(path, Some(place), "a record is not readable: left out");
            return;
        }
        for (number, wire) in proto::fields(data) {
            let Some(message) = wire.bytes() else {
                continue;
            };
            match number {
                2 => self.history(message),
                3 => {
                    let mut summary = std::mem::take(&mut self.loaded.run.summary);
                    apply(message, &mut summary);
                    self.loaded.run.summary = summary;
                }
                5 => self.config(message),
                12 => self.metric(message),
                17 => self.about(message),
                18 => {
                    self.exit = Some(proto::field(message, 1).and_then(Wire::int).unwrap_or(0));
                    self.runtime = proto::field(message, 2).and_then(Wire::int);
                }
                _ => {}
            }
        }
    }

    fn config(&mut self, message: &[u8]) {
        apply(message, &mut self.loaded.run.params);
        self.loaded.run.params.remove("_wandb");
    }

    fn history(&mut self, message: &[u8]) {
        let mut step = None;
        let mut time = None;
        let mut numbers: Vec<(Cow<'_, str>, f64)> = Vec::with_capacity(8);
        let mut media: Vec<(String, String)> = Vec::new();
        for (number, wire) in proto::fields(message) {
            match (number, wire) {
                (1, Wire::Bytes(item)) => {
                    // Nearly all items are a name and a number.
                    if let Some((name, text)) = plain_item(item)
                        && !matches!(name, "_step" | "_timestamp")
                    {
                        if name.starts_with('_') {
                            continue;
                        }
                        if let Some(number) = json::plain_number(text) {
                            numbers.push((Cow::Borrowed(name), number));
                            continue;
                        }
                    }
                    let Some((path, text)) = item_parts(item) else {
                        continue;
                    };
                    let name = path.join(".");
                    let value = parsed(text);
                    match (path.as_slice(), &value) {
                        (["_step"], Some(value)) => step = value.step(),
                        (["_timestamp"], Some(value)) => time = value.number().and_then(seconds_ms),
                        ([first, ..], _) if first.starts_with('_') => {}
                        ([parent @ .., "_type"], Some(Json::Text(kind))) => {
                            media.push((parent.join("."), kind.clone()))
                        }
                        (_, Some(Json::Object(_))) => {
                            objects(&name, value.as_ref(), &mut numbers, &mut media)
                        }
                        (_, Some(value)) => {
                            if let Some(number) = value.number() {
                                numbers.push((Cow::Owned(name), number));
                            }
                        }
                        _ => {}
                    }
                }
                (2, Wire::Bytes(message)) => {
                    let counted = proto::field(message, 1).and_then(Wire::int).unwrap_or(0);
                    step = step.or(Some(Step::from(counted)));
                }
                _ => {}
            }
        }
        let step = step.unwrap_or_else(|| Step::from(self.rows as i64));
        self.rows += 1;
        for (name, number) in numbers {
            let in_media = |(parent, _): &(String, String)| {
                name.strip_prefix(parent.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
            };
            if !media.iter().any(in_media) {
                self.loaded.columns.merge(&name, step, time, number);
            }
        }
        for (name, kind) in media {
            let names = self.loaded.run.other.entry(kind).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }

    fn metric(&mut self, message: &[u8]) {
        let text = |n| {
            proto::field(message, n)
                .and_then(Wire::text)
                .filter(|t| !t.is_empty())
        };
        if let (Some(name), Some(axis)) = (text(1).or(text(2)), text(4)) {
            self.loaded
                .run
                .step_metrics
                .insert(name.to_owned(), axis.to_owned());
        }
    }

    fn about(&mut self, message: &[u8]) {
        if let Some(config) = proto::field(message, 4).and_then(Wire::bytes) {
            self.config(config);
        }
        if let Some(summary) = proto::field(message, 5).and_then(Wire::bytes) {
            apply(summary, &mut self.loaded.run.summary);
        }
        let run = &mut self.loaded.run;
        let mut tags = Vec::new();
        for (number, wire) in proto::fields(message) {
            let text = wire
                .text()
                .filter(|text| !text.is_empty())
                .map(str::to_owned);
            let mut tag = |name: &str, text: Option<String>| {
                if let Some(text) = text {
                    run.tags.insert(name.to_owned(), text);
                }
            };
            match number {
                2 => tag("entity", text),
                3 => {
                    tag("project", text.clone());
                    run.experiment = text;
                }
                6 => tag("group", text),
                7 => tag("job_type", text),
                8 => run.name = text.unwrap_or_else(|| run.id.clone()),
                9 => run.note = text,
                10 => tags.extend(text),
                12 => tag("sweep", text),
                13 => tag("host", text),
                17 => {
                    let stamp = wire.bytes().unwrap_or_default();
                    let part = |n| proto::field(stamp, n).and_then(Wire::int).unwrap_or(0);
                    let start = part(1)
                        .checked_mul(1000)
                        .and_then(|s| s.checked_add((part(2) + 500_000).div_euclid(1_000_000)));
                    // A resumed run began when its first part did.
                    run.start_ms = run.start_ms.or(start);
                }
                21 => {
                    let commit =
                        proto::field(wire.bytes().unwrap_or_default(), 2).and_then(Wire::text);
                    run.git_commit = commit.filter(|c| !c.is_empty()).map(str::to_owned);
                }
                _ => {}
            }
        }
        if !tags.is_empty() {
            run.tags.insert("tags".into(), tags.join(", "));
        }
    }
}

impl Records for Decoded {
    fn record(&mut self, data: &[u8], path: &Path, place: u64) {
        self.take(data, path, place);
    }

    fn damaged(&mut self, path: &Path, place: u64, message: String) {
        self.loaded.run.report(path, Some(place), message);
    }
}

/// Name and JSON text of an item whose name is one part, which is how [`item_parts`] gives it.
fn plain_item(item: &[u8]) -> Option<(&str, &[u8])> {
    let mut fields = proto::fields(item);
    let (1 | 2, name) = fields.next()? else {
        return None;
    };
    let name = name.text().filter(|name| !name.is_empty())?;
    let (16, Wire::Bytes(text)) = fields.next()? else {
        return None;
    };
    fields.next().is_none().then_some((name, text))
}

/// Key path and JSON text of an item.
pub(super) fn item_parts(item: &[u8]) -> Option<(Vec<&str>, &[u8])> {
    let (mut path, mut value) = (Vec::new(), None);
    for (number, wire) in proto::fields(item) {
        match number {
            1 => {
                if let Some(key) = wire.text().filter(|key| !key.is_empty()) {
                    path = vec![key];
                }
            }
            2 => path.push(wire.text()?),
            16 => value = wire.bytes(),
            _ => {}
        }
    }
    (!path.is_empty()).then_some((path, value?))
}

/// The JSON value of an item.
pub(super) fn parsed(text: &[u8]) -> Option<Json> {
    json::parse(text).ok()
}

/// Numbers and media inside an object given as one value.
fn objects(
    name: &str,
    value: Option<&Json>,
    numbers: &mut Vec<(Cow<'_, str>, f64)>,
    media: &mut Vec<(String, String)>,
) {
    let Some(value) = value else { return };
    if let Some(kind) = value.get("_type").and_then(Json::text) {
        media.push((name.to_owned(), kind.to_owned()));
        return;
    }
    for (key, value) in value.entries() {
        let name = format!("{name}.{key}");
        match value {
            Json::Object(_) => objects(&name, Some(value), numbers, media),
            other => {
                if let Some(number) = other.number() {
                    numbers.push((Cow::Owned(name), number));
                }
            }
        }
    }
}

/// Applies a config or summary message: repeated 1 update, repeated 2 remove.
fn apply(message: &[u8], map: &mut Map<String, Value>) {
    for (number, wire) in proto::fields(message) {
        let Some(item) = wire.bytes() else { continue };
        match number {
            1 => {
                if let Some((path, text)) = item_parts(item)
                    && let Ok(value) = json::parse(text)
                {
                    set(map, &path, value.strict());
                }
            }
            2 => {
                let path: Vec<&str> = proto::fields(item)
                    .filter(|(n, _)| matches!(n, 1 | 2))
                    .filter_map(|(_, w)| w.text())
                    .filter(|t| !t.is_empty())
                    .collect();
                remove(map, &path);
            }
            _ => {}
        }
    }
}

fn set(map: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [] => {}
        [key] => {
            map.insert((*key).to_owned(), value);
        }
        [key, rest @ ..] => {
            let below = map
                .entry((*key).to_owned())
                .or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Some(below) = below.as_object_mut() {
                set(below, rest, value);
            }
        }
    }
}

fn remove(map: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [key] => {
            map.remove(*key);
        }
        [key, rest @ ..] => {
            if let Some(below) = map.get_mut(*key).and_then(Value::as_object_mut) {
                remove(below, rest);
            }
        }
    }
}
