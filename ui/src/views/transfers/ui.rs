//! Drawing the list of jobs.

use std::collections::BTreeSet;

use egui::{Align, Layout, Rect, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{JobId, JobState, JobView, StepView};

use super::Ask;
use super::model::{self, Part};
use crate::app::ViewCtx;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::table::{Column, Line, Table, TableState};
use crate::widgets::{
    Button, Mark, Segment, focus_ring, hairline_below, label, paint_bar, paragraph, segments,
    select,
};

const ITEM: f32 = 52.0;
const FAILED_ITEM: f32 = 96.0;

/// The row above the list; answers what was pressed in it.
pub fn head(ui: &mut Ui, part: &mut usize, jobs: &[JobView], ctx: &ViewCtx<'_>) -> Vec<Ask> {
    let counts = model::counts(jobs);
    let settings = ctx.shared.settings.value();
    let mut asks = Vec::new();
    crate::widgets::bar_row(ui, 44.0, 16.0, true, |ui| {
        let t = Tokens::of(ui);
        label(ui, Type::Heading, t.text, "Transfers");
        let choices = [
            Segment::new("All"),
            Segment::new("Active").count(counts[1]),
            Segment::new("Paused").count(counts[2]),
            Segment::new("Failed").count(counts[3]),
            Segment::new("Finished").count(counts[4]),
        ];
        segments(ui, "Show", part, &choices);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if counts[4] + counts[3] > 0
                && ui
                    .add(Button::ghost("Clear finished").icon(icons::BROOM))
                    .clicked()
            {
                asks.push(Ask::ClearFinished);
            }
            let moving: Vec<JobId> = pausable(jobs).collect();
            if moving.len() > 1
                && ui
                    .add(Button::neutral("Pause all").icon(icons::PAUSE))
                    .clicked()
            {
                asks.extend(moving.into_iter().map(Ask::Pause));
            }
            if let Some(settings) = settings
                && ui.available_width() > 190.0
            {
                let now = settings.layers_at_once.clamp(1, 8);
                let mut at = usize::from(now) - 1;
                let choices = ["1", "2", "3", "4", "5", "6", "7", "8"];
                if select(ui, "Layers at once", &mut at, &choices, 56.0).changed() {
                    asks.push(Ask::LayersAtOnce(at as u8 + 1));
                }
                label(ui, Type::Small, t.text_2, "Layers at once");
            }
        });
    });
    asks
}

/// The jobs that move now and can be paused.
fn pausable(jobs: &[JobView]) -> impl Iterator<Item = JobId> {
    jobs.iter()
        .filter(|job| job.can_pause && job.state.is_active())
        .map(|job| job.id)
}

pub fn list(
    ui: &mut Ui,
    parts: &[(Part, Vec<&JobView>)],
    open: &BTreeSet<i64>,
    selected: Option<JobId>,
) -> Vec<Ask> {
    let t = Tokens::of(ui);
    let mut asks = Vec::new();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if parts.is_empty() {
            ui.add_space(24.0);
            ui.vertical_centered(|ui| {
                label(ui, Type::Body, t.text_2, "Nothing in this part");
            });
        }
        for (part, jobs) in parts {
            section_head(ui, part.word(), jobs.len());
            for job in jobs {
                let chosen = selected == Some(job.id);
                asks.extend(item(ui, job, open.contains(&job.id.0), chosen));
                if open.contains(&job.id.0) && !job.steps.is_empty() {
                    layers(ui, job);
                }
            }
        }
    });
    asks
}

fn section_head(ui: &mut Ui, word: &str, count: usize) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, t.bg_raised);
    hairline_below(ui.painter(), rect, t.line);
    let mut row = ui.new_child(
        UiBuilder::new()
            .max_rect(rect.shrink2(vec2(16.0, 0.0)))
            .layout(Layout::left_to_right(Align::Center)),
    );
    row.spacing_mut().item_spacing.x = 8.0;
    crate::widgets::named(
        &mut row,
        egui::Role::Heading,
        Type::SmallStrong,
        t.text,
        word,
    );
    label(&mut row, Type::Small, t.text_3, &count.to_string());
}

