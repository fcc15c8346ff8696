//! Banners and strips: what happened, what to do next.

use egui::{
    Align, Align2, Color32, Layout, Rect, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::paint::{Tone, boxed, hairline_below, label, paragraph, place};
use crate::theme::{self, Pieces, Tokens, Type, sizes};

/// The banner of the next action: icon, sentence, explanation; buttons from the right.
pub fn banner(
    ui: &mut Ui,
    tone: Tone,
    icon: &str,
    title: &str,
    text: &str,
    buttons: impl FnOnce(&mut Ui),
) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 62.0), Sense::hover());
    let edge = match tone {
        Tone::Accent => t.accent_line,
        Tone::Neutral | Tone::Quiet => t.line_strong,
        _ => tone.color(t),
    };
    let back = if matches!(tone, Tone::Neutral | Tone::Quiet) {
        t.bg_raised
    } else {
        tone.back(t)
    };
    boxed(ui.painter(), rect, sizes::RADIUS_L, back, edge);
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 28.0, rect.center().y),
        icon,
        26.0,
        tone.color(t),
    );
    let inner = rect.shrink2(vec2(14.0, 0.0));
    let mut right = ui.new_child(
        UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::right_to_left(Align::Center)),
    );
    right.spacing_mut().item_spacing.x = sizes::SPACE_4;
    buttons(&mut right);
    let text_right = right.min_rect().left() - sizes::SPACE_4;
    let words = Rect::from_min_max(
        pos2(rect.left() + 56.0, rect.top() + 11.0),
        pos2(text_right, rect.bottom()),
    );
    let mut left = ui.new_child(
        UiBuilder::new()
            .max_rect(words)
            .layout(Layout::top_down(Align::Min)),
    );
    left.spacing_mut().item_spacing.y = 2.0;
    label(&mut left, Type::Heading, t.text, title);
    line_marked(&mut left, Type::Small, t.text_2, text);
}

/// One line with spans between backticks in the mono face, cut with an ellipsis.
pub fn line_marked(ui: &mut Ui, role: Type, color: Color32, text: &str) -> Response {
    let pieces = Pieces::marked(role, color, &crate::format::printable(text));
    let galley = theme::ellipsis(ui, pieces.job(), ui.available_width());
    let cut = galley.elided;
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    place(ui.painter(), galley, rect, Align2::LEFT_CENTER);
    let plain = pieces.plain();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &plain));
    if cut {
        response.on_hover_text(plain)
    } else {
        response
    }
}

/// A strip of 36 over the whole width: cause, then buttons from the right.
pub fn strip(ui: &mut Ui, tone: Tone, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 36.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, tone.back(t));
    hairline_below(ui.painter(), rect, t.line);
    strip_contents(ui, rect, tone, text, buttons);
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, text));
}

/// The same inside a form: rounded, outlined in its tone.
pub fn boxed_strip(ui: &mut Ui, tone: Tone, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 38.0), Sense::hover());
    boxed(
        ui.painter(),
        rect,
        sizes::RADIUS_M,
        tone.back(t),
        tone.color(t),
    );
    strip_contents(ui, rect, tone, text, buttons);
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, text));
}

/// A failure inside a form, as high as its words take: what happened, and below it what to do.
pub fn boxed_failure(ui: &mut Ui, failure: &kitbench_protocol::ErrorView) {
    let t = Tokens::of(ui);
    let tone = Tone::Err;
    let ground = ui.painter().add(egui::Shape::Noop);
    let width = ui.available_width();
    let words = ui.horizontal_top(|ui| {
        ui.set_width(width);
        ui.add_space(sizes::SPACE_4 + 24.0);
        ui.vertical(|ui| {
            ui.set_width(width - 2.0 * sizes::SPACE_4 - 24.0);
            ui.add_space(9.0);
            paragraph(ui, Type::Small, t.text, &failure.message);
            if !failure.hint.is_empty() {
                ui.add_space(2.0);
                paragraph(ui, Type::Small, t.text_2, &failure.hint);
            }
            ui.add_space(9.0);
        });
    });
    let rect = words.response.rect;
    let frame = egui::Frame::new()
        .fill(tone.back(t))
        .stroke(egui::Stroke::new(sizes::STROKE, tone.color(t)))
        .corner_radius(sizes::RADIUS_M);
    ui.painter().set(ground, frame.paint(rect));
    if let Some(sign) = tone.sign() {
        let place = pos2(rect.left() + sizes::SPACE_4 + 8.0, rect.top() + 18.0);
        theme::icon_fill(ui.painter(), place, sign, sizes::ICON, tone.color(t));
    }
    let spoken = failure.to_string();
    words
        .response
        .widget_info(|| WidgetInfo::labeled(Role::Alert, true, &spoken));
}

fn strip_contents(ui: &mut Ui, rect: Rect, tone: Tone, text: &str, buttons: impl FnOnce(&mut Ui)) {
    let t = Tokens::of(ui);
    let mut x = rect.left() + sizes::SPACE_4;
    if let Some(sign) = tone.sign() {
        theme::icon_fill(
            ui.painter(),
            pos2(x + 8.0, rect.center().y),
            sign,
            sizes::ICON,
            tone.color(t),
        );
        x += 24.0;
    }
    let inner = rect.shrink2(vec2(sizes::SPACE_3, 0.0));
    let mut right = ui.new_child(
        UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::right_to_left(Align::Center)),
    );
    right.spacing_mut().item_spacing.x = sizes::SPACE_2;
    buttons(&mut right);
    let words = Rect::from_min_max(
        pos2(x, rect.top()),
        pos2(right.min_rect().left() - 8.0, rect.bottom()),
    );
    let mut left = ui.new_child(
        UiBuilder::new()
            .max_rect(words)
            .layout(Layout::left_to_right(Align::Center)),
    );
    line_marked(&mut left, Type::Small, t.text, text);
}
