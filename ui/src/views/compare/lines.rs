//! A chart's lines as triangles, kept between frames: laid out anew only when the points, the
//! range, the size or the look changed; a chart that is scrolled is moved.
//!
//! Fifty curves are some hundred thousand triangles. Making them on every frame costs more than
//! everything else on the screen together. A smooth line is laid out through the points it turns
//! at; one with more of them than pixel columns as a strip, see [`super::strips`].

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use egui::epaint::{Mesh, PathShape, Tessellator, Vertex, WHITE_UV};
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, Ui, Vec2};
use egui_plot::{PlotPoint, PlotTransform};

use super::plot::{Scene, run_of, style};
use super::strips::{self, Pen};
use crate::theme::{RunStroke, Tokens};

/// A point that is this close to the straight line between its neighbours is not drawn; pixels.
const TOLERANCE: f32 = 0.15;
/// No pixel that is drawn is further away than this.
const FAR: f64 = 1e5;
/// Points of all lines of a chart that are laid out one by one; with more of them a frame would take
/// too long, and single lines are not made out any more.
const MOST_POINTS: usize = 6_000;

/// The lines of one chart as they were laid out last.
#[derive(Default)]
pub struct LineCache {
    laid: Option<Laid>,
}

struct Laid {
    key: Key,
    mesh: Arc<Mesh>,
    at: Pos2,
}

/// Everything the triangles depend on but the place of the chart.
#[derive(PartialEq)]
struct Key {
    version: u64,
    size: Vec2,
    x: (f64, f64),
    y: (f64, f64),
    pixels_per_point: f32,
    look: u64,
}

impl LineCache {
    /// Paint all lines of a scene into `area`.
    pub fn paint(&mut self, ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>) {
        let key = Key {
            version: scene.version,
            size: area.size(),
            x: scene.x,
            y: scene.y,
            pixels_per_point: ui.ctx().pixels_per_point(),
            look: look_of(ui, scene),
        };
        match &mut self.laid {
            Some(laid) if laid.key == key => {
                let moved = area.min - laid.at;
                if moved != Vec2::ZERO {
                    Arc::make_mut(&mut laid.mesh).translate(moved);
                    laid.at = area.min;
                }
            }
            _ => {
                self.laid = Some(Laid {
                    key,
                    mesh: Arc::new(lay_out(ui, area, transform, scene)),
                    at: area.min,
                });
            }
        }
        if let Some(laid) = self.laid.as_ref().filter(|laid| !laid.mesh.is_empty()) {
            ui.painter()
                .with_clip_rect(area.intersect(ui.clip_rect()))
                .add(Shape::Mesh(Arc::clone(&laid.mesh)));
        }
    }
}

/// Colours and strokes of all curves.
fn look_of(ui: &Ui, scene: &Scene<'_>) -> u64 {
    let t = Tokens::of(ui);
    let mut hasher = DefaultHasher::new();
    t.dark.hash(&mut hasher);
    for run in scene.runs {
        let (width, color, _) = style(scene, run, t);
        (run.slot, color, width.to_bits()).hash(&mut hasher);
    }
    hasher.finish()
}

fn lay_out(ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>) -> Mesh {
    let t = Tokens::of(ui);
    let mut layer = Layer::new(ui, area, transform);
    for band in &scene.data.bands {
        let Some(run) = scene.runs.iter().find(|run| run.id == band.run) else {
            continue;
        };
        let (_, color, _) = style(scene, run, t);
        let color = t.band(color);
        fill_band(&mut layer.under, layer.place, &band.low, &band.high, color);
    }
    for band in &scene.data.bands {
        let Some(run) = scene.runs.iter().find(|run| run.id == band.run) else {
            continue;
        };
        let (width, color, _) = style(scene, run, t);
        layer.line(&band.middle, true, RunStroke::Solid, width, color);
    }
    for curve in &scene.data.curves {
        let Some(run) = run_of(scene, curve) else {
            continue;
        };
        let (width, color, stroke) = style(scene, run, t);
        let ordered = !curve.unordered;
        if !curve.smooth.is_empty() {
            for stretch in &curve.raw {
                layer.line(stretch, ordered, RunStroke::Solid, 1.0, t.raw_curve(color));
            }
        }
        for stretch in curve.main() {
            layer.line(stretch, ordered, stroke, width, color);
        }
    }
    layer.mesh()
}

