//! The drawer of one tag: what pulling would download, and what is inside.

use egui::{Align, Layout, ScrollArea, Sense, Ui, vec2};
use kitbench_protocol::{KitDetail, TransferLayer, TransferPlan};

use super::Ask;
use super::inside::Inside;
use crate::app::ViewCtx;
use crate::backend::{Remote, RemoteView};
use crate::commands::Command;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::views::modelkits::{attached_run, attached_run_brief};
use crate::widgets::{
    Button, FailureAction, Mark, Segment, bar_row, code, fact_in, failed, inset, key_value, label,
    mark, named, paint_bar, rule, segments, skeleton,
};

/// Height of a layer's row in the plan of a pull.
const PLANNED_LAYER: f32 = 20.0;
/// Room for the bytes of a layer.
const BYTES: f32 = 76.0;

pub fn drawer(
    ui: &mut Ui,
    reference: &str,
    kit: &mut Remote<KitDetail>,
    plan: &mut Remote<TransferPlan>,
    tab: &mut usize,
    files: &mut Inside,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    let tag = super::model::split_tag(reference).1.unwrap_or_default();
    bar_row(ui, 44.0, 14.0, false, |ui| {
        named(ui, egui::Role::Heading, Type::Heading, t.text, tag);
        if let Some(kit) = kit.value() {
            let (sign, words) = crate::views::modelkits::relation_words(kit.row.relation);
            mark(ui, sign, words);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui
                .add(Button::icon_only(icons::X, "Close the tag"))
                .clicked()
            {
                ask = Some(Ask::Tag(None));
            }
        });
    });
    if let Some(kit) = kit.value() {
        bar_row(ui, 24.0, 14.0, false, |ui| {
            label(
                ui,
                Type::Mono,
                t.text_2,
                &format::digest_long(&kit.row.digest),
            );
            if !kit.row.author.is_empty() {
                label(ui, Type::Small, t.text_2, &format!("by {}", kit.row.author));
            }
        });
    }
    rule(ui);
    let mut retry = false;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        match plan.view() {
            RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW_TREE),
            RemoteView::Failed(error) => retry = failed(ui, error) == Some(FailureAction::Retry),
            RemoteView::Ready { value, .. } => {
                if let Some(pull) = preflight(ui, reference, value, ctx) {
                    ask = Some(pull);
                }
            }
        }
        rule(ui);
        if let Some(run) = kit.value().and_then(|kit| kit.run.as_ref()) {
            inset(ui, 14.0, |ui| attached_run_brief(ui, run));
            rule(ui);
        }
        inside(ui, reference, kit, tab, files, ctx);
    });
    if retry {
        plan.invalidate();
        kit.invalidate();
    }
    ask
}

/// One layer of what a pull would do: its kind, whether it is here, its bytes.
fn planned_layer(ui: &mut Ui, layer: &TransferLayer) {
    let t = Tokens::of(ui);
    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
    let row = vec2(ui.available_width(), PLANNED_LAYER);
    ui.allocate_ui_with_layout(row, Layout::right_to_left(Align::Center), |ui| {
        ui.spacing_mut().interact_size.y = PLANNED_LAYER;
        ui.spacing_mut().item_spacing = vec2(8.0, 0.0);
        let size = vec2(BYTES, PLANNED_LAYER);
        ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
            label(ui, Type::Mono, t.text_2, &format::bytes(layer.bytes));
        });
        if layer.already_there {
            fact_in(ui, icons::CHECK, t.text_3, "Here");
        } else {
            mark(ui, Mark::Download, "Download");
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            fact_in(ui, kind.icon(), t.layer(kind), &layer.label);
        });
    });
}

fn preflight(ui: &mut Ui, reference: &str, plan: &TransferPlan, ctx: &ViewCtx<'_>) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    inset(ui, 14.0, |ui| {
        let words = if plan.move_bytes == 0 {
            "Everything is here already".to_owned()
        } else {
            format!("Pulling would download {}", format::bytes(plan.move_bytes))
        };
        label(ui, Type::BodyBold, t.text, &words);
        ui.add_space(8.0);
        let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
        let here = plan.bytes.saturating_sub(plan.move_bytes) as f32 / plan.bytes.max(1) as f32;
        paint_bar(ui, bar, &[(here, t.bar_reuse), (1.0 - here, t.accent_line)]);
        ui.add_space(8.0);
        for layer in &plan.layers {
            planned_layer(ui, layer);
        }
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            mark(
                ui,
                Mark::Done,
                &format!("{} free", format::bytes(plan.disk_free_bytes)),
            );
            if plan.resumable {
                mark(ui, Mark::Done, "Resumable");
            }
        });
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let text = if plan.move_bytes == 0 {
                "Pull".to_owned()
            } else {
                format!("Pull {}", format::bytes(plan.move_bytes))
            };
            // With nothing to download it only sets the tag here.
            let button = if plan.move_bytes == 0 {
                Button::neutral(text)
            } else {
                Button::primary(text)
            };
            if ui
                .add(button.name("Pull").icon(icons::DOWNLOAD_SIMPLE))
                .clicked()
            {
                ask = Some(Ask::Pull(reference.to_owned()));
            }
            if ui
                .add(Button::neutral("Copy command").icon(icons::TERMINAL))
                .clicked()
            {
                ctx.commands
                    .send(Command::Copy(format!("kit pull {reference}")));
            }
        });
    });
    ask
}

fn inside(
    ui: &mut Ui,
    reference: &str,
    kit: &Remote<KitDetail>,
    tab: &mut usize,
    files: &mut Inside,
    ctx: &ViewCtx<'_>,
) {
    let t = Tokens::of(ui);
    bar_row(ui, 44.0, 14.0, false, |ui| {
        label(ui, Type::BodyBold, t.text, "Look inside");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let choices = [
                Segment::new("Files"),
                Segment::new("Facts"),
                Segment::new("Kitfile"),
                Segment::new("Manifest"),
            ];
            segments(ui, "Look inside", tab, &choices);
        });
    });
    match kit.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW_TREE),
        RemoteView::Failed(error) => {
            failed(ui, error);
        }
        RemoteView::Ready { value, .. } if *tab == 0 => files.show(ui, reference, value, ctx),
        RemoteView::Ready { value, .. } => inset(ui, 14.0, |ui| match *tab {
            1 => {
                for (key, fact) in &value.facts {
                    key_value(ui, key, fact);
                }
                if let Some(run) = &value.run {
                    ui.add_space(12.0);
                    attached_run(ui, run);
                }
                for problem in &value.problems {
                    crate::widgets::paragraph(ui, Type::Small, t.warn, problem);
                }
            }
            2 => {
                code::code_block(ui, &value.kitfile, &[]);
            }
            _ => {
                code::code_block(ui, &value.manifest, &[]);
            }
        }),
    }
}
