//! Files that are written anew each time: noticing a change, parsing, flattening.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::formats::json::{self, Json};
use crate::formats::tail::{read_small, unix_ms};

/// Largest file read at once.
const LIMIT: u64 = 1 << 30;

pub(crate) type Seen = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// What is there of some files: size and time of change.
pub(crate) fn seen(files: impl IntoIterator<Item = PathBuf>) -> Seen {
    files
        .into_iter()
        .filter_map(|path| {
            let meta = std::fs::metadata(&path).ok()?;
            Some((path, meta.len(), meta.modified().ok()))
        })
        .collect()
}

/// Time of the newest change, Unix ms.
pub(crate) fn newest_ms(seen: &Seen) -> Option<i64> {
    seen.iter()
        .filter_map(|(_, _, time)| time.and_then(unix_ms))
        .max()
}

/// Parses a whole file.
pub(crate) fn parse(path: &Path) -> Result<Json, String> {
    let bytes = read_small(path, LIMIT).map_err(|e| e.to_string())?;
    json::parse(&bytes).map_err(|e| e.to_string())
}

/// A nested JSON object's leaves with `/` between names.
pub(crate) fn leaves(value: &Json, out: &mut Vec<(String, Value)>) {
    value.each_leaf("/", |_| true, &mut |name, value| {
        out.push((name.to_owned(), value.strict()));
    });
}