/// A line as it is to be laid out.
struct Planned<'a> {
    seen: &'a [PlotPoint],
    /// Pixels of the points that it turns at; `None` when there are so many that nobody needs to know.
    points: Option<Vec<Pos2>>,
    stroke: RunStroke,
    width: f32,
    color: Color32,
}

/// Lines of one chart that become one mesh.
pub struct Layer<'a> {
    transform: &'a PlotTransform,
    place: PixelOf,
    area: Rect,
    tessellator: Tessellator,
    /// Width of a pixel.
    pixel: f32,
    /// What is under all lines.
    under: Mesh,
    lines: Vec<Planned<'a>>,
}

impl<'a> Layer<'a> {
    /// Nothing yet, for a chart in `area`.
    #[must_use]
    pub fn new(ui: &Ui, area: Rect, transform: &'a PlotTransform) -> Self {
        let ctx = ui.ctx();
        let mut tessellator = Tessellator::new(
            ctx.pixels_per_point(),
            ctx.tessellation_options(|options| *options),
            ctx.fonts(|fonts| fonts.font_image_size()),
            Vec::new(),
        );
        tessellator.set_clip_rect(area);
        Self {
            transform,
            place: PixelOf::new(transform),
            area,
            tessellator,
            pixel: 1.0 / ctx.pixels_per_point(),
            under: Mesh::default(),
            lines: Vec::new(),
        }
    }

    /// A line without gaps; what is beyond the seen part of x is left out. `ordered`: x never goes
    /// back.
    pub fn line(
        &mut self,
        stretch: &'a [PlotPoint],
        ordered: bool,
        stroke: RunStroke,
        width: f32,
        color: Color32,
    ) {
        let seen = if ordered {
            seen(stretch, self.transform)
        } else {
            stretch
        };
        // Thinning what is far too dense would only tell that it is.
        let crowded = ordered && seen.len() > 3 * self.columns();
        let points = (!crowded).then(|| self.thinned(seen));
        self.lines.push(Planned {
            seen,
            points,
            stroke,
            width,
            color,
        });
    }

    /// All lines in the order they were added. As long as they have few points together, each is
    /// laid out through all of its points; else dense ones become strips, and so do dense dashed
    /// ones, whose dashes would be thousands.
    fn mesh(mut self) -> Mesh {
        let mut out = std::mem::take(&mut self.under);
        let count = |line: &Planned<'_>| line.points.as_ref().map_or(line.seen.len(), Vec::len);
        let all: usize = self.lines.iter().map(count).sum();
        let dense = self.columns() / 4;
        for line in std::mem::take(&mut self.lines) {
            let dashes = dashes(line.stroke);
            let heavy = all > MOST_POINTS || dashes.is_some();
            let place = self.place;
            let pixels = line.seen.iter().map(|point| place.pixel(point));
            if heavy
                && count(&line) > dense
                && let Some(columns) = strips::columns(pixels, self.area, self.pixel)
            {
                let pen = Pen {
                    width: line.width,
                    color: line.color,
                    soft: if all > MOST_POINTS { 0.0 } else { self.pixel },
                    dashes,
                };
                strips::add_strip(&mut out, &columns, pen);
            } else {
                let thin = || self.thinned(line.seen);
                let points = line.points.unwrap_or_else(thin);
                let pen = Stroke::new(line.width, line.color);
                add_line(&mut self.tessellator, &mut out, points, dashes, pen);
            }
        }
        out
    }

    fn columns(&self) -> usize {
        (self.area.width() / self.pixel) as usize
    }

    fn thinned(&self, seen: &[PlotPoint]) -> Vec<Pos2> {
        thinned(seen.iter().map(|point| self.place.pixel(point)))
    }

    /// Paint what was added, over what is there.
    pub fn paint(self, painter: &Painter) {
        let mesh = self.mesh();
        if !mesh.is_empty() {
            painter.add(Shape::mesh(mesh));
        }
    }
}

