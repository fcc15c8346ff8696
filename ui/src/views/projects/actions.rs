//! What the screen asks the engine to do.

use kitbench_protocol::{
    Decide, DecisionChoice, Door, ErrorView, KitfileProblem, OpenKitfile, PickFolder, ProjectId,
    Reveal, SaveKitfile, SaveOutcome, StartPush, TextEdit, UndoDecision, UpdateProject,
};

use crate::app::{Place, ViewCtx};
use crate::backend::Client;
use crate::commands::{Command, CommandSender};
use crate::views::folder_dialog::FolderDialog;
use crate::widgets::Toast;

use super::dialogs::GroupDialog;

/// Whether this is the desktop window, which has native dialogs.
pub(super) fn in_window(ctx: &ViewCtx<'_>) -> bool {
    ctx.shared
        .info
        .value()
        .is_some_and(|info| info.door == Door::Window)
}

/// Look at the folder again.
pub(super) fn rescan(ctx: &ViewCtx<'_>, project: ProjectId) {
    // An update that changes nothing looks at the folder and answers when it has.
    let call = UpdateProject {
        project,
        group: None,
        path: None,
    };
    ctx.act(call, |row, commands| {
        commands.toast(Toast::done(format!("Checked {}", row.name)));
    });
}

/// Show the folder in the file manager.
pub(super) fn reveal(ctx: &ViewCtx<'_>, path: &str) {
    ctx.act(
        Reveal {
            path: path.to_owned(),
        },
        |(), _| {},
    );
}

/// Send the kit to the registry its reference names.
pub(super) fn push(ctx: &ViewCtx<'_>, reference: &str) {
    let shown = reference.to_owned();
    let call = StartPush {
        source: reference.to_owned(),
        target: String::new(),
    };
    ctx.act(call, move |job, commands| {
        commands.toast(
            Toast::note(format!("Pushing {shown}"))
                .action("Show", Command::Go(Place::Transfers(Some(job)))),
        );
    });
}

/// Carry out a decision; the message has Undo.
pub(super) fn decide(ctx: &ViewCtx<'_>, project: ProjectId, key: &str, choice: DecisionChoice) {
    let call = Decide {
        project,
        key: key.to_owned(),
        choice,
    };
    ctx.act(call, |done, commands| {
        let undo = UndoDecision { undo: done.undo };
        let command = Command::Call(Box::new(move |client, commands| {
            let commands = commands.clone();
            client.call_then(undo, move |answer| match answer {
                Ok(()) => commands.toast(Toast::done("Taken back")),
                Err(error) => commands.toast(Toast::error(&error)),
            });
        }));
        commands.toast(Toast::done(done.message).action("Undo", command));
    });
}

/// Ask for a group and move the project into it.
pub(super) fn ask_group(ctx: &ViewCtx<'_>, project: ProjectId) {
    let rows = ctx.shared.projects.value().map_or(&[][..], Vec::as_slice);
    let group = rows
        .iter()
        .find(|row| row.id == project)
        .map(|row| row.group.clone())
        .unwrap_or_default();
    let dialog = GroupDialog::new(project, group, super::model::group_names(rows));
    ctx.commands.send(Command::Show(Box::new(dialog)));
}

/// Ask where the folder is now, and watch it there.
pub(super) fn locate(ctx: &ViewCtx<'_>, project: ProjectId) {
    let title = "Where is the folder now?";
    let moved = move |path: String, client: &Client, commands: &CommandSender| {
        let commands = commands.clone();
        let call = UpdateProject {
            project,
            group: None,
            path: Some(path),
        };
        client.call_then(call, move |answer| match answer {
            Ok(row) => commands.toast(Toast::done(format!(
                "{} is watched at its new place",
                row.name
            ))),
            Err(error) => commands.toast(Toast::error(&error)),
        });
    };
    if !in_window(ctx) {
        let dialog = FolderDialog::new(title, "Watch this folder", moved);
        ctx.commands.send(Command::Show(Box::new(dialog)));
        return;
    }
    let call = PickFolder {
        title: title.to_owned(),
    };
    ctx.act(call, move |path, commands| {
        if let Some(path) = path {
            commands.send(Command::Call(Box::new(move |client, commands| {
                moved(path, client, commands);
            })));
        }
    });
}

