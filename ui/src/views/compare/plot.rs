//! Drawing one chart: grid, curves, crosshair, marks; and what the pointer and the keys do in it.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use egui::{Color32, Key, Pos2, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{PlotBounds, PlotPoint, PlotTransform};
use kitbench_protocol::RunState;

use super::cells::slot_color;
use super::curves::{ChartData, Curve, Drawn};
use super::lines::{LineCache, pixel, stroke_line};
use super::plot_marks::{X_LABELS, crosshair, grid, hover_plate, marks, notes, y_ticks};
use super::setup::{ChartSetup, Pin, Reference};
use crate::theme::{RunStroke, Tokens, Type, sizes};
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
    /// Logarithmic y; ys are powers of ten then.
    pub log_y: bool,
    /// Where the crosshair stands.
    pub crosshair: Option<f64>,
}

/// A range of x that was dragged, and one of y with `Shift`.
pub type Zoom = ((f64, f64), Option<(f64, f64)>);

/// What the user did in a chart.
#[derive(Debug, Default)]
pub struct Acted {
    /// The pointer is at this x.
    pub hover: Option<f64>,
    /// A range was dragged.
    pub zoom: Option<Zoom>,
    /// Double click or `Home`.
    pub reset: bool,
    /// An arrow: forward or back by one logged step.
    pub step: Option<bool>,
    /// A click on a curve: its run.
    pub picked: Option<String>,
    /// The pointer is near this run's curve.
    pub near: Option<String>,
    /// A click with `Shift` on a curve: its run and place.
    pub pinned: Option<(String, f64)>,
}

/// Draw a chart into `rect`.
pub fn show(ui: &mut Ui, rect: Rect, scene: &Scene<'_>, lines: &mut LineCache) -> Acted {
    let t = Tokens::of(ui);
    let y_ticks = y_ticks(scene, rect.height());
    let label_width = y_ticks
        .iter()
        .map(|(_, label)| Type::Caption.galley(ui, label, t.text_3, 80.0).size().x)
        .fold(20.0, f32::max);
    let area = Rect::from_min_max(
        pos2((rect.left() + label_width + 8.0).round(), rect.top()),
        pos2(rect.right() - 6.0, rect.bottom() - X_LABELS),
    );
    if area.width() < 40.0 || area.height() < 30.0 {
        return Acted::default();
    }
    let id = egui::Id::unique(("chart", scene.metric));
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
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
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
            let seen = stretch
                .iter()
                .filter(|point| point.x >= scene.x.0 && point.x <= scene.x.1);
            let points: Vec<Pos2> = seen.map(|point| pixel(transform, point)).collect();
            stroke_line(&painter, &points, stroke, 2.5, color);
        }
    }
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

fn act(ui: &Ui, response: &Response, transform: &PlotTransform, scene: &Scene<'_>) -> Acted {
    let t = Tokens::of(ui);
    let mut acted = Acted::default();
    let area = *transform.frame();
    acted.hover = response
        .hover_pos()
        .map(|at| transform.value_from_position(at).x);
    let start_id = response.id.with("from");
    if response.drag_started() {
        let from = ui.input(|input| input.pointer.press_origin());
        ui.data_mut(|data| data.insert_temp(start_id, from.unwrap_or(area.center())));
    }
    let both = ui.input(|input| input.modifiers.shift);
    if response.dragged() || response.drag_stopped() {
        let from: Option<Pos2> = ui.data(|data| data.get_temp(start_id));
        if let (Some(from), Some(to)) = (from, response.interact_pointer_pos()) {
            let (from, to) = (area.clamp(from), area.clamp(to));
            let drawn = if both {
                Rect::from_two_pos(from, to)
            } else {
                Rect::from_x_y_ranges(span(from.x, to.x), area.y_range())
            };
            if response.drag_stopped() {
                if drawn.width() > 4.0 {
                    let (low, high) = (
                        transform.value_from_position(drawn.left_bottom()),
                        transform.value_from_position(drawn.right_top()),
                    );
                    acted.zoom = Some((
                        (low.x, high.x),
                        (both && drawn.height() > 4.0).then_some((low.y, high.y)),
                    ));
                }
            } else {
                ui.painter().rect(
                    drawn,
                    0.0,
                    t.brush(),
                    Stroke::new(1.0, t.accent_line),
                    egui::StrokeKind::Inside,
                );
            }
        }
    }
    acted.reset = response.double_clicked();
    acted.near = response
        .hover_pos()
        .and_then(|at| nearest(transform, scene, at))
        .map(|(run, _)| run.id.clone());
    if response.clicked() {
        response.request_focus();
        if let Some(at) = response.interact_pointer_pos()
            && let Some((run, point)) = nearest(transform, scene, at)
        {
            if both {
                acted.pinned = Some((run.id.clone(), point.x));
            } else {
                acted.picked = Some(run.id.clone());
            }
        }
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                response.id,
                egui::EventFilter {
                    horizontal_arrows: true,
                    ..egui::EventFilter::default()
                },
            );
        });
        ui.input(|input| {
            acted.reset |= input.key_pressed(Key::Home);
            if input.key_pressed(Key::ArrowRight) {
                acted.step = Some(true);
            }
            if input.key_pressed(Key::ArrowLeft) {
                acted.step = Some(false);
            }
        });
    }
    acted
}

fn span(a: f32, b: f32) -> RangeInclusive<f32> {
    a.min(b)..=a.max(b)
}