/// The points in the seen part of x, with one more to each side, where the line enters and leaves.
fn seen<'a>(stretch: &'a [PlotPoint], transform: &PlotTransform) -> &'a [PlotPoint] {
    let range = transform.bounds().range_x();
    let from = stretch.partition_point(|point| point.x < *range.start());
    let to = stretch.partition_point(|point| point.x <= *range.end());
    let from = from.saturating_sub(1);
    &stretch[from..(to + 1).min(stretch.len()).max(from)]
}

fn add_line(
    tessellator: &mut Tessellator,
    out: &mut Mesh,
    points: Vec<Pos2>,
    dashes: Option<Dashes>,
    pen: Stroke,
) {
    match points.as_slice() {
        [] => {}
        // One point only: a dot.
        [one] => tessellator.tessellate_shape(Shape::circle_filled(*one, 2.5, pen.color), out),
        some => match dashes {
            None => tessellator.tessellate_path(&PathShape::line(points, pen), out),
            Some((dashes, gaps)) => {
                for shape in Shape::dashed_line_with_offset(some, pen, dashes, gaps, 0.0) {
                    tessellator.tessellate_shape(shape, out);
                }
            }
        },
    }
}

/// Lengths drawn and lengths left out.
type Dashes = (&'static [f32], &'static [f32]);

/// Lengths drawn and left out, in turn; `None` for a line without gaps.
fn dashes(stroke: RunStroke) -> Option<Dashes> {
    match stroke {
        RunStroke::Dotted => Some((&[2.0], &[3.0])),
        RunStroke::DashDot => Some((&[6.0, 2.0], &[3.0, 3.0])),
        RunStroke::Solid | RunStroke::Rest => None,
    }
}

/// A short line in the stroke of a slot, for what is laid out each time.
pub fn stroke_line(
    painter: &Painter,
    points: &[Pos2],
    stroke: RunStroke,
    width: f32,
    color: Color32,
) {
    let pen = Stroke::new(width, color);
    match dashes(stroke) {
        None => {
            painter.line(points.to_vec(), pen);
        }
        Some((dashes, gaps)) => {
            painter.extend(Shape::dashed_line_with_offset(
                points, pen, dashes, gaps, 0.0,
            ));
        }
    }
}

/// The area between two lines over the same x.
fn fill_band(
    out: &mut Mesh,
    place: PixelOf,
    low: &[PlotPoint],
    high: &[PlotPoint],
    color: Color32,
) {
    let first = out.vertices.len() as u32;
    for (low, high) in low.iter().zip(high) {
        for point in [low, high] {
            out.vertices.push(Vertex {
                pos: place.pixel(point),
                uv: WHITE_UV,
                color,
            });
        }
    }
    let pairs = low.len().min(high.len()) as u32;
    for pair in 1..pairs {
        let at = first + 2 * (pair - 1);
        out.add_triangle(at, at + 1, at + 2);
        out.add_triangle(at + 1, at + 2, at + 3);
    }
}

/// Where points are drawn, without a division for each.
#[derive(Clone, Copy)]
pub struct PixelOf {
    from: [f64; 2],
    scale: [f64; 2],
    corner: Pos2,
}

impl PixelOf {
    /// As the transform has it.
    #[must_use]
    pub fn new(transform: &PlotTransform) -> Self {
        Self {
            from: transform.bounds().min(),
            scale: transform.dpos_dvalue(),
            corner: transform.frame().left_bottom(),
        }
    }

    /// Where a point is drawn. What is far outside stays outside: an explosion to 1e300 is no length
    /// that a line could be laid out with.
    #[must_use]
    pub fn pixel(&self, point: &PlotPoint) -> Pos2 {
        let x = (point.x - self.from[0]) * self.scale[0];
        let y = (point.y - self.from[1]) * self.scale[1];
        Pos2::new(
            (f64::from(self.corner.x) + x).clamp(-FAR, FAR) as f32,
            (f64::from(self.corner.y) + y).clamp(-FAR, FAR) as f32,
        )
    }
}

