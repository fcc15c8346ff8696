//! The head of a plot's card: its axes, each with a menu of what it could be, and its menu.

use egui::{Align, Layout, Rect, Role, Ui, UiBuilder, vec2};
use kitbench_protocol::{ChartFormat, Correlation, ExportPlot, Pick, Plot, Quantity, ThemeChoice};

use super::super::Compare;
use super::super::cards::plot_card;
use super::super::export::{SIZE, send};
use super::super::setup::{Over, PlotSetup};
use super::super::table_bar::scrolling;
use super::{kind_word, method_word, plot_title, quantity_name};
use crate::app::ViewCtx;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, menu, menu_rule};

impl Compare {
    pub(super) fn plot_head(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        setup: &PlotSetup,
        rect: Rect,
    ) {
        let t = Tokens::of(ui);
        let key = plot_card(setup.id);
        let title = plot_title(&setup.plot);
        let inner = rect.shrink2(vec2(10.0, 0.0)).with_max_x(rect.right() - 4.0);
        let mut row = ui.new_child(
            UiBuilder::new()
                .id_salt(("plot head", setup.id))
                .max_rect(inner)
                .layout(Layout::right_to_left(Align::Center)),
        );
        row.spacing_mut().item_spacing.x = 2.0;
        let more =
            row.add(Button::icon_only(icons::DOTS_THREE, format!("Menu of {title}")).small());
        menu(&more, &row, "Plot", |ui| self.plot_items(ui, ctx, setup));
        self.maximise_button(&mut row, &key, &title);
        if self.sight.brushed.contains_key(&key)
            && row
                .add(Button::icon_only(icons::X, format!("Clear range of {title}")).small())
                .clicked()
        {
            self.sight.brush(&key, None);
        }
        let mut plot = setup.plot.clone();
        row.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = sizes::SPACE_1;
            let word = widgets::label(ui, Type::BodyBold, t.text, kind_word(&setup.plot));
            ui.ctx()
                .accesskit_node_builder(word.id, |node| node.set_role(Role::Heading));
            match &mut plot {
                Plot::Scatter { x, y } => {
                    self.picker(ui, &format!("{title}: y"), y);
                    widgets::label(ui, Type::Small, t.text_3, "over");
                    self.picker(ui, &format!("{title}: x"), x);
                }
                Plot::Boxes { value, group, .. } => {
                    self.picker(ui, &format!("{title}: value"), value);
                    widgets::label(ui, Type::Small, t.text_3, "by");
                    self.group_picker(ui, &format!("{title}: group"), group);
                }
                Plot::Bars { value } => self.picker(ui, &format!("{title}: value"), value),
                Plot::Correlation { with, .. } => {
                    self.picker(ui, &format!("{title}: metric"), with);
                }
                Plot::Parallel { .. } => {}
            }
            self.drag_ui(ui, &key, ui.available_rect_before_wrap());
        });
        if plot != setup.plot {
            self.sight.brush(&key, None);
            self.change_plot(setup.id, |known| known.plot = plot);
        }
    }

    fn change_plot(&mut self, id: u32, change: impl FnOnce(&mut PlotSetup)) {
        if let Some(known) = self.setup.plots.iter_mut().find(|plot| plot.id == id) {
            change(known);
        }
    }

    /// A button with the name of a quantity, and a menu of all others.
    fn picker(&self, ui: &mut Ui, name: &str, quantity: &mut Quantity) {
        if ui.available_width() < 40.0 {
            return;
        }
        let shown = quantity_name(quantity);
        let button = ui.add(
            Button::link(shown.clone())
                .small()
                .caret()
                .name(format!("{name} is {shown}")),
        );
        menu(&button, ui, name, |ui| {
            scrolling(ui, |ui| {
                for choice in self.quantities() {
                    let on = choice == *quantity;
                    if MenuItem::new(&quantity_name(&choice)).checked(on).show(ui) {
                        *quantity = choice;
                    }
                }
            });
        });
    }

    fn group_picker(&self, ui: &mut Ui, name: &str, group: &mut Option<Quantity>) {
        if ui.available_width() < 40.0 {
            return;
        }
        let shown = group.as_ref().map_or("nothing".to_owned(), quantity_name);
        let button = ui.add(
            Button::link(shown.clone())
                .small()
                .caret()
                .name(format!("{name} is {shown}")),
        );
        menu(&button, ui, name, |ui| {
            if MenuItem::new("Nothing").checked(group.is_none()).show(ui) {
                *group = None;
            }
            menu_rule(ui);
            scrolling(ui, |ui| {
                for choice in self.quantities() {
                    if matches!(choice, Quantity::Metric(..) | Quantity::Duration) {
                        continue;
                    }
                    let on = group.as_ref() == Some(&choice);
                    if MenuItem::new(&quantity_name(&choice)).checked(on).show(ui) {
                        *group = Some(choice);
                    }
                }
            });
        });
    }

    /// Everything a run has one value of: metrics by weight, then parameters, tags, the rest.
    fn quantities(&self) -> Vec<Quantity> {
        let mut all = Vec::new();
        for metric in self.all_metrics() {
            for pick in [Pick::Last, Pick::Min, Pick::Max] {
                all.push(Quantity::Metric(metric.clone(), pick));
            }
        }
        let params = self.model.params_by_spread().into_iter();
        all.extend(params.map(|at| Quantity::Param(self.model.table.params[at].name.clone())));
        all.extend(self.model.tags().iter().cloned().map(Quantity::Tag));
        all.extend([Quantity::Source, Quantity::State, Quantity::Duration]);
        all
    }

    fn plot_items(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, setup: &PlotSetup) {
        let key = plot_card(setup.id);
        let listed = setup.over == Over::Listed;
        if MenuItem::new("Of all listed runs").checked(listed).show(ui) {
            self.change_plot(setup.id, |known| known.over = Over::Listed);
        }
        if MenuItem::new("Of the ticked runs")
            .checked(!listed)
            .show(ui)
        {
            self.change_plot(setup.id, |known| known.over = Over::Ticked);
        }
        menu_rule(ui);
        match &setup.plot {
            Plot::Scatter { .. } => {
                if MenuItem::new("Log x").checked(setup.log_x).show(ui) {
                    self.change_plot(setup.id, |known| known.log_x = !known.log_x);
                }
                if MenuItem::new("Log y").checked(setup.log_y).show(ui) {
                    self.change_plot(setup.id, |known| known.log_y = !known.log_y);
                }
                menu_rule(ui);
            }
            Plot::Boxes { violin, .. } => {
                for (word, wanted) in [("Boxes", false), ("Violins", true)] {
                    if MenuItem::new(word).checked(*violin == wanted).show(ui) {
                        self.change_plot(setup.id, |known| {
                            if let Plot::Boxes { violin, .. } = &mut known.plot {
                                *violin = wanted;
                            }
                        });
                    }
                }
                if MenuItem::new("Log y").checked(setup.log_y).show(ui) {
                    self.change_plot(setup.id, |known| known.log_y = !known.log_y);
                }
                menu_rule(ui);
            }
            Plot::Correlation { method, .. } => {
                for wanted in [Correlation::Spearman, Correlation::Pearson] {
                    let on = *method == wanted;
                    if MenuItem::new(method_word(wanted)).checked(on).show(ui) {
                        self.change_plot(setup.id, |known| {
                            if let Plot::Correlation { method, .. } = &mut known.plot {
                                *method = wanted;
                            }
                        });
                    }
                }
                menu_rule(ui);
            }
            Plot::Bars { .. } | Plot::Parallel { .. } => {}
        }
        self.card_items(ui, &key);
        menu_rule(ui);
        self.plot_export_items(ui, ctx, setup);
        menu_rule(ui);
        if MenuItem::new("Remove plot").icon(icons::X).show(ui) {
            self.setup.plots.retain(|plot| plot.id != setup.id);
            self.plots.remove(&setup.id);
            self.sight.brush(&key, None);
            self.sight.maximised = None;
        }
    }

    /// Files of a plot, and its figures for the clipboard.
    pub(in super::super) fn plot_export_items(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        setup: &PlotSetup,
    ) {
        for (format, word) in [
            (ChartFormat::Png, "Export as PNG"),
            (ChartFormat::Svg, "Export as SVG"),
            (ChartFormat::Csv, "Export as CSV"),
        ] {
            if MenuItem::new(word).icon(icons::EXPORT).show(ui)
                && let Some(call) = self.plot_call(setup, format)
            {
                send(ctx, call);
            }
        }
        if MenuItem::new("Copy figures").icon(icons::COPY).show(ui)
            && let Some(call) = self.plot_call(setup, ChartFormat::Csv)
        {
            ctx.act(call, |file, commands| {
                let text = String::from_utf8_lossy(&file.bytes).into_owned();
                commands.send(Command::Copy(text));
            });
        }
    }

    fn plot_call(&self, setup: &PlotSetup, format: ChartFormat) -> Option<ExportPlot> {
        let theme = if self.dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        let (width, height) = SIZE;
        Some(ExportPlot {
            project: self.project?,
            runs: self.choice(setup),
            plot: setup.plot.clone(),
            colors: self.export_runs(theme),
            log_x: setup.log_x,
            log_y: setup.log_y,
            format,
            theme,
            width,
            height,
        })
    }
}
