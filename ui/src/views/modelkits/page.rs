//! The page of one kit: head, facts, tabs.

use egui::{Align, Layout, ScrollArea, Ui};
use kitbench_protocol::KitDetail;

use super::files::{self, FilesTab};
use super::{Ask, model};
use crate::app::ViewCtx;
use crate::backend::{Remote, RemoteView};
use crate::clock;
use crate::commands::Command;
use crate::format;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::table::{Column, Line, Table, TableState};
use crate::widgets::{
    Button, FailureAction, MenuItem, bar_row, code, fact, failed, failed_strip, inset, key_value,
    label, mark, markdown, menu, paragraph, rule, skeleton, strip, tabs,
};

pub fn page(
    ui: &mut Ui,
    reference: &str,
    remote: &mut Remote<KitDetail>,
    tab: &mut usize,
    files: &mut FilesTab,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let mut retry = false;
    let mut ask = None;
    match remote.view() {
        RemoteView::Loading(since) => {
            head(ui, reference, None, ctx);
            skeleton(ui, since, sizes::ROW);
        }
        RemoteView::Failed(error) => {
            retry = failed(ui, error) == Some(FailureAction::Retry);
        }
        RemoteView::Ready { value, failure, .. } => {
            ask = head(ui, reference, Some(value), ctx);
            if let Some(failure) = failure {
                retry = failed_strip(ui, failure, None) == Some(FailureAction::Retry);
            }
            for problem in &value.problems {
                strip(ui, crate::widgets::Tone::Warn, problem, |_| {});
            }
            content(ui, reference, value, tab, files, ctx);
        }
    }
    if retry {
        remote.invalidate();
    }
    ask
}

fn head(
    ui: &mut Ui,
    reference: &str,
    detail: Option<&KitDetail>,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    ui.add_space(8.0);
    bar_row(ui, 40.0, 20.0, false, |ui| {
        let (repository, tag) = match reference.split_once('@') {
            Some((repository, _)) => (repository, "untagged"),
            None => reference.rsplit_once(':').unwrap_or((reference, "")),
        };
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let more = ui.add(Button::icon_boxed(
                icons::DOTS_THREE,
                "More for this ModelKit",
            ));
            menu(&more, ui, "More for this ModelKit", |ui| {
                if MenuItem::new("Check all bytes again")
                    .icon(icons::FINGERPRINT)
                    .show(ui)
                {
                    ask = Some(Ask::Verify);
                }
                if MenuItem::new("Copy reference").icon(icons::COPY).show(ui) {
                    ctx.commands.send(Command::Copy(reference.to_owned()));
                }
                if MenuItem::new("Remove…")
                    .icon(icons::TRASH)
                    .danger()
                    .show(ui)
                {
                    ask = Some(Ask::Remove);
                }
            });
            if ui
                .add(Button::primary("Unpack…").icon(icons::FOLDER_OPEN))
                .clicked()
            {
                ask = Some(Ask::Unpack);
            }
            if ui
                .add(Button::neutral("Push…").icon(icons::UPLOAD_SIMPLE))
                .clicked()
            {
                ask = Some(Ask::Push);
            }
            if ui.add(Button::neutral("Tag…").icon(icons::TAG)).clicked() {
                ask = Some(Ask::Tag);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                crate::widgets::named(ui, egui::Role::Heading, Type::Title, t.text, repository);
                crate::widgets::badge(ui, tag);
            });
        });
    });
    if let Some(detail) = detail {
        bar_row(ui, 28.0, 20.0, false, |ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            label(
                ui,
                Type::Mono,
                t.text_2,
                &format::digest_long(&detail.row.digest),
            );
            let size = format!(
                "{}, removing frees {}",
                format::bytes(detail.row.bytes),
                format::bytes(detail.frees_bytes)
            );
            fact(ui, icons::HARD_DRIVE, &size);
            if let Some(packed) = detail
                .history
                .iter()
                .rev()
                .find(|entry| entry.what.starts_with("Packed"))
            {
                fact(
                    ui,
                    icons::CLOCK,
                    &format!("Packed {}", clock::when(packed.at_ms)),
                );
            }
            let (sign, words) = model::relation(detail.row.relation);
            mark(ui, sign, words);
            if let Some(checked) = detail.history.iter().find(|entry| entry.what == "Verified") {
                mark(
                    ui,
                    crate::widgets::Mark::Verified,
                    &format!("Re-hashed {}", clock::when(checked.at_ms)),
                );
            }
        });
    }
    ui.add_space(4.0);
    ask
}

fn content(
    ui: &mut Ui,
    reference: &str,
    detail: &KitDetail,
    tab: &mut usize,
    files: &mut FilesTab,
    ctx: &ViewCtx<'_>,
) {
    let count = detail
        .layers
        .iter()
        .flat_map(|layer| &layer.files)
        .filter(|file| !file.is_folder)
        .count() as u64;
    let choices = [
        ("Overview", None),
        ("Files", Some(count)),
        ("Layers", Some(detail.layers.len() as u64)),
        ("Kitfile", None),
        ("Manifest", None),
        ("History", Some(detail.history.len() as u64)),
    ];
    tabs(ui, "Parts of the ModelKit", tab, &choices);
    match *tab {
        0 => overview(ui, detail),
        1 => files::files(ui, reference, detail, files, ctx),
        2 => layers(ui, detail),
        3 => text_tab(ui, &detail.kitfile, "Kitfile", ctx),
        4 => text_tab(ui, &detail.manifest, "manifest", ctx),
        _ => history(ui, detail),
    }
}

