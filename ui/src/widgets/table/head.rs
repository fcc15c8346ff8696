//! The head of a table: titles, sorting, and dragging columns about.

use egui::{Align2, CursorIcon, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::paint::{self, hairline_below};
use super::super::toggles::{Tick, paint_tick};
use super::{Table, TableOutput, TableState};
use crate::theme::{self, Tokens, Type, icons, sizes};

impl Table<'_> {
    pub(super) fn head_ui(
        &self,
        ui: &mut Ui,
        state: &mut TableState,
        spans: &[Option<(f32, f32)>],
        tick_width: f32,
        out: &mut TableOutput,
    ) {
        let t = Tokens::of(ui);
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), sizes::ROW), Sense::hover());
        ui.painter().rect_filled(rect, 0.0, t.bg_raised);
        hairline_below(ui.painter(), rect, t.line);
        if let Some(all) = self.ticks {
            let area = Rect::from_min_size(rect.min, vec2(tick_width, rect.height()));
            let response = ui.interact(area, self.id.with("all"), Sense::click());
            response.widget_info(|| {
                WidgetInfo::selected(Role::CheckBox, true, all == Tick::On, "All rows")
            });
            paint_tick(ui, area, all);
            paint::focus_ring(ui, area.shrink(6.0), sizes::RADIUS_S, &response);
            out.ticked_all = response.clicked();
        }
        for (c, (column, span)) in self.columns.iter().zip(spans).enumerate() {
            let Some((left, width)) = *span else { continue };
            let area = Rect::from_min_size(
                pos2(rect.left() + tick_width + left, rect.top()),
                vec2(width, rect.height()),
            );
            let inner = area.shrink2(vec2(sizes::SPACE_3, 0.0));
            let sorted = state
                .sort
                .as_ref()
                .filter(|(id, _)| id == column.id)
                .map(|(_, reversed)| *reversed);
            let color = if sorted.is_some() { t.text } else { t.text_2 };
            let role = if sorted.is_some() {
                Type::SmallStrong
            } else {
                Type::Small
            };
            let align = if column.right {
                Align2::RIGHT_CENTER
            } else {
                Align2::LEFT_CENTER
            };
            let room = if sorted.is_some() {
                inner.with_max_x(inner.right() - if column.right { 14.0 } else { 0.0 })
            } else {
                inner
            };
            let (placed, cut) = paint::line(ui, room, role, color, column.title, align);
            if let Some(reversed) = sorted {
                let icon = if reversed {
                    icons::ARROW_DOWN
                } else {
                    icons::ARROW_UP
                };
                theme::icon(
                    ui.painter(),
                    pos2(placed.right() + 8.0, area.center().y),
                    icon,
                    12.0,
                    t.text,
                );
            }
            let sense = match (column.sortable, column.movable) {
                (true, true) => Sense::click_and_drag(),
                (true, false) => Sense::click(),
                (false, true) => Sense::drag(),
                (false, false) => Sense::hover(),
            };
            let mut response = ui.interact(area, self.id.with(("head", c)), sense);
            response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, column.title));
            if let Some(reversed) = sorted {
                ui.ctx().accesskit_node_builder(response.id, |node| {
                    node.set_sort_direction(if reversed {
                        egui::accesskit::SortDirection::Descending
                    } else {
                        egui::accesskit::SortDirection::Ascending
                    });
                });
            }
            paint::focus_ring(ui, area.shrink(2.0), sizes::RADIUS_S, &response);
            if let Some(tip) = column.tip {
                response = response.on_hover_text(tip);
            } else if cut {
                response = response.on_hover_text(column.title);
            }
            if column.sortable {
                response = response.on_hover_cursor(CursorIcon::PointingHand);
            }
            if column.sortable && response.clicked() {
                state.sort = Some((
                    column.id.to_owned(),
                    sorted.map_or(column.starts_reversed, |reversed| !reversed),
                ));
                out.sorted = true;
            }
            if column.movable {
                self.arrange_head(ui, c, area, &response, spans, out);
            }
            out.heads.push((c, response));
        }
    }

    /// Dragging a head moves its column, dragging its left border sets the width: what stands
    /// before it, the flexible column, gives the room.
    fn arrange_head(
        &self,
        ui: &Ui,
        c: usize,
        area: Rect,
        head: &Response,
        spans: &[Option<(f32, f32)>],
        out: &mut TableOutput,
    ) {
        let t = Tokens::of(ui);
        let strip = Rect::from_center_size(area.left_center(), vec2(7.0, area.height()));
        let border = ui
            .interact(strip, self.id.with(("border", c)), Sense::DRAG)
            .on_hover_cursor(CursorIcon::ResizeHorizontal);
        if border.hovered() || border.dragged() {
            ui.painter().vline(
                area.left().round() + 0.5,
                area.y_range(),
                Stroke::new(1.0, t.accent_line),
            );
        }
        if border.dragged() && border.drag_delta().x != 0.0 {
            out.resized = Some((c, area.width() - border.drag_delta().x));
        }
        let Some(at) = head.interact_pointer_pos() else {
            return;
        };
        let left = area.left() - spans[c].map_or(0.0, |(left, _)| left);
        let over = spans.iter().enumerate().find(|(other, span)| {
            let within =
                |(from, width): (f32, f32)| (left + from..left + from + width).contains(&at.x);
            *other != c && self.columns[*other].movable && span.is_some_and(within)
        });
        let Some((to, Some((from, _)))) = over else {
            return;
        };
        if head.dragged() {
            ui.painter().vline(
                (left + from).round() + 0.5,
                area.y_range(),
                Stroke::new(2.0, t.accent_line),
            );
        }
        if head.drag_stopped() {
            out.moved = Some((c, to));
        }
    }
}
