//! The layout: bar, tree, form and text.

use egui::{Align, Layout, Ui};

use super::dialogs::DiffDialog;
use super::editor::{Editor, Phase};
use super::form;
use super::model::{self, Tally};
use super::{Kitfile, Panes, text, tree};
use crate::app::{Place, ViewCtx};
use crate::commands::{Command, CommandId};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, Mark, Segment, Side, Tone};

const TREE: f32 = 270.0;
const TREE_NARROW: f32 = 220.0;
const TEXT: f32 = 434.0;

/// What the bar needs to know before it draws.
struct Bar {
    unsaved: Option<String>,
    tally: Tally,
    dirty: bool,
    can_undo: bool,
    can_redo: bool,
    saving: bool,
    read_only: bool,
    open: bool,
}

impl Kitfile {
    pub(super) fn draw(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(project) = self.project else {
            widgets::empty(
                ui,
                icons::TEXT_ALIGN_LEFT,
                "No Kitfile open",
                "Choose a project, then Edit Kitfile.",
                |ui| {
                    if ui.add(Button::neutral("Go to Projects")).clicked() {
                        ctx.commands.go(Place::Projects(None));
                    }
                },
            );
            return;
        };
        let narrow = ui.ctx().content_rect().width() < sizes::VERY_NARROW;
        self.narrow = narrow;
        self.bar(ui, ctx, narrow);
        self.strips(ui, ctx);
        let usual = if narrow { TREE_NARROW } else { TREE };
        let mut width = if narrow {
            TREE_NARROW
        } else {
            self.tree_width.unwrap_or(TREE)
        };
        widgets::split_with(
            ui,
            "Files",
            Side::Left,
            &mut width,
            usual,
            self,
            |ui, this| {
                if let Some((section, path)) = tree::show(ui, &mut this.tree, project, ctx)
                    && let Some(editor) = this.editors.get_mut(&project)
                {
                    let has_model = editor.form().is_some_and(|form| form.model.is_some());
                    editor.edit(form::edits_for_section(section, &path, has_model));
                }
            },
            |ui, this| this.content(ui, ctx),
        );
        if !narrow {
            self.tree_width = Some(width);
        }
    }

