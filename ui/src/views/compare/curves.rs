//! One chart as plain data: curves as the engine reduced them, ranges, what the crosshair meets,
//! the honesty line, and the spoken summary.

use egui_plot::PlotPoint;
use kitbench_protocol::{BandView, PackedF64, RunState, SeriesView, XAxis};

use super::numbers;
use super::setup::ChartSetup;

/// Most points by which the usual range of y is judged.
const MOST_SAMPLED: usize = 4096;

/// A line without gaps.
pub type Stretch = Vec<PlotPoint>;

/// A run as the charts know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Colour, marker and stroke.
    pub slot: usize,
    /// Whether it still runs.
    pub state: RunState,
    /// Its data is damaged.
    pub damaged: bool,
}

/// What the points of a run have besides their place.
#[derive(Debug, Clone, Default)]
pub struct Curve {
    /// Its run.
    pub run: String,
    /// Which session of a resumed run, from 0, and how many there are.
    pub session: (u32, u32),
    /// Points without a place: no x, or overwritten by a later session.
    pub left_out: u64,
    /// Raw values; y is the power of ten on a logarithmic axis.
    pub raw: Vec<Stretch>,
    /// Smoothed values; empty without smoothing.
    pub smooth: Vec<Stretch>,
    /// x of NaN, +infinity, -infinity.
    pub odd: [Vec<f64>; 3],
    /// Points drawn and logged in the visible range.
    pub drawn: u64,
    /// See [`SeriesView::logged`].
    pub logged: u64,
    /// Points that cannot stand on a logarithmic axis.
    pub non_positive: u64,
    /// Steps repeat or go backwards.
    pub unordered: bool,
    /// Whole extent of x.
    pub extent: (f64, f64),
    /// The last value drawn, not as a power of ten.
    pub last: Option<f64>,
}

impl Curve {
    /// The line to follow: smoothed if there is one.
    #[must_use]
    pub fn main(&self) -> &[Stretch] {
        if self.smooth.is_empty() {
            &self.raw
        } else {
            &self.smooth
        }
    }

    /// The last point drawn.
    #[must_use]
    pub fn end(&self) -> Option<PlotPoint> {
        self.main()
            .iter()
            .rev()
            .find_map(|stretch| stretch.last().copied())
    }

    /// The point at `x` or the nearest before it; of repeated x the last one.
    #[must_use]
    pub fn at(&self, x: f64) -> Option<PlotPoint> {
        if !self.unordered {
            let stretches = self.main();
            let after = stretches.partition_point(|s| s.first().is_some_and(|p| p.x <= x));
            let stretch = stretches.get(after.checked_sub(1)?)?;
            let after = stretch.partition_point(|point| point.x <= x);
            return stretch.get(after.checked_sub(1)?).copied();
        }
        let points = self.main().iter().flatten();
        points.filter(|point| point.x <= x).fold(
            None,
            |best: Option<PlotPoint>, point| match best {
                Some(best) if best.x > point.x => Some(best),
                _ => Some(*point),
            },
        )
    }
}

/// A band over a group of runs.
#[derive(Debug, Clone, Default)]
pub struct BandCurve {
    /// The group.
    pub label: String,
    /// The run that lends it its colour.
    pub run: String,
    /// Mean or median.
    pub middle: Stretch,
    /// Lower edge, over the same x.
    pub low: Stretch,
    /// Upper edge.
    pub high: Stretch,
    /// Runs that have a value there.
    pub n: Vec<u32>,
    /// Runs of the group with the metric.
    pub runs: u32,
    /// Places drawn and logged.
    pub drawn: u64,
    /// See [`BandView::logged`].
    pub logged: u64,
    /// Whole extent of x.
    pub extent: (f64, f64),
}

impl BandCurve {
    /// Place in the columns at `x` or the nearest before it.
    #[must_use]
    pub fn at(&self, x: f64) -> Option<usize> {
        self.middle
            .partition_point(|point| point.x <= x)
            .checked_sub(1)
    }
}

