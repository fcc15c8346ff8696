//! Drawing one chart: grid, curves, crosshair, marks; and what the pointer and the keys do in it.

use std::ops::RangeInclusive;

use egui::{Align2, Color32, Key, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2};
use egui_plot::{Line, Plot, PlotBounds, PlotPoint, PlotPoints, PlotTransform};
use kitbench_protocol::{RunState, XAxis};

use super::curves::{ChartData, Curve, Drawn};
use super::numbers;
use super::table::slot_color;
use crate::theme::{Marker, RunStroke, Tokens, Type, sizes};
use crate::widgets;

/// What a chart is drawn from.
pub struct Scene<'a> {
    /// Metric.
    pub metric: &'a str,
    /// Curves.
    pub data: &'a ChartData,
    /// Runs by id.
    pub runs: &'a [Drawn],
    /// The run that is drawn stronger.
    pub focus: Option<&'a str>,
    /// Runs outside the brushed ranges.
    pub outside: &'a [String],
    /// Seen part of x.
    pub x: (f64, f64),
    /// Seen part of y.
    pub y: (f64, f64),
    /// Logarithmic y; ys are powers of ten then.
    pub log_y: bool,
    /// What x is.
    pub axis: XAxis,
    /// Where the crosshair stands.
    pub crosshair: Option<f64>,
}

/// What the user did in a chart.
#[derive(Debug, Default)]
pub struct Acted {
    /// The pointer is at this x.
    pub hover: Option<f64>,
    /// A range of x was dragged, and of y with `Shift`.
    pub zoom: Option<((f64, f64), Option<(f64, f64)>)>,
    /// Double click or `Home`.
    pub reset: bool,
    /// An arrow: forward or back by one logged step.
    pub step: Option<bool>,
    /// A click on a curve: its run.
    pub picked: Option<String>,
}

/// Room for the labels under the x axis.
const X_LABELS: f32 = 18.0;

/// Draw a chart into `rect`.
pub fn show(ui: &mut Ui, rect: Rect, scene: &Scene<'_>) -> Acted {
    let t = Tokens::of(ui);
    let y_ticks = y_ticks(scene, rect.height());
    let label_width = y_ticks.iter().map(|(_, label)| Type::Caption.galley(ui, label, t.text_3, 80.0).size().x).fold(20.0, f32::max);
    let area = Rect::from_min_max(pos2((rect.left() + label_width + 8.0).round(), rect.top()), pos2(rect.right() - 6.0, rect.bottom() - X_LABELS));
    if area.width() < 40.0 || area.height() < 30.0 {
        return Acted::default();
    }
    let id = egui::Id::unique(("chart", scene.metric));
    let response = ui.interact(area, id, Sense::click_and_drag());
    let bounds = PlotBounds::from_min_max([scene.x.0, scene.y.0], [scene.x.1, scene.y.1]);
    grid(ui, area, &bounds, &y_ticks, scene);
    let transform = curves(ui, area, bounds, scene);
    let inside = ui.painter().with_clip_rect(area.expand2(vec2(0.0, 1.0)));
    broken_lines(&inside, &transform, scene, t);
    marks(&inside, &transform, scene, t);
    let acted = act(ui, &response, &transform, scene);
    crosshair(ui, area, &transform, scene, t);
    hover_plate(ui, area, &response, &transform, scene, t);
    let summary = scene.data.summary(scene.metric, scene.axis, scene.runs);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &summary));
    widgets::focus_ring(ui, area, sizes::RADIUS_XS, &response);
    acted
}

fn y_ticks(scene: &Scene<'_>, height: f32) -> Vec<(f64, String)> {
    let most = (height / 42.0).clamp(2.0, 8.0) as usize;
    let (low, high) = scene.y;
    if scene.log_y {
        return numbers::log_ticks(low, high, most).into_iter().map(|at| (at, numbers::log_label(at))).collect();
    }
    let at = numbers::ticks(low, high, most);
    let step = spacing(&at);
    at.into_iter().map(|value| (value, numbers::tick_label(value, step))).collect()
}

