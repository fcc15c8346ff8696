//! The list of kits and the store's bar.

use egui::{Align, Layout, ScrollArea, Sense, Ui, vec2};

use super::{Ask, model};
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{
    Button, FailureAction, ListRow, TextField, failed, inset, label, no_match, paint_bar,
    panel_head, select, skeleton,
};

pub fn list(
    ui: &mut Ui,
    filter: &mut String,
    sort: &mut usize,
    current: Option<&str>,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let mut ask = None;
    let count = ctx
        .shared
        .kits
        .value()
        .map(|list| list.kits.len().to_string());
    panel_head(ui, "ModelKits", count.as_deref(), |ui| {
        let pull = Button::neutral("Pull…").icon(icons::DOWNLOAD_SIMPLE);
        if ui.add(pull).clicked() {
            ask = Some(Ask::Pull);
        }
    });
    inset(ui, 12.0, |ui| {
        let id = egui::Id::unique("kits-filter");
        if ctx.focus_filter {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        ui.horizontal(|ui| {
            let width = (ui.available_width() - 96.0).max(80.0);
            TextField::search(filter, "Filter")
                .id(id)
                .width(width)
                .show(ui);
            select(ui, "Sort", sort, &["Newest", "Name", "Size"], 88.0);
        });
    });
    let list = match ctx.shared.kits.view() {
        RemoteView::Loading(since) => {
            skeleton(ui, since, sizes::LIST_2);
            return ask;
        }
        RemoteView::Failed(error) => {
            if failed(ui, error) == Some(FailureAction::Retry) {
                ctx.commands.run(CommandId::Refresh);
            }
            return ask;
        }
        RemoteView::Ready { value, .. } => value,
    };
    let shown = model::shown(&list.kits, filter, *sort);
    let height = (ui.available_height() - 92.0).max(60.0);
    ScrollArea::vertical()
        .max_height(height)
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if shown.is_empty() && !list.kits.is_empty() && no_match(ui, filter) {
                filter.clear();
            }
            let mut group = String::new();
            for row in shown {
                let of = model::group(row);
                if of != group {
                    group_head(ui, &of);
                    group = of;
                }
                let reference = model::reference(row);
                let (sign, words) = model::relation(row.relation);
                let bytes = format::bytes(row.bytes);
                let tag = model::tag(row).unwrap_or("untagged");
                let selected = current
                    .is_some_and(|current| model::names(row).iter().any(|name| name == current));
                let response = ListRow::new(model::short_name(row))
                    .tag(None, tag)
                    .mark(sign, words)
                    .note_right(&bytes)
                    .selected(selected)
                    .show(ui, egui::Id::unique(("kit", &reference)));
                if response.clicked() {
                    ask = Some(Ask::Select(reference));
                }
            }
        });
    store_bar(ui, list);
    ask
}

fn group_head(ui: &mut Ui, text: &str) {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
    ui.painter().rect_filled(rect, 0.0, t.bg_raised);
    crate::widgets::hairline_below(ui.painter(), rect, t.line);
    crate::widgets::line(
        ui,
        rect.shrink2(vec2(12.0, 0.0)),
        Type::MonoSmall,
        t.text_2,
        text,
        egui::Align2::LEFT_CENTER,
    );
}

fn store_bar(ui: &mut Ui, list: &kitbench_protocol::KitList) {
    let t = Tokens::of(ui);
    crate::widgets::rule(ui);
    inset(ui, 12.0, |ui| {
        ui.horizontal(|ui| {
            label(ui, Type::Small, t.text_2, "Local store");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = format!("{} on disk", format::bytes(list.store_bytes));
                label(ui, Type::Mono, t.text, &words);
            });
        });
        ui.add_space(6.0);
        let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
        let whole = list.store_bytes.max(1) as f32;
        let parts: Vec<_> = list
            .by_kind
            .iter()
            .map(|(kind, bytes)| (*bytes as f32 / whole, t.layer(LayerKind::from(*kind))))
            .collect();
        paint_bar(ui, bar, &parts);
        ui.add_space(6.0);
        let words = format!("{} shared, counted once", format::bytes(list.shared_bytes));
        label(ui, Type::Small, t.text_3, &words);
    });
}
