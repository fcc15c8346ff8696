//! What stands in the cells of the runs table.

use egui::{CursorIcon, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{Better, MetricSummary, RunRow, RunState};

use super::groups::Mean;
use super::model::{Arrangement, Kind, Pick, RunsModel, state_word};
use super::numbers;
use super::state::{SLOTS, Ticks};
use crate::theme::{Marker, RunStroke, Tokens, Type, icons, sizes};
use crate::widgets::{self, Cell, Tick, menu};

/// What a cell asked for while it was drawn.
pub(super) enum Asked {
    Tick(String),
    Recolor(String, usize),
    Star(String, bool),
}

#[expect(clippy::too_many_arguments, reason = "one cell's own facts")]
pub(super) fn draw_cell(
    model: &RunsModel,
    arrangement: &Arrangement,
    ticks: &Ticks,
    at: usize,
    run: &RunRow,
    column: usize,
    cell: &mut Cell<'_>,
    asked: &mut Vec<Asked>,
) {
    let t = cell.tokens();
    let on = ticks.has(&run.id);
    let Some(spec) = column
        .checked_sub(2)
        .and_then(|column| model.columns.get(column))
    else {
        let area = cell.rect();
        cell.widgets(|ui| {
            if column == 0 {
                tick_cell(ui, area, run, on, asked);
            } else {
                glyph_cell(ui, area, run, ticks, on, asked);
            }
        });
        return;
    };
    match spec.kind {
        Kind::Name => {
            cell.styled(Type::Body, if on { t.text } else { t.text_2 }, &run.name);
            if !run.problems.is_empty() {
                cell.paint(|ui, rect| {
                    crate::theme::icon_fill(
                        ui.painter(),
                        pos2(rect.left() + 5.0, rect.center().y),
                        icons::WARNING,
                        12.0,
                        t.warn,
                    )
                });
                cell.tip(&run.problems.join("\n")).spoken("damaged data");
            }
        }
        Kind::Source => source_cell(cell, &run.source),
        Kind::Status => status_cell(cell, run),
        Kind::Param(place) => {
            match run.params.get(place).and_then(Option::as_deref) {
                Some(value) => cell.mono(value),
                None => cell.figure("–").tip("Not set in this run"),
            };
        }
        Kind::Started => {
            match run.start_ms {
                Some(at) => {
                    cell.small(&crate::clock::when(at))
                        .tip(&crate::clock::when_exact(at));
                }
                None => {
                    cell.weak("–");
                }
            };
        }
        Kind::Duration => {
            match run.duration_ms {
                Some(ms) => {
                    cell.figure(&numbers::length_label(ms as f64 / 1e3))
                        .tip(&format!("{} s", numbers::exact(ms as f64 / 1e3)));
                }
                None => {
                    cell.figure("–").tip("Begin or end is not known");
                }
            };
        }
        Kind::Star => super::marks::star_cell(cell, model, run, asked),
        Kind::Note => {
            if let Some(text) = model.text(spec.kind, run) {
                cell.small(&text).tip(&text);
            }
        }
        Kind::Experiment | Kind::Dataset | Kind::Kit | Kind::Tag(_) => {
            match model.text(spec.kind, run) {
                Some(text) => {
                    cell.small(&text).tip(&text);
                }
                None => {
                    cell.weak("–");
                }
            };
        }
        Kind::Commit => {
            match &run.git_commit {
                Some(commit) => {
                    let short: String = commit.chars().take(7).collect();
                    cell.mono(&short).tip(commit);
                }
                None => {
                    cell.weak("–");
                }
            };
        }
        Kind::Metric(place, pick) => {
            let name = &model.table.metrics[place].name;
            match run.metrics.get(place).and_then(Option::as_ref) {
                Some(metric) => metric_cell(
                    cell,
                    name,
                    metric,
                    pick,
                    model.is_best(at, place, pick, arrangement),
                    run.state,
                    model.better(place, arrangement),
                ),
                None => {
                    cell.figure("–").tip(&format!("{name} was not logged"));
                }
            }
        }
        Kind::Trend(place) => {
            let metric = run.metrics.get(place).and_then(Option::as_ref);
            match metric.map(|metric| metric.spark.to_vec()) {
                Some(values) if values.len() > 1 => {
                    let live = run.state == RunState::Running;
                    let color = if live {
                        t.accent_line
                    } else if on {
                        t.text_2
                    } else {
                        t.text_3
                    };
                    cell.paint(|ui, rect| sparkline(ui, rect, &values, color, live));
                }
                _ => {
                    let count = metric.map_or(0, |metric| metric.count);
                    let words = match count {
                        0 => "no data".to_owned(),
                        n => crate::format::count(n, "point", "points"),
                    };
                    cell.weak(&words);
                }
            }
        }
    }
}

fn tick_cell(ui: &mut Ui, area: Rect, run: &RunRow, on: bool, asked: &mut Vec<Asked>) {
    let rect = Rect::from_center_size(area.center(), vec2(30.0, sizes::ROW));
    let response = ui
        .interact(rect, ui.scope_id().with(("draw", &run.id)), Sense::CLICK)
        .on_hover_cursor(CursorIcon::PointingHand);
    response.widget_info(|| {
        WidgetInfo::selected(Role::CheckBox, true, on, format!("Draw run {}", run.name))
    });
    widgets::paint_tick(ui, rect, Tick::from(on));
    if response.clicked() {
        asked.push(Asked::Tick(run.id.clone()));
    }
}

fn glyph_cell(
    ui: &mut Ui,
    area: Rect,
    run: &RunRow,
    ticks: &Ticks,
    on: bool,
    asked: &mut Vec<Asked>,
) {
    let t = Tokens::of(ui);
    let rect = Rect::from_center_size(area.center(), vec2(26.0, sizes::ROW));
    if !on {
        ui.painter()
            .circle_stroke(rect.center(), 4.5, Stroke::new(1.0, t.line_strong));
        return;
    }
    let slot = ticks.slot(&run.id).unwrap_or(SLOTS);
    let response = ui
        .interact(rect, ui.scope_id().with(("glyph", &run.id)), Sense::CLICK)
        .on_hover_cursor(CursorIcon::PointingHand);
    let name = format!(
        "Colour and marker of {}: {}",
        run.name,
        Marker::of_slot(slot).word()
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    widgets::paint_marker(
        ui,
        rect.center(),
        Marker::of_slot(slot),
        slot_color(t, slot),
        true,
    );
    menu(&response, ui, "Colour and marker", |ui| {
        slot_grid(ui, run, Some(ticks), asked)
    });
}

/// The colour of a slot; above the last one all runs are grey.
pub(super) fn slot_color(t: &Tokens, slot: usize) -> egui::Color32 {
    if slot >= SLOTS { t.text_3 } else { t.run(slot) }
}

/// Thirty slots to choose from: ten colours, solid, dotted, dash-dotted.
pub(super) fn slot_grid(ui: &mut Ui, run: &RunRow, ticks: Option<&Ticks>, asked: &mut Vec<Asked>) {
    let t = Tokens::of(ui);
    let mine = ticks.and_then(|ticks| ticks.slot(&run.id));
    for row in 0..3 {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.add_space(4.0);
            for slot in row * 10..row * 10 + 10 {
                let (rect, response) =
                    ui.allocate_exact_size(vec2(sizes::HIT_MIN, sizes::HIT_MIN), Sense::click());
                let style = ["solid", "dotted", "dash-dotted"][row];
                let name = format!(
                    "Slot {}, {style}, {}",
                    slot + 1,
                    Marker::of_slot(slot).word()
                );
                response.widget_info(|| {
                    WidgetInfo::selected(Role::MenuItemRadio, true, mine == Some(slot), &name)
                });
                if mine == Some(slot) {
                    ui.painter()
                        .rect_filled(rect.shrink(2.0), sizes::RADIUS_S, t.accent_bg);
                } else if response.hovered() {
                    ui.painter()
                        .rect_filled(rect.shrink(2.0), sizes::RADIUS_S, t.bg_hover);
                }
                let ends = [
                    rect.left_center() + vec2(3.0, 0.0),
                    rect.right_center() - vec2(3.0, 0.0),
                ];
                super::lines::stroke_line(
                    ui.painter(),
                    &ends,
                    RunStroke::of_slot(slot),
                    1.5,
                    t.run(slot),
                );
                widgets::paint_marker(ui, rect.center(), Marker::of_slot(slot), t.run(slot), true);
                widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
                if response.on_hover_text(name).clicked() {
                    asked.push(Asked::Recolor(run.id.clone(), slot));
                    ui.close();
                }
            }
        });
    }
}

