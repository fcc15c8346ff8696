//! Curves and bands for a view, and values at the crosshair.

use kitbench_protocol as protocol;
use kitbench_protocol::{
    BandKind, BandView, CurveOptions, ErrorView, GetBands, GetSeries, GetValuesAt, PackedF64,
    Resumed, RunGroup, SeriesView, ValuesAt,
};
use kitbench_runs::group::{self, Band, BandPoint, Grid};
use kitbench_runs::reduce::{self, View};
use kitbench_runs::series::XAxis;
use kitbench_runs::smooth::Smoothing;
use kitbench_runs::{Series, Stitch};

use super::{ProjectRuns, lock};
use crate::Inner;

pub fn axis(axis: protocol::XAxis) -> XAxis {
    match axis {
        protocol::XAxis::Step => XAxis::Step,
        protocol::XAxis::Time => XAxis::WallTime,
        protocol::XAxis::Relative => XAxis::Relative,
    }
}

pub fn smoothing(smoothing: protocol::Smoothing) -> Smoothing {
    match smoothing {
        protocol::Smoothing::None => Smoothing::None,
        protocol::Smoothing::Ema(weight) => Smoothing::Ema { weight },
        protocol::Smoothing::TimeWeightedEma(weight) => Smoothing::TimeWeightedEma {
            weight,
            viewport: Smoothing::VIEWPORT,
        },
        protocol::Smoothing::RunningMean(window) => Smoothing::RunningMean {
            window: window as usize,
        },
        protocol::Smoothing::Gaussian(sigma) => Smoothing::Gaussian { sigma },
    }
}

/// A curve before it is reduced: a run, or one session of a resumed one.
pub(super) struct Points {
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    /// From 0.
    pub session: u32,
    pub sessions: u32,
    /// Points that a later session overwrote, or whose step the x metric lacks.
    pub left_out: u64,
}

/// What is drawn of one metric of one run, in drawn order.
pub(super) fn points(
    runs: &mut ProjectRuns,
    id: &str,
    metric: &str,
    x_axis: protocol::XAxis,
    options: &CurveOptions,
) -> Result<Vec<Points>, ErrorView> {
    let series = runs.series(id, metric)?;
    let over = match &options.x_metric {
        Some(name) => Some(runs.series(id, name)?),
        None => None,
    };
    let xy = |part: &Series| match &over {
        Some(over) => part.over(over),
        None => (part.x_values(axis(x_axis), None), part.values.clone()),
    };
    let later = series.steps.iter().skip(1);
    let back = later.zip(series.steps.iter()).filter(|(b, a)| b < a);
    let sessions = 1 + back.count();
    let stitch = match options.resumed {
        Resumed::KeepAll => Stitch::KeepAll,
        Resumed::LatestWins => Stitch::LatestWins,
        Resumed::Split => Stitch::Split,
    };
    let parts = match stitch {
        // Without a copy: this is the way of every chart that is not asked otherwise.
        Stitch::KeepAll => vec![xy(&series)],
        _ => series.stitched(stitch).iter().map(xy).collect(),
    };
    let kept: usize = parts.iter().map(|(_, y)| y.len()).sum();
    let left_out = series.len().saturating_sub(kept) as u64;
    Ok(parts
        .into_iter()
        .enumerate()
        .map(|(at, (x, y))| Points {
            x,
            y,
            session: at as u32,
            sessions: sessions as u32,
            left_out: if at == 0 { left_out } else { 0 },
        })
        .collect())
}

/// Whether each run can be drawn: it has the metric, and the one that x is of.
pub(super) fn drawable(
    runs: &ProjectRuns,
    ids: &[String],
    metric: &str,
    options: &CurveOptions,
) -> Vec<bool> {
    let found = runs.runs();
    let has = |id: &String| {
        found.iter().any(|run| {
            let metrics = &run.run.metrics;
            run.id == *id
                && metrics.contains_key(metric)
                && options
                    .x_metric
                    .as_ref()
                    .is_none_or(|x| metrics.contains_key(x))
        })
    };
    ids.iter().map(has).collect()
}