/// All curves of one metric.
#[derive(Debug, Clone, Default)]
pub struct ChartData {
    /// One per run that has the metric, in the order they were ticked.
    pub curves: Vec<Curve>,
    /// One per group instead.
    pub bands: Vec<BandCurve>,
}

impl ChartData {
    /// From the engine's answer. On logarithmic axes values become powers of ten, and those that
    /// are not positive leave a gap.
    #[must_use]
    pub fn new(series: &[SeriesView], log_x: bool, log_y: bool) -> Self {
        let place = |x: f64| if log_x { x.log10() } else { x };
        let places = |xs: &PackedF64| -> Vec<f64> {
            let placed = xs.iter().map(place);
            placed.filter(|x| x.is_finite()).collect()
        };
        let curves = series
            .iter()
            .map(|view| {
                let raw = stretches(&view.x, &view.y, log_x, log_y);
                let last = raw
                    .iter()
                    .rev()
                    .find_map(|stretch| stretch.last())
                    .map(|point| if log_y { 10f64.powf(point.y) } else { point.y });
                Curve {
                    run: view.run.clone(),
                    session: (view.session, view.sessions),
                    left_out: view.left_out,
                    last,
                    raw,
                    smooth: stretches(&view.smooth_x, &view.smooth_y, log_x, log_y),
                    odd: [
                        places(&view.nan_x),
                        places(&view.pos_inf_x),
                        places(&view.neg_inf_x),
                    ],
                    drawn: view.drawn,
                    logged: view.logged,
                    non_positive: view.non_positive,
                    unordered: view.unordered,
                    extent: (place(view.x_min), place(view.x_max)),
                }
            })
            .collect();
        Self {
            curves,
            bands: Vec::new(),
        }
    }

    /// From the engine's answer for groups; each takes the colour of the run that `color_of`
    /// names. Places where an edge is not positive have none on a logarithmic axis.
    #[must_use]
    pub fn of_bands(
        bands: &[BandView],
        log_x: bool,
        log_y: bool,
        color_of: impl Fn(&str) -> String,
    ) -> Self {
        let place = |v: f64, log: bool| if log { v.log10() } else { v };
        let bands = bands
            .iter()
            .map(|view| {
                let mut band = BandCurve {
                    label: view.label.clone(),
                    run: color_of(&view.label),
                    runs: view.runs,
                    drawn: view.drawn,
                    logged: view.logged,
                    extent: (place(view.x_min, log_x), place(view.x_max, log_x)),
                    ..BandCurve::default()
                };
                let edges = view.low.iter().zip(view.high.iter());
                let columns = view.x.iter().zip(view.middle.iter()).zip(edges);
                for (((x, middle), (low, high)), n) in columns.zip(view.n.iter()) {
                    let x = place(x, log_x);
                    let [low, middle, high] = [low, middle, high].map(|y| place(y, log_y));
                    if [x, low, middle, high].iter().all(|v| v.is_finite()) {
                        band.low.push(PlotPoint::new(x, low));
                        band.middle.push(PlotPoint::new(x, middle));
                        band.high.push(PlotPoint::new(x, high));
                        band.n.push(n as u32);
                    }
                }
                band
            })
            .collect();
        Self {
            curves: Vec::new(),
            bands,
        }
    }

