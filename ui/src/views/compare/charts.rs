//! The charts: their tool bar, their grid, and what they share.

use std::collections::HashMap;

use egui::{Align2, Rect, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{Better, XAxis};

use super::Compare;
use super::curves::{self, Drawn};
use super::plot::{self, Acted, Scene};
use super::state::Asked;
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction};

/// Charts shown without being asked for.
const USUAL_CHARTS: usize = 4;
/// Height of a chart in the grid.
const CHART_HEIGHT: f32 = 216.0;
/// Charts stand in two columns from this width of the pane.
const TWO_COLUMNS: f32 = 520.0;
/// What the charts share: where one looks.
#[derive(Debug, Default)]
pub struct Sight {
    /// Seen part of x; `None` is all.
    pub x_range: Option<(f64, f64)>,
    /// Seen part of y of charts that were zoomed in both directions.
    pub y_ranges: HashMap<String, (f64, f64)>,
    /// Where the crosshair stands.
    pub crosshair: Option<f64>,
    /// It stays when the pointer leaves.
    pub pinned: bool,
    /// It was moved by keys and stays until the pointer is in a chart.
    pub by_keys: bool,
    /// The chart that has the whole pane.
    pub maximised: Option<String>,
    /// The run that is drawn stronger.
    pub focus: Option<String>,
    /// Runs outside the brushed ranges of the parallel coordinates.
    pub outside: Vec<String>,
    /// The pointer is in a chart in this frame.
    hovered: bool,
}

impl Compare {
    /// Metrics with a chart.
    pub(super) fn shown_metrics(&self) -> Vec<String> {
        let known = |name: &String| self.model.metric_of(name).is_some();
        match &self.setup.shown {
            Some(shown) => shown.iter().filter(|name| known(name)).cloned().collect(),
            None => {
                let usual = self.model.metrics_by_weight().iter().take(USUAL_CHARTS);
                usual
                    .map(|at| self.model.table.metrics[*at].name.clone())
                    .collect()
            }
        }
    }

    pub(super) fn all_metrics(&self) -> Vec<String> {
        self.model
            .metrics_by_weight()
            .iter()
            .map(|at| self.model.table.metrics[*at].name.clone())
            .collect()
    }

    /// Charts in sight: one when it is maximised.
    pub(super) fn charts_in_sight(&self) -> Vec<String> {
        match &self.sight.maximised {
            Some(one) if self.model.metric_of(one).is_some() => vec![one.clone()],
            _ => self.shown_metrics(),
        }
    }

    pub(super) fn direction(&self, metric: &str) -> Better {
        let at = self.model.metric_of(metric);
        at.map_or(Better::Unknown, |at| {
            self.model.better(at, &self.arrangement)
        })
    }

