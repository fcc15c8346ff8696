//! Parquet files of neptune-exporter: one row per point or attribute.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parquet::data_type::Decimal;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;

use crate::error::RunsError;
use crate::formats::json::strict_float;
use crate::formats::time::{iso, iso_ms};
use crate::model::{Run, RunState, SourceKind, plain};
use crate::readers::units::{Loaded, Unit, keeps_run_in};
use crate::scan::{Source, list};
use crate::series::Step;

/// The run a part belongs to, by file name, and the part's number.
fn part(name: &str) -> Option<(&str, u64)> {
    let (run, number) = name.strip_suffix(".parquet")?.rsplit_once("_part_")?;
    Some((run, number.parse().ok()?))
}

/// Parts of all runs in the source folder and the project folders in it.
fn parts(source: &Path) -> Result<Vec<(PathBuf, String, u64, PathBuf)>, RunsError> {
    let folder = list(source).map_err(|e| RunsError::io(source, e))?;
    let mut folders = vec![folder];
    let below: Vec<PathBuf> = folders[0]
        .folders
        .iter()
        .map(|(_, path)| path.clone())
        .collect();
    folders.extend(below.iter().filter_map(|path| list(path).ok()));
    let mut found = Vec::new();
    for folder in folders {
        for (name, path) in &folder.files {
            if let Some((run, number)) = part(name) {
                found.push((folder.path.clone(), run.to_owned(), number, path.clone()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// One unit per run, named by its lowest part.
pub(crate) fn runs(source: &Source) -> Result<Vec<PathBuf>, RunsError> {
    if source.path.is_file() {
        // The run of that part; the others of it lie beside it.
        return Ok(vec![
            std::path::absolute(&source.path).unwrap_or_else(|_| source.path.clone()),
        ]);
    }
    let mut units: Vec<(PathBuf, String, PathBuf)> = Vec::new();
    for (folder, run, _, path) in parts(&source.path)? {
        if units
            .last()
            .is_none_or(|(f, r, _)| (f, r) != (&folder, &run))
        {
            units.push((folder, run, path));
        }
    }
    Ok(units.into_iter().map(|(_, _, path)| path).collect())
}

/// One exported run.
pub(crate) struct Export {
    first: PathBuf,
    seen: Vec<(PathBuf, u64, Option<SystemTime>)>,
    loaded: Loaded,
}

impl Export {
    pub(crate) fn new(_source: &Source, path: &Path) -> Self {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let id = part(&name).map_or(name.as_str(), |(run, _)| run).to_owned();
        let run = Run::new(id, SourceKind::NeptuneExport, path);
        Self {
            first: path.to_path_buf(),
            seen: Vec::new(),
            loaded: Loaded::new(run),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let name = self
            .first
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let Some((run, _)) = part(&name) else {
            return vec![self.first.clone()];
        };
        let files = self
            .first
            .parent()
            .and_then(|p| list(p).ok())
            .map(|f| f.files)
            .unwrap_or_default();
        let mut mine: Vec<(u64, PathBuf)> = files
            .into_iter()
            .filter_map(|(name, path)| {
                part(&name)
                    .filter(|(r, _)| *r == run)
                    .map(|(_, n)| (n, path))
            })
            .collect();
        mine.sort();
        mine.into_iter().map(|(_, path)| path).collect()
    }

    fn read(&mut self, files: &[PathBuf]) {
        let old = &self.loaded.run;
        let name = self
            .first
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let id = part(&name).map_or(name.as_str(), |(run, _)| run).to_owned();
        let mut loaded = Loaded::new(Run::new(id, old.source, old.path.clone()));
        for path in files {
            // The Parquet library may give up on damaged pages by panicking.
            let mut read = Loaded::new(loaded.run.clone());
            std::mem::swap(&mut read, &mut loaded);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let result = read_part(path, &mut read);
                (result, read)
            }));
            match outcome {
                Ok((result, read)) => {
                    loaded = read;
                    if let Err(error) = result {
                        loaded.run.report(
                            path,
                            None,
                            format!("the Parquet file is damaged: {error}"),
                        );
                    }
                }
                Err(_) => loaded.run.report(
                    path,
                    None,
                    "the Parquet file is damaged: it cannot be decoded",
                ),
            }
        }
        let failed = loaded
            .run
            .tags
            .get("sys/failed")
            .is_some_and(|text| text == "true");
        // The service has ended: nothing of it runs any more.
        loaded.run.state = if failed {
            RunState::Failed
        } else {
            RunState::Finished
        };
        loaded.settle();
        self.loaded = loaded;
    }
}

fn read_part(path: &Path, loaded: &mut Loaded) -> Result<(), parquet::errors::ParquetError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    for row in reader.get_row_iter(None)? {
        take(&row?, path, loaded);
    }
    Ok(())
}

fn take(row: &Row, path: &Path, loaded: &mut Loaded) {
    let get = |wanted: &str| {
        row.get_column_iter()
            .find(|(name, value)| *name == wanted && **value != Field::Null)
            .map(|(_, value)| value)
    };
    let text = |wanted: &str| match get(wanted) {
        Some(Field::Str(text)) => Some(text.as_str()),
        _ => None,
    };
    let run = &mut loaded.run;
    if let Some(id) = text("run_id")
        && run.id != id
    {
        if run.experiment.is_some() {
            run.report(
                path,
                None,
                format!("rows of another run, {id}, are left out"),
            );
            return;
        }
        run.id = id.to_owned();
        run.name = id.to_owned();
    }
    if run.experiment.is_none() {
        run.experiment = text("project_id").map(str::to_owned);
    }
    let (Some(key), Some(kind)) = (text("attribute_path"), text("attribute_type")) else {
        return;
    };
    let value = match kind {
        "float_series" => {
            let time = get("timestamp").and_then(millis);
            let step = match get("step") {
                Some(Field::Decimal(step)) => decimal(step),
                Some(Field::Long(step)) => Some(Step::from(*step)),
                Some(Field::Double(step)) => Step::from_f64(*step),
                _ => None,
            };
            match (step, get("float_value")) {
                (Some(step), Some(Field::Double(value))) => {
                    loaded.columns.push(key, step, time, *value)
                }
                (None, Some(_)) => run.report(
                    path,
                    None,
                    format!("{key}: a point without a step is left out"),
                ),
                _ => {}
            }
            return;
        }
        "float" => get("float_value").and_then(|f| match f {
            Field::Double(value) => Some(strict_float(*value)),
            _ => None,
        }),
        "int" => get("int_value").and_then(|f| match f {
            Field::Long(value) => Some(Value::from(*value)),
            _ => None,
        }),
        "bool" => get("bool_value").and_then(|f| match f {
            Field::Bool(value) => Some(Value::from(*value)),
            _ => None,
        }),
        "string" => text("string_value").map(Value::from),
        "datetime" => get("datetime_value")
            .and_then(millis)
            .map(|ms| Value::from(iso(ms))),
        "string_set" => get("string_set_value").and_then(|f| match f {
            Field::ListInternal(list) => Some(
                list.elements()
                    .iter()
                    .filter_map(|e| match e {
                        Field::Str(text) => Some(Value::from(text.as_str())),
                        _ => None,
                    })
                    .collect(),
            ),
            _ => None,
        }),
        other => {
            let names = run.other.entry(other.replace('_', " ")).or_default();
            if !names.iter().any(|name| name == key) {
                names.push(key.to_owned());
            }
            return;
        }
    };
    let Some(value) = value else { return };
    match key {
        "sys/name" => run.name = plain(&value),
        "sys/creation_time" => run.start_ms = iso_ms(&plain(&value)),
        "sys/description" => run.note = Some(plain(&value)),
        _ => {}
    }
    if key.starts_with("sys/") {
        let text = match &value {
            Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
            other => plain(other),
        };
        run.tags.insert(key.to_owned(), text);
    } else {
        run.params.insert(key.to_owned(), value);
    }
}

fn millis(field: &Field) -> Option<i64> {
    match field {
        Field::TimestampMillis(ms) => Some(*ms),
        Field::TimestampMicros(us) => Some(us.div_euclid(1000)),
        _ => None,
    }
}

/// A decimal of any width as a step, to the millionth.
fn decimal(value: &Decimal) -> Option<Step> {
    let bytes = value.data();
    let sign = if bytes.first().is_some_and(|b| *b & 0x80 != 0) {
        -1i128
    } else {
        0
    };
    if bytes.len() > 16 {
        return None;
    }
    let number = bytes
        .iter()
        .fold(sign, |number, byte| number << 8 | i128::from(*byte));
    let power = |n: i32| 10i128.checked_pow(u32::try_from(n).ok()?);
    let micro = match value.scale() {
        scale if scale <= 6 => number.checked_mul(power(6 - scale)?)?,
        scale => number / power(scale - 6)?,
    };
    let whole = i64::try_from(micro.div_euclid(1_000_000)).ok()?;
    Step::from_parts(whole, micro.rem_euclid(1_000_000) as i64)
}

impl Unit for Export {
    fn refresh(&mut self, _now_ms: i64) -> Result<bool, RunsError> {
        let files = self.files();
        let seen = files
            .iter()
            .filter_map(|path| {
                let meta = std::fs::metadata(path).ok()?;
                Some((path.clone(), meta.len(), meta.modified().ok()))
            })
            .collect();
        if self.seen == seen {
            return Ok(false);
        }
        self.read(&files);
        self.seen = seen;
        Ok(true)
    }

    keeps_run_in!(loaded);
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::ByteArray;

    #[test]
    fn decimals_of_every_width() {
        let of = |bytes: &[u8], scale| {
            decimal(&Decimal::from_bytes(
                ByteArray::from(bytes.to_vec()),
                18,
                scale,
            ))
            .map(|s| s.to_string())
        };
        assert_eq!(of(&[0x07, 0xa1, 0x20], 6).as_deref(), Some("0.5"));
        assert_eq!(of(&[0xf8, 0x5e, 0xe0], 6).as_deref(), Some("-0.5"));
        assert_eq!(of(&[5], 0).as_deref(), Some("5"));
        assert_eq!(of(&[0x7f; 17], 6), None);
        assert_eq!(of(&[0x7f; 16], 6), None);
        assert_eq!(of(&[], 6).as_deref(), Some("0"));
    }
}
