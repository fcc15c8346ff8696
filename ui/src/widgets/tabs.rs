//! Tabs.

use egui::{
    Align2, CursorIcon, EventFilter, Key, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use super::paint::{focus_ring, place};
use crate::theme::{Tokens, Type, sizes};

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
