//! The files of a kit as a tree, and a look inside the chosen one.

use egui::{ScrollArea, Ui};
use kitbench_protocol::{FileContent, FileView, KitDetail, KitLayer, ReadKitFile, TensorRow};

use super::{Folded, Opened};
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::table::{Column, Line, Table, TableState};
use crate::widgets::{
    FailureAction, Side, TextField, TreeRow, bar_row, code, empty, fact, failed, inset, key_value,
    label, markdown, paragraph, picture, rule, skeleton, split, strip,
};

/// Rows of the hex view.
const HEX_ROW: usize = 16;

#[derive(Default)]
pub struct FilesTab {
    filter: String,
    folded: Folded,
    selected: Option<(u32, String)>,
    opened: Opened,
    width: Option<f32>,
    look: Look,
}

/// How the tables of a file's content are arranged.
#[derive(Default)]
pub struct Look {
    table: TableState,
    tensor_filter: String,
}

impl Look {
    /// The content of a file.
    pub fn show(&mut self, ui: &mut Ui, view: &FileView) {
        look(ui, view, &mut self.table, &mut self.tensor_filter);
    }
}

pub fn files(
    ui: &mut Ui,
    reference: &str,
    detail: &KitDetail,
    tab: &mut FilesTab,
    ctx: &ViewCtx<'_>,
) {
    let mut width = tab.width.unwrap_or(352.0);
    let FilesTab {
        filter,
        folded,
        selected,
        opened,
        look,
        ..
    } = tab;
    let chosen = selected.clone();
    let (picked, ()) = split(
        ui,
        "Files",
        Side::Left,
        &mut width,
        352.0,
        |ui| tree(ui, detail, filter, folded, chosen.as_ref()),
        |ui| {
            let Some((layer, path)) = &chosen else {
                return empty(
                    ui,
                    icons::FILE,
                    "Choose a file",
                    "Its content is shown here without unpacking or running anything.",
                    |_| {},
                );
            };
            let key = (reference.to_owned(), *layer, path.clone());
            let remote = opened.of(&key).ask(ctx.client, ctx.now, || ReadKitFile {
                reference: reference.to_owned(),
                remote: false,
                layer: *layer,
                path: path.clone(),
            });
            let mut retry = false;
            match remote.view() {
                RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
                RemoteView::Failed(error) => {
                    retry = failed(ui, error) == Some(FailureAction::Retry);
                }
                RemoteView::Ready { value, .. } => look.show(ui, value),
            }
            if retry {
                remote.invalidate();
            }
        },
    );
    tab.width = Some(width);
    if let Some(picked) = picked {
        tab.selected = Some(picked);
        tab.look = Look::default();
    }
}

fn tree(
    ui: &mut Ui,
    detail: &KitDetail,
    filter: &mut String,
    folded: &mut Folded,
    chosen: Option<&(u32, String)>,
) -> Option<(u32, String)> {
    let mut picked = None;
    inset(ui, 10.0, |ui| {
        TextField::search(filter, "Find in files").show(ui);
    });
    rule(ui);
    let wanted = filter.trim().to_lowercase();
    let rows = rows(detail, folded, &wanted);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink(false).show_rows(
        ui,
        sizes::ROW_TREE,
        rows.len(),
        |ui, range| {
            for row in &rows[range] {
                match row {
                    Row::Layer(layer) => layer_row(ui, layer, folded),
                    Row::File(layer, file) => {
                        let selected = chosen
                            .is_some_and(|(at, path)| *at == layer.index && *path == file.path);
                        if file_row(ui, layer, file, selected) {
                            picked = Some((layer.index, file.path.clone()));
                        }
                    }
                }
            }
        },
    );
    picked
}

enum Row<'a> {
    Layer(&'a KitLayer),
    File(&'a KitLayer, &'a kitbench_protocol::KitFileEntry),
}

fn rows<'a>(detail: &'a KitDetail, folded: &Folded, wanted: &str) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for layer in &detail.layers {
        rows.push(Row::Layer(layer));
        if folded.contains(&layer.index) && wanted.is_empty() {
            continue;
        }
        for file in layer.files.iter().filter(|file| !file.is_folder) {
            if wanted.is_empty() || file.path.to_lowercase().contains(wanted) {
                rows.push(Row::File(layer, file));
            }
        }
    }
    rows
}