fn x_ticks(scene: &Scene<'_>, width: f32) -> Vec<(f64, String)> {
    let most = (width / 66.0).clamp(2.0, 12.0) as usize;
    let (low, high) = scene.x;
    match scene.axis {
        XAxis::Step => {
            let at = numbers::ticks(low, high, most);
            let step = spacing(&at);
            at.into_iter().map(|value| (value, numbers::tick_label(value, step))).collect()
        }
        XAxis::Relative => numbers::time_ticks(low, high, most, 0.0).into_iter().map(|at| (at, numbers::length_label(at))).collect(),
        XAxis::Time => {
            let offset = crate::clock::offset_seconds();
            let at = numbers::time_ticks(low, high, most, offset as f64);
            let step = spacing(&at);
            at.into_iter().map(|value| (value, numbers::moment_label(value, step, offset))).collect()
        }
    }
}

fn spacing(ticks: &[f64]) -> f64 {
    ticks.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(1.0)
}

fn grid(ui: &Ui, area: Rect, bounds: &PlotBounds, y_ticks: &[(f64, String)], scene: &Scene<'_>) {
    let t = Tokens::of(ui);
    let transform = PlotTransform::new(area, *bounds, false);
    for (value, label) in y_ticks {
        let y = transform.position_from_point_y(*value).round() + 0.5;
        ui.painter().hline(area.x_range(), y, Stroke::new(sizes::STROKE, t.line));
        let room = Rect::from_min_max(pos2(area.left() - 80.0, y - 8.0), pos2(area.left() - 6.0, y + 8.0));
        widgets::line(ui, room, Type::Caption, t.text_3, label, Align2::RIGHT_CENTER);
    }
    ui.painter().hline(area.x_range(), area.bottom().round() - 0.5, Stroke::new(sizes::STROKE, t.line_strong));
    for (value, label) in x_ticks(scene, area.width()) {
        let x = transform.position_from_point_x(value);
        let galley = Type::Caption.galley(ui, &label, t.text_3, 90.0);
        let half = galley.size().x / 2.0;
        // Labels stay inside the card; one that would be cut is moved, not dropped.
        let x = x.clamp(area.left() + half - 6.0, (area.right() - half + 4.0).max(area.left() + half - 6.0));
        let room = Rect::from_center_size(pos2(x, area.bottom() + X_LABELS / 2.0 + 1.0), vec2(half * 2.0 + 1.0, 14.0));
        widgets::place(ui.painter(), galley, room, Align2::CENTER_CENTER);
    }
}

/// Width, colour and stroke of a run's line.
fn style(scene: &Scene<'_>, run: &Drawn, t: &Tokens) -> (f32, Color32, RunStroke) {
    let color = slot_color(t, run.slot);
    let stroke = RunStroke::of_slot(run.slot);
    let strong = scene.focus == Some(run.id.as_str()) || run.state == RunState::Running;
    let color = if stroke == RunStroke::Rest { color.gamma_multiply(0.4) } else { color };
    let color = if scene.outside.iter().any(|id| *id == run.id) { t.faded_run(color) } else { color };
    (if strong { 2.0 } else { 1.5 }, color, stroke)
}

fn run_of<'a>(scene: &'a Scene<'_>, curve: &Curve) -> Option<&'a Drawn> {
    scene.runs.iter().find(|run| run.id == curve.run)
}

/// Solid lines through the plot; it also gives the way between values and pixels.
fn curves<'a>(ui: &mut Ui, area: Rect, bounds: PlotBounds, scene: &'a Scene<'a>) -> PlotTransform {
    let t = Tokens::of(ui);
    let mut child = ui.new_child(UiBuilder::new().id_salt(("plot", scene.metric)).max_rect(area));
    child.spacing_mut().item_spacing = Vec2::ZERO;
    let plot = Plot::new(("plot", scene.metric))
        .width(area.width())
        .height(area.height())
        .sense(Sense::hover())
        .show_axes(false)
        .show_grid(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .show_crosshair(false)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .set_margin_fraction(Vec2::ZERO);
    let response = plot.show(&mut child, |plot| {
        plot.set_auto_bounds(false);
        plot.set_plot_bounds(bounds);
        for curve in &scene.data.curves {
            let Some(run) = run_of(scene, curve) else { continue };
            let (width, color, stroke) = style(scene, run, t);
            let smoothed = !curve.smooth.is_empty();
            let faint = (1.0, t.raw_curve(color));
            let lines = curve.raw.iter().map(|stretch| (stretch, if smoothed { faint } else { (width, color) }, true));
            let lines = lines.chain(curve.smooth.iter().map(|stretch| (stretch, (width, color), false)));
            for (i, (stretch, (width, color), raw)) in lines.enumerate() {
                // Dotted and dash-dotted ones are painted after this; raw ones under them are solid.
                if stretch.len() < 2 || (stroke != RunStroke::Solid && stroke != RunStroke::Rest && !(raw && smoothed)) {
                    continue;
                }
                let line = Line::new("", PlotPoints::Borrowed(stretch)).id((&run.id, i)).color(color).width(width).allow_hover(false);
                plot.line(line);
            }
        }
    });
    response.transform
}

