//! The palette: commands, projects, kits, tags, runs and repositories in one list.

use egui::{
    Align2, Color32, Context, CursorIcon, Id, Key, Modifiers, Rect, Role, ScrollArea, Sense,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::{Command, CommandId};
use crate::app::{Place, Screen};
use crate::theme::{self, Tokens, Type, sizes};
use crate::widgets;

/// Something that can be opened from the palette.
#[derive(Debug, Clone)]
pub struct Entity {
    /// What it is called.
    pub name: String,
    /// What it is and where: "Project, ~/ml/support-triage".
    pub note: String,
    /// Its icon.
    pub icon: &'static str,
    /// Where it opens.
    pub place: Place,
}

/// How well `needle` fits `text`: `None` if its letters do not occur in order.
/// Higher is better; the positions are char indices of the letters that matched.
#[must_use]
pub fn fuzzy(needle: &str, text: &str) -> Option<(i32, Vec<usize>)> {
    let hay: Vec<char> = text.chars().collect();
    let mut positions = Vec::new();
    let mut score = 0;
    let mut from = 0;
    for letter in needle.chars().filter(|c| !c.is_whitespace()) {
        let fits = |i: &usize| hay[*i].to_lowercase().eq(letter.to_lowercase());
        // A letter at the start of a word is a better home than the next one.
        let next = (from..hay.len()).find(fits)?;
        let starts_word = |i: usize| i == 0 || !hay[i - 1].is_alphanumeric();
        let at = if positions.last().is_some_and(|last| last + 1 == next) || starts_word(next) {
            next
        } else {
            (next..hay.len())
                .filter(fits)
                .find(|i| starts_word(*i))
                .unwrap_or(next)
        };
        score += 10;
        if starts_word(at) {
            score += 8;
        }
        if positions.last().is_some_and(|last| last + 1 == at) {
            score += 12;
        }
        score -= i32::try_from(at.saturating_sub(from).min(10)).unwrap_or(10);
        positions.push(at);
        from = at + 1;
    }
    score -= i32::try_from(hay.len() / 8).unwrap_or(0);
    Some((score, positions))
}

/// The palette while it is open.
#[derive(Default)]
pub struct Palette {
    open: bool,
    query: String,
    at: usize,
    fresh: bool,
}

struct Hit<'a> {
    name: &'a str,
    note: &'a str,
    icon: &'static str,
    key: Option<String>,
    positions: Vec<usize>,
    score: i32,
    does: Does<'a>,
}

enum Does<'a> {
    Run(CommandId),
    Open(&'a Place),
}

impl Palette {
    /// Open it with an empty query.
    pub fn open(&mut self) {
        *self = Self {
            open: true,
            fresh: true,
            ..Self::default()
        };
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open
    }

