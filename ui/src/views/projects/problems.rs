//! What is wrong with the Kitfile, in place of the layers, each with its fixes.

use egui::{Align, Layout, Margin, Sense, Ui, vec2};
use kitbench_protocol::{KitfileProblem, ProjectDetail, ProjectId, Severity};

use super::page::GAP;
use super::{Projects, actions};
use crate::app::{Place, ViewCtx};
use crate::clock;
use crate::format;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button};

impl Projects {
    pub(super) fn problems(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
        let errors = detail
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count() as u64;
        let note = format::count(errors, "error", "errors");
        let t = Tokens::of(ui);
        widgets::card(
            ui,
            "Problems in the Kitfile",
            Some(&note),
            |_| {},
            |ui| {
                for (i, problem) in detail.problems.iter().enumerate() {
                    if i > 0 {
                        widgets::rule(ui);
                    }
                    ui.push_id((i, &problem.code), |ui| {
                        problem_ui(ui, ctx, detail.row.id, problem);
                    });
                }
            },
        );
        if let Some(pack) = &detail.last_pack {
            ui.add_space(GAP);
            let words = format!(
                "The last good pack is {}, {}. It stays in the local store.",
                pack.reference,
                clock::when(pack.packed_ms)
            );
            widgets::label(ui, Type::Small, t.text_2, &words);
        }
    }
}

fn problem_ui(ui: &mut Ui, ctx: &ViewCtx<'_>, project: ProjectId, problem: &KitfileProblem) {
    let t = Tokens::of(ui);
    egui::Frame::new()
        .inner_margin(Margin::symmetric(14, 12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.spacing_mut().item_spacing.x = sizes::SPACE_4;
                let (sign, _) = ui.allocate_exact_size(vec2(16.0, 18.0), Sense::hover());
                let (icon, color) = match problem.severity {
                    Severity::Error => (icons::X_CIRCLE, t.err),
                    Severity::Warning => (icons::WARNING, t.warn),
                    Severity::Info => (icons::INFO, t.info),
                };
                theme::icon_fill(ui.painter(), sign.center(), icon, 16.0, color);
                ui.with_layout(Layout::top_down(Align::Min), |ui| {
                    ui.spacing_mut().item_spacing.y = 3.0;
                    let message = format::printable(&problem.message);
                    widgets::paragraph(ui, Type::BodyStrong, t.text, &message);
                    if !problem.hint.is_empty() {
                        let hint = format::printable(&problem.hint);
                        widgets::paragraph(ui, Type::Small, t.text_2, &hint);
                    }
                    let place = if problem.path.is_empty() {
                        format!("Line {}", problem.line)
                    } else {
                        format!("`{}`, line {}", problem.path, problem.line)
                    };
                    widgets::line_marked(ui, Type::Small, t.text_3, &place);
                    ui.add_space(4.0);
                    ui.horizontal_wrapped(|ui| {
                        ui.spacing_mut().item_spacing = vec2(sizes::SPACE_2, sizes::SPACE_2);
                        for fix in &problem.fixes {
                            let shown = fix.label.replace('`', "");
                            let button = Button::neutral(shown)
                                .name(fix.label.as_str())
                                .icon(icons::WRENCH)
                                .tip("Repairs the Kitfile on disk; can be undone")
                                .small();
                            if ui.add(button).clicked() {
                                actions::fix(ctx, project, problem, &fix.label);
                            }
                        }
                        if ui.add(Button::ghost("Show line").small()).clicked() {
                            ctx.commands.go(Place::Kitfile(project));
                        }
                    });
                });
            });
        });
}