/// Apply text edits, from the last to the first. `None` if they do not fit the text.
pub(super) fn apply_edits(text: &str, edits: &[TextEdit]) -> Option<String> {
    let mut edits: Vec<&TextEdit> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.start));
    let mut out = text.to_owned();
    let mut before = text.len();
    for edit in edits {
        let (start, end) = (edit.start as usize, edit.end as usize);
        let fits = start <= end
            && end <= before
            && out.is_char_boundary(start)
            && out.is_char_boundary(end);
        if !fits {
            return None;
        }
        out.replace_range(start..end, &edit.text);
        before = start;
    }
    Some(out)
}

/// Repair the Kitfile on disk with one fix of a problem; the message has Undo.
///
/// The file is read first, so that the edits fit what is there now, and written only if nobody
/// changed it in between.
pub(super) fn fix(ctx: &ViewCtx<'_>, project: ProjectId, problem: &KitfileProblem, label: &str) {
    let (code, path, line) = (problem.code.clone(), problem.path.clone(), problem.line);
    let label = label.to_owned();
    ctx.act(OpenKitfile { project }, move |doc, commands| {
        let fixes = doc
            .problems
            .iter()
            .filter(|found| found.code == code && found.path == path)
            // The same place first, should a problem occur twice.
            .min_by_key(|found| found.line.abs_diff(line))
            .map(|found| found.fixes.as_slice())
            .unwrap_or_default();
        let text = fixes
            .iter()
            .find(|fix| fix.label == label)
            .and_then(|fix| apply_edits(&doc.text, &fix.edits));
        let Some(text) = text else {
            commands.toast(Toast::note(
                "The Kitfile has changed meanwhile; this problem is not there any more",
            ));
            return;
        };
        let before = doc.text.clone();
        let done = label.replace('`', "");
        let save = SaveKitfile {
            project,
            text,
            revision: doc.revision.clone(),
        };
        commands.send(save_command(save, move |revision, commands| {
            let undo = SaveKitfile {
                project,
                text: before,
                revision,
            };
            let undo = save_command(undo, |_, commands| {
                commands.toast(Toast::done("The Kitfile is as it was"));
            });
            commands.toast(Toast::done(format!("Fixed: {done}")).action("Undo", undo));
        }));
    });
}

/// Save a Kitfile and do something with its new revision.
fn save_command(
    call: SaveKitfile,
    then: impl FnOnce(Option<String>, &CommandSender) + 'static,
) -> Command {
    Command::Call(Box::new(move |client, commands| {
        let commands = commands.clone();
        client.call_then(
            call,
            move |answer: Result<SaveOutcome, ErrorView>| match answer {
                Ok(SaveOutcome::Saved(doc)) => then(doc.revision.clone(), &commands),
                Ok(SaveOutcome::ChangedOnDisk { .. }) => commands.toast(Toast::note(
                    "The Kitfile was changed by another program meanwhile; nothing was written",
                )),
                Err(error) => commands.toast(Toast::error(&error)),
            },
        );
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: u32, end: u32, text: &str) -> TextEdit {
        TextEdit {
            start,
            end,
            text: text.to_owned(),
        }
    }

    #[test]
    fn edits_apply_from_last_to_first() {
        let edits = [edit(0, 6, "authors"), edit(8, 9, "b")];
        assert_eq!(
            apply_edits("author: a", &edits).as_deref(),
            Some("authors: b")
        );
        assert_eq!(apply_edits("x", &[]).as_deref(), Some("x"));
    }

    #[test]
    fn edits_that_do_not_fit_are_refused() {
        assert_eq!(apply_edits("abc", &[edit(2, 9, "")]), None);
        assert_eq!(apply_edits("abc", &[edit(2, 1, "")]), None);
        assert_eq!(apply_edits("é", &[edit(1, 2, "")]), None);
        assert_eq!(apply_edits("abcd", &[edit(0, 3, ""), edit(2, 4, "")]), None);
    }
}
