//! The text pane: the editor with its marks, or only what changed.

use std::ops::Range;

use egui::text::{CCursor, CCursorRange};
use egui::{Id, Rect, ScrollArea, Sense, Ui, pos2, vec2};
use kitbench_protocol::{KitfileProblem, Severity, SpanRole};

use super::diff::{LineDiff, Row, folds};
use super::editor::Editor;
use super::model;
use crate::app::ViewCtx;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::code::{Decoration, LineMark, Token, code_editor, highlight};
use crate::widgets::{self, Button, Tone};

/// What the pane keeps from frame to frame.
#[derive(Default)]
pub struct TextState {
    pub only_changes: bool,
    /// Scroll to this line, counted from 0, and put the cursor to this byte.
    pub reveal: Option<(usize, usize)>,
    /// Byte offset of the cursor while the pane has the focus.
    pub cursor: Option<usize>,
    decoration: Option<(u64, Option<u64>, Decoration)>,
    /// Problems arrive without a change of the text.
    seen_problems: usize,
}

/// The colour of a severity.
pub fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Err,
        Severity::Warning => Tone::Warn,
        Severity::Info => Tone::Info,
    }
}

/// Draw the pane. True when the text has the focus.
pub fn show(ui: &mut Ui, state: &mut TextState, editor: &mut Editor, ctx: &ViewCtx<'_>) -> bool {
    let t = Tokens::of(ui);
    ui.painter().rect_filled(ui.max_rect(), 0.0, t.bg_panel);
    head(ui, state, editor, ctx);
    let area = ui.available_rect_before_wrap();
    let foot_height = sizes::ROW;
    let middle = area.with_max_y(area.bottom() - foot_height);
    let mut focused = false;
    let mut child = ui.new_child(egui::UiBuilder::new().id_salt("text").max_rect(middle));
    child.shrink_clip_rect(middle);
    if state.only_changes {
        let diff = editor.diff();
        diff_list(
            &mut child,
            editor.saved_text(),
            editor.text(),
            &diff,
            Some(3),
        );
        state.reveal = None;
        state.cursor = None;
    } else {
        focused = editing(&mut child, state, editor, ctx);
    }
    let mut child = ui.new_child(
        egui::UiBuilder::new()
            .id_salt("foot")
            .max_rect(area.with_min_y(middle.bottom())),
    );
    foot(&mut child, state, editor);
    focused
}

fn head(ui: &mut Ui, state: &mut TextState, editor: &mut Editor, ctx: &ViewCtx<'_>) {
    let diff = editor.diff();
    let mut note = diff.words();
    if diff.touched() > 0 && diff.removed == 0 && editor.saved_text().contains('#') {
        note.push_str(", comments kept");
    }
    widgets::bar_row(ui, 36.0, sizes::SPACE_4, true, |ui| {
        let t = Tokens::of(ui);
        widgets::named(ui, egui::Role::Heading, Type::BodyBold, t.text, "Text");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let copy = Button::icon_only(icons::COPY, "Copy the whole text").small();
            if ui.add(copy).clicked() {
                ctx.commands.send(Command::Copy(editor.text().to_owned()));
            }
            let only = Button::ghost("Only changes")
                .icon(icons::GIT_DIFF)
                .small()
                .selected(state.only_changes)
                .tip("Fold unchanged lines");
            if ui.add(only).clicked() {
                state.only_changes = !state.only_changes;
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                widgets::label(ui, Type::Small, t.text_3, &note);
            });
        });
    });
}

/// The id of the text, for moving the focus into it.
pub fn text_id(editor: &Editor) -> Id {
    Id::unique(("kitfile text", editor.project().0))
}

