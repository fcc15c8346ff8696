//! Putting a prepared chart on a plotters backend.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Chart, Palette, Prepared, Rgb, ticks};
use crate::error::RunsError;
use crate::reduce::Reduced;
use crate::series::XAxis;

/// Plotters counts a font's size from its highest to its lowest point; sizes here are ems.
const EM: f64 = 1.24;

pub(super) type Area<DB> = DrawingArea<DB, Shift>;
pub(super) type Pixel = (f64, f64);

pub(super) fn colour(rgb: Rgb) -> RGBColor {
    RGBColor(rgb[0], rgb[1], rgb[2])
}

pub(super) fn failed<E: std::error::Error + Send + Sync>(
    error: DrawingAreaErrorKind<E>,
) -> RunsError {
    RunsError::Chart(error.to_string())
}

/// The plot's place on the picture and how numbers become pixels.
pub(super) struct Frame {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub log_x: bool,
    pub log_y: bool,
}

fn part(value: f64, (low, high): (f64, f64), log: bool) -> f64 {
    if log {
        return (value.log10() - low.log10()) / (high.log10() - low.log10());
    }
    // Halves first: the full span of f64 would overflow.
    (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)
}

impl Frame {
    pub(super) fn pixel(&self, [x, y]: [f64; 2]) -> Pixel {
        let px = self.left + part(x, self.x, self.log_x) * (self.right - self.left);
        let py = self.bottom - part(y, self.y, self.log_y) * (self.bottom - self.top);
        // Far outside stays outside without overflowing integers.
        (px.clamp(-1e6, 1e6), py.clamp(-1e6, 1e6))
    }

    /// The part of a segment inside the plot (Liang–Barsky).
    fn clip(&self, a: Pixel, b: Pixel) -> Option<(Pixel, Pixel)> {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let (mut from, mut to) = (0.0_f64, 1.0_f64);
        for (p, q) in [
            (-dx, a.0 - self.left),
            (dx, self.right - a.0),
            (-dy, a.1 - self.top),
            (dy, self.bottom - a.1),
        ] {
            if p == 0.0 {
                if q < 0.0 {
                    return None;
                }
                continue;
            }
            let t = q / p;
            if p < 0.0 {
                from = from.max(t)
            } else {
                to = to.min(t)
            }
        }
        (from <= to).then(|| {
            let at = |t: f64| (a.0 + t * dx, a.1 + t * dy);
            (at(from), at(to))
        })
    }

    fn holds(&self, p: Pixel) -> bool {
        p.0 >= self.left - 0.5
            && p.0 <= self.right + 0.5
            && p.1 >= self.top - 0.5
            && p.1 <= self.bottom + 0.5
    }
}

pub(super) fn round(p: Pixel) -> (i32, i32) {
    (p.0.round() as i32, p.1.round() as i32)
}

/// How a text looks and which of its points is placed.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    size: f64,
    style: FontStyle,
    rgb: Rgb,
    place: (HPos, VPos),
    turned: bool,
}

impl Lettering {
    pub(super) fn new(size: f64, rgb: Rgb, place: (HPos, VPos)) -> Self {
        Self {
            size,
            style: FontStyle::Normal,
            rgb,
            place,
            turned: false,
        }
    }

    fn bold(self) -> Self {
        Self {
            style: FontStyle::Bold,
            ..self
        }
    }

    /// Running upwards.
    fn turned(self) -> Self {
        Self {
            turned: true,
            ..self
        }
    }
}

pub(super) struct Pen<'a, DB: DrawingBackend> {
    pub area: &'a Area<DB>,
    pub scale: f64,
}

impl<DB: DrawingBackend> Pen<'_, DB> {
    pub(super) fn stroke(&self, width: f64) -> u32 {
        (width * self.scale).round().max(1.0) as u32
    }

    pub(super) fn path(&self, points: Vec<(i32, i32)>, style: ShapeStyle) -> Result<(), RunsError> {
        self.area
            .draw(&PathElement::new(points, style))
            .map_err(failed)
    }

    pub(super) fn text(&self, text: &str, at: Pixel, look: Lettering) -> Result<(), RunsError> {
        if text.is_empty() {
            return Ok(());
        }
        let mut font = FontDesc::new(
            FontFamily::Name("Inter"),
            look.size * EM * self.scale,
            look.style,
        );
        if look.turned {
            font = font.transform(FontTransform::Rotate270);
        }
        let ink = colour(look.rgb);
        let style = TextStyle::from(font)
            .color(&ink)
            .pos(Pos::new(look.place.0, look.place.1));
        self.area
            .draw(&Text::new(text.to_owned(), round(at), style))
            .map_err(failed)
    }

    /// Rough width of a text: the picture must not depend on measuring failing.
    pub(super) fn text_width(&self, text: &str, size: f64) -> f64 {
        text.chars().count() as f64 * size * 0.56 * self.scale
    }
}