fn source_cell(cell: &mut Cell<'_>, source: &str) {
    let t = cell.tokens();
    let short = short_source(source);
    cell.paint(|ui, rect| {
        let galley = Type::MonoSmall.galley(ui, short, t.text_2, rect.width() - 4.0);
        let width = (galley.size().x + 8.0).max(44.0).min(rect.width());
        let area = Rect::from_min_size(pos2(rect.left(), rect.center().y - 8.0), vec2(width, 16.0));
        ui.painter().rect_stroke(
            area,
            sizes::RADIUS_XS,
            Stroke::new(1.0, t.line_strong),
            egui::StrokeKind::Inside,
        );
        widgets::place(ui.painter(), galley, area, egui::Align2::CENTER_CENTER);
    });
    cell.spoken(source);
    if short != source {
        cell.tip(source);
    }
}

/// A badge's word for a source.
pub(super) fn short_source(source: &str) -> &str {
    match source {
        "TensorBoard" => "TB",
        "JSON lines" => "JSONL",
        "Ultralytics" => "YOLO",
        "HF Trainer" => "HF",
        other => other,
    }
}

fn status_cell(cell: &mut Cell<'_>, run: &RunRow) {
    let t = cell.tokens();
    let (icon, icon_color, color) = match run.state {
        RunState::Running => ("", t.accent_text, t.accent_text),
        RunState::Finished => (icons::CHECK, t.ok, t.text_2),
        RunState::Failed => (icons::X_CIRCLE, t.err, t.err),
        RunState::Killed => (icons::SQUARE, t.warn, t.text_2),
        RunState::Stale => (icons::HOURGLASS, t.warn, t.warn),
        RunState::Unknown => (icons::CIRCLE_DASHED, t.text_3, t.text_3),
    };
    let at = pos2(cell.rect().left() + 6.0, cell.rect().center().y);
    cell.paint(|ui, _| {
        if icon.is_empty() {
            ui.painter()
                .circle_stroke(at, 5.5, Stroke::new(1.0, icon_color));
            ui.painter().circle_filled(at, 2.5, icon_color);
        } else {
            crate::theme::icon(ui.painter(), at, icon, 13.0, icon_color);
        }
    });
    cell.space(17.0)
        .styled(Type::Body, color, state_word(run.state));
    let times = [("began", run.start_ms), ("ended", run.end_ms)];
    let told: Vec<String> = times
        .into_iter()
        .filter_map(|(word, at)| Some(format!("{word} {}", crate::clock::when_exact(at?))))
        .collect();
    if run.state == RunState::Stale {
        cell.tip("No end was logged and nothing is being written: it may be over, or broken off");
    } else if !told.is_empty() {
        cell.tip(&told.join(", "));
    }
}

