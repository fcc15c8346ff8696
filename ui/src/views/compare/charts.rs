//! The charts: their tool bar, their grid, and what they share.

use std::collections::HashMap;

use egui::{Align, Align2, Key, Layout, Modifiers, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use kitbench_protocol::{Better, ChartFormat, XAxis};

use super::Compare;
use super::curves::{self, Drawn, axis_word};
use super::plot::{self, Acted, Scene};
use super::state::Asked;
use super::table::scrolling;
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, MenuItem, bar_row, menu, menu_rule, segments};

/// Charts shown without being asked for.
const USUAL_CHARTS: usize = 4;
/// Height of a chart in the grid.
const CHART_HEIGHT: f32 = 216.0;
/// Charts stand in two columns from this width of the pane.
const TWO_COLUMNS: f32 = 520.0;
/// A step of the smoothing slider by keys.
const SMOOTHING_STEP: f64 = 0.05;

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
        let known = |name: &String| self.model.table.metrics.iter().any(|column| column.name == *name);
        match &self.setup.shown {
            Some(shown) => shown.iter().filter(|name| known(name)).cloned().collect(),
            None => self.all_metrics().into_iter().take(USUAL_CHARTS).collect(),
        }
    }

    fn all_metrics(&self) -> Vec<String> {
        self.model.metrics_by_weight(&self.arrangement).into_iter().map(|at| self.model.table.metrics[at].name.clone()).collect()
    }

    /// Charts in sight: one when it is maximised.
    pub(super) fn charts_in_sight(&self) -> Vec<String> {
        match &self.sight.maximised {
            Some(one) if self.model.table.metrics.iter().any(|column| column.name == *one) => vec![one.clone()],
            _ => self.shown_metrics(),
        }
    }

    pub(super) fn direction(&self, metric: &str) -> Better {
        let at = self.model.table.metrics.iter().position(|column| column.name == metric);
        at.map_or(Better::Unknown, |at| self.model.better(at, &self.arrangement))
    }

    /// From the first to the last x of all charts in sight.
    pub(super) fn extent(&self) -> Option<(f64, f64)> {
        let extents = self.charts_in_sight().into_iter().filter_map(|metric| self.charts.get(&metric)?.data.extent());
        extents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    pub(super) fn set_log(&mut self, on: bool) {
        self.setup.log_y = on;
        self.setup.other_scale.clear();
        self.sight.y_ranges.clear();
    }

    fn set_axis(&mut self, axis: XAxis) {
        if self.setup.axis != axis {
            self.setup.axis = axis;
            // Another measure: the range and the crosshair of the old one mean nothing.
            self.sight.x_range = None;
            self.sight.crosshair = None;
            self.sight.pinned = false;
        }
    }

    fn smooth(&mut self, weight: f64) {
        self.setup.smoothing = ((weight * 100.0).round() / 100.0).clamp(0.0, 0.99);
    }

    /// Keys of the screen that are no commands; they act only while no text has the focus.
    pub(super) fn keys(&mut self, ui: &Ui) {
        let busy = ui.ctx().text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
        if busy || self.good.is_none() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::OpenBracket) {
            self.smooth(self.setup.smoothing - SMOOTHING_STEP);
        }
        if pressed(Key::CloseBracket) {
            self.smooth(self.setup.smoothing + SMOOTHING_STEP);
        }
        if pressed(Key::X) {
            let at = AXES.iter().position(|axis| *axis == self.setup.axis).unwrap_or(0);
            self.set_axis(AXES[(at + 1) % AXES.len()]);
        }
        // Whatever has the focus may need the arrows for itself.
        if ui.memory(|memory| memory.focused().is_none()) {
            if pressed(Key::ArrowRight) {
                self.step(true);
            }
            if pressed(Key::ArrowLeft) {
                self.step(false);
            }
            if pressed(Key::Home) {
                self.reset_zoom();
            }
        }
    }

    /// The crosshair by one logged step.
    fn step(&mut self, forward: bool) {
        let sight = self.charts_in_sight();
        let charts = sight.iter().filter_map(|metric| self.charts.get(metric)).map(|chart| &chart.data);
        if let Some(x) = curves::next_x(charts, self.sight.crosshair, forward) {
            self.sight.crosshair = Some(x);
            self.sight.by_keys = true;
        }
    }

    fn reset_zoom(&mut self) {
        self.sight.x_range = None;
        self.sight.y_ranges.clear();
    }

    /// Smoothing, scale, axis, more charts.
    pub(super) fn charts_bar(&mut self, ui: &mut Ui) {
        let all = self.all_metrics();
        bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_4, true, |ui| {
            let t = Tokens::of(ui);
            let width = ui.available_width();
            if width > 560.0 {
                widgets::label(ui, Type::Small, t.text_2, "Smoothing");
            }
            let track = if width > 470.0 { 92.0 } else { 60.0 };
            if let Some(weight) = smoothing_slider(ui, self.setup.smoothing, track) {
                self.smooth(weight);
            }
            widgets::label(ui, Type::Mono, t.text, &format!("{:.2}", self.setup.smoothing));
            let mut log = self.setup.log_y;
            if widgets::switch(ui, &mut log, "Log y").on_hover_text(format!("{}  L", CommandId::LogAxis.spec().tip)).changed() {
                self.set_log(log);
            }
            if width > 600.0 {
                widgets::label(ui, Type::Small, t.text_2, "x axis");
            }
            if width > 420.0 {
                let mut at = AXES.iter().position(|axis| *axis == self.setup.axis).unwrap_or(0);
                let words = AXES.map(|axis| axis_word(axis).into());
                segments(ui, "x axis", &mut at, &words);
                self.set_axis(AXES[at]);
            } else {
                let button = ui.add(Button::neutral(axis_word(self.setup.axis)).small().caret().name("x axis"));
                menu(&button, ui, "x axis", |ui| {
                    for axis in AXES {
                        if MenuItem::new(axis_word(axis)).checked(self.setup.axis == axis).show(ui) {
                            self.set_axis(axis);
                        }
                    }
                });
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.add_chart_menu(ui, &all));
        });
    }

    fn add_chart_menu(&mut self, ui: &mut Ui, all: &[String]) {
        let room = ui.available_width();
        if room < 24.0 {
            return;
        }
        let button = if room > 80.0 { Button::neutral("Chart").icon(icons::PLUS).small() } else { Button::icon_boxed(icons::PLUS, "Chart").small() };
        let button = ui.add(button.name("Choose charts").tip("Choose which metrics have a chart"));
        if self.sight.x_range.is_some() || !self.sight.y_ranges.is_empty() {
            let reset = if room > 190.0 { Button::ghost("Reset zoom").icon(icons::ARROWS_OUT).small() } else { Button::icon_only(icons::ARROWS_OUT, "Reset zoom").small() };
            if ui.add(reset.key("Home")).clicked() {
                self.reset_zoom();
            }
        }
        let mut shown = self.shown_metrics();
        menu(&button, ui, "Charts", |ui| {
            ui.set_min_width(220.0);
            let mut changed = false;
            scrolling(ui, |ui| {
                for name in all {
                    let mut on = shown.contains(name);
                    ui.horizontal(|ui| {
                        ui.add_space(8.0);
                        if widgets::checkbox(ui, &mut on, name).changed() {
                            changed = true;
                            if on {
                                shown.push(name.clone());
                            } else {
                                shown.retain(|known| known != name);
                            }
                        }
                    });
                }
            });
            menu_rule(ui);
            if MenuItem::new("All metrics").icon(icons::SQUARES_FOUR).show(ui) {
                shown = all.to_vec();
                changed = true;
            }
            if MenuItem::new("Usual charts").icon(icons::ARROW_U_UP_LEFT).show(ui) {
                self.setup.shown = None;
            }
            if changed {
                self.setup.shown = Some(shown.clone());
            }
        });
    }

    /// The charts and under them the parallel coordinates.
    pub(super) fn charts_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn]) {
        if drawn.is_empty() {
            let ten = self.model.table.runs.len().min(10);
            widgets::empty(ui, icons::CHART_LINE, "Tick runs to draw them", "Their metrics are laid over each other, one chart per metric.", |ui| {
                if ten > 0 && ui.add(Button::neutral(format!("Draw the first {ten}"))).clicked() {
                    self.tick_first_ten();
                }
            });
            return;
        }
        if self.model.table.metrics.is_empty() {
            widgets::empty(ui, icons::CHART_LINE, "No metric was logged", "These runs have parameters only; compare them in the table.", |_| {});
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
        egui::ScrollArea::vertical().id_salt("charts").auto_shrink([false, false]).show(ui, |ui| {
            let inner = ui.available_width() - 2.0 * sizes::SPACE_4;
            let columns = if inner >= TWO_COLUMNS && metrics.len() > 1 { 2 } else { 1 };
            let width = ((inner - sizes::SPACE_4 * (columns as f32 - 1.0)) / columns as f32).floor();
            let origin = ui.cursor().min + vec2(sizes::SPACE_4, sizes::SPACE_4);
            let rows = metrics.len().div_ceil(columns);
            let used = rows as f32 * (CHART_HEIGHT + sizes::SPACE_4);
            let parallel = (pane.height() - 2.0 * sizes::SPACE_4 - used).max(256.0);
            let (whole, _) = ui.allocate_exact_size(vec2(ui.available_width(), sizes::SPACE_4 * 2.0 + used + parallel), Sense::hover());
            for (i, metric) in metrics.iter().enumerate() {
                let (row, column) = (i / columns, i % columns);
                let at = origin + vec2(column as f32 * (width + sizes::SPACE_4), row as f32 * (CHART_HEIGHT + sizes::SPACE_4));
                let card = Rect::from_min_size(at, vec2(width, CHART_HEIGHT));
                // Not asked for and not drawn before it is scrolled into sight.
                if card.intersects(ui.clip_rect()) {
                    self.chart_card(ui, ctx, drawn, metric, card);
                }
            }
            let card = Rect::from_min_max(pos2(origin.x, origin.y + used), pos2(origin.x + inner, whole.bottom() - sizes::SPACE_4));
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

    fn chart_card(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn], metric: &str, card: Rect) {
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
        self.charts.entry(metric.to_owned()).or_default().update(ui.ctx(), ctx, metric, asked, log_y);
        card_box(ui, card);
        let head = Rect::from_min_size(card.min, vec2(card.width(), 30.0));
        self.chart_head(ui, ctx, metric, head, log_y);
        let body = Rect::from_min_max(pos2(card.left() + 10.0, head.bottom() + 2.0), pos2(card.right() - 6.0, card.bottom() - 22.0));
        let Some(chart) = self.charts.get(metric) else { return };
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

    fn chart_head(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, metric: &str, rect: Rect, log_y: bool) {
        let t = Tokens::of(ui);
        let non_positive = self.charts.get(metric).map_or(0, |chart| if log_y { chart.data.non_positive() } else { 0 });
        let note = curves::note_of(self.direction(metric), log_y, non_positive);
        let inner = rect.shrink2(vec2(10.0, 0.0)).with_max_x(rect.right() - 4.0);
        let mut row = ui.new_child(UiBuilder::new().id_salt(("head", metric)).max_rect(inner).layout(Layout::right_to_left(Align::Center)));
        row.spacing_mut().item_spacing.x = 2.0;
        let more = row.add(Button::icon_only(icons::DOTS_THREE, format!("Menu of {metric}")).small());
        self.chart_menu(&mut row, ctx, &more, metric, log_y);
        let big = self.sight.maximised.is_some();
        let (icon, name) = if big { (icons::ARROWS_IN, "Show all charts") } else { (icons::ARROWS_OUT_SIMPLE, "Maximise") };
        if row.add(Button::icon_only(icon, format!("{name}: {metric}")).small()).clicked() {
            self.sight.maximised = (!big).then(|| metric.to_owned());
        }
        row.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = sizes::SPACE_2;
            let title = widgets::label(ui, Type::BodyBold, t.text, metric);
            ui.ctx().accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
            if !note.is_empty() && ui.available_width() > 30.0 {
                widgets::label(ui, Type::Small, if non_positive > 0 { t.warn } else { t.text_3 }, &note);
            }
        });
    }

    fn chart_menu(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, button: &egui::Response, metric: &str, log_y: bool) {
        menu(button, ui, "Chart", |ui| {
            if MenuItem::new("Log y in this chart").checked(log_y).show(ui) {
                self.setup.other_scale.insert(metric.to_owned(), !log_y);
                self.sight.y_ranges.remove(metric);
            }
            let column = format!("metric:{metric}");
            let stands = self.model.columns.iter().any(|known| known.id == column);
            if MenuItem::new("Column in the table").checked(stands).show(ui) {
                self.arrangement.columns.insert(column, !stands);
                self.rearrange();
            }
            if MenuItem::new("Reset zoom").key("Home").icon(icons::ARROWS_OUT).show(ui) {
                self.reset_zoom();
            }
            menu_rule(ui);
            for (format, word) in [(ChartFormat::Png, "Export as PNG"), (ChartFormat::Svg, "Export as SVG"), (ChartFormat::Csv, "Export as CSV")] {
                if MenuItem::new(word).icon(icons::EXPORT).show(ui) {
                    self.export(ctx, metric, format);
                }
            }
            menu_rule(ui);
            if MenuItem::new("Remove chart").icon(icons::X).show(ui) {
                let left = self.shown_metrics().into_iter().filter(|known| known != metric).collect();
                self.setup.shown = Some(left);
                self.sight.maximised = None;
            }
        });
    }

    fn chart_body(&mut self, ui: &mut Ui, metric: &str, drawn: &[Drawn], body: Rect, log_y: bool) {
        let t = Tokens::of(ui);
        let whole = self.extent();
        let Some(chart) = self.charts.get(metric) else { return };
        let (Some(extent), false) = (chart.data.extent(), chart.data.curves.is_empty()) else {
            widgets::line(ui, body, Type::Small, t.text_3, "None of the ticked runs logged it", Align2::CENTER_CENTER);
            return;
        };
        let (low, high) = self.sight.x_range.or(whole).unwrap_or(extent);
        // A single step has no extent.
        let x = if high > low { (low, high) } else { (low - 1.0, high + 1.0) };
        let y = self.sight.y_ranges.get(metric).copied().or_else(|| chart.data.y_range(x)).unwrap_or((0.0, 1.0));
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
        self.take_acts(ui, metric, acted);
    }

    fn take_acts(&mut self, ui: &Ui, metric: &str, acted: Acted) {
        if let Some(x) = acted.hover {
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
            self.sight.focus = if self.sight.focus.as_ref() == Some(&run) { None } else { Some(run) };
        }
    }

    /// What is drawn, of how much, and how.
    fn chart_foot(&self, ui: &Ui, metric: &str, drawn: &[Drawn], card: Rect, failure: Option<&str>) {
        let t = Tokens::of(ui);
        let Some(chart) = self.charts.get(metric) else { return };
        let has = |run: &Drawn| chart.data.curves.iter().any(|curve| curve.run == run.id);
        let damaged: Vec<String> = drawn.iter().filter(|run| run.damaged && has(run)).map(|run| run.name.clone()).collect();
        let mut words = chart.data.honesty(self.setup.smoothing, &damaged);
        let grey = drawn.iter().filter(|run| run.slot >= super::state::SLOTS && has(run)).count();
        if grey > 0 {
            words.push_str(&format!(" · {} above thirty in grey", crate::format::count(grey as u64, "run", "runs")));
        }
        if let Some(failure) = failure {
            words = format!("{failure} {words}");
        }
        let odd = failure.is_some() || !damaged.is_empty();
        let rect = Rect::from_min_max(pos2(card.left() + 12.0, card.bottom() - 20.0), pos2(card.right() - 10.0, card.bottom() - 4.0));
        let (_, cut) = widgets::line(ui, rect, Type::Caption, if odd { t.warn } else { t.text_3 }, &words, Align2::LEFT_CENTER);
        let response = ui.interact(rect, egui::Id::unique(("honesty", metric)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        if cut {
            response.on_hover_text(words);
        }
    }
}

const AXES: [XAxis; 3] = [XAxis::Step, XAxis::Time, XAxis::Relative];

/// The slider of the smoothing weight; answers with a new one.
fn smoothing_slider(ui: &mut Ui, weight: f64, width: f32) -> Option<f64> {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(width, sizes::HIT_MIN), Sense::click_and_drag());
    let track = Rect::from_center_size(rect.center(), vec2(rect.width() - 8.0, 4.0));
    let x = track.left() + track.width() * (weight / 0.99) as f32;
    ui.painter().rect_filled(track, 2.0, t.bar_track);
    ui.painter().rect_filled(track.with_max_x(x), 2.0, t.accent_line);
    ui.painter().circle(pos2(x, track.center().y), sizes::CHECK / 2.0 - 0.5, t.bg_panel, Stroke::new(2.0, t.accent_line));
    let mut next = None;
    if let Some(at) = response.interact_pointer_pos() {
        next = Some(f64::from((at.x - track.left()) / track.width()) * 0.99);
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(response.id, egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() });
        });
        ui.input(|input| {
            let by = input.num_presses(Key::ArrowRight) as f64 - input.num_presses(Key::ArrowLeft) as f64;
            if by != 0.0 {
                next = Some(weight + by * SMOOTHING_STEP);
            }
        });
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Slider, true, "Smoothing");
        info.value = Some(weight);
        info
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_numeric_value(weight);
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(0.99);
        node.set_numeric_value_step(SMOOTHING_STEP);
    });
    ui.input(|input| {
        for (action, by) in [(egui::accesskit::Action::Increment, 1.0), (egui::accesskit::Action::Decrement, -1.0)] {
            if input.has_accesskit_action_request(response.id, action) {
                next = Some(weight + by * SMOOTHING_STEP);
            }
        }
    });
    widgets::focus_ring(ui, rect.shrink2(vec2(0.0, 4.0)), sizes::RADIUS_M, &response);
    response.on_hover_text("Exponential average, corrected for its start; raw values stay visible under it  [ ]");
    next
}

/// A card's box.
pub(super) fn card_box(ui: &Ui, rect: Rect) {
    let t = Tokens::of(ui);
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_L, t.bg_panel, t.line);
}

/// Draw an icon and words as a quiet hint, for cards that have nothing to show.
pub(super) fn hint(ui: &Ui, rect: Rect, icon: &str, words: &str) {
    let t = Tokens::of(ui);
    theme::icon(ui.painter(), rect.center() - vec2(0.0, 16.0), icon, 20.0, t.text_3);
    widgets::line(ui, rect.translate(vec2(0.0, 10.0)), Type::Small, t.text_3, words, Align2::CENTER_CENTER);
}