/// Draws the whole chart.
pub(super) fn chart<DB: DrawingBackend>(
    chart: &Chart,
    ready: &Prepared,
    area: &Area<DB>,
    scale: f64,
) -> Result<(), RunsError> {
    let pen = Pen { area, scale };
    let Some(place) = sheet(&pen, &chart.palette, &chart.title, &ready.foot)? else {
        return Ok(());
    };
    let frame = Frame {
        left: place.left,
        top: place.top,
        right: place.right,
        bottom: place.bottom,
        x: ready.x,
        y: ready.y,
        log_x: chart.log_x,
        log_y: chart.log_y,
    };
    axes(chart, &pen, &frame)?;
    bands(chart, &pen, &frame)?;
    for (line, (raw, smooth)) in chart.lines.iter().zip(&ready.lines) {
        let faint = smooth.is_some();
        reduced(&pen, &frame, raw, line.colour, faint)?;
        marks(&pen, &frame, raw, line.colour)?;
        if let Some(smooth) = smooth {
            reduced(&pen, &frame, smooth, line.colour, false)?;
        }
    }
    if chart.legend {
        legend(chart, &pen, &frame)?;
    }
    Ok(())
}

/// The room between title and foot, with the axes' labels outside of it, in pixels.
pub(super) struct Sheet {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// Paints the background, the title and the foot. `None` when nothing else fits.
pub(super) fn sheet<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    palette: &Palette,
    title: &str,
    foot: &str,
) -> Result<Option<Sheet>, RunsError> {
    let scale = pen.scale;
    pen.area.fill(&colour(palette.background)).map_err(failed)?;
    let (width, height) = pen.area.dim_in_pixel();
    let (width, height) = (f64::from(width), f64::from(height));
    let foot = wrap(pen, foot, width - 32.0 * scale, 11.0);
    let place = Sheet {
        left: 76.0 * scale,
        top: (if title.is_empty() { 16.0 } else { 46.0 }) * scale,
        right: width - 20.0 * scale,
        bottom: height - (54.0 + 15.0 * foot.len() as f64) * scale,
    };
    // Too small for axes: an empty picture is all that fits.
    if place.right - place.left < 8.0 || place.bottom - place.top < 8.0 {
        return Ok(None);
    }
    pen.text(
        title,
        (16.0 * scale, 16.0 * scale),
        Lettering::new(16.0, palette.text, (HPos::Left, VPos::Top)).bold(),
    )?;
    for (i, text) in foot.iter().enumerate() {
        let y = height - (8.0 + 15.0 * (foot.len() - 1 - i) as f64) * scale;
        pen.text(
            text,
            (16.0 * scale, y),
            Lettering::new(11.0, palette.muted, (HPos::Left, VPos::Bottom)),
        )?;
    }
    Ok(Some(place))
}

fn axes<DB: DrawingBackend>(
    chart: &Chart,
    pen: &Pen<'_, DB>,
    frame: &Frame,
) -> Result<(), RunsError> {
    let (wanted_x, wanted_y) = wanted(pen, frame);
    let (low, high) = frame.x;
    let xs = match (chart.log_x, chart.x_axis) {
        (true, _) => ticks::logarithmic(low, high, wanted_x),
        (false, XAxis::Step) => ticks::linear(low, high, wanted_x),
        (false, _) => ticks::times(low, high, wanted_x),
    };
    let text = |x: f64| (x, ticks::x_text(chart.x_axis, x, high - low));
    let xs: Vec<_> = xs.into_iter().map(text).collect();
    let ys = numbers(frame.y, chart.log_y, wanted_y);
    grid(
        pen,
        &chart.palette,
        frame,
        (&chart.x_label, &xs),
        (&chart.y_label, &ys),
    )
}

/// How many ticks fit along each axis.
pub(super) fn wanted<DB: DrawingBackend>(pen: &Pen<'_, DB>, frame: &Frame) -> (usize, usize) {
    let fits = |room: f64, each: f64| (room / (each * pen.scale)).max(2.0) as usize;
    (
        fits(frame.right - frame.left, 90.0),
        fits(frame.bottom - frame.top, 45.0),
    )
}

/// Ticks of an axis of numbers with their texts.
pub(super) fn numbers((low, high): (f64, f64), log: bool, wanted: usize) -> Vec<(f64, String)> {
    let at = if log {
        ticks::logarithmic(low, high, wanted)
    } else {
        ticks::linear(low, high, wanted)
    };
    at.into_iter().map(|v| (v, ticks::number(v))).collect()
}

