//! One metric of one run: steps, times and values, all of them, exactly as logged.

use serde::{Deserialize, Serialize};

/// Millionths in one whole step.
const MICRO: u32 = 1_000_000;

/// A step: a signed 64-bit whole number, for Neptune with up to six decimals.
///
/// Kept as integers because `f64` is inexact beyond 2^53.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Step {
    /// The largest whole number not above the step.
    pub whole: i64,
    /// What is above it, in millionths: `0..1_000_000`.
    pub micro: u32,
}

impl From<i64> for Step {
    fn from(whole: i64) -> Self {
        Self { whole, micro: 0 }
    }
}

impl Step {
    /// From a floating-point number, to the nearest millionth.
    ///
    /// `None` when it is not finite or outside the 64-bit range.
    pub fn from_f64(value: f64) -> Option<Self> {
        // 2^63 is exactly representable; the largest i64 is not.
        let limit = 9_223_372_036_854_775_808.0;
        if !value.is_finite() || value < -limit || value >= limit {
            return None;
        }
        let floor = value.floor();
        let whole = floor as i64;
        let micro = ((value - floor) * f64::from(MICRO)).round() as u32;
        if micro >= MICRO {
            Some(Self::from(whole.checked_add(1)?))
        } else {
            Some(Self { whole, micro })
        }
    }

    /// From text: an integer of 64 bits, or a decimal or exponent form that fits.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(whole) = text.parse::<i64>() {
            return Some(Self::from(whole));
        }
        // Pure digits that do not fit must not be rounded into range.
        let digits = text.trim_start_matches(['+', '-']);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Self::from_f64(text.parse::<f64>().ok()?)
    }

    /// From whole steps and millionths as Neptune 3 stores them; either may be negative.
    pub(crate) fn from_parts(whole: i64, micro: i64) -> Option<Self> {
        let carry = micro.div_euclid(i64::from(MICRO));
        let rest = micro.rem_euclid(i64::from(MICRO));
        Some(Self {
            whole: whole.checked_add(carry)?,
            micro: rest as u32,
        })
    }

    /// As a coordinate for drawing; inexact beyond 2^53.
    pub fn as_f64(self) -> f64 {
        self.whole as f64 + f64::from(self.micro) / f64::from(MICRO)
    }

    /// The next whole step; stays at the largest one.
    pub(crate) fn next(self) -> Self {
        Self::from(self.whole.saturating_add(1))
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.micro == 0 {
            return write!(f, "{}", self.whole);
        }
        // -0.25 is held as -1 + 0.75: written with the sign of the whole number.
        let total = i128::from(self.whole) * i128::from(MICRO) + i128::from(self.micro);
        let sign = if total < 0 { "-" } else { "" };
        let total = total.unsigned_abs();
        let fraction = format!("{:06}", total % u128::from(MICRO));
        write!(
            f,
            "{sign}{}.{}",
            total / u128::from(MICRO),
            fraction.trim_end_matches('0')
        )
    }
}

/// A column of steps: 8 bytes each, 12 once a fractional one was seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Steps {
    whole: Vec<i64>,
    /// Empty as long as every step is whole.
    micro: Vec<u32>,
}

impl Steps {
    /// Appends a step.
    pub fn push(&mut self, step: Step) {
        if step.micro != 0 && self.micro.is_empty() {
            self.micro = vec![0; self.whole.len()];
            self.micro.push(step.micro);
        } else if !self.micro.is_empty() {
            self.micro.push(step.micro);
        }
        self.whole.push(step.whole);
    }

