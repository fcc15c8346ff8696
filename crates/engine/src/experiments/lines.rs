//! Curves ready to be drawn, and what else is costly to make of all points, held for the next
//! zoom, pan or move of the crosshair.

use std::collections::HashSet;
use std::sync::Arc;

use kitbench_protocol as protocol;
use kitbench_protocol::{CurveOptions, ErrorView, Resumed};
use kitbench_runs::curves::{BUDGET, Places};
use kitbench_runs::group::BandPoint;
use kitbench_runs::smooth::Smoothing;
use kitbench_runs::{Curve, Held, Series, Stitch};

use super::ProjectRuns;
use super::series::axis;

/// Points read ahead at once; they take three times the room until they are curves.
const AHEAD: u64 = 1 << 20;

/// A run, or one session of a resumed one.
pub struct Line {
    pub curve: Curve,
    /// From 0.
    pub session: u32,
    pub sessions: u32,
    /// Points that a later session overwrote, or whose step the x metric lacks.
    pub left_out: u64,
}

/// What was made of the points of one metric of one run, or of one group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    run: String,
    metric: String,
    /// How.
    how: String,
}

/// A band's points, and how many runs are in it.
pub type BandPoints = (Vec<BandPoint>, u32);

/// What is held for a project.
pub struct Lines {
    lines: Held<Key, Vec<Line>>,
    bands: Held<String, BandPoints>,
    sparks: Held<Key, Vec<f64>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            lines: Held::new(BUDGET),
            bands: Held::new(BUDGET / 8),
            sparks: Held::new(BUDGET / 16),
        }
    }
}

impl Lines {
    /// Forgets what was made of these runs.
    pub fn forget(&mut self, runs: &HashSet<String>) {
        if !runs.is_empty() {
            self.lines.retain(|key| !runs.contains(&key.run));
            self.sparks.retain(|key| !runs.contains(&key.run));
            self.bands.retain(|_| false);
        }
    }

    /// Forgets what was made of runs that are not known any more.
    pub fn keep(&mut self, known: impl Fn(&str) -> bool) {
        self.lines.retain(|key| known(&key.run));
        self.sparks.retain(|key| known(&key.run));
        self.bands.retain(|_| false);
    }
}

fn key(
    run: &str,
    metric: &str,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
    smoothing: Smoothing,
) -> Key {
    Key {
        run: run.to_owned(),
        metric: metric.to_owned(),
        // The view does not matter: it is the same line on a logarithmic axis.
        how: format!(
            "{x_axis:?} {:?} {:?} {smoothing:?}",
            options.x_metric, options.resumed
        ),
    }
}

/// What is drawn of one metric of one run, in drawn order.
pub fn lines(
    runs: &mut ProjectRuns,
    id: &str,
    metric: &str,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
) -> Result<Arc<Vec<Line>>, ErrorView> {
    let key = key(id, metric, x_axis, options, Smoothing::None);
    if let Some(lines) = runs.held.lines.get(&key) {
        return Ok(lines);
    }
    let series = runs.series(id, metric)?;
    let over = match &options.x_metric {
        Some(name) => Some(runs.series(id, name)?),
        None => None,
    };
    let made = make(&series, over.as_deref(), x_axis, options);
    Ok(hold(&mut runs.held, key, made))
}

fn hold(held: &mut Lines, key: Key, lines: Vec<Line>) -> Arc<Vec<Line>> {
    let bytes = lines.iter().map(|line| line.curve.bytes()).sum();
    let lines = Arc::new(lines);
    held.lines.put(key, lines.clone(), bytes);
    lines
}

fn make(
    series: &Series,
    over: Option<&Series>,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
) -> Vec<Line> {
    let curve = |part: &Series| match over {
        Some(over) => {
            let (x, y) = part.over(over);
            Curve::of(Places::Listed(x), y)
        }
        None => Curve::new(part, axis(x_axis), None, Smoothing::None),
    };
    let later = series.steps.iter().skip(1);
    let back = later.zip(series.steps.iter()).filter(|(b, a)| b < a);
    let sessions = 1 + back.count();
    let stitch = match options.resumed {
        Resumed::KeepAll => Stitch::KeepAll,
        Resumed::LatestWins => Stitch::LatestWins,
        Resumed::Split => Stitch::Split,
    };
    let curves = match stitch {
        // Without a copy: this is the way of every chart that is not asked otherwise.
        Stitch::KeepAll => vec![curve(series)],
        _ => series.stitched(stitch).iter().map(curve).collect(),
    };
    let kept: usize = curves.iter().map(|curve| curve.y().len()).sum();
    let left_out = series.len().saturating_sub(kept) as u64;
    curves
        .into_iter()
        .enumerate()
        .map(|(at, curve)| Line {
            curve,
            session: at as u32,
            sessions: sessions as u32,
            left_out: if at == 0 { left_out } else { 0 },
        })
        .collect()
}

