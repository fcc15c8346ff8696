//! Charts for exports and reports: SVG text and PNG bytes, drawn with plotters.
//!
//! A chart takes the full series, smooths them whole and reduces them itself, so the picture
//! is that of all points and its foot can say truthfully what it shows.

mod draw;
mod plots;
mod render;
mod ticks;

pub use plots::{BoxGroup, Figure, LineAcross, PlotChart, Spot};

use plotters::prelude::DrawingBackend;
use serde::{Deserialize, Serialize};

use crate::error::RunsError;
use crate::group::BandPoint;
use crate::reduce::{Reduced, View, limits, min_max};
use crate::series::{XAxis, is_plain};
use crate::smooth::Smoothing;

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// The colours of everything but the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Palette {
    /// Behind everything.
    pub background: Rgb,
    /// Title and legend.
    pub text: Rgb,
    /// Axis labels and the foot.
    pub muted: Rgb,
    /// Grid lines.
    pub grid: Rgb,
    /// Axis lines.
    pub axis: Rgb,
}

impl Default for Palette {
    /// Dark on white, for paper.
    fn default() -> Self {
        Self {
            background: [255, 255, 255],
            text: [24, 27, 32],
            muted: [95, 102, 112],
            grid: [228, 231, 235],
            axis: [160, 166, 175],
        }
    }
}

/// One run's metric on a chart: all points, in the order logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// For the legend.
    pub label: String,
    /// Colour of the line.
    pub colour: Rgb,
    /// X of each point (see [`crate::Series::x_values`]); NaN where it has none.
    pub x: Vec<f64>,
    /// Value of each point.
    pub y: Vec<f64>,
}

/// A group's band on a chart, as [`crate::group::band`] gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandLine {
    /// For the legend.
    pub label: String,
    /// Colour of the middle line; the band is the same, faint.
    pub colour: Rgb,
    /// In x order.
    pub points: Vec<BandPoint>,
}

/// Everything a picture shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Heading, usually the metric's name.
    pub title: String,
    /// Name of the x axis.
    pub x_label: String,
    /// Name of the y axis.
    pub y_label: String,
    /// How x is written at the ticks.
    pub x_axis: XAxis,
    /// Logarithmic x.
    pub log_x: bool,
    /// Logarithmic y.
    pub log_y: bool,
    /// Part of x shown; all of it by default.
    pub x_range: Option<(f64, f64)>,
    /// Part of y shown; all that lies in the x range by default.
    pub y_range: Option<(f64, f64)>,
    /// Lines, in the order drawn.
    pub lines: Vec<Line>,
    /// Bands, drawn below the lines.
    pub bands: Vec<BandLine>,
    /// Smoothing of the lines; the raw ones stay faint below.
    pub smoothing: Smoothing,
    /// For the line at the same place: what is drawn of it, where it was reduced (and smoothed)
    /// before. Give the range of x with it.
    #[serde(skip)]
    pub given: Vec<(Reduced, Option<Reduced>)>,
    /// The foot, in place of the one that counts the points of the lines.
    pub foot: Option<String>,
    /// Whether a legend is drawn.
    pub legend: bool,
    /// More for the foot, such as damage of the runs shown.
    pub note: String,
    /// Colours.
    pub palette: Palette,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Default for Chart {
    fn default() -> Self {
        Self {
            title: String::new(),
            x_label: "step".into(),
            y_label: String::new(),
            x_axis: XAxis::Step,
            log_x: false,
            log_y: false,
            x_range: None,
            y_range: None,
            lines: Vec::new(),
            bands: Vec::new(),
            smoothing: Smoothing::None,
            given: Vec::new(),
            foot: None,
            legend: true,
            note: String::new(),
            palette: Palette::default(),
            width: 960,
            height: 540,
        }
    }
}

/// A chart with all decisions made: ranges, reduced lines, the foot.
struct Prepared {
    x: (f64, f64),
    y: (f64, f64),
    /// Per line: the raw line and, with smoothing, the smoothed one.
    lines: Vec<(Reduced, Option<Reduced>)>,
    foot: String,
}

impl Chart {
    /// The picture as SVG text. Text stays text in the font Inter, else any sans-serif.
    ///
    /// # Errors
    /// When the size is 0 or beyond 16,384 pixels.
    pub fn svg(&self) -> Result<String, RunsError> {
        render::svg(self)
    }

