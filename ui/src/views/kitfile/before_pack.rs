//! Packing reads the Kitfile on disk, so edits that are not saved would be left out: asked before the
//! pack dialog opens, from whichever screen.

use std::cell::Cell;
use std::rc::Rc;

use egui::{Context, vec2};
use kitbench_protocol::{ProjectId, SaveKitfile, SaveOutcome};

use super::dialogs::{Decided, Inbox};
use crate::app::{Dialog, Place, ViewCtx};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Toast};

/// A text with edits that are not on disk.
pub struct Unsaved {
    /// The text.
    pub text: String,
    /// What it was begun from.
    pub revision: Option<String>,
    /// How many lines, e.g. `1 changed, 2 added`; unknown for what is left of last time.
    pub words: Option<String>,
}

/// The question; once it is answered it is the pack dialog itself.
pub struct BeforePack {
    project: ProjectId,
    inbox: Inbox,
    unsaved: Unsaved,
    state: Rc<Cell<State>>,
    then: Box<dyn Dialog>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Asking,
    Saving,
    Answered,
    Closed,
}

impl BeforePack {
    pub fn new(project: ProjectId, inbox: Inbox, unsaved: Unsaved, then: Box<dyn Dialog>) -> Self {
        Self {
            project,
            inbox,
            unsaved,
            state: Rc::new(Cell::new(State::Asking)),
            then,
        }
    }

    fn save(&self, view: &ViewCtx<'_>) {
        self.state.set(State::Saving);
        let (project, saved, failed) = (self.project, self.state.clone(), self.state.clone());
        let inbox = self.inbox.clone();
        let call = SaveKitfile {
            project,
            text: self.unsaved.text.clone(),
            revision: self.unsaved.revision.clone(),
        };
        view.act_or(
            call,
            move |outcome, commands| match outcome {
                SaveOutcome::Saved(doc) => {
                    let (text, revision) = (doc.saved_text, doc.revision);
                    inbox
                        .borrow_mut()
                        .push((project, Decided::Saved { text, revision }));
                    saved.set(State::Answered);
                }
                SaveOutcome::ChangedOnDisk { .. } => {
                    saved.set(State::Closed);
                    commands.go(Place::Kitfile(project));
                    commands.toast(Toast::note(
                        "The Kitfile changed on disk meanwhile: decide here which one to keep, then pack",
                    ));
                }
            },
            move |error, commands| {
                failed.set(State::Asking);
                commands.toast(Toast::error(&error));
            },
        );
    }
}

impl Dialog for BeforePack {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        match self.state.get() {
            State::Answered => return self.then.show(ctx, view),
            State::Closed => return false,
            State::Asking | State::Saving => {}
        }
        let frame = DialogFrame {
            title: "Unsaved changes in the Kitfile",
            icon: Some(icons::FILE_TEXT),
            note: None,
            size: vec2(520.0, 216.0),
        };
        let saving = self.state.get() == State::Saving;
        let (mut save, mut without, mut cancel) = (false, false, false);
        let mut pressed = (&mut save, &mut without, &mut cancel);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut pressed,
            |ui, _| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let t = Tokens::of(ui);
                    let mut text =
                        "Packing reads the Kitfile on disk, which lacks your edits".to_owned();
                    if let Some(words) = &self.unsaved.words {
                        text.push_str(&format!(" (lines: {words})"));
                    }
                    text.push('.');
                    widgets::paragraph(ui, Type::Body, t.text_2, &text);
                });
            },
            |ui, (save, without, cancel)| {
                let main = Button::primary("Save, then pack…").large().busy(saving);
                **save = ui.add(main).clicked();
                **without = ui
                    .add(Button::neutral("Pack without them…").large())
                    .clicked();
                **cancel = ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
            },
        );
        if save && !saving {
            self.save(view);
        }
        if without && !saving {
            self.state.set(State::Answered);
        }
        !(closed || cancel)
    }
}
