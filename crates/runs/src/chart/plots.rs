//! Plots over whole runs as pictures: scatter, box and violin, bar, correlation, parallel
//! coordinates. The figures come from [`crate::plots`].

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::draw::{
    Area, Frame, Lettering, Pen, Sheet, colour, failed, grid, numbers, round, sheet, wanted,
};
use super::{Palette, Rgb, pad, render, ticks, widen};
use crate::error::RunsError;
use crate::plots::stats::Summary;
use crate::reduce::limits;

/// A run on a scatter plot, or a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Written beside it where there is room; empty for none.
    pub label: String,
    /// Its colour.
    pub colour: Rgb,
    /// Along x; unused by bars.
    pub x: f64,
    /// Along y.
    pub y: f64,
}

/// A group of a box or violin plot.
#[derive(Clone, Debug, PartialEq)]
pub struct BoxGroup {
    /// Under it.
    pub label: String,
    /// Quartiles, mean, whiskers.
    pub summary: Summary,
    /// Every run's value and colour.
    pub values: Vec<(f64, Rgb)>,
    /// The outline of a violin: value and share of its half width. Empty draws a box.
    pub density: Vec<(f64, f64)>,
}

/// A run on parallel coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct LineAcross {
    /// Its colour.
    pub colour: Rgb,
    /// Where it crosses each axis, as a share from the bottom; `None` breaks the line.
    pub at: Vec<Option<f64>>,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// A dot per run.
    Scatter {
        /// The runs.
        spots: Vec<Spot>,
        /// Words along x instead of numbers.
        x_words: Option<Vec<String>>,
        /// Words along y instead of numbers.
        y_words: Option<Vec<String>>,
        /// Logarithmic x; spots that are not positive are left out.
        log_x: bool,
        /// Logarithmic y.
        log_y: bool,
    },
    /// A box or violin per group.
    Boxes {
        /// The groups, from left to right.
        groups: Vec<BoxGroup>,
        /// Logarithmic y.
        log_y: bool,
    },
    /// A lying bar per run, from top to bottom.
    Bars(Vec<Spot>),
    /// A lying bar per parameter from -1 to 1: name, coefficient, runs.
    Correlation(Vec<(String, f64, usize)>),
    /// A line per run over all axes.
    Parallel {
        /// Name of each axis and its ticks: share from the bottom, text.
        axes: Vec<(String, Vec<(f64, String)>)>,
        /// The runs.
        lines: Vec<LineAcross>,
    },
}

/// A plot over whole runs as a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotChart {
    /// Heading.
    pub title: String,
    /// Name of the x axis.
    pub x_label: String,
    /// Name of the y axis.
    pub y_label: String,
    /// What is drawn.
    pub figure: Figure,
    /// What is left out, which method was used: the line under the picture.
    pub note: String,
    /// Colours of everything else.
    pub palette: Palette,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Colours of coefficients below and above zero, readable on light and on dark.
const BELOW: Rgb = [0xD0, 0x6A, 0x3A];
const ABOVE: Rgb = [0x3E, 0x82, 0xC8];

impl PlotChart {
    /// The picture as SVG text.
    ///
    /// # Errors
    /// When the size is 0 or beyond 16,384 pixels.
    pub fn svg(&self) -> Result<String, RunsError> {
        render::svg(self)
    }

    /// The picture as PNG bytes, `scale` times its size in pixels.
    ///
    /// # Errors
    /// When the size is 0 or beyond 16,384 pixels.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>, RunsError> {
        render::png(self, scale)
    }
}