fn metric_cell(
    cell: &mut Cell<'_>,
    name: &str,
    metric: &MetricSummary,
    pick: Pick,
    best: bool,
    state: RunState,
    better: Better,
) {
    let t = cell.tokens();
    let (value, at_step) = pick.of(metric, better);
    let mut shown = numbers::metric(value);
    if let (Pick::Best, Some(step)) = (pick, at_step) {
        shown = format!("{shown} @{}", numbers::step(step));
    }
    let step = at_step
        .map(|step| format!(" at step {}", numbers::step(step)))
        .unwrap_or_default();
    let mut tip = format!(
        "{name}: {}{step}; lowest {}, highest {}, {}",
        numbers::exact(value),
        numbers::exact(metric.min),
        numbers::exact(metric.max),
        crate::format::count(metric.count, "point", "points")
    );
    if best {
        tip.push_str(match (state, better) {
            (RunState::Running, _) => ". Best of the listed runs, not finished",
            (_, Better::Higher) => ". Highest of the listed runs",
            _ => ". Lowest of the listed runs",
        });
        cell.tinted(&shown, t.ok, t.ok_bg).spoken("best");
    } else if !value.is_finite() {
        cell.styled(Type::Mono, t.warn, &shown);
    } else {
        cell.figure(&shown);
    }
    cell.tip(&tip);
}

/// A cell of the row that sums a group up.
pub(super) fn mean_cell(cell: &mut Cell<'_>, kind: Kind, mean: Option<Mean>) {
    match (kind, mean) {
        (Kind::Name, _) => {
            cell.weak("Mean ± deviation");
        }
        (_, Some(mean)) => {
            let t = cell.tokens();
            let shown = match mean.deviation {
                Some(deviation) => format!(
                    "{} ± {}",
                    numbers::metric(mean.mean),
                    numbers::figure(deviation)
                ),
                None => numbers::metric(mean.mean),
            };
            // Parameters are narrow: the deviation is in the tooltip then.
            let short = if matches!(kind, Kind::Metric(..)) {
                shown.clone()
            } else {
                numbers::figure(mean.mean)
            };
            cell.styled(Type::MonoSmall, t.text_3, &short)
                .tip(&format!("{shown}, n = {}", mean.n));
        }
        (_, None) => {}
    }
}

fn sparkline(ui: &Ui, rect: Rect, values: &[f64], color: egui::Color32, live: bool) {
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (Some(low), Some(high)) = (
        finite().min_by(f64::total_cmp),
        finite().max_by(f64::total_cmp),
    ) else {
        return;
    };
    let area = rect.shrink2(vec2(1.0, 7.0));
    let span = if high > low { high - low } else { 1.0 };
    let last = (values.len() - 1).max(1) as f32;
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(i, value)| {
            pos2(
                area.left() + area.width() * i as f32 / last,
                area.bottom() - area.height() * ((value - low) / span) as f32,
            )
        })
        .collect();
    if let Some(end) = points.last().copied().filter(|_| live) {
        ui.painter().circle_filled(end, 2.5, color);
    }
    ui.painter().line(points, Stroke::new(1.2, color));
}