fn broken_lines(painter: &Painter, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    for curve in &scene.data.curves {
        let Some(run) = run_of(scene, curve) else { continue };
        let (width, color, stroke) = style(scene, run, t);
        for stretch in curve.main() {
            let points: Vec<Pos2> = stretch.iter().map(|point| transform.position_from_point(point)).collect();
            match points.as_slice() {
                [] => {}
                // One point only: a dot.
                [one] => {
                    painter.circle_filled(*one, 2.5, color);
                }
                many if matches!(stroke, RunStroke::Dotted | RunStroke::DashDot) => stroke_line(painter, many, stroke, width, color),
                _ => {}
            }
        }
    }
}

/// A line in the stroke of a slot.
pub fn stroke_line(painter: &Painter, points: &[Pos2], stroke: RunStroke, width: f32, color: Color32) {
    let pen = Stroke::new(width, color);
    let (dashes, gaps): (&[f32], &[f32]) = match stroke {
        RunStroke::Dotted => (&[2.0], &[3.0]),
        RunStroke::DashDot => (&[6.0, 2.0], &[3.0, 3.0]),
        RunStroke::Solid | RunStroke::Rest => {
            painter.line(points.to_vec(), pen);
            return;
        }
    };
    painter.extend(Shape::dashed_line_with_offset(points, pen, dashes, gaps, 0.0));
}

/// The end of live and stopped runs, and marks of values that are no numbers at the border.
fn marks(painter: &Painter, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    let area = *transform.frame();
    for curve in &scene.data.curves {
        let Some(run) = run_of(scene, curve) else { continue };
        let (_, color, _) = style(scene, run, t);
        if let Some(end) = curve.end() {
            let at = transform.position_from_point(&end);
            match run.state {
                RunState::Running => {
                    painter.circle_filled(at, 2.5, color);
                    painter.circle_stroke(at, 5.5, Stroke::new(1.0, color));
                }
                RunState::Killed | RunState::Failed | RunState::Stale => {
                    let pen = Stroke::new(1.5, color);
                    painter.line_segment([at + vec2(-3.0, -3.0), at + vec2(3.0, 3.0)], pen);
                    painter.line_segment([at + vec2(-3.0, 3.0), at + vec2(3.0, -3.0)], pen);
                }
                RunState::Finished | RunState::Unknown => {}
            }
        }
        for (kind, xs) in curve.odd.iter().enumerate() {
            for x in xs.iter().filter(|x| **x >= scene.x.0 && **x <= scene.x.1) {
                odd_mark(painter, pos2(transform.position_from_point_x(*x), 0.0), area, kind, color);
            }
        }
    }
}

/// NaN: a small cross-bar at the lower border. Infinity: a triangle at the border it left through.
fn odd_mark(painter: &Painter, at: Pos2, area: Rect, kind: usize, color: Color32) {
    let (low, high) = (area.bottom() - 2.0, area.top() + 2.0);
    let triangle = |tip: f32, base: f32| vec![pos2(at.x, tip), pos2(at.x - 3.5, base), pos2(at.x + 3.5, base)];
    match kind {
        0 => {
            painter.line_segment([pos2(at.x, low), pos2(at.x, low - 6.0)], Stroke::new(1.5, color));
            painter.line_segment([pos2(at.x - 2.5, low - 3.0), pos2(at.x + 2.5, low - 3.0)], Stroke::new(1.5, color));
        }
        1 => {
            painter.add(Shape::convex_polygon(triangle(high, high + 6.0), color, Stroke::NONE));
        }
        _ => {
            painter.add(Shape::convex_polygon(triangle(low, low - 6.0), color, Stroke::NONE));
        }
    }
}

