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

use super::lines::{self, BandPoints, Line};
use super::{ProjectRuns, lock, servers};
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

/// Whether each run can be drawn: it has the metric, and the one that x is of.
pub(super) fn drawable(
    runs: &ProjectRuns,
    ids: &[String],
    metric: &str,
    options: &CurveOptions,
) -> Vec<bool> {
    let has = |id: &String| {
        runs.run(id).is_some_and(|run| {
            let x = options.x_metric.as_ref();
            run.metrics.contains_key(metric) && x.is_none_or(|x| run.metrics.contains_key(x))
        })
    };
    ids.iter().map(has).collect()
}

/// The curves of one metric. A run without the metric is left out.
pub fn get_series(inner: &Inner, call: &GetSeries) -> Result<Vec<SeriesView>, ErrorView> {
    let metrics = metrics(&call.metric, &call.options);
    servers::fetch(inner, call.project, call.runs.iter(), &metrics);
    let runs = inner.experiments.of(inner, call.project)?;
    curves(&mut lock(&runs), call)
}

/// The metrics that a curve is made of.
pub(super) fn metrics<'a>(metric: &'a str, options: &'a CurveOptions) -> Vec<&'a str> {
    std::iter::once(metric)
        .chain(options.x_metric.as_deref())
        .collect()
}

/// As [`get_series`], of open runs.
pub(super) fn curves(
    runs: &mut ProjectRuns,
    call: &GetSeries,
) -> Result<Vec<SeriesView>, ErrorView> {
    let drawable = drawable(runs, &call.runs, &call.metric, &call.options);
    let chosen = call.runs.iter().zip(drawable);
    let ids: Vec<&String> = chosen.filter(|(_, yes)| *yes).map(|(id, _)| id).collect();
    lines::read_ahead(runs, &ids, &call.metric, call.x_axis, &call.options);
    let mut all = Vec::new();
    for id in ids {
        let raw = lines::lines(runs, id, &call.metric, call.x_axis, &call.options)?;
        let smooth = match smoothing(call.smoothing) {
            Smoothing::None => None,
            smoothing => Some(lines::smoothed(
                runs,
                id,
                &call.metric,
                call.x_axis,
                &call.options,
                smoothing,
            )?),
        };
        all.extend((0..raw.len()).map(|at| (id, raw.clone(), smooth.clone(), at)));
    }
    let curve = |(id, raw, smooth, at): &(&String, Lines, Option<Lines>, usize)| {
        let smooth = smooth.as_ref().and_then(|smooth| smooth.get(*at));
        raw.get(*at).map(|line| curve(id, line, smooth, call))
    };
    let curves = kitbench_runs::in_parallel(&all, curve);
    Ok(curves.into_iter().flatten().collect())
}

type Lines = std::sync::Arc<Vec<Line>>;

