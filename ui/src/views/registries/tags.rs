//! The tags of a repository, and how its layers went through them.

use egui::{Align, Layout, ScrollArea, Sense, Stroke, Ui, pos2, vec2};
use kitbench_protocol::{RegistryRow, Relation, TagList, TagRow};

use super::Ask;
use super::model::{self, Across};
use crate::app::ViewCtx;
use crate::backend::{Remote, RemoteView};
use crate::clock;
use crate::commands::Command;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::views::modelkits;
use crate::widgets::table::{Column, Line, Table, TableState};
use crate::widgets::{
    Button, FailureAction, Mark, TextField, bar_row, card, failed, failed_strip, inset, label,
    mark, named, skeleton,
};

/// Tags drawn side by side below the table.
const MAX_ACROSS: usize = 8;

#[allow(clippy::too_many_arguments, reason = "one panel, drawn in two layouts")]
pub fn tags(
    ui: &mut Ui,
    row: &RegistryRow,
    repository: &str,
    list: &mut Remote<TagList>,
    selected: Option<&str>,
    filter: &mut String,
    table: &mut TableState,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let t = Tokens::of(ui);
    bar_row(ui, 44.0, 16.0, false, |ui| {
        label(ui, Type::Body, t.text_2, &format!("{}/", row.address.host));
        named(ui, egui::Role::Heading, Type::Heading, t.text, repository);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(Button::icon_only(icons::COPY, "Copy repository name"))
                .clicked()
            {
                ctx.commands
                    .send(Command::Copy(format!("{}/{repository}", row.address.host)));
            }
        });
    });
    capabilities(ui, row, list.value());
    bar_row(ui, 44.0, 16.0, true, |ui| {
        TextField::search(filter, "Filter tags")
            .width(200.0)
            .show(ui);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(list) = list.value() {
                label(
                    ui,
                    Type::Small,
                    t.text_2,
                    &format::count(list.tags.len() as u64, "tag", "tags"),
                );
            }
        });
    });
    let mut retry = false;
    let mut ask = None;
    match list.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
        RemoteView::Failed(error) => retry = failed(ui, error) == Some(FailureAction::Retry),
        RemoteView::Ready { value, failure, .. } => {
            if let Some(failure) = failure {
                let age = clock::when(value.listed_ms);
                retry = failed_strip(ui, failure, Some(&age)) == Some(FailureAction::Retry);
            }
            ask = content(ui, value, selected, filter, table);
        }
    }
    if retry {
        list.invalidate();
    }
    ask
}

fn capabilities(ui: &mut Ui, row: &RegistryRow, list: Option<&TagList>) {
    bar_row(ui, 26.0, 16.0, false, |ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        match list.and_then(|list| list.partial_reads) {
            Some(true) => mark(ui, Mark::Done, "Partial reads"),
            Some(false) => mark(ui, Mark::Attention, "No partial reads"),
            None => mark(ui, Mark::Note, "Partial reads unknown"),
        };
        if row.address.plain_http {
            mark(ui, Mark::Attention, "Plain HTTP");
        }
        if let Some(list) = list {
            mark(
                ui,
                Mark::Done,
                &format!("Listed {}", clock::when(list.listed_ms)),
            );
        }
    });
}

fn content(
    ui: &mut Ui,
    list: &TagList,
    selected: Option<&str>,
    filter: &str,
    state: &mut TableState,
) -> Option<Ask> {
    let wanted = filter.trim().to_lowercase();
    let shown: Vec<&TagRow> = list
        .tags
        .iter()
        .filter(|tag| tag.tag.to_lowercase().contains(&wanted))
        .collect();
    let mut ask = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let columns = [
            Column::flex("tag", "Tag", 120.0),
            Column::fixed("digest", "Digest", 104.0).leaves(2),
            Column::fixed("size", "Size", 88.0).right().leaves(3),
            Column::fixed("pushed", "Packed", 88.0).leaves(4),
            Column::fixed("framework", "Framework", 110.0).leaves(1),
            Column::fixed("here", "This computer", 124.0),
        ];
        let out = Table::new("Tags", &columns).fit().show(
            ui,
            state,
            shown.len(),
            |row| {
                Line::row(
                    shown
                        .get(row)
                        .is_some_and(|tag| selected == Some(tag.tag.as_str())),
                )
            },
            |row, column, cell| {
                let Some(tag) = shown.get(row) else { return };
                tag_cell(tag, column, cell);
            },
            |_| false,
        );
        if let Some(tag) = out
            .selected
            .or(out.activated)
            .and_then(|row| shown.get(row))
        {
            ask = Some(Ask::Tag(Some(tag.tag.clone())));
        }
        if !list.layers.is_empty() {
            inset(ui, 12.0, |ui| across(ui, list));
        }
    });
    ask
}

