//! What surrounds and overlays the curves: grid, labels, marks, crosshair, hover plate.

use std::sync::Arc;

use egui::{Align2, Color32, Galley, Painter, Pos2, Rect, Response, Shape, Stroke, Ui, pos2, vec2};
use egui_plot::{PlotBounds, PlotTransform};
use kitbench_protocol::{RunState, XAxis};

use super::axis_paint;
use super::cells::slot_color;
use super::numbers;
use super::plot::{Scene, nearest, run_of, style};
use crate::theme::{Marker, Tokens, Type, sizes};
use crate::widgets;

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
    let plain = scene.setup.x_metric.is_some() || scene.setup.axis == XAxis::Step;
    let label = if plain { 42.0 } else { 66.0 };
    let most = (width / label).clamp(2.0, 12.0) as usize;
    let (low, high) = scene.x;
    if scene.setup.log_x {
        return numbers::log_ticks(low, high, most)
            .into_iter()
            .map(|at| match (plain, scene.setup.axis) {
                (false, XAxis::Relative) => (at, numbers::length_label(10f64.powf(at))),
                _ => (at, numbers::log_label(at)),
            })
            .collect();
    }
    match scene.setup.axis {
        _ if scene.setup.x_metric.is_some() => {
            let at = numbers::ticks(low, high, most);
            let step = spacing(&at);
            at.into_iter()
                .map(|value| (value, numbers::tick_label(value, step)))
                .collect()
        }
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
    let transform = PlotTransform::new(area, *bounds, false);
    for (value, label) in y_ticks {
        axis_paint::grid_line(ui, area, transform.position_from_point_y(*value), label);
    }
    // The plate of the crosshair takes the place of the label under it.
    let plate = plate_of(ui, area, &transform, scene).map(|(rect, _)| rect);
    let ticks = x_ticks(scene, area.width()).into_iter();
    let ticks: Vec<(f32, String)> = ticks
        .map(|(value, label)| (transform.position_from_point_x(value), label))
        .collect();
    axis_paint::base(ui, area, &ticks, 90.0, plate);
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
) {
    if response.dragged() {
        return;
    }
    let Some(pointer) = response.hover_pos() else {
        return;
    };
    if !scene.data.bands.is_empty() {
        band_plate(ui, area, transform, scene, pointer);
        return;
    }
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
    let at = transform.position_from_point(&point);
    plate_beside(ui, area, at, &words, Some(run.slot));
}

/// The band nearest to the pointer: its middle, its edges, and over how many runs.
fn band_plate(ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>, pointer: Pos2) {
    let x = transform.value_from_position(pointer).x;
    let value = |y: f64| numbers::figure(if scene.log_y { 10f64.powf(y) } else { y });
    let near = scene.data.bands.iter().filter_map(|band| {
        let place = band.at(x)?;
        let at = transform.position_from_point(&band.middle[place]);
        Some(((at.y - pointer.y).abs(), band, place, at))
    });
    let Some((_, band, place, at)) = near.min_by(|a, b| a.0.total_cmp(&b.0)) else {
        return;
    };
    let words = format!(
        "{}  {} ({} to {}), n = {}",
        crate::format::printable(&band.label),
        value(band.middle[place].y),
        value(band.low[place].y),
        value(band.high[place].y),
        band.n[place]
    );
    let slot = scene.runs.iter().find(|run| run.id == band.run);
    plate_beside(ui, area, at, &words, slot.map(|run| run.slot));
}

