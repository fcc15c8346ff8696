//! Drawing one cell of a table.

use egui::{Align2, Color32, Id, Layout, Rect, Sense, Ui, UiBuilder, pos2};

use crate::theme::{self, Pieces, Tokens, Type, sizes};
use crate::widgets::pill::{Mark, paint_mark};
use crate::widgets::{bars, paint};

/// A cell while it is drawn. Pieces are placed from the left, or from the right in a
/// column of figures; what does not fit is cut and whole in the tooltip.
pub struct Cell<'a> {
    ui: &'a mut Ui,
    id: Id,
    rect: Rect,
    right: bool,
    faded: bool,
    spoken: Vec<String>,
    cut: Option<String>,
}

impl<'a> Cell<'a> {
    pub(super) fn new(ui: &'a mut Ui, id: Id, rect: Rect, right: bool, faded: bool) -> Self {
        Self {
            ui,
            id,
            rect,
            right,
            faded,
            spoken: Vec::new(),
            cut: None,
        }
    }

    pub(super) fn finish(self) -> Vec<String> {
        if let Some(whole) = self.cut {
            // Senses nothing but the pointer, so a click still reaches the row.
            self.ui
                .interact(self.rect, self.id.with("whole"), Sense::hover())
                .on_hover_text(whole);
        }
        self.spoken
    }

