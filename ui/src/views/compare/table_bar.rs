//! The bar over the runs table: differences only, columns, groups.

use egui::{Role, Ui, WidgetInfo, vec2};
use kitbench_protocol::Better;

use super::Compare;
use super::groups::group_word;
use super::model::Direction;
use crate::app::ViewCtx;
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, TextField, bar_row, menu, menu_rule};

impl Compare {
    /// The bar: differences only, columns, group.
    pub(super) fn table_bar(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
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
            let room = ui.available_width();
            if room > 380.0 {
                let verb = if self.arrangement.differences_only {
                    "hidden"
                } else {
                    "shown"
                };
                let words = format!(
                    "{} {verb}",
                    crate::format::count(equal as u64, "equal parameter", "equal parameters")
                );
                let short = format!("{equal} equal");
                let shown = if room > 560.0 { &words } else { &short };
                let label = widgets::label(ui, Type::Small, t.text_3, shown);
                label.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
                label.on_hover_text(&words);
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                self.pair_and_snapshot(ui, ctx);
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
            Some(by) => format!("Group: {}", group_word(by)),
            None => "Group".to_owned(),
        };
        let button = ui.add(
            Button::ghost(text)
                .icon(icons::ROWS)
                .small()
                .caret()
                .tip("Group runs by a parameter, a tag or the source, with mean and deviation"),
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
            let fixed = [
                ("source", "Source"),
                ("status", "Status"),
                ("experiment", "Experiment"),
                ("dataset", "Data set"),
                ("star", "Star"),
            ];
            let fixed = fixed.map(|(id, word)| (id.to_owned(), word.to_owned()));
            let params = self.model.table.params.iter();
            let params =
                params.map(|column| (format!("param:{}", column.name), column.name.clone()));
            let tags = self.model.tags().iter();
            let tags = tags.map(|name| (format!("tag:{name}"), format!("Tag {name}")));
            let choices: Vec<(String, String)> = params.chain(tags).chain(fixed).collect();
            self.search_field(ui, "Find what to group by", choices.len());
            let found = found(&choices, &self.menu_search, |(_, name)| name);
            scrolling(ui, |ui| {
                for (id, name) in found {
                    if MenuItem::new(name)
                        .checked(grouped.as_deref() == Some(id.as_str()))
                        .show(ui)
                    {
                        self.arrangement.group_by = Some(id.clone());
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
            self.search_field(ui, "Find a column", choices.len());
            let found = found(&choices, &self.menu_search, |(_, name, _)| name);
            let more = self.hidden_choices(choices.len(), found.len());
            scrolling(ui, |ui| {
                for (id, name, on) in found {
                    changed |= self.column_choice(ui, id, name, *on);
                }
            });
            if let Some(more) = more {
                let t = Tokens::of(ui);
                widgets::label(ui, Type::Caption, t.text_3, &more);
            }
            menu_rule(ui);
            if MenuItem::new("Usual columns")
                .icon(icons::ARROW_U_UP_LEFT)
                .show(ui)
            {
                self.arrangement.columns.clear();
                self.arrangement.order.clear();
                self.arrangement.pinned.clear();
                self.arrangement.widths.clear();
                self.arrangement.better.clear();
                changed = true;
            }
        });
        changed
    }

    /// A field over a long list of a menu.
    fn search_field(&mut self, ui: &mut Ui, hint: &str, choices: usize) {
        if choices <= SHORT_LIST {
            self.menu_search.clear();
            return;
        }
        ui.horizontal(|ui| {
            ui.add_space(4.0);
            let width = ui.available_width().clamp(120.0, 320.0) - 8.0;
            TextField::new(&mut self.menu_search)
                .name(hint)
                .hint(hint)
                .small()
                .width(width)
                .show(ui);
        });
    }

    /// `and 99,800 more` when a list is cut or searched.
    fn hidden_choices(&self, all: usize, shown: usize) -> Option<String> {
        (shown < all && shown == MOST_CHOICES).then(|| {
            format!(
                "  and {} more: type to find one",
                crate::format::thousands((all - shown) as u64)
            )
        })
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
                    self.arrangement.order.retain(|known| known != id);
                    self.arrangement.order.insert(0, id.to_owned());
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

/// A list that needs no search.
const SHORT_LIST: usize = 14;
/// Most lines of a list that is not searched: 100,000 metrics must not be laid out.
const MOST_CHOICES: usize = 200;

/// The choices whose name has all words of a search, whatever their case; the first of many.
fn found<'a, T>(choices: &'a [T], search: &str, name: impl Fn(&T) -> &String) -> Vec<&'a T> {
    let search = search.to_lowercase();
    let words: Vec<&str> = search.split_whitespace().collect();
    let fits = |choice: &&T| {
        let name = name(choice).to_lowercase();
        words.iter().all(|word| name.contains(word))
    };
    choices.iter().filter(fits).take(MOST_CHOICES).collect()
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
