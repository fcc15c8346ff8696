//! The Kitfile editor: a form and its text side by side, saved without losing a comment.

mod before_pack;
mod dialogs;
mod diff;
mod editor;
mod form;
mod history;
mod model;
mod text;
mod tree;
mod ui;

use std::collections::{BTreeMap, HashMap};

use egui::{Key, Modifiers, Ui};
use kitbench_protocol::{EventKind, FormEdit, KitfileProblem, ProjectId, Reveal, SaveFile};
use serde::{Deserialize, Serialize};

use crate::app::{Dialog, Place, View, ViewCtx};
use crate::commands::{Command, CommandId};
use crate::widgets::Toast;
use before_pack::BeforePack;
use dialogs::{Decided, DiffDialog, Inbox, PathDialog, RunDialog};
use editor::{Draft, Editor};
use form::{Act, FormState, Target};
use text::TextState;
use tree::TreeState;

/// Which panes are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Panes {
    Form,
    #[default]
    Both,
    Text,
}

/// What is kept over a restart.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    panes: Panes,
    tree_width: Option<f32>,
    text_width: Option<f32>,
    show_ignored: bool,
    /// Unsaved texts by project.
    drafts: BTreeMap<i64, Draft>,
}

/// The screen.
#[derive(Default)]
pub struct Kitfile {
    project: Option<ProjectId>,
    editors: HashMap<ProjectId, Editor>,
    /// Unsaved texts of last time, until their project is opened.
    drafts: BTreeMap<i64, Draft>,
    panes: Panes,
    /// There is room for one pane only.
    narrow: bool,
    tree_width: Option<f32>,
    text_width: Option<f32>,
    tree: TreeState,
    form: FormState,
    text: TextState,
    inbox: Inbox,
    /// The text pane had the focus in the last frame.
    text_focused: bool,
    /// The problem that `F8` went to last.
    at_problem: Option<usize>,
}

impl Kitfile {
    fn editor(&mut self) -> Option<&mut Editor> {
        self.editors.get_mut(&self.project?)
    }

    /// The panes as they are shown: where there is room for one, both means the form.
    fn shown_panes(&self) -> Panes {
        match self.panes {
            Panes::Both if self.narrow => Panes::Form,
            panes => panes,
        }
    }

    /// The name of the project that is open.
    fn name(&self, ctx: &ViewCtx<'_>) -> String {
        let rows = ctx.shared.projects.value();
        rows.into_iter()
            .flatten()
            .find(|row| Some(row.id) == self.project)
            .map_or_else(|| "Project".to_owned(), |row| row.name.clone())
    }