    /// Nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.curves.is_empty() && self.bands.is_empty()
    }

    /// Runs of which something is drawn.
    #[must_use]
    pub fn runs(&self) -> usize {
        let mut ids: Vec<&str> = self.curves.iter().map(|curve| curve.run.as_str()).collect();
        ids.dedup();
        ids.len()
    }

    /// From the first to the last x over all curves, also those not in sight.
    #[must_use]
    pub fn extent(&self) -> Option<(f64, f64)> {
        self.curves
            .iter()
            .filter(|curve| curve.logged > 0 || !curve.raw.is_empty())
            .map(|curve| curve.extent)
            .chain(self.bands.iter().map(|band| band.extent))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The range of y drawn within `x` with a margin of 5 %, and how many drawn points are beyond
    /// it. With `clip` a few points far from all others (beyond twenty times the span of the
    /// middle 80 %) do not flatten the rest: they are left outside and counted.
    #[must_use]
    pub fn y_range(&self, x: (f64, f64), clip: bool) -> Option<((f64, f64), usize)> {
        let points = || self.points_within(x);
        let (mut low, mut high, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0usize);
        for y in points() {
            (low, high, count) = (low.min(y), high.max(y), count + 1);
        }
        if count == 0 {
            return None;
        }
        let mut beyond = 0;
        if clip && count >= 50 && high > low {
            // Zooming asks on every frame: of many points every so manieth tells where most are.
            let mut some: Vec<f64> = points().step_by(count.div_ceil(MOST_SAMPLED)).collect();
            let mut at = |share: f64| {
                let place = ((some.len() - 1) as f64 * share).round() as usize;
                *some.select_nth_unstable_by(place, f64::total_cmp).1
            };
            let (from, to) = (at(0.1), at(0.9));
            let span = to - from;
            if span > 0.0 && (high - low) > 20.0 * span {
                low = low.max(from - 2.0 * span);
                high = high.min(to + 2.0 * span);
                beyond = points().filter(|y| *y < low || *y > high).count();
            }
        }
        let margin = if high > low {
            (high - low) * 0.05
        } else {
            (low.abs() * 0.05).max(0.5e-6)
        };
        Some(((low - margin, high + margin), beyond))
    }

    /// All drawn y within a range of x.
    fn points_within(&self, x: (f64, f64)) -> impl Iterator<Item = f64> {
        let lines = self.curves.iter().flat_map(|curve| {
            let stretches = curve.raw.iter().chain(&curve.smooth);
            stretches.map(|stretch| (stretch, !curve.unordered))
        });
        let bands = self.bands.iter();
        let edges = bands.flat_map(|band| [(&band.low, true), (&band.high, true)]);
        lines
            .chain(edges)
            .flat_map(move |(stretch, ordered)| {
                if !ordered {
                    return stretch.as_slice();
                }
                let from = stretch.partition_point(|point| point.x < x.0);
                let to = stretch.partition_point(|point| point.x <= x.1);
                &stretch[from..to.max(from)]
            })
            .filter(move |point| point.x >= x.0 && point.x <= x.1 && point.y.is_finite())
            .map(|point| point.y)
    }

    /// Values left out of a logarithmic axis.
    #[must_use]
    pub fn non_positive(&self) -> u64 {
        self.curves.iter().map(|curve| curve.non_positive).sum()
    }

    /// What a screen reader says of it.
    #[must_use]
    pub fn summary(&self, metric: &str, setup: &ChartSetup, runs: &[Drawn]) -> String {
        let Some((from, to)) = self.extent() else {
            return format!("Chart of {metric}: no points");
        };
        let place = |x: f64| {
            let words = setup.place_words(x);
            let words = match (&setup.x_metric, setup.axis) {
                (Some(metric), _) => words.trim_start_matches(metric.as_str()).trim_start(),
                (None, XAxis::Step) => words.trim_start_matches("step "),
                (None, _) => words.trim_end_matches(" from the start"),
            };
            words.to_owned()
        };
        if !self.bands.is_empty() {
            let groups: Vec<String> = self
                .bands
                .iter()
                .take(10)
                .map(|band| {
                    format!(
                        "{} with {}",
                        band.label,
                        crate::format::count(u64::from(band.runs), "run", "runs")
                    )
                })
                .collect();
            return format!(
                "Chart of {metric}: bands of {}, {} {} to {}",
                groups.join(", "),
                axis_word(setup).to_lowercase(),
                place(from),
                place(to)
            );
        }
        let name = |id: &str| {
            runs.iter()
                .find(|run| run.id == id)
                .map_or("run", |run| run.name.as_str())
                .to_owned()
        };
        let ends: Vec<String> = self
            .curves
            .iter()
            .take(10)
            .filter_map(|curve| {
                Some(format!(
                    "{} {}",
                    name(&curve.run),
                    numbers::figure(curve.last?)
                ))
            })
            .collect();
        let more = if self.curves.len() > 10 {
            format!(" and {} more", self.curves.len() - 10)
        } else {
            String::new()
        };
        format!(
            "Chart of {metric}: {}, {} {} to {}; last values {}{more}",
            crate::format::count(self.runs() as u64, "run", "runs"),
            axis_word(setup).to_lowercase(),
            place(from),
            place(to),
            ends.join(", ")
        )
    }
}

