//! Stars and notes of runs, as the table shows and sorts by them. Kept by Kitbench for the project;
//! nothing is written to a tracker.

use std::collections::HashMap;
use std::rc::Rc;

use egui::{CursorIcon, Key, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use kitbench_protocol::{GetRunMarks, ProjectId, RunMark, RunRow, SetRunMark};

use super::Compare;
use super::cells::Asked;
use super::model::RunsModel;
use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::{self, Tokens, icons, sizes};
use crate::widgets::{self, Cell, MenuItem};

/// What was said of runs, by their id.
pub type ByRun = Rc<HashMap<String, RunMark>>;

/// The marks of the open project.
#[derive(Default)]
pub struct Marks {
    project: Option<ProjectId>,
    remote: Remote<Vec<RunMark>>,
    seen: u64,
    by_run: ByRun,
}

impl Marks {
    /// Ask when due; whether something else is known than before.
    pub fn update(&mut self, ctx: &ViewCtx<'_>, project: ProjectId) -> bool {
        if self.project != Some(project) {
            *self = Self {
                project: Some(project),
                ..Self::default()
            };
        }
        self.remote
            .ask(ctx.client, ctx.now, || GetRunMarks { project });
        if self.remote.version() == self.seen {
            return false;
        }
        self.seen = self.remote.version();
        let Some(marks) = self.remote.value() else {
            return false;
        };
        let by_run = marks.iter().map(|mark| (mark.run.clone(), mark.clone()));
        let by_run: HashMap<String, RunMark> = by_run.collect();
        let changed = *self.by_run != by_run;
        self.by_run = Rc::new(by_run);
        changed
    }

    /// A mark was set.
    pub fn invalidate(&mut self) {
        self.remote.invalidate();
    }

    /// All of them.
    #[must_use]
    pub fn by_run(&self) -> &ByRun {
        &self.by_run
    }
}

impl Compare {
    /// Give a run its star or take it, keeping its note. Shown at once; what the engine answers
    /// follows.
    pub(super) fn star(&mut self, ctx: &ViewCtx<'_>, run: &str, starred: bool) {
        let Some(project) = self.project else { return };
        let known = Rc::make_mut(&mut self.marks.by_run);
        let mark = known.entry(run.to_owned()).or_insert_with(|| RunMark {
            run: run.to_owned(),
            ..RunMark::default()
        });
        mark.starred = starred;
        let mark = mark.clone();
        self.stale = true;
        ctx.act(SetRunMark { project, mark }, |(), _| {});
    }

    /// `S` gives the run under the cursor a star, or takes it.
    pub(super) fn star_key(&self, ui: &Ui, asked: &mut Vec<Asked>) {
        if !ui.input(|input| input.modifiers.is_none() && input.key_pressed(Key::S)) {
            return;
        }
        let run = self.table.cursor.and_then(|line| self.model.run(line));
        if let Some(run) = run {
            asked.push(Asked::Star(run.id.clone(), !self.model.starred(&run.id)));
        }
    }

    /// Star and note in the menu of a run's row.
    pub(super) fn mark_items(
        &self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        run: &RunRow,
        asked: &mut Vec<Asked>,
    ) {
        let starred = self.model.starred(&run.id);
        if MenuItem::new("Star").key("S").checked(starred).show(ui) {
            asked.push(Asked::Star(run.id.clone(), !starred));
        }
        if MenuItem::new("Note…").icon(icons::NOTE).show(ui)
            && let Some(project) = self.project
        {
            let dialog = super::pair::NoteDialog::new(project, &run.id, &run.name);
            ctx.commands.send(Command::Show(Box::new(dialog)));
        }
    }
}

/// A star that can be pressed; filled when the run has it.
pub(super) fn star_cell(
    cell: &mut Cell<'_>,
    model: &RunsModel,
    run: &RunRow,
    asked: &mut Vec<Asked>,
) {
    if model.place_of(&run.id).is_none() {
        return;
    }
    let on = model.starred(&run.id);
    if on {
        cell.spoken("starred");
    }
    let area = cell.rect();
    cell.widgets(|ui| {
        let t = Tokens::of(ui);
        let rect = Rect::from_center_size(area.center(), vec2(sizes::HIT_MIN, sizes::HIT_MIN));
        let id = ui.scope_id().with(("star", &run.id));
        let response = ui
            .interact(rect, id, Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        let name = format!("Star {}", run.name);
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, &name));
        if on {
            theme::icon_fill(ui.painter(), rect.center(), icons::STAR, 14.0, t.warn);
        } else {
            let color = if response.hovered() {
                t.text_2
            } else {
                t.line_input
            };
            theme::icon(ui.painter(), rect.center(), icons::STAR, 14.0, color);
        }
        widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        if response.clicked() {
            asked.push(Asked::Star(run.id.clone(), !on));
        }
    });
}