    fn bar(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, narrow: bool) {
        let Some(editor) = self.editor() else { return };
        let diff = editor.diff();
        let facts = Bar {
            unsaved: model::unsaved_words(&diff, editor.is_dirty()),
            tally: match editor.phase() {
                Phase::Open => Tally::of(editor.problems().iter()),
                _ => Tally::default(),
            },
            dirty: editor.is_dirty() || editor.has_unsent(),
            can_undo: editor.can_undo(),
            can_redo: editor.can_redo(),
            saving: editor.is_saving(),
            read_only: editor.is_read_only(),
            open: matches!(editor.phase(), Phase::Open),
        };
        widgets::bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_5, true, |ui| {
            let t = Tokens::of(ui);
            widgets::named(ui, egui::Role::Heading, Type::Heading, t.text, "Kitfile");
            if let Some(words) = &facts.unsaved {
                widgets::pill(ui, Tone::Info, Some(icons::PENCIL_SIMPLE), words);
            }
            if facts.read_only {
                widgets::pill(ui, Tone::Warn, Some(icons::LOCK), "Read-only");
            }
            if let Some(words) = facts.tally.error_words() {
                widgets::mark(ui, Mark::Blocks, &words);
            }
            if let Some(words) = facts.tally.warning_words() {
                widgets::mark(ui, Mark::Decide, &words);
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.bar_right(ui, ctx, &facts, narrow)
            });
        });
    }

    fn bar_right(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, facts: &Bar, narrow: bool) {
        let run = |id: CommandId| ctx.commands.run(id);
        let words = if facts.read_only {
            "Save a copy…"
        } else {
            "Save"
        };
        let reason = if !facts.open {
            Some("There is no Kitfile yet")
        } else if !facts.dirty && !facts.read_only {
            Some("Nothing to save")
        } else {
            None
        };
        let save = Button::primary(words)
            .icon(icons::FLOPPY_DISK)
            .key(CommandId::Save.key().unwrap_or_default())
            .busy(facts.saving)
            .blocked(reason);
        if ui.add(save).clicked() {
            run(CommandId::Save);
        }
        let reason = (!facts.dirty).then_some("Nothing to discard");
        if ui
            .add(Button::neutral("Discard…").blocked(reason))
            .clicked()
        {
            run(CommandId::Discard);
        }
        ui.spacing_mut().item_spacing.x = sizes::SPACE_2;
        for (id, able, reason) in [
            (CommandId::Redo, facts.can_redo, "Nothing to redo"),
            (CommandId::Undo, facts.can_undo, "Nothing to undo"),
        ] {
            let button = Button::icon_boxed(id.spec().icon, id.spec().name)
                .key(id.key().unwrap_or_default())
                .blocked((!able).then_some(reason));
            if ui.add(button).clicked() {
                run(id);
            }
        }
        ui.add_space(sizes::SPACE_3);
        if !facts.open {
            return;
        }
        let all = [
            (Panes::Form, "Form", icons::ROWS),
            (Panes::Both, "Both", icons::COLUMNS),
            (Panes::Text, "Text", icons::TEXT_ALIGN_LEFT),
        ];
        let shown: Vec<_> = all
            .into_iter()
            .filter(|(panes, ..)| !(narrow && *panes == Panes::Both))
            .collect();
        let mut at = shown
            .iter()
            .position(|(panes, ..)| *panes == self.shown_panes())
            .unwrap_or(0);
        let segments: Vec<Segment<'_>> = shown
            .iter()
            .map(|(_, word, icon)| Segment::new(word).icon(icon))
            .collect();
        // The row is laid out from the right; segments themselves go from the left.
        if widgets::segments(ui, "Panes", &mut at, &segments).changed()
            && let Some((panes, ..)) = shown.get(at)
        {
            self.panes = *panes;
        }
    }

    /// Strips over the whole width: the file changed on disk, or the last question failed.
    fn strips(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let inbox = self.inbox.clone();
        let Some(editor) = self.editor() else { return };
        if let Some(conflict) = editor.conflict().cloned() {
            let text = if conflict.revision.is_some() {
                "The file changed on disk while you were editing. Yours is safe."
            } else {
                "The file was removed on disk while you were editing. Yours is safe."
            };
            let mut choice = None;
            widgets::strip(ui, Tone::Warn, text, |ui| {
                for words in ["Take theirs", "Keep mine", "Compare"] {
                    if ui.add(Button::neutral(words).small()).clicked() {
                        choice = Some(words);
                    }
                }
            });
            match choice {
                Some("Keep mine") => editor.keep_mine(),
                Some("Take theirs") => editor.take_theirs(),
                Some(_) => {
                    let dialog = DiffDialog::conflict(
                        editor.project(),
                        inbox,
                        &conflict.text,
                        editor.text(),
                    );
                    ctx.commands.send(Command::Show(Box::new(dialog)));
                }
                None => {}
            }
        }
        if matches!(editor.phase(), Phase::Open | Phase::NoKitfile)
            && let Some(failure) = editor.failure()
            && widgets::failed_strip(ui, failure, None) == Some(FailureAction::Retry)
        {
            editor.reopen(ctx.now);
        }
    }

    fn content(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let name = self.name(ctx);
        let Some(editor) = self.editor() else { return };
        match editor.phase() {
            Phase::Loading(since) => widgets::skeleton(ui, since, sizes::LIST_2),
            Phase::Failed(failure) => {
                if widgets::failed(ui, failure) == Some(FailureAction::Retry) {
                    editor.reopen(ctx.now);
                }
            }
            Phase::NoKitfile => no_kitfile(ui, editor, &name, ctx),
            Phase::Open => self.panes(ui, ctx),
        }
    }

    fn panes(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        match self.shown_panes() {
            Panes::Form => {
                self.text_focused = false;
                self.form_pane(ui, ctx);
            }
            Panes::Text => {
                self.form.focused = None;
                self.text_pane(ui, ctx);
            }
            Panes::Both => {
                let mut width = self.text_width.unwrap_or(TEXT);
                widgets::split_with(
                    ui,
                    "Text",
                    Side::Right,
                    &mut width,
                    TEXT,
                    self,
                    |ui, this| this.text_pane(ui, ctx),
                    |ui, this| this.form_pane(ui, ctx),
                );
                self.text_width = Some(width);
            }
        }
    }

    fn form_pane(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(editor) = self.project.and_then(|id| self.editors.get_mut(&id)) else {
            return;
        };
        let acts = form::show(ui, &mut self.form, editor);
        for act in acts {
            self.act(act, ctx);
        }
    }

    fn text_pane(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(editor) = self.project.and_then(|id| self.editors.get_mut(&id)) else {
            return;
        };
        self.text_focused = text::show(ui, &mut self.text, editor, ctx);
    }
}

/// There is no file: how to begin.
fn no_kitfile(ui: &mut Ui, editor: &mut Editor, name: &str, ctx: &ViewCtx<'_>) {
    widgets::empty(
        ui,
        icons::FILE_PLUS,
        "No Kitfile in this folder",
        "A draft proposes layers. Nothing is written before you save.",
        |ui| {
            ui.horizontal(|ui| {
                let width = 178.0 + 70.0 + sizes::SPACE_3;
                ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
                if ui
                    .add(Button::primary("Draft from this folder").icon(icons::SPARKLE))
                    .clicked()
                {
                    editor.begin_draft(ctx.client);
                }
                if ui.add(Button::neutral("Empty")).clicked() {
                    editor.begin_empty(name);
                }
            });
        },
    );
}