fn layer_row(ui: &mut Ui, layer: &KitLayer, folded: &mut Folded) {
    let t = Tokens::of(ui);
    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
    let bytes = format::bytes(layer.bytes);
    let row = TreeRow {
        open: Some(!folded.contains(&layer.index)),
        icon: (kind.icon(), t.layer(kind)),
        edge: Some(t.layer(kind)),
        figure: &bytes,
        strong: true,
        ..TreeRow::new(&layer.label)
    };
    let shown = row.show(ui, egui::Id::unique(("kit-layer", layer.index)));
    if (shown.toggled || shown.response.clicked()) && !folded.remove(&layer.index) {
        folded.insert(layer.index);
    }
}

fn file_row(
    ui: &mut Ui,
    layer: &KitLayer,
    file: &kitbench_protocol::KitFileEntry,
    selected: bool,
) -> bool {
    let t = Tokens::of(ui);
    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
    let bytes = format::bytes(file.bytes);
    let row = TreeRow {
        depth: 1,
        icon: (file_icon(&file.path), t.text_2),
        edge: Some(t.layer(kind)),
        figure: &bytes,
        selected,
        ..TreeRow::new(&file.path)
    };
    row.show(ui, egui::Id::unique(("kit-file", layer.index, &file.path)))
        .response
        .clicked()
}

/// The icon of a file by its ending.
pub fn file_icon(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "safetensors" | "gguf" | "onnx" => icons::CUBE,
        "csv" | "tsv" | "parquet" => icons::FILE_CSV,
        "md" => icons::BOOK_OPEN,
        "py" | "rs" | "ipynb" | "sh" => icons::FILE_CODE,
        "png" | "jpg" | "jpeg" | "gif" => icons::IMAGE,
        _ => icons::FILE,
    }
}

fn only_the_beginning(ui: &mut Ui) {
    strip(
        ui,
        crate::widgets::Tone::Info,
        "Only the beginning is shown.",
        |_| {},
    );
}

fn look(ui: &mut Ui, view: &FileView, table: &mut TableState, tensor_filter: &mut String) {
    let t = Tokens::of(ui);
    bar_row(ui, 40.0, 14.0, true, |ui| {
        label(ui, Type::BodyBold, t.text, &view.path);
        fact(ui, icons::FILE, &format::bytes(view.bytes));
        fact(
            ui,
            icons::LIGHTNING,
            &format!("Read {} to show this", format::bytes(view.read_bytes)),
        );
    });
    match &view.content {
        FileContent::Markdown { blocks, cut } => {
            if *cut {
                only_the_beginning(ui);
            }
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                inset(ui, 20.0, |ui| markdown(ui, blocks));
            });
        }
        FileContent::Text { text, cut } => {
            if *cut {
                only_the_beginning(ui);
            }
            let mut text = text.clone();
            let id = egui::Id::unique(("look", &view.path));
            code::code_editor(
                ui,
                id,
                &view.path,
                &mut text,
                &code::Decoration::default(),
                true,
                None,
            );
        }
        FileContent::Tensors {
            format,
            metadata,
            tensors,
        } => {
            tensor_table(ui, format, metadata, tensors, table, tensor_filter);
        }
        FileContent::Table {
            columns,
            rows,
            total_rows,
        } => data_table(ui, columns, rows, *total_rows, table),
        FileContent::Facts {
            title,
            facts,
            warnings,
        } => {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                inset(ui, 20.0, |ui| {
                    label(ui, Type::Heading, t.text, title);
                    ui.add_space(8.0);
                    for warning in warnings {
                        paragraph(ui, Type::Body, t.warn, warning);
                        ui.add_space(4.0);
                    }
                    for (key, value) in facts {
                        key_value(ui, key, value);
                    }
                });
            });
        }
        FileContent::Image(image) => inset(ui, 20.0, |ui| {
            let mut words = format!("{} × {} pixels", image.width, image.height);
            if image.shown_width != image.width {
                words.push_str(&format!(
                    ", shown as {} × {}",
                    image.shown_width, image.shown_height
                ));
            }
            label(ui, Type::Small, t.text_2, &words);
            ui.add_space(8.0);
            let id = egui::Id::unique(("picture", &view.path, view.bytes));
            picture(ui, id, &view.path, image);
        }),
        FileContent::Bytes { head } => hex(ui, head),
    }
}

