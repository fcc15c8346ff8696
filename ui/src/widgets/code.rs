//! The text pane: line numbers, tints, signs, coloured spans and waves under problems.

use std::ops::Range;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align2, Color32, Frame, Galley, Id, Margin, Rect, Response, ScrollArea, Sense, Shape, Stroke,
    TextEdit, Ui, pos2, vec2,
};

use super::{Tone, paint};
use crate::theme::{self, Tokens, Type, sizes};

/// What a piece of text is; decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A key of YAML or JSON, a keyword.
    Key,
    /// A text value.
    Text,
    /// A number, a truth value.
    Number,
    /// A comment.
    Comment,
    /// Brackets, dashes, colons.
    Sign,
}

/// How a line differs from the saved one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineMark {
    /// Added.
    Added,
    /// Changed.
    Changed,
    /// It has a problem of this severity.
    Problem(Tone),
}

/// What is drawn over and beside the text. Ranges are of bytes; one that is not on a
/// character boundary or beyond the text is left out.
#[derive(Debug, Clone, Default)]
pub struct Decoration {
    /// Coloured spans, in order, not overlapping.
    pub spans: Vec<(Range<usize>, Token)>,
    /// Waves under exact ranges.
    pub waves: Vec<(Range<usize>, Tone)>,
    /// Marks by line, counted from 0.
    pub lines: Vec<(usize, LineMark)>,
    /// Before these lines something was removed.
    pub removed_before: Vec<usize>,
}

/// The coloured text as a layout job.
#[must_use]
pub fn highlight(t: &Tokens, text: &str, spans: &[(Range<usize>, Token)]) -> LayoutJob {
    let mut job = LayoutJob {
        break_on_newline: true,
        ..LayoutJob::default()
    };
    let mut at = 0;
    for (range, token) in spans {
        if range.start < at
            || range.end > text.len()
            || !text.is_char_boundary(range.start)
            || !text.is_char_boundary(range.end)
            || range.is_empty()
        {
            continue;
        }
        if at < range.start {
            job.append(&text[at..range.start], 0.0, Type::Mono.format(t.text));
        }
        let color = match token {
            Token::Key => t.accent_text,
            Token::Text => t.ok,
            Token::Number => t.text,
            Token::Comment => t.text_3,
            Token::Sign => t.text_2,
        };
        job.append(&text[range.clone()], 0.0, Type::Mono.format(color));
        at = range.end;
    }
    // An empty text still needs a section, for the height of its cursor.
    if at < text.len() || text.is_empty() {
        job.append(&text[at..], 0.0, Type::Mono.format(t.text));
    }
    job
}

/// What the user did.
pub struct CodeOutput {
    /// The text; `changed()` after typing.
    pub response: Response,
    /// Line of the cursor, counted from 0, while it has the focus.
    pub cursor_line: Option<usize>,
    /// Byte offset of the cursor.
    pub cursor: Option<usize>,
}

/// A text editor with line numbers. `reveal` scrolls to a line, counted from 0.
pub fn code_editor(
    ui: &mut Ui,
    id: Id,
    name: &str,
    text: &mut String,
    decoration: &Decoration,
    read_only: bool,
    reveal: Option<usize>,
) -> CodeOutput {
    let t = Tokens::of(ui);
    let area = ui.available_rect_before_wrap();
    ui.painter().rect_filled(area, 0.0, t.bg_input);
    let digits = text.lines().count().max(1).to_string().len().max(2) as f32;
    let gutter = 24.0 + digits * 7.0 + 16.0;
    let mut scroll = ScrollArea::both()
        .id_salt(id.with("scroll"))
        .auto_shrink([false, false]);
    if let Some(line) = reveal {
        scroll = scroll
            .vertical_scroll_offset((line as f32 * sizes::ROW_TEXT - area.height() / 2.0).max(0.0));
    }
    scroll
        .show(ui, |ui| {
            let origin = ui.cursor().min;
            let view = ui.clip_rect();
            let back = ui.painter().add(Shape::Noop);
            let lines = text.split('\n').count();
            ui.set_min_height(lines as f32 * sizes::ROW_TEXT + 16.0);
            let mut layouter =
                |ui: &Ui, buffer: &dyn egui::TextBuffer, _wrap: f32| -> Arc<Galley> {
                    // While typing runs ahead of the analysis, spans that no longer fit are left out.
                    ui.painter()
                        .layout_job(highlight(t, buffer.as_str(), &decoration.spans))
                };
            let room = Rect::from_min_size(
                origin + vec2(gutter, 6.0),
                vec2(
                    (area.width() - gutter).max(40.0),
                    (lines as f32 * sizes::ROW_TEXT).max(area.height() - 12.0),
                ),
            );
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(room));
            let output = TextEdit::multiline(text)
                .id(id)
                .frame(Frame::NONE)
                .margin(Margin::ZERO)
                .font(Type::Mono.font())
                .text_color(t.text)
                .interactive(!read_only)
                .lock_focus(true)
                .desired_width(f32::INFINITY)
                .layouter(&mut layouter)
                .show(&mut child);
            let response = output.response.response.clone().accessible_name(name);
            let used = output.galley.size();
            ui.allocate_rect(
                Rect::from_min_size(origin, vec2(gutter + used.x + 24.0, used.y + 16.0)),
                Sense::hover(),
            );
            let top = output.galley_pos.y;
            let mut shapes = Vec::new();
            for (line, mark) in &decoration.lines {
                let row = Rect::from_min_size(
                    pos2(view.left(), top + *line as f32 * sizes::ROW_TEXT),
                    vec2(view.width(), sizes::ROW_TEXT),
                );
                if row.intersects(view) {
                    let (fill, edge) = line_colors(t, *mark);
                    shapes.push(Shape::rect_filled(row, 0.0, fill));
                    shapes.push(Shape::rect_filled(
                        row.with_max_x(row.left() + sizes::EDGE_WIDE),
                        0.0,
                        edge,
                    ));
                }
            }
            ui.painter().set(back, Shape::Vec(shapes));
            gutter_ui(ui, t, origin.x, gutter, top, lines, view, decoration);
            for (range, tone) in &decoration.waves {
                wave(
                    ui,
                    &output.galley,
                    output.galley_pos,
                    text,
                    range,
                    tone.color(t),
                );
            }
            let cursor = output.cursor_range.map(|range| range.primary.index);
            let cursor = cursor.map(|index| byte_of(text, index.into()));
            CodeOutput {
                response,
                cursor_line: cursor.map(|at| {
                    text.get(..at)
                        .map_or(0, |before| before.matches('\n').count())
                }),
                cursor,
            }
        })
        .inner
}

