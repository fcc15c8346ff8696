//! Around a chart: its title and menu, and the line that says what is drawn.

use egui::{Align, Id, Layout, Rect, Role, Ui, UiBuilder, vec2};
use kitbench_protocol::{Better, ChartFormat};

use super::Compare;
use super::curves::{self, Drawn};
use super::grid::{CARD, CARD_HEIGHTS};
use super::honesty::{self, Drawing, note_of};
use super::setup::{CardSize, Pin, Reference};
use crate::app::ViewCtx;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, TextField, menu, menu_rule};

impl Compare {
    pub(super) fn chart_head(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        metric: &str,
        rect: Rect,
        log_y: bool,
    ) {
        let t = Tokens::of(ui);
        let non_positive = self
            .charts
            .get(metric)
            .map_or(0, |chart| if log_y { chart.data.non_positive() } else { 0 });
        let note = note_of(self.direction(metric), log_y, non_positive);
        let inner = rect.shrink2(vec2(10.0, 0.0)).with_max_x(rect.right() - 4.0);
        let mut row = ui.new_child(
            UiBuilder::new()
                .id_salt(("head", metric))
                .max_rect(inner)
                .layout(Layout::right_to_left(Align::Center)),
        );
        row.spacing_mut().item_spacing.x = 2.0;
        let more =
            row.add(Button::icon_only(icons::DOTS_THREE, format!("Menu of {metric}")).small());
        self.chart_menu(&mut row, ctx, &more, metric, log_y);
        self.maximise_button(&mut row, metric, metric);
        // What is left of the buttons moves the card.
        self.drag_ui(&row, metric, row.available_rect_before_wrap());
        row.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = sizes::SPACE_2;
            let title = widgets::label(ui, Type::BodyBold, t.text, metric);
            ui.ctx()
                .accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
            if !note.is_empty() && ui.available_width() > 30.0 {
                widgets::label(
                    ui,
                    Type::Small,
                    if non_positive > 0 { t.warn } else { t.text_3 },
                    &note,
                );
            }
        });
    }

    pub(super) fn maximise_button(&mut self, ui: &mut Ui, key: &str, title: &str) {
        let (icon, name) = if self.is_maximised() {
            (icons::ARROWS_IN, "Show all charts")
        } else {
            (icons::ARROWS_OUT_SIMPLE, "Maximise")
        };
        let button = Button::icon_only(icon, format!("{name}: {title}")).small();
        if ui.add(button).clicked() {
            self.maximise(key);
        }
    }

    /// What every card's menu has: its size, its place.
    pub(super) fn card_items(&mut self, ui: &mut Ui, key: &str) {
        let size = self.setup.size_of(key);
        if MenuItem::new("Whole width").checked(size.wide).show(ui) {
            self.setup.sizes.entry(key.to_owned()).or_default().wide = !size.wide;
        }
        let height = size.height.unwrap_or(CARD);
        if MenuItem::new("Higher").icon(icons::ARROW_DOWN).show(ui) {
            self.resize(key, Some((height * 1.5).min(CARD_HEIGHTS.1)));
        }
        if MenuItem::new("Lower").icon(icons::ARROW_UP).show(ui) {
            self.resize(key, Some((height / 1.5).max(CARD_HEIGHTS.0)));
        }
        if size != CardSize::default()
            && MenuItem::new("Usual size")
                .icon(icons::ARROW_U_UP_LEFT)
                .show(ui)
        {
            self.setup.sizes.remove(key);
        }
        if MenuItem::new("Move forward")
            .icon(icons::ARROW_LEFT)
            .show(ui)
        {
            self.shift_card(key, false);
        }
        if MenuItem::new("Move back").icon(icons::ARROW_RIGHT).show(ui) {
            self.shift_card(key, true);
        }
    }

    fn chart_menu(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        button: &egui::Response,
        metric: &str,
        log_y: bool,
    ) {
        menu(button, ui, "Chart", |ui| {
            ui.set_width(280.0);
            if MenuItem::new("Log y in this chart").checked(log_y).show(ui) {
                self.setup.other_scale.insert(metric.to_owned(), !log_y);
                self.sight.y_ranges.remove(metric);
            }
            let column = format!("metric:{metric}");
            let stands = self.model.columns.iter().any(|known| known.id == column);
            if MenuItem::new("Column in the table")
                .checked(stands)
                .show(ui)
            {
                self.arrangement.columns.insert(column, !stands);
                self.rearrange();
            }
            if MenuItem::new("Reset zoom")
                .key("Home")
                .icon(icons::ARROWS_OUT)
                .show(ui)
            {
                self.reset_zoom();
            }
            menu_rule(ui);
            self.note_items(ui, metric);
            menu_rule(ui);
            self.card_items(ui, metric);
            menu_rule(ui);
            for (format, word) in [
                (ChartFormat::Png, "Export as PNG"),
                (ChartFormat::Svg, "Export as SVG"),
                (ChartFormat::Csv, "Export as CSV"),
            ] {
                if MenuItem::new(word).icon(icons::EXPORT).show(ui) {
                    self.export(ctx, metric, format);
                }
            }
            menu_rule(ui);
            if MenuItem::new("Remove chart").icon(icons::X).show(ui) {
                let left = self
                    .shown_metrics()
                    .into_iter()
                    .filter(|known| known != metric)
                    .collect();
                self.setup.shown = Some(left);
                self.sight.maximised = None;
            }
        });
    }

    /// Reference lines and noted points of a chart.
    fn note_items(&mut self, ui: &mut Ui, metric: &str) {
        ui.horizontal(|ui| {
            ui.add_space(4.0);
            let field = TextField::new(&mut self.reference)
                .name("Reference line")
                .hint("Line at, such as 0.5 target")
                .small()
                .width(188.0)
                .show(ui);
            let line = Reference::parse(&self.reference);
            let blocked = line
                .is_none()
                .then_some("Type a number, then a name if you like");
            let add = Button::neutral("Add")
                .small()
                .blocked(blocked)
                .name("Add reference line");
            if (ui.add(add).clicked() || field.submitted)
                && let Some(line) = line
            {
                let lines = self.setup.references.entry(metric.to_owned()).or_default();
                lines.push(line);
                self.reference.clear();
            }
        });
        let lines = self
            .setup
            .references
            .get(metric)
            .cloned()
            .unwrap_or_default();
        for (at, line) in lines.iter().enumerate() {
            if MenuItem::new(&format!("Remove line {}", line.words()))
                .icon(icons::TRASH)
                .show(ui)
                && let Some(lines) = self.setup.references.get_mut(metric)
            {
                lines.remove(at);
            }
        }
        let here = self.pin_here(metric);
        let blocked = here
            .is_none()
            .then_some("Put the crosshair where it should be, with the pointer or the arrow keys");
        if MenuItem::new("Pin the best point at the crosshair")
            .icon(icons::PUSH_PIN)
            .blocked(blocked)
            .show(ui)
            && let Some(pin) = here
        {
            self.setup
                .pins
                .entry(metric.to_owned())
                .or_default()
                .push(pin);
        }
        self.pin_fields(ui, metric);
    }

    /// The note of every pinned point, and what takes it away.
    fn pin_fields(&mut self, ui: &mut Ui, metric: &str) {
        let setup = &self.setup;
        let titles: Vec<String> = setup
            .pins
            .get(metric)
            .into_iter()
            .flatten()
            .map(|pin| {
                let at = setup.place_words(setup.place(pin.x));
                let run = self.model.place_of(&pin.run);
                let name = run.map_or("a run", |at| self.model.table.runs[at].name.as_str());
                format!("{name} at {at}")
            })
            .collect();
        let Some(pins) = self.setup.pins.get_mut(metric) else {
            return;
        };
        let mut removed = None;
        for (at, (pin, title)) in pins.iter_mut().zip(&titles).enumerate() {
            ui.horizontal(|ui| {
                ui.add_space(4.0);
                TextField::new(&mut pin.note)
                    .name(&format!("Note on {title}"))
                    .hint(&format!("Note on {title}"))
                    .small()
                    .width(212.0)
                    .show(ui);
                let remove = Button::icon_only(icons::TRASH, format!("Remove pin of {title}"));
                if ui.add(remove.small()).clicked() {
                    removed = Some(at);
                }
            });
        }
        if let Some(at) = removed {
            pins.remove(at);
        }
    }

    /// A pin at the crosshair: of the chosen run, else of the best there.
    fn pin_here(&self, metric: &str) -> Option<Pin> {
        let x = self.sight.crosshair?;
        let curves = &self.charts.get(metric)?.data.curves;
        let at = |curve: &curves::Curve| Some((curve.run.clone(), curve.at(x)?));
        let chosen = self.sight.focus.as_ref();
        let focused = curves
            .iter()
            .find(|curve| Some(&curve.run) == chosen)
            .and_then(at);
        let lower = self.direction(metric) == Better::Lower;
        let best = curves.iter().filter_map(at).max_by(|(_, a), (_, b)| {
            let order = a.y.total_cmp(&b.y);
            if lower { order.reverse() } else { order }
        });
        let (run, point) = focused.or(best)?;
        Some(Pin {
            run,
            x: self.setup.value(point.x),
            note: String::new(),
        })
    }

    /// What is drawn, of how much, and how.
    pub(super) fn chart_foot(
        &self,
        ui: &Ui,
        metric: &str,
        drawn: &[Drawn],
        card: Rect,
        failure: Option<&str>,
    ) {
        let Some(chart) = self.charts.get(metric) else {
            return;
        };
        let banded = chart.banded();
        let has = |run: &Drawn| banded || chart.data.curves.iter().any(|curve| curve.run == run.id);
        let damaged: Vec<String> = drawn
            .iter()
            .filter(|run| run.damaged && has(run))
            .map(|run| run.name.clone())
            .collect();
        let mut words = chart.data.honesty(&Drawing {
            smoothing: self.setup.smoothing_words(self.extent()),
            resumed: self.setup.resumed,
            band: self.setup.bands.filter(|_| banded),
            beyond: chart.beyond,
            damaged: &damaged,
        });
        let grey = drawn
            .iter()
            .filter(|run| run.slot >= super::state::SLOTS && has(run))
            .count();
        if grey > 0 {
            words.push_str(&format!(
                " · {} above thirty in grey",
                crate::format::count(grey as u64, "run", "runs")
            ));
        }
        if let Some(failure) = failure {
            words = format!("{failure} {words}");
        }
        let odd = failure.is_some() || !damaged.is_empty();
        honesty::paint(ui, Id::unique(("honesty", metric)), card, &words, odd);
    }
}
