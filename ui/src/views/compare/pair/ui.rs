//! The dialog with two runs side by side.

use std::cell::Cell;
use std::rc::Rc;

use egui::{Align2, Context, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{CompareRuns, GetRunMarks, PairHead, ProjectId, RunMark, RunPair};

use super::NoteDialog;
use super::model::{self, PairLine, Turn};
use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::commands::Command;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::views::compare::cells::slot_color;
use crate::views::compare::curves::Drawn;
use crate::views::compare::model::state_word;
use crate::widgets::{self, Button, DialogFrame, FailureAction};

/// Two runs in depth.
pub struct PairDialog {
    project: ProjectId,
    runs: [Drawn; 2],
    pair: Remote<RunPair>,
    marks: Remote<Vec<RunMark>>,
    /// A note was saved over this dialog.
    noted: Rc<Cell<bool>>,
    differences: bool,
}

impl PairDialog {
    /// Of two runs.
    #[must_use]
    pub fn new(project: ProjectId, runs: [Drawn; 2]) -> Self {
        Self {
            project,
            marks: Remote::default(),
            noted: Rc::default(),
            runs,
            pair: Remote::default(),
            differences: true,
        }
    }

    fn heads(&self, ui: &mut Ui, pair: &RunPair, columns: Columns, view: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 78.0), Sense::hover());
        let heads = [(&pair.left, columns.left), (&pair.right, columns.right)];
        for ((head, (from, to)), run) in heads.into_iter().zip(&self.runs) {
            let area = egui::Rect::from_min_max(
                pos2(rect.left() + from, rect.top()),
                pos2(rect.left() + to, rect.bottom()),
            );
            let center = pos2(area.left() + 6.0, area.top() + 14.0);
            let marker = crate::theme::Marker::of_slot(run.slot);
            widgets::paint_marker(ui, center, marker, slot_color(t, run.slot), true);
            let mut column = ui.new_child(
                egui::UiBuilder::new()
                    .max_rect(area.with_min_x(area.left() + 18.0).shrink2(vec2(0.0, 4.0)))
                    .layout(egui::Layout::top_down(egui::Align::Min)),
            );
            column.spacing_mut().item_spacing.y = 2.0;
            widgets::named(
                &mut column,
                Role::Heading,
                Type::BodyBold,
                t.text,
                &head.name,
            );
            widgets::label(&mut column, Type::Small, t.text_2, &words(head));
            column.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                let marks = self.marks.value();
                let mark = marks.and_then(|marks| marks.iter().find(|mark| mark.run == head.id));
                if mark.is_some_and(|mark| mark.starred) {
                    let (star, _) = ui.allocate_exact_size(vec2(14.0, 18.0), Sense::hover());
                    theme::icon_fill(ui.painter(), star.center(), icons::STAR, 13.0, t.warn);
                }
                let note = mark
                    .map(|mark| mark.note.as_str())
                    .filter(|note| !note.is_empty());
                let name = format!("Note on {}", head.name);
                let text = if note.is_some() {
                    "Edit note…"
                } else {
                    "Add note…"
                };
                if ui
                    .add(Button::ghost(text).icon(icons::NOTE).small().name(name))
                    .clicked()
                {
                    let dialog =
                        NoteDialog::new(self.project, &head.id, &head.name).telling(&self.noted);
                    view.commands.send(Command::Show(Box::new(dialog)));
                }
                if let Some(note) = note.or(head.note.as_deref()) {
                    widgets::label(ui, Type::Small, t.text_2, note);
                }
            });
        }
        widgets::hairline_below(ui.painter(), rect, t.line_strong);
    }
}

/// `MLflow, done, 3 May 2026, 12 s`.
fn words(head: &PairHead) -> String {
    let mut words = format!("{}, {}", head.source, state_word(head.state).to_lowercase());
    if let Some(start) = head.start_ms {
        words.push_str(&format!(", {}", crate::clock::when_exact(start)));
    }
    if let Some(duration) = head.duration_ms {
        let seconds = duration as f64 / 1_000.0;
        words.push_str(&format!(
            ", {}",
            crate::views::compare::numbers::length_label(seconds)
        ));
    }
    words
}

/// Where the columns begin and end, from the left border of a line.
#[derive(Clone, Copy)]
struct Columns {
    name: (f32, f32),
    left: (f32, f32),
    right: (f32, f32),
    delta: (f32, f32),
}

impl Columns {
    fn of(width: f32) -> Self {
        let name = (width * 0.28).clamp(140.0, 300.0);
        let delta = 104.0;
        let value = ((width - name - delta) / 2.0).max(80.0);
        Self {
            name: (20.0, name),
            left: (name + 12.0, name + value),
            right: (name + value + 12.0, name + 2.0 * value),
            delta: (name + 2.0 * value, width - 20.0),
        }
    }
}

