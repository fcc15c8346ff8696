//! The list of projects: head, filter, groups, rows.

use egui::{Id, ScrollArea, Ui, vec2};
use kitbench_protocol::{ProjectId, ProjectRow, ProjectState};

use super::Projects;
use super::model::{self, ListLine, Only};
use crate::app::{Place, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, ListRow, MenuItem, TextField};

impl Projects {
    pub(super) fn list(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let count = ctx
            .shared
            .projects
            .value()
            .map(|rows| rows.len().to_string());
        widgets::panel_head(ui, "Projects", count.as_deref(), |ui| {
            let add = CommandId::AddFolder.spec();
            let button = if ui.available_width() > 140.0 {
                Button::neutral(add.name).icon(add.icon)
            } else {
                Button::icon_boxed(add.icon, add.name)
            };
            if ui.add(button.tip(add.tip)).clicked() {
                ctx.commands.run(CommandId::AddFolder);
            }
            let funnel = ui.add(
                Button::icon_only(icons::FUNNEL_SIMPLE, "Show which projects")
                    .selected(self.kept.only != Only::All),
            );
            widgets::menu(&funnel, ui, "Show which projects", |ui| {
                for only in Only::ALL {
                    if MenuItem::new(only.words())
                        .checked(self.kept.only == only)
                        .show(ui)
                    {
                        self.kept.only = only;
                    }
                }
            });
        });
        let id = Id::unique("projects filter");
        widgets::inset(ui, sizes::SPACE_4, |ui| {
            TextField::search(&mut self.filter, "Filter by name, tag or path")
                .id(id)
                .show(ui);
        });
        if ctx.focus_filter {
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        widgets::rule(ui);
        match ctx.shared.projects.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::LIST_3),
            RemoteView::Failed(error) => {
                if widgets::failed(ui, error) == Some(FailureAction::Retry) {
                    ctx.commands.run(CommandId::Refresh);
                }
            }
            RemoteView::Ready { value, failure, .. } => {
                if let Some(failure) = failure
                    && widgets::failed_strip(ui, failure, None) == Some(FailureAction::Retry)
                {
                    ctx.commands.run(CommandId::Refresh);
                }
                self.rows(ui, ctx, value);
            }
        }
    }

    fn rows(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, rows: &[ProjectRow]) {
        let closed = &self.kept.closed;
        let lines = model::lines(rows, &self.filter, self.kept.only, |group| {
            closed.contains(group)
        });
        if lines.is_empty() && !rows.is_empty() {
            let filter = if self.filter.trim().is_empty() {
                self.kept.only.words().to_owned()
            } else {
                self.filter.clone()
            };
            if widgets::no_match(ui, &filter) {
                self.filter.clear();
                self.kept.only = Only::All;
            }
            return;
        }
        let starred = rows
            .iter()
            .filter_map(|row| row.git.as_ref())
            .any(|git| git.uncommitted.is_some_and(|n| n > 0));
        let foot = if starred { 34.0 } else { 0.0 };
        let height = (ui.available_height() - foot).max(80.0);
        let heights: Vec<f32> = lines.iter().map(line_height).collect();
        let whole: f32 = heights.iter().sum();
        let area = egui::Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height));
        let mut inside = ui.new_child(egui::UiBuilder::new().max_rect(area));
        ScrollArea::vertical()
            .id_salt("projects")
            .auto_shrink([false, false])
            .show_viewport(&mut inside, |ui, view| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.set_height(whole);
                let top = ui.max_rect().top();
                let step = arrow(ui, &lines, rows);
                let mut y = 0.0;
                for (line, height) in lines.iter().zip(&heights) {
                    let (from, to) = (y, y + height);
                    y = to;
                    if let (Some(next), ListLine::Row(i)) = (step, line)
                        && rows.get(*i).is_some_and(|row| row.id == next)
                    {
                        let rect = egui::Rect::from_min_size(
                            egui::pos2(ui.max_rect().left(), top + from),
                            vec2(1.0, *height),
                        );
                        ui.scroll_to_rect(rect, None);
                    }
                    if to < view.top() || from > view.bottom() {
                        continue;
                    }
                    let rect = egui::Rect::from_min_size(
                        egui::pos2(ui.max_rect().left(), top + from),
                        vec2(ui.max_rect().width(), *height),
                    );
                    let mut child = ui.new_child(
                        egui::UiBuilder::new()
                            .id_salt(("line", line_name(line, rows)))
                            .max_rect(rect),
                    );
                    match line {
                        ListLine::Group { name, count, open } => {
                            let mut is_open = *open;
                            let count = count.to_string();
                            if widgets::section(&mut child, &mut is_open, name, Some(&count))
                                .changed()
                            {
                                self.fold(name, is_open);
                            }
                        }
                        ListLine::Row(i) => {
                            if let Some(row) = rows.get(*i) {
                                self.row(&mut child, ctx, row);
                            }
                        }
                    }
                }
                if let Some(next) = step {
                    self.select(next);
                    ui.memory_mut(|memory| memory.request_focus(row_id(next)));
                }
            });
        ui.allocate_rect(area, egui::Sense::hover());
        if starred {
            widgets::rule(ui);
            widgets::bar_row(ui, foot - 1.0, sizes::SPACE_4, false, |ui| {
                widgets::fact(ui, icons::GIT_COMMIT, "`*` uncommitted changes in git");
            });
        }
    }

    fn fold(&mut self, name: &str, open: bool) {
        let group = if name == "In no group" { "" } else { name };
        if open {
            self.kept.closed.remove(group);
        } else {
            self.kept.closed.insert(group.to_owned());
        }
    }

    fn row(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, row: &ProjectRow) {
        let words: Vec<_> = row.states.iter().take(2).map(model::state_words).collect();
        let path = ctx.shared.short_path(&row.path);
        let git = row.git.as_ref().map(model::git_words);
        let lost = matches!(row.states.first(), Some(ProjectState::Unreachable(_)));
        let mut line = ListRow::new(&row.name)
            .path(
                &path,
                git.as_deref().map(|words| (icons::GIT_BRANCH, words)),
            )
            .selected(self.selected == Some(row.id))
            .faded(lost);
        line = match &row.last_tag {
            Some(tag) => line.tag(Some(icons::TAG_SIMPLE), tag),
            None => line.weak_right("no tag"),
        };
        for (mark, words) in &words {
            line = line.mark(*mark, words);
        }
        let response = line.show(ui, row_id(row.id));
        if response.clicked() {
            self.select(row.id);
        }
        let name = format!("Menu of {}", row.name);
        let row_id = row.id;
        widgets::row_menu(&response, ui, &name, |ui| {
            self.project_menu(ui, ctx, row_id, &row.path);
        });
    }

    /// The menu of a project, in its row and behind the dots of its page.
    pub(super) fn project_menu(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        project: ProjectId,
        path: &str,
    ) {
        let in_window = super::actions::in_window(ctx);
        let mut chosen = None;
        for (id, blocked) in [
            (CommandId::Pack, None),
            (CommandId::EditKitfile, None),
            (CommandId::CompareRuns, None),
            (CommandId::Rescan, None),
            (
                CommandId::Reveal,
                (!in_window).then_some("Only in the window: a browser may not open folders"),
            ),
            (CommandId::CopyCommandLine, None),
        ] {
            let spec = id.spec();
            let key = id.key().unwrap_or_default();
            if MenuItem::new(spec.name)
                .icon(spec.icon)
                .key(&key)
                .blocked(blocked)
                .show(ui)
            {
                chosen = Some(id);
            }
        }
        if MenuItem::new("Copy path").icon(icons::COPY).show(ui) {
            ctx.commands
                .send(crate::commands::Command::Copy(path.to_owned()));
        }
        widgets::menu_rule(ui);
        if MenuItem::new("Move to group…")
            .icon(icons::FOLDER_SIMPLE)
            .show(ui)
        {
            super::actions::ask_group(ctx, project);
        }
        let stop = CommandId::StopWatching.spec();
        let key = CommandId::StopWatching.key().unwrap_or_default();
        if MenuItem::new(stop.name)
            .icon(stop.icon)
            .key(&key)
            .danger()
            .show(ui)
        {
            chosen = Some(CommandId::StopWatching);
        }
        if let Some(id) = chosen {
            self.select(project);
            ctx.commands.go(Place::Projects(Some(project)));
            ctx.commands.run(id);
        }
    }
}

