//! The part of the dialog that names the run which made what is packed.

use egui::Ui;
use kitbench_protocol::{AttachChange, AttachPlan, PlanAttach, ProjectId};

use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::format;
use crate::theme::{Tokens, Type};
use crate::widgets::{Button, label, paragraph, select};

/// Which run is attached, and what that changes in the project.
#[derive(Default)]
pub struct Attach {
    plan: Remote<AttachPlan>,
    asked: Option<Option<String>>,
    /// The run to attach; `None` for none.
    pub run: Option<String>,
    /// The user, or who opened the dialog, chose.
    chosen: bool,
}

impl Attach {
    /// Opened for this run.
    pub fn of(run: Option<String>) -> Self {
        Self {
            chosen: run.is_some(),
            run,
            ..Self::default()
        }
    }

    /// Ask what the choice changes.
    pub fn ask(&mut self, view: &ViewCtx<'_>, project: ProjectId) {
        if self.asked.as_ref() != Some(&self.run) {
            self.asked = Some(self.run.clone());
            self.plan.invalidate();
        }
        let run = self.run.clone();
        self.plan
            .ask(view.client, view.now, || PlanAttach { project, run });
        // Who attached one before goes on doing so.
        if !self.chosen
            && let Some(plan) = self.plan.value()
        {
            self.chosen = true;
            if plan.attached.is_some() {
                self.run.clone_from(&plan.suggested);
            }
        }
    }

    /// Why packing must wait or cannot be.
    pub fn blocked(&self) -> Option<String> {
        self.plan.value().and_then(|plan| plan.problem.clone())
    }

    /// Whether there is anything to choose or to say.
    pub fn is_shown(&self) -> bool {
        let plan = self.plan.value();
        plan.is_some_and(|plan| !plan.runs.is_empty() || plan.attached.is_some())
    }

    /// The choice and what it changes.
    pub fn ui(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let Some(plan) = self.plan.value() else {
            return;
        };
        let mut names = vec!["No run".to_owned()];
        names.extend(
            plan.runs
                .iter()
                .map(|choice| match choice.metrics.as_str() {
                    "" => format!("{}, {}", choice.name, choice.source),
                    metrics => format!("{}, {}: {metrics}", choice.name, choice.source),
                }),
        );
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let at = |run: &Option<String>| {
            let run = run.as_ref()?;
            plan.runs.iter().position(|choice| choice.run == *run)
        };
        let mut chosen = at(&self.run).map_or(0, |at| at + 1);
        let width = ui.available_width();
        if select(ui, "Run that made it", &mut chosen, &names, width).changed() {
            self.run = chosen
                .checked_sub(1)
                .and_then(|at| plan.runs.get(at))
                .map(|choice| choice.run.clone());
        }
        ui.add_space(6.0);
        if let Some(problem) = &plan.problem {
            paragraph(ui, Type::Small, t.err, problem);
        } else if let Some(change) = &plan.change {
            for line in words(change) {
                match line {
                    Said::Text(text) => paragraph(ui, Type::Small, t.text_2, &text),
                    Said::Line(text) => label(ui, Type::MonoSmall, t.text_2, &text),
                };
            }
        } else if self.run.is_some() {
            let words = "Its record lies in the project and is packed.";
            paragraph(ui, Type::Small, t.text_3, words);
        } else if let Some(newest) = at(&plan.suggested).and_then(|at| plan.runs.get(at)) {
            ui.horizontal(|ui| {
                let words = "Tells others which run this is.";
                label(ui, Type::Small, t.text_3, words);
                let text = format!("Attach {}", newest.name);
                let tip = "The newest run that finished";
                if ui.add(Button::neutral(text).small().tip(tip)).clicked() {
                    self.run = Some(newest.run.clone());
                }
            });
        }
    }
}

/// A line of what changes.
#[derive(Debug, PartialEq)]
enum Said {
    Text(String),
    Line(String),
}

/// What is written, in words and as lines of the Kitfile.
fn words(change: &AttachChange) -> Vec<Said> {
    let file = match change.bytes {
        Some(bytes) => format!("Writes `{}`, {}", change.path, format::bytes(bytes)),
        None => format!("Removes `{}`", change.path),
    };
    if change.added_lines.is_empty() && change.removed_lines.is_empty() {
        return vec![Said::Text(format!("{file}."))];
    }
    let mut said = vec![Said::Text(format!("{file}, and changes the Kitfile:"))];
    let signs = [("-", &change.removed_lines), ("+", &change.added_lines)];
    for (sign, lines) in signs {
        said.extend(
            lines
                .iter()
                .map(|line| Said::Line(format!("{sign} {line}"))),
        );
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_said() {
        let change = AttachChange {
            path: ".kitbench/run.json".into(),
            bytes: Some(1_234),
            added_lines: vec!["  - path: .kitbench/run.json".into()],
            removed_lines: Vec::new(),
        };
        assert_eq!(
            words(&change),
            [
                Said::Text("Writes `.kitbench/run.json`, 1.2 KB, and changes the Kitfile:".into()),
                Said::Line("+   - path: .kitbench/run.json".into())
            ]
        );
        let removed = AttachChange {
            path: "kitbench-run.json".into(),
            ..AttachChange::default()
        };
        assert_eq!(
            words(&removed),
            [Said::Text("Removes `kitbench-run.json`.".into())]
        );
    }
}