impl render::Picture for PlotChart {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>, scale: f64) -> Result<(), RunsError> {
        let pen = Pen { area, scale };
        let Some(place) = sheet(&pen, &self.palette, &self.title, &self.note)? else {
            return Ok(());
        };
        match &self.figure {
            Figure::Scatter {
                spots,
                x_words,
                y_words,
                log_x,
                log_y,
            } => {
                let x = Scale::new(spots.iter().map(|s| s.x), x_words.as_deref(), *log_x);
                let y = Scale::new(spots.iter().map(|s| s.y), y_words.as_deref(), *log_y);
                scatter(self, &pen, &place, spots, &x, &y)
            }
            Figure::Boxes { groups, log_y } => boxes(self, &pen, &place, groups, *log_y),
            Figure::Bars(bars) => {
                let rows: Vec<Row<'_>> = bars
                    .iter()
                    .map(|bar| Row {
                        name: &bar.label,
                        value: bar.y,
                        text: ticks::number(bar.y),
                        colour: bar.colour,
                    })
                    .collect();
                let values = bars.iter().map(|bar| bar.y).chain([0.0]);
                let range = limits(values.collect::<Vec<_>>().iter()).unwrap_or((0.0, 1.0));
                lying(self, &pen, &place, &rows, widen(range, false))
            }
            Figure::Correlation(found) => {
                let rows: Vec<Row<'_>> = found
                    .iter()
                    .map(|(name, value, n)| Row {
                        name,
                        value: *value,
                        text: format!("{value:.2}, n = {n}"),
                        colour: if *value < 0.0 { BELOW } else { ABOVE },
                    })
                    .collect();
                lying(self, &pen, &place, &rows, (-1.0, 1.0))
            }
            Figure::Parallel { axes, lines } => parallel(self, &pen, &place, axes, lines),
        }
    }
}

/// An axis of numbers or words.
struct Scale<'a> {
    range: (f64, f64),
    log: bool,
    words: Option<&'a [String]>,
}

impl<'a> Scale<'a> {
    fn new(values: impl Iterator<Item = f64>, words: Option<&'a [String]>, log: bool) -> Self {
        let log = log && words.is_none();
        let range = match words {
            Some(words) => (-0.5, words.len() as f64 - 0.5),
            None => {
                let values: Vec<f64> = values.filter(|v| !log || *v > 0.0).collect();
                let none = if log { (0.1, 1.0) } else { (0.0, 1.0) };
                pad(widen(limits(&values).unwrap_or(none), log), log)
            }
        };
        Self { range, log, words }
    }

    fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.words {
            Some(words) => words
                .iter()
                .enumerate()
                .map(|(i, word)| (i as f64, short(word)))
                .collect(),
            None => numbers(self.range, self.log, wanted),
        }
    }
}

fn short(text: &str) -> String {
    if text.chars().count() <= 24 {
        return text.to_owned();
    }
    text.chars().take(23).chain(['…']).collect()
}

fn frame(place: &Sheet, x: &Scale<'_>, y: &Scale<'_>) -> Frame {
    Frame {
        left: place.left,
        top: place.top,
        right: place.right,
        bottom: place.bottom,
        x: x.range,
        y: y.range,
        log_x: x.log,
        log_y: y.log,
    }
}

fn scatter<DB: DrawingBackend>(
    plot: &PlotChart,
    pen: &Pen<'_, DB>,
    place: &Sheet,
    spots: &[Spot],
    x: &Scale<'_>,
    y: &Scale<'_>,
) -> Result<(), RunsError> {
    let frame = frame(place, x, y);
    let (wanted_x, wanted_y) = wanted(pen, &frame);
    grid(
        pen,
        &plot.palette,
        &frame,
        (&plot.x_label, &x.ticks(wanted_x)),
        (&plot.y_label, &y.ticks(wanted_y)),
    )?;
    for spot in spots {
        if (x.log && spot.x <= 0.0) || (y.log && spot.y <= 0.0) {
            continue;
        }
        let at = frame.pixel([spot.x, spot.y]);
        dot(pen, at, 4.0, spot.colour)?;
        // Names of many runs would cover each other.
        if spots.len() <= 12 {
            let (gap, end) = if at.0 > frame.right - 120.0 * pen.scale {
                (-8.0, HPos::Right)
            } else {
                (8.0, HPos::Left)
            };
            pen.text(
                &short(&spot.label),
                (at.0 + gap * pen.scale, at.1),
                Lettering::new(11.0, plot.palette.muted, (end, VPos::Center)),
            )?;
        }
    }
    Ok(())
}

fn dot<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    at: (f64, f64),
    size: f64,
    rgb: Rgb,
) -> Result<(), RunsError> {
    let radius = (size * pen.scale).round() as i32;
    pen.area
        .draw(&Circle::new(round(at), radius, colour(rgb).filled()))
        .map_err(failed)
}

