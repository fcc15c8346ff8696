//! Lying bars: a value per run, or a coefficient per parameter.

use egui::{Align2, Color32, CursorIcon, Id, Rect, Sense, Stroke, Ui, pos2};
use kitbench_protocol::Correlated;

use super::super::numbers;
use super::scale::Scale;
use super::{PlotActed, PlotScene, plot_title, speak};
use crate::theme::{Tokens, Type, sizes};
use crate::widgets;

/// Height of a bar's row.
const ROW: f32 = 20.0;

struct Row {
    key: String,
    name: String,
    value: Option<f64>,
    text: String,
    color: Color32,
    strong: bool,
}

pub fn show_bars(
    ui: &mut Ui,
    rect: Rect,
    scene: &PlotScene<'_>,
    bars: &[(String, f64)],
) -> PlotActed {
    let t = Tokens::of(ui);
    let mut order: Vec<&(String, f64)> = bars.iter().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rows: Vec<Row> = order
        .iter()
        .map(|(run, value)| Row {
            key: run.clone(),
            name: (scene.name)(run),
            value: Some(*value),
            text: numbers::figure(*value),
            color: scene.color(t, run),
            strong: scene.is_strong(run),
        })
        .collect();
    let values = || bars.iter().map(|(_, value)| *value);
    let low = values().fold(0.0, f64::min);
    let high = values().fold(0.0, f64::max);
    let scale = Scale::exact(low, if high > low { high } else { low + 1.0 });
    let (near, clicked) = lying(ui, rect, scene, &rows, &scale);
    PlotActed {
        near,
        picked: clicked,
        ..PlotActed::default()
    }
}

pub fn show_correlation(
    ui: &mut Ui,
    rect: Rect,
    scene: &PlotScene<'_>,
    found: &[Correlated],
) -> PlotActed {
    let t = Tokens::of(ui);
    let rows: Vec<Row> = found
        .iter()
        .map(|row| Row {
            key: row.param.clone(),
            name: row.param.clone(),
            value: row.coefficient,
            text: match (row.coefficient, &row.why) {
                (Some(value), _) => format!("{value:+.2}  n = {}", row.n),
                (None, why) => why.clone().unwrap_or_default(),
            },
            color: match row.coefficient {
                Some(value) if value < 0.0 => t.scale(1.0),
                _ => t.scale(0.0),
            },
            strong: false,
        })
        .collect();
    let (_, clicked) = lying(ui, rect, scene, &rows, &Scale::exact(-1.0, 1.0));
    PlotActed {
        param: clicked,
        ..PlotActed::default()
    }
}

/// Rows that scroll; answers the key under the pointer and the one that was clicked.
fn lying(
    ui: &mut Ui,
    rect: Rect,
    scene: &PlotScene<'_>,
    rows: &[Row],
    scale: &Scale<'_>,
) -> (Option<String>, Option<String>) {
    let t = Tokens::of(ui);
    let id = scene.setup.id;
    let widest = rows
        .iter()
        .take(200)
        .map(|row| Type::Small.galley(ui, &row.name, t.text, 180.0).size().x)
        .fold(40.0, f32::max);
    let names = widest.min(rect.width() * 0.36);
    let widest = rows
        .iter()
        .filter(|row| row.value.is_some())
        .map(|row| {
            Type::MonoSmall
                .galley(ui, &row.text, t.text_3, 160.0)
                .size()
                .x
        })
        .fold(24.0, f32::max);
    let figures = (widest + 4.0).min(rect.width() * 0.3);
    let (mut near, mut clicked) = (None, None);
    let whole = ui.interact(rect, Id::unique(("bars", id)), Sense::hover());
    egui::ScrollArea::vertical()
        .id_salt(("bars", id))
        .auto_shrink([false, false])
        .show_rows(ui, ROW, rows.len(), |ui, range| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for row in &rows[range] {
                let (line, _) =
                    ui.allocate_exact_size(egui::vec2(ui.available_width(), ROW), Sense::hover());
                let response = ui
                    .interact(line, Id::unique(("bar", id, &row.key)), Sense::CLICK)
                    .on_hover_cursor(CursorIcon::PointingHand);
                let spoken = format!("{}: {}", row.name, row.text);
                response
                    .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &spoken));
                if response.hovered() || row.strong {
                    ui.painter().rect_filled(line, sizes::RADIUS_S, t.bg_hover);
                }
                if response.hovered() {
                    near = Some(row.key.clone());
                }
                if response.clicked() {
                    clicked = Some(row.key.clone());
                }
                let label = Rect::from_min_max(line.min, pos2(line.left() + names, line.bottom()));
                let name = crate::format::printable(&row.name);
                let color = if row.strong { t.text } else { t.text_2 };
                widgets::line(ui, label, Type::Small, color, &name, Align2::RIGHT_CENTER);
                let area = Rect::from_min_max(
                    pos2(label.right() + 8.0, line.top() + 4.0),
                    pos2(line.right() - figures - 8.0, line.bottom() - 4.0),
                );
                bar(ui, area, row, scale, t);
                let figure = Rect::from_min_max(
                    pos2(area.right() + 6.0, line.top()),
                    pos2(line.right() - 2.0, line.bottom()),
                );
                // Why there is no bar takes the room of the bar.
                let (room, role) = if row.value.is_some() {
                    (figure, Type::MonoSmall)
                } else {
                    (figure.with_min_x(area.left()), Type::Caption)
                };
                widgets::line(ui, room, role, t.text_3, &row.text, Align2::LEFT_CENTER);
                widgets::focus_ring(ui, line, sizes::RADIUS_S, &response);
            }
        });
    let most: Vec<String> = rows
        .iter()
        .take(12)
        .map(|row| format!("{} {}", row.name, row.text))
        .collect();
    let summary = format!("{}: {}", plot_title(&scene.setup.plot), most.join(", "));
    speak(ui, &whole, &summary);
    (near, clicked)
}

fn bar(ui: &Ui, area: Rect, row: &Row, scale: &Scale<'_>, t: &Tokens) {
    let at = |value: f64| area.left() + scale.share(value).unwrap_or(0.0) * area.width();
    let zero = at(0.0);
    ui.painter().vline(
        zero.round() + 0.5,
        area.y_range().expand(4.0),
        Stroke::new(1.0, t.line_strong),
    );
    let Some(value) = row.value else { return };
    let end = at(value);
    let body = Rect::from_x_y_ranges(zero.min(end)..=zero.max(end), area.y_range());
    ui.painter().rect_filled(body, 2.0, row.color);
}
