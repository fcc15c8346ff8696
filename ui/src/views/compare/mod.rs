//! Comparing experiments: which run is best, what made it so.
//!
//! | file | what |
//! |---|---|
//! | [`model`] | the runs table as data: columns, order, groups, best values |
//! | [`curves`], [`axes`], [`numbers`] | charts and parallel coordinates as data, ticks, figures |
//! | [`filter`] | the filter's text: colours and completion |
//! | [`state`] | ticks, charts' questions to the engine, what is kept |
//! | [`setup`] | axis, smoothing, bands, order and size of charts, notes on them |
//! | `ui` | head, tool bars, layout, states |
//! | `grid`, `cards` | where the charts' cards stand; moving and resizing them |
//! | `axis_paint` | grid lines and labels of every plot |
//! | `gestures` | what pointer, wheel and keys do in a chart |
//! | `lines`, `strips` | a chart's lines as triangles, kept between frames; dense lines |
//! | `table`, `values`, `charts`, `plot`, `parallel`, `filter_field` | drawing |
//! | `plots` | scatter, box, violin, bar and correlation plots over whole runs |
//! | `marks` | stars and notes of runs |
//! | `sources`, `export`, `report_dialog` | what was found where; files out |

pub mod axes;
mod axis_paint;
mod cards;
mod cells;
mod chart_frame;
mod charts;
mod charts_bar;
pub mod columns;
pub mod curves;
mod export;
pub mod filter;
mod filter_field;
mod gestures;
mod grid;
mod groups;
mod head;
mod honesty;
mod leaderboard;
mod lines;
mod marks;
mod media;
pub mod model;
pub mod numbers;
mod pair;
mod parallel;
mod plot;
mod plot_marks;
mod plots;
mod report_dialog;
mod review;
pub mod setup;
#[cfg(test)]
mod snapshots;
mod sources;
pub mod state;
mod strips;
mod table;
mod table_bar;
mod ui;
mod values;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use egui::Ui;
use kitbench_protocol::{EventKind, FilterError, ListRuns, ProjectId, RunsTable};

use crate::app::{Place, View, ViewCtx};
use crate::backend::Remote;
use crate::commands::CommandId;
use crate::theme::Tokens;
use crate::widgets::TableState;

use axes::{AxesState, Parallel};
use charts::Sight;
use curves::Drawn;
use filter_field::FilterField;
use marks::Marks;
use model::{Arrangement, RunsModel};
use setup::ChartSetup;
use sources::servers::Servers;
use state::{Chart, Saved, SavedView, Ticks};
use values::Values;

/// The Experiments screen.
#[derive(Default)]
pub struct Compare {
    project: Option<ProjectId>,
    filter: FilterField,
    runs: Remote<RunsTable>,
    asked_filter: Option<(ProjectId, String)>,
    seen: u64,
    /// A table has arrived; [`Self::model`] holds the last one whose filter was right.
    known: bool,
    filter_error: Option<FilterError>,
    /// The filter of the rows that are listed.
    good_filter: String,
    arrangement: Arrangement,
    model: RunsModel,
    /// Grows each time the model is made.
    made: u64,
    stale: bool,
    table: TableState,
    pointer_in_table: bool,
    /// The user asked for another order, so rows move under the pointer too.
    rearranged: bool,
    ticks: BTreeMap<ProjectId, Ticks>,
    setup: ChartSetup,
    charts: HashMap<String, Chart>,
    /// Figures of the plots over whole runs, by their id.
    plots: HashMap<u32, plots::PlotData>,
    /// What is searched for in the open menu.
    menu_search: String,
    /// A reference line that is being typed.
    reference: String,
    sight: Sight,
    axes: AxesState,
    /// The axes with what they were made from: [`Self::made`], arrangement, rows.
    parallel: Option<(u64, AxesState, Vec<usize>, Rc<Parallel>)>,
    values: Values,
    /// Packed tags under the runs.
    board: leaderboard::Board,
    reviews: review::Reviews,
    servers: Servers,
    /// Stars and notes.
    marks: Marks,
    views: BTreeMap<ProjectId, Vec<SavedView>>,
    view_name: String,
    width: Option<f32>,
    values_height: Option<f32>,
    dark: bool,
}

impl Compare {
    /// The ticks of the open project.
    fn ticks(&self) -> Option<&Ticks> {
        self.ticks.get(&self.project?)
    }

    fn ticks_mut(&mut self) -> Option<&mut Ticks> {
        Some(self.ticks.entry(self.project?).or_default())
    }