    /// `Ctrl Z` in a field means the editor's history, not the field's own.
    fn undo_keys(&mut self, ui: &Ui) {
        if !self.text_focused && self.form.focused.is_none() {
            return;
        }
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        let redo = pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z)
            || pressed(Modifiers::COMMAND, Key::Y);
        let undo = !redo && pressed(Modifiers::COMMAND, Key::Z);
        if redo {
            self.step(false);
        } else if undo {
            self.step(true);
        }
    }

    fn step(&mut self, back: bool) {
        self.form.forget();
        if let Some(editor) = self.editor() {
            if back {
                editor.undo();
            } else {
                editor.redo();
            }
        }
    }

    /// What dialogs decided since the last frame.
    fn take_inbox(&mut self) {
        let decided: Vec<_> = self.inbox.borrow_mut().drain(..).collect();
        for (project, decided) in decided {
            let Some(editor) = self.editors.get_mut(&project) else {
                continue;
            };
            match decided {
                Decided::Discard => {
                    self.form.forget();
                    editor.discard();
                }
                Decided::Saved { text, revision } => editor.was_saved(text, revision),
                Decided::KeepMine => editor.keep_mine(),
                Decided::TakeTheirs => {
                    self.form.forget();
                    editor.take_theirs();
                }
                Decided::Path(target, path) => {
                    if let Target::Append(list) = &target {
                        self.form.jump = editor
                            .form()
                            .map(|form| model::Spot::Row(*list, list.entries(&form).len()));
                    }
                    editor.edit(form::edits_for(&target, &path));
                }
                Decided::Parameters(owner, parameters) => editor.edit(
                    parameters
                        .into_iter()
                        .map(|(key, yaml)| FormEdit::SetParameter {
                            path: owner.clone(),
                            key,
                            yaml,
                        })
                        .collect(),
                ),
            }
        }
    }

    fn act(&mut self, act: Act, ctx: &ViewCtx<'_>) {
        let Some(project) = self.project else { return };
        match act {
            Act::ShowLine(problem) => self.show_problem(&problem),
            Act::Choose(target) => {
                let path = match &target {
                    Target::Field(field) => self.value_of(field),
                    Target::Append(_) => String::new(),
                };
                let dialog = PathDialog::new(project, self.inbox.clone(), target, path);
                ctx.commands.send(Command::Show(Box::new(dialog)));
            }
            Act::FillFromRun(owner) => {
                let dialog = RunDialog::new(project, self.inbox.clone(), owner);
                ctx.commands.send(Command::Show(Box::new(dialog)));
            }
        }
    }

    /// The value of a path field in the form.
    fn value_of(&self, field: &str) -> String {
        let form = self
            .project
            .and_then(|id| self.editors.get(&id))
            .and_then(Editor::form);
        let Some(form) = form else {
            return String::new();
        };
        let entry = match model::spot(field, Some(&form)) {
            model::Spot::Row(list, at) => list.entries(&form).get(at),
            _ => None,
        };
        match entry {
            Some(entry) => entry.path.clone(),
            None => form
                .model
                .as_ref()
                .map_or_else(String::new, |model| model.path.clone()),
        }
    }

    /// The line of a problem in the text, and its place in the form.
    fn show_problem(&mut self, problem: &KitfileProblem) {
        if self.shown_panes() == Panes::Form {
            self.panes = if self.narrow {
                Panes::Text
            } else {
                Panes::Both
            };
        }
        self.text.only_changes = false;
        self.text.reveal = Some((
            problem.line.saturating_sub(1) as usize,
            problem.start as usize,
        ));
        let form = self.editor().and_then(|editor| editor.form());
        let spot = model::spot(&problem.path, form.as_deref());
        if let Some(section) = spot.section() {
            self.form.folds.insert(section, true);
        }
        self.form.jump = Some(spot);
    }

    fn walk_problems(&mut self, forward: bool) -> bool {
        let problems = match self.editor() {
            Some(editor) => editor.problems(),
            None => return false,
        };
        let Some(last) = problems.len().checked_sub(1) else {
            return false;
        };
        let at = match (self.at_problem, forward) {
            (Some(at), true) if at < last => at + 1,
            (None | Some(_), true) => 0,
            (Some(at), false) if at > 0 => (at - 1).min(last),
            (None | Some(_), false) => last,
        };
        self.at_problem = Some(at);
        if let Some(problem) = problems.get(at).cloned() {
            self.show_problem(&problem);
        }
        true
    }

    /// Fix the problem at the cursor: of the text, else of the form, else the first that can be.
    fn fix_problem(&mut self) -> bool {
        let cursor = self.text.cursor.filter(|_| self.text_focused);
        let focused = self.form.focused.clone();
        let Some(editor) = self.editor() else {
            return false;
        };
        let problems = editor.problems();
        let mut fixable = problems.iter().filter(|problem| !problem.fixes.is_empty());
        let problem = match (cursor, focused) {
            (Some(at), _) => {
                let line = editor
                    .text()
                    .get(..at)
                    .map_or(0, |before| before.matches('\n').count())
                    + 1;
                fixable.find(|problem| problem.line as usize == line)
            }
            (None, Some(path)) => fixable.find(|problem| model::is_within(&problem.path, &path)),
            (None, None) => fixable.next(),
        };
        let Some((problem, fix)) =
            problem.and_then(|problem| Some((problem, problem.fixes.first()?)))
        else {
            return false;
        };
        editor.fix(problem, fix);
        true
    }

    fn save_now(&mut self, ctx: &ViewCtx<'_>) {
        let Some(editor) = self.editor() else { return };
        if editor.is_read_only() {
            let call = SaveFile {
                suggested_name: editor.file_name().to_owned(),
                bytes: editor.text().as_bytes().to_vec(),
            };
            ctx.act(call, |path, commands| {
                if let Some(path) = path {
                    commands.toast(Toast::done(format!("Saved a copy as {path}")));
                }
            });
        } else if editor.is_dirty() || editor.has_unsent() {
            editor.save();
        }
    }

    fn ask_discard(&mut self, ctx: &ViewCtx<'_>) -> bool {
        let inbox = self.inbox.clone();
        match self.editor() {
            Some(editor) if editor.is_dirty() => {
                let dialog = DiffDialog::discard(
                    editor.project(),
                    inbox,
                    editor.saved_text(),
                    editor.text(),
                );
                ctx.commands.send(Command::Show(Box::new(dialog)));
                true
            }
            _ => false,
        }
    }
}