/// Pixels of a line without the points that lie on the way between their neighbours: what is left
/// is nowhere further than [`TOLERANCE`] from all points. Keeps a cone of slopes that pass all
/// points since the last kept one closely enough.
fn thinned(points: impl Iterator<Item = Pos2>) -> Vec<Pos2> {
    let mut kept: Vec<Pos2> = Vec::new();
    let mut cone = (f32::NEG_INFINITY, f32::INFINITY);
    let mut previous: Option<Pos2> = None;
    for point in points {
        let (Some(from), Some(last)) = (kept.last().copied(), previous) else {
            kept.push(point);
            previous = Some(point);
            continue;
        };
        let run = point.x - from.x;
        let slope = (point.y - from.y) / run;
        let from = if run > 0.0 && slope >= cone.0 && slope <= cone.1 {
            from
        } else {
            if last != from {
                kept.push(last);
            }
            cone = (f32::NEG_INFINITY, f32::INFINITY);
            last
        };
        let run = point.x - from.x;
        if run > 0.0 {
            let bounds = [-TOLERANCE, TOLERANCE].map(|by| (point.y + by - from.y) / run);
            cone = (cone.0.max(bounds[0]), cone.1.min(bounds[1]));
        } else {
            // Straight up or back: nothing may be left out behind it.
            cone = (f32::INFINITY, f32::NEG_INFINITY);
        }
        previous = Some(point);
    }
    if let Some(last) = previous
        && kept.last() != Some(&last)
    {
        kept.push(last);
    }
    kept
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    /// How far a line's point is from the thinned line at its x.
    fn distance(kept: &[Pos2], point: Pos2) -> f32 {
        kept.windows(2)
            .filter(|pair| pair[0].x <= point.x && point.x <= pair[1].x)
            .map(|pair| {
                let run = pair[1].x - pair[0].x;
                if run == 0.0 {
                    let (low, high) = (pair[0].y.min(pair[1].y), pair[0].y.max(pair[1].y));
                    return (low - point.y).max(point.y - high).max(0.0);
                }
                let share = (point.x - pair[0].x) / run;
                (pair[0].y + (pair[1].y - pair[0].y) * share - point.y).abs()
            })
            .fold(f32::INFINITY, f32::min)
    }

    #[test]
    fn a_smooth_line_needs_few_points_and_stays_where_it_is() {
        let line: Vec<Pos2> = (0..1200)
            .map(|i| pos2(i as f32 / 2.0, 100.0 + 60.0 * (i as f32 / 90.0).sin()))
            .collect();
        let kept = thinned(line.iter().copied());
        assert!(kept.len() < 200, "{}", kept.len());
        assert_eq!((kept[0], kept[kept.len() - 1]), (line[0], line[1199]));
        for point in &line {
            assert!(distance(&kept, *point) <= TOLERANCE * 1.01, "{point:?}");
        }
    }

    #[test]
    fn an_explosion_has_a_place_far_outside() {
        let area = Rect::from_min_size(Pos2::ZERO, Vec2::splat(100.0));
        let bounds = egui_plot::PlotBounds::from_min_max([0.0, 0.0], [1.0, 1.0]);
        let transform = PlotTransform::new(area, bounds, false);
        let place = PixelOf::new(&transform);
        let at = |y: f64| place.pixel(&PlotPoint::new(0.5, y));
        assert_eq!(at(0.5), pos2(50.0, 50.0));
        assert_eq!(
            [at(1e300), at(-1e300)],
            [pos2(50.0, -FAR as f32), pos2(50.0, FAR as f32)]
        );
    }

    #[test]
    fn spikes_and_ways_back_are_kept() {
        let spikes: Vec<Pos2> = (0..300)
            .map(|i| pos2((i / 3) as f32, if i % 3 == 1 { 0.0 } else { 90.0 }))
            .collect();
        let kept = thinned(spikes.iter().copied());
        for point in &spikes {
            assert!(distance(&kept, *point) <= TOLERANCE, "{point:?}");
        }
        let back = [
            pos2(0.0, 0.0),
            pos2(5.0, 5.0),
            pos2(2.0, 9.0),
            pos2(3.0, 0.0),
        ];
        assert_eq!(thinned(back.into_iter()), back);
        assert_eq!(thinned(std::iter::empty()), []);
        assert_eq!(thinned([pos2(1.0, 1.0)].into_iter()), [pos2(1.0, 1.0)]);
    }
}
