//! What surrounds and overlays the curves: grid, labels, marks, crosshair, hover plate.

use std::sync::Arc;

use egui::{Align2, Color32, Galley, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotTransform};
use kitbench_protocol::{RunState, XAxis};

use super::cells::slot_color;
use super::numbers;
use super::plot::{Scene, nearest, run_of, style};
use crate::theme::{Marker, Tokens, Type, sizes};
use crate::widgets;

/// Room for the labels under the x axis.
pub(super) const X_LABELS: f32 = 18.0;

pub(super) fn y_ticks(scene: &Scene<'_>, height: f32) -> Vec<(f64, String)> {
    let most = (height / 30.0).clamp(2.0, 8.0) as usize;
    let (low, high) = scene.y;
    if scene.log_y {
        return numbers::log_ticks(low, high, most)
            .into_iter()
            .map(|at| (at, numbers::log_label(at)))
            .collect();
    }
    let at = numbers::ticks(low, high, most);
    let step = spacing(&at);
    at.into_iter()
        .map(|value| (value, numbers::tick_label(value, step)))
        .collect()
}

fn x_ticks(scene: &Scene<'_>, width: f32) -> Vec<(f64, String)> {
    let label = if scene.axis == XAxis::Step {
        42.0
    } else {
        66.0
    };
    let most = (width / label).clamp(2.0, 12.0) as usize;
    let (low, high) = scene.x;
    match scene.axis {
        XAxis::Step => {
            let at = numbers::ticks(low, high, most);
            let step = spacing(&at);
            at.into_iter()
                .map(|value| (value, numbers::tick_label(value, step)))
                .collect()
        }
        XAxis::Relative => numbers::time_ticks(low, high, most, 0.0)
            .into_iter()
            .map(|at| (at, numbers::length_label(at)))
            .collect(),
        XAxis::Time => {
            let offset = crate::clock::offset_seconds();
            let at = numbers::time_ticks(low, high, most, offset as f64);
            let step = spacing(&at);
            at.into_iter()
                .map(|value| (value, numbers::moment_label(value, step, offset)))
                .collect()
        }
    }
}

fn spacing(ticks: &[f64]) -> f64 {
    ticks
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .next()
        .unwrap_or(1.0)
}

pub(super) fn grid(
    ui: &Ui,
    area: Rect,
    bounds: &PlotBounds,
    y_ticks: &[(f64, String)],
    scene: &Scene<'_>,
) {
    let t = Tokens::of(ui);
    let transform = PlotTransform::new(area, *bounds, false);
    for (value, label) in y_ticks {
        let y = transform.position_from_point_y(*value).round() + 0.5;
        ui.painter()
            .hline(area.x_range(), y, Stroke::new(sizes::STROKE, t.line));
        let room = Rect::from_min_max(
            pos2(area.left() - 80.0, y - 8.0),
            pos2(area.left() - 6.0, y + 8.0),
        );
        widgets::line(
            ui,
            room,
            Type::Caption,
            t.text_3,
            label,
            Align2::RIGHT_CENTER,
        );
    }
    ui.painter().hline(
        area.x_range(),
        area.bottom().round() - 0.5,
        Stroke::new(sizes::STROKE, t.line_strong),
    );
    let plate = plate_of(ui, area, &transform, scene).map(|(rect, _)| rect);
    for (value, label) in x_ticks(scene, area.width()) {
        let x = transform.position_from_point_x(value);
        let galley = Type::Caption.galley(ui, &label, t.text_3, 90.0);
        let half = galley.size().x / 2.0;
        // Labels stay inside the card; one that would be cut is moved, not dropped.
        let x = x.clamp(
            area.left() + half - 6.0,
            (area.right() - half + 4.0).max(area.left() + half - 6.0),
        );
        let room = Rect::from_center_size(
            pos2(x, area.bottom() + X_LABELS / 2.0 + 1.0),
            vec2(half * 2.0 + 1.0, 14.0),
        );
        // The plate of the crosshair takes the place of the label under it.
        if plate.is_none_or(|plate| !plate.expand(3.0).intersects(room)) {
            widgets::place(ui.painter(), galley, room, Align2::CENTER_CENTER);
        }
    }
}

/// The end of live and stopped runs, and marks of values that are no numbers at the border.
pub(super) fn marks(painter: &Painter, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    let area = *transform.frame();
    for curve in &scene.data.curves {
        let Some(run) = run_of(scene, curve) else {
            continue;
        };
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
                odd_mark(
                    painter,
                    pos2(transform.position_from_point_x(*x), 0.0),
                    area,
                    kind,
                    color,
                );
            }
        }
    }
}