/// The same lines with smoothed values, computed on all points.
pub fn smoothed(
    runs: &mut ProjectRuns,
    id: &str,
    metric: &str,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
    smoothing: Smoothing,
) -> Result<Arc<Vec<Line>>, ErrorView> {
    let raw = lines(runs, id, metric, x_axis, options)?;
    if matches!(smoothing, Smoothing::None) {
        return Ok(raw);
    }
    let key = key(id, metric, x_axis, options, smoothing);
    if let Some(lines) = runs.held.lines.get(&key) {
        return Ok(lines);
    }
    let smooth = |line: &Line| {
        let x: Vec<f64> = line.curve.x().iter().collect();
        let y = smoothing.apply(&x, line.curve.y());
        Line {
            curve: Curve::of(line.curve.x().clone(), y),
            ..*line
        }
    };
    let made = raw.iter().map(smooth).collect();
    Ok(hold(&mut runs.held, key, made))
}

/// Reads the lines of many runs that are not held yet, on all processors.
pub fn read_ahead(
    runs: &mut ProjectRuns,
    ids: &[&String],
    metric: &str,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
) {
    if options.x_metric.is_some() {
        return;
    }
    let key = |id: &String| key(id, metric, x_axis, options, Smoothing::None);
    let missing: Vec<String> = ids
        .iter()
        .filter(|id| runs.held.lines.get(&key(id)).is_none())
        .map(|id| (*id).clone())
        .collect();
    let mut rest = missing.as_slice();
    while let Some(first) = rest.first() {
        let Some((source, _)) = runs.place(first) else {
            rest = &rest[1..];
            continue;
        };
        // Neighbours of one source, as many as go into memory at once.
        let mut points = 0;
        let mut part: Vec<(String, String)> = Vec::new();
        for id in rest {
            match runs.place(id) {
                Some((of, run)) if of == source && points < AHEAD => {
                    points += runs.points_of(source, &run, metric);
                    part.push((id.clone(), run));
                }
                _ => break,
            }
        }
        rest = &rest[part.len()..];
        let wanted: Vec<(&str, &str)> = part.iter().map(|(_, run)| (&**run, metric)).collect();
        let Some(all) = runs.many_series(source, &wanted) else {
            continue;
        };
        let made = kitbench_runs::in_parallel(&all, |series| {
            series
                .as_ref()
                .ok()
                .map(|series| make(series, None, x_axis, options))
        });
        for ((id, _), made) in part.iter().zip(made) {
            // A failure is told when the line is asked for by itself.
            if let Some(made) = made {
                hold(&mut runs.held, key(id), made);
            }
        }
    }
}

/// A band's points as they were made last for the same question, or as `make` makes them.
pub fn band(
    runs: &mut ProjectRuns,
    question: String,
    make: impl FnOnce(&mut ProjectRuns) -> Result<BandPoints, ErrorView>,
) -> Result<Arc<BandPoints>, ErrorView> {
    if let Some(band) = runs.held.bands.get(&question) {
        return Ok(band);
    }
    let band = Arc::new(make(runs)?);
    let bytes = size_of::<BandPoint>() * band.0.len();
    runs.held.bands.put(question, band.clone(), bytes);
    Ok(band)
}

/// A trend as it was made last, or as `make` makes it of all values.
pub fn spark(
    runs: &mut ProjectRuns,
    id: &str,
    metric: &str,
    make: impl FnOnce(&[f64]) -> Vec<f64>,
) -> Option<Arc<Vec<f64>>> {
    let step = protocol::XAxis::Step;
    let key = key(id, metric, step, &CurveOptions::default(), Smoothing::None);
    if let Some(spark) = runs.held.sparks.get(&key) {
        return Some(spark);
    }
    let series = runs.series_at_hand(id, metric)?;
    let spark = Arc::new(make(&series.values));
    runs.held.sparks.put(key, spark.clone(), 8 * spark.len());
    Some(spark)
}

/// All x coordinates of a line.
pub fn listed(line: &Line) -> Vec<f64> {
    line.curve.x().iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitbench_runs::Step;

    #[test]
    fn sessions_of_a_resumed_run() {
        let mut series = Series::default();
        for step in [0, 1, 2, 3, 2, 3, 4] {
            series.push(Step::from(step), None, step as f64);
        }
        let lines = |resumed| {
            let options = CurveOptions {
                resumed,
                ..CurveOptions::default()
            };
            let lines = make(&series, None, protocol::XAxis::Step, &options);
            let figures = lines.iter().map(|line| {
                (
                    listed(line).len(),
                    line.session,
                    line.sessions,
                    line.left_out,
                )
            });
            figures.collect::<Vec<_>>()
        };
        assert_eq!(lines(Resumed::KeepAll), [(7, 0, 2, 0)]);
        assert_eq!(lines(Resumed::LatestWins), [(5, 0, 2, 2)]);
        assert_eq!(lines(Resumed::Split), [(4, 0, 2, 0), (3, 1, 2, 0)]);
    }
}