fn line_colors(t: &Tokens, mark: LineMark) -> (Color32, Color32) {
    match mark {
        LineMark::Added => (t.add_bg, t.ok),
        LineMark::Changed => (t.chg_bg, t.info),
        LineMark::Problem(tone) => (tone.back(t), tone.color(t)),
    }
}

#[expect(clippy::too_many_arguments, reason = "where the gutter stands")]
fn gutter_ui(
    ui: &Ui,
    t: &Tokens,
    left: f32,
    width: f32,
    top: f32,
    lines: usize,
    view: Rect,
    decoration: &Decoration,
) {
    let first = ((view.top() - top) / sizes::ROW_TEXT).floor().max(0.0) as usize;
    let last = (((view.bottom() - top) / sizes::ROW_TEXT).ceil().max(0.0) as usize).min(lines);
    for line in first..last {
        let row = Rect::from_min_size(
            pos2(left, top + line as f32 * sizes::ROW_TEXT),
            vec2(width - 8.0, sizes::ROW_TEXT),
        );
        let mark = decoration
            .lines
            .iter()
            .rfind(|(at, _)| *at == line)
            .map(|(_, mark)| *mark);
        let number = row.with_max_x(row.right() - 18.0);
        let color = if mark.is_some() { t.text_2 } else { t.text_3 };
        paint::line(
            ui,
            number,
            Type::MonoSmall,
            color,
            &(line + 1).to_string(),
            Align2::RIGHT_CENTER,
        );
        let sign = pos2(row.right() - 7.0, row.center().y);
        match mark {
            Some(LineMark::Added) => {
                ui.painter()
                    .text(sign, Align2::CENTER_CENTER, "+", Type::Mono.font(), t.ok);
            }
            Some(LineMark::Changed) => {
                ui.painter()
                    .text(sign, Align2::CENTER_CENTER, "~", Type::Mono.font(), t.info);
            }
            Some(LineMark::Problem(tone)) => {
                if let Some(icon) = tone.sign() {
                    theme::icon_fill(ui.painter(), sign, icon, 12.0, tone.color(t));
                }
            }
            None => {}
        }
        if decoration.removed_before.contains(&line) {
            let x = left + 2.0;
            let y = row.top();
            let points = vec![pos2(x, y - 4.0), pos2(x + 6.0, y), pos2(x, y + 4.0)];
            ui.painter()
                .add(Shape::convex_polygon(points, t.err, Stroke::NONE));
        }
    }
}

/// A wave of 3 px steps under a range of the text.
fn wave(
    ui: &Ui,
    galley: &Galley,
    origin: egui::Pos2,
    text: &str,
    range: &Range<usize>,
    color: Color32,
) {
    let (Some(before), Some(inside)) = (text.get(..range.start), text.get(range.clone())) else {
        return;
    };
    let from = before.chars().count();
    let to = from + inside.chars().count().max(1);
    let rect = |index: usize| {
        galley
            .pos_from_cursor(egui::text::CCursor::new(index))
            .translate(origin.to_vec2())
    };
    let (start, end) = (rect(from), rect(to));
    let right = if (end.top() - start.top()).abs() < 1.0 {
        end.left()
    } else {
        start.left() + 40.0
    };
    let y = start.bottom() - 1.5;
    let mut points = Vec::new();
    let mut x = start.left();
    let mut up = false;
    while x < right.max(start.left() + 6.0) {
        points.push(pos2(x, if up { y - 2.0 } else { y }));
        up = !up;
        x += 3.0;
    }
    ui.painter().line(points, Stroke::new(1.0, color));
}

fn byte_of(text: &str, chars: usize) -> usize {
    text.char_indices()
        .nth(chars)
        .map_or(text.len(), |(at, _)| at)
}

/// Read-only text in the mono face in a box, such as a command line; it can be selected.
pub fn code_block(ui: &mut Ui, text: &str, spans: &[(Range<usize>, Token)]) -> Response {
    let t = Tokens::of(ui);
    Frame::new()
        .fill(t.bg_input)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(sizes::RADIUS_M)
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let mut job = highlight(t, text, spans);
            job.wrap.max_width = ui.available_width();
            ui.add(egui::Label::new(job).selectable(true))
        })
        .inner
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::DARK;

    #[test]
    fn spans_that_do_not_fit_are_left_out() {
        let text = "näme: value";
        let spans = [
            (0..5, Token::Key),
            (2..3, Token::Sign),
            (7..99, Token::Text),
            (7..12, Token::Text),
        ];
        let job = highlight(&DARK, text, &spans);
        assert_eq!(job.text, text);
        let colors: Vec<_> = job
            .sections
            .iter()
            .map(|section| section.format.color)
            .collect();
        assert_eq!(colors, [DARK.accent_text, DARK.text, DARK.ok]);
    }
}