    /// The picture as PNG bytes, `scale` times the chart's size in pixels.
    ///
    /// # Errors
    /// When the size is 0 or beyond 16,384 pixels.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, RunsError> {
        render::png(self, scale)
    }

    /// The line under the picture: how many of the points are drawn, how they were reduced
    /// and smoothed, what cannot be drawn.
    pub fn honesty(&self) -> String {
        self.prepare().foot
    }

    fn prepare(&self) -> Prepared {
        let usable = |v: &&f64| v.is_finite() && (!self.log_x || **v > 0.0);
        let all_x = self.lines.iter().flat_map(|l| &l.x).chain(
            self.bands
                .iter()
                .flat_map(|b| b.points.iter().map(|p| &p.x)),
        );
        let x = self
            .x_range
            .filter(|(a, b)| a < b && a.is_finite() && b.is_finite() && (!self.log_x || *a > 0.0));
        let x = x
            .or_else(|| limits(all_x.filter(usable)))
            .unwrap_or((0.0, 1.0));
        let x = widen(x, self.log_x);
        let view = View {
            from: x.0,
            to: x.1 + (x.1 - x.0) * 1e-9,
            columns: self.width as usize,
            log_x: self.log_x,
        };
        let mut hidden = 0;
        let mut reduce = |y: &[f64], xs: &[f64]| {
            let kept: Vec<f64>;
            let y = if self.log_y {
                // No place on the axis: a gap, counted in the foot.
                kept = y
                    .iter()
                    .map(|&v| {
                        if v <= 0.0 && is_plain(v) {
                            hidden += 1;
                            f64::NAN
                        } else {
                            v
                        }
                    })
                    .collect();
                &kept
            } else {
                y
            };
            min_max(xs, y, &view)
        };
        let raw: Vec<Reduced> = self.lines.iter().map(|l| reduce(&l.y, &l.x)).collect();
        let lines: Vec<_> = raw
            .into_iter()
            .zip(&self.lines)
            .enumerate()
            .map(|(at, (raw, line))| {
                if let Some(given) = self.given.get(at) {
                    return given.clone();
                }
                let smooth = (self.smoothing != Smoothing::None)
                    .then(|| reduce(&self.smoothing.apply(&line.x, &line.y), &line.x));
                (raw, smooth)
            })
            .collect();
        let shown = lines
            .iter()
            .flat_map(|(raw, _)| raw.lines.iter().flatten().map(|p| &p[1]));
        let bands = self
            .bands
            .iter()
            .flat_map(|b| b.points.iter().flat_map(|p| [&p.low, &p.high]));
        let positive = |v: &&f64| !self.log_y || **v > 0.0;
        let y = self
            .y_range
            .filter(|(a, b)| a < b && a.is_finite() && b.is_finite() && (!self.log_y || *a > 0.0));
        let y = y.unwrap_or_else(|| {
            let y = limits(shown.chain(bands).filter(positive)).unwrap_or(if self.log_y {
                (0.1, 1.0)
            } else {
                (0.0, 1.0)
            });
            pad(widen(y, self.log_y), self.log_y)
        });
        let foot = self.foot.clone().unwrap_or_else(|| self.foot(&lines));
        Prepared { x, y, lines, foot }
    }

    fn foot(&self, lines: &[(Reduced, Option<Reduced>)]) -> String {
        let total: usize = self.lines.iter().map(|l| l.y.len()).sum();
        let drawn: usize = lines.iter().map(|(raw, _)| raw.drawn).sum();
        let in_view: usize = lines.iter().map(|(raw, _)| raw.logged).sum();
        let mut parts = Vec::new();
        if !self.lines.is_empty() {
            let reduced = if drawn < in_view {
                ", min and max of every pixel column kept"
            } else {
                ""
            };
            parts.push(format!(
                "{} of {} logged points drawn{reduced}",
                thousands(drawn),
                thousands(total)
            ));
            if in_view < total {
                parts.push(format!("{} in view", thousands(in_view)));
            }
        }
        if self.smoothing != Smoothing::None {
            parts.push(format!(
                "smoothing: {} on all points, raw lines faint",
                self.smoothing.label()
            ));
        }
        if !self.bands.is_empty() {
            let n = self.bands.iter().flat_map(|b| b.points.iter().map(|p| p.n));
            let (low, high) = n.fold((usize::MAX, 0), |(l, h), n| (l.min(n), h.max(n)));
            parts.push(if low < high {
                format!("bands: n = {low} to {high}")
            } else {
                format!("bands: n = {high}")
            });
        }
        let count = |test: fn(&f64) -> bool| {
            self.lines
                .iter()
                .flat_map(|l| &l.y)
                .filter(|v| test(v))
                .count()
        };
        for (n, what) in [
            (count(|v| v.is_nan()), "NaN (gaps)"),
            (
                count(|v| !v.is_nan() && !is_plain(*v)),
                "infinite (marks at the border)",
            ),
            (
                if self.log_y {
                    count(|v| is_plain(*v) && *v <= 0.0)
                } else {
                    0
                },
                "not above 0, off the log axis",
            ),
            (
                lines.iter().map(|(raw, _)| raw.no_x).sum(),
                "without a place on the x axis",
            ),
        ] {
            if n > 0 {
                parts.push(format!("{} {what}", thousands(n)));
            }
        }
        if !self.note.is_empty() {
            parts.push(self.note.clone());
        }
        parts.join(" · ")
    }
}

impl render::Picture for Chart {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn draw<DB: DrawingBackend>(&self, area: &draw::Area<DB>, scale: f64) -> Result<(), RunsError> {
        draw::chart(self, &self.prepare(), area, scale)
    }
}

