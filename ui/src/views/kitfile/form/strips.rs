//! Problems at the field they are about: what is wrong, what is expected, the fix, the line.

use egui::{Align, Align2, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use kitbench_protocol::KitfileProblem;

use super::{Act, Form};
use crate::theme::{self, Pieces, Tokens, Type, icons, sizes};
use crate::views::kitfile::text::tone;
use crate::widgets::{self, Button};

impl Form<'_> {
    /// Strips for these problems, one below the other.
    pub(super) fn strips(&mut self, ui: &mut Ui, problems: &[KitfileProblem], square: bool) {
        for problem in problems {
            let (fix, show) = strip(ui, problem, square);
            if let Some(fix) = fix.and_then(|at| problem.fixes.get(at)) {
                self.editor.fix(problem, fix);
            }
            if show {
                self.acts.push(Act::ShowLine(problem.clone()));
            }
        }
    }
}

/// How wide a small button with this text is, with some room.
fn button_width(ui: &Ui, text: &str, icon: bool) -> f32 {
    let t = Tokens::of(ui);
    let galley = Type::SmallStrong.galley(ui, text, t.text, f32::INFINITY);
    galley.size().x + 20.0 + if icon { 20.0 } else { 0.0 }
}

fn fix_text(label: &str) -> String {
    label.replace('`', "")
}

fn strip(ui: &mut Ui, problem: &KitfileProblem, square: bool) -> (Option<usize>, bool) {
    let t = Tokens::of(ui);
    let tone = tone(problem.severity);
    let buttons: f32 = problem
        .fixes
        .iter()
        .enumerate()
        .map(|(i, fix)| button_width(ui, &fix_text(&fix.label), i == 0) + sizes::SPACE_2)
        .sum::<f32>()
        + button_width(ui, "Show line", false);
    let width = ui.available_width();
    let text_left = 36.0;
    // Where the buttons leave too little room they stand below the sentence.
    let below = width - text_left - buttons - 24.0 < 180.0;
    let text_width = if below {
        width - text_left - 12.0
    } else {
        width - text_left - buttons - 24.0
    };
    let mut pieces = Pieces::marked(
        Type::SmallStrong,
        t.text,
        &crate::format::printable(&problem.message),
    );
    if !problem.hint.is_empty() {
        pieces = pieces.then(Type::Small, t.text_2, " ");
        pieces.0.extend(
            Pieces::marked(
                Type::Small,
                t.text_2,
                &crate::format::printable(&problem.hint),
            )
            .0,
        );
    }
    let mut job = pieces.job();
    job.wrap.max_width = text_width.max(80.0);
    let galley = ui.painter().layout_job(job);
    let text_height = galley.size().y;
    let height = if below {
        text_height + 50.0
    } else {
        (text_height + 16.0).max(38.0)
    };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    if square {
        ui.painter().rect_filled(rect, 0.0, tone.back(t));
    } else {
        widgets::boxed(
            ui.painter(),
            rect,
            sizes::RADIUS_M,
            tone.back(t),
            tone.color(t),
        );
    }
    let words = if below {
        Rect::from_min_size(
            pos2(rect.left() + text_left, rect.top() + 8.0),
            galley.size(),
        )
    } else {
        Rect::from_center_size(rect.center(), vec2(rect.width(), text_height))
            .with_min_x(rect.left() + text_left)
    };
    if let Some(sign) = tone.sign() {
        let y = if below {
            rect.top() + 16.0
        } else {
            rect.center().y
        };
        theme::icon_fill(
            ui.painter(),
            pos2(rect.left() + 19.0, y),
            sign,
            sizes::ICON,
            tone.color(t),
        );
    }
    widgets::place(ui.painter(), galley, words, Align2::LEFT_CENTER);
    let plain = pieces.plain();
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &plain));
    let inner = if below {
        rect.with_min_y(rect.bottom() - 38.0)
    } else {
        rect
    };
    let mut right = ui.new_child(
        UiBuilder::new()
            .max_rect(inner.shrink2(vec2(sizes::SPACE_3, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    right.spacing_mut().item_spacing.x = sizes::SPACE_2;
    let mut fixed = None;
    // From the right: the most promising fix stands at the edge.
    for (i, fix) in problem.fixes.iter().enumerate() {
        let text = fix_text(&fix.label);
        let button = if i == 0 {
            Button::neutral(text).icon(icons::WRENCH)
        } else {
            Button::ghost(text)
        };
        if right.add(button.small().name(fix.label.clone())).clicked() {
            fixed = Some(i);
        }
    }
    let show = Button::ghost("Show line")
        .small()
        .tip(format!("Line {} of the text", problem.line));
    let show = right.add(show).clicked();
    (fixed, show)
}