    /// The step at `index`.
    pub fn get(&self, index: usize) -> Option<Step> {
        let whole = *self.whole.get(index)?;
        Some(Step {
            whole,
            micro: self.micro.get(index).copied().unwrap_or(0),
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.whole.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty()
    }

    /// All of them, in the order logged.
    pub fn iter(&self) -> impl Iterator<Item = Step> + '_ {
        self.whole.iter().enumerate().map(|(i, &whole)| Step {
            whole,
            micro: self.micro.get(i).copied().unwrap_or(0),
        })
    }

    /// The whole parts, and the millionths, which are empty while every step is whole.
    pub(crate) fn parts(&self) -> (&[i64], &[u32]) {
        (&self.whole, &self.micro)
    }

    /// Appends a column as [`Steps::parts`] gives it, by what `fill` adds to the whole parts.
    pub(crate) fn extend(&mut self, fill: impl FnOnce(&mut Vec<i64>), micro: &[u32]) {
        let before = self.whole.len();
        fill(&mut self.whole);
        if self.micro.is_empty() && micro.is_empty() {
            return;
        }
        self.micro.resize(before, 0);
        self.micro.extend_from_slice(micro);
        self.micro.resize(self.whole.len(), 0);
    }

    fn truncate(&mut self, len: usize) {
        self.whole.truncate(len);
        self.micro.truncate(len);
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<T: IntoIterator<Item = Step>>(iter: T) -> Self {
        let mut steps = Self::default();
        iter.into_iter().for_each(|step| steps.push(step));
        steps
    }
}

/// A column of optional times in Unix milliseconds; no memory while no point has one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Empty as long as no point has a time; `i64::MIN` marks a missing one.
    ms: Vec<i64>,
    len: usize,
}

impl Times {
    pub(crate) const NONE: i64 = i64::MIN;

    /// Appends a time.
    pub fn push(&mut self, ms: Option<i64>) {
        if ms.is_some() && self.ms.is_empty() {
            self.ms = vec![Self::NONE; self.len];
        }
        self.len += 1;
        if !self.ms.is_empty() || ms.is_some() {
            self.ms.push(ms.unwrap_or(Self::NONE));
        }
    }

    /// The time at `index`, if that point has one.
    pub fn get(&self, index: usize) -> Option<i64> {
        self.ms.get(index).copied().filter(|&ms| ms != Self::NONE)
    }

    /// How many points there are, with or without a time.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether any point has a time.
    pub fn any(&self) -> bool {
        !self.ms.is_empty()
    }

    /// All of them, in the order logged.
    pub fn iter(&self) -> impl Iterator<Item = Option<i64>> + '_ {
        (0..self.len).map(|i| self.get(i))
    }

    /// Unix milliseconds with [`Times::NONE`] where there is none; empty when no point has one.
    pub(crate) fn raw(&self) -> &[i64] {
        &self.ms
    }

    /// Appends `count` times: what `fill` adds, in the form of [`Times::raw`], or none.
    pub(crate) fn extend(&mut self, count: usize, fill: Option<impl FnOnce(&mut Vec<i64>)>) {
        match fill {
            Some(fill) => {
                self.ms.resize(self.len, Self::NONE);
                fill(&mut self.ms);
                self.ms.resize(self.len + count, Self::NONE);
            }
            None if !self.ms.is_empty() => self.ms.resize(self.len + count, Self::NONE),
            None => {}
        }
        self.len += count;
    }

    fn truncate(&mut self, len: usize) {
        self.ms.truncate(len);
        self.len = self.len.min(len);
    }
}

/// Whether a value can be drawn and averaged: not NaN, not infinite, and not the largest
/// double, which is what MLflow's database stores in place of an infinity.
pub fn is_plain(value: f64) -> bool {
    value.abs() < f64::MAX
}

/// Every point of one metric, in the order the format defines (file order; MLflow: by step,
/// time, value). The three columns have equal length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Steps; may be negative, repeated, unordered.
    pub steps: Steps,
    /// Unix milliseconds, where the format has them.
    pub times_ms: Times,
    /// Values; NaN and infinities are kept.
    pub values: Vec<f64>,
}

impl Series {
    /// Appends a point.
    pub fn push(&mut self, step: Step, time_ms: Option<i64>, value: f64) {
        self.steps.push(step);
        self.times_ms.push(time_ms);
        self.values.push(value);
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> usize {
        8 * (self.values.len() + self.steps.whole.len() + self.times_ms.ms.len())
            + 4 * self.steps.micro.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The point at `index`: step, time in Unix ms, value.
    pub fn point(&self, index: usize) -> Option<(Step, Option<i64>, f64)> {
        Some((
            self.steps.get(index)?,
            self.times_ms.get(index),
            *self.values.get(index)?,
        ))
    }

    /// All points in order.
    pub fn iter(&self) -> impl Iterator<Item = (Step, Option<i64>, f64)> + '_ {
        (0..self.len()).filter_map(|i| self.point(i))
    }

    /// Room for so many more points.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.steps.whole.reserve(more);
        self.values.reserve(more);
    }