fn row_id(project: ProjectId) -> Id {
    Id::unique(("project", project.0))
}

/// The project that an arrow goes to from the row with the focus.
fn arrow(ui: &Ui, lines: &[ListLine], rows: &[ProjectRow]) -> Option<ProjectId> {
    let listed: Vec<ProjectId> = lines
        .iter()
        .filter_map(|line| match line {
            ListLine::Row(i) => rows.get(*i).map(|row| row.id),
            ListLine::Group { .. } => None,
        })
        .collect();
    let focused = ui.memory(|memory| memory.focused())?;
    let at = listed.iter().position(|id| row_id(*id) == focused)?;
    let filter = egui::EventFilter {
        vertical_arrows: true,
        ..egui::EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(focused, filter));
    let (up, down) = ui.input(|input| {
        (
            input.key_pressed(egui::Key::ArrowUp),
            input.key_pressed(egui::Key::ArrowDown),
        )
    });
    match (up, down) {
        (true, false) => listed.get(at.checked_sub(1)?).copied(),
        (false, true) => listed.get(at + 1).copied(),
        _ => None,
    }
}

fn line_height(line: &ListLine) -> f32 {
    match line {
        ListLine::Group { .. } => sizes::SECTION_ROW,
        ListLine::Row(_) => sizes::LIST_3,
    }
}

fn line_name(line: &ListLine, rows: &[ProjectRow]) -> String {
    match line {
        ListLine::Group { name, .. } => name.clone(),
        ListLine::Row(i) => rows
            .get(*i)
            .map_or_else(String::new, |row| row.id.0.to_string()),
    }
}

/// A quiet line in the middle of the list's place while nothing is known.
pub(super) fn quiet(ui: &mut Ui, words: &str) {
    let t = Tokens::of(ui);
    widgets::inset(ui, sizes::PAGE_INSET, |ui| {
        widgets::label(ui, Type::Small, t.text_3, words);
    });
}