fn overview(ui: &mut Ui, detail: &KitDetail) {
    let t = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        inset(ui, 20.0, |ui| {
            ui.horizontal_top(|ui| {
                let width = ui.available_width();
                let side = (width * 0.34).clamp(220.0, 360.0);
                ui.vertical(|ui| {
                    ui.set_width(width - side - 32.0);
                    match (&detail.readme, &detail.readme_path) {
                        (Some(readme), path) => {
                            if let Some(path) = path {
                                label(ui, Type::Small, t.text_3, path);
                                ui.add_space(8.0);
                            }
                            markdown(ui, readme);
                        }
                        (None, _) => {
                            paragraph(ui, Type::Body, t.text_2, "This ModelKit holds no README. A docs layer with a `README.md` is shown here.");
                        }
                    }
                });
                ui.add_space(24.0);
                ui.vertical(|ui| {
                    ui.set_width(side);
                    crate::widgets::named(ui, egui::Role::Heading, Type::Heading, t.text, "Facts");
                    ui.add_space(6.0);
                    for (key, value) in &detail.facts {
                        key_value(ui, key, value);
                    }
                    key_value(ui, "Layers", &detail.layers.len().to_string());
                    key_value(ui, "Size", &format::bytes(detail.row.bytes));
                    if let Some(run) = &detail.run {
                        ui.add_space(12.0);
                        super::run::show(ui, run);
                    }
                    if !detail.other_tags.is_empty() {
                        ui.add_space(12.0);
                        crate::widgets::named(ui, egui::Role::Heading, Type::Heading, t.text, "Other tags here");
                        ui.add_space(6.0);
                        for (tag, digest) in &detail.other_tags {
                            key_value(ui, tag, &format::digest(digest));
                        }
                    }
                });
            });
        });
    });
}

fn layers(ui: &mut Ui, detail: &KitDetail) {
    let t = Tokens::of(ui);
    let columns = [
        Column::flex("layer", "Layer", 150.0),
        Column::flex("path", "Path", 140.0).leaves(2),
        Column::fixed("files", "Files", 64.0).right().leaves(3),
        Column::fixed("size", "Size", 96.0).right(),
        Column::fixed("digest", "Digest", 120.0),
        Column::flex("type", "Media type", 200.0).leaves(1),
    ];
    Table::new("Layers", &columns).show(
        ui,
        &mut TableState::default(),
        detail.layers.len(),
        |_| Line::row(false),
        |row, column, cell| {
            let layer = &detail.layers[row];
            let kind = layer.kind.map_or(
                crate::theme::LayerKind::Config,
                crate::theme::LayerKind::from,
            );
            match column {
                0 => cell.icon(kind.icon(), t.layer(kind)).text(&layer.label),
                1 => cell.mono_2(&layer.path),
                2 => cell.figure(
                    &layer
                        .files
                        .iter()
                        .filter(|file| !file.is_folder)
                        .count()
                        .to_string(),
                ),
                3 => cell.bytes(layer.bytes),
                4 => cell.mono(&format::digest(&layer.digest)).tip(&layer.digest),
                _ => cell.weak(&layer.media_type),
            };
        },
        |_| false,
    );
}

fn text_tab(ui: &mut Ui, text: &str, what: &str, ctx: &ViewCtx<'_>) {
    bar_row(ui, 36.0, 20.0, false, |ui| {
        if ui
            .add(
                Button::ghost(format!("Copy {what}"))
                    .icon(icons::COPY)
                    .small(),
            )
            .clicked()
        {
            ctx.commands.send(Command::Copy(text.to_owned()));
        }
    });
    let mut text = text.to_owned();
    let id = egui::Id::unique(("kit-text", what));
    code::code_editor(
        ui,
        id,
        what,
        &mut text,
        &code::Decoration::default(),
        true,
        None,
    );
}

fn history(ui: &mut Ui, detail: &KitDetail) {
    let t = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        inset(ui, 20.0, |ui| {
            if detail.history.is_empty() {
                paragraph(ui, Type::Body, t.text_2, "Nothing is known of this ModelKit on this computer: it was packed or pulled by another program.");
            }
            for entry in &detail.history {
                ui.horizontal(|ui| {
                    let when = label(ui, Type::Mono, t.text_3, &clock::when(entry.at_ms));
                    when.on_hover_text(clock::when_exact(entry.at_ms));
                    label(ui, Type::BodyStrong, t.text, &entry.what);
                    label(ui, Type::Body, t.text_2, &entry.detail);
                });
                ui.add_space(4.0);
                rule(ui);
                ui.add_space(4.0);
            }
        });
    });
}