    /// Gives back room that is not used.
    pub(crate) fn shrink(&mut self) {
        self.steps.whole.shrink_to_fit();
        self.steps.micro.shrink_to_fit();
        self.times_ms.ms.shrink_to_fit();
        self.values.shrink_to_fit();
    }

    /// Appends all points of another series.
    pub(crate) fn append(&mut self, other: &Self) {
        let whole = |out: &mut Vec<i64>| out.extend_from_slice(&other.steps.whole);
        self.steps.extend(whole, &other.steps.micro);
        let times = other
            .times_ms
            .any()
            .then_some(|out: &mut Vec<i64>| out.extend_from_slice(&other.times_ms.ms));
        self.times_ms.extend(other.len(), times);
        self.values.extend_from_slice(&other.values);
    }

    /// Keeps the first `len` points.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.steps.truncate(len);
        self.times_ms.truncate(len);
        self.values.truncate(len);
    }

    /// Replaces the last point, as trackers do that merge several calls for one step.
    pub(crate) fn replace_last(&mut self, step: Step, time_ms: Option<i64>, value: f64) {
        self.truncate(self.len().saturating_sub(1));
        self.push(step, time_ms, value);
    }

    /// Sorted as MLflow's own reader returns it: by step, time, value, NaN last.
    pub(crate) fn sorted(self) -> Self {
        let (whole, micro) = self.steps.parts();
        // Steps that grow settle it without a look at the rest.
        if micro.is_empty() && whole.is_sorted_by(|a, b| a < b) {
            return self;
        }
        let mut points: Vec<_> = self.iter().collect();
        if points.is_sorted_by(|a, b| order(a, b).is_le()) {
            return self;
        }
        points.sort_by(order);
        let mut series = Self::default();
        points
            .into_iter()
            .for_each(|(step, time, value)| series.push(step, time, value));
        series
    }

    /// Places where a resumed job begins again: the step does not go on but back.
    pub fn restarts(&self) -> Vec<usize> {
        let steps: Vec<Step> = self.steps.iter().collect();
        let back = steps
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[1] < pair[0]);
        back.map(|(i, _)| i + 1).collect()
    }

    /// A resumed series as chosen: see [`Stitch`]. Always at least one part, even if empty.
    pub fn stitched(&self, how: Stitch) -> Vec<Self> {
        match how {
            Stitch::KeepAll => vec![self.clone()],
            Stitch::Split => {
                let mut parts = vec![Self::default()];
                let mut restarts = self.restarts().into_iter().peekable();
                for (i, (step, time, value)) in self.iter().enumerate() {
                    if restarts.next_if_eq(&i).is_some() {
                        parts.push(Self::default());
                    }
                    if let Some(part) = parts.last_mut() {
                        part.push(step, time, value);
                    }
                }
                parts
            }
            Stitch::LatestWins => {
                // As TensorBoard: a step that is logged again takes all from there with it.
                let mut kept: Vec<(Step, Option<i64>, f64)> = Vec::with_capacity(self.len());
                for point in self.iter() {
                    while kept.last().is_some_and(|last| last.0 >= point.0) {
                        kept.pop();
                    }
                    kept.push(point);
                }
                let mut series = Self::default();
                kept.into_iter()
                    .for_each(|(step, time, value)| series.push(step, time, value));
                vec![series]
            }
        }
    }

    /// The x coordinate of every point on `axis`; NaN where a point has no time.
    ///
    /// `start_ms` is the zero of [`XAxis::Relative`]; without it the first time counts.
    pub fn x_values(&self, axis: XAxis, start_ms: Option<i64>) -> Vec<f64> {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        match axis {
            XAxis::Step => self.steps.iter().map(Step::as_f64).collect(),
            XAxis::WallTime => self
                .times_ms
                .iter()
                .map(|t| t.map_or(f64::NAN, seconds))
                .collect(),
            XAxis::Relative => {
                let zero = start_ms
                    .or_else(|| self.times_ms.iter().flatten().min())
                    .unwrap_or(0);
                self.times_ms
                    .iter()
                    .map(|t| t.map_or(f64::NAN, |t| seconds(t.saturating_sub(zero))))
                    .collect()
            }
        }
    }

    /// This series over another metric of the same run: pairs whose steps are equal, in this
    /// series' order. Of repeated steps in `other` the last counts.
    pub fn over(&self, other: &Self) -> (Vec<f64>, Vec<f64>) {
        let lookup: std::collections::HashMap<Step, f64> = other
            .steps
            .iter()
            .zip(other.values.iter().copied())
            .collect();
        self.iter()
            .filter_map(|(step, _, y)| lookup.get(&step).map(|&x| (x, y)))
            .unzip()
    }
}

