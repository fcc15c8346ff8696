//! Drawing parallel coordinates: a line per run over all axes, ranges brushed on an axis.

use std::collections::BTreeMap;
use std::rc::Rc;

use egui::{
    Align, Align2, CursorIcon, EventFilter, Key, Layout, Pos2, Rect, Role, Sense, Stroke, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

use kitbench_protocol::{Plot, PlotAxis};

use super::Compare;
use super::axes::{AxesState, Parallel, ParallelAxis};
use super::cards::PARALLEL_CARD;
use super::cells::slot_color;
use super::charts::{card_box, hint};
use super::curves::Drawn;
use super::lines::stroke_line;
use super::setup::{Over, PlotSetup};
use super::table_bar::scrolling;
use crate::app::ViewCtx;
use crate::theme::{RunStroke, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem, menu, menu_rule};

/// Room for titles over the axes and labels under them.
const TITLES: f32 = 24.0;
/// A range made with the keys moves by this share of the axis.
const KEY_STEP: f64 = 0.05;
/// How far from a line the pointer may be, in pixels.
const NEAR: f32 = 6.0;

impl Compare {
    pub(super) fn parallel_card(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        card: Rect,
    ) {
        let rows: Vec<usize> = drawn
            .iter()
            .filter_map(|run| self.model.place_of(&run.id))
            .collect();
        let parallel = self.parallel_of(&rows);
        card_box(ui, card);
        let head = Rect::from_min_size(card.min, vec2(card.width(), 30.0));
        self.parallel_head(ui, ctx, &parallel, rows.len(), head);
        let body = Rect::from_min_max(
            pos2(card.left() + 10.0, head.bottom()),
            pos2(card.right() - 10.0, card.bottom() - 12.0),
        );
        if parallel.axes.len() < 2 || rows.is_empty() {
            hint(
                ui,
                body,
                icons::SLIDERS,
                "Parallel coordinates need two axes that differ between the ticked runs",
            );
            self.sight.brush(PARALLEL_CARD, None);
            return;
        }
        let inside: Vec<bool> = (0..rows.len())
            .map(|run| parallel.inside(run, &self.axes))
            .collect();
        let outside = drawn
            .iter()
            .zip(&inside)
            .filter(|(_, inside)| !**inside)
            .map(|(run, _)| run.id.clone())
            .collect();
        let ranged = !self.axes.ranges.is_empty();
        self.sight.brush(PARALLEL_CARD, ranged.then_some(outside));
        let inside: Vec<bool> = drawn
            .iter()
            .map(|run| !self.sight.outside.contains(&run.id))
            .collect();
        let place = Places::new(body, parallel.axes.len());
        lines(
            ui,
            &parallel,
            drawn,
            &inside,
            [self.sight.focus.as_deref(), self.sight.near.as_deref()],
            self.axes
                .color
                .as_ref()
                .and_then(|id| parallel.axes.iter().find(|axis| axis.id == *id)),
            &place,
        );
        let pointer = ui
            .input(|input| input.pointer.hover_pos())
            .filter(|at| body.contains(*at) && ui.clip_rect().contains(*at));
        if let Some(run) = pointer.and_then(|at| nearest(&parallel, &place, at)) {
            self.sight.near_next = drawn.get(run).map(|run| run.id.clone());
        }
        for (i, axis) in parallel.axes.iter().enumerate() {
            axis_ui(ui, axis, i, &place, &mut self.axes);
        }
        if let Some((from, to)) = titles(ui, &parallel, &place) {
            reorder(&mut self.axes, &parallel, from, to);
        }
    }

    /// The axes; made anew only when something they come from changed.
    fn parallel_of(&mut self, rows: &[usize]) -> Rc<Parallel> {
        let state = AxesState {
            ranges: BTreeMap::default(),
            ..self.axes.clone()
        };
        if let Some((made, known, of, parallel)) = &self.parallel
            && *made == self.made
            && *known == state
            && of == rows
        {
            return Rc::clone(parallel);
        }
        let parallel = Rc::new(Parallel::new(
            &self.model,
            &self.arrangement,
            &self.axes,
            rows,
        ));
        self.parallel = Some((self.made, state, rows.to_vec(), Rc::clone(&parallel)));
        parallel
    }

    fn parallel_head(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        parallel: &Parallel,
        runs: usize,
        rect: Rect,
    ) {
        let t = Tokens::of(ui);
        let inner = rect.shrink2(vec2(10.0, 0.0)).with_max_x(rect.right() - 6.0);
        let mut row = ui.new_child(
            UiBuilder::new()
                .id_salt("parallel")
                .max_rect(inner)
                .layout(Layout::right_to_left(Align::Center)),
        );
        row.spacing_mut().item_spacing.x = sizes::SPACE_1;
        let more = row
            .add(Button::icon_only(icons::DOTS_THREE, "Menu of the parallel coordinates").small());
        menu(&more, &row, "Parallel coordinates", |ui| {
            self.parallel_items(ui, ctx, parallel)
        });
        self.maximise_button(&mut row, PARALLEL_CARD, "parallel coordinates");
        let button = row.add(
            Button::ghost("Axes")
                .icon(icons::SLIDERS_HORIZONTAL)
                .small()
                .tip("Choose, order and flip axes"),
        );
        self.axes_menu(&row, &button, parallel);
        if !self.axes.ranges.is_empty()
            && row
                .add(Button::ghost("Clear range").icon(icons::X).small())
                .clicked()
        {
            self.axes.ranges.clear();
        }
        let note = parallel.note(runs, &self.axes);
        row.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let title = widgets::label(ui, Type::BodyBold, t.text, "Parallel coordinates");
            ui.ctx()
                .accesskit_node_builder(title.id, |node| node.set_role(Role::Heading));
            if ui.available_width() > 60.0 {
                let words = if note.is_empty() {
                    "drag on an axis to set a range"
                } else {
                    &note
                };
                widgets::label(ui, Type::Small, t.text_3, words);
            }
        });
    }

    /// Colour, size, files.
    fn parallel_items(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, parallel: &Parallel) {
        if MenuItem::new("Colours of the runs")
            .checked(self.axes.color.is_none())
            .show(ui)
        {
            self.axes.color = None;
        }
        for axis in &parallel.axes {
            let on = self.axes.color.as_ref() == Some(&axis.id);
            let words = format!("Colour by {}", axis.name);
            if MenuItem::new(&words).checked(on).show(ui) {
                self.axes.color = Some(axis.id.clone());
            }
        }
        menu_rule(ui);
        self.card_items(ui, PARALLEL_CARD);
        menu_rule(ui);
        let axes = parallel
            .axes
            .iter()
            .filter_map(|axis| {
                Some(PlotAxis {
                    quantity: super::plots::quantity_of(&axis.id)?,
                    flipped: self.axes.flipped.contains(&axis.id),
                })
            })
            .collect();
        let setup = PlotSetup {
            id: 0,
            plot: Plot::Parallel { axes },
            over: Over::Ticked,
            log_x: false,
            log_y: false,
        };
        self.plot_export_items(ui, ctx, &setup);
    }

    fn axes_menu(&mut self, ui: &Ui, button: &egui::Response, parallel: &Parallel) {
        menu(button, ui, "Axes", |ui| {
            ui.set_width(300.0);
            scrolling(ui, |ui| {
                for (id, name, on) in &parallel.choices {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 2.0;
                        ui.add_space(8.0);
                        ui.allocate_ui_with_layout(
                            vec2(190.0, sizes::HIT_MIN),
                            Layout::left_to_right(Align::Center),
                            |ui| {
                                ui.set_min_width(190.0);
                                let mut now = *on;
                                if widgets::checkbox(ui, &mut now, name).changed() {
                                    self.axes.chosen.insert(id.clone(), now);
                                    self.axes.ranges.remove(id);
                                }
                            },
                        );
                        let Some(at) = parallel.axes.iter().position(|axis| axis.id == *id) else {
                            return;
                        };
                        if ui
                            .add(
                                Button::icon_only(
                                    icons::ARROW_LEFT,
                                    format!("Move {name} to the left"),
                                )
                                .small(),
                            )
                            .clicked()
                            && at > 0
                        {
                            reorder(&mut self.axes, parallel, at, at - 1);
                        }
                        if ui
                            .add(
                                Button::icon_only(
                                    icons::ARROW_RIGHT,
                                    format!("Move {name} to the right"),
                                )
                                .small(),
                            )
                            .clicked()
                        {
                            reorder(&mut self.axes, parallel, at, at + 1);
                        }
                        let flipped = self.axes.flipped.contains(id);
                        if ui
                            .add(
                                Button::icon_only(icons::ARROWS_DOWN_UP, format!("Flip {name}"))
                                    .small()
                                    .selected(flipped),
                            )
                            .clicked()
                        {
                            flip(&mut self.axes, id);
                        }
                    });
                }
            });
        });
    }
}

