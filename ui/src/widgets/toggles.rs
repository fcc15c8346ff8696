//! Checkbox, radio, switch and segment control.

use egui::{
    Align2, Color32, CursorIcon, EventFilter, Key, Rect, Response, Role, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{boxed, focus_ring, place};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// The state of a checkbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    /// Not ticked.
    Off,
    /// Ticked.
    On,
    /// Some of what it stands for.
    Some,
}

impl From<bool> for Tick {
    fn from(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }
}

/// Paint a checkbox in `rect`; for widgets that draw their own rows.
pub fn paint_tick(ui: &Ui, rect: Rect, tick: Tick) {
    let t = Tokens::of(ui);
    let area = Rect::from_center_size(rect.center().round(), vec2(sizes::CHECK, sizes::CHECK));
    match tick {
        Tick::Off => boxed(
            ui.painter(),
            area,
            sizes::RADIUS_XS,
            t.bg_input,
            t.line_input,
        ),
        Tick::On | Tick::Some => {
            boxed(ui.painter(), area, sizes::RADIUS_XS, t.accent, t.accent);
            let icon = if tick == Tick::On {
                icons::CHECK
            } else {
                icons::MINUS
            };
            theme::icon(ui.painter(), area.center(), icon, 11.0, t.on_accent);
        }
    }
}

/// A checkbox with a label; changes `on` and marks the response as changed.
pub fn checkbox(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    let mut response = tick_row(ui, Tick::from(*on), label);
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response
}

/// A checkbox that may stand for several things; the caller decides what a click does.
pub fn tick_row(ui: &mut Ui, tick: Tick, label: &str) -> Response {
    let t = Tokens::of(ui);
    let color = if ui.is_enabled() { t.text } else { t.text_3 };
    let pieces = theme::Pieces::marked(Type::Body, color, label);
    let galley = theme::ellipsis(ui, pieces.job(), ui.available_width() - 22.0);
    let width = if label.is_empty() {
        sizes::HIT_MIN
    } else {
        sizes::CHECK + 8.0 + galley.size().x
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, sizes::HIT_MIN), Sense::click());
    let plain = pieces.plain();
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), tick == Tick::On, &plain)
    });
    if tick == Tick::Some {
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_toggled(egui::accesskit::Toggled::Mixed)
        });
    }
    let mark = Rect::from_min_size(
        pos2(rect.left(), rect.center().y - sizes::CHECK / 2.0),
        vec2(
            if label.is_empty() {
                rect.width()
            } else {
                sizes::CHECK
            },
            sizes::CHECK,
        ),
    );
    paint_tick(ui, mark, tick);
    if !label.is_empty() {
        let area = rect.with_min_x(rect.left() + sizes::CHECK + 8.0);
        place(ui.painter(), galley, area, Align2::LEFT_CENTER);
    }
    focus_ring(ui, mark.expand(1.0), sizes::RADIUS_S, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A radio button with a label.
pub fn radio(ui: &mut Ui, on: bool, label: &str) -> Response {
    let t = Tokens::of(ui);
    let color = if ui.is_enabled() { t.text } else { t.text_3 };
    let galley = Type::Body.galley(ui, label, color, ui.available_width() - 22.0);
    let (rect, response) = ui.allocate_exact_size(
        vec2(sizes::CHECK + 8.0 + galley.size().x, sizes::HIT_MIN),
        Sense::click(),
    );
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), on, label));
    paint_radio(
        ui,
        pos2(rect.left() + sizes::CHECK / 2.0, rect.center().y),
        on,
    );
    place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + sizes::CHECK + 8.0),
        Align2::LEFT_CENTER,
    );
    let ring = Rect::from_center_size(pos2(rect.left() + 7.0, rect.center().y), vec2(16.0, 16.0));
    focus_ring(ui, ring, 8, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// Paint the circle of a radio button; for widgets that draw their own rows.
pub fn paint_radio(ui: &Ui, center: egui::Pos2, on: bool) {
    let t = Tokens::of(ui);
    let edge = if on { t.accent_line } else { t.line_input };
    ui.painter().circle(
        center,
        sizes::CHECK / 2.0 - 0.5,
        t.bg_input,
        Stroke::new(if on { 1.5 } else { 1.0 }, edge),
    );
    if on {
        ui.painter().circle_filled(center, 3.5, t.accent_line);
    }
}

/// A switch: on/off that acts at once.
pub fn switch(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    let t = Tokens::of(ui);
    let color = if ui.is_enabled() { t.text } else { t.text_3 };
    let galley = Type::Small.galley(ui, label, color, (ui.available_width() - 34.0).max(1.0));
    let (rect, mut response) = ui.allocate_exact_size(
        vec2(sizes::SWITCH.x + 8.0 + galley.size().x, sizes::HIT_MIN),
        Sense::click(),
    );
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    response.widget_info(|| WidgetInfo::selected(Role::Switch, ui.is_enabled(), *on, label));
    let body = Rect::from_min_size(
        pos2(rect.left(), rect.center().y - sizes::SWITCH.y / 2.0),
        sizes::SWITCH,
    );
    let radius = (sizes::SWITCH.y / 2.0) as u8;
    if *on {
        boxed(ui.painter(), body, radius, t.accent, t.accent);
        ui.painter()
            .circle_filled(pos2(body.right() - 7.0, body.center().y), 5.0, t.on_accent);
    } else {
        boxed(ui.painter(), body, radius, t.bg_input, t.line_input);
        ui.painter()
            .circle_filled(pos2(body.left() + 7.0, body.center().y), 4.0, t.line_input);
    }
    place(
        ui.painter(),
        galley,
        rect.with_min_x(body.right() + 8.0),
        Align2::LEFT_CENTER,
    );
    focus_ring(ui, body, radius, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// One choice of a segment control.
#[derive(Debug, Clone, Default)]
pub struct Segment<'a> {
    text: &'a str,
    icon: Option<&'a str>,
    count: Option<u64>,
}

impl<'a> Segment<'a> {
    /// A choice with a word.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            icon: None,
            count: None,
        }
    }

    /// With an icon before the word.
    #[must_use]
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// With a count behind the word.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }
}