/// NaN: a small cross-bar at the lower border. Infinity: a triangle at the border it left through.
fn odd_mark(painter: &Painter, at: Pos2, area: Rect, kind: usize, color: Color32) {
    let (low, high) = (area.bottom() - 2.0, area.top() + 2.0);
    let triangle = |tip: f32, base: f32| {
        vec![
            pos2(at.x, tip),
            pos2(at.x - 3.5, base),
            pos2(at.x + 3.5, base),
        ]
    };
    match kind {
        0 => {
            painter.line_segment(
                [pos2(at.x, low), pos2(at.x, low - 6.0)],
                Stroke::new(1.5, color),
            );
            painter.line_segment(
                [pos2(at.x - 2.5, low - 3.0), pos2(at.x + 2.5, low - 3.0)],
                Stroke::new(1.5, color),
            );
        }
        1 => {
            painter.add(Shape::convex_polygon(
                triangle(high, high + 6.0),
                color,
                Stroke::NONE,
            ));
        }
        _ => {
            painter.add(Shape::convex_polygon(
                triangle(low, low - 6.0),
                color,
                Stroke::NONE,
            ));
        }
    }
}

pub(super) fn crosshair(
    ui: &Ui,
    area: Rect,
    transform: &PlotTransform,
    scene: &Scene<'_>,
    t: &Tokens,
) {
    let Some(x) = scene
        .crosshair
        .filter(|x| *x >= scene.x.0 && *x <= scene.x.1)
    else {
        return;
    };
    let at = transform.position_from_point_x(x).round() + 0.5;
    let ends = [pos2(at, area.top()), pos2(at, area.bottom())];
    ui.painter().extend(Shape::dashed_line(
        &ends,
        Stroke::new(1.0, t.text_2),
        3.0,
        3.0,
    ));
    for curve in &scene.data.curves {
        let (Some(run), Some(point)) = (run_of(scene, curve), curve.at(x)) else {
            continue;
        };
        if point.y < scene.y.0 || point.y > scene.y.1 || x > curve.extent.1 {
            continue;
        }
        let center = pos2(at, transform.position_from_point_y(point.y));
        widgets::paint_marker(
            ui,
            center,
            Marker::of_slot(run.slot),
            style(scene, run, t).1,
            true,
        );
    }
    let Some((plate, galley)) = plate_of(ui, area, transform, scene) else {
        return;
    };
    ui.painter().rect_filled(plate, sizes::RADIUS_XS, t.text);
    widgets::place(ui.painter(), galley, plate, Align2::CENTER_CENTER);
}

/// The name and value of the curve nearest to the pointer, on a plate beside it.
pub(super) fn hover_plate(
    ui: &Ui,
    area: Rect,
    response: &Response,
    transform: &PlotTransform,
    scene: &Scene<'_>,
    t: &Tokens,
) {
    if response.dragged() {
        return;
    }
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    let Some((run, point)) = nearest(transform, scene, pointer) else {
        return;
    };
    let value = if scene.log_y {
        10f64.powf(point.y)
    } else {
        point.y
    };
    let words = format!(
        "{}  {}",
        crate::format::printable(&run.name),
        numbers::figure(value)
    );
    let galley = Type::Caption.galley(ui, &words, t.text, 200.0);
    let size = galley.size() + vec2(22.0, 6.0);
    let at = transform.position_from_point(&point);
    let left = if at.x + 10.0 + size.x < area.right() {
        at.x + 10.0
    } else {
        at.x - 10.0 - size.x
    };
    let top = (at.y - size.y - 6.0).clamp(area.top(), area.bottom() - size.y);
    let plate = Rect::from_min_size(pos2(left, top), size);
    ui.painter().rect(
        plate,
        sizes::RADIUS_XS,
        t.label_plate(),
        Stroke::new(1.0, t.line_strong),
        egui::StrokeKind::Inside,
    );
    widgets::paint_marker(
        ui,
        pos2(plate.left() + 9.0, plate.center().y),
        Marker::of_slot(run.slot),
        slot_color(t, run.slot),
        true,
    );
    widgets::place(
        ui.painter(),
        galley,
        plate.with_min_x(plate.left() + 17.0),
        Align2::LEFT_CENTER,
    );
}

/// Where the plate of the crosshair stands, and its words.
fn plate_of(
    ui: &Ui,
    area: Rect,
    transform: &PlotTransform,
    scene: &Scene<'_>,
) -> Option<(Rect, Arc<Galley>)> {
    let t = Tokens::of(ui);
    let x = scene
        .crosshair
        .filter(|x| *x >= scene.x.0 && *x <= scene.x.1)?;
    let at = transform.position_from_point_x(x).round() + 0.5;
    let words = match scene.axis {
        XAxis::Step => numbers::step(x.round()),
        XAxis::Relative => numbers::length_label(x),
        XAxis::Time => numbers::moment_label(x, 1.0, crate::clock::offset_seconds()),
    };
    let galley = Type::CaptionStrong.galley(ui, &words, t.bg_panel, 120.0);
    let size = galley.size() + vec2(12.0, 4.0);
    let center = pos2(
        at.clamp(
            area.left() + size.x / 2.0 - 8.0,
            area.right() - size.x / 2.0 + 4.0,
        ),
        area.bottom() + X_LABELS / 2.0 + 1.0,
    );
    Some((Rect::from_center_size(center, size), galley))
}