fn editing(ui: &mut Ui, state: &mut TextState, editor: &mut Editor, ctx: &ViewCtx<'_>) -> bool {
    let id = text_id(editor);
    let reveal = state.reveal.take();
    if let Some((_, byte)) = reveal {
        let chars = editor
            .text()
            .get(..byte)
            .map_or(0, |before| before.chars().count());
        let mut memory = egui::text_edit::TextEditState::load(ui.ctx(), id).unwrap_or_default();
        memory
            .cursor
            .set_char_range(Some(CCursorRange::one(CCursor::new(chars))));
        memory.store(ui.ctx(), id);
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    let key = (
        editor.version(),
        editor.is_current().then_some(editor.version()),
    );
    let problems = editor.problems();
    let fresh = state
        .decoration
        .as_ref()
        .is_some_and(|(version, current, _)| (*version, *current) == key)
        && state.seen_problems == std::rc::Rc::as_ptr(&problems) as usize;
    if !fresh {
        state.decoration = Some((key.0, key.1, decoration(editor)));
        state.seen_problems = std::rc::Rc::as_ptr(&problems) as usize;
    }
    let empty = Decoration::default();
    let decoration = state
        .decoration
        .as_ref()
        .map_or(&empty, |(_, _, made)| made);
    let mut text = editor.text().to_owned();
    let output = code_editor(
        ui,
        id,
        "Kitfile text",
        &mut text,
        decoration,
        false,
        reveal.map(|(line, _)| line),
    );
    if output.response.changed() {
        editor.typed(text, ctx.now);
    }
    state.cursor = output.cursor;
    output.response.has_focus()
}

/// Marks of the text as it is, from an analysis that may be of a text just before.
fn decoration(editor: &mut Editor) -> Decoration {
    let diff = editor.diff();
    let shift = Shift::between(editor.analysed_text(), editor.text());
    let mut spans: Vec<(Range<usize>, Token)> = Vec::new();
    for span in editor.spans().iter() {
        let token = match span.role {
            SpanRole::Key => Token::Key,
            SpanRole::Comment => Token::Comment,
            SpanRole::Value => continue,
        };
        if let Some(range) = shift.range(span.start as usize..span.end as usize) {
            spans.push((range, token));
        }
    }
    spans.sort_by_key(|(range, _)| range.start);
    let mut out = Decoration {
        spans,
        removed_before: diff.removed_before(),
        ..Decoration::default()
    };
    for row in &diff.rows {
        match row {
            Row::Added { new } => out.lines.push((*new, LineMark::Added)),
            Row::Changed { new, .. } => out.lines.push((*new, LineMark::Changed)),
            Row::Same { .. } | Row::Removed { .. } => {}
        }
    }
    // Errors last: the sign of a line is that of its last mark.
    let problems = editor.problems();
    for severity in [Severity::Info, Severity::Warning, Severity::Error] {
        for problem in problems
            .iter()
            .filter(|problem| problem.severity == severity)
        {
            let Some(range) = shift.range(problem.start as usize..problem.end as usize) else {
                continue;
            };
            let tone = tone(severity);
            let line = line_of(editor.text(), range.start);
            out.lines
                .retain(|(at, mark)| *at != line || !matches!(mark, LineMark::Problem(_)));
            out.lines.push((line, LineMark::Problem(tone)));
            out.waves.push((range, tone));
        }
    }
    out
}

fn line_of(text: &str, byte: usize) -> usize {
    text.get(..byte)
        .map_or(0, |before| before.matches('\n').count())
}

/// Where places of one text are in another that differs in one stretch.
struct Shift {
    head: usize,
    old_tail: usize,
    new_tail: usize,
}

impl Shift {
    fn between(old: &str, new: &str) -> Self {
        let head = old
            .bytes()
            .zip(new.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let most = old.len().min(new.len()) - head;
        let tail = old
            .bytes()
            .rev()
            .zip(new.bytes().rev())
            .take(most)
            .take_while(|(a, b)| a == b)
            .count();
        Self {
            head,
            old_tail: old.len() - tail,
            new_tail: new.len() - tail,
        }
    }

    fn range(&self, range: Range<usize>) -> Option<Range<usize>> {
        let place = |at: usize| {
            if at <= self.head {
                Some(at)
            } else if at >= self.old_tail {
                Some(at - self.old_tail + self.new_tail)
            } else {
                None
            }
        };
        let (start, end) = (place(range.start)?, place(range.end)?);
        (start <= end).then_some(start..end)
    }
}

fn foot(ui: &mut Ui, state: &mut TextState, editor: &mut Editor) {
    let t = Tokens::of(ui);
    let rect = ui.max_rect();
    ui.painter().hline(
        rect.x_range(),
        rect.top() + 0.5,
        egui::Stroke::new(sizes::STROKE, t.line),
    );
    let problems = editor.problems();
    let version = editor
        .form()
        .map_or_else(String::new, |form| form.manifest_version.clone());
    let file = format!("{} {version}", editor.file_name());
    let facts = format!(
        "{}, UTF-8, {}",
        file.trim_end(),
        model::line_ends(editor.text())
    );
    widgets::bar_row(ui, rect.height(), sizes::SPACE_4, false, |ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            widgets::label(ui, Type::Small, t.text_3, &facts);
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let Some(problem) = first(&problems) else {
                    if editor.is_current() {
                        widgets::mark(ui, widgets::Mark::Done, "No problems");
                    }
                    return;
                };
                if foot_problem(ui, problem) {
                    state.only_changes = false;
                    state.reveal = Some((
                        problem.line.saturating_sub(1) as usize,
                        problem.start as usize,
                    ));
                }
            });
        });
    });
}

/// The first error, else the first of the rest.
pub fn first(problems: &[KitfileProblem]) -> Option<&KitfileProblem> {
    problems
        .iter()
        .find(|problem| problem.severity == Severity::Error)
        .or_else(|| problems.first())
}

fn foot_problem(ui: &mut Ui, problem: &KitfileProblem) -> bool {
    let t = Tokens::of(ui);
    let tone = tone(problem.severity);
    let words = model::foot_words(problem);
    let pieces = crate::theme::Pieces::marked(
        Type::Small,
        tone.color(t),
        &crate::format::printable(&words),
    );
    let galley = crate::theme::ellipsis(ui, pieces.job(), ui.available_width() - 20.0);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 20.0, sizes::HIT_MIN), Sense::click());
    if let Some(sign) = tone.sign() {
        crate::theme::icon_fill(
            ui.painter(),
            pos2(rect.left() + 7.0, rect.center().y),
            sign,
            13.0,
            tone.color(t),
        );
    }
    let cut = galley.elided;
    widgets::place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 20.0),
        egui::Align2::LEFT_CENTER,
    );
    let plain = pieces.plain();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &plain));
    widgets::focus_ring(ui, rect, sizes::RADIUS_S, &response);
    let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
    let response = if cut {
        response.on_hover_text(plain)
    } else {
        response
    };
    response.clicked()
}