fn boxes<DB: DrawingBackend>(
    plot: &PlotChart,
    pen: &Pen<'_, DB>,
    place: &Sheet,
    groups: &[BoxGroup],
    log_y: bool,
) -> Result<(), RunsError> {
    let values = groups.iter().flat_map(|group| {
        let ends = group.density.iter().map(|p| p.0);
        group.values.iter().map(|v| v.0).chain(ends)
    });
    let names: Vec<String> = groups
        .iter()
        .map(|group| format!("{} (n = {})", short(&group.label), group.values.len()))
        .collect();
    let x = Scale::new(std::iter::empty(), Some(&names), false);
    let y = Scale::new(values, None, log_y);
    let frame = frame(place, &x, &y);
    let (_, wanted_y) = wanted(pen, &frame);
    grid(
        pen,
        &plot.palette,
        &frame,
        (&plot.x_label, &x.ticks(0)),
        (&plot.y_label, &y.ticks(wanted_y)),
    )?;
    let room = (frame.right - frame.left) / groups.len().max(1) as f64;
    let half = (room * 0.3).min(48.0 * pen.scale);
    let line = ShapeStyle::from(colour(plot.palette.text)).stroke_width(pen.stroke(1.4));
    let fill = colour(ABOVE).mix(0.25).filled();
    let inside = |v: f64| v.clamp(frame.y.0, frame.y.1);
    for (i, group) in groups.iter().enumerate() {
        let middle = frame.pixel([i as f64, frame.y.0]).0;
        let y = |v: f64| frame.pixel([i as f64, inside(v)]).1;
        let across =
            |v: f64, half: f64| vec![round((middle - half, y(v))), round((middle + half, y(v)))];
        let s = &group.summary;
        if group.density.is_empty() {
            let corners = [
                round((middle - half, y(s.q3))),
                round((middle + half, y(s.q1))),
            ];
            pen.area
                .draw(&Rectangle::new(corners, fill))
                .map_err(failed)?;
            pen.area
                .draw(&Rectangle::new(corners, line))
                .map_err(failed)?;
            for (from, to) in [(s.q1, s.low), (s.q3, s.high)] {
                pen.path(vec![round((middle, y(from))), round((middle, y(to)))], line)?;
                pen.path(across(to, half * 0.5), line)?;
            }
        } else {
            let side = |sign: f64| {
                let points = group.density.iter();
                points.map(move |(v, share)| (*v, sign * share * half))
            };
            let outline: Vec<_> = side(1.0)
                .chain(side(-1.0).collect::<Vec<_>>().into_iter().rev())
                .map(|(v, dx)| round((middle + dx, y(v))))
                .collect();
            pen.area
                .draw(&Polygon::new(outline.clone(), fill))
                .map_err(failed)?;
            pen.path(outline, line)?;
            for quartile in [s.q1, s.q3] {
                pen.path(across(quartile, half * 0.25), line)?;
            }
        }
        let strong = line.stroke_width(pen.stroke(2.4));
        pen.path(
            across(
                s.median,
                if group.density.is_empty() {
                    half
                } else {
                    half * 0.5
                },
            ),
            strong,
        )?;
        for (at, (value, rgb)) in group.values.iter().enumerate() {
            // Spread a little so that equal values can be told apart.
            let shift = ((at % 5) as f64 - 2.0) * 3.0 * pen.scale;
            if !(log_y && *value <= 0.0) {
                dot(pen, (middle + shift, y(*value)), 2.5, *rgb)?;
            }
        }
    }
    Ok(())
}

struct Row<'a> {
    name: &'a str,
    value: f64,
    text: String,
    colour: Rgb,
}