/// The curves of one metric. A run without the metric is left out.
pub fn get_series(inner: &Inner, call: &GetSeries) -> Result<Vec<SeriesView>, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let drawable = drawable(&runs, &call.runs, &call.metric, &call.options);
    let mut curves = Vec::new();
    for (id, drawable) in call.runs.iter().zip(drawable) {
        if drawable {
            let parts = points(&mut runs, id, &call.metric, call.x_axis, &call.options)?;
            curves.extend(parts.into_iter().map(|part| curve(id, part, call)));
        }
    }
    Ok(curves)
}

/// The part of x that is seen, in pixel columns. A single point has no extent; the view needs
/// one. The right border is a hair wider, so that the last point lies in the last column instead
/// of beyond it.
fn view_of(x_range: Option<(f64, f64)>, extent: (f64, f64), width: u32, log_x: bool) -> View {
    let (from, to) = match x_range {
        Some((from, to)) if from < to && (!log_x || from > 0.0) => (from, to),
        _ => extent,
    };
    View {
        from,
        to: if to > from {
            to + (to - from) * 1e-9
        } else if log_x {
            from * 2.0
        } else {
            from + 1.0
        },
        columns: width.clamp(1, 16_384) as usize,
        log_x,
    }
}

/// From the first to the last x that has a place on the axis.
fn extent_of<'a>(x: impl IntoIterator<Item = &'a f64>, log_x: bool) -> (f64, f64) {
    let placed = x.into_iter().filter(|x| !log_x || **x > 0.0);
    reduce::limits(placed).unwrap_or(if log_x { (1.0, 10.0) } else { (0.0, 1.0) })
}

fn curve(id: &str, points: Points, call: &GetSeries) -> SeriesView {
    let Points { x, y, .. } = &points;
    let (x_min, x_max) = extent_of(x, call.options.log_x);
    let view = view_of(call.x_range, (x_min, x_max), call.width, call.options.log_x);
    let raw = reduce::m4(x, y, &view);
    let in_view = |x: &f64| *x >= view.from && *x <= view.to;
    let marks = |wanted: fn(f64) -> bool| {
        let x: Vec<f64> = raw
            .marks
            .iter()
            .filter(|mark| wanted(mark.value))
            .map(|mark| mark.x)
            .collect();
        PackedF64::from(x.as_slice())
    };
    let smoothed = match smoothing(call.smoothing) {
        Smoothing::None => Vec::new(),
        smoothing => reduce::m4(x, &smoothing.apply(x, y), &view).lines,
    };
    let (raw_x, raw_y) = pack(&raw.lines);
    let (smooth_x, smooth_y) = pack(&smoothed);
    SeriesView {
        run: id.to_owned(),
        session: points.session,
        sessions: points.sessions,
        left_out: points.left_out + raw.no_x as u64,
        x: raw_x,
        y: raw_y,
        smooth_x,
        smooth_y,
        nan_x: marks(f64::is_nan),
        pos_inf_x: marks(|value| value == f64::INFINITY),
        neg_inf_x: marks(|value| value == f64::NEG_INFINITY),
        drawn: raw.drawn as u64,
        logged: raw.logged as u64,
        non_positive: x
            .iter()
            .zip(y)
            .filter(|(x, y)| in_view(x) && **y <= 0.0)
            .count() as u64,
        unordered: x.windows(2).any(|pair| pair[1] <= pair[0]),
        x_min,
        x_max,
    }
}

