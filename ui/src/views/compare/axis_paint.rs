//! Drawing the axes of a plot: grid lines with their labels, the base line, labels under it.

use egui::{Align2, Rect, Stroke, Ui, pos2, vec2};

use crate::theme::{Tokens, Type, sizes};
use crate::widgets;

/// Room for the labels under the x axis.
pub const UNDER: f32 = 18.0;
/// Between a label of the y axis and the plot.
const BESIDE: f32 = 6.0;

/// What is left of `rect` beside the labels of the y axis and above those of the x axis; nothing
/// when that is too small to plot in.
#[must_use]
pub fn area<'a>(ui: &Ui, rect: Rect, labels: impl Iterator<Item = &'a str>) -> Option<Rect> {
    let t = Tokens::of(ui);
    let widest = labels
        .map(|label| Type::Caption.galley(ui, label, t.text_3, 96.0).size().x)
        .fold(20.0, f32::max);
    let area = Rect::from_min_max(
        pos2((rect.left() + widest + 8.0).round(), rect.top()),
        pos2(rect.right() - BESIDE, rect.bottom() - UNDER),
    );
    (area.width() >= 40.0 && area.height() >= 30.0).then_some(area)
}

/// A grid line over the whole width with its label left of it.
pub fn grid_line(ui: &Ui, area: Rect, y: f32, label: &str) {
    let t = Tokens::of(ui);
    let y = y.round() + 0.5;
    ui.painter()
        .hline(area.x_range(), y, Stroke::new(sizes::STROKE, t.line));
    let room = Rect::from_min_max(
        pos2(area.left() - 102.0, y - 8.0),
        pos2(area.left() - BESIDE, y + 8.0),
    );
    let place = Align2::RIGHT_CENTER;
    widgets::line(ui, room, Type::Caption, t.text_3, label, place);
}

/// The line at the bottom, and labels under it where nothing else stands. Labels stay inside the
/// card: one that would be cut is moved, not dropped. `most`: how wide one may be.
pub fn base(ui: &Ui, area: Rect, ticks: &[(f32, String)], most: f32, taken: Option<Rect>) {
    let t = Tokens::of(ui);
    ui.painter().hline(
        area.x_range(),
        area.bottom().round() - 0.5,
        Stroke::new(sizes::STROKE, t.line_strong),
    );
    for (x, label) in ticks {
        let galley = Type::Caption.galley(ui, label, t.text_3, most);
        let half = galley.size().x / 2.0;
        let least = area.left() + half - 6.0;
        let x = x.clamp(least, (area.right() - half + 4.0).max(least));
        let room = Rect::from_center_size(
            pos2(x, area.bottom() + UNDER / 2.0 + 1.0),
            vec2(half * 2.0 + 1.0, 14.0),
        );
        if taken.is_none_or(|taken| !taken.expand(3.0).intersects(room)) {
            widgets::place(ui.painter(), galley, room, Align2::CENTER_CENTER);
        }
    }
}
