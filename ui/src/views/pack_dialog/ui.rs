//! Drawing the pack dialog.

use egui::{Align, Layout, Rect, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{Compression, DecisionChoice, PackFormat, PackPlan, Severity};

use super::{Outcome, PackDialog, model};
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::commands::Command;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::table::{Column, Line, Table, TableState};
use crate::widgets::{
    Button, Mark, Segment, TextField, checkbox, code, combobox, failed, hairline_below, label,
    mark, outlined, paragraph, radio, segments, skeleton,
};

/// What the user asked for in this frame.
#[derive(Default)]
pub struct Intent {
    pub pack: bool,
    pub cancel: bool,
    pub decide: Option<(String, DecisionChoice)>,
}

const LEFT: f32 = 466.0;
/// Decisions drawn in the checks; the project page has all.
const MAX_DECISIONS: usize = 6;

pub fn body(ui: &mut Ui, dialog: &mut PackDialog, view: &ViewCtx<'_>, intent: &mut Intent) {
    let t = Tokens::of(ui);
    let area = ui.max_rect();
    let stacked = area.width() < 900.0;
    if stacked {
        ScrollArea::vertical().show(ui, |ui| {
            inset_column(ui, |ui| left(ui, dialog, view));
            inset_column(ui, |ui| right(ui, dialog, view, intent));
        });
        return;
    }
    let split = area.left() + LEFT;
    ui.painter()
        .vline(split, area.y_range(), egui::Stroke::new(1.0, t.line));
    let left_rect = Rect::from_min_max(area.min, pos2(split, area.bottom()));
    let right_rect = Rect::from_min_max(pos2(split, area.top()), area.max);
    let mut columns = |name: &str, rect: Rect, draw: &mut dyn FnMut(&mut Ui)| {
        let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(rect));
        child.shrink_clip_rect(rect);
        ScrollArea::vertical()
            .id_salt(name)
            .auto_shrink(false)
            .show(&mut child, |ui| {
                inset_column(ui, |ui| draw(ui));
            });
    };
    columns("left", left_rect, &mut |ui| left(ui, dialog, view));
    columns("right", right_rect, &mut |ui| {
        right(ui, dialog, view, intent)
    });
}

fn inset_column(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(20, 14))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
            ui.set_width(ui.available_width());
            add(ui);
        });
}

fn heading(ui: &mut Ui, text: &str, note: &str) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        label(ui, Type::BodyBold, t.text, text);
        if !note.is_empty() {
            label(ui, Type::Small, t.text_3, note);
        }
    });
    ui.add_space(6.0);
}

fn left(ui: &mut Ui, dialog: &mut PackDialog, view: &ViewCtx<'_>) {
    heading(ui, "Reference", "");
    reference_fields(ui, dialog);
    ui.add_space(10.0);
    suggestions(ui, dialog);
    ui.add_space(10.0);
    preview(ui, dialog, view);
    ui.add_space(14.0);
    if let Some(plan) = dialog.plan.value()
        && !plan.tags.is_empty()
    {
        heading(ui, "What the tags would replace", "");
        tag_table(ui, plan);
        ui.add_space(14.0);
    }
    heading(ui, "Compression", "");
    compression(ui, dialog);
    ui.add_space(14.0);
    note_and_format(ui, dialog);
}

fn reference_fields(ui: &mut Ui, dialog: &mut PackDialog) {
    let known: Vec<String> = dialog
        .plan
        .value()
        .map(|plan| {
            let mut known: Vec<String> = plan
                .known_repositories
                .iter()
                .filter_map(|name| {
                    name.rsplit_once('/')
                        .map(|(registry, _)| registry.to_owned())
                })
                .collect();
            known.dedup();
            known
        })
        .unwrap_or_default();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let error = dialog.check.value().and_then(|check| check.error.clone());
    let form = &mut dialog.form;
    let width = ui.available_width();
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(width * 0.38);
            combobox(ui, "registry", &mut form.registry, &known, |field| {
                field.label("Registry").hint("this computer only").mono()
            });
        });
        ui.vertical(|ui| {
            ui.set_width(width * 0.36 - 16.0);
            let field = TextField::new(&mut form.repository)
                .label("Repository")
                .mono()
                .show(ui);
            if field.response.changed() {
                form.spread_pasted();
            }
        });
        ui.vertical(|ui| {
            ui.set_width(width * 0.26 - 8.0);
            TextField::new(&mut form.tag).label("Tag").mono().show(ui);
        });
    });
    if let Some(error) = error {
        let t = Tokens::of(ui);
        ui.add_space(4.0);
        paragraph(ui, Type::Small, t.err, &error);
    }
}

