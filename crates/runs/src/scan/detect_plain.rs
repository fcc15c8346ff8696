//! Recognises plain tables and JSON lines that log a run, by their content and their place.

use std::path::Path;

use super::detect::sniff;
use crate::formats::json::Json;
use crate::formats::{csv, json, number};
use crate::model::SourceKind;
use crate::scan::{Found, names};
use crate::series::Step;

/// JSON lines are a run when their objects count steps and hold other numbers.
pub(super) fn json_lines(lower: &str, path: &Path, asked: bool, found: &mut Found) {
    let sure = lower.ends_with(".jsonl") || lower.ends_with(".ndjson");
    let Some(bytes) = sniff(path) else {
        found.skip(path, "cannot be read");
        return;
    };
    let (mut rows, mut stepped) = (0, 0);
    for line in bytes.split(|&b| b == b'\n') {
        let Ok(row @ Json::Object(_)) = json::parse(line) else {
            continue;
        };
        rows += 1;
        let step = names::STEP
            .iter()
            .find_map(|key| row.get(key).and_then(Json::step).map(|_| *key));
        let mut numbers = 0;
        crate::readers::jsonl::numbers(&row, &mut |key, _| {
            numbers += usize::from(Some(key) != step)
        });
        stepped += usize::from(step.is_some() && numbers > 0);
    }
    let relative = path
        .strip_prefix(&found.root)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    let in_place = stepped > 0 && names::plausible_place(&relative);
    if in_place || (asked && rows > 0) {
        found.add(SourceKind::Jsonl, path, Some(1));
    } else if sure || asked {
        let why = match (rows, stepped) {
            (0, _) => "no line is a complete JSON object",
            (_, 0) => "no object has a step (step, epoch, iteration, …) beside other numbers",
            _ => "has steps but lies where data sets lie: open it by itself if it is a log",
        };
        found.skip(path, why);
    }
}

/// A table is a run when it has a step-like column that mostly grows and lies in a
/// plausible place; a data set must not become one.
pub(super) fn table(lower: &str, path: &Path, asked: bool, found: &mut Found) {
    let Some(bytes) = sniff(path) else {
        found.skip(path, "cannot be read");
        return;
    };
    let sure = lower.ends_with(".csv") || lower.ends_with(".tsv");
    let relative = path
        .strip_prefix(&found.root)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    match judge_table(&bytes) {
        Ok((kind, step)) => {
            if asked || names::plausible_place(&relative) {
                let kind = if kind == SourceKind::Keras && step != "epoch" {
                    SourceKind::Csv
                } else {
                    kind
                };
                found.add(kind, path, Some(1));
            } else {
                found.skip(path, format!("has a column {step:?} but lies where data sets lie: open it by itself if it is a log"));
            }
        }
        Err(why) if sure || asked => found.skip(path, why),
        Err(_) => {}
    }
}

/// As which plain table a file can be read, if it is one at all; no place and no step column
/// are asked for.
pub(super) fn plain_kind(path: &Path) -> Option<SourceKind> {
    let bytes = sniff(path)?;
    if bytes.contains(&0) {
        return None;
    }
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return Some(SourceKind::Jsonl);
    }
    if let Ok((kind, _)) = judge_table(&bytes) {
        return Some(kind);
    }
    let mut lines = bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    let header = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"))?;
    Some(match csv::guess_delimiter(header) {
        b'\t' => SourceKind::Tsv,
        _ => SourceKind::Csv,
    })
}

/// Recognises a log table: its kind and the name of its step column, or why it is none.
fn judge_table(bytes: &[u8]) -> Result<(SourceKind, String), String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err("not a text file".into());
    }
    let mut at = 0;
    let (line, commented) = loop {
        let Some(end) = bytes
            .get(at..)
            .and_then(|b| b.iter().position(|&b| b == b'\n'))
        else {
            return Err("no complete header line".into());
        };
        let line = bytes[at..at + end].trim_ascii();
        at += end + 1;
        if line.starts_with(b"#") {
            continue;
        }
        if !line.is_empty() {
            break (line, at > end + 1);
        }
    };
    let delimiter = csv::guess_delimiter(line);
    let header: Vec<String> = csv::cells(line, delimiter)
        .cells
        .iter()
        .map(|c| c.trim().to_owned())
        .collect();
    if header.len() < 2 {
        return Err("a single column is not a table of metrics".into());
    }
    let step = names::STEP
        .iter()
        .find_map(|name| header.iter().position(|cell| cell == name));
    // Stable-Baselines' monitor.csv counts nothing: one line per episode.
    let monitor = commented && header.starts_with(&["r".into(), "l".into(), "t".into()]);
    let Some(step) = step else {
        if monitor {
            return Ok((SourceKind::Csv, "row".into()));
        }
        return Err("no step-like column (step, epoch, iteration, …)".into());
    };
    let (mut rows, mut grows, mut numbers) = (0, 0, 0);
    let mut last: Option<Step> = None;
    csv::split(&bytes[at..], delimiter, header.len(), |record, _| {
        let Some(value) = record.cells.get(step).and_then(|c| Step::parse(c.trim())) else {
            return;
        };
        rows += 1;
        grows += usize::from(last.is_none_or(|last| value >= last));
        last = Some(value);
        let others = record.cells.iter().enumerate().filter(|(i, _)| *i != step);
        numbers += usize::from(
            others
                .clone()
                .any(|(_, c)| number::float(c.trim()).is_some()),
        );
    });
    if rows == 0 {
        return Err(format!("column {:?} holds no numbers yet", header[step]));
    }
    if grows * 10 < rows * 8 {
        return Err(format!(
            "column {:?} does not grow as steps do",
            header[step]
        ));
    }
    if numbers == 0 {
        return Err("no numbers beside the step column".into());
    }
    let rest = header.get(1..).unwrap_or_default();
    let kind = match delimiter {
        // Keras writes `epoch` first and the rest sorted (validation keys after it).
        _ if header[0] == "epoch" && keras_order(rest) => SourceKind::Keras,
        b'\t' => SourceKind::Tsv,
        _ => SourceKind::Csv,
    };
    Ok((kind, header[step].clone()))
}

fn keras_order(rest: &[String]) -> bool {
    let plain: Vec<_> = rest
        .iter()
        .filter(|name| !name.starts_with("val_"))
        .collect();
    plain.is_sorted()
        && plain
            .iter()
            .any(|name| name.contains("loss") || name.contains("acc"))
}