    fn hits<'a>(&self, screen: Screen, entities: &'a [Entity]) -> Vec<Hit<'a>> {
        let mut hits: Vec<Hit<'a>> = Vec::new();
        for id in CommandId::ALL
            .iter()
            .filter(|id| id.works_on(screen) && **id != CommandId::OpenPalette)
        {
            let spec = id.spec();
            if let Some((score, positions)) = fuzzy(&self.query, spec.name) {
                hits.push(Hit {
                    name: spec.name,
                    note: spec.tip,
                    icon: spec.icon,
                    key: id.key(),
                    positions,
                    score,
                    does: Does::Run(*id),
                });
            }
        }
        if !self.query.trim().is_empty() {
            for entity in entities {
                if let Some((score, positions)) = fuzzy(&self.query, &entity.name) {
                    hits.push(Hit {
                        name: &entity.name,
                        note: &entity.note,
                        icon: entity.icon,
                        key: None,
                        positions,
                        score: score + 1,
                        does: Does::Open(&entity.place),
                    });
                }
            }
            hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
        }
        hits.truncate(200);
        hits
    }

    /// Draw it if it is open; returns what was chosen.
    pub fn show(&mut self, ctx: &Context, screen: Screen, entities: &[Entity]) -> Option<Command> {
        if !self.open {
            return None;
        }
        let t = Tokens::of_ctx(ctx);
        let mut chosen = None;
        let width = 560.0_f32.min(ctx.content_rect().width() - 32.0);
        let area = egui::Area::new(Id::unique("palette"))
            .kind(egui::UiKind::Modal)
            .order(egui::Order::Foreground)
            .anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
        let frame = egui::Frame::new()
            .fill(t.bg_panel)
            .stroke(Stroke::new(sizes::STROKE, t.line_strong))
            .corner_radius(sizes::RADIUS_XL);
        let modal = egui::Modal::new(Id::unique("palette"))
            .area(area)
            .backdrop_color(t.scrim().gamma_multiply(0.6))
            .frame(frame)
            .show(ctx, |ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 0.0;
                chosen = self.contents(ui, screen, entities);
            });
        ctx.accesskit_node_builder(modal.response.id, |node| {
            node.set_role(Role::Dialog);
            node.set_label("Command palette");
        });
        if chosen.is_some()
            || modal.backdrop_response.clicked()
            || ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
        {
            self.open = false;
        }
        chosen
    }

    fn contents(&mut self, ui: &mut Ui, screen: Screen, entities: &[Entity]) -> Option<Command> {
        let t = Tokens::of(ui);
        let (up, down, enter) = ui.input_mut(|input| {
            (
                input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp),
                input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown),
                input.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        let field = Id::unique("palette-query");
        widgets::inset(ui, sizes::SPACE_3, |ui| {
            let response =
                widgets::TextField::search(&mut self.query, "Search, open or run a command")
                    .id(field)
                    .show(ui);
            if response.response.changed() {
                self.at = 0;
            }
        });
        if std::mem::take(&mut self.fresh) {
            ui.memory_mut(|memory| memory.request_focus(field));
        }
        let hits = self.hits(screen, entities);
        self.at = (self.at + down)
            .saturating_sub(up)
            .min(hits.len().saturating_sub(1));
        widgets::rule(ui);
        if hits.is_empty() {
            widgets::inset(ui, sizes::SPACE_5, |ui| {
                widgets::label(ui, Type::Body, t.text_2, "Nothing has this name")
            });
            return None;
        }
        let mut picked = enter.then_some(self.at);
        ScrollArea::vertical()
            .max_height(380.0)
            .auto_shrink([false, true])
            .show_rows(ui, 34.0, hits.len(), |ui, range| {
                for i in range {
                    let hit = &hits[i];
                    let (rect, response) =
                        ui.allocate_exact_size(vec2(ui.available_width(), 34.0), Sense::CLICK);
                    response.widget_info(|| {
                        WidgetInfo::selected(Role::ListBoxOption, true, i == self.at, hit.name)
                    });
                    if i == self.at {
                        ui.painter().rect_filled(rect, 0.0, t.accent_bg);
                        if up + down > 0 {
                            response.scroll_to_me(None);
                        }
                    } else if response.hovered() {
                        ui.painter().rect_filled(rect, 0.0, t.bg_hover);
                    }
                    paint_hit(ui, rect, hit);
                    if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
                        picked = Some(i);
                    }
                }
            });
        let hit = hits.get(picked?)?;
        Some(match &hit.does {
            Does::Run(id) => Command::Run(*id),
            Does::Open(place) => Command::Go((*place).clone()),
        })
    }
}

fn paint_hit(ui: &Ui, rect: Rect, hit: &Hit<'_>) {
    let t = Tokens::of(ui);
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 22.0, rect.center().y),
        hit.icon,
        sizes::ICON,
        t.text_2,
    );
    let mut inner = Rect::from_min_max(
        pos2(rect.left() + 42.0, rect.top()),
        pos2(rect.right() - 14.0, rect.bottom()),
    );
    if let Some(key) = &hit.key {
        let galley = Type::CaptionStrong.galley(ui, key, t.text_2, 120.0);
        let size = galley.size() + vec2(10.0, 4.0);
        let cap = Rect::from_center_size(pos2(inner.right() - size.x / 2.0, rect.center().y), size);
        widgets::boxed(
            ui.painter(),
            cap,
            sizes::RADIUS_XS,
            Color32::TRANSPARENT,
            t.line_strong,
        );
        widgets::place(ui.painter(), galley, cap, Align2::CENTER_CENTER);
        inner.max.x = cap.left() - 10.0;
    }
    let shown = crate::format::printable(hit.name);
    let mut job = egui::text::LayoutJob::default();
    for (i, letter) in shown.chars().enumerate() {
        let role = if hit.positions.contains(&i) {
            Type::BodyBold
        } else {
            Type::Body
        };
        let color = if hit.positions.contains(&i) {
            t.accent_text
        } else {
            t.text
        };
        job.append(letter.encode_utf8(&mut [0; 4]), 0.0, role.format(color));
    }
    let galley = theme::ellipsis(ui, job, inner.width());
    let placed = widgets::place(ui.painter(), galley, inner, Align2::LEFT_CENTER);
    let rest = inner.with_min_x(placed.right() + 12.0);
    if rest.width() > 40.0 {
        widgets::line(
            ui,
            rest,
            Type::Small,
            t.text_3,
            hit.note,
            Align2::LEFT_CENTER,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::fuzzy;

    #[test]
    fn letters_must_come_in_order() {
        assert!(fuzzy("pk", "Pack…").is_some());
        assert!(fuzzy("kp", "Pack…").is_none());
        assert!(fuzzy("", "anything").is_some());
        assert!(fuzzy("größe", "Größe").is_some());
    }

    #[test]
    fn starts_of_words_and_runs_win() {
        let score = |needle, text| fuzzy(needle, text).map(|(score, _)| score);
        assert!(score("ek", "Edit Kitfile") > score("ek", "Check"));
        assert!(score("pack", "Pack…") > score("pack", "Preview a check"));
        assert_eq!(
            fuzzy("ek", "Edit Kitfile").map(|(_, at)| at),
            Some(vec![0, 5])
        );
    }
}