fn suggestions(ui: &mut Ui, dialog: &mut PackDialog) {
    let t = Tokens::of(ui);
    let suggested = dialog
        .plan
        .value()
        .map(|plan| plan.suggested_tags.clone())
        .unwrap_or_default();
    ui.horizontal(|ui| {
        if !suggested.is_empty() {
            label(ui, Type::Small, t.text_2, "Suggested");
        }
        for tag in suggested.iter().take(3) {
            let chosen = dialog.form.tag == *tag;
            if ui
                .add(Button::neutral(tag.as_str()).small().selected(chosen))
                .clicked()
            {
                dialog.form.tag.clone_from(tag);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            checkbox(ui, &mut dialog.form.move_latest, "Move latest too");
        });
    });
}

fn preview(ui: &mut Ui, dialog: &PackDialog, view: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    outlined(ui, |ui| {
        egui::Frame::new()
            .fill(t.bg_raised)
            .inner_margin(10)
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                let reference = dialog.form.reference();
                ui.horizontal(|ui| {
                    label(ui, Type::Mono, t.accent_text, &reference);
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if ui
                            .add(Button::icon_only(icons::COPY, "Copy reference").small())
                            .clicked()
                        {
                            view.commands.send(Command::Copy(reference.clone()));
                        }
                    });
                });
                ui.add_space(4.0);
                ui.horizontal(|ui| match dialog.check.value() {
                    Some(check) if check.error.is_some() => {
                        mark(ui, Mark::Blocks, "Not a valid name");
                    }
                    Some(check) => {
                        mark(ui, Mark::Done, "Valid name");
                        match &check.local_digest {
                            Some(_) => mark(ui, Mark::Attention, "In the local store already"),
                            None => mark(ui, Mark::Done, "Free in the local store"),
                        };
                    }
                    None => {
                        label(ui, Type::Small, t.text_3, "Checking the name");
                    }
                });
            });
    });
}

fn tag_table(ui: &mut Ui, plan: &PackPlan) {
    let t = Tokens::of(ui);
    outlined(ui, |ui| {
        let columns = [
            Column::fixed("tag", "Tag", 110.0),
            Column::flex("now", "Now", 150.0),
            Column::fixed("after", "After packing", 120.0),
        ];
        Table::new("Tags", &columns).fit().plain().show(
            ui,
            &mut TableState::default(),
            plan.tags.len(),
            |_| Line::row(false),
            |row, column, cell| {
                let change = &plan.tags[row];
                match column {
                    0 => cell.mono(&change.tag),
                    1 if change.now.is_none() => cell.weak("nothing"),
                    1 => cell.styled(Type::Mono, t.warn, &model::tag_now(change)),
                    _ => cell.text("this pack"),
                };
            },
            |_| false,
        );
    });
}

fn compression(ui: &mut Ui, dialog: &mut PackDialog) {
    let t = Tokens::of(ui);
    let bytes = dialog.plan.value().map(|plan| plan.bytes);
    let choices = [
        (
            Compression::None,
            "None",
            "Files stay readable without a pull",
        ),
        (
            Compression::GzipFastest,
            "gzip, fast",
            "Smaller, all layers new",
        ),
        (
            Compression::Gzip,
            "gzip",
            "Smallest for others, slowest here",
        ),
        (
            Compression::Zstd,
            "zstd",
            "Small and fast; kit before 1.15 cannot read it",
        ),
    ];
    outlined(ui, |ui| {
        for (at, (compression, name, words)) in choices.into_iter().enumerate() {
            let chosen = dialog.form.compression == compression;
            let (rect, _) =
                ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::hover());
            if chosen {
                ui.painter().rect_filled(rect, 0.0, t.accent_bg);
            }
            if at + 1 < choices.len() {
                hairline_below(ui.painter(), rect, t.line);
            }
            let inner = rect.shrink2(vec2(10.0, 0.0));
            let mut row = ui.new_child(
                UiBuilder::new()
                    .max_rect(inner)
                    .layout(Layout::left_to_right(Align::Center)),
            );
            if radio(&mut row, chosen, name).clicked() {
                dialog.form.compression = compression;
            }
            row.with_layout(Layout::right_to_left(Align::Center), |ui| {
                label(ui, Type::Small, t.text_2, words);
                if compression == Compression::None
                    && let Some(bytes) = bytes
                {
                    label(ui, Type::Mono, t.text, &format::bytes(bytes));
                }
            });
        }
    });
}