/// The part of x that is seen, in pixel columns. A single point has no extent; the view needs
/// one.
fn view_of(x_range: Option<(f64, f64)>, extent: (f64, f64), width: u32, log_x: bool) -> View {
    let (from, to) = match x_range {
        Some((from, to)) if from < to && (!log_x || from > 0.0) => (from, to),
        _ => extent,
    };
    View {
        from,
        to: if to > from {
            to
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
    reduce::limits(placed).unwrap_or(nowhere(log_x))
}

/// The extent of an axis that nothing has a place on.
fn nowhere(log_x: bool) -> (f64, f64) {
    if log_x { (1.0, 10.0) } else { (0.0, 1.0) }
}

fn curve(id: &str, line: &Line, smooth: Option<&Line>, call: &GetSeries) -> SeriesView {
    let log_x = call.options.log_x;
    let (x_min, x_max) = line.curve.extent(log_x).unwrap_or(nowhere(log_x));
    let view = view_of(call.x_range, (x_min, x_max), call.width, log_x);
    let raw = line.curve.reduce(&view);
    let marks = |wanted: fn(f64) -> bool| {
        let x: Vec<f64> = raw
            .marks
            .iter()
            .filter(|mark| wanted(mark.value))
            .map(|mark| mark.x)
            .collect();
        PackedF64::from(x.as_slice())
    };
    let smoothed = smooth.map(|line| line.curve.reduce(&view).lines);
    let (raw_x, raw_y) = pack(&raw.lines);
    let (smooth_x, smooth_y) = pack(&smoothed.unwrap_or_default());
    SeriesView {
        run: id.to_owned(),
        session: line.session,
        sessions: line.sessions,
        left_out: line.left_out + raw.no_x as u64,
        x: raw_x,
        y: raw_y,
        smooth_x,
        smooth_y,
        nan_x: marks(f64::is_nan),
        pos_inf_x: marks(|value| value == f64::INFINITY),
        neg_inf_x: marks(|value| value == f64::NEG_INFINITY),
        drawn: raw.drawn as u64,
        logged: raw.logged as u64,
        non_positive: line.curve.not_positive(view.from, view.to) as u64,
        unordered: line.curve.is_unordered(),
        x_min,
        x_max,
    }
}

/// A group's band over its runs; groups of which no run has the metric are left out.
pub fn get_bands(inner: &Inner, call: &GetBands) -> Result<Vec<BandView>, ErrorView> {
    let metrics = metrics(&call.metric, &call.options);
    let grouped = call.groups.iter().flat_map(|group| &group.runs);
    servers::fetch(inner, call.project, grouped, &metrics);
    let runs = inner.experiments.of(inner, call.project)?;
    bands(&mut lock(&runs), call)
}

/// As [`get_bands`], of open runs.
pub(super) fn bands(runs: &mut ProjectRuns, call: &GetBands) -> Result<Vec<BandView>, ErrorView> {
    let mut bands = Vec::new();
    for group in &call.groups {
        let found = band(
            runs,
            group,
            &call.metric,
            call.kind,
            call.x_axis,
            call.smoothing,
            &call.options,
        )?;
        let (points, members) = &*found;
        if *members == 0 {
            continue;
        }
        let (x_min, x_max) = extent_of(points.iter().map(|p| &p.x), call.options.log_x);
        let view = view_of(call.x_range, (x_min, x_max), call.width, call.options.log_x);
        let (drawn, logged) = group::reduce(points, &view);
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
            runs: *members,
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
) -> Result<std::sync::Arc<BandPoints>, ErrorView> {
    // A run counts once: its sessions are one line here.
    let options = CurveOptions {
        resumed: match options.resumed {
            Resumed::Split => Resumed::LatestWins,
            other => other,
        },
        ..options.clone()
    };
    let question = format!(
        "{:?} {metric:?} {kind:?} {x_axis:?} {smooth:?} {options:?}",
        group.runs
    );
    lines::band(runs, question, |runs| {
        let drawable = drawable(runs, &group.runs, metric, &options);
        let chosen = group.runs.iter().zip(drawable);
        let ids: Vec<&String> = chosen.filter(|(_, yes)| *yes).map(|(id, _)| id).collect();
        lines::read_ahead(runs, &ids, metric, x_axis, &options);
        let mut all = Vec::new();
        for id in ids {
            let smoothing = smoothing(smooth);
            let parts = lines::smoothed(runs, id, metric, x_axis, &options, smoothing)?;
            all.extend(
                parts
                    .iter()
                    .map(|part| (lines::listed(part), part.curve.y().to_vec())),
            );
        }
        let slices: Vec<(&[f64], &[f64])> = all.iter().map(|(x, y)| (&x[..], &y[..])).collect();
        let kind = match kind {
            BandKind::MeanStd => Band::MeanStd,
            BandKind::MinMax => Band::MinMax,
            BandKind::Quartiles => Band::Quartiles,
        };
        Ok((group::band(&slices, Grid::Held, kind), all.len() as u32))
    })
}

/// Lines end to end, with a NaN between them where the pen is lifted.
pub(super) fn pack(lines: &[Vec<[f64; 2]>]) -> (PackedF64, PackedF64) {
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
    let metrics: Vec<&str> = call.metrics.iter().map(String::as_str).collect();
    servers::fetch(inner, call.project, call.runs.iter(), &metrics);
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let mut values = Vec::new();
    for id in &call.runs {
        let mut row = Vec::new();
        for metric in &call.metrics {
            // A run without the metric has no value, which is what the table shows.
            let parts = lines::lines(&mut runs, id, metric, call.x_axis, &call.options);
            let value = parts.ok().and_then(|parts| {
                let found = parts
                    .iter()
                    .filter_map(|part| part.curve.at_or_before(call.x));
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
