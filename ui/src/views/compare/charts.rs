//! The charts: which there are, what they share, and one of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use egui::{Align2, Rect, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{Better, ErrorView, RunGroup, XAxis};

use super::Compare;
use super::curves::{self, Drawn};
use super::gestures::{self, Acted};
use super::plot::{self, Scene};
use super::setup::Pin;
use super::state::{Asked, Chart};
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction};

/// Charts shown without being asked for.
const USUAL_CHARTS: usize = 4;
/// From so many charts on they stand under their prefixes.
const PREFIXES_FROM: usize = 7;

/// What the charts share: where one looks. Places on x are as drawn: of a logarithmic axis, powers
/// of ten.
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
    /// The card that has the whole pane.
    pub maximised: Option<String>,
    /// The run that is drawn stronger.
    pub focus: Option<String>,
    /// The run that the pointer is over, in whichever chart or row.
    pub near: Option<String>,
    /// The same for the frame being drawn.
    pub near_next: Option<String>,
    /// Runs outside the brushed ranges of any chart.
    pub outside: HashSet<String>,
    /// Runs outside, by the chart in which a range was brushed.
    pub brushed: BTreeMap<String, HashSet<String>>,
    /// The wheel zooms in charts: the pane holds all of them, or one is maximised.
    pub(super) wheel: bool,
    /// The pointer is in a chart in this frame.
    hovered: bool,
    /// Where the cards stood last.
    pub(super) placed: Vec<(String, Rect)>,
}

impl Sight {
    /// Runs outside the ranges brushed in one chart; `None` when none is brushed there.
    pub fn brush(&mut self, chart: &str, outside: Option<HashSet<String>>) {
        let before = match outside {
            Some(outside) => {
                self.brushed.insert(chart.to_owned(), outside.clone()) != Some(outside)
            }
            None => self.brushed.remove(chart).is_some(),
        };
        if before {
            self.outside = self.brushed.values().flatten().cloned().collect();
        }
    }
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

    /// Charts of metrics in sight: one when it is maximised.
    pub(super) fn charts_in_sight(&self) -> Vec<String> {
        match &self.sight.maximised {
            Some(one) if self.model.metric_of(one).is_some() => vec![one.clone()],
            Some(_) => Vec::new(),
            None => self.shown_metrics(),
        }
    }

    /// Whether charts stand under their prefixes.
    pub(super) fn by_prefix(&self) -> bool {
        let many = || self.shown_metrics().len() >= PREFIXES_FROM;
        self.setup.prefixes.unwrap_or_else(many)
    }

    pub(super) fn direction(&self, metric: &str) -> Better {
        let at = self.model.metric_of(metric);
        at.map_or(Better::Unknown, |at| {
            self.model.better(at, &self.arrangement)
        })
    }

    /// The ticked runs by group of the table; all in one without groups.
    pub(super) fn groups_of(&self, drawn: &[Drawn]) -> Vec<RunGroup> {
        let mut groups: Vec<RunGroup> = Vec::new();
        for run in drawn {
            let place = self.model.place_of(&run.id);
            let label = place.and_then(|at| self.model.group_label(at, &self.arrangement));
            let label = label.unwrap_or_else(|| "Ticked runs".to_owned());
            match groups.iter_mut().find(|group| group.label == label) {
                Some(group) => group.runs.push(run.id.clone()),
                None => groups.push(RunGroup {
                    label,
                    runs: vec![run.id.clone()],
                }),
            }
        }
        groups
    }

