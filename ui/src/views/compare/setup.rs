//! How the charts are set up: what x is, how lines are smoothed and summed up, which charts there
//! are, in which order and size, and what is noted on them.

use std::collections::{BTreeMap, BTreeSet};

use kitbench_protocol::{BandKind, CurveOptions, Plot, Resumed, Smoothing, XAxis};
use serde::{Deserialize, Serialize};

use super::numbers;

/// Largest weight of the smoothing slider.
pub const MOST_SMOOTHING: f64 = 0.99;
/// Points of a running average at the right end of the slider.
const MOST_WINDOW: f64 = 199.0;
/// A Gaussian's standard deviation at the right end of the slider, as a share of the x extent.
const MOST_SIGMA: f64 = 0.1;

/// A way to smooth; how much is the slider's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Smoother {
    /// TensorBoard's exponential average, corrected for its start.
    #[default]
    Ema,
    /// W&B's time-weighted exponential average.
    TimeWeighted,
    /// Mean of a window of points.
    Running,
    /// Weighted by distance in x.
    Gaussian,
}

impl Smoother {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Ema, Self::TimeWeighted, Self::Running, Self::Gaussian];

    /// As the menu names it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ema => "Exponential (TensorBoard)",
            Self::TimeWeighted => "Time-weighted exponential (W&B)",
            Self::Running => "Running average",
            Self::Gaussian => "Gaussian",
        }
    }
}

/// A line across a chart at a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Where.
    pub value: f64,
    /// What it is; may be empty.
    pub label: String,
}

impl Reference {
    /// Reads `0.5` or `0.5 target`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, label) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let value: f64 = number.parse().ok()?;
        value.is_finite().then(|| Self {
            value,
            label: label.trim().to_owned(),
        })
    }

    /// `0.5 target`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} {}", numbers::exact(self.value), self.label)
            .trim()
            .to_owned()
    }
}

/// A point that is kept in sight with a note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// Whose curve.
    pub run: String,
    /// Where on the x axis, as logged.
    pub x: f64,
    /// What is noted; may be empty.
    pub note: String,
}

/// How large a chart's card is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardSize {
    /// A row of its own.
    pub wide: bool,
    /// Pixels; `None` for the usual height.
    pub height: Option<f32>,
}

/// Which runs a plot is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// All that are listed.
    #[default]
    Listed,
    /// Those that are ticked.
    Ticked,
}

/// A plot over whole runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlotSetup {
    /// Tells it from others.
    pub id: u32,
    /// What is plotted.
    pub plot: Plot,
    /// Of which runs.
    pub over: Over,
    /// Logarithmic x.
    #[serde(default)]
    pub log_x: bool,
    /// Logarithmic y.
    #[serde(default)]
    pub log_y: bool,
}

/// How the charts are set up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartSetup {
    /// How much lines are smoothed, 0 to 0.99.
    pub smoothing: f64,
    /// And how.
    pub smoother: Smoother,
    /// Logarithmic y in all charts.
    pub log_y: bool,
    /// Charts whose scale differs from that.
    pub other_scale: BTreeMap<String, bool>,
    /// Logarithmic x.
    pub log_x: bool,
    /// What x is.
    pub axis: XAxis,
    /// A metric as x instead.
    pub x_metric: Option<String>,
    /// What to draw where a resumed run logged steps again.
    pub resumed: Resumed,
    /// A band per group of the table instead of a line per run.
    pub bands: Option<BandKind>,
    /// A zoomed view keeps the newest steps at its right border.
    pub follow: bool,
    /// A few points far from all others do not set the range of y.
    pub clip: bool,
    /// Metrics with a chart, in this order; `None` for those that weigh most.
    pub shown: Option<Vec<String>>,
    /// Charts stand under the prefix of their metric; `None` once there are many.
    pub prefixes: Option<bool>,
    /// Folded prefixes.
    pub folded: BTreeSet<String>,
    /// Cards that are not of the usual size.
    pub sizes: BTreeMap<String, CardSize>,
    /// Lines across the charts, by metric.
    pub references: BTreeMap<String, Vec<Reference>>,
    /// Noted points, by metric.
    pub pins: BTreeMap<String, Vec<Pin>>,
    /// Plots over whole runs.
    pub plots: Vec<PlotSetup>,
    /// Parallel coordinates are shown.
    pub parallel: bool,
}

impl Default for ChartSetup {
    fn default() -> Self {
        Self {
            smoothing: 0.0,
            smoother: Smoother::Ema,
            log_y: false,
            other_scale: BTreeMap::new(),
            log_x: false,
            axis: XAxis::Step,
            x_metric: None,
            resumed: Resumed::KeepAll,
            bands: None,
            follow: false,
            clip: true,
            shown: None,
            prefixes: None,
            folded: BTreeSet::new(),
            sizes: BTreeMap::new(),
            references: BTreeMap::new(),
            pins: BTreeMap::new(),
            plots: Vec::new(),
            parallel: true,
        }
    }
}

impl ChartSetup {
    /// Whether this chart is logarithmic.
    #[must_use]
    pub fn log_of(&self, metric: &str) -> bool {
        self.other_scale.get(metric).copied().unwrap_or(self.log_y)
    }

    /// What is kept may come from an older or a damaged file.
    pub fn mend(&mut self) {
        self.smoothing = if self.smoothing.is_finite() {
            self.smoothing.clamp(0.0, MOST_SMOOTHING)
        } else {
            0.0
        };
        for size in self.sizes.values_mut() {
            size.height = size.height.filter(|height| height.is_finite());
        }
    }

