//! A row of a file tree.

use egui::{
    Align2, Color32, CursorIcon, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::paint::{self};
use super::pill::{Mark, paint_mark};
use crate::theme::{self, Tokens, Type, icons, sizes};

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
