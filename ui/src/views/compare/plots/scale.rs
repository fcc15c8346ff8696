//! An axis of a plot: from values to a share of its length, and its ticks.

use egui::{Align2, Rect, Stroke, Ui, pos2, vec2};

use super::super::numbers;
use crate::theme::{Tokens, Type, sizes};
use crate::widgets;

/// An axis of numbers, linear or logarithmic, or of words at their index.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale<'a> {
    low: f64,
    high: f64,
    log: bool,
    words: Option<&'a [String]>,
}

impl<'a> Scale<'a> {
    /// Over these values, with a margin; on a logarithmic axis over the positive ones.
    pub fn new(values: impl Iterator<Item = f64>, words: Option<&'a [String]>, log: bool) -> Self {
        if let Some(words) = words {
            return Self {
                low: -0.5,
                high: words.len() as f64 - 0.5,
                log: false,
                words: Some(words),
            };
        }
        let places = values
            .filter(|value| !log || *value > 0.0)
            .map(|value| if log { value.log10() } else { value });
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(v), high.max(v))
        });
        let (low, high) = match () {
            () if low > high => (0.0, 1.0),
            () if low == high => (
                low - 0.5 * low.abs().max(1e-6),
                low + 0.5 * low.abs().max(1e-6),
            ),
            () => (low - (high - low) * 0.06, high + (high - low) * 0.06),
        };
        Self {
            low,
            high,
            log,
            words: None,
        }
    }

    /// From exactly one value to another.
    pub fn exact(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            log: false,
            words: None,
        }
    }

    /// Share of the axis; `None` for what has no place on a logarithmic one.
    pub fn share(&self, value: f64) -> Option<f32> {
        let place = if self.log { value.log10() } else { value };
        let share = (place - self.low) / (self.high - self.low);
        share.is_finite().then_some(share as f32)
    }

    /// Shares of round values, with labels.
    pub fn ticks(&self, most: usize) -> Vec<(f32, String)> {
        if let Some(words) = self.words {
            // All words, unless they would stand on each other.
            let every = words.len().div_ceil(most.max(1)).max(1);
            return words
                .iter()
                .enumerate()
                .step_by(every)
                .filter_map(|(i, word)| Some((self.share(i as f64)?, word.clone())))
                .collect();
        }
        let part = |place: f64| ((place - self.low) / (self.high - self.low)) as f32;
        if self.log {
            return numbers::log_ticks(self.low, self.high, most)
                .into_iter()
                .map(|at| (part(at), numbers::log_label(at)))
                .collect();
        }
        let at = numbers::ticks(self.low, self.high, most);
        let step = at.windows(2).map(|pair| pair[1] - pair[0]).next();
        let step = step.unwrap_or(self.high - self.low);
        at.into_iter()
            .map(|value| (part(value), numbers::tick_label(value, step)))
            .collect()
    }
}

/// Grid and labels; answers the area that is left for the plot.
pub fn frame(ui: &Ui, rect: Rect, x: &Scale<'_>, y: &Scale<'_>) -> Rect {
    let t = Tokens::of(ui);
    let y_ticks = y.ticks((rect.height() / 30.0).clamp(2.0, 8.0) as usize);
    let widest = y_ticks
        .iter()
        .map(|(_, label)| Type::Caption.galley(ui, label, t.text_3, 96.0).size().x)
        .fold(16.0, f32::max);
    let area = Rect::from_min_max(
        pos2((rect.left() + widest + 8.0).round(), rect.top() + 4.0),
        pos2(rect.right() - 6.0, rect.bottom() - 18.0),
    );
    for (share, label) in &y_ticks {
        let at = (area.bottom() - share * area.height()).round() + 0.5;
        ui.painter()
            .hline(area.x_range(), at, Stroke::new(sizes::STROKE, t.line));
        let room = Rect::from_min_max(
            pos2(rect.left(), at - 8.0),
            pos2(area.left() - 6.0, at + 8.0),
        );
        widgets::line(
            ui,
            room,
            Type::Caption,
            t.text_3,
            label,
            Align2::RIGHT_CENTER,
        );
    }
    ui.painter().hline(
        area.x_range(),
        area.bottom().round() - 0.5,
        Stroke::new(sizes::STROKE, t.line_strong),
    );
    let x_ticks = x.ticks((area.width() / 64.0).clamp(2.0, 14.0) as usize);
    let room = area.width() / x_ticks.len().max(1) as f32 - 4.0;
    for (share, label) in x_ticks {
        let at = area.left() + share * area.width();
        let galley = Type::Caption.galley(ui, &label, t.text_3, room.max(30.0));
        let half = galley.size().x / 2.0;
        let center = at.clamp(
            area.left() + half - 6.0,
            (area.right() - half + 4.0).max(area.left()),
        );
        let place = Rect::from_center_size(
            pos2(center, area.bottom() + 10.0),
            vec2(half * 2.0 + 1.0, 14.0),
        );
        widgets::place(ui.painter(), galley, place, Align2::CENTER_CENTER);
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_a_share_and_words_their_own_place() {
        let linear = Scale::new([0.0, 10.0].into_iter(), None, false);
        assert_eq!(linear.share(5.0), Some(0.5));
        let log = Scale::new([1.0, 100.0, -3.0].into_iter(), None, true);
        assert!(
            log.share(10.0)
                .is_some_and(|share| (share - 0.5).abs() < 1e-6)
        );
        assert_eq!(log.share(-3.0), None);
        let words = ["a".to_owned(), "b".to_owned()];
        let words = Scale::new(std::iter::empty(), Some(&words), true);
        assert_eq!(words.share(0.0), Some(0.25));
        assert_eq!(words.ticks(5).len(), 2);
        let one = Scale::new([3.0].into_iter(), None, false);
        assert_eq!(one.share(3.0), Some(0.5));
        assert!(
            Scale::new(std::iter::empty(), None, true)
                .share(1.0)
                .is_some()
        );
    }
}