fn note_and_format(ui: &mut Ui, dialog: &mut PackDialog) {
    let t = Tokens::of(ui);
    let width = ui.available_width();
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(width * 0.58);
            TextField::new(&mut dialog.form.note)
                .label("Note, kept in the history")
                .show(ui);
        });
        ui.vertical(|ui| {
            ui.add_space(4.0);
            label(ui, Type::Small, t.text_2, "Format");
            ui.add_space(6.0);
            let mut at = usize::from(dialog.form.format == PackFormat::ModelPack);
            let choices = [Segment::new("ModelKit"), Segment::new("ModelPack")];
            if segments(ui, "Format", &mut at, &choices).changed() {
                dialog.form.format = if at == 1 {
                    PackFormat::ModelPack
                } else {
                    PackFormat::ModelKit
                };
            }
        });
    });
}

fn right(ui: &mut Ui, dialog: &mut PackDialog, view: &ViewCtx<'_>, intent: &mut Intent) {
    let plan = match dialog.plan.view() {
        RemoteView::Loading(since) => {
            heading(ui, "What will be packed", "");
            skeleton(ui, since, sizes::ROW_COMPACT);
            return;
        }
        RemoteView::Failed(error) => {
            if failed(ui, error).is_some() {
                dialog.asked = None;
            }
            return;
        }
        RemoteView::Ready { value, .. } => value,
    };
    let about = if plan.about { "about " } else { "" };
    let note = format!(
        "{about}{}, {}",
        format::count(plan.layers.len() as u64, "layer", "layers"),
        format::count(plan.files.into(), "file", "files")
    );
    heading(ui, "What will be packed", &note);
    layer_table(ui, plan);
    ui.add_space(14.0);
    checks(ui, plan, intent);
    ui.add_space(14.0);
    if dialog.attach.is_shown() {
        heading(ui, "Run that made it", "packed as a document");
        dialog.attach.ui(ui);
        ui.add_space(14.0);
    }
    command_line(ui, plan, view);
}

fn layer_table(ui: &mut Ui, plan: &PackPlan) {
    let t = Tokens::of(ui);
    let largest = plan
        .layers
        .iter()
        .map(|layer| layer.bytes)
        .max()
        .unwrap_or(1)
        .max(1) as f32;
    outlined(ui, |ui| {
        let columns = [
            Column::flex("layer", "Layer", 130.0),
            Column::fixed("files", "Files", 56.0).right(),
            Column::fixed("size", "Size", 84.0).right(),
            Column::fixed("bar", "", 92.0),
            Column::fixed("new", "New bytes", 96.0).right(),
        ];
        Table::new("Layers to pack", &columns)
            .row_height(sizes::ROW_COMPACT)
            .fit()
            .plain()
            .show(
                ui,
                &mut TableState::default(),
                plan.layers.len() + 1,
                |row| Line::row(row == plan.layers.len()),
                |row, column, cell| {
                    let Some(layer) = plan.layers.get(row) else {
                        match column {
                            0 => cell.strong("Total"),
                            1 => cell.figure(&plan.files.to_string()),
                            2 => cell.bytes(plan.bytes),
                            4 => cell.bytes(plan.new_bytes),
                            _ => cell,
                        };
                        return;
                    };
                    let kind = LayerKind::from(layer.kind);
                    match column {
                        0 => {
                            cell.icon(kind.icon(), t.layer(kind))
                                .text(&layer.label)
                                .tip(&layer.path);
                        }
                        1 => {
                            cell.figure(&layer.files.to_string());
                        }
                        2 => {
                            cell.bytes(layer.bytes);
                        }
                        3 => {
                            let share = layer.bytes as f32 / largest;
                            let color = if layer.new_bytes > 0 {
                                t.accent_line
                            } else {
                                t.bar_reuse
                            };
                            cell.bar(&[(share, color)], &format::bytes(layer.bytes));
                        }
                        _ if layer.new_bytes == 0 => {
                            cell.mark(Mark::Reused, "Reused");
                        }
                        _ => {
                            cell.bytes(layer.new_bytes);
                        }
                    }
                },
                |_| false,
            );
    });
}

