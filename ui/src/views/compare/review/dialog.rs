//! Keeping a comparison as a review, and changing its words.

use std::cell::RefCell;
use std::rc::Rc;

use egui::{Context, vec2};
use kitbench_protocol::{EditReview, ProjectId, ReviewSpec, SaveReview};

use super::model::{VERDICTS, verdict};
use crate::app::{Dialog, ViewCtx};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, TextField, Toast};

/// Name, verdict and note of a review.
pub struct ReviewDialog {
    project: ProjectId,
    spec: ReviewSpec,
    /// The review whose words are changed; a new one without.
    file: Option<String>,
    /// Names that are taken.
    known: Vec<String>,
    state: Rc<RefCell<State>>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum State {
    #[default]
    Editing,
    Waiting,
    Done,
}

impl ReviewDialog {
    /// For a new review of `spec`.
    #[must_use]
    pub fn new(project: ProjectId, spec: ReviewSpec, known: Vec<String>) -> Self {
        Self {
            project,
            spec,
            file: None,
            known,
            state: Rc::default(),
        }
    }

    /// For the words of a saved one.
    #[must_use]
    pub fn edit(project: ProjectId, file: String, spec: ReviewSpec) -> Self {
        Self {
            file: Some(file),
            ..Self::new(project, spec, Vec::new())
        }
    }

    fn blocked(&self) -> Option<&'static str> {
        let name = self.spec.name.trim();
        let taken = |known: &String| known.trim().eq_ignore_ascii_case(name);
        if name.is_empty() {
            Some("Give it a name")
        } else if self.file.is_none() && self.known.iter().any(taken) {
            Some("There is a review of this name already")
        } else {
            None
        }
    }

    fn save(&mut self, view: &ViewCtx<'_>) {
        *self.state.borrow_mut() = State::Waiting;
        let (done, failed) = (self.state.clone(), self.state.clone());
        let words = if self.file.is_some() {
            "Review changed"
        } else {
            "Review saved"
        };
        let answered = move |row: kitbench_protocol::ReviewRow,
                             commands: &crate::commands::CommandSender| {
            *done.borrow_mut() = State::Done;
            commands.toast(Toast::done(format!("{words}: {}", row.file)));
        };
        let refused = move |error: kitbench_protocol::ErrorView,
                            commands: &crate::commands::CommandSender| {
            *failed.borrow_mut() = State::Editing;
            commands.toast(Toast::error(&error));
        };
        match &self.file {
            None => {
                let call = SaveReview {
                    project: self.project,
                    file: None,
                    spec: self.spec.clone(),
                };
                view.act_or(call, answered, refused);
            }
            Some(file) => {
                let call = EditReview {
                    project: self.project,
                    file: file.clone(),
                    name: self.spec.name.clone(),
                    verdict: self.spec.verdict,
                    note: self.spec.note.clone(),
                };
                view.act_or(call, answered, refused);
            }
        }
    }
}

impl Dialog for ReviewDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let state = *self.state.borrow();
        if state == State::Done {
            return false;
        }
        let note = format!(
            "{}, {}",
            crate::format::count(self.spec.runs.len() as u64, "run", "runs"),
            crate::format::count(self.spec.charts.len() as u64, "chart", "charts")
        );
        let title = if self.file.is_some() {
            "Edit review"
        } else {
            "Save review"
        };
        let frame = DialogFrame {
            title,
            icon: Some(icons::BOOK_OPEN),
            note: Some(&note),
            size: vec2(560.0, 460.0),
        };
        let blocked = self.blocked();
        let (mut open, mut save) = (true, false);
        let spec = &mut self.spec;
        let is_new = self.file.is_none();
        let closed = widgets::dialog(
            ctx,
            &frame,
            |ui| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let t = Tokens::of(ui);
                    ui.spacing_mut().item_spacing.y = sizes::SPACE_4;
                    TextField::new(&mut spec.name).label("Name").show(ui);
                    let mut at = VERDICTS
                        .iter()
                        .position(|known| *known == spec.verdict)
                        .unwrap_or(0);
                    let words = VERDICTS.map(|known| verdict(known).1.into());
                    widgets::segments(ui, "Verdict", &mut at, &words);
                    spec.verdict = VERDICTS[at.min(2)];
                    widgets::text_area(ui, &mut spec.note, "Note", 6, false);
                    if is_new {
                        let words = "Kept in the project's folder `reviews` with the values and curves as they are now. It opens without the tracker.";
                        widgets::paragraph(ui, Type::Small, t.text_3, words);
                    }
                });
            },
            |ui| {
                let button = Button::primary(title)
                    .large()
                    .busy(state == State::Waiting)
                    .blocked(blocked)
                    .name("Save this review");
                save = ui.add(button).clicked();
                let cancel = Button::neutral("Cancel").large().key("Esc");
                open = !ui.add(cancel).clicked();
            },
        );
        if save && blocked.is_none() && state == State::Editing {
            self.save(view);
        }
        open && !closed
    }
}
