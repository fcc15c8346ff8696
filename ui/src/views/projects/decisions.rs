//! "Before you pack": the findings to decide on, with their buttons.

use egui::{Align, Layout, Margin, Rect, ScrollArea, Sense, Ui, vec2};
use kitbench_protocol::{Decision, DecisionChoice, ProjectDetail, ProjectId, Severity};

use super::layers::card_in;
use super::{Projects, actions, page_model};
use crate::app::ViewCtx;
use crate::format;
use crate::theme::{self, LayerKind, Pieces, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, MenuItem};

impl Projects {
    pub(super) fn decisions(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        ctx: &ViewCtx<'_>,
        detail: &ProjectDetail,
    ) {
        let note = format!("{} to decide", detail.decisions.len());
        let focus = std::mem::take(&mut self.to_decisions);
        card_in(
            ui,
            rect,
            "Before you pack",
            Some(&note),
            |_| {},
            |ui| {
                ScrollArea::vertical()
                    .id_salt("decisions")
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        ui.spacing_mut().item_spacing.y = 0.0;
                        for (i, decision) in detail.decisions.iter().enumerate() {
                            if i > 0 {
                                widgets::rule(ui);
                            }
                            ui.push_id(&decision.key, |ui| {
                                card(ui, ctx, detail.row.id, decision, focus && i == 0);
                            });
                        }
                    });
            },
        );
    }
}

fn card(ui: &mut Ui, ctx: &ViewCtx<'_>, project: ProjectId, decision: &Decision, focus: bool) {
    let t = Tokens::of(ui);
    egui::Frame::new()
        .inner_margin(Margin {
            left: 12,
            right: 12,
            top: 10,
            bottom: 12,
        })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = sizes::SPACE_4 - 2.0;
                let (sign, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
                let (icon, color) = severity_sign(t, decision.severity);
                theme::icon_fill(ui.painter(), sign.center(), icon, 15.0, color);
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.spacing_mut().item_spacing.y = 2.0;
                    widgets::paragraph(ui, Type::BodyStrong, t.text, &decision.title);
                    let pieces = Pieces::new()
                        .then(
                            Type::MonoSmall,
                            t.text_2,
                            format::printable(&decision.path).into_owned(),
                        )
                        .then(
                            Type::Small,
                            t.text_2,
                            format!("  {}", page_model::with_sizes(&decision.detail)),
                        );
                    widgets::pieces(ui, &pieces);
                    ui.add_space(5.0);
                    buttons(ui, ctx, project, decision, focus);
                });
            });
        });
}

fn severity_sign(t: &Tokens, severity: Severity) -> (&'static str, egui::Color32) {
    match severity {
        Severity::Error => (icons::X_CIRCLE, t.err),
        Severity::Warning => (icons::WARNING, t.warn),
        Severity::Info => (icons::INFO, t.info),
    }
}

fn buttons(ui: &mut Ui, ctx: &ViewCtx<'_>, project: ProjectId, decision: &Decision, focus: bool) {
    let layers: Vec<kitbench_protocol::LayerKind> = decision
        .choices
        .iter()
        .filter_map(|choice| match choice {
            DecisionChoice::AddToLayer(kind) => Some(*kind),
            _ => None,
        })
        .collect();
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(sizes::SPACE_2, sizes::SPACE_2);
        let mut first = true;
        let mut add = |ui: &mut Ui, words: &'static str, caret: bool| {
            let mut button = if first {
                Button::neutral(words)
            } else {
                Button::ghost(words)
            };
            if first && words == "Leave out" {
                button = button.icon(icons::EYE_SLASH);
            }
            if caret {
                button = button.caret();
            }
            let response = ui.add(button.small());
            widgets::describe(ui, &response, &decision.path);
            if first && focus {
                response.request_focus();
                response.scroll_to_me(Some(Align::Center));
            }
            first = false;
            response
        };
        let mut listed = false;
        for choice in &decision.choices {
            let words = page_model::choice_words(decision.kind, choice);
            if !matches!(choice, DecisionChoice::AddToLayer(_)) {
                if add(ui, words, false).clicked() {
                    chosen = Some(choice.clone());
                }
                continue;
            }
            if std::mem::replace(&mut listed, true) {
                continue;
            }
            let response = add(ui, words, true);
            widgets::menu(&response, ui, "Add to layer", |ui| {
                for kind in &layers {
                    let shown = LayerKind::from(*kind);
                    if MenuItem::new(shown.word()).icon(shown.icon()).show(ui) {
                        chosen = Some(DecisionChoice::AddToLayer(*kind));
                    }
                }
            });
        }
    });
    if let Some(choice) = chosen {
        actions::decide(ctx, project, &decision.key, choice);
    }
}