fn line_ui(ui: &mut Ui, line: &PairLine, columns: Columns) {
    let t = Tokens::of(ui);
    let height = match line {
        PairLine::Head(..) => 34.0,
        _ => 26.0,
    };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let cell = |(from, to): (f32, f32)| {
        egui::Rect::from_min_max(
            pos2(rect.left() + from, rect.top()),
            pos2(rect.left() + to - 6.0, rect.bottom()),
        )
    };
    match line {
        PairLine::Head(title, note) => {
            let at = cell(columns.name).translate(vec2(0.0, 4.0));
            let place = Align2::LEFT_CENTER;
            let (placed, _) = widgets::line(ui, at, Type::SmallStrong, t.text_2, title, place);
            let rest = at
                .with_min_x(placed.right() + 8.0)
                .with_max_x(rect.right() - 20.0);
            widgets::line(ui, rest, Type::Small, t.text_3, note, place);
            response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
        }
        PairLine::Metric(name, left, right, delta, turn) => {
            let place = Align2::LEFT_CENTER;
            widgets::line(ui, cell(columns.name), Type::Body, t.text, name, place);
            widgets::line(ui, cell(columns.left), Type::Mono, t.text, left, place);
            let (color, word, icon) = match turn {
                Turn::Better => (t.ok, "better", Some(icons::CHECK)),
                Turn::Worse => (t.err, "worse", Some(icons::X)),
                Turn::Neither => (t.text_2, "", None),
            };
            widgets::line(ui, cell(columns.right), Type::Mono, t.text, right, place);
            let at = cell(columns.delta);
            if let Some(icon) = icon {
                let center = pos2(at.left() + 6.0, at.center().y);
                theme::icon(ui.painter(), center, icon, 12.0, color);
            }
            let figures = at.with_min_x(at.left() + 18.0);
            widgets::line(ui, figures, Type::Mono, color, delta, place);
            let spoken = format!("{name}: {left}, {right}, {delta} {word}");
            response.widget_info(|| WidgetInfo::labeled(Role::Row, true, spoken.trim_end()));
        }
        PairLine::Fact(name, left, right, differs) => {
            let color = if *differs { t.text } else { t.text_2 };
            if *differs {
                ui.painter()
                    .rect_filled(rect, 0.0, t.accent_bg.gamma_multiply(0.45));
            }
            let place = Align2::LEFT_CENTER;
            widgets::line(ui, cell(columns.name), Type::Body, color, name, place);
            widgets::line(ui, cell(columns.left), Type::Mono, color, left, place);
            widgets::line(ui, cell(columns.right), Type::Mono, color, right, place);
            let spoken = format!("{name}: {left}, {right}");
            response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &spoken));
            response.on_hover_text(format!("{name}\n{left}\n{right}"));
        }
    }
    widgets::hairline_below(ui.painter(), rect, t.line);
}

impl Dialog for PairDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let [left, right] = &self.runs;
        let title = format!(
            "{} and {}",
            crate::format::printable(&left.name),
            crate::format::printable(&right.name)
        );
        let (project, ids) = (self.project, [left.id.clone(), right.id.clone()]);
        self.pair.ask(view.client, view.now, || {
            let [left, right] = ids;
            CompareRuns {
                project,
                left,
                right,
            }
        });
        if self.noted.take() {
            self.marks.invalidate();
        }
        self.marks
            .ask(view.client, view.now, || GetRunMarks { project });
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::SCALES),
            note: Some("Two runs in depth"),
            size: vec2(1016.0, 716.0),
        };
        let (mut open, mut differences, mut retry) = (true, self.differences, false);
        let mut copied = None;
        let this = &*self;
        let closed = widgets::dialog(
            ctx,
            &frame,
            |ui| match this.pair.view() {
                RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW_COMPACT),
                RemoteView::Failed(error) => {
                    retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
                }
                RemoteView::Ready { value, .. } => {
                    let columns = Columns::of(ui.available_width());
                    this.heads(ui, value, columns, view);
                    let lines = model::lines(value, this.differences);
                    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        if lines.is_empty() {
                            let words = "Nothing differs between these two runs.";
                            let t = Tokens::of(ui);
                            widgets::inset(ui, 20.0, |ui| {
                                widgets::paragraph(ui, Type::Body, t.text_2, words)
                            });
                        }
                        for line in &lines {
                            line_ui(ui, line, columns);
                        }
                    });
                }
            },
            |ui| {
                let close = Button::neutral("Close").large().key("Esc");
                open = !ui.add(close).clicked();
                if let Some(pair) = this.pair.value() {
                    let copy = Button::ghost("Copy")
                        .icon(icons::COPY)
                        .name("Copy the comparison");
                    if ui.add(copy).clicked() {
                        copied = Some(model::as_text(pair, this.differences));
                    }
                    widgets::switch(ui, &mut differences, "Differences only");
                }
            },
        );
        self.differences = differences;
        if retry {
            self.pair.invalidate();
        }
        if let Some(text) = copied {
            view.commands.send(Command::Copy(text));
        }
        open && !closed
    }
}
