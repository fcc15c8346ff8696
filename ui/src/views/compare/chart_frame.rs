//! Around a chart: its title and menu, and the line that says what is drawn.

use egui::{Align, Align2, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use kitbench_protocol::ChartFormat;

use super::Compare;
use super::curves::{self, Drawn};
use crate::app::ViewCtx;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, menu, menu_rule};

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
        let note = curves::note_of(self.direction(metric), log_y, non_positive);
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
        let big = self.sight.maximised.is_some();
        let (icon, name) = if big {
            (icons::ARROWS_IN, "Show all charts")
        } else {
            (icons::ARROWS_OUT_SIMPLE, "Maximise")
        };
        if row
            .add(Button::icon_only(icon, format!("{name}: {metric}")).small())
            .clicked()
        {
            self.sight.maximised = (!big).then(|| metric.to_owned());
        }
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

    fn chart_menu(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        button: &egui::Response,
        metric: &str,
        log_y: bool,
    ) {
        menu(button, ui, "Chart", |ui| {
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

    /// What is drawn, of how much, and how.
    pub(super) fn chart_foot(
        &self,
        ui: &Ui,
        metric: &str,
        drawn: &[Drawn],
        card: Rect,
        failure: Option<&str>,
    ) {
        let t = Tokens::of(ui);
        let Some(chart) = self.charts.get(metric) else {
            return;
        };
        let has = |run: &Drawn| chart.data.curves.iter().any(|curve| curve.run == run.id);
        let damaged: Vec<String> = drawn
            .iter()
            .filter(|run| run.damaged && has(run))
            .map(|run| run.name.clone())
            .collect();
        let mut words = chart
            .data
            .honesty(self.setup.smoothing, chart.beyond, &damaged);
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
        let rect = Rect::from_min_max(
            pos2(card.left() + 12.0, card.bottom() - 20.0),
            pos2(card.right() - 10.0, card.bottom() - 4.0),
        );
        let (_, cut) = widgets::line(
            ui,
            rect,
            Type::Caption,
            if odd { t.warn } else { t.text_3 },
            &words,
            Align2::LEFT_CENTER,
        );
        let response = ui.interact(rect, egui::Id::unique(("honesty", metric)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        if cut {
            response.on_hover_text(words);
        }
    }
}