fn item(ui: &mut Ui, job: &JobView, open: bool, selected: bool) -> Option<Ask> {
    let t = Tokens::of(ui);
    let failed = matches!(job.state, JobState::Failed(_));
    let height = if failed { FAILED_ITEM } else { ITEM };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let response = ui.interact(rect, egui::Id::unique(("job", job.id.0)), Sense::click());
    response.widget_info(|| {
        let spoken = format!("{}, {}", job.subject, model::sentence(job));
        egui::WidgetInfo::selected(egui::Role::ListItem, true, selected, spoken)
    });
    if selected {
        ui.painter().rect_filled(rect, 0.0, t.accent_bg);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, t.bg_hover);
    }
    hairline_below(ui.painter(), rect, t.line);
    let mut ask = response.clicked().then_some(Ask::Select(job.id));

    let mut buttons = ui.new_child(
        UiBuilder::new()
            .max_rect(rect.shrink2(vec2(12.0, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    buttons.spacing_mut().item_spacing.x = 6.0;
    ask = item_buttons(&mut buttons, job, open).or(ask);
    let right = buttons.min_rect().left() - 12.0;

    let color = if failed { t.err } else { t.accent_text };
    let icon_x = rect.left() + 22.0;
    crate::theme::icon(
        ui.painter(),
        pos2(icon_x, rect.top() + 26.0),
        model::icon(job.kind),
        18.0,
        color,
    );
    let bar_width = if failed {
        0.0
    } else {
        ((right - rect.left()) * 0.36).clamp(120.0, 320.0)
    };
    let text_rect = Rect::from_min_max(
        pos2(rect.left() + 46.0, rect.top() + 7.0),
        pos2(right - bar_width - 16.0, rect.bottom()),
    );
    let mut text = ui.new_child(UiBuilder::new().max_rect(text_rect));
    text.spacing_mut().item_spacing.y = 2.0;
    label(&mut text, Type::Mono, t.text, &job.subject);
    match &job.state {
        JobState::Failed(error) => {
            label(&mut text, Type::BodyStrong, t.text, &error.message);
            paragraph(&mut text, Type::Small, t.text_2, &error.hint);
        }
        _ => {
            label(&mut text, Type::Small, t.text_2, &model::sentence(job));
        }
    }
    if !failed {
        progress(
            ui,
            job,
            Rect::from_min_max(
                pos2(right - bar_width, rect.top()),
                pos2(right, rect.bottom()),
            ),
        );
    }
    focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
    ask
}

fn progress(ui: &mut Ui, job: &JobView, rect: Rect) {
    let t = Tokens::of(ui);
    let mut line = ui.new_child(
        UiBuilder::new()
            .max_rect(Rect::from_min_max(
                pos2(rect.left(), rect.top() + 8.0),
                pos2(rect.right(), rect.top() + 26.0),
            ))
            .layout(Layout::left_to_right(Align::Center)),
    );
    label(&mut line, Type::Mono, t.text, &model::moved(job));
    line.with_layout(Layout::right_to_left(Align::Center), |ui| {
        match &job.state {
            JobState::Running => {
                label(ui, Type::Mono, t.text_2, &model::pace(job));
            }
            state if job.ended_ms.is_some() => {
                let (sign, word) = model::end_mark(state);
                crate::widgets::mark(ui, sign, word);
            }
            _ => {}
        }
    });
    let share = model::share(job.done_bytes, job.total_bytes);
    let color = match job.state {
        JobState::Running => t.accent_line,
        JobState::Done => t.ok,
        _ => t.bar_reuse,
    };
    let share = if job.state == JobState::Done {
        1.0
    } else {
        share
    };
    let bar = Rect::from_min_max(
        pos2(rect.left(), rect.top() + 32.0),
        pos2(rect.right(), rect.top() + 38.0),
    );
    paint_bar(ui, bar, &[(share, color)]);
    let response = ui.interact(bar, egui::Id::unique(("job-bar", job.id.0)), Sense::hover());
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(
            egui::Role::ProgressIndicator,
            true,
            format!("Progress of {}", job.subject),
        );
        info.value = Some(f64::from(share));
        info
    });
}

fn item_buttons(ui: &mut Ui, job: &JobView, open: bool) -> Option<Ask> {
    let mut ask = None;
    let name = |verb: &str| format!("{verb} {}", job.subject);
    if job.state.is_active() || matches!(job.state, JobState::Paused(_)) {
        let cancel = Button::icon_boxed(icons::X, name("Cancel")).tip("Cancel");
        if ui.add(cancel).clicked() {
            ask = Some(Ask::Cancel(job.id));
        }
    }
    if job.state == JobState::Running
        && job.can_pause
        && ui
            .add(
                Button::neutral("Pause")
                    .icon(icons::PAUSE)
                    .name(name("Pause")),
            )
            .clicked()
    {
        ask = Some(Ask::Pause(job.id));
    }
    if job.can_retry {
        let button = match job.state {
            JobState::Failed(_) => Button::primary("Retry")
                .icon(icons::ARROW_CLOCKWISE)
                .name(name("Retry")),
            JobState::Paused(_) => Button::neutral("Resume")
                .icon(icons::PLAY)
                .name(name("Resume")),
            _ => Button::neutral("Again")
                .icon(icons::ARROW_CLOCKWISE)
                .name(name("Again")),
        };
        if ui.add(button).clicked() {
            ask = Some(Ask::Retry(job.id));
        }
    }
    if matches!(job.state, JobState::Failed(_))
        && ui
            .add(
                Button::ghost("Copy report")
                    .icon(icons::COPY)
                    .name(name("Copy report")),
            )
            .clicked()
    {
        ask = Some(Ask::CopyReport(job.id));
    }
    if !job.steps.is_empty() {
        let (icon, verb) = if open {
            (icons::CARET_DOWN, "Fold")
        } else {
            (icons::CARET_RIGHT, "Unfold")
        };
        if ui
            .add(Button::icon_boxed(icon, name(verb)).tip("Layers"))
            .clicked()
        {
            ask = Some(Ask::Toggle(job.id));
        }
    }
    ask
}

fn layers(ui: &mut Ui, job: &JobView) {
    let t = Tokens::of(ui);
    let columns = [
        Column::flex("layer", "Layer", 140.0),
        Column::fixed("size", "Size", 88.0).right(),
        Column::fixed("state", "State", 168.0),
        Column::flex("bar", "Progress", 120.0).leaves(2),
        Column::fixed("percent", "", 48.0).right(),
        Column::fixed("done", "Moved", 92.0).right().leaves(3),
        Column::fixed("speed", "Speed", 92.0).right().leaves(1),
        Column::fixed("left", "Left", 64.0).right().leaves(4),
    ];
    let name = format!("Layers of {}", job.subject);
    Table::new(&name, &columns)
        .row_height(sizes::ROW_COMPACT)
        .fit()
        .plain()
        .show(
            ui,
            &mut TableState::default(),
            job.steps.len(),
            |_| Line::row(false),
            |row, column, cell| {
                let Some(step) = job.steps.get(row) else {
                    return;
                };
                step_cell(step, column, cell, t);
            },
            |_| false,
        );
}

fn step_cell(
    step: &StepView,
    column: usize,
    cell: &mut crate::widgets::table::Cell<'_>,
    t: &Tokens,
) {
    let (sign, word) = model::step_mark(step.state);
    let still = matches!(sign, Mark::Reused | Mark::Mounted | Mark::Waiting);
    match column {
        0 => {
            let kind = step.kind.map_or(LayerKind::Config, LayerKind::from);
            cell.icon(kind.icon(), t.layer(kind)).text(&step.label);
        }
        1 => {
            cell.bytes(step.total_bytes);
        }
        2 => {
            cell.mark(sign, word);
        }
        3 => {
            let share = match sign {
                Mark::Reused | Mark::Mounted | Mark::Verified => 1.0,
                _ => model::share(step.done_bytes, step.total_bytes),
            };
            let color = match sign {
                Mark::Verified => t.ok,
                Mark::Reused | Mark::Mounted => t.bar_reuse,
                Mark::Failed => t.err,
                _ => t.accent_line,
            };
            cell.bar(
                &[(share, color)],
                &format::percent(step.done_bytes, step.total_bytes),
            );
        }
        4 if sign != Mark::Verified && !still => {
            cell.figure(&format::percent(step.done_bytes, step.total_bytes));
        }
        5 => {
            cell.bytes(if still { 0 } else { step.done_bytes });
        }
        6 => {
            if let Some(speed) = step.bytes_per_second {
                cell.figure(&format::speed(Some(speed as f64)));
            }
        }
        7 => {
            if let Some(seconds) = step.seconds_left {
                cell.figure(&format::duration(seconds));
            }
        }
        _ => {}
    }
}
