//! Small dialogs: stop watching, move to a group.

use egui::{Context, vec2};
use kitbench_protocol::{ProjectId, RemoveProject, UpdateProject};

use crate::app::{Dialog, ViewCtx};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Answer, Button, DialogFrame, Toast};

/// Asks before a project leaves the list.
pub(super) struct StopWatching {
    pub(super) project: ProjectId,
    pub(super) name: String,
    pub(super) path: String,
}

impl Dialog for StopWatching {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let title = format!("Stop watching {}?", crate::format::printable(&self.name));
        let text = format!(
            "The project leaves this list. Its folder `{}` and everything packed from it stay as they are; add the folder again at any time.",
            self.path
        );
        match widgets::confirm(ctx, &title, &text, "Stop watching", false) {
            Answer::Open => true,
            Answer::No => false,
            Answer::Yes => {
                let name = self.name.clone();
                view.act(
                    RemoveProject {
                        project: self.project,
                    },
                    move |(), commands| {
                        commands.toast(Toast::done(format!("{name} is not watched any more")));
                    },
                );
                false
            }
        }
    }
}

/// Chooses the group of a project.
pub(super) struct GroupDialog {
    project: ProjectId,
    group: String,
    known: Vec<String>,
}

impl GroupDialog {
    pub(super) fn new(project: ProjectId, group: String, known: Vec<String>) -> Self {
        Self {
            project,
            group,
            known,
        }
    }
}

impl Dialog for GroupDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let frame = DialogFrame {
            title: "Move to group",
            icon: Some(icons::FOLDER_SIMPLE),
            note: None,
            size: vec2(460.0, 252.0),
        };
        let (done, mut keep) = (std::cell::Cell::new(false), true);
        let known = self.known.clone();
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, this| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let choices: Vec<&str> = known.iter().map(String::as_str).collect();
                    let field = widgets::combobox(ui, "group", &mut this.group, &choices, |f| {
                        f.label("Group").hint("NLP team")
                    });
                    if field.response.lost_focus()
                        && ui.input(|input| input.key_pressed(egui::Key::Enter))
                    {
                        done.set(true);
                    }
                    let t = Tokens::of(ui);
                    widgets::paragraph(
                        ui,
                        Type::Small,
                        t.text_2,
                        "Groups only arrange this list. An empty name takes the project out of its group.",
                    );
                });
            },
            |ui, _| {
                if ui.add(Button::primary("Move").large()).clicked() {
                    done.set(true);
                }
                keep &= !ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
            },
        );
        if done.get() {
            let call = UpdateProject {
                project: self.project,
                group: Some(self.group.trim().to_owned()),
                path: None,
            };
            view.act(call, |_, _| {});
        }
        keep && !done.get() && !closed
    }
}