fn tensor_table(
    ui: &mut Ui,
    format_name: &str,
    metadata: &[(String, String)],
    tensors: &[TensorRow],
    state: &mut TableState,
    filter: &mut String,
) {
    let t = Tokens::of(ui);
    let values: u64 = tensors
        .iter()
        .map(|tensor| tensor.shape.iter().product::<u64>())
        .sum();
    bar_row(ui, 40.0, 14.0, false, |ui| {
        TextField::search(filter, "Filter tensors")
            .width(220.0)
            .show(ui);
        let words = format!(
            "{format_name}, {}, {} values",
            format::count(tensors.len() as u64, "tensor", "tensors"),
            format::thousands(values)
        );
        label(ui, Type::Small, t.text_2, &words);
        for (key, value) in metadata.iter().take(3) {
            crate::widgets::badge(ui, &format!("{key}: {value}"));
        }
    });
    let wanted = filter.trim().to_lowercase();
    let shown: Vec<&TensorRow> = tensors
        .iter()
        .filter(|tensor| wanted.is_empty() || tensor.name.to_lowercase().contains(&wanted))
        .collect();
    let largest = shown
        .iter()
        .map(|tensor| tensor.bytes)
        .max()
        .unwrap_or(1)
        .max(1) as f32;
    let columns = [
        Column::flex("name", "Tensor", 180.0),
        Column::fixed("type", "Type", 72.0),
        Column::fixed("shape", "Shape", 130.0).right(),
        Column::fixed("bar", "", 60.0).leaves(1),
        Column::fixed("bytes", "Bytes", 92.0).right(),
    ];
    Table::new("Tensors", &columns)
        .row_height(sizes::ROW_TREE)
        .show(
            ui,
            state,
            shown.len(),
            |_| Line::row(false),
            |row, column, cell| {
                let Some(tensor) = shown.get(row) else { return };
                match column {
                    0 => cell.mono(&tensor.name),
                    1 => cell.mono_2(&tensor.dtype),
                    2 => {
                        let shape: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
                        cell.figure(&shape.join(" × "))
                    }
                    3 => cell.bar(
                        &[(tensor.bytes as f32 / largest, t.layer(LayerKind::Model))],
                        &format::bytes(tensor.bytes),
                    ),
                    _ => cell.bytes(tensor.bytes),
                };
            },
            |_| false,
        );
}

fn data_table(
    ui: &mut Ui,
    columns: &[(String, String)],
    rows: &[Vec<String>],
    total: Option<u64>,
    state: &mut TableState,
) {
    let t = Tokens::of(ui);
    bar_row(ui, 36.0, 14.0, false, |ui| {
        let mut words = format::count(columns.len() as u64, "column", "columns");
        words.push_str(&match total {
            Some(total) => format!(
                ", {} rows, the first {} shown",
                format::thousands(total),
                rows.len()
            ),
            None => format!(", the first {} rows", rows.len()),
        });
        label(ui, Type::Small, t.text_2, &words);
    });
    ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
        ui.set_min_width(columns.len() as f32 * 120.0);
        let heads: Vec<Column<'_>> = columns
            .iter()
            .map(|(name, kind)| Column::fixed(name, name, 120.0).tip(kind))
            .collect();
        Table::new("Rows", &heads).row_height(sizes::ROW_TREE).show(
            ui,
            state,
            rows.len(),
            |_| Line::row(false),
            |row, column, cell| {
                if let Some(value) = rows.get(row).and_then(|row| row.get(column)) {
                    cell.mono(value);
                }
            },
            |_| false,
        );
    });
}

fn hex(ui: &mut Ui, head: &[u8]) {
    let t = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        inset(ui, 14.0, |ui| {
            paragraph(ui, Type::Small, t.text_2, "Not text: the first bytes.");
            ui.add_space(8.0);
            for (at, row) in head.chunks(HEX_ROW).enumerate() {
                let hex: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
                let shown: String = row
                    .iter()
                    .map(|byte| {
                        if (32..127).contains(byte) {
                            char::from(*byte)
                        } else {
                            '.'
                        }
                    })
                    .collect();
                label(
                    ui,
                    Type::Mono,
                    t.text,
                    &format!("{:06x}  {:<47}  {shown}", at * HEX_ROW, hex.join(" ")),
                );
            }
        });
    });
}