enum Shown {
    Line(Row),
    Fold(usize),
}

/// Two texts against each other, line by line; `context` folds unchanged lines but for so many
/// around each change.
pub fn diff_list(ui: &mut Ui, old: &str, new: &str, diff: &LineDiff, context: Option<usize>) {
    let t = Tokens::of(ui);
    ui.painter()
        .rect_filled(ui.available_rect_before_wrap(), 0.0, t.bg_input);
    if diff.touched() == 0 {
        widgets::empty(
            ui,
            icons::EQUALS,
            "Nothing changed",
            "The text is as it was saved.",
            |_| {},
        );
        return;
    }
    let mut shown = Vec::with_capacity(diff.rows.len());
    let folded = context
        .map(|context| folds(&diff.rows, context))
        .unwrap_or_default();
    let mut at = 0;
    for fold in &folded {
        shown.extend(
            diff.rows[at..fold.start]
                .iter()
                .map(|row| Shown::Line(*row)),
        );
        shown.push(Shown::Fold(fold.len()));
        at = fold.end;
    }
    shown.extend(diff.rows[at..].iter().map(|row| Shown::Line(*row)));
    // A changed line is shown as it was and as it is.
    let lines: Vec<Shown> = shown
        .into_iter()
        .flat_map(|shown| match shown {
            Shown::Line(Row::Changed { old, new }) => vec![
                Shown::Line(Row::Removed { old }),
                Shown::Line(Row::Changed { old, new }),
            ],
            other => vec![other],
        })
        .collect();
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(ui, sizes::ROW_TEXT, lines.len(), |ui, range| {
            for line in lines.get(range).unwrap_or_default() {
                let (rect, response) = ui.allocate_exact_size(
                    vec2(ui.available_width(), sizes::ROW_TEXT),
                    Sense::hover(),
                );
                diff_line(ui, rect, &response, line, &a, &b);
            }
        });
}

fn diff_line(ui: &Ui, rect: Rect, response: &egui::Response, line: &Shown, a: &[&str], b: &[&str]) {
    let t = Tokens::of(ui);
    let (number, sign, text, back, color) = match line {
        Shown::Fold(count) => {
            let words = crate::format::count(*count as u64, "unchanged line", "unchanged lines");
            ui.painter().rect_filled(rect, 0.0, t.bg_raised);
            widgets::line(
                ui,
                rect.with_min_x(rect.left() + 56.0),
                Type::Small,
                t.text_3,
                &words,
                egui::Align2::LEFT_CENTER,
            );
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
            return;
        }
        Shown::Line(Row::Same { new, .. }) => (*new, "", b.get(*new), None, t.text_3),
        Shown::Line(Row::Added { new }) => (*new, "+", b.get(*new), Some(t.add_bg), t.ok),
        Shown::Line(Row::Changed { new, .. }) => (*new, "~", b.get(*new), Some(t.chg_bg), t.info),
        Shown::Line(Row::Removed { old }) => (*old, "-", a.get(*old), Some(t.err_bg), t.err),
    };
    let text = text.copied().unwrap_or_default();
    if let Some(back) = back {
        ui.painter().rect_filled(rect, 0.0, back);
        ui.painter()
            .rect_filled(rect.with_max_x(rect.left() + sizes::EDGE_WIDE), 0.0, color);
    }
    widgets::line(
        ui,
        rect.with_max_x(rect.left() + 34.0),
        Type::MonoSmall,
        t.text_3,
        &(number + 1).to_string(),
        egui::Align2::RIGHT_CENTER,
    );
    widgets::line(
        ui,
        rect.with_min_x(rect.left() + 38.0)
            .with_max_x(rect.left() + 52.0),
        Type::Mono,
        color,
        sign,
        egui::Align2::CENTER_CENTER,
    );
    let job = highlight(t, &crate::format::printable(text), &[]);
    let galley = crate::theme::ellipsis(ui, job, rect.width() - 64.0);
    widgets::place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 56.0),
        egui::Align2::LEFT_CENTER,
    );
    let word = match sign {
        "+" => "added",
        "~" => "changed",
        "-" => "removed",
        _ => "",
    };
    let spoken = format!("Line {} {word}: {text}", number + 1);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_move_with_what_is_typed_before_them() {
        let shift = Shift::between("name: a\nversion: 1\n", "name: abc\nversion: 1\n");
        assert_eq!(shift.range(0..4), Some(0..4));
        assert_eq!(shift.range(8..15), Some(10..17));
        let gone = Shift::between("name: abc\n", "name\n");
        assert_eq!(gone.range(6..9), None);
    }
}
