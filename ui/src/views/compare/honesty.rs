//! The line under a chart: what is drawn, of how much, and how.

use egui::{Align2, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2};
use kitbench_protocol::{BandKind, Better, Resumed};

use super::curves::ChartData;
use crate::theme::{Tokens, Type};
use crate::widgets;

/// What of a chart's set-up its honesty line tells.
#[derive(Debug, Clone, Default)]
pub struct Drawing<'a> {
    /// See [`ChartSetup::smoothing_words`].
    pub smoothing: String,
    /// What was done with resumed runs.
    pub resumed: Resumed,
    /// What bands show.
    pub band: Option<BandKind>,
    /// Points beyond the range of y.
    pub beyond: usize,
    /// Names of runs with damaged data.
    pub damaged: &'a [String],
}

impl ChartData {
    /// What is drawn, of how much, and how: one line under the chart.
    #[must_use]
    pub fn honesty(&self, drawing: &Drawing<'_>) -> String {
        if let Some(kind) = drawing.band {
            return self.band_honesty(kind, drawing);
        }
        let (drawn, logged) = self.curves.iter().fold((0, 0), |sum, curve| {
            // What is no number is drawn as a mark at the border.
            let marks: usize = curve.odd.iter().map(Vec::len).sum();
            (sum.0 + curve.drawn + marks as u64, sum.1 + curve.logged)
        });
        let mut parts = vec![if drawn >= logged {
            format!("all {}", crate::format::count(logged, "point", "points"))
        } else {
            format!(
                "{} of {} points, highest and lowest per pixel kept",
                crate::format::thousands(drawn),
                crate::format::thousands(logged)
            )
        }];
        parts.extend(Some(drawing.smoothing.clone()).filter(|words| !words.is_empty()));
        parts.extend(beyond_words(drawing.beyond));
        let odd =
            |at: usize| -> usize { self.curves.iter().map(|curve| curve.odd[at].len()).sum() };
        for (count, word) in [(odd(0), "NaN"), (odd(1) + odd(2), "infinite")] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        let unordered = self.curves.iter().filter(|curve| curve.unordered).count();
        if unordered > 0 {
            parts.push(format!(
                "steps repeat or go back in {}",
                crate::format::count(unordered as u64, "run", "runs")
            ));
        }
        let resumed = self.curves.iter().filter(|curve| curve.session.1 > 1);
        let resumed = resumed.filter(|curve| curve.session.0 == 0).count();
        if resumed > 0 {
            parts.push(format!(
                "{} resumed: {}",
                crate::format::count(resumed as u64, "run", "runs"),
                resumed_word(drawing.resumed).to_lowercase()
            ));
        }
        let left_out: u64 = self.curves.iter().map(|curve| curve.left_out).sum();
        if left_out > 0 {
            parts.push(format!("{} left out", crate::format::thousands(left_out)));
        }
        parts.extend(damage_words(drawing.damaged));
        parts.join(" · ")
    }

    fn band_honesty(&self, kind: BandKind, drawing: &Drawing<'_>) -> String {
        let n = self.bands.iter().flat_map(|band| &band.n);
        let (low, high) = n.fold((u32::MAX, 0), |(l, h), n| (l.min(*n), h.max(*n)));
        let (drawn, logged) = self.bands.iter().fold((0, 0), |sum, band| {
            (sum.0 + band.drawn, sum.1 + band.logged)
        });
        let mut parts = vec![
            format!(
                "{} of {}",
                band_word(kind),
                crate::format::count(self.bands.len() as u64, "group", "groups")
            ),
            if low < high {
                format!("n = {low} to {high}")
            } else {
                format!("n = {high}")
            },
            if drawn >= logged {
                format!("all {}", crate::format::count(logged, "place", "places"))
            } else {
                format!(
                    "{} of {} places, furthest reach per pixel kept",
                    crate::format::thousands(drawn),
                    crate::format::thousands(logged)
                )
            },
            "last value held between points".to_owned(),
        ];
        parts.extend(Some(drawing.smoothing.clone()).filter(|words| !words.is_empty()));
        parts.extend(beyond_words(drawing.beyond));
        parts.extend(damage_words(drawing.damaged));
        parts.join(" · ")
    }
}

fn beyond_words(beyond: usize) -> Option<String> {
    (beyond > 0).then(|| {
        format!(
            "{} beyond the shown range",
            crate::format::thousands(beyond as u64)
        )
    })
}

fn damage_words(damaged: &[String]) -> Option<String> {
    (!damaged.is_empty()).then(|| format!("damaged: {}", damaged.join(", ")))
}

/// What is done where a resumed run logged steps again.
#[must_use]
pub fn resumed_word(resumed: Resumed) -> &'static str {
    match resumed {
        Resumed::KeepAll => "Keep all",
        Resumed::LatestWins => "Latest wins",
        Resumed::Split => "Split",
    }
}

/// What a band shows.
#[must_use]
pub fn band_word(kind: BandKind) -> &'static str {
    match kind {
        BandKind::MeanStd => "Mean ± deviation",
        BandKind::MinMax => "Mean, lowest to highest",
        BandKind::Quartiles => "Median, quartiles",
    }
}

/// What stands weakly behind a chart's title.
#[must_use]
pub fn note_of(better: Better, log_y: bool, non_positive: u64) -> String {
    match (log_y, better) {
        (true, _) if non_positive > 0 => format!(
            "log scale, {} not positive left out",
            crate::format::thousands(non_positive)
        ),
        (true, _) => "log scale".to_owned(),
        (false, Better::Higher) => "higher is better".to_owned(),
        (false, Better::Lower) => "lower is better".to_owned(),
        (false, Better::Unknown) => String::new(),
    }
}
/// The line at the foot of a card; whole in the tooltip where it is cut. `odd`: something is wrong.
pub fn paint(ui: &Ui, id: Id, card: Rect, words: &str, odd: bool) {
    let t = Tokens::of(ui);
    let rect = Rect::from_min_max(
        pos2(card.left() + 12.0, card.bottom() - 20.0),
        pos2(card.right() - 10.0, card.bottom() - 4.0),
    );
    let color = if odd { t.warn } else { t.text_3 };
    let place = Align2::LEFT_CENTER;
    let (_, cut) = widgets::line(ui, rect, Type::Caption, color, words, place);
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    if cut {
        response.on_hover_text(words);
    }
}
