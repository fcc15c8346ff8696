//! Projects: what changed, what is not covered, what to do next.
//!
//! | file | what |
//! |---|---|
//! | [`model`] | the list as data: words of states, filter, groups |
//! | [`page_model`] | the page as data: banner, figures, layers, treemap |
//! | `list` | the list of projects and the menu of one |
//! | `page`, `summary` | head, banner, figures, states |
//! | `layers`, `decisions`, `problems`, `contents` | the cards of the page |
//! | `push_preview`, `dialogs` | dialogs |
//! | `actions` | what is asked of the engine |

mod actions;
mod contents;
mod decisions;
mod dialogs;
mod layers;
mod list;
pub mod model;
mod page;
pub mod page_model;
mod problems;
mod push_preview;
#[cfg(test)]
mod snapshots;
mod summary;

use std::collections::BTreeSet;

use egui::Ui;
use kitbench_protocol::{EventKind, ProjectDetail, ProjectId, ProjectRow};
use serde::{Deserialize, Serialize};

use crate::app::{Place, View, ViewCtx};
use crate::backend::RemoteMap;
use crate::commands::{Command, CommandId, Entity};
use crate::theme::{icons, sizes};
use crate::views::welcome::Welcome;
use crate::widgets::{self, Side, TableState};

use dialogs::StopWatching;
use model::Only;
use page_model::Measure;
use push_preview::PushPreview;

/// Width of the list on a wide window, and on a narrow one.
const LIST: f32 = 312.0;
const LIST_NARROW: f32 = 220.0;

/// What is kept over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    width: Option<f32>,
    only: Only,
    closed: BTreeSet<String>,
    measure: Measure,
    show_files: bool,
    selected: Option<i64>,
}

/// The Projects screen.
#[derive(Default)]
pub struct Projects {
    kept: Kept,
    selected: Option<ProjectId>,
    /// Was opened, but the list has not told of it yet: a project that was just added.
    wanted: Option<ProjectId>,
    filter: String,
    details: RemoteMap<ProjectId, ProjectDetail>,
    /// The layer that is looked at alone, by its place in the treemap.
    layer: Option<usize>,
    /// The box that was clicked.
    marked: Option<(usize, Option<usize>)>,
    layers_table: TableState,
    files_table: TableState,
    show_treemap: bool,
    /// Asks the next frame to bring the first decision into sight and focus it.
    to_decisions: bool,
    /// Ids and names for the palette.
    known: Vec<(ProjectId, String, String)>,
    welcome: Welcome,
}

impl Projects {
    fn select(&mut self, project: ProjectId) {
        self.wanted = None;
        if self.selected != Some(project) {
            self.selected = Some(project);
            self.kept.selected = Some(project.0);
            self.layer = None;
            self.marked = None;
            self.layers_table = TableState::default();
            self.files_table = TableState::default();
        }
    }

    /// Select something that is there; note what there is for the palette.
    fn follow(&mut self, ctx: &ViewCtx<'_>, rows: &[ProjectRow]) {
        let there = |id: ProjectId| rows.iter().any(|row| row.id == id);
        if let Some(wanted) = self.wanted.filter(|id| there(*id)) {
            self.select(wanted);
        }
        if !self.selected.is_some_and(there) {
            let opened = ctx.shared.info.value().and_then(|info| info.open_project);
            let next = self
                .kept
                .selected
                .map(ProjectId)
                .filter(|id| there(*id))
                .or(opened.filter(|id| there(*id)))
                .or_else(|| model::first(rows));
            let wanted = self.wanted;
            match next {
                Some(id) => self.select(id),
                None => self.selected = None,
            }
            self.wanted = wanted;
        }
        let same = self.known.len() == rows.len()
            && self
                .known
                .iter()
                .zip(rows)
                .all(|((id, name, _), row)| *id == row.id && *name == row.name);
        if !same {
            self.known = rows
                .iter()
                .map(|row| (row.id, row.name.clone(), ctx.shared.short_path(&row.path)))
                .collect();
        }
    }