fn order(a: &(Step, Option<i64>, f64), b: &(Step, Option<i64>, f64)) -> std::cmp::Ordering {
    let value = match (a.2.is_nan(), b.2.is_nan()) {
        (false, false) => a.2.total_cmp(&b.2),
        (x, y) => x.cmp(&y),
    };
    a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(value)
}

/// What to do where a resumed job logged steps again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stitch {
    /// Draw all points as logged.
    #[default]
    KeepAll,
    /// Of a repeated stretch only the latest.
    LatestWins,
    /// A series per session.
    Split,
}

/// What the x axis shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum XAxis {
    /// The logged step.
    #[default]
    Step,
    /// Unix seconds.
    WallTime,
    /// Seconds since the run began.
    Relative,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_stay_exact() {
        for (text, shown) in [
            ("0", "0"),
            ("-3", "-3"),
            ("9223372036854775807", "9223372036854775807"),
            ("0.5", "0.5"),
            ("-0.25", "-0.25"),
            ("1e3", "1000"),
            ("10.000001", "10.000001"),
        ] {
            assert_eq!(
                Step::parse(text).map(|s| s.to_string()).as_deref(),
                Some(shown)
            );
        }
        assert_eq!(Step::parse("9223372036854775808"), None);
        assert_eq!(Step::parse("nan"), None);
        assert_eq!(
            Step::from_parts(3, -500_000)
                .map(|s| s.to_string())
                .as_deref(),
            Some("2.5")
        );
    }

    #[test]
    fn columns_grow_only_when_needed() {
        let mut series = Series::default();
        series.push(Step::from(1), None, 0.0);
        series.push(
            Step {
                whole: 1,
                micro: 500_000,
            },
            Some(7),
            1.0,
        );
        series.push(Step::from(3), None, 2.0);
        let points: Vec<_> = series
            .iter()
            .map(|(s, t, v)| (s.to_string(), t, v))
            .collect();
        assert_eq!(
            points,
            [
                ("1".into(), None, 0.0),
                ("1.5".into(), Some(7), 1.0),
                ("3".into(), None, 2.0)
            ]
        );
        let mut first = Steps::default();
        first.push(Step { whole: 0, micro: 5 });
        assert_eq!(first.get(0), Some(Step { whole: 0, micro: 5 }));
    }

    #[test]
    fn mlflow_order_puts_nan_last() {
        let mut series = Series::default();
        series.push(Step::from(2), Some(5), f64::NAN);
        series.push(Step::from(2), Some(5), 1.0);
        series.push(Step::from(1), Some(9), 3.0);
        let values = series.sorted().values;
        assert_eq!(values[0], 3.0);
        assert_eq!(values[1], 1.0);
        assert!(values[2].is_nan());
    }

    #[test]
    fn resumed_series_are_stitched_as_chosen() {
        let mut series = Series::default();
        for (step, value) in [
            (0, 1.0),
            (1, 2.0),
            (2, 3.0),
            (1, 9.0),
            (2, 8.0),
            (3, 7.0),
            (3, 6.0),
        ] {
            series.push(Step::from(step), None, value);
        }
        assert_eq!(series.restarts(), [3]);
        let values = |how| {
            series
                .stitched(how)
                .into_iter()
                .map(|s| s.values)
                .collect::<Vec<_>>()
        };
        assert_eq!(values(Stitch::LatestWins), [vec![1.0, 9.0, 8.0, 6.0]]);
        assert_eq!(
            values(Stitch::Split),
            [vec![1.0, 2.0, 3.0], vec![9.0, 8.0, 7.0, 6.0]]
        );
        assert_eq!(values(Stitch::KeepAll)[0].len(), 7);
    }

    #[test]
    fn one_metric_over_another() {
        let mut loss = Series::default();
        let mut epoch = Series::default();
        for i in 0..4 {
            loss.push(Step::from(i), None, i as f64 * 10.0);
            if i != 2 {
                epoch.push(Step::from(i), None, i as f64 / 2.0);
            }
        }
        assert_eq!(
            loss.over(&epoch),
            (vec![0.0, 0.5, 1.5], vec![0.0, 10.0, 30.0])
        );
    }
}
