//! What frames contents: panel heads, cards, tabs, banners, strips, key-value lines, bars.

use egui::{
    Align, Align2, CursorIcon, Frame, Layout, Margin, Rect, Response, Role, Sense, Stroke, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

use super::paint::{self, focus_ring, hairline_below, label, place};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// The first line of a panel, 44 high: title, count, and what stands at its right.
///
/// `right` is laid out from the right edge towards the left.
pub fn panel_head<R>(
    ui: &mut Ui,
    title: &str,
    count: Option<&str>,
    right: impl FnOnce(&mut Ui) -> R,
) -> R {
    bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_4, true, |ui| {
        let t = Tokens::of(ui);
        paint::named(ui, Role::Heading, Type::Heading, t.text, title);
        if let Some(count) = count {
            label(ui, Type::Small, t.text_3, count);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), right)
            .inner
    })
}

/// A row of fixed height with an inset, centred vertically; `ruled` draws the hairline below.
pub fn bar_row<R>(
    ui: &mut Ui,
    height: f32,
    inset: f32,
    ruled: bool,
    add: impl FnOnce(&mut Ui) -> R,
) -> R {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    if ruled {
        hairline_below(ui.painter(), rect, t.line);
    }
    let inner = rect.shrink2(vec2(inset, 0.0));
    let mut child = ui.new_child(
        UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::left_to_right(Align::Center)),
    );
    child.spacing_mut().item_spacing.x = sizes::SPACE_3;
    add(&mut child)
}

/// A card: raised head with a title, outline, contents without inset.
pub fn card<R>(
    ui: &mut Ui,
    title: &str,
    note: Option<&str>,
    right: impl FnOnce(&mut Ui),
    contents: impl FnOnce(&mut Ui) -> R,
) -> R {
    let t = Tokens::of(ui);
    outlined(ui, |ui| {
        let width = ui.available_width();
        let (rect, _) = ui.allocate_exact_size(vec2(width, sizes::CARD_HEAD), Sense::hover());
        let corner = egui::CornerRadius {
            nw: 5,
            ne: 5,
            sw: 0,
            se: 0,
        };
        ui.painter().rect_filled(rect, corner, t.bg_raised);
        hairline_below(ui.painter(), rect, t.line);
        let inner = rect.shrink2(vec2(sizes::SPACE_4, 0.0));
        let mut head = ui.new_child(
            UiBuilder::new()
                .max_rect(inner)
                .layout(Layout::left_to_right(Align::Center)),
        );
        paint::named(&mut head, Role::Heading, Type::BodyBold, t.text, title);
        if let Some(note) = note {
            label(&mut head, Type::Small, t.text_3, note);
        }
        head.with_layout(Layout::right_to_left(Align::Center), right);
        contents(ui)
    })
}

/// An outline with rounded corners around contents that fill the width.
pub fn outlined<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let t = Tokens::of(ui);
    Frame::new()
        .fill(t.bg_panel)
        .stroke(Stroke::new(sizes::STROKE, t.line))
        .corner_radius(sizes::RADIUS_L)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// Contents with an inset on every side, vertical, with row spacing.
pub fn inset<R>(ui: &mut Ui, margin: f32, contents: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::new()
        .inner_margin(Margin::same(margin as i8))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(sizes::SPACE_3, sizes::SPACE_3);
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A fold: caret, title, count; true while open. `open` is kept by the caller.
pub fn section(ui: &mut Ui, open: &mut bool, title: &str, count: Option<&str>) -> Response {
    let (rect, mut response) = ui.allocate_exact_size(
        vec2(ui.available_width(), sizes::SECTION_ROW),
        Sense::click(),
    );
    if response.clicked() {
        *open = !*open;
        response.mark_changed();
    }
    paint_section(ui, rect, *open, title, count, response.hovered());
    response.widget_info(|| WidgetInfo::labeled(Role::DisclosureTriangle, true, title));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_expanded(*open));
    focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// Paint a group row.
pub fn paint_section(
    ui: &Ui,
    rect: Rect,
    open: bool,
    title: &str,
    count: Option<&str>,
    hovered: bool,
) {
    let t = Tokens::of(ui);
    ui.painter()
        .rect_filled(rect, 0.0, if hovered { t.bg_hover } else { t.bg_raised });
    hairline_below(ui.painter(), rect, t.line);
    let caret = if open {
        icons::CARET_DOWN
    } else {
        icons::CARET_RIGHT
    };
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 18.0, rect.center().y),
        caret,
        12.0,
        t.text_2,
    );
    let text = rect
        .with_min_x(rect.left() + 28.0)
        .with_max_x(rect.right() - 8.0);
    let (placed, _) = paint::line(
        ui,
        text,
        Type::SmallStrong,
        t.text_2,
        title,
        Align2::LEFT_CENTER,
    );
    if let Some(count) = count {
        let rest = text.with_min_x(placed.right() + 6.0);
        if rest.width() > 10.0 {
            paint::line(ui, rest, Type::Small, t.text_3, count, Align2::LEFT_CENTER);
        }
    }
}

/// A breadcrumb: each step but the last is a link. Returns the step that was clicked.
pub fn breadcrumb(ui: &mut Ui, steps: &[String]) -> Option<usize> {
    let t = Tokens::of(ui);
    let mut clicked = None;
    ui.spacing_mut().item_spacing.x = 7.0;
    for (i, step) in steps.iter().enumerate() {
        let shown = crate::format::printable(step).into_owned();
        if i > 0 {
            let galley = Type::Body.galley(ui, "/", t.text_3, 20.0);
            let (rect, _) = ui.allocate_exact_size(galley.size(), Sense::hover());
            place(ui.painter(), galley, rect, Align2::CENTER_CENTER);
        }
        if i + 1 == steps.len() {
            label(ui, Type::BodyBold, t.text, &shown);
            continue;
        }
        let galley = Type::Body.galley(ui, &shown, t.text_2, ui.available_width() * 0.6);
        let (rect, response) =
            ui.allocate_exact_size(vec2(galley.size().x, sizes::HIT_MIN), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &shown));
        let color = if response.hovered() {
            t.accent_text
        } else {
            t.text_2
        };
        let min = Align2::LEFT_CENTER
            .align_size_within_rect(galley.size(), rect)
            .min
            .round();
        ui.painter()
            .galley_with_override_text_color(min, galley, color);
        focus_ring(ui, rect, sizes::RADIUS_S, &response);
        if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
            clicked = Some(i);
        }
    }
    clicked
}
