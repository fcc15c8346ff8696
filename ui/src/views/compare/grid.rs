//! Where the cards of the charts stand: two columns, rows as high as their highest card, under a
//! head per prefix when there are many.

use egui::{Pos2, Rect, pos2, vec2};

use crate::theme::sizes;

/// Charts stand in two columns from this width of the pane.
const TWO_COLUMNS: f32 = 520.0;
/// Usual height of a card.
pub const CARD: f32 = 216.0;
/// Lowest and highest card.
pub const CARD_HEIGHTS: (f32, f32) = (140.0, 1200.0);
/// Height of a prefix's head.
pub const HEAD: f32 = 26.0;
/// Between cards.
pub const GAP: f32 = sizes::SPACE_4;

/// A card to place.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Names it.
    pub key: String,
    /// Where it belongs; empty for no head.
    pub section: String,
    /// A row of its own.
    pub wide: bool,
    /// Pixels.
    pub height: f32,
}

/// Where things stand, relative to the corner of the pane's contents.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Laid {
    /// Cards by key.
    pub cards: Vec<(String, Rect)>,
    /// Heads: section, place, cards under it, whether they are shown.
    pub heads: Vec<(String, Rect, usize, bool)>,
    /// Height of all.
    pub height: f32,
}

/// Place cards in order within `width`; cards of one section are expected to follow each other.
#[must_use]
pub fn lay_out(cards: &[Card], width: f32, folded: impl Fn(&str) -> bool) -> Laid {
    let columns = if width >= TWO_COLUMNS { 2 } else { 1 };
    let narrow = ((width - GAP * (columns - 1) as f32) / columns as f32).floor();
    let mut laid = Laid::default();
    let mut top = 0.0;
    for section in cards.chunk_by(|a, b| a.section == b.section) {
        let name = section.first().map_or("", |card| card.section.as_str());
        let open = name.is_empty() || !folded(name);
        if !name.is_empty() {
            let head = Rect::from_min_size(pos2(0.0, top), vec2(width, HEAD));
            laid.heads
                .push((name.to_owned(), head, section.len(), open));
            top += HEAD + sizes::SPACE_2;
        }
        if !open {
            continue;
        }
        let mut rest = section;
        while let Some(first) = rest.first() {
            let alone = first.wide || columns == 1 || rest.get(1).is_none_or(|next| next.wide);
            let row = &rest[..if alone { 1 } else { 2 }];
            rest = &rest[row.len()..];
            let height = row.iter().map(|card| card.height).fold(0.0, f32::max);
            for (column, card) in row.iter().enumerate() {
                // A single chart has the whole width, one at the end of several its column.
                let whole = card.wide || columns == 1 || section.len() == 1;
                let size = vec2(if whole { width } else { narrow }, height);
                let at = pos2(column as f32 * (narrow + GAP), top);
                laid.cards
                    .push((card.key.clone(), Rect::from_min_size(at, size)));
            }
            top += height + GAP;
        }
    }
    laid.height = top;
    laid
}

/// Before which of the other cards a card is dropped; `None` for behind the last.
#[must_use]
pub fn drop_before(laid: &[(String, Rect)], moved: &str, at: Pos2) -> Option<String> {
    let others: Vec<&(String, Rect)> = laid.iter().filter(|(key, _)| key != moved).collect();
    let over = others.iter().find(|(_, rect)| {
        at.y < rect.bottom() + GAP / 2.0
            && (at.x < rect.center().x || at.y < rect.top() - GAP / 2.0)
            && at.x < rect.right() + GAP
    });
    over.map(|(key, _)| key.clone())
}

/// A list with one of its members moved before another, or to the end.
#[must_use]
pub fn reordered(keys: &[String], moved: &str, before: Option<&str>) -> Vec<String> {
    let mut order: Vec<String> = keys.iter().filter(|key| *key != moved).cloned().collect();
    let at = before
        .and_then(|before| order.iter().position(|key| key == before))
        .unwrap_or(order.len());
    order.insert(at, moved.to_owned());
    order
}

/// What stands before the first `/` of a metric's name; empty for none.
#[must_use]
pub fn prefix_of(metric: &str) -> &str {
    match metric.split_once('/') {
        Some((prefix, rest)) if !rest.is_empty() => prefix,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(key: &str, section: &str) -> Card {
        Card {
            key: key.into(),
            section: section.into(),
            wide: false,
            height: CARD,
        }
    }

    fn text(laid: &Laid) -> String {
        let heads = laid.heads.iter().map(|(name, rect, count, open)| {
            (
                rect.top(),
                format!("{name} {count} {open} at {}", rect.top()),
            )
        });
        let cards = laid.cards.iter().map(|(key, rect)| {
            let (at, size) = (rect.min, rect.size());
            (
                at.y,
                format!("  {key} {},{} {}x{}", at.x, at.y, size.x, size.y),
            )
        });
        let mut lines: Vec<(f32, String)> = heads.chain(cards).collect();
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
        lines.join("\n")
    }

    #[test]
    fn two_columns_with_wide_ones_between() {
        let mut cards = vec![card("a", ""), card("b", ""), card("c", ""), card("d", "")];
        cards[2].wide = true;
        cards[1].height = 300.0;
        assert_eq!(
            text(&lay_out(&cards, 648.0, |_| false)),
            "  a 0,0 318x300\n  b 330,0 318x300\n  c 0,312 648x216\n  d 0,540 318x216"
        );
        let narrow = lay_out(&cards[..2], 400.0, |_| false);
        assert_eq!(text(&narrow), "  a 0,0 400x216\n  b 0,228 400x300");
        assert_eq!(
            text(&lay_out(&cards[..1], 648.0, |_| false)),
            "  a 0,0 648x216"
        );
    }

    #[test]
    fn prefixes_fold() {
        let cards = [
            card("train/a", "train"),
            card("val/a", "val"),
            card("val/b", "val"),
        ];
        assert_eq!(
            text(&lay_out(&cards, 648.0, |name| name == "train")),
            "train 1 false at 0\nval 2 true at 32\n  val/a 0,64 318x216\n  val/b 330,64 318x216"
        );
        assert_eq!(prefix_of("val/loss"), "val");
        assert_eq!(
            [prefix_of("loss"), prefix_of("loss/"), prefix_of("")],
            [""; 3]
        );
    }

    #[test]
    fn a_card_is_dropped_where_it_is_let_go() {
        let cards: Vec<Card> = ["a", "b", "c"].map(|key| card(key, "")).into();
        let laid = lay_out(&cards, 648.0, |_| false).cards;
        let before = |moved: &str, x: f32, y: f32| drop_before(&laid, moved, pos2(x, y));
        assert_eq!(before("c", 20.0, 50.0).as_deref(), Some("a"));
        assert_eq!(before("c", 340.0, 50.0).as_deref(), Some("b"));
        assert_eq!(before("a", 600.0, 400.0), None);
        let keys: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(reordered(&keys, "c", Some("a")).join(""), "cab");
        assert_eq!(reordered(&keys, "a", None).join(""), "bca");
    }
}
