//! Parameters: chips of key and value; the chosen one is edited below them.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{FormEdit, Parameter};

use super::fields::{row, shares};
use super::{Act, Form};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, TextField};

/// The parameter that is being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParameterEdit {
    /// `model.parameters` or `datasets[n].parameters`.
    owner: String,
    /// Its key in the text; `None` for a new one.
    key: Option<String>,
    new_key: String,
    yaml: String,
    nested: bool,
    fresh: bool,
}

impl Form<'_> {
    pub(super) fn parameters(
        &mut self,
        ui: &mut Ui,
        owner: &str,
        parameters: &[Parameter],
        saved: Option<&[Parameter]>,
    ) {
        let t = Tokens::of(ui);
        row(ui, |ui| {
            ui.set_height(sizes::HIT_MIN);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                widgets::label(ui, Type::Small, t.text_2, "Parameters");
                if !parameters.is_empty() {
                    widgets::label(ui, Type::Small, t.text_3, &parameters.len().to_string());
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if owner == "model.parameters"
                        && ui
                            .add(
                                Button::link("Fill from run…")
                                    .icon(icons::CHART_LINE)
                                    .small(),
                            )
                            .clicked()
                    {
                        self.acts.push(Act::FillFromRun(owner.to_owned()));
                    }
                });
            });
        });
        let mut chosen = None;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(sizes::SPACE_2, sizes::SPACE_2);
            for parameter in parameters {
                let changed = saved.is_some_and(|saved| !saved.contains(parameter));
                let open = self.state.parameter.as_ref().is_some_and(|edit| {
                    edit.owner == owner && edit.key.as_ref() == Some(&parameter.key)
                });
                if chip(ui, parameter, changed || open) {
                    chosen = Some(ParameterEdit {
                        owner: owner.to_owned(),
                        key: Some(parameter.key.clone()),
                        new_key: parameter.key.clone(),
                        yaml: parameter.yaml.clone(),
                        nested: parameter.nested,
                        fresh: true,
                    });
                }
            }
            if ui
                .add(Button::icon_only(icons::PLUS, "Add parameter").small())
                .clicked()
            {
                chosen = Some(ParameterEdit {
                    owner: owner.to_owned(),
                    key: None,
                    new_key: String::new(),
                    yaml: String::new(),
                    nested: false,
                    fresh: true,
                });
            }
        });
        if let Some(chosen) = chosen {
            let again = self
                .state
                .parameter
                .as_ref()
                .is_some_and(|edit| edit.owner == chosen.owner && edit.key == chosen.key);
            self.state.parameter = (!again).then_some(chosen);
        }
        if self
            .state
            .parameter
            .as_ref()
            .is_some_and(|edit| edit.owner == owner)
        {
            self.parameter_edit(ui, parameters);
        }
    }

    fn parameter_edit(&mut self, ui: &mut Ui, parameters: &[Parameter]) {
        let Some(mut edit) = self.state.parameter.take() else {
            return;
        };
        let taken = edit.key.as_ref() != Some(&edit.new_key)
            && parameters
                .iter()
                .any(|parameter| parameter.key == edit.new_key);
        let error = taken.then(|| format!("`{}` is there already.", edit.new_key));
        let key_id = self.id(&format!("{}.key", edit.owner));
        let yaml_id = self.id(&format!("{}.value", edit.owner));
        let mut done = false;
        let mut close = false;
        let mut remove = false;
        let fill = Tokens::of(ui).bg_raised;
        let fresh = edit.fresh;
        let frame = egui::Frame::new()
            .fill(fill)
            .corner_radius(sizes::RADIUS_M)
            .inner_margin(egui::Margin::same(8))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = sizes::SPACE_3;
                ui.set_width(ui.available_width());
                let [key_width, value_width] = shares(ui, [1.0, 2.0]);
                let several = edit.nested || edit.yaml.contains('\n');
                row(ui, |ui| {
                    let key = TextField::new(&mut edit.new_key)
                        .label("Key")
                        .mono()
                        .id(key_id)
                        .width(key_width)
                        .error(error.as_deref())
                        .show(ui);
                    if edit.fresh && edit.key.is_none() {
                        key.response.request_focus();
                    }
                    done |= key.submitted;
                    if key.response.has_focus() {
                        self.focused = Some(format!("{}.key", edit.owner));
                    }
                    if !several {
                        let value = TextField::new(&mut edit.yaml)
                            .label("Value")
                            .note("as in YAML")
                            .mono()
                            .id(yaml_id)
                            .width(value_width)
                            .show(ui);
                        if edit.fresh && edit.key.is_some() {
                            value.response.request_focus();
                        }
                        done |= value.submitted;
                        if value.response.has_focus() {
                            self.focused = Some(format!("{}.value", edit.owner));
                        }
                    }
                });
                if several {
                    ui.push_id("value", |ui| {
                        widgets::text_area(ui, &mut edit.yaml, "Value", 5, true)
                    });
                }
                edit.fresh = false;
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = sizes::SPACE_2;
                    let reason = if taken {
                        Some("The key is there already")
                    } else if edit.new_key.trim().is_empty() {
                        Some("It needs a key")
                    } else {
                        None
                    };
                    done |= ui
                        .add(Button::neutral("Apply").small().blocked(reason))
                        .clicked();
                    done &= reason.is_none();
                    close |= ui.add(Button::ghost("Cancel").small()).clicked();
                    if edit.key.is_some() {
                        remove |= ui
                            .add(Button::ghost("Remove parameter").icon(icons::TRASH).small())
                            .clicked();
                    }
                    if !several
                        && ui
                            .add(Button::ghost("Several lines").icon(icons::ROWS).small())
                            .clicked()
                    {
                        edit.nested = true;
                    }
                });
            });
        if fresh {
            ui.scroll_to_rect(frame.response.rect.expand(12.0), None);
        }
        if remove && let Some(key) = &edit.key {
            self.push(vec![FormEdit::RemoveParameter {
                path: edit.owner.clone(),
                key: key.clone(),
            }]);
        } else if done {
            self.push(edits(&edit, parameters));
        } else if !close {
            self.state.parameter = Some(edit);
        }
    }
}

