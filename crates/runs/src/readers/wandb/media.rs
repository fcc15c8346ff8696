//! Images, histograms and tables of a key, read from the run files and their `files` folders
//! when they are asked for.

use std::path::{Component, Path, PathBuf};

use super::decode::{item_parts, parsed};
use super::framing::Records;
use crate::formats::json::{self, Json};
use crate::formats::proto::{self, Wire};
use crate::formats::tail::read_small;
use crate::formats::time::seconds_ms;
use crate::media::{Bucket, Content, Medium, image_type};
use crate::model::plain;
use crate::series::Step;

/// Most things of one key.
const MOST: usize = 1000;
/// Most bytes of all of them together, and of one file.
const LARGEST: u64 = 256 << 20;
/// Most intervals of a histogram.
const BUCKETS: usize = 100_000;
/// Most rows of a table that are shown.
const ROWS: usize = 500;

/// Collects what one key holds.
pub(super) struct Collect<'a> {
    key: &'a str,
    pub(super) found: Vec<Medium>,
    rows: i64,
    bytes: u64,
    /// The `files` folder beside the run file that is read.
    folder: PathBuf,
}

impl<'a> Collect<'a> {
    pub(super) fn new(key: &'a str) -> Self {
        Self {
            key,
            found: Vec::new(),
            rows: 0,
            bytes: 0,
            folder: PathBuf::new(),
        }
    }

    /// Goes on with the run file in this folder.
    pub(super) fn go_on_in(&mut self, folder: Option<&Path>) {
        self.folder = folder.unwrap_or(Path::new(".")).join("files");
    }

    fn history(&mut self, message: &[u8]) {
        let (mut step, mut counted, mut time) = (None, None, None);
        // The object under the key, whose fields may come as items of their own.
        let mut object: Vec<(String, Json)> = Vec::new();
        for (number, wire) in proto::fields(message) {
            match (number, wire) {
                (1, Wire::Bytes(item)) => {
                    let Some((path, text)) = item_parts(item) else {
                        continue;
                    };
                    let name = path.join(".");
                    let field = name
                        .strip_prefix(self.key)
                        .and_then(|rest| rest.strip_prefix('.'));
                    match name.as_str() {
                        "_step" => step = parsed(text).and_then(|value| value.step()),
                        "_timestamp" => time = parsed(text).and_then(|value| value.number()),
                        _ if name == self.key => {
                            let value = parsed(text);
                            let entries = value.iter().flat_map(Json::entries);
                            object.extend(entries.cloned());
                        }
                        _ => {
                            if let (Some(field), Some(value)) = (field, parsed(text)) {
                                object.push((field.to_owned(), value));
                            }
                        }
                    }
                }
                (2, Wire::Bytes(message)) => {
                    counted = proto::field(message, 1).and_then(Wire::int);
                }
                _ => {}
            }
        }
        let row = self.rows;
        self.rows += 1;
        if object.is_empty() {
            return;
        }
        let step = step.unwrap_or(Step::from(counted.unwrap_or(row)));
        for content in self.contents(&Json::Object(object)) {
            if self.found.len() >= MOST {
                return;
            }
            self.found.push(Medium {
                step,
                time_ms: time.and_then(seconds_ms),
                content,
            });
        }
    }

    fn contents(&mut self, object: &Json) -> Vec<Content> {
        let text = |key: &str| object.get(key).and_then(Json::text);
        match text("_type").unwrap_or_default() {
            "histogram" => vec![Content::Histogram(histogram(object))],
            "image-file" => {
                let path = text("path").unwrap_or_default();
                vec![self.image(path, object)]
            }
            "images/separated" => {
                let names = object.get("filenames").map(Json::items).unwrap_or_default();
                let names = names.iter().filter_map(Json::text).take(MOST);
                names.map(|path| self.image(path, object)).collect()
            }
            "table-file" => {
                let path = text("path").unwrap_or_default();
                vec![Content::Text(match self.file(path) {
                    Ok(bytes) => table(&bytes),
                    Err(why) => why,
                })]
            }
            _ => Vec::new(),
        }
    }

    fn image(&mut self, path: &str, object: &Json) -> Content {
        let pixels = |key: &str| object.get(key).and_then(Json::int);
        let pixels = |key: &str| pixels(key).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        match self.file(path) {
            Ok(bytes) => Content::Image {
                media_type: image_type(&bytes),
                width: pixels("width"),
                height: pixels("height"),
                bytes,
            },
            Err(why) => Content::Text(why),
        }
    }

    /// A file that a record names, or why it cannot be shown.
    fn file(&mut self, path: &str) -> Result<Vec<u8>, String> {
        let mut parts = Path::new(path).components();
        // A record must not lead out of the run's own files.
        if path.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("`{path}` does not lie among the run's files"));
        }
        let left = LARGEST.saturating_sub(self.bytes);
        let bytes = read_small(&self.folder.join(path), left)
            .map_err(|error| format!("`files/{path}` cannot be read: {error}"))?;
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }
}

impl Records for Collect<'_> {
    fn record(&mut self, data: &[u8], _: &Path, _: u64) {
        if self.found.len() < MOST && proto::is_whole(data) {
            for (_, wire) in proto::fields(data).filter(|(number, _)| *number == 2) {
                self.history(wire.bytes().unwrap_or_default());
            }
        }
    }

    /// Was noted when the points were read.
    fn damaged(&mut self, _: &Path, _: u64, _: String) {}
}

/// `bins` are edges, one more than `values`; or `packedBins` says how they lie.
fn histogram(object: &Json) -> Vec<Bucket> {
    let numbers = |key: &str| -> Vec<f64> {
        let items = object.get(key).map(Json::items).unwrap_or_default();
        let numbers = items.iter().filter_map(Json::number);
        numbers.take(BUCKETS + 1).collect()
    };
    // Packed ones may come as fields of their own.
    let packed = |key: &str| {
        let nested = object.get("packedBins").and_then(|bins| bins.get(key));
        let flat = || object.get(&format!("packedBins.{key}"));
        nested.or_else(flat).and_then(Json::number)
    };
    let counts = numbers("values");
    let edges = match (packed("min"), packed("size")) {
        (Some(least), Some(size)) => (0..=counts.len())
            .map(|place| least + size * place as f64)
            .collect(),
        _ => numbers("bins"),
    };
    let pairs = edges.windows(2).zip(counts);
    pairs
        .map(|(edge, count)| Bucket {
            left: edge[0],
            right: edge[1],
            count,
        })
        .collect()
}

/// `{"columns": […], "data": [[…], …]}` as a Markdown table.
fn table(bytes: &[u8]) -> String {
    let parsed = match json::parse(bytes) {
        Ok(parsed) => parsed,
        Err(error) => return format!("the table is not JSON: {error}"),
    };
    let cells = |row: &Json| -> String {
        let cell = |value: &Json| {
            let text = plain(&value.strict());
            text.replace('|', "\\|").replace(['\n', '\r'], " ")
        };
        let cells: Vec<String> = row.items().iter().map(cell).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let (Some(head), rows) = (
        parsed.get("columns"),
        parsed.get("data").map(Json::items).unwrap_or_default(),
    ) else {
        return "the table has no columns".into();
    };
    let mut out = cells(head);
    out.push_str(&format!("|{}\n", " --- |".repeat(head.items().len())));
    rows.iter()
        .take(ROWS)
        .for_each(|row| out.push_str(&cells(row)));
    if rows.len() > ROWS {
        out.push_str(&format!(
            "\n{} more rows are not shown.\n",
            rows.len() - ROWS
        ));
    }
    out
}
