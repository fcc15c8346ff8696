//! The authors of the package, one field each.

use egui::Ui;

use super::Form;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, TextField};

const PATH: &str = "package.authors";

impl Form<'_> {
    pub(super) fn authors(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        widgets::label(ui, Type::Small, t.text_2, "Authors");
        let mut list = self
            .state
            .authors
            .clone()
            .unwrap_or_else(|| self.form.package.authors.clone());
        let mut removed = None;
        let mut changed = false;
        let mut focused = false;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(sizes::SPACE_3, 4.0);
            for (index, author) in list.iter_mut().enumerate() {
                let path = format!("{PATH}[{index}]");
                let name = format!("Author {}", index + 1);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    let out = TextField::new(author)
                        .name(&name)
                        .id(self.id(&path))
                        .width(210.0)
                        .show(ui);
                    if self.state.focus.as_deref() == Some(&path) {
                        self.state.focus = None;
                        out.response.request_focus();
                    }
                    focused |= out.response.has_focus() || out.response.gained_focus();
                    changed |= out.response.changed();
                    if out.response.has_focus() {
                        self.focused = Some(path);
                    }
                    let remove =
                        Button::icon_only(icons::X, format!("Remove author {}", index + 1)).small();
                    if ui.add(remove).clicked() {
                        removed = Some(index);
                    }
                });
            }
            if ui
                .add(Button::ghost("Add author").icon(icons::PLUS).small())
                .clicked()
            {
                self.state.focus = Some(format!("{PATH}[{}]", list.len()));
                list.push(String::new());
                self.state.authors = Some(list.clone());
                focused = true;
            }
        });
        if let Some(index) = removed {
            list.remove(index);
            changed = true;
        }
        if changed {
            let named = list
                .iter()
                .filter(|author| !author.trim().is_empty())
                .cloned()
                .collect();
            self.editor.set_list(PATH, named);
            self.state.authors = Some(list);
        } else if !focused && self.state.focus.is_none() && !self.editor.is_under_way(PATH) {
            self.state.authors = None;
        }
    }
}