fn tag_cell(tag: &TagRow, column: usize, cell: &mut crate::widgets::table::Cell<'_>) {
    let t = cell.tokens();
    match column {
        0 => {
            cell.icon(icons::TAG_SIMPLE, t.text_2).strong(&tag.tag);
        }
        1 => {
            cell.mono(&format::digest(&tag.digest)).tip(&tag.digest);
        }
        2 if tag.is_modelkit => {
            cell.bytes(tag.bytes);
        }
        3 => {
            if let Some(ms) = tag.created_ms {
                cell.text(&clock::when(ms));
            } else {
                cell.weak("–");
            }
        }
        4 if tag.is_modelkit => {
            cell.text(&tag.framework);
        }
        4 => {
            cell.weak(&tag.artifact).tip(&tag.artifact);
        }
        5 => match &tag.error {
            Some(error) if !tag.is_modelkit => {
                cell.mark(Mark::Attention, "Not a ModelKit").tip(error);
            }
            Some(error) => {
                cell.mark(Mark::Failed, "Unreadable").tip(error);
            }
            None => {
                let (sign, words) = modelkits::relation_words(tag.relation);
                // "On registry" goes without saying here.
                let words = if tag.relation == Relation::Same {
                    "Same"
                } else {
                    words
                };
                cell.mark(sign, words);
            }
        },
        _ => {}
    }
}

fn across(ui: &mut Ui, list: &TagList) {
    let t = Tokens::of(ui);
    card(
        ui,
        "Layers across tags",
        Some("square: new bytes, circle: same bytes as the tag before"),
        |_| {},
        |ui| {
            let tags: Vec<&TagRow> = list.tags.iter().take(MAX_ACROSS).collect();
            let width = ui.available_width();
            let label_width = 150.0;
            let step = ((width - label_width - 32.0) / tags.len().max(1) as f32).min(96.0);
            ui.add_space(8.0);
            for layer in &list.layers {
                let (rect, response) = ui.allocate_exact_size(vec2(width, 20.0), Sense::hover());
                let cells = model::across(layer);
                let cells = &cells[cells.len().saturating_sub(tags.len())..];
                let spoken = format!(
                    "{}: new in {} of {} tags",
                    layer.label,
                    cells.iter().filter(|cell| **cell == Across::New).count(),
                    cells.len()
                );
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Image, true, spoken.clone())
                });
                let y = rect.center().y;
                crate::widgets::line(
                    ui,
                    rect.with_max_x(rect.left() + label_width)
                        .shrink2(vec2(12.0, 0.0)),
                    Type::Small,
                    t.text_2,
                    &layer.label,
                    egui::Align2::LEFT_CENTER,
                );
                let color = t.layer(LayerKind::from(layer.kind));
                for (at, cell) in cells.iter().enumerate() {
                    let x = rect.left() + label_width + step * (at as f32 + 0.5);
                    let center = pos2(x, y);
                    match cell {
                        Across::New => {
                            ui.painter().rect_filled(
                                egui::Rect::from_center_size(center, vec2(9.0, 9.0)),
                                1,
                                color,
                            );
                        }
                        Across::Same => {
                            ui.painter().line_segment(
                                [pos2(x - step + 4.5, y), pos2(x - 4.5, y)],
                                Stroke::new(1.5, color),
                            );
                            ui.painter()
                                .circle(center, 3.5, t.bg_panel, Stroke::new(1.5, color));
                        }
                        Across::Absent => {
                            ui.painter().line_segment(
                                [pos2(x - 3.0, y), pos2(x + 3.0, y)],
                                Stroke::new(1.0, t.text_3),
                            );
                        }
                    }
                }
            }
            let (rect, _) = ui.allocate_exact_size(vec2(width, 24.0), Sense::hover());
            for (at, tag) in tags.iter().rev().enumerate() {
                let x = rect.left() + label_width + step * (at as f32 + 0.5);
                let cell =
                    egui::Rect::from_center_size(pos2(x, rect.center().y), vec2(step - 6.0, 20.0));
                crate::widgets::line(
                    ui,
                    cell,
                    Type::MonoSmall,
                    t.text_2,
                    &tag.tag,
                    egui::Align2::CENTER_CENTER,
                );
            }
            ui.add_space(6.0);
        },
    );
}
