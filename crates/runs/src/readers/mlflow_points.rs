//! Metric files of MLflow's file store: their lines, and their points kept in the index.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::formats::number;
use crate::formats::tail::Tail;
use crate::index::{Chunk, Store};
use crate::model::MetricSummary;
use crate::series::{Series, Step};

/// Fewer points than this are read again faster than they are looked up.
const FEW: usize = 16;

/// One metric file: how far it was read, and what was in it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Metric {
    pub(crate) tail: Tail,
    pub(crate) summary: MetricSummary,
    /// Points that are in the index, once they were asked for.
    kept: Mutex<Kept>,
}

/// Points of the file's first `bytes` bytes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Kept {
    bytes: u64,
    chunks: Vec<Chunk>,
}

impl Metric {
    pub(crate) fn new(tail: Tail) -> Self {
        Self {
            tail,
            summary: MetricSummary::default(),
            kept: Mutex::default(),
        }
    }

    /// Forgets what was read; the file is another one.
    pub(crate) fn start_over(&mut self) {
        self.summary = MetricSummary::default();
        self.forget_points();
    }

    /// Forgets the points kept; the index is another one.
    pub(crate) fn forget_points(&mut self) {
        self.kept = Mutex::default();
    }

    /// Bytes of the index that are in use.
    pub(crate) fn bytes_kept(&self) -> u64 {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.chunks.iter().map(Chunk::bytes).sum()
    }

    /// Whether all points kept lie where the next process finds them.
    pub(crate) fn is_kept(&self) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.chunks.iter().all(Chunk::is_kept)
    }

    /// Reads what is new into the summary.
    pub(crate) fn read(&mut self, mut bad: impl FnMut(u64, String)) -> std::io::Result<()> {
        let Self { tail, summary, .. } = self;
        tail.read(|bytes, offset| {
            let end = memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1);
            points(
                &bytes[..end],
                |step, time, value| summary.add(step, Some(time), value, true),
                |at, message| bad(offset + at as u64, message),
            );
            end
        })
    }

    /// Every point of the file up to where the summary goes, sorted as MLflow does.
    pub(crate) fn series(&self, store: &Store) -> Result<Series, RunsError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut series = Series::default();
        series.reserve(
            usize::try_from(self.summary.count)
                .unwrap_or(0)
                .min(1 << 24),
        );
        for chunk in &kept.chunks {
            if store.get(chunk, &mut series).is_err() {
                *kept = Kept::default();
                series.truncate(0);
                break;
            }
        }
        let end = self.tail.offset();
        if kept.bytes < end {
            let before = series.len();
            let io = |error| RunsError::io(self.tail.path(), error);
            let mut file = File::open(self.tail.path()).map_err(io)?;
            if kept.bytes > 0 {
                file.seek(SeekFrom::Start(kept.bytes)).map_err(io)?;
            }
            let length = end - kept.bytes;
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
            file.take(length).read_to_end(&mut bytes).map_err(io)?;
            let push = |step, time, value| series.push(step, Some(time), value);
            points(&bytes, push, |_, _| {});
            let new = series.len() - before;
            if new >= FEW && bytes.len() as u64 == length && store.is_kept() {
                let chunk = store.put(&series, before, series.len());
                if chunk.is_kept() {
                    kept.chunks.push(chunk);
                    kept.bytes = end;
                }
            }
        }
        Ok(series.sorted())
    }
}

/// Takes every point of complete lines; `bad` gets the place and fault of other lines.
fn points(bytes: &[u8], mut take: impl FnMut(Step, i64, f64), mut bad: impl FnMut(usize, String)) {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some((step, time, value, length)) = usual(rest) {
            take(Step::from(step), time, value);
            at += length;
            continue;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        match point(&rest[..end]) {
            Ok(Some((step, time, value))) => take(step, time, value),
            Ok(None) => {}
            Err(message) => bad(at, message),
        }
        at += end + 1;
    }
}

/// A line as MLflow writes nearly all: `time value step` and the line's end. Answers step,
/// time, value and the line's length; `None` for every other line, which [`point`] reads.
fn usual(bytes: &[u8]) -> Option<(i64, i64, f64, usize)> {
    let (time, length) = digits(bytes)?;
    let mut at = length;
    if *bytes.get(at)? != b' ' {
        return None;
    }
    at += 1;
    let first = *bytes.get(at)?;
    let second = *bytes.get(at + 1)?;
    // Words (nan, inf) are left to the other way.
    if !(first.is_ascii_digit() || first == b'-' && second.is_ascii_digit()) {
        return None;
    }
    let (value, length) = fast_float2::parse_partial::<f64, _>(&bytes[at..]).ok()?;
    at += length;
    if *bytes.get(at)? != b' ' {
        return None;
    }
    at += 1;
    let (step, length) = digits(bytes.get(at..)?)?;
    at += length;
    (*bytes.get(at)? == b'\n').then_some((step, time, value, at + 1))
}

