//! What the next pack will contain: a treemap, or the same as a list of files.

use egui::{Key, Modifiers, Sense, Ui, vec2};
use kitbench_protocol::{ProjectDetail, TreemapBox, TreemapFile};

use super::Projects;
use super::layers::card_in;
use super::page_model::{self, Measure};
use crate::app::{Place, ViewCtx};
use crate::commands::Command;
use crate::format;
use crate::theme::{LayerKind, icons, sizes};
use crate::widgets::treemap::treemap;
use crate::widgets::{self, Button, Column, Line, Mark, MenuItem, Segment, Table};

/// The least height of the treemap; with less left it becomes a button.
const LEAST: f32 = 150.0;
/// Its height once it was asked for, and that of the list of files.
const ASKED: f32 = 260.0;

impl Projects {
    pub(super) fn contents(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        detail: &ProjectDetail,
        bottom: f32,
    ) {
        if detail.treemap.is_empty() {
            return;
        }
        if self.layer.is_some_and(|at| at >= detail.treemap.len()) {
            self.layer = None;
        }
        self.measure_key(ui);
        let left = bottom - ui.cursor().top();
        let listed = self.kept.show_files;
        let height = if left >= LEAST {
            left
        } else if self.show_treemap || listed {
            ASKED
        } else {
            let button = Button::neutral("Show treemap").icon(icons::SQUARES_FOUR);
            if ui.add(button).clicked() {
                self.show_treemap = true;
            }
            return;
        };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let only = self.layer.and_then(|at| detail.treemap.get(at));
        let title = match only {
            Some(layer) => format!("In {}", layer.label),
            None => "What the next pack will contain".to_owned(),
        };
        let note = note(detail, only);
        let (mut measure, mut all) = (self.kept.measure, false);
        card_in(
            ui,
            rect,
            &title,
            Some(&note),
            |ui| {
                if !listed {
                    let mut at = Measure::ALL
                        .iter()
                        .position(|known| *known == measure)
                        .unwrap_or_default();
                    let words: Vec<Segment<'_>> =
                        Measure::ALL.iter().map(|m| m.word().into()).collect();
                    if widgets::segments(ui, "Area of the treemap", &mut at, &words).changed()
                        && let Some(chosen) = Measure::ALL.get(at)
                    {
                        measure = *chosen;
                    }
                }
                if only.is_some() {
                    all = ui.add(Button::ghost("Show all").small()).clicked();
                } else if !listed && ui.available_width() > 560.0 {
                    legends(ui, detail);
                }
            },
            |ui| {
                if listed {
                    self.files(ui, detail);
                } else {
                    widgets::inset(ui, 4.0, |ui| self.map(ui, ctx, detail));
                }
            },
        );
        self.kept.measure = measure;
        if all {
            self.layer = None;
            self.marked = None;
        }
    }