impl<'a> From<&'a str> for Segment<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

/// A segment control: one of a few. `at` is the chosen one; left and right move it.
/// The response is marked as changed when another was chosen.
pub fn segments(ui: &mut Ui, name: &str, at: &mut usize, choices: &[Segment<'_>]) -> Response {
    let t = Tokens::of(ui);
    let height = sizes::FIELD_S;
    let cells: Vec<_> = choices
        .iter()
        .map(|choice| {
            let text = Type::SmallStrong.galley(ui, choice.text, t.text, f32::INFINITY);
            let count = choice.count.map(|n| {
                Type::Small.galley(ui, &crate::format::thousands(n), t.text_2, f32::INFINITY)
            });
            let width = 20.0
                + choice.icon.map_or(0.0, |_| 20.0)
                + text.size().x
                + count.as_ref().map_or(0.0, |galley| galley.size().x + 10.0);
            (text, count, width.ceil())
        })
        .collect();
    let total: f32 = cells.iter().map(|(_, _, width)| width).sum();
    let (rect, mut response) =
        ui.allocate_exact_size(vec2(total, height), Sense::focusable_noninteractive());
    let before = *at;
    boxed(
        ui.painter(),
        rect,
        sizes::RADIUS_M,
        t.bg_raised,
        t.line_strong,
    );
    let mut x = rect.left();
    for (i, ((text, count, width), choice)) in cells.into_iter().zip(choices).enumerate() {
        let cell = Rect::from_min_size(pos2(x, rect.top()), vec2(width, height));
        let part = ui
            .interact(cell, response.id.with(i), Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        if part.clicked() {
            *at = i;
        }
        let on = *at == i;
        part.widget_info(|| {
            WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), on, choice.text)
        });
        let color = if on {
            t.accent_text
        } else if part.hovered() {
            t.text
        } else {
            t.text_2
        };
        let inner = cell.shrink2(vec2(if i == 0 { 1.0 } else { 0.0 }, 1.0));
        if on || part.hovered() {
            let mut corner = egui::CornerRadius::ZERO;
            if i == 0 {
                corner.nw = sizes::RADIUS_S;
                corner.sw = sizes::RADIUS_S;
            }
            if i + 1 == choices.len() {
                corner.ne = sizes::RADIUS_S;
                corner.se = sizes::RADIUS_S;
            }
            let inner = if i + 1 == choices.len() {
                inner.with_max_x(cell.right() - 1.0)
            } else {
                inner
            };
            ui.painter().rect(
                inner,
                corner,
                if on { t.accent_bg } else { t.bg_hover },
                Stroke::NONE,
                StrokeKind::Inside,
            );
        }
        if i > 0 {
            ui.painter().vline(
                cell.left(),
                inner.y_range(),
                Stroke::new(1.0, t.line_strong),
            );
        }
        let mut at_x = cell.left() + 10.0;
        if let Some(icon) = choice.icon {
            theme::icon(
                ui.painter(),
                pos2(at_x + 7.0, cell.center().y),
                icon,
                sizes::ICON_S,
                color,
            );
            at_x += 20.0;
        }
        let text_rect = cell.with_min_x(at_x);
        let min = Align2::LEFT_CENTER
            .align_size_within_rect(text.size(), text_rect)
            .min
            .round();
        at_x += text.size().x;
        ui.painter()
            .galley_with_override_text_color(min, text, color);
        if let Some(count) = count {
            place(
                ui.painter(),
                count,
                cell.with_min_x(at_x + 10.0),
                Align2::LEFT_CENTER,
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
                    vertical_arrows: true,
                    ..EventFilter::default()
                },
            );
        });
        ui.input(|input| {
            if input.key_pressed(Key::ArrowRight) || input.key_pressed(Key::ArrowDown) {
                *at = (*at + 1).min(choices.len() - 1);
            }
            if input.key_pressed(Key::ArrowLeft) || input.key_pressed(Key::ArrowUp) {
                *at = at.saturating_sub(1);
            }
        });
    }
    response.widget_info(|| WidgetInfo::labeled(Role::RadioGroup, ui.is_enabled(), name));
    focus_ring(ui, rect, sizes::RADIUS_M, &response);
    if *at != before {
        response.mark_changed();
    }
    response
}

/// A colour that fades with the widget when it is disabled.
#[must_use]
pub fn faded(ui: &Ui, color: Color32) -> Color32 {
    if ui.is_enabled() {
        color
    } else {
        color.gamma_multiply(0.5)
    }
}
