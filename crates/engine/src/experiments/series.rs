//! Curves for a view, and values at the crosshair.

use kitbench_protocol as protocol;
use kitbench_protocol::{ErrorView, GetSeries, GetValuesAt, PackedF64, SeriesView, ValuesAt};
use kitbench_runs::Series;
use kitbench_runs::reduce::{self, View};
use kitbench_runs::series::XAxis;
use kitbench_runs::smooth::Smoothing;

use super::lock;
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

/// The curves of one metric. A run without the metric is left out.
pub fn get_series(inner: &Inner, call: &GetSeries) -> Result<Vec<SeriesView>, ErrorView> {
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let has_metric: Vec<bool> = {
        let found = runs.runs();
        let has = |id: &String| {
            found
                .iter()
                .any(|run| run.id == *id && run.run.metrics.contains_key(&call.metric))
        };
        call.runs.iter().map(has).collect()
    };
    let mut curves = Vec::new();
    for (id, has_metric) in call.runs.iter().zip(has_metric) {
        if has_metric {
            let series = runs.series(id, &call.metric)?;
            curves.push(curve(id, &series, call));
        }
    }
    Ok(curves)
}

fn curve(id: &str, series: &Series, call: &GetSeries) -> SeriesView {
    let x = series.x_values(axis(call.x_axis), None);
    let (x_min, x_max) = reduce::limits(&x).unwrap_or((0.0, 1.0));
    let (from, to) = match call.x_range {
        Some((from, to)) if from < to => (from, to),
        _ => (x_min, x_max),
    };
    // A single point has no extent; the view needs one. The right border is a hair wider, so
    // that the last point lies in the last column instead of beyond it.
    let view = View {
        from,
        to: if to > from {
            to + (to - from) * 1e-9
        } else {
            from + 1.0
        },
        columns: call.width.clamp(1, 16_384) as usize,
        log_x: false,
    };
    let raw = reduce::m4(&x, &series.values, &view);
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
        smoothing => {
            let y = smoothing.apply(&x, &series.values);
            reduce::m4(&x, &y, &view).lines
        }
    };
    let (raw_x, raw_y) = pack(&raw.lines);
    let (smooth_x, smooth_y) = pack(&smoothed);
    SeriesView {
        run: id.to_owned(),
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
            .zip(&series.values)
            .filter(|(x, y)| in_view(x) && **y <= 0.0)
            .count() as u64,
        unordered: x.windows(2).any(|pair| pair[1] <= pair[0]),
        x_min,
        x_max,
    }
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
            let series = runs.series(id, metric).ok();
            row.push(series.and_then(|series| value_at(&series, axis(call.x_axis), call.x)));
        }
        values.push(row);
    }
    Ok(ValuesAt { values })
}

fn value_at(series: &Series, axis: XAxis, at: f64) -> Option<(f64, f64)> {
    let x = series.x_values(axis, None);
    // Of repeated steps the last logged one counts.
    x.into_iter()
        .zip(series.values.iter().copied())
        .filter(|(x, _)| *x <= at)
        .reduce(|best, point| if point.0 >= best.0 { point } else { best })
}