    /// Ticked runs that the table knows, in the order they were ticked.
    fn drawn(&self) -> Vec<Drawn> {
        let Some(ticks) = self.ticks() else {
            return Vec::new();
        };
        ticks
            .order()
            .iter()
            .filter_map(|id| {
                let Some(place) = self.model.place_of(id) else {
                    return self.board.drawn(id, ticks);
                };
                let run = self.model.table.runs.get(place)?;
                Some(Drawn {
                    id: id.clone(),
                    name: run.name.clone(),
                    slot: ticks.slot(id).unwrap_or(state::SLOTS),
                    state: run.state,
                    damaged: !run.problems.is_empty(),
                })
            })
            .collect()
    }

    /// Take another project.
    fn choose(&mut self, project: ProjectId) {
        if self.project == Some(project) {
            return;
        }
        self.project = Some(project);
        self.filter = FilterField::default();
        self.runs.clear();
        self.asked_filter = None;
        self.known = false;
        self.filter_error = None;
        self.model = RunsModel::default();
        self.table = TableState::default();
        self.charts.clear();
        self.plots.clear();
        self.sight = Sight::default();
        self.axes.ranges.clear();
        self.parallel = None;
        self.values = Values::default();
        self.reviews.show(None);
    }

    /// Ask for runs when due, and make what is drawn of the answer.
    fn update(&mut self, ui: &Ui, ctx: &ViewCtx<'_>) {
        if self.project.is_none() {
            let first = ctx
                .shared
                .projects
                .value()
                .and_then(|projects| projects.first())
                .map(|row| row.id);
            let open = ctx.shared.info.value().and_then(|info| info.open_project);
            if let Some(project) = open.or(first) {
                self.choose(project);
            }
        }
        let Some(project) = self.project else { return };
        self.filter.settle(ui);
        let want = (project, self.filter.applied.clone());
        if self.asked_filter.as_ref() != Some(&want) && !self.runs.is_loading() {
            self.asked_filter = Some(want);
            self.runs.invalidate();
        }
        if let Some((project, filter)) = self.asked_filter.clone() {
            self.runs
                .ask(ctx.client, ctx.now, || ListRuns { project, filter });
        }
        let mut arrived = None;
        if self.runs.version() != self.seen {
            self.seen = self.runs.version();
            if let Some(table) = self.runs.value() {
                self.filter_error.clone_from(&table.filter_error);
                if table.filter_error.is_none() || !self.known {
                    if let Some((_, filter)) = self
                        .asked_filter
                        .as_ref()
                        .filter(|_| table.filter_error.is_none())
                    {
                        self.good_filter.clone_from(filter);
                    }
                    arrived = Some(table.clone());
                    self.known = true;
                    self.stale = true;
                }
            }
        }
        self.stale |= self.marks.update(ctx, project);
        if std::mem::take(&mut self.stale) {
            // While the pointer is over the rows, they stay where they are.
            let still = self.pointer_in_table && !std::mem::take(&mut self.rearranged);
            let keep = still.then(|| self.model.order());
            let selected = self
                .table
                .cursor
                .and_then(|line| self.model.run(line))
                .map(|run| run.id.clone());
            let table = arrived.unwrap_or_else(|| std::mem::take(&mut self.model.table));
            let table = self.board.with_columns(table);
            let marks = self.marks.by_run().clone();
            self.model = RunsModel::new(table, marks, &self.arrangement, keep.as_deref());
            self.made += 1;
            if let Some(selected) = selected {
                self.table.cursor = (0..self.model.lines.len())
                    .find(|line| self.model.run(*line).is_some_and(|run| run.id == selected));
            }
        }
        if self.known {
            self.board.update(ctx, project, &self.model, self.made);
            self.stale |= self.board.wants_columns(&self.model.table);
        }
        self.reviews.update(ctx, project);
        self.servers.update(ctx, project);
    }

    /// The table must be arranged anew, and rows may move.
    fn rearrange(&mut self) {
        self.stale = true;
        self.rearranged = true;
    }

    fn tick_all(&mut self) {
        let order = self.model.order();
        let Some(ticks) = self.ticks_mut() else {
            return;
        };
        let all = order.iter().all(|id| ticks.has(id));
        for id in &order {
            ticks.set(id, !all);
        }
    }

    /// The tick in the head: draws the first ten, or takes all ticks away.
    fn tick_first_ten(&mut self) {
        let order = self.model.order();
        let Some(ticks) = self.ticks_mut() else {
            return;
        };
        if order.iter().any(|id| ticks.has(id)) {
            ticks.clear();
        } else {
            order.iter().take(10).for_each(|id| ticks.set(id, true));
        }
    }