impl View for Kitfile {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        self.take_inbox();
        self.undo_keys(ui);
        let egui_ctx = ui.ctx().clone();
        if let Some(editor) = self.editor() {
            editor.pump(ctx.client, ctx.commands, &egui_ctx, ctx.now);
        }
        self.draw(ui, ctx);
        // What was decided in this frame is sent in this frame.
        if let Some(editor) = self.editor() {
            editor.pump(ctx.client, ctx.commands, &egui_ctx, ctx.now);
        }
    }

    /// Who saves and goes on at once has saved, also on the next screen.
    fn tick(&mut self, egui: &egui::Context, ctx: &ViewCtx<'_>) {
        for editor in self.editors.values_mut() {
            if editor.is_busy() {
                editor.pump(ctx.client, ctx.commands, egui, ctx.now);
            }
        }
    }

    fn open(&mut self, place: &Place, ctx: &ViewCtx<'_>) {
        let Place::Kitfile(project) = place else {
            return;
        };
        if self.project != Some(*project) {
            self.form = FormState::default();
            self.text = TextState::default();
            self.tree.reset();
            self.at_problem = None;
        }
        self.project = Some(*project);
        let drafts = &mut self.drafts;
        self.editors
            .entry(*project)
            .or_insert_with(|| Editor::new(*project, ctx.now, drafts.remove(&project.0)));
    }

    fn place(&self) -> Option<Place> {
        self.project.map(Place::Kitfile)
    }

    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        vec![
            (self.name(ctx), Some(Place::Projects(self.project))),
            ("Kitfile".to_owned(), None),
        ]
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let Some(project) = self.project else {
            return false;
        };
        match command {
            CommandId::Save => self.save_now(ctx),
            CommandId::Discard => return self.ask_discard(ctx),
            CommandId::Undo => self.step(true),
            CommandId::Redo => self.step(false),
            CommandId::SwitchPanes => {
                self.panes = match self.shown_panes() {
                    Panes::Form if self.narrow => Panes::Text,
                    Panes::Form => Panes::Both,
                    Panes::Both => Panes::Text,
                    Panes::Text => Panes::Form,
                };
            }
            CommandId::NextProblem => return self.walk_problems(true),
            CommandId::PreviousProblem => return self.walk_problems(false),
            CommandId::FixProblem => return self.fix_problem(),
            CommandId::Pack => ctx
                .commands
                .send(Command::Show(super::pack_dialog::open(project))),
            CommandId::CompareRuns => ctx.commands.go(Place::Experiments(Some(project))),
            CommandId::Reveal => {
                let rows = ctx.shared.projects.value();
                let Some(row) = rows.into_iter().flatten().find(|row| row.id == project) else {
                    return false;
                };
                ctx.act(
                    Reveal {
                        path: row.path.clone(),
                    },
                    |(), _| {},
                );
            }
            CommandId::CopyCommandLine => {
                let rows = ctx.shared.projects.value();
                let Some(row) = rows.into_iter().flatten().find(|row| row.id == project) else {
                    return false;
                };
                ctx.commands.send(Command::Copy(format!(
                    "kit pack '{}'",
                    row.path.replace('\'', r"'\''")
                )));
            }
            _ => return false,
        }
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        match event {
            EventKind::KitfileOnDisk(project) => {
                if let Some(editor) = self.editors.get_mut(project) {
                    editor.reopen(0.0);
                }
            }
            EventKind::Project(project) => {
                if self.project == Some(*project) {
                    self.tree.invalidate();
                }
                // Its paths may lead to something else by now.
                if let Some(editor) = self.editors.get_mut(project) {
                    editor.reopen(0.0);
                }
            }
            _ => {}
        }
    }

    fn refresh(&mut self) {
        self.tree.invalidate();
        self.editors
            .values_mut()
            .for_each(|editor| editor.reopen(0.0));
    }

    fn before_pack(&mut self, project: ProjectId, dialog: Box<dyn Dialog>) -> Box<dyn Dialog> {
        self.take_inbox();
        let unsaved = match self.editors.get(&project) {
            Some(editor) => editor.unsaved(),
            None => self.drafts.get(&project.0).map(Draft::unsaved),
        };
        match unsaved {
            Some(unsaved) => Box::new(BeforePack::new(
                project,
                self.inbox.clone(),
                unsaved,
                dialog,
            )),
            None => dialog,
        }
    }

    fn unsaved(&self) -> Option<String> {
        let dirty = self
            .editors
            .values()
            .filter(|editor| editor.is_dirty())
            .count();
        match dirty {
            0 => None,
            1 => Some("A Kitfile has unsaved changes.".to_owned()),
            n => Some(format!("{n} Kitfiles have unsaved changes.")),
        }
    }

    fn save(&self) -> Option<String> {
        let mut drafts = self.drafts.clone();
        for (project, editor) in &self.editors {
            if let Some(draft) = editor.to_keep() {
                drafts.insert(project.0, draft);
            }
        }
        serde_json::to_string(&Kept {
            panes: self.panes,
            tree_width: self.tree_width,
            text_width: self.text_width,
            show_ignored: self.tree.show_ignored,
            drafts,
        })
        .ok()
    }

    fn restore(&mut self, saved: &str) {
        let Ok(kept) = serde_json::from_str::<Kept>(saved) else {
            return;
        };
        self.panes = kept.panes;
        self.tree_width = kept.tree_width;
        self.text_width = kept.text_width;
        self.tree.show_ignored = kept.show_ignored;
        self.drafts = kept.drafts;
    }
}
