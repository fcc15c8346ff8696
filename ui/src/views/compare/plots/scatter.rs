//! A point per run.

use egui::{Id, Pos2, Rect, Sense, Ui, pos2};
use kitbench_protocol::ScatterPoint;

use super::super::plot_marks::plate_beside;
use super::scale::{Scale, frame};
use super::{PlotActed, PlotScene, plot_title, speak, value_words};
use crate::theme::Tokens;

/// How far from a point the pointer may be, in pixels.
const NEAR: f32 = 12.0;

pub fn show(
    ui: &mut Ui,
    rect: Rect,
    scene: &PlotScene<'_>,
    points: &[ScatterPoint],
    x_words: Option<&[String]>,
    y_words: Option<&[String]>,
) -> PlotActed {
    let setup = scene.setup;
    let x = Scale::new(points.iter().map(|p| p.x), x_words, setup.log_x);
    let y = Scale::new(points.iter().map(|p| p.y), y_words, setup.log_y);
    let area = frame(ui, rect, &x, &y);
    let placed: Vec<(Pos2, &ScatterPoint)> = points
        .iter()
        .filter_map(|point| {
            let at = pos2(
                area.left() + x.share(point.x)? * area.width(),
                area.bottom() - y.share(point.y)? * area.height(),
            );
            Some((at, point))
        })
        .collect();
    let response = ui.interact(
        area,
        Id::unique(("scatter", setup.id)),
        Sense::click_and_drag(),
    );
    // Ticked ones last, so that they lie over the grey ones.
    for ticked in [false, true] {
        for (at, point) in &placed {
            if scene.drawn.contains_key(point.run.as_str()) == ticked {
                scene.mark(ui, *at, &point.run);
            }
        }
    }
    let mut acted = PlotActed::default();
    let nearest = |at: Pos2| {
        let near = placed
            .iter()
            .map(|(place, point)| (place.distance(at), place, point));
        let near = near.filter(|(distance, ..)| *distance < NEAR);
        near.min_by(|a, b| a.0.total_cmp(&b.0))
    };
    if let Some((_, place, point)) = response.hover_pos().and_then(nearest) {
        acted.near = Some(point.run.clone());
        let words = format!(
            "{}  {}, {}",
            crate::format::printable(&(scene.name)(&point.run)),
            value_words(point.x, x_words),
            value_words(point.y, y_words)
        );
        let slot = scene.drawn.get(point.run.as_str()).map(|run| run.slot);
        plate_beside(ui, area, *place, &words, slot);
    } else if let Some((place, point)) = placed.iter().find(|(_, p)| scene.is_strong(&p.run)) {
        let words = crate::format::printable(&(scene.name)(&point.run)).to_string();
        let slot = scene.drawn.get(point.run.as_str()).map(|run| run.slot);
        plate_beside(ui, area, *place, &words, slot);
    }
    if response.clicked() {
        response.request_focus();
        acted.picked = response
            .interact_pointer_pos()
            .and_then(nearest)
            .map(|(_, _, point)| point.run.clone());
    }
    if response.double_clicked() {
        acted.brush = Some(None);
    }
    let from = ui.input(|input| input.pointer.press_origin());
    if (response.dragged() || response.drag_stopped())
        && let (Some(from), Some(to)) = (from, response.interact_pointer_pos())
    {
        let t = Tokens::of(ui);
        let brush = Rect::from_two_pos(area.clamp(from), area.clamp(to));
        ui.painter().rect(
            brush,
            0.0,
            t.brush(),
            egui::Stroke::new(1.0, t.accent_line),
            egui::StrokeKind::Inside,
        );
        if brush.width() > 3.0 && brush.height() > 3.0 {
            let outside = placed.iter().filter(|(at, _)| !brush.contains(*at));
            acted.brush = Some(Some(outside.map(|(_, p)| p.run.clone()).collect()));
        }
    }
    let ends = |value: fn(&ScatterPoint) -> f64, words: Option<&[String]>| {
        let of = points.iter().map(value);
        let (low, high) = (
            of.clone().fold(f64::INFINITY, f64::min),
            of.fold(f64::NEG_INFINITY, f64::max),
        );
        format!(
            "{} to {}",
            value_words(low, words),
            value_words(high, words)
        )
    };
    let summary = format!(
        "{}: {}, x {}, y {}",
        plot_title(&setup.plot),
        crate::format::count(placed.len() as u64, "run", "runs"),
        ends(|p| p.x, x_words),
        ends(|p| p.y, y_words)
    );
    speak(ui, &response, &summary);
    acted
}
