//! What the painted widgets share: focus ring, placing text, tones.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Galley, Painter, Rect, Response, Stroke, StrokeKind, Ui, pos2,
    vec2,
};

use crate::theme::{self, Tokens, Type, sizes};

/// The meaning of a mark, pill or strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tone {
    /// No meaning of its own.
    #[default]
    Neutral,
    /// Weaker still: something one may overlook.
    Quiet,
    /// Verified, same, valid.
    Ok,
    /// Needs a decision.
    Warn,
    /// Blocks, failed.
    Err,
    /// Changed, ahead, working.
    Info,
    /// Belongs to the current selection.
    Accent,
}

impl Tone {
    /// Colour of icon and word.
    #[must_use]
    pub fn color(self, t: &Tokens) -> Color32 {
        match self {
            Self::Neutral => t.text_2,
            Self::Quiet => t.text_3,
            Self::Ok => t.ok,
            Self::Warn => t.warn,
            Self::Err => t.err,
            Self::Info => t.info,
            Self::Accent => t.accent_text,
        }
    }

    /// Colour behind a pill or strip.
    #[must_use]
    pub fn back(self, t: &Tokens) -> Color32 {
        match self {
            Self::Neutral => t.bg_active,
            Self::Quiet => t.bg_raised,
            Self::Ok => t.ok_bg,
            Self::Warn => t.warn_bg,
            Self::Err => t.err_bg,
            Self::Info => t.info_bg,
            Self::Accent => t.accent_bg,
        }
    }

    /// The filled sign of the three severities; `None` for the other tones.
    #[must_use]
    pub fn sign(self) -> Option<&'static str> {
        use theme::icons;
        match self {
            Self::Err => Some(icons::X_CIRCLE),
            Self::Warn => Some(icons::WARNING),
            Self::Info => Some(icons::INFO),
            Self::Ok => Some(icons::CHECK_CIRCLE),
            Self::Neutral | Self::Quiet | Self::Accent => None,
        }
    }
}

/// Draw the focus ring around `rect` if the widget has the keyboard focus.
pub fn focus_ring(ui: &Ui, rect: Rect, radius: u8, response: &Response) {
    if response.has_focus() {
        ring(ui.painter(), Tokens::of(ui), rect, radius);
    }
}

/// Draw the focus ring without asking.
pub fn ring(painter: &Painter, t: &Tokens, rect: Rect, radius: u8) {
    painter.rect_stroke(
        rect,
        CornerRadius::same(radius),
        Stroke::new(sizes::STROKE_FOCUS, t.accent_line),
        StrokeKind::Outside,
    );
}

/// Fill a box and give it an outline on half-pixel coordinates.
pub fn boxed(painter: &Painter, rect: Rect, radius: u8, fill: Color32, stroke: Color32) {
    painter.rect(
        rect,
        CornerRadius::same(radius),
        fill,
        Stroke::new(sizes::STROKE, stroke),
        StrokeKind::Inside,
    );
}

/// Place a laid-out text inside `rect` and return where it ended up.
pub fn place(painter: &Painter, galley: Arc<Galley>, rect: Rect, align: Align2) -> Rect {
    let placed = align.align_size_within_rect(galley.size(), rect);
    // Whole pixels, or hairlines of letters go grey.
    let min = pos2(placed.min.x.round(), placed.min.y.round());
    let placed = Rect::from_min_size(min, placed.size());
    painter.galley(min, galley, Color32::PLACEHOLDER);
    placed
}

/// One line of text in `rect`, cut with an ellipsis; returns its rect and whether it was cut.
pub fn line(
    ui: &Ui,
    rect: Rect,
    role: Type,
    color: Color32,
    text: &str,
    align: Align2,
) -> (Rect, bool) {
    let galley = role.galley(ui, &crate::format::printable(text), color, rect.width());
    let cut = galley.elided;
    (place(ui.painter(), galley, rect, align), cut)
}

/// A hairline from left to right at the lower edge of `rect`.
pub fn hairline_below(painter: &Painter, rect: Rect, color: Color32) {
    painter.hline(
        rect.x_range(),
        rect.bottom() - 0.5,
        Stroke::new(sizes::STROKE, color),
    );
}

/// A label that neither wraps nor can be selected: the everyday text of the interface.
///
/// What does not fit is cut with an ellipsis and shown whole on hover. The node it leaves in the
/// accessibility tree has the whole text.
pub fn label(ui: &mut Ui, role: Type, color: Color32, text: &str) -> Response {
    let shown = crate::format::printable(text).into_owned();
    let galley = role.galley(ui, &shown, color, ui.available_width());
    let cut = galley.elided;
    let (rect, response) = ui.allocate_exact_size(galley.size(), egui::Sense::hover());
    ui.painter().galley(rect.min, galley, color);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &shown));
    if cut {
        response.on_hover_text(shown)
    } else {
        response
    }
}

/// A label with another role in the accessibility tree, where its text is its name.
pub fn named(
    ui: &mut Ui,
    node_role: egui::Role,
    role: Type,
    color: Color32,
    text: &str,
) -> Response {
    let response = label(ui, role, color, text);
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_role(node_role);
        node.set_label(text);
        node.clear_value();
    });
    response
}

/// A text of several lines within the width at hand.
pub fn paragraph(ui: &mut Ui, role: Type, color: Color32, text: &str) -> Response {
    pieces(ui, &theme::Pieces::marked(role, color, text))
}

/// Text made of pieces, wrapped within the width at hand.
pub fn pieces(ui: &mut Ui, pieces: &theme::Pieces) -> Response {
    let mut job = pieces.job();
    job.wrap.max_width = ui.available_width().max(1.0);
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(galley.size(), egui::Sense::hover());
    ui.painter().galley(rect.min, galley, Tokens::of(ui).text);
    let plain = pieces.plain();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &plain));
    response
}

/// A horizontal hairline over the whole width.
pub fn rule(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), egui::Sense::hover());
    ui.painter().hline(
        rect.x_range(),
        rect.center().y,
        Stroke::new(sizes::STROKE, t.line),
    );
}

/// Give a widget a description that a screen reader says after its name.
pub fn describe(ui: &Ui, response: &Response, description: &str) {
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_description(description));
}