fn flip(state: &mut AxesState, id: &str) {
    if state.flipped.iter().any(|known| known == id) {
        state.flipped.retain(|known| known != id);
    } else {
        state.flipped.push(id.to_owned());
    }
    // The range stays over the same runs.
    if let Some((low, high)) = state.ranges.get_mut(id) {
        (*low, *high) = (1.0 - *high, 1.0 - *low);
    }
}

fn reorder(state: &mut AxesState, parallel: &Parallel, from: usize, to: usize) {
    let mut order: Vec<String> = parallel.axes.iter().map(|axis| axis.id.clone()).collect();
    if from >= order.len() {
        return;
    }
    let moved = order.remove(from);
    order.insert(to.min(order.len()), moved);
    state.order = order;
}

/// Where axes stand.
struct Places {
    xs: Vec<f32>,
    top: f32,
    bottom: f32,
    body: Rect,
}

impl Places {
    fn new(body: Rect, axes: usize) -> Self {
        let inset = (body.width() / axes.max(1) as f32 * 0.36).clamp(28.0, 46.0);
        let (left, right) = (body.left() + inset, body.right() - inset);
        let step = (right - left) / (axes.max(2) - 1) as f32;
        Self {
            xs: (0..axes)
                .map(|i| (left + step * i as f32).round() + 0.5)
                .collect(),
            top: body.top() + TITLES + 12.0,
            bottom: body.bottom() - 6.0,
            body,
        }
    }