/// One deed: the key first, then the value if it is another.
fn edits(edit: &ParameterEdit, parameters: &[Parameter]) -> Vec<FormEdit> {
    let mut edits = Vec::new();
    let new_key = edit.new_key.trim().to_owned();
    if let Some(key) = &edit.key
        && *key != new_key
    {
        edits.push(FormEdit::RenameParameter {
            path: edit.owner.clone(),
            key: key.clone(),
            new_key: new_key.clone(),
        });
    }
    let old = parameters
        .iter()
        .find(|parameter| Some(&parameter.key) == edit.key.as_ref());
    if old.is_none_or(|old| old.yaml != edit.yaml) {
        edits.push(FormEdit::SetParameter {
            path: edit.owner.clone(),
            key: new_key,
            yaml: edit.yaml.clone(),
        });
    }
    edits
}

/// A chip: key and value in two boxes.
fn chip(ui: &mut Ui, parameter: &Parameter, lit: bool) -> bool {
    let t = Tokens::of(ui);
    let most = (ui.max_rect().width() * 0.5).max(120.0);
    let key = Type::Mono.galley(
        ui,
        &crate::format::printable(&parameter.key),
        t.text_2,
        most,
    );
    let value = Type::Mono.galley(ui, &crate::format::printable(&parameter.yaml), t.text, most);
    let key_width = key.size().x + 14.0;
    let size = vec2(key_width + value.size().x + 14.0, sizes::HIT_MIN);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let spoken = format!("Parameter {}: {}", parameter.key, parameter.yaml);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &spoken));
    let edge = if lit { t.info } else { t.line_strong };
    let back = if response.hovered() {
        t.bg_hover
    } else {
        t.bg_raised
    };
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_S, back, edge);
    let right = Rect::from_min_max(
        pos2(rect.left() + key_width, rect.top() + 1.0),
        rect.max - vec2(1.0, 1.0),
    );
    ui.painter().rect_filled(right, 0.0, t.bg_input);
    ui.painter().vline(
        rect.left() + key_width,
        rect.shrink(1.0).y_range(),
        egui::Stroke::new(sizes::STROKE, edge),
    );
    widgets::place(
        ui.painter(),
        key,
        rect.with_min_x(rect.left() + 7.0),
        Align2::LEFT_CENTER,
    );
    widgets::place(
        ui.painter(),
        value,
        rect.with_min_x(rect.left() + key_width + 7.0),
        Align2::LEFT_CENTER,
    );
    widgets::focus_ring(ui, rect, sizes::RADIUS_S, &response);
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_text(spoken)
        .clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_and_setting_is_one_deed() {
        let parameters = [Parameter {
            key: "lr".into(),
            yaml: "0.1".into(),
            nested: false,
        }];
        let mut edit = ParameterEdit {
            owner: "model.parameters".into(),
            key: Some("lr".into()),
            new_key: "learning_rate".into(),
            yaml: "0.1".into(),
            nested: false,
            fresh: false,
        };
        assert_eq!(edits(&edit, &parameters).len(), 1, "the value is as it was");
        edit.yaml = "0.2".into();
        assert!(matches!(
            edits(&edit, &parameters).as_slice(),
            [FormEdit::RenameParameter { .. }, FormEdit::SetParameter { key, .. }] if key == "learning_rate"
        ));
    }
}
