//! Choosing one of a list: select, and combobox that also takes any text.

use egui::{
    Align2, CursorIcon, Popup, PopupCloseBehavior, Response, Role, ScrollArea, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

use super::field::{FieldResponse, TextField};
use super::menu::menu_frame;
use super::paint::{boxed, focus_ring, label, line};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// A select: shows the chosen one, opens a list. `at` is the index of the chosen one.
/// The response is marked as changed when another was chosen.
pub fn select(ui: &mut Ui, name: &str, at: &mut usize, choices: &[&str], width: f32) -> Response {
    let t = Tokens::of(ui);
    let (rect, mut response) = ui.allocate_exact_size(vec2(width, sizes::FIELD), Sense::click());
    let shown = choices.get(*at).copied().unwrap_or_default();
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, ui.is_enabled(), name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    let fill = if response.hovered() {
        t.bg_hover
    } else {
        t.bg_raised
    };
    boxed(ui.painter(), rect, sizes::RADIUS_M, fill, t.line_strong);
    let text = rect
        .shrink2(vec2(10.0, 0.0))
        .with_max_x(rect.right() - 26.0);
    line(
        ui,
        text,
        Type::BodyStrong,
        t.text,
        shown,
        Align2::LEFT_CENTER,
    );
    theme::icon(
        ui.painter(),
        pos2(rect.right() - 14.0, rect.center().y),
        icons::CARET_DOWN,
        12.0,
        t.text_2,
    );
    focus_ring(ui, rect, sizes::RADIUS_M, &response);
    let response_for_menu = response.clone().on_hover_cursor(CursorIcon::PointingHand);
    let before = *at;
    Popup::menu(&response_for_menu)
        .accessible_name(name)
        .frame(menu_frame(ui))
        .width(width.max(120.0))
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().max_height(280.0).show(ui, |ui| {
                for (i, choice) in choices.iter().enumerate() {
                    if option_row(ui, choice, i == *at).clicked() {
                        *at = i;
                        ui.close();
                    }
                }
            });
        });
    if *at != before {
        response.mark_changed();
    }
    response
}

/// A select with a label above it.
pub fn labeled_select(
    ui: &mut Ui,
    name: &str,
    at: &mut usize,
    choices: &[&str],
    width: f32,
) -> Response {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let t = Tokens::of(ui);
        label(ui, Type::Small, t.text_2, name);
        select(ui, name, at, choices, width)
    })
    .inner
}

/// A row of a list of choices.
pub(super) fn option_row(ui: &mut Ui, text: &str, chosen: bool) -> Response {
    let t = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), sizes::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, text));
    if response.hovered() || response.has_focus() {
        boxed(ui.painter(), rect, sizes::RADIUS_S, t.bg_hover, t.bg_hover);
    }
    let color = if chosen { t.accent_text } else { t.text };
    line(
        ui,
        rect.shrink2(vec2(8.0, 0.0)).with_max_x(rect.right() - 24.0),
        Type::Body,
        color,
        text,
        Align2::LEFT_CENTER,
    );
    if chosen {
        theme::icon(
            ui.painter(),
            pos2(rect.right() - 14.0, rect.center().y),
            icons::CHECK,
            13.0,
            color,
        );
    }
    focus_ring(ui, rect.shrink(1.0), sizes::RADIUS_S, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A combobox: a text field that offers known values but takes any.
///
/// Pass a prepared [`TextField`] and the known values; the list shows those that
/// contain what is typed.
pub fn combobox<'a>(
    ui: &mut Ui,
    id_salt: &str,
    text: &'a mut String,
    choices: &[&str],
    prepare: impl FnOnce(TextField<'a>) -> TextField<'a>,
) -> FieldResponse {
    let popup = ui.scope_id().with((id_salt, "choices"));
    let picked_at = popup.with("picked");
    let typed = text.clone();
    let picked: Option<String> = ui.data_mut(|data| data.remove_temp(picked_at));
    if let Some(picked) = &picked {
        picked.clone_into(text);
    }
    let mut field = prepare(TextField::new(text).with_caret()).show(ui);
    ui.ctx().accesskit_node_builder(field.response.id, |node| {
        node.set_role(Role::EditableComboBox);
    });
    if picked.is_some_and(|picked| picked != typed) {
        field.response.mark_changed();
    }
    if field.button_clicked {
        Popup::toggle_id(ui.ctx(), popup);
    }
    if field.response.has_focus()
        && ui.input(|input| input.modifiers.alt && input.key_pressed(egui::Key::ArrowDown))
    {
        Popup::open_id(ui.ctx(), popup);
    }
    let needle = typed.to_lowercase();
    let exact = choices
        .iter()
        .any(|choice| choice.eq_ignore_ascii_case(&typed));
    let shown: Vec<&&str> = choices
        .iter()
        .filter(|choice| exact || needle.is_empty() || choice.to_lowercase().contains(&needle))
        .collect();
    let width = field.rect.width();
    let anchor = field.response.clone().with_new_rect(field.rect);
    Popup::from_response(&anchor)
        .id(popup)
        .open_memory(None)
        .accessible_name("Choices")
        .frame(menu_frame(ui))
        .width(width.max(140.0))
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if shown.is_empty() {
                let t = Tokens::of(ui);
                label(
                    ui,
                    Type::Small,
                    t.text_3,
                    "No known value contains this; it is taken as typed.",
                );
            }
            ScrollArea::vertical().max_height(240.0).show(ui, |ui| {
                for choice in shown {
                    if option_row(ui, choice, typed == **choice).clicked() {
                        ui.data_mut(|data| data.insert_temp(picked_at, (*choice).to_string()));
                        Popup::close_id(ui.ctx(), popup);
                        ui.ctx().request_repaint();
                    }
                }
            });
        });
    field
}
