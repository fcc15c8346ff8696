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

/// A row of a file tree, 24 high: edge in the layer's colour, caret, icon, name, pill, figure.
#[must_use = "show it in a ui"]
pub struct TreeRow<'a> {
    /// What it is called.
    pub name: &'a str,
    /// How deep it lies; 0 at the root.
    pub depth: usize,
    /// `Some(open)` for what can be unfolded.
    pub open: Option<bool>,
    /// Icon and its colour.
    pub icon: (&'a str, Color32),
    /// Colour of the edge at the left: the layer it belongs to.
    pub edge: Option<Color32>,
    /// A mark behind the name, such as the pencil.
    pub mark: Option<Mark>,
    /// A pill at the right of the name: tone and word.
    pub pill: Option<(super::Tone, &'a str)>,
    /// The figure at the right.
    pub figure: &'a str,
    /// Part of the selection.
    pub selected: bool,
    /// A root, drawn stronger.
    pub strong: bool,
    /// Drawn weaker.
    pub faded: bool,
}

/// What happened to a tree row.
pub struct TreeRowResponse {
    /// The row as a whole.
    pub response: Response,
    /// Its caret was clicked, or left and right pressed on it.
    pub toggled: bool,
}

impl TreeRow<'_> {
    /// A row with the plain values; set the others with struct update syntax.
    #[must_use]
    pub fn new(name: &str) -> TreeRow<'_> {
        TreeRow {
            name,
            depth: 0,
            open: None,
            icon: (icons::FILE, Color32::GRAY),
            edge: None,
            mark: None,
            pill: None,
            figure: "",
            selected: false,
            strong: false,
            faded: false,
        }
    }

    /// Draw it over the whole width.
    pub fn show(self, ui: &mut Ui, id: Id) -> TreeRowResponse {
        let t = Tokens::of(ui);
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), sizes::ROW_TREE), Sense::hover());
        let response = ui.interact(rect, id, Sense::click());
        let spoken = [
            self.name,
            self.pill.map_or("", |(_, word)| word),
            self.figure,
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, self.selected, &spoken));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_level(self.depth + 1);
            node.set_selected(self.selected);
            if let Some(open) = self.open {
                node.set_expanded(open);
            }
        });
        if self.selected {
            ui.painter().rect_filled(rect, 0.0, t.accent_bg);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, t.bg_hover);
        }
        if let Some(edge) = self.edge {
            ui.painter().rect_filled(
                Rect::from_min_size(rect.min, vec2(sizes::EDGE_WIDE, rect.height())),
                0.0,
                edge,
            );
        }
        let mut x = rect.left() + 16.0 + self.depth as f32 * 14.0;
        let mut toggled = false;
        if let Some(open) = self.open {
            let caret =
                Rect::from_center_size(pos2(x + 6.0, rect.center().y), vec2(20.0, rect.height()));
            let icon = if open {
                icons::CARET_DOWN
            } else {
                icons::CARET_RIGHT
            };
            theme::icon(ui.painter(), caret.center(), icon, 12.0, t.text_2);
            let part = ui
                .interact(caret, id.with("caret"), Sense::CLICK)
                .on_hover_cursor(CursorIcon::PointingHand);
            part.widget_info(|| {
                WidgetInfo::labeled(
                    Role::DisclosureTriangle,
                    true,
                    format!("Unfold {}", self.name),
                )
            });
            toggled |= part.clicked();
            if response.has_focus() {
                ui.input(|input| {
                    toggled |= (input.key_pressed(egui::Key::ArrowRight) && !open)
                        || (input.key_pressed(egui::Key::ArrowLeft) && open);
                });
            }
        }
        if response.has_focus() {
            let filter = egui::EventFilter {
                horizontal_arrows: self.open.is_some(),
                ..egui::EventFilter::default()
            };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        }
        x += 18.0;
        let (icon, color) = self.icon;
        theme::icon(
            ui.painter(),
            pos2(x + 7.0, rect.center().y),
            icon,
            15.0,
            if self.faded { t.text_3 } else { color },
        );
        x += 22.0;
        let mut inner = Rect::from_min_max(
            pos2(x, rect.top()),
            pos2(rect.right() - sizes::SPACE_4, rect.bottom()),
        );
        if !self.figure.is_empty() {
            let (placed, _) = paint::line(
                ui,
                inner,
                Type::MonoSmall,
                t.text_3,
                self.figure,
                Align2::RIGHT_CENTER,
            );
            inner.max.x = placed.left() - 8.0;
        }
        if let Some((tone, word)) = self.pill {
            let galley = Type::Caption.galley(ui, word, tone.color(t), 90.0);
            let size = galley.size() + vec2(10.0, 4.0);
            let area = Rect::from_min_size(
                pos2(inner.right() - size.x, rect.center().y - size.y / 2.0),
                size,
            );
            ui.painter()
                .rect_filled(area, sizes::RADIUS_XS, tone.back(t));
            paint::place(ui.painter(), galley, area, Align2::CENTER_CENTER);
            inner.max.x = area.left() - 6.0;
        }
        let role = if self.strong {
            Type::BodyStrong
        } else {
            Type::Body
        };
        let color = if self.faded { t.text_3 } else { t.text };
        let room = if self.mark.is_some() {
            inner.with_max_x(inner.right() - 20.0)
        } else {
            inner
        };
        let (placed, cut) = paint::line(ui, room, role, color, self.name, Align2::LEFT_CENTER);
        if let Some(mark) = self.mark {
            paint_mark(ui, pos2(placed.right() + 12.0, rect.center().y), mark, 13.0);
        }
        paint::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        let mut response = response.on_hover_cursor(CursorIcon::PointingHand);
        if cut {
            response = response.on_hover_text(crate::format::printable(self.name));
        }
        TreeRowResponse { response, toggled }
    }
}