/// Grid lines with their texts, the axes and their names.
pub(super) fn grid<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    p: &Palette,
    frame: &Frame,
    (x_label, xs): (&str, &[(f64, String)]),
    (y_label, ys): (&str, &[(f64, String)]),
) -> Result<(), RunsError> {
    let scale = pen.scale;
    let grid = ShapeStyle::from(colour(p.grid)).stroke_width(pen.stroke(1.0));
    for (x, text) in xs {
        let at = frame.pixel([*x, frame.y.0]).0;
        pen.path(
            vec![round((at, frame.top)), round((at, frame.bottom))],
            grid,
        )?;
        pen.text(
            text,
            (at, frame.bottom + 6.0 * scale),
            Lettering::new(11.0, p.muted, (HPos::Center, VPos::Top)),
        )?;
    }
    for (y, text) in ys {
        let at = frame.pixel([frame.x.0, *y]).1;
        pen.path(
            vec![round((frame.left, at)), round((frame.right, at))],
            grid,
        )?;
        pen.text(
            text,
            (frame.left - 6.0 * scale, at),
            Lettering::new(11.0, p.muted, (HPos::Right, VPos::Center)),
        )?;
    }
    let axis = ShapeStyle::from(colour(p.axis)).stroke_width(pen.stroke(1.0));
    let corners = [
        (frame.left, frame.top),
        (frame.left, frame.bottom),
        (frame.right, frame.bottom),
    ];
    pen.path(corners.map(round).to_vec(), axis)?;
    let middle = (
        f64::midpoint(frame.left, frame.right),
        frame.bottom + 24.0 * scale,
    );
    let log = |on: bool| if on { " (log)" } else { "" };
    pen.text(
        &format!("{x_label}{}", log(frame.log_x)),
        middle,
        Lettering::new(12.0, p.muted, (HPos::Center, VPos::Top)),
    )?;
    let middle = (10.0 * scale, f64::midpoint(frame.top, frame.bottom));
    pen.text(
        &format!("{y_label}{}", log(frame.log_y)),
        middle,
        Lettering::new(12.0, p.muted, (HPos::Center, VPos::Top)).turned(),
    )
}

fn bands<DB: DrawingBackend>(
    chart: &Chart,
    pen: &Pen<'_, DB>,
    frame: &Frame,
) -> Result<(), RunsError> {
    for band in &chart.bands {
        let clamp = |p: Pixel| {
            (
                p.0.clamp(frame.left, frame.right),
                p.1.clamp(frame.top, frame.bottom),
            )
        };
        let inside = |v: f64, log: bool| v.is_finite() && (!log || v > 0.0);
        let points: Vec<_> = band
            .points
            .iter()
            .filter(|p| {
                inside(p.x, frame.log_x)
                    && [p.low, p.middle, p.high]
                        .iter()
                        .all(|v| inside(*v, frame.log_y))
            })
            .filter(|p| p.x >= frame.x.0 && p.x <= frame.x.1)
            .collect();
        let upper = points
            .iter()
            .map(|p| round(clamp(frame.pixel([p.x, p.high]))));
        let lower = points
            .iter()
            .rev()
            .map(|p| round(clamp(frame.pixel([p.x, p.low]))));
        let outline: Vec<_> = upper.chain(lower).collect();
        if points.len() > 1 {
            let fill = colour(band.colour).mix(0.18).filled();
            pen.area
                .draw(&Polygon::new(outline, fill))
                .map_err(failed)?;
        }
        let middle = Reduced {
            lines: vec![points.iter().map(|p| [p.x, p.middle]).collect()],
            ..Reduced::default()
        };
        reduced(pen, frame, &middle, band.colour, false)?;
    }
    Ok(())
}

fn reduced<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    frame: &Frame,
    line: &Reduced,
    rgb: Rgb,
    faint: bool,
) -> Result<(), RunsError> {
    let mix = if faint { 0.3 } else { 1.0 };
    let width = if faint { 1.0 } else { 1.6 };
    let style = ShapeStyle::from(colour(rgb).mix(mix)).stroke_width(pen.stroke(width));
    for stretch in &line.lines {
        if let [point] = stretch.as_slice() {
            let at = frame.pixel(*point);
            if frame.holds(at) {
                let dot = colour(rgb).mix(mix).filled();
                pen.area
                    .draw(&Circle::new(round(at), pen.stroke(2.5), dot))
                    .map_err(failed)?;
            }
            continue;
        }
        let mut path: Vec<(i32, i32)> = Vec::new();
        for pair in stretch.windows(2) {
            let (Some(&a), Some(&b)) = (pair.first(), pair.last()) else {
                continue;
            };
            let Some((from, to)) = frame.clip(frame.pixel(a), frame.pixel(b)) else {
                continue;
            };
            let (from, to) = (round(from), round(to));
            if path.last() != Some(&from) {
                if path.len() > 1 {
                    pen.path(std::mem::take(&mut path), style)?;
                }
                path = vec![from];
            }
            path.push(to);
        }
        if path.len() > 1 {
            pen.path(path, style)?;
        }
    }
    Ok(())
}