    fn selected_row<'a>(&self, ctx: &ViewCtx<'a>) -> Option<&'a ProjectRow> {
        let id = self.selected?;
        ctx.shared.projects.value()?.iter().find(|row| row.id == id)
    }
}

impl View for Projects {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        ui.spacing_mut().item_spacing.y = 0.0;
        if let Some(rows) = ctx.shared.projects.value() {
            self.follow(ctx, rows);
            if rows.is_empty() {
                self.welcome.page(ui, ctx);
                return;
            }
        }
        let usual = if ui.ctx().content_rect().width() < sizes::VERY_NARROW {
            LIST_NARROW
        } else {
            LIST
        };
        let before = self.kept.width.unwrap_or(usual);
        let mut width = before;
        widgets::split_with(
            ui,
            "Projects",
            Side::Left,
            &mut width,
            usual,
            self,
            |ui, this| this.list(ui, ctx),
            |ui, this| this.page(ui, ctx),
        );
        // Only a width that was dragged is kept; else it follows the window.
        if (width - before).abs() > 0.5 {
            self.kept.width = Some(width);
        }
    }

    fn open(&mut self, place: &Place, _: &ViewCtx<'_>) {
        if let Place::Projects(Some(project)) = place
            && self.selected != Some(*project)
        {
            self.wanted = Some(*project);
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Projects(self.selected))
    }

    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        self.selected_row(ctx)
            .map(|row| vec![(row.name.clone(), None)])
            .unwrap_or_default()
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let Some(row) = self.selected_row(ctx) else {
            return false;
        };
        let project = row.id;
        match command {
            CommandId::Pack => ctx
                .commands
                .send(Command::Show(crate::views::pack_dialog::open(project))),
            CommandId::PreviewPush => {
                let reference = self
                    .details
                    .value(&project)
                    .and_then(|detail| detail.last_pack.as_ref())
                    .map(|pack| pack.reference.clone());
                match reference {
                    Some(reference) if page_model::registry_of(&reference).is_some() => ctx
                        .commands
                        .send(Command::Show(Box::new(PushPreview::new(reference)))),
                    _ => return false,
                }
            }
            CommandId::EditKitfile => ctx.commands.go(Place::Kitfile(project)),
            CommandId::CompareRuns => ctx.commands.go(Place::Experiments(Some(project))),
            CommandId::Rescan => actions::rescan(ctx, project),
            CommandId::Reveal if actions::in_window(ctx) => actions::reveal(ctx, &row.path),
            CommandId::StopWatching => {
                let dialog = StopWatching {
                    project,
                    name: row.name.clone(),
                    path: ctx.shared.short_path(&row.path),
                };
                ctx.commands.send(Command::Show(Box::new(dialog)));
            }
            CommandId::CopyCommandLine => {
                let tag = self
                    .details
                    .value(&project)
                    .map_or("latest", |detail| detail.suggested_tag.as_str());
                let name = row.name.to_lowercase().replace(' ', "-");
                let path = row.path.replace('\'', "'\\''");
                ctx.commands.send(Command::Copy(format!(
                    "kit pack '{path}' -t localhost/{name}:{tag}"
                )));
            }
            _ => return false,
        }
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        match event {
            EventKind::Project(id) | EventKind::KitfileOnDisk(id) => self.details.invalidate(id),
            EventKind::Store => self.details.invalidate_all(),
            EventKind::Job(job) if !job.state.is_active() => self.details.invalidate_all(),
            _ => {}
        }
        self.welcome.on_event(event);
    }

    fn refresh(&mut self) {
        self.details.invalidate_all();
        self.welcome.refresh();
    }

    fn entities(&self, out: &mut Vec<Entity>) {
        out.extend(self.known.iter().map(|(id, name, path)| Entity {
            name: name.clone(),
            note: format!("Project, {path}"),
            icon: icons::FOLDERS,
            place: Place::Projects(Some(*id)),
        }));
    }

    fn save(&self) -> Option<String> {
        serde_json::to_string(&self.kept).ok()
    }

    fn restore(&mut self, saved: &str) {
        if let Ok(kept) = serde_json::from_str(saved) {
            self.kept = kept;
        }
    }
}