fn checks(ui: &mut Ui, plan: &PackPlan, intent: &mut Intent) {
    let t = Tokens::of(ui);
    let open = plan
        .checks
        .iter()
        .filter(|check| check.severity.is_some())
        .count()
        + plan.decisions.len();
    let passed = plan
        .checks
        .iter()
        .filter(|check| check.severity.is_none())
        .count();
    heading(ui, "Checks", &format!("{passed} passed, {open} open"));
    outlined(ui, |ui| {
        for check in plan.checks.iter().filter(|check| check.severity.is_some()) {
            check_row(ui, check.severity, &check.message, |_| {});
        }
        for decision in plan.decisions.iter().take(MAX_DECISIONS) {
            let words = format!("{}: {}", decision.title, decision.path);
            check_row(ui, Some(decision.severity), &words, |ui| {
                for choice in decision.choices.iter().rev() {
                    let text = match choice {
                        DecisionChoice::LeaveOut => "Leave out",
                        DecisionChoice::Keep => "Pack it",
                        DecisionChoice::AddToLayer(_) => continue,
                    };
                    let name = format!("{text} {}", decision.path);
                    if ui.add(Button::neutral(text).small().name(name)).clicked() {
                        intent.decide = Some((decision.key.clone(), choice.clone()));
                    }
                }
            });
        }
        if plan.decisions.len() > MAX_DECISIONS {
            let more = format!(
                "{} more on the project's page",
                plan.decisions.len() - MAX_DECISIONS
            );
            check_row(ui, Some(Severity::Info), &more, |_| {});
        }
        if passed > 0 {
            let (rect, _) =
                ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::hover());
            let mut row = ui.new_child(
                UiBuilder::new()
                    .max_rect(rect.shrink2(vec2(10.0, 0.0)))
                    .layout(Layout::left_to_right(Align::Center)),
            );
            mark(&mut row, Mark::Done, "");
            label(&mut row, Type::Small, t.text_2, &model::passed(plan));
        }
    });
}

fn check_row(ui: &mut Ui, severity: Option<Severity>, words: &str, buttons: impl FnOnce(&mut Ui)) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 36.0), Sense::hover());
    hairline_below(ui.painter(), rect, t.line);
    let mut row = ui.new_child(
        UiBuilder::new()
            .max_rect(rect.shrink2(vec2(10.0, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    buttons(&mut row);
    row.with_layout(Layout::left_to_right(Align::Center), |ui| {
        let sign = match severity {
            Some(Severity::Error) => Mark::Blocks,
            Some(Severity::Warning) => Mark::Decide,
            _ => Mark::Note,
        };
        mark(ui, sign, "");
        label(ui, Type::Body, t.text, words);
    });
}

fn command_line(ui: &mut Ui, plan: &PackPlan, view: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        label(ui, Type::BodyBold, t.text, "Same thing on the command line");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(Button::ghost("Copy").icon(icons::COPY).small())
                .clicked()
            {
                view.commands.send(Command::Copy(plan.command.clone()));
            }
        });
    });
    ui.add_space(6.0);
    code::code_block(ui, &format!("$ {}", plan.command), &[]);
}

pub fn foot(ui: &mut Ui, dialog: &mut PackDialog, blocked: Option<&str>, intent: &mut Intent) {
    let t = Tokens::of(ui);
    let remote = dialog.is_remote();
    let starting = *dialog.done.borrow() == Outcome::Starting;
    let text = dialog.form.button(dialog.plan.value(), remote);
    let button = Button::primary(text)
        .icon(icons::PACKAGE)
        .large()
        .key("Ctrl Enter")
        .busy(starting)
        .blocked(blocked);
    intent.pack |= ui.add(button).clicked();
    intent.cancel |= ui
        .add(Button::neutral("Cancel").large().key("Esc"))
        .clicked();
    if let Some(seconds) = dialog.plan.value().and_then(|plan| plan.estimated_seconds) {
        label(
            ui,
            Type::Small,
            t.text_2,
            &format!("About {} to pack", format::duration(seconds)),
        );
    }
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        if remote {
            let host = dialog
                .form
                .registry
                .split('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            checkbox(
                ui,
                &mut dialog.form.push,
                &format!("Push to {host} when packed"),
            );
        } else {
            label(
                ui,
                Type::Small,
                t.text_3,
                "Stays on this computer: the reference names no registry",
            );
        }
    });
}
