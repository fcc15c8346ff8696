//! Bars and figures: progress, shares, key and value.

use egui::{Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::paint::{self, place};
use crate::theme::{Tokens, Type, sizes};

/// A key and its value on one line: words at the left, figure in the mono face at the right.
pub fn key_value(ui: &mut Ui, key: &str, value: &str) -> Response {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
    let value_galley = Type::Mono.galley(
        ui,
        &crate::format::printable(value),
        t.text,
        rect.width() * 0.6,
    );
    let cut = value_galley.elided;
    let placed = place(ui.painter(), value_galley, rect, Align2::RIGHT_CENTER);
    paint::line(
        ui,
        rect.with_max_x(placed.left() - 8.0),
        Type::Small,
        t.text_2,
        key,
        Align2::LEFT_CENTER,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{key}: {value}")));
    if cut {
        response.on_hover_text(value)
    } else {
        response
    }
}

/// Paint a bar in `rect` (its height is the bar's): parts of a whole, each with a colour.
pub fn paint_bar(ui: &Ui, rect: Rect, parts: &[(f32, Color32)]) {
    let t = Tokens::of(ui);
    let radius = (rect.height() / 2.0) as u8;
    ui.painter().rect_filled(rect, radius, t.bar_track);
    let mut x = rect.left();
    for (share, color) in parts {
        let share = if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        };
        if share <= 0.0 {
            continue;
        }
        // What is there at all is seen: never thinner than 2 px.
        let end = (x + (rect.width() * share).max(2.0)).min(rect.right());
        let part = Rect::from_min_max(pos2(x, rect.top()), pos2(end, rect.bottom()));
        let mut corner = egui::CornerRadius::ZERO;
        if x <= rect.left() + 0.5 {
            corner.nw = radius;
            corner.sw = radius;
        }
        if end >= rect.right() - 0.5 {
            corner.ne = radius;
            corner.se = radius;
        }
        ui.painter().rect_filled(part, corner, *color);
        x = end;
    }
}

/// A progress bar over the width at hand; `parts` are shares of the whole with their colours.
///
/// `name` and `value` are what a screen reader says: "Pushing support-triage", "60%".
pub fn progress(ui: &mut Ui, name: &str, value: &str, parts: &[(f32, Color32)]) -> Response {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), sizes::BAR), Sense::hover());
    paint_bar(ui, rect, parts);
    let done: f32 = parts.iter().map(|(share, _)| share).sum();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, name);
        info.value = Some(f64::from(done));
        info
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_numeric_value(f64::from(done));
        node.set_value(value.to_owned());
    });
    response.on_hover_text(format!("{name}: {value}"))
}