    fn y(&self, share: f64) -> f32 {
        self.bottom - (self.bottom - self.top) * share as f32
    }

    fn share(&self, y: f32) -> f64 {
        f64::from((self.bottom - y) / (self.bottom - self.top)).clamp(0.0, 1.0)
    }

    /// Room of an axis, half way to its neighbours.
    fn width(&self) -> f32 {
        self.xs
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .next()
            .unwrap_or(100.0)
    }
}

fn lines(
    ui: &Ui,
    parallel: &Parallel,
    drawn: &[Drawn],
    inside: &[bool],
    strong: [Option<&str>; 2],
    color_by: Option<&ParallelAxis>,
    place: &Places,
) {
    let t = Tokens::of(ui);
    // Runs outside first, so that they lie under the others.
    for wanted in [false, true] {
        for (i, run) in drawn
            .iter()
            .enumerate()
            .filter(|(i, _)| inside.get(*i) == Some(&wanted))
        {
            let share = color_by.map(|axis| axis.at.get(i).copied().flatten());
            let color = match share {
                Some(Some(share)) => t.scale(share as f32),
                Some(None) => t.text_3,
                None => slot_color(t, run.slot),
            };
            let color = if wanted { color } else { t.faded_run(color) };
            let width = if strong.contains(&Some(run.id.as_str())) {
                2.5
            } else {
                1.5
            };
            // An axis that the run does not have breaks its line.
            let mut stretch: Vec<Pos2> = Vec::new();
            for (axis, x) in parallel.axes.iter().zip(&place.xs) {
                match axis.at.get(i).copied().flatten() {
                    Some(share) => stretch.push(pos2(*x, place.y(share))),
                    None => {
                        draw(ui, &stretch, run, width, color);
                        stretch.clear();
                    }
                }
            }
            draw(ui, &stretch, run, width, color);
        }
    }
}