/// A group's band over its runs; groups of which no run has the metric are left out.
pub fn get_bands(inner: &Inner, call: &GetBands) -> Result<Vec<BandView>, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let mut bands = Vec::new();
    for group in &call.groups {
        let (points, members) = band(
            &mut runs,
            group,
            &call.metric,
            call.kind,
            call.x_axis,
            call.smoothing,
            &call.options,
        )?;
        if members == 0 {
            continue;
        }
        let (x_min, x_max) = extent_of(points.iter().map(|p| &p.x), call.options.log_x);
        let view = view_of(call.x_range, (x_min, x_max), call.width, call.options.log_x);
        let (drawn, logged) = group::reduce(&points, &view);
        let column = |value: fn(&BandPoint) -> f64| {
            PackedF64::from(drawn.iter().map(value).collect::<Vec<_>>().as_slice())
        };
        bands.push(BandView {
            label: group.label.clone(),
            x: column(|p| p.x),
            middle: column(|p| p.middle),
            low: column(|p| p.low),
            high: column(|p| p.high),
            n: column(|p| p.n as f64),
            runs: members,
            drawn: drawn.len() as u64,
            logged: logged as u64,
            x_min,
            x_max,
        });
    }
    Ok(bands)
}

/// All points of a group's band, and how many of its runs are in it.
pub(super) fn band(
    runs: &mut ProjectRuns,
    group: &RunGroup,
    metric: &str,
    kind: BandKind,
    x_axis: protocol::XAxis,
    smooth: protocol::Smoothing,
    options: &CurveOptions,
) -> Result<(Vec<BandPoint>, u32), ErrorView> {
    // A run counts once: its sessions are one line here.
    let options = CurveOptions {
        resumed: match options.resumed {
            Resumed::Split => Resumed::LatestWins,
            other => other,
        },
        ..options.clone()
    };
    let drawable = drawable(runs, &group.runs, metric, &options);
    let mut lines = Vec::new();
    for (id, _) in group.runs.iter().zip(drawable).filter(|(_, yes)| *yes) {
        for part in points(runs, id, metric, x_axis, &options)? {
            let y = smoothing(smooth).apply(&part.x, &part.y);
            lines.push((part.x, y));
        }
    }
    let slices: Vec<(&[f64], &[f64])> = lines.iter().map(|(x, y)| (&x[..], &y[..])).collect();
    let kind = match kind {
        BandKind::MeanStd => Band::MeanStd,
        BandKind::MinMax => Band::MinMax,
        BandKind::Quartiles => Band::Quartiles,
    };
    Ok((group::band(&slices, Grid::Held, kind), lines.len() as u32))
}

/// Lines end to end, with a NaN between them where the pen is lifted.
fn pack(lines: &[Vec<[f64; 2]>]) -> (PackedF64, PackedF64) {
    let mut x = Vec::new();
    let mut y = Vec::new();
    for line in lines {
        if !x.is_empty() {
            x.push(f64::NAN);
            y.push(f64::NAN);
        }
        x.extend(line.iter().map(|point| point[0]));
        y.extend(line.iter().map(|point| point[1]));
    }
    (PackedF64::from(x.as_slice()), PackedF64::from(y.as_slice()))
}

/// Values at the crosshair: the nearest logged x at or before it.
pub fn values_at(inner: &Inner, call: &GetValuesAt) -> Result<ValuesAt, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let mut values = Vec::new();
    for id in &call.runs {
        let mut row = Vec::new();
        for metric in &call.metrics {
            // A run without the metric has no value, which is what the table shows.
            let parts = points(&mut runs, id, metric, call.x_axis, &call.options);
            let value = parts.ok().and_then(|parts| {
                let found = parts.iter().filter_map(|part| value_at(part, call.x));
                found.reduce(later)
            });
            row.push(value);
        }
        values.push(row);
    }
    Ok(ValuesAt { values })
}

/// Of repeated steps the last logged one counts.
fn later(best: (f64, f64), point: (f64, f64)) -> (f64, f64) {
    if point.0 >= best.0 { point } else { best }
}

fn value_at(points: &Points, at: f64) -> Option<(f64, f64)> {
    let pairs = points.x.iter().copied().zip(points.y.iter().copied());
    pairs.filter(|(x, _)| *x <= at).reduce(later)
}
