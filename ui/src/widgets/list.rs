//! Rows of two or three lines, as in the lists of projects, kits and repositories; and tree rows.

use egui::{
    Align2, Color32, CursorIcon, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{self, hairline_below};
use super::pill::{Mark, paint_mark};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// A row of a list: up to three lines, each with something at its right.
#[must_use = "show it in a ui"]
pub struct ListRow<'a> {
    title: &'a str,
    right: Option<(Option<&'a str>, &'a str, bool)>,
    lead: Option<Lead<'a>>,
    marks: Vec<(Mark, &'a str)>,
    note: Option<&'a str>,
    note_right: Option<&'a str>,
    third: Option<(&'a str, Option<(&'a str, &'a str)>)>,
    selected: bool,
    faded: bool,
    star: bool,
}

enum Lead<'a> {
    Letter(&'a str, Color32),
    Icon(&'a str, Color32),
}

impl<'a> ListRow<'a> {
    /// A row with a title.
    pub fn new(title: &'a str) -> Self {
        Self {
            title,
            right: None,
            lead: None,
            marks: Vec::new(),
            note: None,
            note_right: None,
            third: None,
            selected: false,
            faded: false,
            star: false,
        }
    }

    /// At the right of the title: an icon and a word in the mono face (a tag).
    pub fn tag(mut self, icon: Option<&'a str>, text: &'a str) -> Self {
        self.right = Some((icon, text, true));
        self
    }

    /// At the right of the title: a weak word.
    pub fn weak_right(mut self, text: &'a str) -> Self {
        self.right = Some((None, text, false));
        self
    }

    /// A set star at the right of the title.
    pub fn star(mut self, on: bool) -> Self {
        self.star = on;
        self
    }

    /// A letter in a box before the row.
    pub fn letter(mut self, letter: &'a str, color: Color32) -> Self {
        self.lead = Some(Lead::Letter(letter, color));
        self
    }

    /// An icon before the row.
    pub fn icon(mut self, icon: &'a str, color: Color32) -> Self {
        self.lead = Some(Lead::Icon(icon, color));
        self
    }

    /// A state on the second line; at most two, worst first.
    pub fn mark(mut self, mark: Mark, words: &'a str) -> Self {
        self.marks.push((mark, words));
        self
    }

    /// Plain words on the second line.
    pub fn note(mut self, note: &'a str) -> Self {
        self.note = Some(note);
        self
    }

    /// A figure at the right of the second line.
    pub fn note_right(mut self, figure: &'a str) -> Self {
        self.note_right = Some(figure);
        self
    }

    /// The third line: a path, and at its right an icon and a word (a branch and commit).
    pub fn path(mut self, path: &'a str, right: Option<(&'a str, &'a str)>) -> Self {
        self.third = Some((path, right));
        self
    }

    /// Part of the selection.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// Drawn weaker: not reachable.
    pub fn faded(mut self, faded: bool) -> Self {
        self.faded = faded;
        self
    }

    /// How high it is.
    #[must_use]
    pub fn height(&self) -> f32 {
        if self.third.is_some() {
            sizes::LIST_3
        } else {
            sizes::LIST_2
        }
    }

    /// Draw it over the whole width. It can be clicked and takes the focus.
    pub fn show(self, ui: &mut Ui, id: Id) -> Response {
        let t = Tokens::of(ui);
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), self.height()), Sense::hover());
        let response = ui.interact(rect, id, Sense::click());
        let spoken = self.spoken();
        response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, self.selected, &spoken));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_selected(self.selected));
        if ui.is_rect_visible(rect) {
            if self.selected {
                ui.painter().rect_filled(rect, 0.0, t.accent_bg);
                let edge = Rect::from_min_size(rect.min, vec2(sizes::EDGE, rect.height()));
                ui.painter().rect_filled(edge, 0.0, t.accent_line);
            } else if response.hovered() {
                ui.painter().rect_filled(rect, 0.0, t.bg_hover);
            }
            hairline_below(ui.painter(), rect, t.line);
            self.paint(ui, rect);
            paint::focus_ring(ui, rect.shrink(3.0), sizes::RADIUS_S, &response);
        }
        response.on_hover_cursor(CursorIcon::PointingHand)
    }

    fn spoken(&self) -> String {
        let mut parts = vec![self.title.to_owned()];
        parts.extend(self.right.map(|(_, text, _)| text.to_owned()));
        parts.extend(self.marks.iter().map(|(_, words)| (*words).to_owned()));
        parts.extend(self.note.map(str::to_owned));
        parts.extend(self.note_right.map(str::to_owned));
        if let Some((path, right)) = self.third {
            parts.push(path.to_owned());
            parts.extend(right.map(|(_, text)| text.to_owned()));
        }
        parts.join(", ")
    }

    fn paint(&self, ui: &Ui, rect: Rect) {
        let t = Tokens::of(ui);
        let mut inner = rect.shrink2(vec2(sizes::SPACE_4, 0.0));
        match &self.lead {
            Some(Lead::Letter(letter, color)) => {
                let area = Rect::from_center_size(
                    pos2(inner.left() + 13.0, rect.center().y),
                    vec2(26.0, 26.0),
                );
                paint::boxed(
                    ui.painter(),
                    area,
                    sizes::RADIUS_S,
                    t.bg_raised,
                    t.line_strong,
                );
                paint::line(
                    ui,
                    area,
                    Type::SmallStrong,
                    *color,
                    letter,
                    Align2::CENTER_CENTER,
                );
                inner.min.x += 36.0;
            }
            Some(Lead::Icon(icon, color)) => {
                theme::icon(
                    ui.painter(),
                    pos2(inner.left() + 8.0, rect.center().y),
                    icon,
                    sizes::ICON,
                    *color,
                );
                inner.min.x += 24.0;
            }
            None => {}
        }
        let lines = if self.third.is_some() {
            [5.0, 24.0, 43.0]
        } else {
            [5.0, 23.0, 0.0]
        };
        let row = |i: usize, height: f32| {
            Rect::from_min_size(
                pos2(inner.left(), rect.top() + lines[i]),
                vec2(inner.width(), height),
            )
        };

        let mut first = row(0, 18.0);
        if self.star {
            theme::icon_fill(
                ui.painter(),
                pos2(first.right() - 7.0, first.center().y),
                icons::STAR,
                13.0,
                t.accent_text,
            );
            first.max.x -= 20.0;
        }
        if let Some((icon, text, mono)) = self.right {
            let role = if mono { Type::Mono } else { Type::Small };
            let color = if mono { t.text_2 } else { t.text_3 };
            let (placed, _) = paint::line(
                ui,
                first.with_min_x(first.center().x),
                role,
                color,
                text,
                Align2::RIGHT_CENTER,
            );
            first.max.x = placed.left() - 6.0;
            if let Some(icon) = icon {
                theme::icon(
                    ui.painter(),
                    pos2(placed.left() - 10.0, first.center().y),
                    icon,
                    13.0,
                    t.text_3,
                );
                first.max.x -= 18.0;
            }
        }
        let color = if self.faded { t.text_2 } else { t.text };
        paint::line(
            ui,
            first,
            Type::BodyStrong,
            color,
            self.title,
            Align2::LEFT_CENTER,
        );

        let mut second = row(1, 16.0);
        if let Some(figure) = self.note_right {
            let (placed, _) = paint::line(
                ui,
                second.with_min_x(second.center().x),
                Type::MonoSmall,
                t.text_3,
                figure,
                Align2::RIGHT_CENTER,
            );
            second.max.x = placed.left() - 8.0;
        }
        for (mark, words) in &self.marks {
            if second.width() < 30.0 {
                break;
            }
            paint_mark(
                ui,
                pos2(second.left() + 6.0, second.center().y),
                *mark,
                13.0,
            );
            let words_at = second.with_min_x(second.left() + 16.0);
            let (placed, _) = paint::line(
                ui,
                words_at,
                Type::Small,
                mark.tone().color(t),
                words,
                Align2::LEFT_CENTER,
            );
            second.min.x = placed.right() + 10.0;
        }
        if let Some(note) = self.note {
            paint::line(ui, second, Type::Small, t.text_3, note, Align2::LEFT_CENTER);
        }

        if let Some((path, right)) = self.third {
            let mut third = row(2, 14.0);
            if let Some((icon, text)) = right {
                let area = third.with_min_x(third.left() + third.width() * 0.4);
                let (placed, _) = paint::line(
                    ui,
                    area,
                    Type::MonoSmall,
                    t.text_3,
                    text,
                    Align2::RIGHT_CENTER,
                );
                theme::icon(
                    ui.painter(),
                    pos2(placed.left() - 9.0, third.center().y),
                    icon,
                    12.0,
                    t.text_3,
                );
                third.max.x = placed.left() - 22.0;
            }
            paint::line(
                ui,
                third,
                Type::MonoSmall,
                t.text_3,
                path,
                Align2::LEFT_CENTER,
            );
        }
    }
}
