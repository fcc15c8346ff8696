//! An axis of a plot: from values to a share of its length, and its ticks.

use egui::{Rect, Ui};

use super::super::{axis_paint, numbers};

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
    let y_ticks = y.ticks((rect.height() / 30.0).clamp(2.0, 8.0) as usize);
    let labels = y_ticks.iter().map(|(_, label)| label.as_str());
    let inside = rect.with_min_y(rect.top() + 4.0);
    let area = axis_paint::area(ui, inside, labels).unwrap_or(inside);
    for (share, label) in &y_ticks {
        axis_paint::grid_line(ui, area, area.bottom() - share * area.height(), label);
    }
    let x_ticks = x.ticks((area.width() / 64.0).clamp(2.0, 14.0) as usize);
    let room = area.width() / x_ticks.len().max(1) as f32 - 4.0;
    let x_ticks: Vec<(f32, String)> = x_ticks
        .into_iter()
        .map(|(share, label)| (area.left() + share * area.width(), label))
        .collect();
    axis_paint::base(ui, area, &x_ticks, room.max(30.0), None);
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
