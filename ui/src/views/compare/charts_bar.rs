//! The bar over the charts: smoothing, scale, axis, which charts; and the keys for them.

use egui::{Align, Key, Layout, Modifiers, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{BandKind, Plot, Quantity, Resumed, XAxis};

use super::Compare;
use super::columns::short_names;
use super::curves::{axis_word, plain_axis_word};
use super::honesty::{band_word, resumed_word};
use super::setup::{MOST_SMOOTHING, Over, PlotSetup, Smoother};
use super::table_bar::scrolling;
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, bar_row, menu, menu_rule, segments};

/// A step of the smoothing slider by keys.
const SMOOTHING_STEP: f64 = 0.05;
const AXES: [XAxis; 3] = [XAxis::Step, XAxis::Time, XAxis::Relative];

impl Compare {
    pub(super) fn set_log(&mut self, on: bool) {
        self.setup.log_y = on;
        self.setup.other_scale.clear();
        self.sight.y_ranges.clear();
    }

    fn set_axis(&mut self, axis: XAxis, metric: Option<String>) {
        if self.setup.axis != axis || self.setup.x_metric != metric {
            self.setup.axis = axis;
            self.setup.x_metric = metric;
            self.other_measure();
        }
    }

    /// Another measure of x: the range and the crosshair of the old one mean nothing.
    fn other_measure(&mut self) {
        self.sight.x_range = None;
        self.sight.crosshair = None;
        self.sight.pinned = false;
    }

    fn smooth(&mut self, weight: f64) {
        self.setup.smoothing = ((weight * 100.0).round() / 100.0).clamp(0.0, MOST_SMOOTHING);
    }