/// The run whose line passes within a few pixels of the pointer.
fn nearest(parallel: &Parallel, place: &Places, pointer: Pos2) -> Option<usize> {
    let left = place.xs.iter().rposition(|x| *x <= pointer.x)?;
    let (x, next) = (*place.xs.get(left)?, *place.xs.get(left + 1)?);
    let share = (pointer.x - x) / (next - x);
    let (from, to) = (
        &parallel.axes.get(left)?.at,
        &parallel.axes.get(left + 1)?.at,
    );
    let distances = from.iter().zip(to).enumerate().filter_map(|(run, (a, b))| {
        let (a, b) = (place.y((*a)?), place.y((*b)?));
        Some((run, (a + (b - a) * share - pointer.y).abs()))
    });
    distances
        .filter(|(_, distance)| *distance < NEAR)
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(run, _)| run)
}

fn draw(ui: &Ui, points: &[Pos2], run: &Drawn, width: f32, color: egui::Color32) {
    match points {
        [] => {}
        [one] => {
            ui.painter().circle_filled(*one, 2.0, color);
        }
        many => stroke_line(
            ui.painter(),
            many,
            RunStroke::of_slot(run.slot),
            width,
            color,
        ),
    }
}

/// The titles; answers when one was dragged over another: from, to.
fn titles(ui: &Ui, parallel: &Parallel, place: &Places) -> Option<(usize, usize)> {
    let t = Tokens::of(ui);
    let mut moved = None;
    for (i, (axis, x)) in parallel.axes.iter().zip(&place.xs).enumerate() {
        let half = (place.width() / 2.0 - 3.0).max(20.0);
        let rect = Rect::from_min_max(
            pos2((x - half).max(place.body.left()), place.body.top()),
            pos2(
                (x + half).min(place.body.right()),
                place.body.top() + TITLES,
            ),
        );
        let response = ui
            .interact(
                rect,
                egui::Id::unique(("axis title", &axis.id)),
                Sense::DRAG,
            )
            .on_hover_cursor(CursorIcon::Grab);
        let shift = if response.dragged() {
            response.total_drag_delta().map_or(0.0, |delta| delta.x)
        } else {
            0.0
        };
        let color = if response.hovered() || response.dragged() {
            t.text
        } else {
            t.text_2
        };
        let align = match i {
            0 if parallel.axes.len() > 3 => Align2::LEFT_CENTER,
            _ if i + 1 == parallel.axes.len() && parallel.axes.len() > 3 => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        widgets::line(
            ui,
            rect.translate(vec2(shift, 0.0)),
            Type::Small,
            color,
            &axis.title,
            align,
        );
        if response.drag_stopped()
            && let Some(at) = response.interact_pointer_pos()
        {
            let to = place
                .xs
                .iter()
                .enumerate()
                .min_by(|a, b| (a.1 - at.x).abs().total_cmp(&(b.1 - at.x).abs()))
                .map_or(i, |(to, _)| to);
            moved = (to != i).then_some((i, to));
        }
        response.on_hover_text(format!("{}: drag to move the axis", axis.name));
    }
    moved
}

fn axis_ui(ui: &Ui, axis: &ParallelAxis, i: usize, place: &Places, state: &mut AxesState) {
    let t = Tokens::of(ui);
    let x = place.xs[i];
    ui.painter()
        .vline(x, place.top..=place.bottom, Stroke::new(1.0, t.line_strong));
    for (share, label) in thinned(&axis.ticks, (place.bottom - place.top) / 18.0) {
        let galley = Type::Caption.galley(ui, &label, t.text_2, (place.width() - 14.0).max(24.0));
        let left = i + 1 != place.xs.len();
        let size = galley.size();
        let center = if left {
            pos2(x - 8.0 - size.x / 2.0, place.y(share))
        } else {
            pos2(x + 8.0 + size.x / 2.0, place.y(share))
        };
        let plate = Rect::from_center_size(center, size + vec2(4.0, 0.0));
        ui.painter().rect_filled(plate, 2.0, t.label_plate());
        widgets::place(ui.painter(), galley, plate, Align2::CENTER_CENTER);
    }
    let area = Rect::from_min_max(
        pos2(x - 12.0, place.top - 4.0),
        pos2(x + 12.0, place.bottom + 4.0),
    );
    let response = ui
        .interact(
            area,
            egui::Id::unique(("axis", &axis.id)),
            Sense::click_and_drag(),
        )
        .on_hover_cursor(CursorIcon::ResizeVertical);
    if response.dragged()
        && let (Some(from), Some(to)) = (
            ui.input(|input| input.pointer.press_origin()),
            response.interact_pointer_pos(),
        )
    {
        let (a, b) = (place.share(from.y), place.share(to.y));
        if (a - b).abs() > 0.01 {
            state.ranges.insert(axis.id.clone(), (a.min(b), a.max(b)));
        }
    } else if response.clicked() {
        state.ranges.remove(&axis.id);
    }
    if response.has_focus() {
        range_keys(ui, &response, axis, state);
    }
    let range = state.ranges.get(&axis.id).copied();
    if let Some((low, high)) = range {
        let rect = Rect::from_min_max(
            pos2(x - 5.0, place.y(high) - 2.0),
            pos2(x + 5.0, place.y(low) + 2.0),
        );
        ui.painter().rect(
            rect,
            sizes::RADIUS_XS,
            t.brush(),
            Stroke::new(1.0, t.accent_line),
            egui::StrokeKind::Inside,
        );
    }
    let spoken = match range {
        Some((low, high)) => format!(
            "Axis {}, range from {:.0} % to {:.0} % of its height",
            axis.name,
            low * 100.0,
            high * 100.0
        ),
        None => format!("Axis {}, no range", axis.name),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, &spoken));
    widgets::focus_ring(ui, area.shrink2(vec2(5.0, 0.0)), sizes::RADIUS_S, &response);
}