    /// From the first to the last x of all charts in sight.
    pub(super) fn extent(&self) -> Option<(f64, f64)> {
        let extents = self
            .charts_in_sight()
            .into_iter()
            .filter_map(|metric| self.charts.get(&metric)?.data.extent());
        extents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// The seen part of x as logged; `None` is all.
    pub(super) fn seen_values(&self) -> Option<(f64, f64)> {
        let (low, high) = self.sight.x_range?;
        Some((self.setup.value(low), self.setup.value(high)))
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
        let nothing = self.setup.plots.is_empty();
        if drawn.is_empty() && nothing {
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
        if self.model.table.metrics.is_empty() && nothing {
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
        if let Some(key) = self.sight.maximised.clone() {
            if self.cards(drawn).iter().any(|card| card.key == key) {
                let area = ui.available_rect_before_wrap().shrink(sizes::SPACE_4);
                self.sight.wheel = true;
                self.card(ui, ctx, drawn, &key, area);
            } else {
                self.sight.maximised = None;
            }
            self.after_charts(ui);
            return;
        }
        let pane = ui.available_rect_before_wrap();
        egui::ScrollArea::vertical()
            .id_salt("charts")
            .auto_shrink([false, false])
            .show(ui, |ui| self.grid_ui(ui, ctx, drawn, pane));
        self.after_charts(ui);
    }

    /// The crosshair goes with the pointer unless it is held; a view that follows goes with the
    /// newest points.
    fn after_charts(&mut self, ui: &Ui) {
        let kept = self.sight.pinned || self.sight.by_keys;
        if !self.sight.hovered && !kept && self.sight.crosshair.take().is_some() {
            ui.ctx().request_repaint();
        }
        if self.setup.follow
            && let (Some((low, high)), Some((_, newest))) = (self.sight.x_range, self.extent())
            && newest > high
        {
            self.sight.x_range = Some((low + (newest - high), newest));
            ui.ctx().request_repaint();
        }
    }

    pub(super) fn chart_card(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        metric: &str,
        card: Rect,
    ) {
        let Some(project) = self.project else { return };
        let log_y = self.setup.log_of(metric);
        let bands = self.setup.bands;
        let asked = Asked {
            project,
            runs: drawn.iter().map(|run| run.id.clone()).collect(),
            axis: self.setup.axis,
            x_range: self.seen_values(),
            // In steps, so that dragging the splitter asks only now and then.
            width: ((card.width() * ui.ctx().pixels_per_point() / 64.0).ceil() as u32).max(1) * 64,
            smoothing: self.setup.smoothing(self.extent()),
            options: self.setup.options(),
            bands: bands.map(|kind| (kind, self.groups_of(drawn))),
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
        let (loading, failed, failure) = if chart.banded() {
            state_of(&chart.bands.view())
        } else {
            state_of(&chart.remote.view())
        };
        match (loading, failed) {
            (Some(since), _) => widgets::skeleton(&mut child, since, 28.0),
            (None, Some(failure)) => {
                if widgets::failed(&mut child, &failure) == Some(FailureAction::Retry)
                    && let Some(chart) = self.charts.get_mut(metric)
                {
                    chart.refresh();
                }
            }
            (None, None) => {
                self.chart_body(&mut child, metric, drawn, body, log_y);
                self.chart_foot(ui, metric, drawn, card, failure.as_deref());
            }
        }
    }

    fn chart_body(&mut self, ui: &mut Ui, metric: &str, drawn: &[Drawn], body: Rect, log_y: bool) {
        let t = Tokens::of(ui);
        let whole = self.extent();
        // Taken out while it is drawn: it reads what it shares with the others.
        let Some(mut chart) = self.charts.remove(metric) else {
            return;
        };
        let acted = match chart.data.extent() {
            Some(extent) if !chart.data.is_empty() => self.draw_chart(
                ui,
                metric,
                drawn,
                body,
                log_y,
                &mut chart,
                whole.unwrap_or(extent),
            ),
            _ => {
                widgets::line(
                    ui,
                    body,
                    Type::Small,
                    t.text_3,
                    "None of the ticked runs logged it",
                    Align2::CENTER_CENTER,
                );
                Acted::default()
            }
        };
        self.charts.insert(metric.to_owned(), chart);
        self.take_acts(ui, metric, acted);
    }

    #[expect(clippy::too_many_arguments, reason = "one chart's own facts")]
    fn draw_chart(
        &self,
        ui: &mut Ui,
        metric: &str,
        drawn: &[Drawn],
        body: Rect,
        log_y: bool,
        chart: &mut Chart,
        whole: (f64, f64),
    ) -> Acted {
        let (low, high) = self.sight.x_range.unwrap_or(whole);
        // A single step has no extent.
        let x = if high > low {
            (low, high)
        } else {
            (low - 1.0, high + 1.0)
        };
        let none: &[_] = &[];
        let references = self
            .setup
            .references
            .get(metric)
            .map_or(none, Vec::as_slice);
        let (y, beyond) = match self.sight.y_ranges.get(metric) {
            Some(y) => (*y, 0),
            None => {
                let (mut y, beyond) = chart.y_range(x, self.setup.clip).unwrap_or(((0.0, 1.0), 0));
                // A line that is asked for is in sight.
                for line in references {
                    let at = if log_y {
                        line.value.log10()
                    } else {
                        line.value
                    };
                    if at.is_finite() {
                        let margin = (y.1 - y.0) * 0.05;
                        y = (y.0.min(at - margin), y.1.max(at + margin));
                    }
                }
                (y, beyond)
            }
        };
        chart.beyond = beyond;
        let scene = Scene {
            metric,
            data: &chart.data,
            version: chart.version,
            setup: &self.setup,
            references,
            pins: self.setup.pins.get(metric).map_or(&[][..], Vec::as_slice),
            runs: drawn,
            strong: [self.sight.focus.as_deref(), self.sight.near.as_deref()],
            outside: &self.sight.outside,
            x,
            y,
            y_held: self.sight.y_ranges.contains_key(metric),
            log_y,
            crosshair: self.sight.crosshair,
            wheel: self.sight.wheel,
        };
        plot::show(ui, body, &scene, &mut chart.lines)
    }

    fn take_acts(&mut self, ui: &Ui, metric: &str, acted: Acted) {
        if let Some(x) = acted.hover {
            // Steps are what was logged, nothing between them.
            let x = match self.charts.get(metric) {
                Some(chart) if self.setup.axis == XAxis::Step || self.setup.x_metric.is_some() => {
                    curves::snapped(&chart.data, x)
                }
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
        if let Some((x, y)) = acted.zoom
            && let Some(all) = self.extent()
        {
            let x = gestures::within(x, all);
            if x != self.sight.x_range {
                self.sight.x_range = x;
                ui.ctx().request_repaint();
            }
            // Looking at what is past: it must not slide away.
            if x.is_some_and(|(_, high)| high < all.1 - (all.1 - all.0) * 0.01) {
                self.setup.follow = false;
            }
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
        if acted.near.is_some() {
            self.sight.near_next = acted.near;
        }
        if let Some((run, place)) = acted.pinned {
            let x = self.setup.value(place);
            let pins = self.setup.pins.entry(metric.to_owned()).or_default();
            let before = pins.len();
            pins.retain(|pin| pin.run != run || (pin.x - x).abs() > x.abs() * 1e-9);
            if pins.len() == before {
                pins.push(Pin {
                    run,
                    x,
                    note: String::new(),
                });
            }
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

/// Loading since when; the failure when nothing is known; the failure of what is known.
fn state_of<T>(view: &RemoteView<'_, T>) -> (Option<f64>, Option<ErrorView>, Option<String>) {
    match view {
        RemoteView::Loading(since) => (Some(*since), None, None),
        RemoteView::Failed(failure) => (None, Some((*failure).clone()), None),
        RemoteView::Ready { failure, .. } => {
            (None, None, failure.map(|failure| failure.message.clone()))
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
