//! Distributions: a box or a violin per group, with a mark per run.

use egui::{Id, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2};
use kitbench_protocol::BoxFigures;

use super::super::numbers;
use super::super::plot_marks::plate_beside;
use super::scale::{Scale, frame};
use super::{PlotActed, PlotScene, plot_title, speak};
use crate::theme::Tokens;

/// Widest half of a box.
const MOST_HALF: f32 = 44.0;

pub fn show(ui: &mut Ui, rect: Rect, scene: &PlotScene<'_>, groups: &[BoxFigures]) -> PlotActed {
    let t = Tokens::of(ui);
    let names: Vec<String> = groups
        .iter()
        .map(|group| {
            let label = match group.label.as_str() {
                "" => "all runs",
                label => label,
            };
            format!("{label} (n = {})", group.values.len())
        })
        .collect();
    let values = groups.iter().flat_map(|group| {
        let values = group.values.iter().map(|(_, value)| *value);
        values.chain(group.density.iter().map(|(value, _)| *value))
    });
    let x = Scale::new(std::iter::empty(), Some(&names), false);
    let y = Scale::new(values, None, scene.setup.log_y);
    let area = frame(ui, rect, &x, &y);
    let room = area.width() / groups.len().max(1) as f32;
    let half = (room * 0.32).min(MOST_HALF);
    let place = |value: f64| Some(area.bottom() - y.share(value)?.clamp(0.0, 1.0) * area.height());
    let mut acted = PlotActed::default();
    let pointer = ui
        .input(|input| input.pointer.hover_pos())
        .filter(|at| area.contains(*at) && ui.clip_rect().contains(*at));
    let mut near: Option<(f32, Pos2, &str, f64)> = None;
    for (i, group) in groups.iter().enumerate() {
        let middle = (area.left() + room * (i as f32 + 0.5)).round();
        let column =
            Rect::from_x_y_ranges(middle - room / 2.0..=middle + room / 2.0, area.y_range());
        let response = ui.interact(
            column,
            Id::unique(("group", scene.setup.id, i)),
            Sense::CLICK,
        );
        let weak = group
            .values
            .iter()
            .all(|(run, _)| scene.outside.contains(run));
        let ink = if weak { t.line_strong } else { t.text_2 };
        draw_group(ui, group, middle, half, &place, ink, t);
        for (at, (run, value)) in group.values.iter().enumerate() {
            let Some(y) = place(*value) else { continue };
            // Spread a little so that equal values can be told apart.
            let at = pos2(middle + ((at % 5) as f32 - 2.0) * 4.0, y);
            scene.mark(ui, at, run);
            if let Some(pointer) = pointer {
                let distance = at.distance(pointer);
                if distance < 9.0 && near.is_none_or(|(best, ..)| distance < best) {
                    near = Some((distance, at, run, *value));
                }
            }
        }
        let words = format!(
            "{}: median {}, quartiles {} to {}, mean {}",
            names[i],
            numbers::figure(group.median),
            numbers::figure(group.q1),
            numbers::figure(group.q3),
            numbers::figure(group.mean)
        );
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &words));
        let clicked = response.clicked();
        if near.is_none() {
            response.on_hover_text(words);
        }
        if clicked && near.is_none() {
            // A group against the rest; once more takes it back.
            let others = groups.iter().enumerate().filter(|(at, _)| *at != i);
            let others: std::collections::HashSet<String> = others
                .flat_map(|(_, group)| group.values.iter().map(|(run, _)| run.clone()))
                .collect();
            let taken = !others.is_empty() && others.iter().all(|run| scene.outside.contains(run));
            acted.brush = Some((!taken).then_some(others));
        } else if clicked && let Some((_, _, run, _)) = near {
            acted.picked = Some(run.to_owned());
        }
    }
    if let Some((_, at, run, value)) = near {
        acted.near = Some(run.to_owned());
        let words = format!(
            "{}  {}",
            crate::format::printable(&(scene.name)(run)),
            numbers::figure(value)
        );
        plate_beside(
            ui,
            area,
            at,
            &words,
            scene.drawn.get(run).map(|run| run.slot),
        );
    }
    let whole = ui.interact(area, Id::unique(("boxes", scene.setup.id)), Sense::hover());
    let medians: Vec<String> = groups
        .iter()
        .zip(&names)
        .take(12)
        .map(|(group, name)| format!("{name} {}", numbers::figure(group.median)))
        .collect();
    let summary = format!(
        "{}: {}, medians {}",
        plot_title(&scene.setup.plot),
        crate::format::count(groups.len() as u64, "group", "groups"),
        medians.join(", ")
    );
    speak(ui, &whole, &summary);
    acted
}

fn draw_group(
    ui: &Ui,
    group: &BoxFigures,
    middle: f32,
    half: f32,
    place: &dyn Fn(f64) -> Option<f32>,
    ink: egui::Color32,
    t: &Tokens,
) {
    let painter = ui.painter();
    let pen = Stroke::new(1.2, ink);
    let fill = t.accent_line.gamma_multiply(0.18);
    let across = |value: f64, half: f32, pen: Stroke| {
        if let Some(y) = place(value) {
            painter.hline(middle - half..=middle + half, y, pen);
        }
    };
    if group.density.is_empty() {
        if let (Some(top), Some(bottom)) = (place(group.q3), place(group.q1)) {
            let body = Rect::from_x_y_ranges(middle - half..=middle + half, top..=bottom);
            painter.rect(body, 2.0, fill, pen, egui::StrokeKind::Middle);
        }
        for (from, to) in [(group.q1, group.low), (group.q3, group.high)] {
            if let (Some(from), Some(to)) = (place(from), place(to)) {
                painter.vline(middle, from.min(to)..=from.max(to), pen);
            }
            across(to, half * 0.5, pen);
        }
        across(group.median, half, Stroke::new(2.0, t.text));
    } else {
        let side = |sign: f32| -> Vec<Pos2> {
            group
                .density
                .iter()
                .filter_map(|(value, share)| {
                    Some(pos2(middle + sign * half * *share as f32, place(*value)?))
                })
                .collect()
        };
        let (left, right) = (side(-1.0), side(1.0));
        // Strips between both sides: a violin is not convex.
        for (left, right) in left.windows(2).zip(right.windows(2)) {
            let strip = vec![left[0], right[0], right[1], left[1]];
            painter.add(Shape::convex_polygon(strip, fill, Stroke::NONE));
        }
        painter.line(left, pen);
        painter.line(right, pen);
        for quartile in [group.q1, group.q3] {
            across(quartile, half * 0.25, pen);
        }
        across(group.median, half * 0.5, Stroke::new(2.0, t.text));
    }
}
