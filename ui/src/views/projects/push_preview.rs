//! "Preview push": what a push would send. Asks the registry; sends nothing.

use egui::{Context, Ui, vec2};
use kitbench_protocol::{Direction, PlanTransfer, TransferPlan};

use super::actions;
use super::page_model::registry_of;
use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{
    self, Button, Column, DialogFrame, FailureAction, Line, Mark, Table, TableState, Tone,
};

/// Shows the plan of a push.
pub(super) struct PushPreview {
    reference: String,
    plan: Remote<TransferPlan>,
    table: TableState,
}

impl PushPreview {
    pub(super) fn new(reference: String) -> Self {
        Self {
            reference,
            plan: Remote::default(),
            table: TableState::default(),
        }
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let reference = self.reference.clone();
        self.plan.ask(view.client, view.now, || PlanTransfer {
            direction: Direction::Push,
            source: reference,
            target: String::new(),
        });
        let mut retry = false;
        match self.plan.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
            RemoteView::Failed(error) => {
                retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
            }
            RemoteView::Ready { value, .. } => {
                facts(ui, &self.reference, value);
                layers(ui, value, &mut self.table);
            }
        }
        if retry {
            self.plan.invalidate();
        }
    }
}

fn facts(ui: &mut Ui, reference: &str, plan: &TransferPlan) {
    let t = Tokens::of(ui);
    widgets::inset(ui, sizes::PAGE_INSET, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let words = if plan.move_bytes == 0 {
            "The registry has everything already".to_owned()
        } else {
            format!(
                "{} of {} would be sent",
                format::bytes(plan.move_bytes),
                format::bytes(plan.bytes)
            )
        };
        widgets::label(ui, Type::Lead, t.text, &words);
        widgets::label(ui, Type::Mono, t.text_2, reference);
        ui.add_space(4.0);
        let share = plan.move_bytes as f32 / plan.bytes.max(1) as f32;
        widgets::progress(
            ui,
            "To send",
            &words,
            &[(1.0 - share, t.bar_reuse), (share, t.accent_line)],
        );
        if let Some(digest) = &plan.replaces {
            ui.add_space(4.0);
            let words = format!(
                "The tag names other bytes there now ({}); a push moves it.",
                format::digest(digest)
            );
            widgets::boxed_strip(ui, Tone::Warn, &words, |_| {});
        }
    });
}

fn layers(ui: &mut Ui, plan: &TransferPlan, state: &mut TableState) {
    let columns = [
        Column::flex("layer", "Layer", 160.0),
        Column::fixed("size", "Size", 100.0).right(),
        Column::fixed("state", "On the registry", 170.0),
    ];
    Table::new("Layers to push", &columns).show(
        ui,
        state,
        plan.layers.len(),
        |_| Line::row(false),
        |i, column, cell| {
            let Some(layer) = plan.layers.get(i) else {
                return;
            };
            let t = cell.tokens();
            match column {
                0 => {
                    let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
                    cell.icon(kind.icon(), t.layer(kind)).text(&layer.label);
                }
                1 => {
                    cell.bytes(layer.bytes);
                }
                _ if layer.already_there => {
                    cell.mark(Mark::Reused, "There already");
                }
                _ => {
                    cell.mark(Mark::Upload, "Would be sent");
                }
            }
        },
        |_| false,
    );
}

impl Dialog for PushPreview {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let host = registry_of(&self.reference).map(|host| format!("to {host}, sends nothing"));
        let frame = DialogFrame {
            title: "Preview push",
            icon: Some(icons::BINOCULARS),
            note: host.as_deref(),
            size: vec2(640.0, 520.0),
        };
        let mut keep = true;
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, this| this.body(ui, view),
            |ui, this| {
                let blocked = this
                    .plan
                    .value()
                    .is_none()
                    .then_some("The registry has not answered yet");
                let push = Button::primary("Push")
                    .icon(icons::UPLOAD_SIMPLE)
                    .large()
                    .blocked(blocked);
                if ui.add(push).clicked() {
                    actions::push(view, &this.reference);
                    keep = false;
                }
                keep &= !ui
                    .add(Button::neutral("Close").large().key("Esc"))
                    .clicked();
            },
        );
        keep && !closed
    }
}
