//! The cards: package, model and the lists.

use egui::{Align, Align2, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use kitbench_protocol::FormEdit;

use super::fields::{FORMATS, FRAMEWORKS, Field, LICENSES, row, shares};
use super::{Act, Form, Target};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::views::kitfile::model::{self, List, Section, Spot, Tally};
use crate::views::kitfile::tree::TreePath;
use crate::widgets::{self, Button, Mark};

impl Form<'_> {
    pub(super) fn cards(&mut self, ui: &mut Ui) {
        self.package(ui);
        self.model(ui);
        // Folded cards stand beside each other, up to three in a row.
        let mut folded: Vec<Section> = Vec::new();
        for section in &Section::ALL[2..] {
            if self.is_open(*section) {
                self.folded(ui, &folded);
                folded.clear();
                self.list_card(ui, *section);
            } else {
                folded.push(*section);
            }
        }
        self.folded(ui, &folded);
    }

    fn folded(&mut self, ui: &mut Ui, sections: &[Section]) {
        let in_a_row = if ui.available_width() > 520.0 { 3 } else { 2 };
        for chunk in sections.chunks(in_a_row) {
            let width = (ui.available_width() - sizes::SPACE_3 * (chunk.len() as f32 - 1.0))
                / chunk.len() as f32;
            row(ui, |ui| {
                for section in chunk {
                    ui.allocate_ui_with_layout(
                        vec2(width.floor(), sizes::CARD_HEAD),
                        Layout::top_down(Align::Min),
                        |ui| {
                            ui.set_width(width.floor());
                            self.list_card(ui, *section);
                        },
                    );
                }
            });
        }
    }

    /// A card that folds. `right` draws what stands at the right of its head, from the right edge.
    fn card(
        &mut self,
        ui: &mut Ui,
        section: Section,
        note: Option<&str>,
        right: impl FnOnce(&mut Self, &mut Ui),
        contents: impl FnOnce(&mut Self, &mut Ui),
    ) {
        let open = self.is_open(section);
        let from = ui.cursor().min;
        let out = widgets::outlined(ui, |ui| {
            let clicked = self.head(ui, section, open, note, right);
            if open {
                contents(self, ui);
            }
            clicked
        });
        let whole = Rect::from_min_max(from, pos2(ui.max_rect().right(), ui.cursor().min.y));
        self.scroll_here(ui, Spot::In(section), whole);
        self.drop_here(ui, section, whole);
        if out {
            self.state.folds.insert(section, !open);
        }
    }

    fn head(
        &mut self,
        ui: &mut Ui,
        section: Section,
        open: bool,
        note: Option<&str>,
        right: impl FnOnce(&mut Self, &mut Ui),
    ) -> bool {
        let t = Tokens::of(ui);
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), sizes::CARD_HEAD), Sense::hover());
        let id = egui::Id::unique(("kitfile card", self.editor.project().0, section));
        let response = ui.interact(rect, id, Sense::click());
        let lower = if open { 0 } else { 5 };
        let corner = egui::CornerRadius {
            nw: 5,
            ne: 5,
            sw: lower,
            se: lower,
        };
        let back = if response.hovered() {
            t.bg_hover
        } else {
            t.bg_raised
        };
        ui.painter().rect_filled(rect.shrink(1.0), corner, back);
        if open {
            ui.painter().hline(
                rect.x_range(),
                rect.bottom() - 0.5,
                egui::Stroke::new(sizes::STROKE, t.line),
            );
        }
        response.widget_info(|| {
            WidgetInfo::labeled(Role::DisclosureTriangle, ui.is_enabled(), section.word())
        });
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(open));
        let caret = if open {
            icons::CARET_DOWN
        } else {
            icons::CARET_RIGHT
        };
        let y = rect.center().y;
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 18.0, y),
            caret,
            12.0,
            t.text_2,
        );
        let (icon, color) = match section {
            Section::Package => (icons::PACKAGE, t.text_2),
            _ => (section.layer().icon(), self.color(ui, section.layer())),
        };
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 40.0, y),
            icon,
            sizes::ICON,
            color,
        );
        let (placed, _) = widgets::line(
            ui,
            rect.with_min_x(rect.left() + 55.0),
            Type::BodyBold,
            t.text,
            section.word(),
            Align2::LEFT_CENTER,
        );
        if let Some(note) = note {
            widgets::line(
                ui,
                rect.with_min_x(placed.right() + 8.0)
                    .with_max_x(rect.right() - 90.0),
                Type::Small,
                t.text_3,
                note,
                Align2::LEFT_CENTER,
            );
        }
        let mut bar = ui.new_child(
            UiBuilder::new()
                .max_rect(rect.shrink2(vec2(sizes::SPACE_3, 0.0)))
                .layout(Layout::right_to_left(Align::Center)),
        );
        bar.spacing_mut().item_spacing.x = sizes::SPACE_2;
        right(self, &mut bar);
        let tally = Tally::of(self.problems.iter().filter(|problem| {
            model::spot(&problem.path, Some(&self.form)).section() == Some(section)
        }));
        if let Some(words) = tally.error_words() {
            widgets::mark(&mut bar, Mark::Failed, &words);
        } else if let Some(words) = tally.warning_words() {
            widgets::mark(&mut bar, Mark::Attention, &words);
        }
        widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        response
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .clicked()
    }

    /// A row of the tree that is let go over a card becomes an entry of it.
    fn drop_here(&mut self, ui: &mut Ui, section: Section, rect: Rect) {
        let Some(payload) = egui::DragAndDrop::payload::<TreePath>(ui.ctx()) else {
            return;
        };
        let Some(pointer) = ui.ctx().pointer_latest_pos() else {
            return;
        };
        if section == Section::Package
            || !rect.contains(pointer)
            || !ui.clip_rect().contains(pointer)
        {
            return;
        }
        let t = Tokens::of(ui);
        widgets::boxed(
            ui.painter(),
            rect,
            sizes::RADIUS_L,
            egui::Color32::TRANSPARENT,
            t.accent_line,
        );
        if ui.input(|input| input.pointer.any_released()) {
            egui::DragAndDrop::clear_payload(ui.ctx());
            let edits = self.edits_for_section(section, &payload.0);
            self.push(edits);
        }
    }

    fn edits_for_section(&self, section: Section, path: &str) -> Vec<FormEdit> {
        edits_for_section(section, path, self.form.model.is_some())
    }

    fn package(&mut self, ui: &mut Ui) {
        let form = self.form.clone();
        let saved = self.saved.clone();
        let saved = saved.as_deref().map(|saved| &saved.package);
        let package = &form.package;
        self.card(
            ui,
            Section::Package,
            None,
            |_, _| {},
            |this, ui| {
                widgets::inset(ui, sizes::SPACE_4, |ui| {
                    let mut left = this.problems_at(Spot::In(Section::Package));
                    let [name, version, license] = shares(ui, [5.0, 1.6, 2.4]);
                    row(ui, |ui| {
                        this.field(
                            ui,
                            &Field {
                                note: "required",
                                saved: saved.map(|saved| saved.name.as_str()),
                                width: name,
                                ..Field::new("package.name", "Name", &package.name)
                            },
                        );
                        this.field(
                            ui,
                            &Field {
                                mono: true,
                                saved: saved.map(|saved| saved.version.as_str()),
                                width: version,
                                ..Field::new("package.version", "Version", &package.version)
                            },
                        );
                        this.field(
                            ui,
                            &Field {
                                choices: &LICENSES,
                                saved: saved.map(|saved| saved.license.as_str()),
                                width: license,
                                ..Field::new("package.license", "License", &package.license)
                            },
                        );
                    });
                    this.strips_of(
                        ui,
                        &mut left,
                        &["package.name", "package.version", "package.license"],
                    );
                    this.field(
                        ui,
                        &Field {
                            saved: saved.map(|saved| saved.description.as_str()),
                            ..Field::new("package.description", "Description", &package.description)
                        },
                    );
                    this.strips_of(ui, &mut left, &["package.description"]);
                    this.authors(ui);
                    this.strips(ui, &left, false);
                });
            },
        );
    }

    /// Strips of the problems about these fields; the others are left.
    fn strips_of(
        &mut self,
        ui: &mut Ui,
        left: &mut Vec<kitbench_protocol::KitfileProblem>,
        fields: &[&str],
    ) {
        let (here, rest) = std::mem::take(left)
            .into_iter()
            .partition::<Vec<_>, _>(|problem| {
                fields
                    .iter()
                    .any(|field| model::is_within(&problem.path, field))
            });
        *left = rest;
        self.strips(ui, &here, false);
    }

    fn model(&mut self, ui: &mut Ui) {
        let form = self.form.clone();
        let note = model::model_note(&form);
        self.card(
            ui,
            Section::Model,
            note.as_deref(),
            |this, ui| {
                let add = ui.add(
                    Button::ghost("Add")
                        .name("Add to Model")
                        .icon(icons::PLUS)
                        .small(),
                );
                widgets::menu(&add, ui, "Add to Model", |ui| {
                    if this.form.model.is_none() {
                        if widgets::MenuItem::new("Model file…")
                            .icon(icons::CUBE)
                            .show(ui)
                        {
                            this.acts
                                .push(Act::Choose(Target::Field("model.path".to_owned())));
                        }
                    } else if widgets::MenuItem::new("Part…")
                        .icon(icons::PUZZLE_PIECE)
                        .show(ui)
                    {
                        this.acts.push(Act::Choose(Target::Append(List::Parts)));
                    }
                });
                if this.form.model.is_some() {
                    let more =
                        ui.add(Button::icon_only(icons::DOTS_THREE, "More for Model").small());
                    widgets::menu(&more, ui, "Model", |ui| {
                        let remove = widgets::MenuItem::new("Remove the model section")
                            .icon(icons::TRASH)
                            .danger();
                        if remove.show(ui) {
                            this.push(vec![FormEdit::Remove {
                                path: "model".to_owned(),
                            }]);
                        }
                    });
                }
            },
            |this, ui| {
                let Some(model) = &form.model else {
                    widgets::inset(ui, sizes::SPACE_4, |ui| {
                        let t = Tokens::of(ui);
                        widgets::paragraph(
                            ui,
                            Type::Small,
                            t.text_3,
                            "No model. Add one, or drag a file here.",
                        );
                        let left = this.problems_at(Spot::In(Section::Model));
                        this.strips(ui, &left, false);
                    });
                    return;
                };
                this.model_fields(ui, model);
            },
        );
    }

    fn model_fields(&mut self, ui: &mut Ui, model: &kitbench_protocol::ModelForm) {
        let saved = self.saved.clone();
        let saved = saved.as_deref().and_then(|saved| saved.model.as_ref());
        let mut left = self.problems_at(Spot::In(Section::Model));
        widgets::inset(ui, sizes::SPACE_4, |ui| {
            let [name, framework, version, license] = shares(ui, [4.0, 2.3, 1.5, 2.1]);
            row(ui, |ui| {
                self.field(
                    ui,
                    &Field {
                        saved: saved.map(|saved| saved.name.as_str()),
                        width: name,
                        ..Field::new("model.name", "Name", &model.name)
                    },
                );
                self.field(
                    ui,
                    &Field {
                        choices: &FRAMEWORKS,
                        saved: saved.map(|saved| saved.framework.as_str()),
                        width: framework,
                        ..Field::new("model.framework", "Framework", &model.framework)
                    },
                );
                self.field(
                    ui,
                    &Field {
                        mono: true,
                        saved: saved.map(|saved| saved.version.as_str()),
                        width: version,
                        ..Field::new("model.version", "Version", &model.version)
                    },
                );
                self.field(
                    ui,
                    &Field {
                        choices: &LICENSES,
                        saved: saved.map(|saved| saved.license.as_str()),
                        width: license,
                        ..Field::new("model.license", "License", &model.license)
                    },
                );
            });
            self.strips_of(
                ui,
                &mut left,
                &[
                    "model.name",
                    "model.framework",
                    "model.version",
                    "model.license",
                ],
            );
            self.path_field(
                ui,
                &Field {
                    saved: saved.map(|saved| saved.path.as_str()),
                    ..Field::new("model.path", "Path", &model.path)
                },
                &model.path_state,
            );
            self.strips_of(ui, &mut left, &["model.path"]);
            let [description, format] = shares(ui, [4.6, 1.4]);
            row(ui, |ui| {
                self.field(
                    ui,
                    &Field {
                        saved: saved.map(|saved| saved.description.as_str()),
                        width: description,
                        ..Field::new("model.description", "Description", &model.description)
                    },
                );
                self.field(
                    ui,
                    &Field {
                        choices: &FORMATS,
                        saved: saved.map(|saved| saved.format.as_str()),
                        width: format,
                        ..Field::new("model.format", "Format", &model.format)
                    },
                );
            });
            self.strips_of(ui, &mut left, &["model.description", "model.format"]);
            if !model.parts.is_empty() {
                let t = Tokens::of(ui);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = sizes::SPACE_1;
                    widgets::label(ui, Type::Small, t.text_2, "Parts");
                    widgets::label(ui, Type::Small, t.text_3, &model.parts.len().to_string());
                });
            }
        });
        if !model.parts.is_empty() {
            widgets::rule(ui);
        }
        self.rows(ui, List::Parts, &model.parts);
        if model.parts.is_empty() {
            // The fields go on; there is no list between them.
            ui.add_space(-sizes::SPACE_4);
        }
        widgets::inset(ui, sizes::SPACE_4, |ui| {
            self.strips_of(ui, &mut left, &["model.parts"]);
            self.parameters(
                ui,
                "model.parameters",
                &model.parameters,
                saved.map(|saved| saved.parameters.as_slice()),
            );
            self.strips(ui, &left, false);
        });
    }

    fn list_card(&mut self, ui: &mut Ui, section: Section) {
        let form = self.form.clone();
        let entries = section.entries(&form);
        let count = entries.len().to_string();
        self.card(
            ui,
            section,
            Some(&count),
            |this, ui| {
                let name = format!("Add to {}", section.word());
                let button = if this.is_open(section) {
                    Button::ghost("Add").icon(icons::PLUS).name(name)
                } else {
                    Button::icon_only(icons::PLUS, name)
                };
                if ui.add(button.small()).clicked() {
                    this.state.folds.insert(section, true);
                    this.acts
                        .push(Act::Choose(Target::Append(List::Of(section))));
                }
            },
            |this, ui| {
                if entries.is_empty() {
                    widgets::inset(ui, sizes::SPACE_4, |ui| {
                        let t = Tokens::of(ui);
                        let words =
                            format!("No {} yet. Add one, or drag a file here.", section.one());
                        widgets::label(ui, Type::Small, t.text_3, &words);
                    });
                }
                this.rows(ui, List::Of(section), entries);
                let left = this.problems_at(Spot::In(section));
                this.strips(ui, &left, true);
            },
        );
    }
}

/// What to do to have this path in this section.
pub fn edits_for_section(section: Section, path: &str, has_model: bool) -> Vec<FormEdit> {
    let target = match section {
        Section::Model if has_model => Target::Append(List::Parts),
        Section::Model => Target::Field("model.path".to_owned()),
        other => Target::Append(List::Of(other)),
    };
    super::edits_for(&target, path)
}
