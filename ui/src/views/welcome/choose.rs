//! Choosing among the folders that were found.

use egui::{Context, ScrollArea, vec2};
use kitbench_protocol::AddProject;

use crate::app::{Dialog, Place, ViewCtx};
use crate::commands::{Command, CommandSender};
use crate::theme::{icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Toast};

/// A list of folders to tick.
pub(super) struct Choose {
    /// Path, how it is shown, whether it is ticked.
    folders: Vec<(String, String, bool)>,
}

impl Choose {
    pub(super) fn new(folders: Vec<(String, String)>) -> Self {
        Self {
            folders: folders
                .into_iter()
                .map(|(path, shown)| (path, shown, true))
                .collect(),
        }
    }
}

/// Add folders one after the other; the first one is opened when all are there.
pub(super) fn add_all(commands: &CommandSender, folders: Vec<String>) {
    commands.send(Command::Call(Box::new(move |client, commands| {
        let count = folders.len();
        for (i, path) in folders.into_iter().enumerate() {
            let commands = commands.clone();
            client.call_then(AddProject { path }, move |answer| match answer {
                Ok(row) if i == 0 => commands.go(Place::Projects(Some(row.id))),
                Ok(_) if i + 1 == count => {
                    commands.toast(Toast::done(format!("Added {count} projects")));
                }
                Ok(_) => {}
                Err(error) => commands.toast(Toast::error(&error)),
            });
        }
    })));
}

impl Dialog for Choose {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let frame = DialogFrame {
            title: "Add folders with a Kitfile",
            icon: Some(icons::FOLDERS),
            note: None,
            size: vec2(600.0, 460.0),
        };
        let mut keep = true;
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, this| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                            for (_, shown, ticked) in &mut this.folders {
                                widgets::checkbox(ui, ticked, shown);
                            }
                        });
                    });
            },
            |ui, this| {
                let chosen: Vec<String> = this
                    .folders
                    .iter()
                    .filter(|(_, _, ticked)| *ticked)
                    .map(|(path, _, _)| path.clone())
                    .collect();
                let blocked = chosen.is_empty().then_some("No folder is ticked");
                let words = format!("Add {}", chosen.len());
                if ui
                    .add(Button::primary(words).large().blocked(blocked))
                    .clicked()
                {
                    add_all(view.commands, chosen);
                    keep = false;
                }
                keep &= !ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
            },
        );
        keep && !closed
    }
}