    /// From the first to the last x of all charts in sight.
    pub(super) fn extent(&self) -> Option<(f64, f64)> {
        let extents = self
            .charts_in_sight()
            .into_iter()
            .filter_map(|metric| self.charts.get(&metric)?.data.extent());
        extents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The crosshair by one logged step.
    pub(super) fn step(&mut self, forward: bool) {
        let sight = self.charts_in_sight();
        let charts = sight
            .iter()
            .filter_map(|metric| self.charts.get(metric))
            .map(|chart| &chart.data);
        if let Some(x) = curves::next_x(charts, self.sight.crosshair, forward) {
            self.sight.crosshair = Some(x);
            self.sight.by_keys = true;
        }
    }

    pub(super) fn reset_zoom(&mut self) {
        self.sight.x_range = None;
        self.sight.y_ranges.clear();
    }

    /// The charts and under them the parallel coordinates.
    pub(super) fn charts_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn]) {
        if drawn.is_empty() {
            let ten = self.model.table.runs.len().min(10);
            widgets::empty(
                ui,
                icons::CHART_LINE,
                "Tick runs to draw them",
                "Their metrics are laid over each other, one chart per metric.",
                |ui| {
                    if ten > 0
                        && ui
                            .add(Button::neutral(format!("Draw the first {ten}")))
                            .clicked()
                    {
                        self.tick_first_ten();
                    }
                },
            );
            return;
        }
        if self.model.table.metrics.is_empty() {
            widgets::empty(
                ui,
                icons::CHART_LINE,
                "No metric was logged",
                "These runs have parameters only; compare them in the table.",
                |_| {},
            );
            return;
        }
        self.sight.hovered = false;
        if let Some(metric) = self.sight.maximised.clone() {
            let area = ui.available_rect_before_wrap().shrink(sizes::SPACE_4);
            self.chart_card(ui, ctx, drawn, &metric, area);
            self.after_charts(ui);
            return;
        }
        let metrics = self.shown_metrics();
        let pane = ui.available_rect_before_wrap();
        egui::ScrollArea::vertical()
            .id_salt("charts")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let inner = ui.available_width() - 2.0 * sizes::SPACE_4;
                let columns = if inner >= TWO_COLUMNS && metrics.len() > 1 {
                    2
                } else {
                    1
                };
                let width =
                    ((inner - sizes::SPACE_4 * (columns as f32 - 1.0)) / columns as f32).floor();
                let origin = ui.cursor().min + vec2(sizes::SPACE_4, sizes::SPACE_4);
                let rows = metrics.len().div_ceil(columns);
                let used = rows as f32 * (CHART_HEIGHT + sizes::SPACE_4);
                let parallel = (pane.height() - 2.0 * sizes::SPACE_4 - used).max(256.0);
                let (whole, _) = ui.allocate_exact_size(
                    vec2(ui.available_width(), sizes::SPACE_4 * 2.0 + used + parallel),
                    Sense::hover(),
                );
                for (i, metric) in metrics.iter().enumerate() {
                    let (row, column) = (i / columns, i % columns);
                    let at = origin
                        + vec2(
                            column as f32 * (width + sizes::SPACE_4),
                            row as f32 * (CHART_HEIGHT + sizes::SPACE_4),
                        );
                    let card = Rect::from_min_size(at, vec2(width, CHART_HEIGHT));
                    // Not asked for and not drawn before it is scrolled into sight.
                    if card.intersects(ui.clip_rect()) {
                        self.chart_card(ui, ctx, drawn, metric, card);
                    }
                }
                let card = Rect::from_min_max(
                    pos2(origin.x, origin.y + used),
                    pos2(origin.x + inner, whole.bottom() - sizes::SPACE_4),
                );
                if card.intersects(ui.clip_rect()) {
                    self.parallel_card(ui, drawn, card);
                }
            });
        self.after_charts(ui);
    }

    /// The crosshair goes with the pointer unless it is held.
    fn after_charts(&mut self, ui: &Ui) {
        let kept = self.sight.pinned || self.sight.by_keys;
        if !self.sight.hovered && !kept && self.sight.crosshair.take().is_some() {
            ui.ctx().request_repaint();
        }
    }

    fn chart_card(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        metric: &str,
        card: Rect,
    ) {
        let Some(project) = self.project else { return };
        let log_y = self.setup.log_of(metric);
        let asked = Asked {
            project,
            runs: drawn.iter().map(|run| run.id.clone()).collect(),
            axis: self.setup.axis,
            x_range: self.sight.x_range,
            // In steps, so that dragging the splitter asks only now and then.
            width: ((card.width() * ui.ctx().pixels_per_point() / 64.0).ceil() as u32).max(1) * 64,
            smoothing: self.setup.smoothing,
        };
        self.charts.entry(metric.to_owned()).or_default().update(
            ui.ctx(),
            ctx,
            metric,
            asked,
            log_y,
        );
        card_box(ui, card);
        let head = Rect::from_min_size(card.min, vec2(card.width(), 30.0));
        self.chart_head(ui, ctx, metric, head, log_y);
        let body = Rect::from_min_max(
            pos2(card.left() + 10.0, head.bottom() + 2.0),
            pos2(card.right() - 6.0, card.bottom() - 22.0),
        );
        let Some(chart) = self.charts.get(metric) else {
            return;
        };
        let mut child = ui.new_child(UiBuilder::new().id_salt(("body", metric)).max_rect(body));
        match chart.remote.view() {
            RemoteView::Loading(since) => widgets::skeleton(&mut child, since, 28.0),
            RemoteView::Failed(failure) => {
                let failure = failure.clone();
                if widgets::failed(&mut child, &failure) == Some(FailureAction::Retry)
                    && let Some(chart) = self.charts.get_mut(metric)
                {
                    chart.remote.invalidate();
                }
            }
            RemoteView::Ready { failure, .. } => {
                let failure = failure.map(|failure| failure.message.clone());
                self.chart_body(&mut child, metric, drawn, body, log_y);
                self.chart_foot(ui, metric, drawn, card, failure.as_deref());
            }
        }
    }

    fn chart_body(&mut self, ui: &mut Ui, metric: &str, drawn: &[Drawn], body: Rect, log_y: bool) {
        let t = Tokens::of(ui);
        let whole = self.extent();
        let Some(chart) = self.charts.get(metric) else {
            return;
        };
        let (Some(extent), false) = (chart.data.extent(), chart.data.curves.is_empty()) else {
            widgets::line(
                ui,
                body,
                Type::Small,
                t.text_3,
                "None of the ticked runs logged it",
                Align2::CENTER_CENTER,
            );
            return;
        };
        let (low, high) = self.sight.x_range.or(whole).unwrap_or(extent);
        // A single step has no extent.
        let x = if high > low {
            (low, high)
        } else {
            (low - 1.0, high + 1.0)
        };
        let (y, beyond) = match self.sight.y_ranges.get(metric) {
            Some(y) => (*y, 0),
            None => chart.data.y_range(x).unwrap_or(((0.0, 1.0), 0)),
        };
        let scene = Scene {
            metric,
            data: &chart.data,
            runs: drawn,
            focus: self.sight.focus.as_deref(),
            outside: &self.sight.outside,
            x,
            y,
            log_y,
            axis: self.setup.axis,
            crosshair: self.sight.crosshair,
        };
        let acted = plot::show(ui, body, &scene);
        if let Some(chart) = self.charts.get_mut(metric) {
            chart.beyond = beyond;
        }
        self.take_acts(ui, metric, acted);
    }

    fn take_acts(&mut self, ui: &Ui, metric: &str, acted: Acted) {
        if let Some(x) = acted.hover {
            // Steps are what was logged, nothing between them.
            let x = match self.charts.get(metric) {
                Some(chart) if self.setup.axis == XAxis::Step => curves::snapped(&chart.data, x),
                _ => x,
            };
            self.sight.hovered = true;
            if !self.sight.pinned && self.sight.crosshair != Some(x) {
                self.sight.crosshair = Some(x);
                self.sight.by_keys = false;
                // Charts drawn before this one follow in the next frame.
                ui.ctx().request_repaint();
            }
        }
        if let Some((x, y)) = acted.zoom {
            self.sight.x_range = Some(x);
            if let Some(y) = y {
                self.sight.y_ranges.insert(metric.to_owned(), y);
            }
        }
        if acted.reset {
            self.reset_zoom();
        }
        if let Some(forward) = acted.step {
            self.step(forward);
        }
        if let Some(run) = acted.picked {
            self.sight.focus = if self.sight.focus.as_ref() == Some(&run) {
                None
            } else {
                Some(run)
            };
        }
    }
}

/// A card's box.
pub(super) fn card_box(ui: &Ui, rect: Rect) {
    let t = Tokens::of(ui);
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_L, t.bg_panel, t.line);
}

/// Draw an icon and words as a quiet hint, for cards that have nothing to show.
pub(super) fn hint(ui: &Ui, rect: Rect, icon: &str, words: &str) {
    let t = Tokens::of(ui);
    theme::icon(
        ui.painter(),
        rect.center() - vec2(0.0, 16.0),
        icon,
        20.0,
        t.text_3,
    );
    widgets::line(
        ui,
        rect.translate(vec2(0.0, 10.0)),
        Type::Small,
        t.text_3,
        words,
        Align2::CENTER_CENTER,
    );
}