/// Round places on an axis of numbers, about `wanted` of them, with their texts.
pub fn ticks_of(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    draw::numbers((low, high), false, wanted)
}

/// A range of no width gets some.
fn widen((low, high): (f64, f64), log: bool) -> (f64, f64) {
    if low < high {
        return (low, high);
    }
    if log {
        return (low / 2.0, (low * 2.0).min(f64::MAX));
    }
    let by = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
    ((low - by).max(f64::MIN), (low + by).min(f64::MAX))
}

/// Room above and below, so that lines do not run along the border.
fn pad((low, high): (f64, f64), log: bool) -> (f64, f64) {
    if log {
        let by = (high / low).powf(0.04);
        return if by.is_finite() {
            (low / by, high * by)
        } else {
            (low, high)
        };
    }
    let by = (high - low) * 0.04;
    if by.is_finite() {
        (low - by, high + by)
    } else {
        (low, high)
    }
}

/// A count with separators: 1,234,567.
fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Chart {
        let x: Vec<f64> = (0..5000).map(f64::from).collect();
        let mut y: Vec<f64> = x.iter().map(|x| (-x / 1000.0).exp()).collect();
        y[10] = f64::NAN;
        y[2000] = f64::INFINITY;
        y[3000] = 2.5;
        Chart {
            title: "val/loss <α> & \"β\"".into(),
            y_label: "loss".into(),
            lines: vec![Line {
                label: "baseline".into(),
                colour: [200, 80, 20],
                x,
                y,
            }],
            smoothing: Smoothing::Ema { weight: 0.6 },
            width: 640,
            height: 360,
            ..Chart::default()
        }
    }

    #[test]
    fn svg_is_text_with_everything_on_it() {
        let svg = sample().svg().unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for part in [
            "val/loss &lt;α&gt; &amp;",
            "baseline",
            "step",
            "Inter, Helvetica",
            "5,000 logged points",
            "EMA 0.6",
            "1 NaN",
            "1 infinite",
        ] {
            assert!(svg.contains(part), "{part} missing in {svg}");
        }
        assert_eq!(
            svg,
            sample().svg().unwrap(),
            "the same chart gives the same bytes"
        );
    }

    #[test]
    fn png_has_the_size_asked_for() {
        let png = sample().png(2.0).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&png))
            .read_info()
            .unwrap();
        assert_eq!((reader.info().width, reader.info().height), (1280, 720));
        assert!(sample().png(1e6).is_err());
        assert!(sample().png(f64::NAN).is_err());
    }

    #[test]
    fn odd_charts_are_drawn_too() {
        let line = |x: Vec<f64>, y: Vec<f64>| Line {
            label: "l".into(),
            colour: [0; 3],
            x,
            y,
        };
        for lines in [
            vec![],
            vec![line(vec![], vec![])],
            vec![line(vec![5.0], vec![3.0])],
            vec![line(vec![f64::NAN], vec![3.0])],
            vec![line(vec![1.0, 2.0], vec![f64::NAN, f64::INFINITY])],
            vec![line(vec![1.0, 2.0], vec![-1.0, 0.0])],
            vec![line(vec![-1e300, 1e300], vec![-1e308, 1e308])],
            vec![line(vec![1e-320, 1.0], vec![5e-324, 1.0])],
        ] {
            for (log_x, log_y) in [(false, false), (true, true)] {
                for (width, height) in [(320, 180), (1, 1), (40, 30)] {
                    let chart = Chart {
                        lines: lines.clone(),
                        log_x,
                        log_y,
                        width,
                        height,
                        ..Chart::default()
                    };
                    chart.svg().unwrap();
                }
                let chart = Chart {
                    lines: lines.clone(),
                    log_x,
                    log_y,
                    width: 120,
                    height: 130,
                    ..Chart::default()
                };
                chart.png(1.0).unwrap();
            }
        }
        let band = BandLine {
            label: "g".into(),
            colour: [9, 9, 200],
            points: vec![
                BandPoint {
                    x: 0.0,
                    middle: 1.0,
                    low: 0.0,
                    high: 2.0,
                    n: 3,
                },
                BandPoint {
                    x: 1.0,
                    middle: 1.5,
                    low: 1.0,
                    high: 2.0,
                    n: 2,
                },
            ],
        };
        let chart = Chart {
            bands: vec![band],
            ..Chart::default()
        };
        assert!(chart.svg().unwrap().contains("n = 2 to 3"));
    }

    #[test]
    fn the_foot_tells_what_a_log_axis_hides() {
        let chart = Chart {
            lines: vec![Line {
                label: "a".into(),
                colour: [0; 3],
                x: vec![0.0, 1.0, 2.0],
                y: vec![-1.0, 1.0, 10.0],
            }],
            log_y: true,
            ..Chart::default()
        };
        assert!(
            chart.honesty().contains("1 not above 0"),
            "{}",
            chart.honesty()
        );
        assert_eq!(thousands(1_234_567), "1,234,567");
    }
}
