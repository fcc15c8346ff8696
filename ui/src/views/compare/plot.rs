//! Drawing one chart: grid, curves, crosshair, marks.

use std::collections::HashSet;

use egui::{Color32, Pos2, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use egui_plot::{PlotBounds, PlotPoint, PlotTransform};
use kitbench_protocol::RunState;

use super::axis_paint;
use super::cells::slot_color;
use super::curves::{ChartData, Curve, Drawn};
use super::gestures::{Acted, act};
use super::lines::{Layer, LineCache};
use super::plot_marks::{crosshair, grid, hover_plate, marks, notes, y_ticks};
use super::setup::{ChartSetup, Pin, Reference};
use crate::theme::{RunStroke, Tokens, sizes};
use crate::widgets;

/// What a chart is drawn from.
pub struct Scene<'a> {
    /// Metric.
    pub metric: &'a str,
    /// Curves.
    pub data: &'a ChartData,
    /// Grows with each change of them.
    pub version: u64,
    /// Axis, scale of x, smoothing.
    pub setup: &'a ChartSetup,
    /// Lines across it.
    pub references: &'a [Reference],
    /// Noted points.
    pub pins: &'a [Pin],
    /// Runs by id.
    pub runs: &'a [Drawn],
    /// Runs that are drawn stronger: chosen, under the pointer somewhere.
    pub strong: [Option<&'a str>; 2],
    /// Runs outside the brushed ranges.
    pub outside: &'a HashSet<String>,
    /// Seen part of x.
    pub x: (f64, f64),
    /// Seen part of y.
    pub y: (f64, f64),
    /// It was chosen; else it follows what is seen of the curves.
    pub y_held: bool,
    /// Logarithmic y; ys are powers of ten then.
    pub log_y: bool,
    /// Where the crosshair stands.
    pub crosshair: Option<f64>,
    /// The wheel zooms without `Ctrl`: nothing around the chart scrolls.
    pub wheel: bool,
}

/// Draw a chart into `rect`.
pub fn show(ui: &mut Ui, rect: Rect, scene: &Scene<'_>, lines: &mut LineCache) -> Acted {
    let t = Tokens::of(ui);
    let y_ticks = y_ticks(scene, rect.height());
    let labels = y_ticks.iter().map(|(_, label)| label.as_str());
    let Some(area) = axis_paint::area(ui, rect, labels) else {
        return Acted::default();
    };
    let id = ui.scope_id().with(("chart", scene.metric));
    let response = ui.interact(area, id, Sense::click_and_drag());
    let bounds = PlotBounds::from_min_max([scene.x.0, scene.y.0], [scene.x.1, scene.y.1]);
    grid(ui, area, &bounds, &y_ticks, scene);
    let transform = PlotTransform::new(area, bounds, false);
    lines.paint(ui, area, &transform, scene);
    strong_lines(ui, area, &transform, scene, t);
    let inside = ui
        .painter()
        .with_clip_rect(area.expand2(vec2(6.0, 3.0)).intersect(ui.clip_rect()));
    notes(ui, area, &transform, scene, t);
    marks(&inside, &transform, scene, t);
    let acted = act(ui, &response, &transform, scene);
    crosshair(ui, area, &transform, scene, t);
    hover_plate(ui, area, &response, &transform, scene);
    let summary = scene.data.summary(scene.metric, scene.setup, scene.runs);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &summary));
    widgets::focus_ring(ui, area, sizes::RADIUS_XS, &response);
    acted
}

/// Width, colour and stroke of a run's line.
pub(super) fn style(scene: &Scene<'_>, run: &Drawn, t: &Tokens) -> (f32, Color32, RunStroke) {
    let color = slot_color(t, run.slot);
    let stroke = RunStroke::of_slot(run.slot);
    let strong = run.state == RunState::Running;
    let color = if stroke == RunStroke::Rest {
        color.gamma_multiply(0.4)
    } else {
        color
    };
    let color = if scene.outside.contains(&run.id) {
        t.faded_run(color)
    } else {
        color
    };
    (if strong { 2.0 } else { 1.5 }, color, stroke)
}

pub(super) fn run_of<'a>(scene: &'a Scene<'_>, curve: &Curve) -> Option<&'a Drawn> {
    scene.runs.iter().find(|run| run.id == curve.run)
}

/// The lines of chosen runs once more, over all others.
fn strong_lines(ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    let mut layer = Layer::new(ui, area, transform);
    for curve in &scene.data.curves {
        if !scene.strong.contains(&Some(curve.run.as_str())) {
            continue;
        }
        let Some(run) = run_of(scene, curve) else {
            continue;
        };
        let stroke = match RunStroke::of_slot(run.slot) {
            RunStroke::Rest => RunStroke::Solid,
            other => other,
        };
        let color = slot_color(t, run.slot);
        for stretch in curve.main() {
            layer.line(stretch, !curve.unordered, stroke, 2.5, color);
        }
    }
    layer.paint(&ui.painter().with_clip_rect(area.intersect(ui.clip_rect())));
}

/// The curve within 14 pixels of the pointer.
pub(super) fn nearest<'a>(
    transform: &PlotTransform,
    scene: &'a Scene<'_>,
    pointer: Pos2,
) -> Option<(&'a Drawn, PlotPoint)> {
    let x = transform.value_from_position(pointer).x;
    let near = scene.data.curves.iter().filter_map(|curve| {
        let run = run_of(scene, curve)?;
        let point = curve
            .at(x)
            .filter(|_| x <= curve.extent.1 + (scene.x.1 - scene.x.0) * 0.02)?;
        let distance = (transform.position_from_point_y(point.y) - pointer.y).abs();
        (distance < 14.0).then_some((distance, run, point))
    });
    near.min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, run, point)| (run, point))
}