/// NaN: a small cross on the x axis. Infinity: a triangle at the border it left through.
fn marks<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    frame: &Frame,
    line: &Reduced,
    rgb: Rgb,
) -> Result<(), RunsError> {
    let size = 4.0 * pen.scale;
    let style = ShapeStyle::from(colour(rgb)).stroke_width(pen.stroke(1.0));
    for mark in &line.marks {
        let x = frame.pixel([mark.x, frame.y.0]).0;
        if mark.value.is_nan() {
            let y = frame.bottom;
            for (a, b) in [((-1.0, -1.0), (1.0, 1.0)), ((-1.0, 1.0), (1.0, -1.0))] {
                let at = |(dx, dy): (f64, f64)| round((x + dx * size * 0.75, y + dy * size * 0.75));
                pen.path(vec![at(a), at(b)], style)?;
            }
        } else {
            let (y, towards) = if mark.value > 0.0 {
                (frame.top, 1.0)
            } else {
                (frame.bottom, -1.0)
            };
            let corners = [
                (x, y),
                (x - size, y + towards * size * 1.5),
                (x + size, y + towards * size * 1.5),
            ];
            pen.area
                .draw(&Polygon::new(
                    corners.map(round).to_vec(),
                    colour(rgb).filled(),
                ))
                .map_err(failed)?;
        }
    }
    Ok(())
}

fn legend<DB: DrawingBackend>(
    chart: &Chart,
    pen: &Pen<'_, DB>,
    frame: &Frame,
) -> Result<(), RunsError> {
    let scale = pen.scale;
    let lines = chart.lines.iter().map(|l| (&l.label, l.colour));
    let entries: Vec<_> = lines
        .chain(chart.bands.iter().map(|b| (&b.label, b.colour)))
        .collect();
    let row = 18.0 * scale;
    let fits = (((frame.bottom - frame.top) * 0.8 / row) as usize).max(1);
    let hidden = entries.len().saturating_sub(fits);
    let shown = entries.len() - hidden;
    let shorten = |text: &str| -> String {
        if text.chars().count() <= 36 {
            return text.to_owned();
        }
        text.chars().take(35).chain(['…']).collect()
    };
    let mut texts: Vec<(String, Option<Rgb>)> = entries
        .iter()
        .take(shown)
        .map(|(text, rgb)| (shorten(text), Some(*rgb)))
        .collect();
    if hidden > 0 {
        texts.push((format!("and {hidden} more"), None));
    }
    let Some(widest) = texts
        .iter()
        .map(|(t, _)| pen.text_width(t, 12.0))
        .max_by(f64::total_cmp)
    else {
        return Ok(());
    };
    let left = (frame.right - widest - 40.0 * scale).max(frame.left);
    let top = frame.top + 6.0 * scale;
    let corner = (
        frame.right - 4.0 * scale,
        top + row * texts.len() as f64 + 6.0 * scale,
    );
    let plate = colour(chart.palette.background).mix(0.85).filled();
    pen.area
        .draw(&Rectangle::new([round((left, top)), round(corner)], plate))
        .map_err(failed)?;
    for (i, (text, rgb)) in texts.iter().enumerate() {
        let y = top + row * (i as f64 + 0.5) + 3.0 * scale;
        if let Some(rgb) = rgb {
            let style = ShapeStyle::from(colour(*rgb)).stroke_width(pen.stroke(2.0));
            pen.path(
                vec![
                    round((left + 6.0 * scale, y)),
                    round((left + 24.0 * scale, y)),
                ],
                style,
            )?;
        }
        pen.text(
            text,
            (left + 30.0 * scale, y),
            Lettering::new(12.0, chart.palette.text, (HPos::Left, VPos::Center)),
        )?;
    }
    Ok(())
}

/// Breaks the foot at its separators so that it fits the width; at most three rows.
fn wrap<DB: DrawingBackend>(pen: &Pen<'_, DB>, text: &str, width: f64, size: f64) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for part in text.split(" · ").filter(|part| !part.is_empty()) {
        match rows.last_mut() {
            Some(row) if rows_fit(pen, row, part, width, size) => {
                row.push_str(" · ");
                row.push_str(part);
            }
            _ => rows.push(part.to_owned()),
        }
    }
    rows.truncate(3);
    rows
}

fn rows_fit<DB: DrawingBackend>(
    pen: &Pen<'_, DB>,
    row: &str,
    part: &str,
    width: f64,
    size: f64,
) -> bool {
    pen.text_width(row, size) + pen.text_width(part, size) + pen.text_width(" · ", size) <= width
}