    /// As the engine takes it; `extent` is the whole of x as drawn, which scales a Gaussian.
    #[must_use]
    pub fn smoothing(&self, extent: Option<(f64, f64)>) -> Smoothing {
        if self.smoothing <= 0.0 {
            return Smoothing::None;
        }
        let share = self.smoothing / MOST_SMOOTHING;
        match self.smoother {
            Smoother::Ema => Smoothing::Ema(self.smoothing),
            Smoother::TimeWeighted => Smoothing::TimeWeightedEma(self.smoothing),
            Smoother::Running => {
                Smoothing::RunningMean((share * MOST_WINDOW / 2.0).round() as u32 * 2 + 1)
            }
            Smoother::Gaussian => match extent {
                Some((low, high)) if high > low => {
                    let span = self.value(high) - self.value(low);
                    Smoothing::Gaussian(two_digits(share * MOST_SIGMA * span))
                }
                _ => Smoothing::None,
            },
        }
    }

    /// `smoothed 0.60` for TensorBoard's average, else with the method named; empty for none.
    #[must_use]
    pub fn smoothing_words(&self, extent: Option<(f64, f64)>) -> String {
        match self.smoothing(extent) {
            Smoothing::None => String::new(),
            Smoothing::Ema(weight) => format!("smoothed {weight:.2}"),
            Smoothing::TimeWeightedEma(weight) => format!("time-weighted {weight:.2}"),
            Smoothing::RunningMean(points) => format!("mean of {points} points"),
            Smoothing::Gaussian(sigma) => format!("Gaussian, σ = {}", numbers::figure(sigma)),
        }
    }

    /// How curves are laid out.
    #[must_use]
    pub fn options(&self) -> CurveOptions {
        CurveOptions {
            x_metric: self.x_metric.clone(),
            log_x: self.log_x,
            resumed: self.resumed,
        }
    }

    /// The value at a place of the x axis; places of a logarithmic axis are powers of ten.
    #[must_use]
    pub fn value(&self, place: f64) -> f64 {
        if !self.log_x {
            return place;
        }
        let value = 10f64.powf(place);
        let whole = value.round();
        if (value - whole).abs() <= value * 1e-9 {
            // A logged step comes back as it was.
            whole
        } else {
            // A hair more, so that a point is at or before its own place.
            value * (1.0 + 1e-12)
        }
    }

    /// The inverse.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        if self.log_x { value.log10() } else { value }
    }

    /// The words of a place: `step 2,400`.
    #[must_use]
    pub fn place_words(&self, place: f64) -> String {
        let x = self.value(place);
        if let Some(metric) = &self.x_metric {
            return format!("{metric} {}", numbers::figure(x));
        }
        match self.axis {
            XAxis::Step => format!("step {}", numbers::step(x)),
            XAxis::Time => {
                crate::format::when_exact(x.floor() as i64, crate::clock::offset_seconds())
            }
            XAxis::Relative => format!("{} from the start", numbers::length_label(x)),
        }
    }

    /// The size of a chart's card.
    #[must_use]
    pub fn size_of(&self, card: &str) -> CardSize {
        self.sizes.get(card).copied().unwrap_or_default()
    }

    /// A free id for a plot.
    #[must_use]
    pub fn next_plot(&self) -> u32 {
        self.plots.iter().map(|plot| plot.id + 1).max().unwrap_or(0)
    }
}

/// To two digits, so that it stays the same while a live run grows a little.
fn two_digits(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return value;
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    (value / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_means_what_the_method_needs() {
        let mut setup = ChartSetup {
            smoothing: 0.5,
            ..ChartSetup::default()
        };
        let extent = Some((0.0, 1000.0));
        let words = |setup: &ChartSetup| setup.smoothing_words(extent);
        assert_eq!(words(&setup), "smoothed 0.50");
        setup.smoother = Smoother::TimeWeighted;
        assert_eq!(setup.smoothing(extent), Smoothing::TimeWeightedEma(0.5));
        setup.smoother = Smoother::Running;
        assert_eq!(words(&setup), "mean of 101 points");
        setup.smoother = Smoother::Gaussian;
        assert_eq!(words(&setup), "Gaussian, σ = 51");
        assert_eq!(setup.smoothing(None), Smoothing::None);
        setup.smoothing = 0.0;
        assert_eq!(words(&setup), "");
    }

    #[test]
    fn references_are_read_with_their_label() {
        let line = Reference::parse(" 0.5  last release ").expect("a line");
        assert_eq!((line.value, line.label.as_str()), (0.5, "last release"));
        assert_eq!(line.words(), "0.5 last release");
        assert_eq!(
            Reference::parse("1e-3").map(|l| l.words()).as_deref(),
            Some("0.001")
        );
        assert!(Reference::parse("").is_none() && Reference::parse("nan x").is_none());
    }

    #[test]
    fn a_logged_step_is_at_its_own_place() {
        let setup = ChartSetup {
            log_x: true,
            ..ChartSetup::default()
        };
        for step in 1..2000 {
            let step = f64::from(step);
            let back = setup.value(setup.place(step));
            assert_eq!(back, step);
        }
    }

    #[test]
    fn what_is_damaged_is_mended() {
        let mut setup = ChartSetup {
            smoothing: f64::NAN,
            ..ChartSetup::default()
        };
        setup.mend();
        assert_eq!(setup, ChartSetup::default());
    }
}
