//! The pack dialog: no surprise after pressing Pack.

mod attach;
mod model;
mod ui;

use std::cell::RefCell;
use std::rc::Rc;

use egui::{Context, Key, Modifiers, vec2};
use kitbench_protocol::{
    CheckReference, Decide, DecisionChoice, PackPlan, PlanPack, ProjectId, ReferenceCheck,
    StartPack,
};

use crate::app::{Dialog, Place, ViewCtx};
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::icons;
use crate::widgets::{DialogFrame, Toast, dialog_with};
use attach::Attach;
use model::PackForm;

/// The dialog for a project, with the suggested name and tag.
#[must_use]
pub fn open(project: ProjectId) -> Box<dyn Dialog> {
    open_for(project, None, String::new())
}

/// The same with a run to attach and a note.
#[must_use]
pub fn open_for(project: ProjectId, run: Option<String>, note: String) -> Box<dyn Dialog> {
    Box::new(PackDialog {
        project,
        form: PackForm {
            note,
            ..PackForm::default()
        },
        attach: Attach::of(run),
        seeded: false,
        asked: None,
        plan: Remote::default(),
        check: Remote::default(),
        done: Rc::default(),
    })
}

struct PackDialog {
    project: ProjectId,
    form: PackForm,
    attach: Attach,
    /// The suggestions of the first plan were taken over.
    seeded: bool,
    /// What the plan on the screen was asked for.
    asked: Option<PlanPack>,
    plan: Remote<PackPlan>,
    check: Remote<ReferenceCheck>,
    /// The engine took the job, or refused it.
    done: Rc<RefCell<Outcome>>,
}

#[derive(Default, PartialEq)]
enum Outcome {
    #[default]
    Editing,
    Starting,
    Started,
}

impl PackDialog {
    fn ask(&mut self, view: &ViewCtx<'_>) {
        let wanted = PlanPack {
            project: self.project,
            repository: self.form.full_repository(),
            tags: self.form.tags(),
            compression: self.form.compression,
            format: self.form.format,
        };
        if self.asked.as_ref() != Some(&wanted) {
            self.asked = Some(wanted.clone());
            self.plan.invalidate();
            self.check.invalidate();
        }
        self.attach.ask(view, self.project);
        let reference = self.form.reference();
        self.plan.ask(view.client, view.now, || wanted);
        if self.seeded {
            self.check
                .ask(view.client, view.now, || CheckReference { text: reference });
        }
        if !self.seeded
            && let Some(plan) = self.plan.value()
        {
            self.form.seed(plan);
            self.seeded = true;
        }
    }

    /// Why it cannot be packed now.
    fn blocked(&self) -> Option<String> {
        let Some(plan) = self.plan.value() else {
            return Some("The plan is being made".into());
        };
        if let Some(error) = self.check.value().and_then(|check| check.error.clone()) {
            return Some(error);
        }
        if let Some(problem) = self.attach.blocked() {
            return Some(problem);
        }
        if self.form.tag.trim().is_empty() {
            return Some("A tag is missing".into());
        }
        if self.form.push && !self.is_remote() {
            return Some("Name a registry to push to, or do not push".into());
        }
        model::blocking_check(plan)
    }

    fn is_remote(&self) -> bool {
        let view = self
            .check
            .value()
            .and_then(|check| check.reference.as_ref());
        view.is_some_and(|reference| reference.is_remote)
    }

    fn start(&mut self, view: &ViewCtx<'_>) {
        *self.done.borrow_mut() = Outcome::Starting;
        let call = StartPack {
            project: self.project,
            reference: self.form.full_repository(),
            tags: self.form.tags(),
            compression: self.form.compression,
            format: self.form.format,
            note: self.form.note.clone(),
            attached_run: self.attach.run.clone(),
            push: self.form.push && self.is_remote(),
        };
        let name = self.form.reference();
        let (done, failed) = (self.done.clone(), self.done.clone());
        view.act_or(
            call,
            move |_, commands| {
                *done.borrow_mut() = Outcome::Started;
                let toast = Toast::note(format!("Packing {name}"))
                    .action("Show", Command::Go(Place::Transfers(None)));
                commands.toast(toast);
            },
            move |error, commands| {
                *failed.borrow_mut() = Outcome::Editing;
                commands.toast(Toast::error(&error));
            },
        );
    }

    fn decide(&mut self, view: &ViewCtx<'_>, key: String, choice: DecisionChoice) {
        let call = Decide {
            project: self.project,
            key,
            choice,
        };
        view.act(call, |done, commands| {
            commands.toast(Toast::done(done.message))
        });
        // The plan is asked again with the next frame; the answer comes after the decision.
        self.asked = None;
    }
}

impl Dialog for PackDialog {
    fn packs(&self) -> Option<ProjectId> {
        Some(self.project)
    }

    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if *self.done.borrow() == Outcome::Started {
            return false;
        }
        self.ask(view);
        let projects = view.shared.projects.value();
        let row = projects.and_then(|rows| rows.iter().find(|row| row.id == self.project));
        let title = format!("Pack {}", row.map_or("", |row| row.name.as_str()));
        let note = row.and_then(model::git_note);
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::PACKAGE),
            note: note.as_deref(),
            size: vec2(1016.0, 716.0),
        };
        let blocked = self.blocked();
        let mut intent = ui::Intent::default();
        let mut state = (&mut *self, &mut intent);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, intent)| ui::body(ui, dialog, view, intent),
            |ui, (dialog, intent)| ui::foot(ui, dialog, blocked.as_deref(), intent),
        );
        let enter = ctx.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        if let Some((key, choice)) = intent.decide {
            self.decide(view, key, choice);
        }
        if (intent.pack || enter) && blocked.is_none() && *self.done.borrow() == Outcome::Editing {
            self.start(view);
        }
        !(closed || intent.cancel)
    }
}