/// A number of 1 to 18 digits at the beginning, and how many they are.
fn digits(bytes: &[u8]) -> Option<(i64, usize)> {
    let mut value = 0i64;
    let mut length = 0;
    for byte in bytes.iter().take(19) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        length += 1;
    }
    (1..=18).contains(&length).then_some((value, length))
}

/// One metric line: `time value [step [data set …]]`. Empty lines are nothing.
fn point(line: &[u8]) -> Result<Option<(Step, i64, f64)>, String> {
    let mut fields = line
        .split(|b| matches!(b, b' ' | b'\t' | b'\r'))
        .filter(|f| !f.is_empty());
    let Some(time) = fields.next() else {
        return Ok(None);
    };
    let bad = || {
        let text = String::from_utf8_lossy(line);
        format!(
            "{:?} is not a point (time, value, step): left out",
            shorten(&text)
        )
    };
    let time = number::int(time).ok_or_else(bad)?;
    let value = fields.next().and_then(|f| std::str::from_utf8(f).ok());
    let value = value.and_then(number::float).ok_or_else(bad)?;
    let step = match fields.next() {
        Some(step) => number::int(step).ok_or_else(bad)?,
        None => 0,
    };
    Ok(Some((Step::from(step), time, value)))
}

/// The beginning of a text, for messages.
fn shorten(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What both ways make of a line.
    type Point = (i64, i64, u64);

    fn both(line: &str) -> (Option<Point>, Option<Point>) {
        let quick = usual(line.as_bytes()).map(|(step, time, value, length)| {
            assert_eq!(length, line.len());
            (step, time, value.to_bits())
        });
        let slow = point(line.trim_end_matches('\n').as_bytes());
        let slow = slow.ok().flatten();
        (quick, slow.map(|(s, t, v)| (s.whole, t, v.to_bits())))
    }

    #[test]
    fn the_quick_way_reads_as_the_other_one() {
        let values = [
            "0.1",
            "-0.0",
            "1e-05",
            "5e-324",
            "1e999",
            "-1.7976931348623157e308",
            "3",
            "0.30000000000000004",
            "123456789012345678901234567890",
            "2.2250738585072011e-308",
            "9007199254740993",
            "1E5",
            "7.",
        ];
        for value in values {
            for (time, step) in [
                ("1790000000000", "0"),
                ("0", "999999999999999999"),
                ("1", "7"),
            ] {
                let (quick, slow) = both(&format!("{time} {value} {step}\n"));
                assert!(quick.is_some(), "{value}");
                assert_eq!(quick, slow, "{value}");
            }
        }
        // Not usual: left to the other way, whatever that says.
        for line in [
            "1 nan 2\n",
            "1 inf 2\n",
            "1 1_0 2\n",
            "1 0x10 2\n",
            "-1 0.5 2\n",
            "1 0.5 -2\n",
            "1 0.5\n",
            "1 0.5 2 set digest\n",
            "1 0.5 2\r\n",
            "1  0.5 2\n",
            "1 .5 2\n",
            "1 0.5 9223372036854775807\n",
            "9223372036854775808 0.5 1\n",
            "\n",
            "1 0.5 2",
            "1 0.5e 2\n",
            "1 +0.5 2\n",
            "1 -.5 2\n",
        ] {
            assert_eq!(both(line).0, None, "{line:?}");
        }
        assert_eq!(
            both("1 0.5 9223372036854775807\n").1,
            Some((i64::MAX, 1, 0.5f64.to_bits()))
        );
    }

    #[test]
    fn places_of_bad_lines() {
        let (mut good, mut faults) = (Vec::new(), Vec::new());
        points(
            b"1 0.5 0\nnonsense\n\n2 nan 1\n3 4 5 6 7\n",
            |step, time, value| good.push((step.whole, time, value)),
            |at, message| faults.push((at, message)),
        );
        assert_eq!(good.len(), 3);
        assert!(good[1].2.is_nan());
        assert_eq!(good[2], (5, 3, 4.0));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].0, 8);
    }
}
