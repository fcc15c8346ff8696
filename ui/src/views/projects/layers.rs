//! The layers table, with the decisions beside it.

use egui::{Align, Layout, Rect, Role, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{ProjectDetail, RowKind};

use super::Projects;
use super::page::GAP;
use super::page_model;
use crate::app::ViewCtx;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Column, Line, Table};

/// Width of the decisions beside the layers.
const DECISIONS: f32 = 328.0;
/// Below this width the decisions go under the layers.
const STACKED: f32 = 880.0;
/// Rows of the table that are shown without scrolling.
const ROWS: usize = 16;

impl Projects {
    pub(super) fn layers_and_decisions(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        detail: &ProjectDetail,
    ) {
        let rows = detail.layers.len().clamp(4, ROWS);
        let height = sizes::CARD_HEAD + sizes::ROW + rows as f32 * sizes::ROW_COMPACT + 2.0;
        let width = ui.available_width();
        if detail.decisions.is_empty() {
            self.to_decisions = false;
            let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
            self.layers(ui, rect, detail);
        } else if width < STACKED {
            // About what each card needs; more than three scroll.
            let most = sizes::CARD_HEAD + 92.0 * detail.decisions.len().min(3) as f32 + 2.0;
            let (rect, response) = ui.allocate_exact_size(vec2(width, most), Sense::hover());
            if self.to_decisions {
                response.scroll_to_me(Some(Align::Min));
            }
            self.decisions(ui, rect, ctx, detail);
            ui.add_space(GAP);
            let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
            self.layers(ui, rect, detail);
        } else {
            let (rect, _) = ui.allocate_exact_size(vec2(width, height.max(246.0)), Sense::hover());
            let at = rect.right() - DECISIONS;
            self.layers(ui, rect.with_max_x(at - GAP), detail);
            self.decisions(ui, rect.with_min_x(at), ctx, detail);
        }
    }

    fn layers(&mut self, ui: &mut Ui, rect: Rect, detail: &ProjectDetail) {
        let count = detail
            .layers
            .iter()
            .filter(|row| matches!(row.kind, RowKind::Layer(_)))
            .count();
        let note = format!("{count} and the Kitfile");
        let mut table = std::mem::take(&mut self.layers_table);
        let mut chosen = None;
        let show_files = self.kept.show_files;
        let mut toggle = false;
        card_in(
            ui,
            rect,
            "Layers",
            Some(&note),
            |ui| {
                let words = if show_files {
                    "Show treemap"
                } else {
                    "Show files"
                };
                let button = Button::ghost(words).icon(icons::TREE_STRUCTURE).small();
                toggle = ui.add(button).clicked();
            },
            |ui| {
                chosen = self.layers_table(ui, &mut table, detail);
            },
        );
        self.layers_table = table;
        if toggle {
            self.kept.show_files = !show_files;
        }
        if let Some(row) = chosen {
            let at = treemap_place(detail, row);
            self.layer = if self.layer == at { None } else { at };
            self.marked = None;
        }
    }