    /// The tokens in force.
    #[must_use]
    pub fn tokens(&self) -> &'static Tokens {
        Tokens::of(self.ui)
    }

    /// The room that is left.
    #[must_use]
    pub fn rect(&self) -> Rect {
        self.rect
    }

    fn color(&self, color: Color32) -> Color32 {
        if self.faded {
            self.tokens().text_3
        } else {
            color
        }
    }

    /// Text in a role and colour.
    pub fn styled(&mut self, role: Type, color: Color32, text: &str) -> &mut Self {
        if self.rect.width() < 4.0 || text.is_empty() {
            return self;
        }
        let align = if self.right {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        let color = self.color(color);
        let (placed, cut) = paint::line(self.ui, self.rect, role, color, text, align);
        if cut {
            self.cut = Some(text.to_owned());
        }
        self.spoken.push(text.to_owned());
        self.advance(placed.width() + sizes::SPACE_2);
        self
    }

    /// A name: 13 px.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.styled(Type::Body, self.tokens().text, text)
    }

    /// A name that weighs more.
    pub fn strong(&mut self, text: &str) -> &mut Self {
        self.styled(Type::BodyStrong, self.tokens().text, text)
    }

    /// Secondary text: 12 px in `text_2`.
    pub fn small(&mut self, text: &str) -> &mut Self {
        self.styled(Type::Small, self.tokens().text_2, text)
    }

    /// Weak text: 12 px in `text_3`.
    pub fn weak(&mut self, text: &str) -> &mut Self {
        self.styled(Type::Small, self.tokens().text_3, text)
    }

    /// A path, digest or reference in the mono face.
    pub fn mono(&mut self, text: &str) -> &mut Self {
        self.styled(Type::Mono, self.tokens().text, text)
    }

    /// The same in `text_2`.
    pub fn mono_2(&mut self, text: &str) -> &mut Self {
        self.styled(Type::Mono, self.tokens().text_2, text)
    }

    /// A figure: mono; a zero is weak.
    pub fn figure(&mut self, text: &str) -> &mut Self {
        let t = self.tokens();
        let color = if matches!(text, "0" | "0 B" | "–") {
            t.text_3
        } else {
            t.text
        };
        self.styled(Type::Mono, color, text)
    }

    /// A size, exact in the tooltip.
    pub fn bytes(&mut self, count: u64) -> &mut Self {
        self.figure(&crate::format::bytes(count));
        self.cut = Some(crate::format::bytes_exact(count));
        self
    }

    /// Pieces in several roles.
    pub fn pieces(&mut self, pieces: &Pieces) -> &mut Self {
        let galley = theme::ellipsis(self.ui, pieces.job(), self.rect.width());
        if galley.elided {
            self.cut = Some(pieces.plain());
        }
        self.spoken.push(pieces.plain());
        let width = galley.size().x;
        let align = if self.right {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        paint::place(self.ui.painter(), galley, self.rect, align);
        self.advance(width + sizes::SPACE_2);
        self
    }

    /// An icon in a colour; it has no spoken name, so a word must follow.
    pub fn icon(&mut self, icon: &str, color: Color32) -> &mut Self {
        let color = self.color(color);
        let x = if self.right {
            self.rect.right() - 8.0
        } else {
            self.rect.left() + 8.0
        };
        theme::icon(
            self.ui.painter(),
            pos2(x, self.rect.center().y),
            icon,
            sizes::ICON,
            color,
        );
        self.advance(sizes::ICON + sizes::SPACE_2);
        self
    }

    /// A mark with its words.
    pub fn mark(&mut self, mark: Mark, words: &str) -> &mut Self {
        if self.right {
            let color = mark.tone().color(self.tokens());
            self.styled(Type::Small, color, words);
            let x = self.rect.right() - 5.0;
            paint_mark(self.ui, pos2(x, self.rect.center().y), mark, 13.0);
            self.advance(18.0);
        } else {
            paint_mark(
                self.ui,
                pos2(self.rect.left() + 7.0, self.rect.center().y),
                mark,
                13.0,
            );
            self.advance(18.0);
            let color = mark.tone().color(self.tokens());
            self.styled(Type::Body, color, words);
        }
        self
    }

    /// A bar that fills the cell: shares of the whole with their colours.
    pub fn bar(&mut self, parts: &[(f32, Color32)], spoken: &str) -> &mut Self {
        let bar = Rect::from_center_size(
            self.rect.center(),
            egui::vec2(self.rect.width(), sizes::BAR_CELL),
        );
        bars::paint_bar(self.ui, bar, parts);
        self.spoken.push(spoken.to_owned());
        self
    }

    /// A pill on a tinted ground, such as the best value of a metric.
    pub fn tinted(&mut self, text: &str, color: Color32, back: Color32) -> &mut Self {
        let galley = Type::Mono.galley(self.ui, text, color, self.rect.width());
        let align = if self.right {
            Align2::RIGHT_CENTER
        } else {
            Align2::LEFT_CENTER
        };
        let area = align
            .align_size_within_rect(galley.size(), self.rect)
            .expand2(egui::vec2(5.0, 0.0));
        self.ui.painter().rect_filled(area, sizes::RADIUS_XS, back);
        paint::place(self.ui.painter(), galley, self.rect, align);
        self.spoken.push(text.to_owned());
        self
    }

    /// Add space on the side that is being filled; indents a tree in its name column.
    pub fn space(&mut self, width: f32) -> &mut Self {
        self.advance(width);
        self
    }

    /// A tooltip for the whole cell.
    pub fn tip(&mut self, tip: &str) -> &mut Self {
        self.cut = Some(tip.to_owned());
        self
    }

    /// Add to the row's spoken name without drawing.
    pub fn spoken(&mut self, text: &str) -> &mut Self {
        self.spoken.push(text.to_owned());
        self
    }

    /// The painter's way: draw anything into the cell.
    pub fn paint(&mut self, draw: impl FnOnce(&Ui, Rect)) -> &mut Self {
        draw(self.ui, self.rect);
        self
    }

    /// Real widgets in the cell, such as a small button.
    pub fn widgets<R>(&mut self, add: impl FnOnce(&mut Ui) -> R) -> R {
        let layout = if self.right {
            Layout::right_to_left(egui::Align::Center)
        } else {
            Layout::left_to_right(egui::Align::Center)
        };
        let mut child = self.ui.new_child(
            UiBuilder::new()
                .id_salt(self.id)
                .max_rect(self.rect)
                .layout(layout),
        );
        child.spacing_mut().item_spacing.x = sizes::SPACE_2;
        add(&mut child)
    }

    fn advance(&mut self, width: f32) {
        if self.right {
            self.rect.max.x = (self.rect.max.x - width).max(self.rect.min.x);
        } else {
            self.rect.min.x = (self.rect.min.x + width).min(self.rect.max.x);
        }
    }
}