    /// `T` goes to the next measure.
    fn measure_key(&mut self, ui: &Ui) {
        let free =
            !ui.ctx().text_edit_focused() && ui.ctx().memory(|m| m.top_modal_layer().is_none());
        if free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::T)) {
            self.kept.measure = match self.kept.measure {
                Measure::Size => Measure::NewBytes,
                Measure::NewBytes => Measure::Files,
                Measure::Files => Measure::Size,
            };
        }
    }

    fn map(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
        let groups = page_model::treemap_groups(detail, self.kept.measure, self.layer);
        let empty = groups
            .iter()
            .all(|(_, group)| group.items.iter().all(|item| item.weight <= 0.0));
        if empty {
            let (what, how) = match self.kept.measure {
                Measure::NewBytes => (
                    "No new bytes",
                    "The store has everything that the next pack needs.",
                ),
                _ => ("Nothing to show", "All files here are empty."),
            };
            widgets::empty(ui, icons::SQUARES_FOUR, what, how, |_| {});
            return;
        }
        let places: Vec<usize> = groups.iter().map(|(place, _)| *place).collect();
        let drawn: Vec<_> = groups.into_iter().map(|(_, group)| group).collect();
        let shown = |place: usize| places.iter().position(|known| *known == place);
        let marked = self
            .marked
            .and_then(|(place, file)| Some((shown(place)?, file)));
        let name = format!("Treemap of the next pack by {}", self.kept.measure.word());
        let out = treemap(ui, &name, &drawn, marked);
        if let Some((at, file)) = out.clicked
            && let Some(place) = places.get(at)
        {
            let hit = (*place, file);
            self.marked = (self.marked != Some(hit)).then_some(hit);
        }
        if let Some((at, _)) = out.opened
            && let Some(place) = places.get(at)
        {
            self.layer = if self.layer.is_some() {
                None
            } else {
                Some(*place)
            };
        }
        for ((at, file), response) in out.boxes {
            let layer = places.get(at).and_then(|place| detail.treemap.get(*place));
            let Some(layer) = layer else { continue };
            let path = file
                .and_then(|i| layer.files.get(i))
                .map(|file| file.path.clone());
            widgets::row_menu(&response, ui, "Menu of the box", |ui| {
                let zoom = if self.layer.is_some() {
                    "Show all layers"
                } else {
                    "Show this layer alone"
                };
                if MenuItem::new(zoom).icon(icons::ARROWS_OUT_SIMPLE).show(ui) {
                    self.layer = match self.layer {
                        Some(_) => None,
                        None => places.get(at).copied(),
                    };
                }
                if let Some(path) = path
                    && MenuItem::new("Copy path").icon(icons::COPY).show(ui)
                {
                    ctx.commands.send(Command::Copy(path));
                }
                if MenuItem::new("Show in Kitfile")
                    .icon(icons::TEXT_ALIGN_LEFT)
                    .show(ui)
                {
                    ctx.commands.go(Place::Kitfile(detail.row.id));
                }
            });
        }
    }

    fn files(&mut self, ui: &mut Ui, detail: &ProjectDetail) {
        let only = self.layer;
        let rows: Vec<(&TreemapBox, &TreemapFile)> = detail
            .treemap
            .iter()
            .enumerate()
            .filter(|(i, _)| only.is_none_or(|only| only == *i))
            .flat_map(|(_, layer)| layer.files.iter().map(move |file| (layer, file)))
            .collect();
        let columns = [
            Column::flex("file", "File", 200.0),
            Column::flex("layer", "Layer", 120.0).leaves(2),
            Column::fixed("size", "Size", 96.0).right(),
            Column::fixed("state", "State", 110.0).leaves(1),
        ];
        let mut table = std::mem::take(&mut self.files_table);
        Table::new("Files", &columns)
            .row_height(sizes::ROW_TREE)
            .show(
                ui,
                &mut table,
                rows.len(),
                |_| Line::row(false),
                |i, column, cell| {
                    let Some((layer, file)) = rows.get(i) else {
                        return;
                    };
                    let t = cell.tokens();
                    let kind = page_model::kind(layer.kind);
                    match column {
                        0 => {
                            cell.mono(&file.path);
                        }
                        1 => {
                            cell.icon(kind.icon(), t.layer(kind)).small(&layer.label);
                        }
                        2 => {
                            cell.bytes(file.bytes);
                        }
                        _ if file.changed => {
                            cell.mark(Mark::Changed, "Changed");
                        }
                        _ => {}
                    }
                },
                |_| false,
            );
        self.files_table = table;
    }
}

fn note(detail: &ProjectDetail, only: Option<&TreemapBox>) -> String {
    let about = if detail.about { "about " } else { "" };
    let (files, bytes) = match only {
        Some(layer) => (
            layer.files.iter().map(|file| u64::from(file.files)).sum(),
            layer.bytes,
        ),
        None => (
            u64::from(detail.files_in_layers),
            detail.new_bytes + detail.reused_bytes,
        ),
    };
    format!(
        "{}, {about}{}",
        format::count(files, "file", "files"),
        format::bytes(bytes)
    )
}

/// One legend per kind that is there, from the right.
fn legends(ui: &mut Ui, detail: &ProjectDetail) {
    let mut kinds: Vec<LayerKind> = Vec::new();
    for layer in &detail.treemap {
        let kind = page_model::kind(layer.kind);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    for kind in kinds.into_iter().rev() {
        if ui.available_width() > 300.0 {
            widgets::legend(ui, kind);
        }
    }
}