/// Words on a plate beside a point.
pub(super) fn plate_beside(ui: &Ui, area: Rect, at: Pos2, words: &str, slot: Option<usize>) {
    let t = Tokens::of(ui);
    let galley = Type::Caption.galley(ui, words, t.text, 260.0);
    let lead = if slot.is_some() { 17.0 } else { 6.0 };
    let size = galley.size() + vec2(lead + 5.0, 6.0);
    let left = if at.x + 10.0 + size.x < area.right() {
        at.x + 10.0
    } else {
        at.x - 10.0 - size.x
    };
    // Long words cover the point rather than leave the chart.
    let left = left.clamp(area.left(), (area.right() - size.x).max(area.left()));
    let top = (at.y - size.y - 6.0).clamp(area.top(), area.bottom() - size.y);
    let plate = Rect::from_min_size(pos2(left, top), size);
    ui.painter().rect(
        plate,
        sizes::RADIUS_XS,
        t.label_plate(),
        Stroke::new(1.0, t.line_strong),
        egui::StrokeKind::Inside,
    );
    if let Some(slot) = slot {
        widgets::paint_marker(
            ui,
            pos2(plate.left() + 9.0, plate.center().y),
            Marker::of_slot(slot),
            slot_color(t, slot),
            true,
        );
    }
    widgets::place(
        ui.painter(),
        galley,
        plate.with_min_x(plate.left() + lead),
        Align2::LEFT_CENTER,
    );
}

/// Reference lines, and noted points with their notes.
pub(super) fn notes(ui: &Ui, area: Rect, transform: &PlotTransform, scene: &Scene<'_>, t: &Tokens) {
    for line in scene.references {
        let y = if scene.log_y {
            line.value.log10()
        } else {
            line.value
        };
        if !y.is_finite() || y < scene.y.0 || y > scene.y.1 {
            continue;
        }
        let at = transform.position_from_point_y(y).round() + 0.5;
        let ends = [pos2(area.left(), at), pos2(area.right(), at)];
        ui.painter().extend(Shape::dashed_line(
            &ends,
            Stroke::new(1.0, t.accent_line),
            6.0,
            4.0,
        ));
        let galley = Type::Caption.galley(ui, &line.words(), t.accent_text, 160.0);
        let size = galley.size() + vec2(6.0, 0.0);
        let above = at - size.y - 1.0;
        let top = if above < area.top() { at + 1.0 } else { above };
        let plate = Rect::from_min_size(pos2(area.right() - size.x, top), size);
        ui.painter()
            .rect_filled(plate, sizes::RADIUS_XS, t.label_plate());
        widgets::place(ui.painter(), galley, plate, Align2::CENTER_CENTER);
    }
    for pin in scene.pins {
        let x = scene.setup.place(pin.x);
        let curve = scene.data.curves.iter().find(|curve| curve.run == pin.run);
        let Some((curve, run)) = curve.and_then(|curve| Some((curve, run_of(scene, curve)?)))
        else {
            continue;
        };
        let Some(point) = curve.at(x).filter(|_| x >= scene.x.0 && x <= scene.x.1) else {
            continue;
        };
        if point.y < scene.y.0 || point.y > scene.y.1 {
            continue;
        }
        let at = transform.position_from_point(&point);
        let color = slot_color(t, run.slot);
        ui.painter().circle_filled(at, 3.0, color);
        ui.painter()
            .circle_stroke(at, 6.0, Stroke::new(1.5, t.text));
        let value = if scene.log_y {
            10f64.powf(point.y)
        } else {
            point.y
        };
        let words = if pin.note.is_empty() {
            numbers::figure(value)
        } else {
            format!(
                "{}  {}",
                numbers::figure(value),
                crate::format::printable(&pin.note)
            )
        };
        plate_beside(ui, area, at, &words, None);
    }
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
    let value = scene.setup.value(x);
    let words = match scene.setup.axis {
        _ if scene.setup.x_metric.is_some() => numbers::figure(value),
        XAxis::Step => numbers::step(value.round()),
        XAxis::Relative => numbers::length_label(value),
        XAxis::Time => numbers::moment_label(value, 1.0, crate::clock::offset_seconds()),
    };
    let galley = Type::CaptionStrong.galley(ui, &words, t.bg_panel, 120.0);
    let size = galley.size() + vec2(12.0, 4.0);
    let center = pos2(
        at.clamp(
            area.left() + size.x / 2.0 - 8.0,
            area.right() - size.x / 2.0 + 4.0,
        ),
        area.bottom() + axis_paint::UNDER / 2.0 + 1.0,
    );
    Some((Rect::from_center_size(center, size), galley))
}
