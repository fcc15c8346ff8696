//! What frames contents: panel heads, cards, tabs, banners, strips, key-value lines, bars.

use egui::{
    Align, Align2, Color32, CursorIcon, EventFilter, Frame, Key, Layout, Margin, Rect, Response,
    Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::paint::{self, Tone, boxed, focus_ring, hairline_below, label, place};
use crate::theme::{self, Pieces, Tokens, Type, icons, sizes};

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

/// A tab bar, 36 high. `at` is the chosen tab; each has a word and a count.
pub fn tabs(ui: &mut Ui, name: &str, at: &mut usize, choices: &[(&str, Option<u64>)]) -> Response {
    let t = Tokens::of(ui);
    let cells: Vec<_> = choices
        .iter()
        .enumerate()
        .map(|(i, (word, count))| {
            let role = if i == *at {
                Type::BodyBold
            } else {
                Type::BodyStrong
            };
            let color = if i == *at { t.text } else { t.text_2 };
            let word_galley = role.galley(ui, word, color, f32::INFINITY);
            let count = count.map(|n| {
                Type::Caption.galley(ui, &crate::format::thousands(n), t.text_2, f32::INFINITY)
            });
            let width = 24.0
                + word_galley.size().x
                + count.as_ref().map_or(0.0, |galley| galley.size().x + 20.0);
            (word_galley, count, width.ceil())
        })
        .collect();
    let total: f32 = cells.iter().map(|(_, _, width)| width).sum();
    let (rect, mut response) =
        ui.allocate_exact_size(vec2(total, 36.0), Sense::focusable_noninteractive());
    let before = *at;
    let mut x = rect.left();
    for (i, ((word, count, width), (text, _))) in cells.into_iter().zip(choices).enumerate() {
        let cell = Rect::from_min_size(pos2(x, rect.top()), vec2(width, rect.height()));
        let part = ui
            .interact(cell, response.id.with(i), Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        if part.clicked() {
            *at = i;
        }
        part.widget_info(|| WidgetInfo::selected(Role::Tab, true, *at == i, text));
        if part.hovered() && *at != i {
            ui.painter()
                .rect_filled(cell.shrink2(vec2(2.0, 5.0)), sizes::RADIUS_M, t.bg_hover);
        }
        let word_width = word.size().x;
        place(
            ui.painter(),
            word,
            cell.with_min_x(cell.left() + 12.0),
            Align2::LEFT_CENTER,
        );
        if let Some(count) = count {
            let size = vec2(count.size().x + 10.0, 16.0);
            let pill = Rect::from_center_size(
                pos2(
                    cell.left() + 12.0 + word_width + 8.0 + size.x / 2.0,
                    cell.center().y,
                ),
                size,
            );
            ui.painter()
                .rect_filled(pill, sizes::RADIUS_XS, t.bg_active);
            place(ui.painter(), count, pill, Align2::CENTER_CENTER);
        }
        if *at == i {
            ui.painter().hline(
                cell.shrink2(vec2(2.0, 0.0)).x_range(),
                cell.bottom() - 1.0,
                Stroke::new(sizes::EDGE, t.accent_line),
            );
        }
        x += width;
    }
    if response.has_focus() && !choices.is_empty() {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                response.id,
                EventFilter {
                    horizontal_arrows: true,
                    ..EventFilter::default()
                },
            );
        });
        ui.input(|input| {
            if input.key_pressed(Key::ArrowRight) {
                *at = (*at + 1).min(choices.len() - 1);
            }
            if input.key_pressed(Key::ArrowLeft) {
                *at = at.saturating_sub(1);
            }
        });
    }
    response.widget_info(|| WidgetInfo::labeled(Role::TabList, true, name));
    focus_ring(ui, rect.shrink(3.0), sizes::RADIUS_M, &response);
    if *at != before {
        response.mark_changed();
    }
    response
}

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