/// The drawn x nearest to `x`.
#[must_use]
pub fn snapped(chart: &ChartData, x: f64) -> f64 {
    let near = chart
        .curves
        .iter()
        .filter(|c| !c.unordered)
        .flat_map(|curve| {
            let after = curve
                .raw
                .partition_point(|s| s.first().is_some_and(|p| p.x <= x));
            // The stretch that x is in, and the one after it.
            let near = &curve.raw[after.saturating_sub(1)..(after + 1).min(curve.raw.len())];
            near.iter().flat_map(move |stretch| {
                let after = stretch.partition_point(|point| point.x <= x);
                stretch[after.saturating_sub(1)..(after + 1).min(stretch.len())].iter()
            })
        });
    let unordered = chart.curves.iter().filter(|curve| curve.unordered);
    let points = near.chain(unordered.flat_map(|curve| curve.raw.iter().flatten()));
    let bands = chart.bands.iter().flat_map(|band| &band.middle);
    points
        .chain(bands)
        .map(|point| point.x)
        .min_by(|a, b| (a - x).abs().total_cmp(&(b - x).abs()))
        .unwrap_or(x)
}

/// The nearest drawn x after (or before) `from` over all charts.
#[must_use]
pub fn next_x<'a>(
    charts: impl IntoIterator<Item = &'a ChartData>,
    from: Option<f64>,
    forward: bool,
) -> Option<f64> {
    let points = charts
        .into_iter()
        .flat_map(|chart| {
            let curves = chart.curves.iter().flat_map(|curve| &curve.raw);
            curves.chain(chart.bands.iter().map(|band| &band.middle))
        })
        .flatten()
        .map(|point| point.x);
    match (from, forward) {
        (Some(from), true) => points.filter(|x| *x > from).min_by(f64::total_cmp),
        (Some(from), false) => points.filter(|x| *x < from).max_by(f64::total_cmp),
        // Without a crosshair the first press shows it at the end.
        (None, _) => points.max_by(f64::total_cmp),
    }
}

/// The word for what x is.
#[must_use]
pub fn axis_word(setup: &ChartSetup) -> &str {
    match &setup.x_metric {
        Some(metric) => metric,
        None => plain_axis_word(setup.axis),
    }
}

/// The word for an axis.
#[must_use]
pub fn plain_axis_word(axis: XAxis) -> &'static str {
    match axis {
        XAxis::Step => "Step",
        XAxis::Time => "Time",
        XAxis::Relative => "Relative",
    }
}

/// Points without the gaps between them.
fn stretches(x: &PackedF64, y: &PackedF64, log_x: bool, log_y: bool) -> Vec<Stretch> {
    let mut out: Vec<Stretch> = Vec::new();
    let mut open = false;
    for (x, y) in x.iter().zip(y.iter()) {
        let x = if log_x { x.log10() } else { x };
        let y = if log_y && y <= 0.0 {
            f64::NAN
        } else if log_y {
            y.log10()
        } else {
            y
        };
        if !(x.is_finite() && y.is_finite()) {
            open = false;
            continue;
        }
        if !open {
            out.push(Vec::new());
            open = true;
        }
        if let Some(stretch) = out.last_mut() {
            stretch.push(PlotPoint::new(x, y));
        }
    }
    out
}

#[cfg(test)]
mod tests;
