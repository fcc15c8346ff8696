//! The files of a kit on a registry, and a look into one, without pulling: only the pieces of layers
//! that it takes are fetched, and how many bytes those were is told.

use std::collections::BTreeSet;

use egui::{Context, Ui, vec2};
use kitbench_protocol::{FileView, KitDetail, KitLayer, LayerFiles, ListLayerFiles, ReadKitFile};

use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteMap, RemoteView};
use crate::commands::Command;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::views::modelkits::{Look, file_icon};
use crate::widgets::{
    Button, DialogFrame, FailureAction, TreeRow, dialog, failed, inset, label, paragraph, skeleton,
};

/// Files drawn per layer; the search of a pulled kit finds the rest.
const MAX_ROWS: usize = 500;

/// A layer by the kit's reference and its place in the manifest.
type Key = (String, u32);

/// Which layers are open, and what is known of them.
#[derive(Default)]
pub struct Inside {
    open: BTreeSet<Key>,
    /// Where the user agreed to fetch all of a layer.
    whole: BTreeSet<Key>,
    layers: RemoteMap<Key, LayerFiles>,
}

impl Inside {
    /// Ask anew for everything.
    pub fn refresh(&mut self) {
        self.layers.invalidate_all();
    }

    /// The tree of files. A click on one opens a dialog with its content.
    pub fn show(&mut self, ui: &mut Ui, reference: &str, kit: &KitDetail, ctx: &ViewCtx<'_>) {
        for layer in &kit.layers {
            let key = (reference.to_owned(), layer.index);
            let is_open = self.open.contains(&key);
            if layer_row(ui, layer, is_open) {
                if is_open {
                    self.open.remove(&key);
                } else {
                    self.open.insert(key.clone());
                }
            }
            if is_open {
                self.layer(ui, &key, layer, ctx);
            }
        }
        let fetched: u64 = kit
            .layers
            .iter()
            .filter_map(|layer| self.layers.value(&(reference.to_owned(), layer.index)))
            .map(|files| files.fetched_bytes)
            .sum();
        if fetched > 0 {
            let t = Tokens::of(ui);
            inset(ui, 14.0, |ui| {
                let words = format!("{} fetched to list these files", format::bytes(fetched));
                label(ui, Type::Small, t.text_2, &words);
            });
        }
    }

    fn layer(&mut self, ui: &mut Ui, key: &Key, layer: &KitLayer, ctx: &ViewCtx<'_>) {
        let call = ListLayerFiles {
            reference: key.0.clone(),
            layer: key.1,
            whole: self.whole.contains(key),
        };
        let remote = self.layers.of(key).ask(ctx.client, ctx.now, || call);
        let mut again = false;
        match remote.view() {
            RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW_TREE),
            RemoteView::Failed(error) => again = failed(ui, error) == Some(FailureAction::Retry),
            RemoteView::Ready { value, .. } => match &value.needs_whole {
                Some(why) => {
                    let t = Tokens::of(ui);
                    inset(ui, 14.0, |ui| {
                        let size = format::bytes(layer.bytes);
                        let words = format!("{why}: listing its files fetches all {size} of it.");
                        paragraph(ui, Type::Small, t.text_2, &words);
                        ui.add_space(6.0);
                        let fetch = Button::neutral(format!("Fetch {size} and list"))
                            .small()
                            .icon(icons::DOWNLOAD_SIMPLE);
                        if ui.add(fetch).clicked() {
                            self.whole.insert(key.clone());
                            again = true;
                        }
                    });
                }
                None => {
                    for file in file_rows(ui, layer, value) {
                        let look = LookDialog::new(key.0.clone(), layer.index, file);
                        ctx.commands.send(Command::Show(Box::new(look)));
                    }
                }
            },
        }
        if again {
            remote.clear();
        }
    }
}

fn layer_row(ui: &mut Ui, layer: &KitLayer, open: bool) -> bool {
    let t = Tokens::of(ui);
    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
    let bytes = format::bytes(layer.bytes);
    let row = TreeRow {
        open: Some(open),
        icon: (kind.icon(), t.layer(kind)),
        edge: Some(t.layer(kind)),
        figure: &bytes,
        strong: true,
        ..TreeRow::new(&layer.label)
    };
    let shown = row.show(ui, egui::Id::unique(("remote-layer", layer.index)));
    shown.toggled || shown.response.clicked()
}

/// The files that were pressed.
fn file_rows(ui: &mut Ui, layer: &KitLayer, listed: &LayerFiles) -> Vec<String> {
    let t = Tokens::of(ui);
    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
    let files: Vec<_> = listed.files.iter().filter(|file| !file.is_folder).collect();
    let mut pressed = Vec::new();
    for file in files.iter().take(MAX_ROWS) {
        let bytes = format::bytes(file.bytes);
        let row = TreeRow {
            depth: 1,
            icon: (file_icon(&file.path), t.text_2),
            edge: Some(t.layer(kind)),
            figure: &bytes,
            ..TreeRow::new(&file.path)
        };
        let id = egui::Id::unique(("remote-file", layer.index, &file.path));
        if row.show(ui, id).response.clicked() {
            pressed.push(file.path.clone());
        }
    }
    let more = files.len().saturating_sub(MAX_ROWS);
    if more > 0 || listed.cut {
        inset(ui, 14.0, |ui| {
            let words = format!(
                "and {}{} more files",
                format::thousands(more as u64),
                if listed.cut { " or" } else { "" }
            );
            label(ui, Type::Small, t.text_2, &words);
        });
    }
    pressed
}

/// One file of a kit on a registry.
struct LookDialog {
    reference: String,
    layer: u32,
    path: String,
    view: Remote<FileView>,
    look: Look,
}

impl LookDialog {
    fn new(reference: String, layer: u32, path: String) -> Self {
        Self {
            reference,
            layer,
            path,
            view: Remote::default(),
            look: Look::default(),
        }
    }
}

impl Dialog for LookDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let call = ReadKitFile {
            reference: self.reference.clone(),
            remote: true,
            layer: self.layer,
            path: self.path.clone(),
        };
        self.view.ask(view.client, view.now, || call);
        let note = self.reference.clone();
        let frame = DialogFrame {
            title: "Look inside",
            icon: Some(icons::BINOCULARS),
            note: Some(&note),
            size: vec2(900.0, 640.0),
        };
        let mut retry = false;
        let mut done = false;
        let closed = dialog(
            ctx,
            &frame,
            |ui| match self.view.view() {
                RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
                RemoteView::Failed(error) => {
                    retry = failed(ui, error) == Some(FailureAction::Retry);
                }
                RemoteView::Ready { value, .. } => self.look.show(ui, value),
            },
            |ui| {
                done = ui
                    .add(Button::primary("Close").large().key("Esc"))
                    .clicked();
            },
        );
        if retry {
            self.view.invalidate();
        }
        !(closed || done)
    }
}
