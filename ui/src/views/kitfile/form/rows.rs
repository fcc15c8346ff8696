//! Entries of a list: a row each, with its fields below it once it is unfolded.

use egui::{
    Align, Align2, Color32, Key, Layout, Modifiers, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo,
    pos2, vec2,
};
use kitbench_protocol::{EntryForm, FormEdit, PathState};

use super::fields::{Field, LICENSES, PART_TYPES, row, shares};
use super::{Act, Form, Target};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::views::kitfile::model::{self, List, Section, Spot};
use crate::widgets::{self, Button, MenuItem};

/// What a row was asked to do.
#[derive(Default)]
struct Asked {
    toggle: bool,
    remove: bool,
    browse: bool,
    to: Option<usize>,
}

impl Form<'_> {
    pub(super) fn rows(&mut self, ui: &mut Ui, list: List, entries: &[EntryForm]) {
        let mut rects = Vec::with_capacity(entries.len());
        let mut unfolded = false;
        for (index, entry) in entries.iter().enumerate() {
            let open = self.state.row == Some((list, index));
            let top = ui.cursor().min.y;
            let asked = self.row_ui(ui, list, index, entry, entries.len(), open);
            let path = format!("{}[{index}]", list.path());
            if asked.toggle {
                self.state.row = (!open).then_some((list, index));
                unfolded |= !open;
            }
            if asked.browse {
                self.acts
                    .push(Act::Choose(Target::Field(format!("{path}.path"))));
            }
            if asked.remove {
                self.state.row = None;
                self.push(vec![FormEdit::Remove { path: path.clone() }]);
            } else if let Some(to) = asked.to {
                self.move_row(list, index, to);
            }
            if open {
                widgets::inset(ui, sizes::SPACE_4, |ui| {
                    self.entry_fields(ui, list, index, entry)
                });
                widgets::rule(ui);
            }
            let problems = self.problems_at(Spot::Row(list, index));
            self.strips(ui, &problems, true);
            let rect = Rect::from_min_max(
                pos2(ui.max_rect().left(), top),
                pos2(ui.max_rect().right(), ui.cursor().min.y),
            );
            if open && std::mem::take(&mut self.state.reveal_row) {
                ui.scroll_to_rect(rect.expand(8.0), None);
            }
            self.scroll_here(ui, Spot::Row(list, index), rect);
            rects.push(rect);
        }
        if unfolded {
            self.state.reveal_row = true;
            ui.ctx().request_repaint();
        }
        self.drag(ui, list, &rects);
    }

    fn move_row(&mut self, list: List, from: usize, to: usize) {
        if from == to {
            return;
        }
        if self.state.row == Some((list, from)) {
            self.state.row = Some((list, to));
        }
        self.push(vec![FormEdit::Move {
            path: format!("{}[{from}]", list.path()),
            to: to as u32,
        }]);
    }

    /// A row that is held by its handle lands where it is let go.
    fn drag(&mut self, ui: &Ui, list: List, rects: &[Rect]) {
        let Some((dragged, from)) = self.state.drag else {
            return;
        };
        if dragged != list {
            return;
        }
        let Some(pointer) = ui.ctx().pointer_latest_pos() else {
            self.state.drag = None;
            return;
        };
        let over = rects
            .iter()
            .filter(|rect| pointer.y > rect.center().y)
            .count();
        // Taking the row away moves those behind it up.
        let to = if over > from { over - 1 } else { over };
        if ui.input(|input| input.pointer.any_released() || !input.pointer.any_down()) {
            self.state.drag = None;
            if let Some(last) = rects.len().checked_sub(1) {
                self.move_row(list, from, to.min(last));
            }
            return;
        }
        let t = Tokens::of(ui);
        let y = match rects.get(over) {
            Some(rect) => rect.top(),
            None => rects.last().map_or(pointer.y, |rect| rect.bottom()),
        };
        if let Some(first) = rects.first() {
            ui.painter()
                .hline(first.x_range(), y, egui::Stroke::new(2.0, t.accent_line));
        }
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        list: List,
        index: usize,
        entry: &EntryForm,
        count: usize,
        open: bool,
    ) -> Asked {
        let t = Tokens::of(ui);
        let mut asked = Asked::default();
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), sizes::ROW), Sense::hover());
        let id = egui::Id::unique(("kitfile row", self.editor.project().0, list, index));
        let response = ui.interact(rect, id, Sense::click());
        let title = model::entry_title(entry);
        let state = model::path_words(&entry.path_state);
        let spoken: Vec<&str> = [
            title.as_str(),
            entry.path.as_str(),
            entry.part_type.as_str(),
            state.as_ref().map_or("", |(_, words)| words.as_str()),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
        let spoken = spoken.join(", ");
        response
            .widget_info(|| WidgetInfo::selected(Role::ListItem, ui.is_enabled(), open, &spoken));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(open));
        if open {
            ui.painter().rect_filled(rect, 0.0, t.accent_bg);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, t.bg_hover);
        }
        ui.painter().hline(
            rect.x_range(),
            rect.bottom() - 0.5,
            egui::Stroke::new(sizes::STROKE, t.line),
        );
        self.handle(ui, rect, id, list, index, &title);
        let missing = matches!(entry.path_state, PathState::Missing);
        let color = self.color(ui, list.layer());
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 44.0, rect.center().y),
            list.layer().icon(),
            sizes::ICON_S,
            color,
        );
        let mut bar = ui.new_child(
            UiBuilder::new()
                .id_salt(("buttons", list, index))
                .max_rect(rect.shrink2(vec2(sizes::SPACE_2, 0.0)))
                .layout(Layout::right_to_left(Align::Center)),
        );
        bar.spacing_mut().item_spacing.x = 0.0;
        let remove = Button::icon_only(icons::TRASH, format!("Remove {title}")).small();
        asked.remove |= bar.add(remove).clicked();
        let browse =
            Button::icon_only(icons::FOLDER_OPEN, format!("Choose the path of {title}")).small();
        asked.browse |= bar.add(browse).clicked();
        let mut right = bar.min_rect().left() - 8.0;
        if let Some((good, words)) = &state {
            let words = if *good {
                words.rsplit(", ").next().unwrap_or(words)
            } else {
                words
            };
            let (role, color) = if *good {
                (Type::Mono, t.text)
            } else {
                (Type::Small, t.err)
            };
            let (placed, _) = widgets::line(
                ui,
                rect.with_max_x(right),
                role,
                color,
                words,
                Align2::RIGHT_CENTER,
            );
            let (icon, color) = if *good {
                (icons::CHECK, t.ok)
            } else {
                (icons::X_CIRCLE, t.err)
            };
            theme::icon(
                ui.painter(),
                pos2(placed.left() - 11.0, rect.center().y),
                icon,
                13.0,
                color,
            );
            right = placed.left() - 26.0;
        }
        let names = Rect::from_min_max(
            pos2(rect.left() + 58.0, rect.top()),
            pos2(right, rect.bottom()),
        );
        let name_width = if list.is_named() { 0.3 } else { 0.36 };
        let name = names.with_max_x(names.left() + names.width() * name_width);
        widgets::line(ui, name, Type::Body, t.text, &title, Align2::LEFT_CENTER);
        let mut path = names.with_min_x(name.right() + 10.0);
        if !entry.part_type.is_empty() {
            let kind = path.with_min_x(path.right() - path.width() * 0.3);
            widgets::line(
                ui,
                kind,
                Type::Small,
                t.text_2,
                &entry.part_type,
                Align2::LEFT_CENTER,
            );
            path.max.x = kind.left() - 8.0;
        }
        let path_color: Color32 = if missing { t.err } else { t.text_2 };
        widgets::line(
            ui,
            path,
            Type::Mono,
            path_color,
            &entry.path,
            Align2::LEFT_CENTER,
        );
        widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
        asked.toggle |= response.clicked();
        if response.has_focus() {
            ui.input_mut(|input| {
                if input.consume_key(Modifiers::ALT, Key::ArrowUp) {
                    asked.to = index.checked_sub(1);
                }
                if input.consume_key(Modifiers::ALT, Key::ArrowDown) && index + 1 < count {
                    asked.to = Some(index + 1);
                }
                asked.remove |= input.consume_key(Modifiers::NONE, Key::Delete);
            });
            if let Some(to) = asked.to {
                let to = egui::Id::unique(("kitfile row", self.editor.project().0, list, to));
                ui.memory_mut(|memory| memory.request_focus(to));
            }
        }
        widgets::row_menu(&response, ui, &title, |ui| {
            let words = if open {
                "Hide its fields"
            } else {
                "Edit its fields"
            };
            asked.toggle |= MenuItem::new(words).icon(icons::PENCIL_SIMPLE).show(ui);
            asked.browse |= MenuItem::new("Choose its path…")
                .icon(icons::FOLDER_OPEN)
                .show(ui);
            let first = (index == 0).then_some("It is the first");
            if MenuItem::new("Move up")
                .icon(icons::ARROW_UP)
                .key("Alt Up")
                .blocked(first)
                .show(ui)
            {
                asked.to = index.checked_sub(1);
            }
            let last = (index + 1 == count).then_some("It is the last");
            if MenuItem::new("Move down")
                .icon(icons::ARROW_DOWN)
                .key("Alt Down")
                .blocked(last)
                .show(ui)
            {
                asked.to = Some(index + 1);
            }
            asked.remove |= MenuItem::new("Remove").icon(icons::TRASH).danger().show(ui);
        });
        asked
    }

    fn handle(&mut self, ui: &Ui, rect: Rect, id: egui::Id, list: List, index: usize, title: &str) {
        let t = Tokens::of(ui);
        let area = Rect::from_center_size(
            pos2(rect.left() + 16.0, rect.center().y),
            vec2(24.0, rect.height()),
        );
        let handle = ui.interact(area, id.with("handle"), Sense::drag());
        handle.widget_info(|| {
            WidgetInfo::labeled(Role::Button, ui.is_enabled(), format!("Move {title}"))
        });
        let color = if handle.hovered() { t.text_2 } else { t.text_3 };
        theme::icon(
            ui.painter(),
            area.center(),
            icons::DOTS_SIX_VERTICAL,
            14.0,
            color,
        );
        if handle.drag_started() {
            self.state.drag = Some((list, index));
        }
        handle
            .on_hover_cursor(egui::CursorIcon::Grab)
            .on_hover_text("Drag to reorder, or press Alt Up and Alt Down on the row");
    }

    fn entry_fields(&mut self, ui: &mut Ui, list: List, index: usize, entry: &EntryForm) {
        let at = |key: &str| format!("{}[{index}].{key}", list.path());
        match list {
            List::Parts => {
                let [name, kind, license] = shares(ui, [3.0, 2.0, 2.0]);
                row(ui, |ui| {
                    self.field(
                        ui,
                        &Field {
                            width: name,
                            ..Field::new(at("name"), "Name", &entry.name)
                        },
                    );
                    self.field(
                        ui,
                        &Field {
                            width: kind,
                            choices: &PART_TYPES,
                            ..Field::new(at("type"), "Type", &entry.part_type)
                        },
                    );
                    self.field(
                        ui,
                        &Field {
                            width: license,
                            choices: &LICENSES,
                            ..Field::new(at("license"), "License", &entry.license)
                        },
                    );
                });
            }
            List::Of(Section::Datasets) => {
                let [name, license] = shares(ui, [5.0, 2.0]);
                row(ui, |ui| {
                    self.field(
                        ui,
                        &Field {
                            width: name,
                            ..Field::new(at("name"), "Name", &entry.name)
                        },
                    );
                    self.field(
                        ui,
                        &Field {
                            width: license,
                            choices: &LICENSES,
                            ..Field::new(at("license"), "License", &entry.license)
                        },
                    );
                });
            }
            List::Of(Section::Prompts | Section::McpServers) => {
                self.field(ui, &Field::new(at("name"), "Name", &entry.name));
            }
            List::Of(_) => {}
        }
        self.path_field(
            ui,
            &Field::new(at("path"), "Path", &entry.path),
            &entry.path_state,
        );
        match list {
            List::Parts => {}
            List::Of(Section::Code) => {
                let [description, license] = shares(ui, [5.0, 2.0]);
                row(ui, |ui| {
                    self.field(
                        ui,
                        &Field {
                            width: description,
                            ..Field::new(at("description"), "Description", &entry.description)
                        },
                    );
                    self.field(
                        ui,
                        &Field {
                            width: license,
                            choices: &LICENSES,
                            ..Field::new(at("license"), "License", &entry.license)
                        },
                    );
                });
            }
            List::Of(_) => {
                self.field(
                    ui,
                    &Field::new(at("description"), "Description", &entry.description),
                );
            }
        }
        if list == List::Of(Section::Datasets) {
            let [path, hash] = shares(ui, [1.0, 1.0]);
            row(ui, |ui| {
                self.field(
                    ui,
                    &Field {
                        width: path,
                        mono: true,
                        ..Field::new(at("remotePath"), "Remote path", &entry.remote_path)
                    },
                );
                self.field(
                    ui,
                    &Field {
                        width: hash,
                        mono: true,
                        ..Field::new(at("remoteHash"), "Remote hash", &entry.remote_hash)
                    },
                );
            });
            self.parameters(ui, &at("parameters"), &entry.parameters, None);
        }
    }
}
