//! The dialog for a run's note and star.

use std::cell::Cell;
use std::rc::Rc;

use egui::{Context, vec2};
use kitbench_protocol::{GetRunMarks, ProjectId, RunMark, SetRunMark};

use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, FailureAction, Toast};

/// What a person says of a run.
pub struct NoteDialog {
    project: ProjectId,
    run: String,
    name: String,
    marks: Remote<Vec<RunMark>>,
    /// What is edited, once it is known what was said before.
    mark: Option<RunMark>,
    /// Set when it was saved, for whoever shows the note meanwhile.
    saved: Rc<Cell<bool>>,
}

impl NoteDialog {
    /// On a run by its id and name.
    #[must_use]
    pub fn new(project: ProjectId, run: &str, name: &str) -> Self {
        Self {
            project,
            run: run.to_owned(),
            name: name.to_owned(),
            marks: Remote::default(),
            mark: None,
            saved: Rc::default(),
        }
    }

    /// Tells when it was saved.
    #[must_use]
    pub fn telling(mut self, saved: &Rc<Cell<bool>>) -> Self {
        self.saved = saved.clone();
        self
    }

    fn ask(&mut self, view: &ViewCtx<'_>) {
        let project = self.project;
        self.marks
            .ask(view.client, view.now, || GetRunMarks { project });
        if self.mark.is_none()
            && let Some(marks) = self.marks.value()
        {
            let known = marks.iter().find(|mark| mark.run == self.run);
            let blank = || RunMark {
                run: self.run.clone(),
                ..RunMark::default()
            };
            self.mark = Some(known.cloned().unwrap_or_else(blank));
        }
    }
}

impl Dialog for NoteDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        self.ask(view);
        let title = format!("Note on {}", crate::format::printable(&self.name));
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::NOTE),
            note: None,
            size: vec2(520.0, 360.0),
        };
        let (mut open, mut save, mut retry) = (true, false, false);
        let blocked = self
            .mark
            .is_none()
            .then_some("What was said before is being read");
        let mut state = (&mut self.mark, &self.marks);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (mark, marks)| {
                let Some(mark) = mark else {
                    match marks.view() {
                        RemoteView::Failed(error) => {
                            retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
                        }
                        RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
                        RemoteView::Ready { .. } => {}
                    }
                    return;
                };
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let t = Tokens::of(ui);
                    ui.spacing_mut().item_spacing.y = sizes::SPACE_4;
                    widgets::text_area(ui, &mut mark.note, "Note", 6, false);
                    widgets::checkbox(ui, &mut mark.starred, "Star this run");
                    let words =
                        "Kept by Kitbench for this project; nothing is written to the tracker.";
                    widgets::paragraph(ui, Type::Small, t.text_3, words);
                });
            },
            |ui, _| {
                let button = Button::primary("Save note").large().blocked(blocked);
                save = ui.add(button).clicked();
                let cancel = Button::neutral("Cancel").large().key("Esc");
                open = !ui.add(cancel).clicked();
            },
        );
        if retry {
            self.marks.invalidate();
        }
        if save && let Some(mark) = &self.mark {
            let call = SetRunMark {
                project: self.project,
                mark: RunMark {
                    note: mark.note.trim().to_owned(),
                    ..mark.clone()
                },
            };
            let saved = self.saved.clone();
            view.act(call, move |(), commands| {
                saved.set(true);
                commands.toast(Toast::done("Note saved"));
            });
            return false;
        }
        open && !closed
    }
}