    fn current_view(&self, name: String) -> SavedView {
        SavedView {
            name,
            filter: self.filter.applied.clone(),
            arrangement: self.arrangement.clone(),
            charts: self.setup.clone(),
            axes: self.axes.clone(),
            ticks: self.ticks().map(Ticks::saved).unwrap_or_default(),
        }
    }

    fn apply_view(&mut self, view: &SavedView) {
        self.filter.set(&view.filter);
        self.arrangement = view.arrangement.clone();
        self.setup = view.charts.clone();
        self.axes = view.axes.clone();
        if let Some(project) = self.project {
            self.ticks.entry(project).or_default().take(&view.ticks);
        }
        self.sight = Sight::default();
        self.rearrange();
    }
}

impl View for Compare {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        self.dark = Tokens::of(ui).dark;
        self.update(ui, ctx);
        self.keys(ui);
        self.screen(ui, ctx);
        let near = self.sight.near_next.take();
        if near != self.sight.near {
            self.sight.near = near;
            ui.ctx().request_repaint();
        }
    }

    fn open(&mut self, place: &Place, _: &ViewCtx<'_>) {
        if let Place::Experiments(Some(project)) = place {
            self.choose(*project);
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Experiments(self.project))
    }

    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        let Some(project) = self.project else {
            return Vec::new();
        };
        let name = ctx
            .shared
            .projects
            .value()
            .and_then(|rows| rows.iter().find(|row| row.id == project))
            .map(|row| row.name.clone());
        name.map(|name| {
            vec![
                (name, Some(Place::Projects(Some(project)))),
                ("Compare".to_owned(), None),
            ]
        })
        .unwrap_or_default()
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        if !self.known {
            return false;
        }
        match command {
            CommandId::DifferencesOnly => {
                self.arrangement.differences_only = !self.arrangement.differences_only;
                self.rearrange();
            }
            CommandId::TickAll => self.tick_all(),
            CommandId::LogAxis => self.set_log(!self.setup.log_y),
            CommandId::ExportChart => return self.ask_export(ctx),
            _ => return false,
        }
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        match event {
            EventKind::Runs(project) if self.project == Some(*project) => self.refresh(),
            EventKind::TrackingServers(project) if self.project == Some(*project) => {
                self.servers.invalidate();
            }
            EventKind::Store => self.board.invalidate(),
            EventKind::Project(project) if self.project == Some(*project) => {
                self.board.invalidate();
            }
            EventKind::Projects if !self.known => self.runs.invalidate(),
            _ => {}
        }
    }

    fn refresh(&mut self) {
        self.runs.invalidate();
        self.charts.values_mut().for_each(Chart::refresh);
        self.plots.values_mut().for_each(plots::PlotData::refresh);
        self.values.refresh();
        self.board.invalidate();
        self.reviews.invalidate();
        self.marks.invalidate();
        self.servers.invalidate();
    }

    fn save(&self) -> Option<String> {
        let saved = Saved {
            width: self.width,
            values_height: self.values_height,
            project: self.project,
            arrangement: self.arrangement.clone(),
            charts: self.setup.clone(),
            axes: self.axes.clone(),
            ticks: self
                .ticks
                .iter()
                .map(|(project, ticks)| (project.0, ticks.saved()))
                .collect(),
            slots: self
                .ticks
                .iter()
                .map(|(project, ticks)| (project.0, ticks.saved_slots()))
                .collect(),
            views: self
                .views
                .iter()
                .map(|(project, views)| (project.0, views.clone()))
                .collect(),
        };
        serde_json::to_string(&saved).ok()
    }

    fn restore(&mut self, saved: &str) {
        let Ok(saved) = serde_json::from_str::<Saved>(saved) else {
            return;
        };
        self.width = saved.width;
        self.values_height = saved.values_height;
        self.arrangement = saved.arrangement;
        self.setup = saved.charts;
        self.setup.mend();
        self.axes = saved.axes;
        self.ticks = saved
            .ticks
            .iter()
            .map(|(project, ticks)| {
                let idle = saved.slots.get(project).map_or(&[][..], Vec::as_slice);
                (ProjectId(*project), Ticks::restored(ticks, idle))
            })
            .collect();
        self.views = saved
            .views
            .into_iter()
            .map(|(project, views)| (ProjectId(project), views))
            .collect();
        if let Some(project) = saved.project
            && self.project.is_none()
        {
            self.choose(project);
        }
        self.stale = true;
    }
}
