//! The four figures under the banner: last pack, files, registry, bytes of the next pack.

use egui::{Rect, Sense, Stroke, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::ProjectDetail;

use super::Projects;
use super::page_model;
use crate::app::{Place, ViewCtx};
use crate::theme::{Tokens, Type, sizes};
use crate::widgets::{self, Button, line_marked};
use crate::{clock, format};

/// Height of a row of figures.
const HEIGHT: f32 = 74.0;
/// Below this width the figures stand in two rows.
const NARROW: f32 = 840.0;

impl Projects {
    pub(super) fn summary(&self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
        let t = Tokens::of(ui);
        // Four beside each other, or two rows of two.
        let whole = ui.available_width();
        let across: u8 = if whole < NARROW { 2 } else { 4 };
        let down = 4 / across;
        let (rect, _) =
            ui.allocate_exact_size(vec2(whole, HEIGHT * f32::from(down)), Sense::hover());
        widgets::boxed(ui.painter(), rect, sizes::RADIUS_L, t.bg_panel, t.line);
        let width = whole / f32::from(across);
        for i in 0..4_u8 {
            let (column, row) = (f32::from(i % across), f32::from(i / across));
            let at = pos2(
                (rect.left() + width * column).round(),
                rect.top() + HEIGHT * row,
            );
            let cell = Rect::from_min_size(at, vec2(width, HEIGHT));
            let line = Stroke::new(1.0, t.line);
            if column > 0.0 {
                ui.painter().vline(at.x + 0.5, cell.y_range(), line);
            } else if row > 0.0 {
                ui.painter().hline(rect.x_range(), at.y + 0.5, line);
            }
            let mut inside = ui.new_child(
                UiBuilder::new()
                    .id_salt(("figure", i))
                    .max_rect(cell.shrink2(vec2(sizes::SPACE_5, 9.0))),
            );
            inside.shrink_clip_rect(cell);
            inside.spacing_mut().item_spacing.y = 1.0;
            match i {
                0 => last_pack(&mut inside, ctx, detail),
                1 => files(&mut inside, detail),
                2 => registry(&mut inside, detail),
                _ => bytes(&mut inside, detail),
            }
        }
    }
}

fn last_pack(ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
    let t = Tokens::of(ui);
    widgets::label(ui, Type::Small, t.text_2, "Last pack");
    let Some(pack) = &detail.last_pack else {
        widgets::label(ui, Type::Lead, t.text, "None yet");
        widgets::label(
            ui,
            Type::Small,
            t.text_2,
            "Nothing was packed from this folder",
        );
        return;
    };
    ui.horizontal(|ui| {
        ui.set_height(22.0);
        let response = widgets::label(ui, Type::MonoLead, t.text, &pack.tag);
        response.on_hover_text(&pack.reference);
        let link = Button::link("Show")
            .small()
            .tip(format!("Open {}", pack.reference));
        if ui.add(link).clicked() {
            ctx.commands
                .go(Place::ModelKits(Some(pack.reference.clone())));
        }
    });
    let words = format!(
        "{}, {}",
        clock::when(pack.packed_ms),
        format::bytes(pack.bytes)
    );
    widgets::label(ui, Type::Small, t.text_2, &words)
        .on_hover_text(clock::when_exact(pack.packed_ms));
}

fn files(ui: &mut Ui, detail: &ProjectDetail) {
    let t = Tokens::of(ui);
    widgets::label(ui, Type::Small, t.text_2, "Files");
    let inside = format!(
        "{} in layers",
        format::thousands(u64::from(detail.files_in_layers))
    );
    let outside = format!(
        "{} outside",
        format::thousands(u64::from(detail.files_outside))
    );
    if detail.last_pack.is_some() {
        let words = page_model::change_words(detail.changed);
        widgets::label(ui, Type::Lead, t.text, &words);
        widgets::label(ui, Type::Small, t.text_2, &format!("{inside}, {outside}"));
    } else {
        widgets::label(ui, Type::Lead, t.text, &inside);
        widgets::label(
            ui,
            Type::Small,
            t.text_2,
            &format!("{outside} of every layer"),
        );
    }
}

fn registry(ui: &mut Ui, detail: &ProjectDetail) {
    let t = Tokens::of(ui);
    let Some(pack) = &detail.last_pack else {
        widgets::label(ui, Type::Small, t.text_2, "On a registry");
        widgets::label(ui, Type::Lead, t.text, "Nothing");
        widgets::label(ui, Type::Small, t.text_2, "Pack first, then push");
        return;
    };
    let target = pack.pushed_to.as_deref();
    let host = page_model::registry_of(target.unwrap_or(&pack.reference));
    match host {
        Some(host) => line_marked(
            ui,
            Type::Small,
            t.text_2,
            &format!("On `{}`", format::printable(host)),
        ),
        None => widgets::label(ui, Type::Small, t.text_2, "On a registry"),
    };
    match (target, host) {
        (Some(target), _) => {
            let tag = page_model::tag_of(target);
            widgets::label(ui, Type::Lead, t.text, &format!("Has {tag}")).on_hover_text(target);
            widgets::label(ui, Type::Small, t.text_2, "Pushed from here");
        }
        (None, Some(_)) => {
            widgets::label(ui, Type::Lead, t.text, "Not pushed");
            let words = format!("{} is only on this computer", pack.tag);
            widgets::label(ui, Type::Small, t.text_2, &words);
        }
        (None, None) => {
            widgets::label(ui, Type::Lead, t.text, "Only here");
            widgets::label(ui, Type::Small, t.text_2, "Its reference names no registry");
        }
    }
}

fn bytes(ui: &mut Ui, detail: &ProjectDetail) {
    let t = Tokens::of(ui);
    widgets::label(ui, Type::Small, t.text_2, "Bytes of the next pack");
    ui.add_space(6.0);
    let total = (detail.reused_bytes + detail.new_bytes).max(1);
    let share = |bytes: u64| bytes as f32 / total as f32;
    let about = if detail.about { "about " } else { "" };
    let value = format!(
        "{about}{} reused, {} new",
        format::bytes(detail.reused_bytes),
        format::bytes(detail.new_bytes)
    );
    widgets::progress(
        ui,
        "Bytes of the next pack",
        &value,
        &[
            (share(detail.reused_bytes), t.bar_reuse),
            (share(detail.new_bytes), t.accent_line),
        ],
    );
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = sizes::SPACE_4;
        let reused = format!("{about}{} reused", format::bytes(detail.reused_bytes));
        widgets::legend_color(ui, t.bar_reuse, &reused, false);
        let new = format!("{about}{} new", format::bytes(detail.new_bytes));
        widgets::legend_color(ui, t.accent_line, &new, false);
    });
}