    /// Keys of the screen that are no commands; they act only while no text has the focus.
    pub(super) fn keys(&mut self, ui: &Ui) {
        let busy = ui.ctx().text_edit_focused()
            || egui::Popup::is_any_open(ui.ctx())
            || ui.memory(|memory| memory.top_modal_layer().is_some());
        if busy || !self.known {
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
            let at = AXES
                .iter()
                .position(|axis| *axis == self.setup.axis)
                .unwrap_or(0);
            let next = match self.setup.x_metric {
                Some(_) => AXES[0],
                None => AXES[(at + 1) % AXES.len()],
            };
            self.set_axis(next, None);
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

    /// Smoothing, scale, axis, more charts.
    pub(super) fn charts_bar(&mut self, ui: &mut Ui) {
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
            widgets::label(
                ui,
                Type::Mono,
                t.text,
                &format!("{:.2}", self.setup.smoothing),
            );
            divider(ui);
            let mut log = self.setup.log_y;
            if widgets::switch(ui, &mut log, "Log y")
                .on_hover_text(format!("{}  L", CommandId::LogAxis.spec().tip))
                .changed()
            {
                self.set_log(log);
            }
            divider(ui);
            if width > 600.0 {
                widgets::label(ui, Type::Small, t.text_2, "x axis");
            }
            if width > 420.0 {
                let mut at = AXES
                    .iter()
                    .position(|axis| *axis == self.setup.axis)
                    .unwrap_or(0);
                let mut words: Vec<String> =
                    AXES.map(|axis| plain_axis_word(axis).to_owned()).into();
                if let Some(metric) = &self.setup.x_metric {
                    at = words.len();
                    words.extend(short_names(&[metric]));
                }
                let before = at;
                let words: Vec<_> = words.iter().map(|word| word.as_str().into()).collect();
                segments(ui, "x axis", &mut at, &words);
                if let Some(axis) = AXES.get(at).filter(|_| at != before) {
                    self.set_axis(*axis, None);
                }
            } else {
                let button = ui.add(
                    Button::neutral(axis_word(&self.setup).to_owned())
                        .small()
                        .caret()
                        .name("x axis"),
                );
                menu(&button, ui, "x axis", |ui| {
                    for axis in AXES {
                        let on = self.setup.axis == axis && self.setup.x_metric.is_none();
                        if MenuItem::new(plain_axis_word(axis)).checked(on).show(ui) {
                            self.set_axis(axis, None);
                        }
                    }
                });
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.add_chart_menu(ui);
                self.options_menu(ui);
                self.reset_button(ui);
            });
        });
    }

    fn add_chart_menu(&mut self, ui: &mut Ui) {
        let room = ui.available_width();
        if room < 24.0 {
            return;
        }
        let button = if room > 80.0 {
            Button::neutral("Chart").icon(icons::PLUS).small()
        } else {
            Button::icon_boxed(icons::PLUS, "Chart").small()
        };
        let button = ui.add(
            button
                .name("Choose charts")
                .tip("Choose which metrics have a chart"),
        );
        menu(&button, ui, "Charts", |ui| {
            let all = self.all_metrics();
            let mut shown = self.shown_metrics();
            ui.set_width(240.0);
            let mut changed = false;
            scrolling(ui, |ui| {
                for name in &all {
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
            if MenuItem::new("All metrics")
                .icon(icons::SQUARES_FOUR)
                .show(ui)
            {
                shown = all.clone();
                changed = true;
            }
            menu_rule(ui);
            for (word, icon, plot) in self.new_plots() {
                if MenuItem::new(word).icon(icon).show(ui) {
                    let id = self.setup.next_plot();
                    self.setup.plots.push(PlotSetup {
                        id,
                        plot,
                        over: Over::Listed,
                        log_x: false,
                        log_y: false,
                    });
                }
            }
            if MenuItem::new("Parallel coordinates")
                .checked(self.setup.parallel)
                .show(ui)
            {
                self.setup.parallel = !self.setup.parallel;
            }
            menu_rule(ui);
            if MenuItem::new("Usual charts")
                .icon(icons::ARROW_U_UP_LEFT)
                .show(ui)
            {
                self.setup.shown = None;
            }
            if changed {
                self.setup.shown = Some(shown.clone());
            }
        });
    }

    fn reset_button(&mut self, ui: &mut Ui) {
        if self.sight.x_range.is_none() && self.sight.y_ranges.is_empty() {
            return;
        }
        let reset = if ui.available_width() > 110.0 {
            Button::ghost("Reset zoom").icon(icons::ARROWS_OUT).small()
        } else {
            Button::icon_only(icons::ARROWS_OUT, "Reset zoom").small()
        };
        if ui.add(reset.key("Home")).clicked() {
            self.reset_zoom();
        }
    }

    /// Plots that the menu offers, over what one would look at first.
    fn new_plots(&self) -> Vec<(&'static str, &'static str, Plot)> {
        let metric = self.model.metrics_by_weight().first().copied();
        let metric = metric.map(|at| self.model.table.metrics[at].name.clone());
        let value = match metric {
            Some(name) => Quantity::Metric(name, Default::default()),
            None => Quantity::Duration,
        };
        let param = self.model.params_by_spread().first().copied();
        let param = param.map(|at| Quantity::Param(self.model.table.params[at].name.clone()));
        // Groups of one run each say nothing.
        let group = self.model.best_group_param().map(Quantity::Param);
        let boxes = |violin| Plot::Boxes {
            value: value.clone(),
            group: group.clone(),
            violin,
        };
        vec![
            (
                "Scatter plot",
                icons::CHART_LINE,
                Plot::Scatter {
                    x: param.unwrap_or(Quantity::Duration),
                    y: value.clone(),
                },
            ),
            ("Box plot", icons::SQUARES_FOUR, boxes(false)),
            ("Violin plot", icons::SQUARES_FOUR, boxes(true)),
            (
                "Bar chart",
                icons::CHART_BAR,
                Plot::Bars {
                    value: value.clone(),
                },
            ),
            (
                "Correlation of parameters",
                icons::ROWS,
                Plot::Correlation {
                    with: value,
                    method: Default::default(),
                },
            ),
        ]
    }

    /// How lines are smoothed and summed up, what x is, what becomes of resumed runs.
    fn options_menu(&mut self, ui: &mut Ui) {
        if ui.available_width() < 24.0 {
            return;
        }
        let button = Button::icon_boxed(icons::SLIDERS_HORIZONTAL, "Chart options").small();
        let button = ui.add(button.tip("Smoothing method, x axis, bands, resumed runs"));
        menu(&button, ui, "Chart options", |ui| {
            ui.set_width(280.0);
            egui::ScrollArea::vertical()
                .max_height(560.0)
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    self.option_items(ui);
                });
        });
    }

    fn option_items(&mut self, ui: &mut Ui) {
        if MenuItem::new("Follow the newest steps")
            .checked(self.setup.follow)
            .show(ui)
        {
            self.setup.follow = !self.setup.follow;
        }
        if MenuItem::new("Leave far outliers outside")
            .checked(self.setup.clip)
            .show(ui)
        {
            self.setup.clip = !self.setup.clip;
        }
        let by_prefix = self.by_prefix();
        if MenuItem::new("Group charts by prefix")
            .checked(by_prefix)
            .show(ui)
        {
            self.setup.prefixes = Some(!by_prefix);
        }
        caption(ui, "Smoothing");
        for smoother in Smoother::ALL {
            let on = self.setup.smoother == smoother;
            if MenuItem::new(smoother.word()).checked(on).show(ui) {
                self.setup.smoother = smoother;
                if self.setup.smoothing == 0.0 {
                    self.setup.smoothing = 0.6;
                }
            }
        }
        caption(ui, "Instead of a line per run, a band per group");
        if MenuItem::new("Lines")
            .checked(self.setup.bands.is_none())
            .show(ui)
        {
            self.setup.bands = None;
        }
        for kind in [BandKind::MeanStd, BandKind::MinMax, BandKind::Quartiles] {
            let on = self.setup.bands == Some(kind);
            if MenuItem::new(band_word(kind)).checked(on).show(ui) {
                self.setup.bands = Some(kind);
            }
        }
        caption(ui, "Where a resumed run logged steps again");
        for resumed in [Resumed::KeepAll, Resumed::LatestWins, Resumed::Split] {
            let on = self.setup.resumed == resumed;
            if MenuItem::new(resumed_word(resumed)).checked(on).show(ui) {
                self.setup.resumed = resumed;
            }
        }
        caption(ui, "x axis");
        if MenuItem::new("Log x").checked(self.setup.log_x).show(ui) {
            self.setup.log_x = !self.setup.log_x;
            self.other_measure();
        }
        for metric in self.all_metrics() {
            let on = self.setup.x_metric.as_ref() == Some(&metric);
            if MenuItem::new(&format!("Over {metric}"))
                .checked(on)
                .show(ui)
            {
                self.set_axis(self.setup.axis, (!on).then_some(metric));
            }
        }
    }
}