fn crosshair(ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    let Some(x) = scene.crosshair.filter(|x| *x >= scene.x.0 && *x <= scene.x.1) else { return };
    let at = transform.position_from_point_x(x).round() + 0.5;
    let ends = [pos2(at, area.top()), pos2(at, area.bottom())];
    ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(1.0, t.text_2), 3.0, 3.0));
    for curve in &scene.data.curves {
        let (Some(run), Some(point)) = (run_of(scene, curve), curve.at(x)) else { continue };
        if point.y < scene.y.0 || point.y > scene.y.1 || x > curve.extent.1 {
            continue;
        }
        let center = pos2(at, transform.position_from_point_y(point.y));
        widgets::paint_marker(ui, center, Marker::of_slot(run.slot), style(scene, run, t).1, true);
    }
    let words = match scene.axis {
        XAxis::Step => numbers::step(x.round()),
        XAxis::Relative => numbers::length_label(x),
        XAxis::Time => numbers::moment_label(x, 1.0, crate::clock::offset_seconds()),
    };
    let galley = Type::CaptionStrong.galley(ui, &words, t.bg_panel, 120.0);
    let size = galley.size() + vec2(12.0, 4.0);
    let center = pos2(at.clamp(area.left() + size.x / 2.0 - 8.0, area.right() - size.x / 2.0 + 4.0), area.bottom() + X_LABELS / 2.0 + 1.0);
    let plate = Rect::from_center_size(center, size);
    ui.painter().rect_filled(plate, sizes::RADIUS_XS, t.text);
    widgets::place(ui.painter(), galley, plate, Align2::CENTER_CENTER);
}

/// The name and value of the curve nearest to the pointer, on a plate beside it.
fn hover_plate(ui: &Ui, area: Rect, response: &Response, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    if response.dragged() {
        return;
    }
    let Some(pointer) = response.hover_pos() else { return };
    let Some((run, point)) = nearest(transform, scene, pointer) else { return };
    let value = if scene.log_y { 10f64.powf(point.y) } else { point.y };
    let words = format!("{}  {}", crate::format::printable(&run.name), numbers::figure(value));
    let galley = Type::Caption.galley(ui, &words, t.text, 200.0);
    let size = galley.size() + vec2(22.0, 6.0);
    let at = transform.position_from_point(&point);
    let left = if at.x + 10.0 + size.x < area.right() { at.x + 10.0 } else { at.x - 10.0 - size.x };
    let top = (at.y - size.y - 6.0).clamp(area.top(), area.bottom() - size.y);
    let plate = Rect::from_min_size(pos2(left, top), size);
    ui.painter().rect(plate, sizes::RADIUS_XS, t.label_plate(), Stroke::new(1.0, t.line_strong), egui::StrokeKind::Inside);
    widgets::paint_marker(ui, pos2(plate.left() + 9.0, plate.center().y), Marker::of_slot(run.slot), slot_color(t, run.slot), true);
    widgets::place(ui.painter(), galley, plate.with_min_x(plate.left() + 17.0), Align2::LEFT_CENTER);
}

/// The curve within 14 pixels of the pointer.
fn nearest<'a>(transform: &PlotTransform, scene: &'a Scene<'_>, pointer: Pos2) -> Option<(&'a Drawn, PlotPoint)> {
    let x = transform.value_from_position(pointer).x;
    let near = scene.data.curves.iter().filter_map(|curve| {
        let run = run_of(scene, curve)?;
        let point = curve.at(x).filter(|_| x <= curve.extent.1 + (scene.x.1 - scene.x.0) * 0.02)?;
        let distance = (transform.position_from_point_y(point.y) - pointer.y).abs();
        (distance < 14.0).then_some((distance, run, point))
    });
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, run, point)| (run, point))
}

fn act(ui: &Ui, response: &Response, transform: &PlotTransform, scene: &Scene<'_>) -> Acted {
    let t = Tokens::of(ui);
    let mut acted = Acted::default();
    let area = *transform.frame();
    acted.hover = response.hover_pos().map(|at| transform.value_from_position(at).x);
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
            let drawn = if both { Rect::from_two_pos(from, to) } else { Rect::from_x_y_ranges(span(from.x, to.x), area.y_range()) };
            if response.drag_stopped() {
                if drawn.width() > 4.0 {
                    let (low, high) = (transform.value_from_position(drawn.left_bottom()), transform.value_from_position(drawn.right_top()));
                    acted.zoom = Some(((low.x, high.x), (both && drawn.height() > 4.0).then_some((low.y, high.y))));
                }
            } else {
                ui.painter().rect(drawn, 0.0, t.brush(), Stroke::new(1.0, t.accent_line), egui::StrokeKind::Inside);
            }
        }
    }
    acted.reset = response.double_clicked();
    if response.clicked() {
        response.request_focus();
        if let Some(at) = response.interact_pointer_pos() {
            acted.picked = nearest(transform, scene, at).map(|(run, _)| run.id.clone());
        }
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(response.id, egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() });
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