/// Lying bars from zero, each with its name and figure.
fn lying<DB: DrawingBackend>(
    plot: &PlotChart,
    pen: &Pen<'_, DB>,
    place: &Sheet,
    rows: &[Row<'_>],
    range: (f64, f64),
) -> Result<(), RunsError> {
    let scale = pen.scale;
    let widest = rows
        .iter()
        .map(|row| pen.text_width(&short(row.name), 12.0))
        .fold(0.0, f64::max);
    let frame = Frame {
        left: (16.0 * scale + widest + 10.0 * scale).min(place.right * 0.5),
        right: place.right - 60.0 * scale,
        top: place.top,
        bottom: place.bottom,
        x: range,
        y: (0.0, 1.0),
        log_x: false,
        log_y: false,
    };
    let (wanted_x, _) = wanted(pen, &frame);
    grid(
        pen,
        &plot.palette,
        &frame,
        (&plot.x_label, &numbers(range, false, wanted_x)),
        ("", &[]),
    )?;
    let room = (frame.bottom - frame.top) / rows.len().max(1) as f64;
    let fits = ((frame.bottom - frame.top) / (14.0 * scale))
        .floor()
        .max(1.0) as usize;
    let each = room.max(14.0 * scale);
    for (i, row) in rows.iter().take(fits).enumerate() {
        let y = frame.top + each * (i as f64 + 0.5);
        let half = (each * 0.34).min(11.0 * scale);
        let (zero, end) = (
            frame.pixel([0.0_f64.clamp(range.0, range.1), 0.0]).0,
            frame.pixel([row.value.clamp(range.0, range.1), 0.0]).0,
        );
        let corners = [
            round((zero.min(end), y - half)),
            round((zero.max(end), y + half)),
        ];
        pen.area
            .draw(&Rectangle::new(corners, colour(row.colour).filled()))
            .map_err(failed)?;
        pen.text(
            &short(row.name),
            (frame.left - 8.0 * scale, y),
            Lettering::new(12.0, plot.palette.text, (HPos::Right, VPos::Center)),
        )?;
        pen.text(
            &row.text,
            (zero.max(end) + 6.0 * scale, y),
            Lettering::new(11.0, plot.palette.muted, (HPos::Left, VPos::Center)),
        )?;
    }
    if rows.len() > fits {
        pen.text(
            &format!("and {} more", rows.len() - fits),
            (frame.right, frame.top - 14.0 * scale),
            Lettering::new(11.0, plot.palette.muted, (HPos::Right, VPos::Center)),
        )?;
    }
    Ok(())
}

fn parallel<DB: DrawingBackend>(
    plot: &PlotChart,
    pen: &Pen<'_, DB>,
    place: &Sheet,
    axes: &[(String, Vec<(f64, String)>)],
    lines: &[LineAcross],
) -> Result<(), RunsError> {
    let scale = pen.scale;
    let (left, right) = (place.left, place.right - 40.0 * scale);
    let (top, bottom) = (place.top + 24.0 * scale, place.bottom + 24.0 * scale);
    let step = (right - left) / axes.len().saturating_sub(1).max(1) as f64;
    let x = |i: usize| left + step * i as f64;
    let y = |share: f64| bottom - (bottom - top) * share.clamp(0.0, 1.0);
    for line in lines {
        let style = ShapeStyle::from(colour(line.colour)).stroke_width(pen.stroke(1.6));
        let mut stretch = Vec::new();
        for (i, at) in line.at.iter().enumerate() {
            match at {
                Some(share) => stretch.push(round((x(i), y(*share)))),
                None if stretch.len() > 1 => pen.path(std::mem::take(&mut stretch), style)?,
                None => stretch.clear(),
            }
        }
        if stretch.len() > 1 {
            pen.path(stretch, style)?;
        }
    }
    let axis = ShapeStyle::from(colour(plot.palette.axis)).stroke_width(pen.stroke(1.0));
    for (i, (name, ticks)) in axes.iter().enumerate() {
        pen.path(vec![round((x(i), top)), round((x(i), bottom))], axis)?;
        pen.text(
            &short(name),
            (x(i), top - 8.0 * scale),
            Lettering::new(12.0, plot.palette.text, (HPos::Center, VPos::Bottom)),
        )?;
        for (share, text) in ticks {
            pen.text(
                &short(text),
                (x(i) - 6.0 * scale, y(*share)),
                Lettering::new(11.0, plot.palette.muted, (HPos::Right, VPos::Center)),
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "plots_tests.rs"]
mod tests;
