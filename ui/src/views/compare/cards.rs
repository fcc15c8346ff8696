//! The cards that the charts stand on: their grid, order and size.

use egui::{CursorIcon, Id, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::Compare;
use super::curves::Drawn;
use super::grid::{self, CARD, CARD_HEIGHTS, Card, GAP, drop_before, prefix_of, reordered};
use super::setup::CardSize;
use crate::app::ViewCtx;
use crate::theme::{Tokens, sizes};
use crate::widgets;

/// Lowest parallel coordinates.
const PARALLEL: f32 = 256.0;
/// Names the card of the parallel coordinates.
pub(super) const PARALLEL_CARD: &str = "parallel";
/// Before the id of a plot in the name of its card.
const PLOT_CARD: &str = "plot:";

/// Names the card of a plot.
pub(super) fn plot_card(id: u32) -> String {
    format!("{PLOT_CARD}{id}")
}

fn plot_id(key: &str) -> Option<u32> {
    key.strip_prefix(PLOT_CARD)?.parse().ok()
}

impl Compare {
    /// All cards in order, the parallel coordinates as low as they may be.
    pub(super) fn cards(&self, drawn: &[Drawn]) -> Vec<Card> {
        let by_prefix = self.by_prefix();
        let mut metrics = if drawn.is_empty() {
            Vec::new()
        } else {
            self.shown_metrics()
        };
        let mut prefixes: Vec<String> = Vec::new();
        if by_prefix {
            for metric in &metrics {
                let prefix = prefix_of(metric).to_owned();
                if !prefixes.contains(&prefix) {
                    prefixes.push(prefix);
                }
            }
            metrics.sort_by_key(|metric| prefixes.iter().position(|p| p == prefix_of(metric)));
        }
        let card = |key: String, section: &str| {
            let size = self.setup.size_of(&key);
            let height = size.height.unwrap_or(CARD);
            Card {
                key,
                section: section.to_owned(),
                wide: size.wide,
                height: height.clamp(CARD_HEIGHTS.0, CARD_HEIGHTS.1),
            }
        };
        let mut cards: Vec<Card> = metrics
            .into_iter()
            .map(|metric| {
                let section = match prefix_of(&metric) {
                    _ if !by_prefix => "",
                    "" => "No prefix",
                    prefix => prefix,
                };
                let section = section.to_owned();
                card(metric, &section)
            })
            .collect();
        let runs = if by_prefix { "Over whole runs" } else { "" };
        for plot in &self.setup.plots {
            cards.push(card(plot_card(plot.id), runs));
        }
        if self.setup.parallel && !drawn.is_empty() {
            let mut last = card(PARALLEL_CARD.to_owned(), runs);
            last.wide = true;
            if self.setup.size_of(PARALLEL_CARD).height.is_none() {
                last.height = PARALLEL;
            }
            cards.push(last);
        }
        cards
    }

    pub(super) fn grid_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn], pane: Rect) {
        let inner = ui.available_width() - 2.0 * GAP;
        let mut cards = self.cards(drawn);
        let folded = |section: &str| self.setup.folded.contains(section);
        let mut laid = grid::lay_out(&cards, inner, folded);
        // The last card fills the pane when the others leave it room.
        if let Some(last) = cards.last_mut().filter(|card| {
            card.key == PARALLEL_CARD && self.setup.size_of(PARALLEL_CARD).height.is_none()
        }) {
            let rest = pane.height() - GAP - (laid.height - last.height);
            last.height = (rest - GAP).max(PARALLEL);
            laid = grid::lay_out(&cards, inner, folded);
        }
        self.sight.wheel = laid.height + GAP <= pane.height() + 0.5;
        let (whole, _) = ui.allocate_exact_size(
            vec2(ui.available_width(), laid.height + GAP),
            Sense::hover(),
        );
        let by = whole.min.to_vec2() + Vec2::splat(GAP);
        for (section, rect, count, open) in &laid.heads {
            self.section_head(ui, section, rect.translate(by), *count, *open);
        }
        let placed: Vec<(String, Rect)> = laid
            .cards
            .into_iter()
            .map(|(key, rect)| (key, rect.translate(by)))
            .collect();
        for (key, card) in &placed {
            // Not asked for and not drawn before it is scrolled into sight.
            if card.intersects(ui.clip_rect()) {
                self.card(ui, ctx, drawn, key, *card);
                self.resize_ui(ui, key, *card, &placed);
            }
        }
        self.sight.placed = placed;
    }

    fn section_head(&mut self, ui: &Ui, section: &str, rect: Rect, count: usize, open: bool) {
        let response = ui
            .interact(rect, Id::unique(("charts of", section)), Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        let name = format!("Charts of {section}");
        response.widget_info(|| WidgetInfo::labeled(Role::DisclosureTriangle, true, &name));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(open));
        let note = crate::format::count(count as u64, "chart", "charts");
        widgets::paint_section(ui, rect, open, section, Some(&note), response.hovered());
        widgets::focus_ring(ui, rect.shrink(1.0), sizes::RADIUS_S, &response);
        if response.clicked() {
            if open {
                self.setup.folded.insert(section.to_owned());
            } else {
                self.setup.folded.remove(section);
            }
        }
    }

    pub(super) fn card(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        key: &str,
        rect: Rect,
    ) {
        if key == PARALLEL_CARD {
            self.parallel_card(ui, ctx, drawn, rect);
        } else if let Some(id) = key.strip_prefix(PLOT_CARD).and_then(|id| id.parse().ok()) {
            self.plot_card_ui(ui, ctx, drawn, id, rect);
        } else {
            self.chart_card(ui, ctx, drawn, key, rect);
        }
    }

    /// The lower border of a card; dragged, it sets the height of its row.
    fn resize_ui(&mut self, ui: &Ui, key: &str, card: Rect, placed: &[(String, Rect)]) {
        let strip = Rect::from_min_max(
            pos2(card.left() + 8.0, card.bottom() - 3.0),
            pos2(card.right() - 8.0, card.bottom() + 5.0),
        );
        let response = ui
            .interact(strip, Id::unique(("height of", key)), Sense::DRAG)
            .on_hover_cursor(CursorIcon::ResizeVertical);
        if response.hovered() || response.dragged() {
            let t = Tokens::of(ui);
            ui.painter().hline(
                card.x_range(),
                card.bottom(),
                Stroke::new(2.0, t.accent_line),
            );
        }
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            let height = (at.y - card.top()).clamp(CARD_HEIGHTS.0, CARD_HEIGHTS.1);
            let row = placed.iter().filter(|(_, other)| other.top() == card.top());
            for (key, _) in row {
                self.resize(key, Some(height));
            }
        }
    }

    pub(super) fn resize(&mut self, key: &str, height: Option<f32>) {
        let size = self.setup.sizes.entry(key.to_owned()).or_default();
        size.height = height.map(f32::round);
        self.setup
            .sizes
            .retain(|_, size| *size != CardSize::default());
    }

    /// A card's title can be dragged before another card.
    pub(super) fn drag_ui(&mut self, ui: &Ui, key: &str, rect: Rect) {
        if self.sight.maximised.is_some() {
            return;
        }
        let response = ui
            .interact(rect, Id::unique(("move chart", key)), Sense::DRAG)
            .on_hover_cursor(CursorIcon::Grab);
        let Some(at) = response.interact_pointer_pos() else {
            return;
        };
        let before = drop_before(&self.sight.placed, key, at);
        if response.dragged() {
            let t = Tokens::of(ui);
            let line = Stroke::new(2.0, t.accent_line);
            let target = before
                .as_ref()
                .and_then(|before| self.sight.placed.iter().find(|(known, _)| known == before));
            if let Some((_, target)) = target {
                ui.painter()
                    .vline(target.left() - GAP / 2.0, target.y_range(), line);
            }
        }
        if response.drag_stopped() {
            self.move_card(key, before.as_deref());
        }
    }

    /// Put a card before another, or behind the last of its kind.
    pub(super) fn move_card(&mut self, key: &str, before: Option<&str>) {
        if let Some(id) = plot_id(key) {
            let before = before.and_then(plot_id);
            let Some(from) = self.setup.plots.iter().position(|plot| plot.id == id) else {
                return;
            };
            let moved = self.setup.plots.remove(from);
            let to = before.and_then(|id| self.setup.plots.iter().position(|plot| plot.id == id));
            let to = to.unwrap_or(self.setup.plots.len());
            self.setup.plots.insert(to, moved);
        } else if self.model.metric_of(key).is_some() {
            self.setup.shown = Some(reordered(&self.shown_metrics(), key, before));
        }
    }

    /// One place towards the front or the back.
    pub(super) fn shift_card(&mut self, key: &str, forward: bool) {
        let keys: Vec<String> = match plot_id(key) {
            Some(_) => self
                .setup
                .plots
                .iter()
                .map(|plot| plot_card(plot.id))
                .collect(),
            None => self.shown_metrics(),
        };
        let Some(at) = keys.iter().position(|known| known == key) else {
            return;
        };
        let before = if forward {
            keys.get(at + 2)
        } else {
            keys.get(at.saturating_sub(1))
        };
        self.move_card(key, before.map(String::as_str));
    }

    pub(super) fn is_maximised(&self) -> bool {
        self.sight.maximised.is_some()
    }

    pub(super) fn maximise(&mut self, key: &str) {
        self.sight.maximised = if self.sight.maximised.is_some() {
            None
        } else {
            Some(key.to_owned())
        };
    }
}
