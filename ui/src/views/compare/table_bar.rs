//! The bar over the runs table: differences only, columns, groups.

use egui::{Ui, vec2};
use kitbench_protocol::Better;

use super::Compare;
use super::model::Direction;
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, bar_row, menu, menu_rule};

impl Compare {
    /// The bar: differences only, columns, group.
    pub(super) fn table_bar(&mut self, ui: &mut Ui) {
        let equal = self.model.equal_params;
        let mut changed = false;
        bar_row(ui, 34.0, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            let differences = widgets::switch(
                ui,
                &mut self.arrangement.differences_only,
                "Differences only",
            );
            changed |= differences
                .on_hover_text(format!("{}  D", CommandId::DifferencesOnly.spec().tip))
                .changed();
            if ui.available_width() > 400.0 {
                let verb = if self.arrangement.differences_only {
                    "hidden"
                } else {
                    "shown"
                };
                let words = format!(
                    "{} {verb}",
                    crate::format::count(equal as u64, "equal parameter", "equal parameters")
                );
                widgets::label(ui, Type::Small, t.text_3, &words);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                changed |= self.group_menu(ui);
                changed |= self.columns_menu(ui);
            });
        });
        if changed {
            self.rearrange();
        }
    }

    fn group_menu(&mut self, ui: &mut Ui) -> bool {
        let text = match &self.arrangement.group_by {
            Some(name) => format!("Group: {name}"),
            None => "Group".to_owned(),
        };
        let button = ui.add(
            Button::ghost(text)
                .icon(icons::ROWS)
                .small()
                .caret()
                .tip("Group runs by a parameter, with mean and deviation"),
        );
        let mut changed = false;
        let grouped = self.arrangement.group_by.clone();
        menu(&button, ui, "Group by", |ui| {
            if MenuItem::new("No groups")
                .checked(grouped.is_none())
                .show(ui)
            {
                self.arrangement.group_by = None;
                changed = true;
            }
            menu_rule(ui);
            scrolling(ui, |ui| {
                for column in &self.model.table.params {
                    if MenuItem::new(&column.name)
                        .checked(grouped.as_deref() == Some(&column.name))
                        .show(ui)
                    {
                        self.arrangement.group_by = Some(column.name.clone());
                        changed = true;
                    }
                }
            });
        });
        changed
    }

    fn columns_menu(&mut self, ui: &mut Ui) -> bool {
        let button = ui.add(
            Button::ghost("Columns")
                .icon(icons::COLUMNS)
                .small()
                .tip("Choose and order columns; set which direction is better"),
        );
        let mut changed = false;
        menu(&button, ui, "Columns", |ui| {
            let choices = self.model.choices();
            ui.set_width(340.0);
            scrolling(ui, |ui| {
                for (id, name, on) in &choices {
                    changed |= self.column_choice(ui, id, name, *on);
                }
            });
            menu_rule(ui);
            if MenuItem::new("Usual columns")
                .icon(icons::ARROW_U_UP_LEFT)
                .show(ui)
            {
                self.arrangement.columns.clear();
                self.arrangement.first.clear();
                self.arrangement.better.clear();
                changed = true;
            }
        });
        changed
    }

    /// A line of the picker: tick, and for figures a place and a direction.
    fn column_choice(&mut self, ui: &mut Ui, id: &str, name: &str, on: bool) -> bool {
        let mut changed = false;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.set_height(sizes::HIT_MIN);
            ui.add_space(6.0);
            let mut now = on;
            ui.allocate_ui_with_layout(
                vec2(190.0, sizes::HIT_MIN),
                egui::Layout::left_to_right(egui::Align::Center),
                |ui| {
                    ui.set_min_width(190.0);
                    if widgets::checkbox(ui, &mut now, name).changed() {
                        self.arrangement.columns.insert(id.to_owned(), now);
                        changed = true;
                    }
                },
            );
            if id.starts_with("param:") || id.starts_with("metric:") {
                let name = format!("Move {name} to the front");
                if ui
                    .add(Button::icon_only(icons::ARROW_LEFT, name).small())
                    .clicked()
                {
                    self.arrangement.first.retain(|known| known != id);
                    self.arrangement.first.insert(0, id.to_owned());
                    self.arrangement.columns.insert(id.to_owned(), true);
                    changed = true;
                }
            }
            if let Some(metric) = id.strip_prefix("metric:")
                && let Some(at) = self
                    .model
                    .table
                    .metrics
                    .iter()
                    .position(|column| column.name == metric)
            {
                let (words, next) = match self.model.better(at, &self.arrangement) {
                    Better::Higher => ("higher is better", Direction::Lower),
                    Better::Lower => ("lower is better", Direction::Neither),
                    Better::Unknown => ("no direction", Direction::Higher),
                };
                let button = Button::link(words)
                    .small()
                    .name(format!("{metric}: {words}"))
                    .tip("Higher, lower or neither is better");
                if ui.add(button).clicked() {
                    self.arrangement.better.insert(metric.to_owned(), next);
                    changed = true;
                }
            }
        });
        changed
    }
}

/// A list within a menu that scrolls once it is long.
pub(super) fn scrolling(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    egui::ScrollArea::vertical()
        .max_height(340.0)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            contents(ui);
        });
}