/// Up and down move the lower end of the range, with `Shift` the upper end; Delete takes it away.
fn range_keys(ui: &Ui, response: &egui::Response, axis: &ParallelAxis, state: &mut AxesState) {
    ui.memory_mut(|memory| {
        memory.set_focus_lock_filter(
            response.id,
            EventFilter {
                vertical_arrows: true,
                ..EventFilter::default()
            },
        )
    });
    let (by, upper, delete) = ui.input(|input| {
        let by = input.num_presses(Key::ArrowUp) as f64 - input.num_presses(Key::ArrowDown) as f64;
        (
            by * KEY_STEP,
            input.modifiers.shift,
            input.key_pressed(Key::Delete) || input.key_pressed(Key::Backspace),
        )
    });
    if delete {
        state.ranges.remove(&axis.id);
    } else if by != 0.0 {
        let (low, high) = state.ranges.entry(axis.id.clone()).or_insert((0.0, 1.0));
        if upper {
            *high = (*high + by).clamp(*low, 1.0);
        } else {
            *low = (*low + by).clamp(0.0, *high);
        }
    }
}

/// At most so many labels, at even distances.
fn thinned(ticks: &[(f64, String)], most: f32) -> Vec<(f64, String)> {
    let every = (ticks.len() as f32 / most.max(2.0)).ceil().max(1.0) as usize;
    ticks.iter().step_by(every).cloned().collect()
}