/// What the items under it are about.
fn caption(ui: &mut Ui, words: &str) {
    let t = Tokens::of(ui);
    menu_rule(ui);
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        widgets::label(ui, Type::Caption, t.text_3, words);
    });
}

/// A short line between groups of controls.
fn divider(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(5.0, 18.0), Sense::hover());
    ui.painter().vline(
        rect.center().x.round() + 0.5,
        rect.y_range(),
        Stroke::new(sizes::STROKE, t.line),
    );
}

/// The slider of the smoothing weight; answers with a new one.
fn smoothing_slider(ui: &mut Ui, weight: f64, width: f32) -> Option<f64> {
    let t = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(width, sizes::HIT_MIN), Sense::click_and_drag());
    let track = Rect::from_center_size(rect.center(), vec2(rect.width() - 8.0, 4.0));
    let x = track.left() + track.width() * (weight / 0.99) as f32;
    ui.painter().rect_filled(track, 2.0, t.bar_track);
    ui.painter()
        .rect_filled(track.with_max_x(x), 2.0, t.accent_line);
    ui.painter().circle(
        pos2(x, track.center().y),
        sizes::CHECK / 2.0 - 0.5,
        t.bg_panel,
        Stroke::new(2.0, t.accent_line),
    );
    let mut next = None;
    if let Some(at) = response.interact_pointer_pos() {
        next = Some(f64::from((at.x - track.left()) / track.width()) * 0.99);
    }
    if response.has_focus() {
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                response.id,
                egui::EventFilter {
                    horizontal_arrows: true,
                    ..egui::EventFilter::default()
                },
            );
        });
        ui.input(|input| {
            let by = input.num_presses(Key::ArrowRight) as f64
                - input.num_presses(Key::ArrowLeft) as f64;
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
        for (action, by) in [
            (egui::accesskit::Action::Increment, 1.0),
            (egui::accesskit::Action::Decrement, -1.0),
        ] {
            if input.has_accesskit_action_request(response.id, action) {
                next = Some(weight + by * SMOOTHING_STEP);
            }
        }
    });
    widgets::focus_ring(ui, rect.shrink2(vec2(0.0, 4.0)), sizes::RADIUS_M, &response);
    response.on_hover_text(
        "Exponential average, corrected for its start; raw values stay visible under it  [ ]",
    );
    next
}
