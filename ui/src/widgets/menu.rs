//! Menus: of a button and of a row.

use egui::{
    Align2, CursorIcon, Frame, Margin, Popup, PopupCloseBehavior, Pos2, Response, Role, Sense,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{boxed, focus_ring, place};
use crate::theme::{self, Tokens, Type, sizes};

/// The frame of everything that floats: panel colour, strong outline, no shadow.
pub fn menu_frame(ui: &Ui) -> Frame {
    let t = Tokens::of(ui);
    Frame::new()
        .fill(t.bg_panel)
        .stroke(Stroke::new(sizes::STROKE, t.line_strong))
        .corner_radius(sizes::RADIUS_L)
        .inner_margin(Margin::same(4))
}

/// One item of a menu.
#[must_use = "show it in a menu"]
pub struct MenuItem<'a> {
    text: &'a str,
    icon: Option<&'a str>,
    key: Option<&'a str>,
    danger: bool,
    checked: Option<bool>,
    blocked: Option<&'a str>,
}

impl<'a> MenuItem<'a> {
    /// An item; its text ends in an ellipsis when a question follows.
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            icon: None,
            key: None,
            danger: false,
            checked: None,
            blocked: None,
        }
    }

    /// An icon before the word.
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// The shortcut at the right.
    pub fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }

    /// It takes something away.
    pub fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// It stands for something that is on or off.
    pub fn checked(mut self, on: bool) -> Self {
        self.checked = Some(on);
        self
    }

    /// With a reason it cannot be chosen.
    pub fn blocked(mut self, reason: Option<&'a str>) -> Self {
        self.blocked = reason;
        self
    }

    /// Draw it; true when it was chosen, which also closes the menu.
    pub fn show(self, ui: &mut Ui) -> bool {
        let enabled = self.blocked.is_none();
        let mut response = ui.add_enabled_ui(enabled, |ui| self.row(ui)).inner;
        if let Some(reason) = self.blocked {
            response = response.on_disabled_hover_text(reason);
        }
        if response.clicked() {
            ui.close();
            return true;
        }
        false
    }

    fn row(&self, ui: &mut Ui) -> Response {
        let t = Tokens::of(ui);
        let color = if self.danger { t.err } else { t.text };
        let text = Type::Body.galley(ui, self.text, color, 320.0);
        let key = self
            .key
            .map(|key| Type::Caption.galley(ui, key, t.text_3, 120.0));
        let wanted = 36.0 + text.size().x + key.as_ref().map_or(8.0, |key| key.size().x + 32.0);
        let width = wanted.max(ui.available_width()).max(180.0);
        let (rect, response) = ui.allocate_exact_size(vec2(width, sizes::ROW), Sense::click());
        response.widget_info(|| match self.checked {
            Some(on) => {
                WidgetInfo::selected(Role::MenuItemCheckBox, ui.is_enabled(), on, self.text)
            }
            None => WidgetInfo::labeled(Role::MenuItem, ui.is_enabled(), self.text),
        });
        if ui.is_enabled() && (response.hovered() || response.has_focus()) {
            boxed(ui.painter(), rect, sizes::RADIUS_S, t.bg_hover, t.bg_hover);
        }
        let icon = match self.checked {
            Some(true) => Some(theme::icons::CHECK),
            Some(false) => None,
            None => self.icon,
        };
        if let Some(icon) = icon {
            let color = if self.danger { t.err } else { t.text_2 };
            theme::icon(
                ui.painter(),
                pos2(rect.left() + 16.0, rect.center().y),
                icon,
                15.0,
                color,
            );
        }
        place(
            ui.painter(),
            text,
            rect.with_min_x(rect.left() + 32.0),
            Align2::LEFT_CENTER,
        );
        if let Some(key) = key {
            place(
                ui.painter(),
                key,
                rect.with_max_x(rect.right() - 10.0),
                Align2::RIGHT_CENTER,
            );
        }
        focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        response.on_hover_cursor(CursorIcon::PointingHand)
    }
}

/// The menu of a button: opens below it on a click.
pub fn menu<R>(
    button: &Response,
    ui: &Ui,
    name: &str,
    contents: impl FnOnce(&mut Ui) -> R,
) -> Option<R> {
    Popup::menu(button)
        .accessible_name(name)
        .frame(menu_frame(ui))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui)
        })
        .map(|inner| inner.inner)
}

/// The menu of a row: a right click, or `Shift F10` while the row's widget has the focus.
pub fn row_menu<R>(
    row: &Response,
    ui: &Ui,
    name: &str,
    contents: impl FnOnce(&mut Ui) -> R,
) -> Option<R> {
    let id = row.id.with("menu");
    let asked = row.secondary_clicked()
        || (row.has_focus()
            && ui.input(|input| input.modifiers.shift && input.key_pressed(egui::Key::F10)));
    if asked {
        Popup::open_id(ui.ctx(), id);
        let pointer = row.secondary_clicked().then(|| row.interact_pointer_pos());
        ui.data_mut(|data| data.insert_temp(id, pointer.flatten()));
    }
    // Where the pointer was; below the row for a menu that was opened by a key.
    let pointer: Option<Pos2> = ui.data(|data| data.get_temp(id)).flatten();
    let below = row.rect.left_bottom() + vec2(24.0, 0.0);
    if !Popup::is_id_open(ui.ctx(), id) {
        ui.data_mut(|data| data.remove::<Option<Pos2>>(id));
    }
    Popup::from_response(row)
        .id(id)
        .open_memory(None)
        .accessible_name(name)
        .frame(menu_frame(ui))
        .at_position(pointer.unwrap_or(below))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui)
        })
        .map(|inner| inner.inner)
}

/// A hairline between groups of items.
pub fn menu_rule(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
    ui.painter().hline(
        rect.x_range(),
        rect.center().y.round() + 0.5,
        Stroke::new(1.0, t.line),
    );
}