    fn layers_table(
        &self,
        ui: &mut Ui,
        state: &mut widgets::TableState,
        detail: &ProjectDetail,
    ) -> Option<usize> {
        let since = match &detail.last_pack {
            Some(pack) => format!("Since {}", pack.tag),
            None => "Next pack".to_owned(),
        };
        let mut columns = vec![
            Column::flex("layer", "Layer", 128.0),
            Column::flex("path", "Path", 120.0).leaves(1),
            Column::fixed("files", "Files", 64.0).right().leaves(2),
            Column::fixed("size", "Size", 88.0).right(),
            Column::flex("since", &since, 124.0),
        ];
        // Before the first pack everything is new; one column says so.
        if detail.last_pack.is_some() {
            columns.push(
                Column::fixed("new", "New", 84.0)
                    .right()
                    .tip("Bytes that the next pack adds to the store"),
            );
        }
        let only = self.layer;
        let out = Table::new("Layers", &columns)
            .row_height(sizes::ROW_COMPACT)
            .show(
                ui,
                state,
                detail.layers.len(),
                |i| Line::row(only.is_some() && treemap_place(detail, i) == only),
                |i, column, cell| {
                    let Some(row) = detail.layers.get(i) else {
                        return;
                    };
                    let t = cell.tokens();
                    let kind = page_model::kind(row.kind);
                    let outside = kind == LayerKind::None;
                    match column {
                        0 => {
                            cell.icon(kind.icon(), t.layer(kind));
                            if outside {
                                cell.styled(Type::Body, t.text_2, &row.label);
                            } else {
                                cell.text(&row.label);
                            }
                        }
                        1 => {
                            cell.mono_2(&row.path);
                        }
                        2 => {
                            cell.figure(&format::thousands(u64::from(row.files)));
                        }
                        3 => {
                            cell.bytes(row.bytes);
                        }
                        4 => match page_model::since(row, &detail.decisions) {
                            (Some(mark), words) => {
                                cell.mark(mark, &words);
                            }
                            (None, words) => {
                                cell.weak(&words);
                            }
                        },
                        _ if outside => {}
                        _ if row.new_bytes == 0 => {
                            cell.figure("0");
                        }
                        _ => {
                            cell.bytes(row.new_bytes);
                        }
                    }
                },
                |_| false,
            );
        out.selected
    }
}

/// The place in [`ProjectDetail::treemap`] of a row of the table; the Kitfile and what is in no
/// layer have none. Both list the layers in the order of the Kitfile.
pub(super) fn treemap_place(detail: &ProjectDetail, row: usize) -> Option<usize> {
    let here = detail.layers.get(row)?;
    if !matches!(here.kind, RowKind::Layer(_)) {
        return None;
    }
    let before = detail
        .layers
        .iter()
        .take(row)
        .filter(|other| matches!(other.kind, RowKind::Layer(_)))
        .count();
    (before < detail.treemap.len()).then_some(before)
}

/// A card of a given size: raised head, outline, contents without inset.
pub(super) fn card_in<R>(
    ui: &mut Ui,
    rect: Rect,
    title: &str,
    note: Option<&str>,
    right: impl FnOnce(&mut Ui),
    contents: impl FnOnce(&mut Ui) -> R,
) -> R {
    let t = Tokens::of(ui);
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_L, t.bg_panel, t.line);
    let inner = rect.shrink(1.0);
    let head = inner.with_max_y(inner.top() + sizes::CARD_HEAD);
    let corner = egui::CornerRadius {
        nw: 5,
        ne: 5,
        sw: 0,
        se: 0,
    };
    ui.painter().rect_filled(head, corner, t.bg_raised);
    widgets::hairline_below(ui.painter(), head, t.line);
    let mut bar = ui.new_child(
        UiBuilder::new()
            .id_salt((title, "right"))
            .max_rect(head.shrink2(vec2(sizes::SPACE_4, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    bar.spacing_mut().item_spacing.x = sizes::SPACE_4;
    right(&mut bar);
    let mut words = ui.new_child(
        UiBuilder::new()
            .id_salt((title, "title"))
            .max_rect(Rect::from_min_max(
                pos2(head.left() + sizes::SPACE_4, head.top()),
                pos2(bar.min_rect().left() - sizes::SPACE_3, head.bottom()),
            ))
            .layout(Layout::left_to_right(Align::Center)),
    );
    words.spacing_mut().item_spacing.x = sizes::SPACE_3;
    widgets::named(&mut words, Role::Heading, Type::BodyBold, t.text, title);
    if let Some(note) = note
        && words.available_width() > 24.0
    {
        widgets::label(&mut words, Type::Small, t.text_3, note);
    }
    let mut inside = ui.new_child(
        UiBuilder::new()
            .id_salt((title, "contents"))
            .max_rect(inner.with_min_y(head.bottom())),
    );
    inside.shrink_clip_rect(inner.with_min_y(head.bottom()));
    inside.spacing_mut().item_spacing.y = 0.0;
    contents(&mut inside)
}
