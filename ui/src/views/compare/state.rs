//! What the Experiments screen remembers: ticks and colours, charts, and what is kept over a restart.

use std::collections::{BTreeMap, HashMap, HashSet};

use kitbench_protocol::{
    BandKind, BandView, CurveOptions, GetBands, GetSeries, ProjectId, RunGroup, SeriesView,
    Smoothing, XAxis,
};
use serde::{Deserialize, Serialize};

use super::axes::AxesState;
use super::curves::ChartData;
use super::lines::LineCache;
use super::model::Arrangement;
use super::setup::ChartSetup;
use crate::app::ViewCtx;
use crate::backend::Remote;

/// Runs that are drawn, in the order they were ticked, and the colour slot of every run that
/// ever was: a run keeps its slot, and unticking does not hand it on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticks {
    order: Vec<String>,
    on: HashSet<String>,
    slots: HashMap<String, usize>,
}

/// Slots with a colour and stroke of their own.
pub const SLOTS: usize = 30;
/// Ticks kept over a restart, per project.
const KEPT_TICKS: usize = 60;
/// Slots of runs that are not ticked, kept over a restart, per project.
const KEPT_SLOTS: usize = 500;

impl Ticks {
    /// The ticked runs.
    #[must_use]
    pub fn order(&self) -> &[String] {
        &self.order
    }

    /// Whether a run is drawn.
    #[must_use]
    pub fn has(&self, run: &str) -> bool {
        self.on.contains(run)
    }

    /// The slot of a run that is or was drawn.
    #[must_use]
    pub fn slot(&self, run: &str) -> Option<usize> {
        self.slots.get(run).copied()
    }

    /// Tick or untick.
    pub fn set(&mut self, run: &str, on: bool) {
        if on && self.on.insert(run.to_owned()) {
            if !self.slots.contains_key(run)
                && let Some(slot) = self.free_slot()
            {
                self.slots.insert(run.to_owned(), slot);
            }
            self.order.push(run.to_owned());
        } else if !on && self.on.remove(run) {
            self.order.retain(|id| id != run);
        }
    }

    /// The slot that the fewest runs have among those that no drawn run has; `None` when thirty are
    /// drawn. What a run has it keeps, so two that are never drawn together may have the same one.
    fn free_slot(&self) -> Option<usize> {
        let mut holders = [(false, 0usize); SLOTS];
        for (run, slot) in &self.slots {
            if let Some(held) = holders.get_mut(*slot) {
                held.0 |= self.on.contains(run);
                held.1 += 1;
            }
        }
        let free = (0..SLOTS).filter(|slot| !holders[*slot].0);
        free.min_by_key(|slot| holders[*slot].1)
    }

    /// The other state.
    pub fn toggle(&mut self, run: &str) {
        self.set(run, !self.has(run));
    }

    /// Untick all.
    pub fn clear(&mut self) {
        self.order.clear();
        self.on.clear();
    }

    /// Give a run another colour and marker. Those of others never change by it.
    pub fn recolor(&mut self, run: &str, slot: usize) {
        self.slots.insert(run.to_owned(), slot);
    }

    /// As a view keeps it: the ticked runs, each with its slot.
    #[must_use]
    pub fn saved(&self) -> Vec<(String, usize)> {
        self.order
            .iter()
            .take(KEPT_TICKS)
            .map(|id| (id.clone(), self.slot(id).unwrap_or(SLOTS)))
            .collect()
    }

    /// The slots of runs that are not ticked, for the next start.
    #[must_use]
    pub fn saved_slots(&self) -> Vec<(String, usize)> {
        let idle = self.slots.iter().filter(|(id, _)| !self.on.contains(*id));
        let mut slots: Vec<(String, usize)> = idle.map(|(id, slot)| (id.clone(), *slot)).collect();
        slots.sort();
        slots.truncate(KEPT_SLOTS);
        slots
    }

    /// The inverse.
    #[must_use]
    pub fn restored(ticked: &[(String, usize)], idle: &[(String, usize)]) -> Self {
        let mut ticks = Self::default();
        ticks.take(ticked);
        for (id, slot) in idle.iter().filter(|(_, slot)| *slot < SLOTS) {
            ticks.slots.entry(id.clone()).or_insert(*slot);
        }
        ticks
    }

    /// Tick exactly these runs. A run keeps the slot it has; one without takes the one given.
    pub fn take(&mut self, ticked: &[(String, usize)]) {
        self.clear();
        for (id, slot) in ticked {
            if *slot < SLOTS {
                self.slots.entry(id.clone()).or_insert(*slot);
            }
            if self.on.insert(id.clone()) {
                self.order.push(id.clone());
            }
        }
    }
}

/// A question for curves.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Whose.
    pub project: ProjectId,
    /// Of which runs.
    pub runs: Vec<String>,
    /// Over what.
    pub axis: XAxis,
    /// Seen part; `None` is all.
    pub x_range: Option<(f64, f64)>,
    /// Pixel columns.
    pub width: u32,
    /// How lines are smoothed.
    pub smoothing: Smoothing,
    /// Another x, resumed runs.
    pub options: CurveOptions,
    /// A band per group instead of a curve per run.
    pub bands: Option<(BandKind, Vec<RunGroup>)>,
}

impl Asked {
    fn series(&self, metric: &str) -> GetSeries {
        GetSeries {
            project: self.project,
            runs: self.runs.clone(),
            metric: metric.to_owned(),
            x_axis: self.axis,
            x_range: self.x_range,
            width: self.width,
            smoothing: self.smoothing,
            options: self.options.clone(),
        }
    }

    fn bands(&self, metric: &str) -> Option<GetBands> {
        let (kind, groups) = self.bands.clone()?;
        Some(GetBands {
            project: self.project,
            groups,
            metric: metric.to_owned(),
            kind,
            x_axis: self.axis,
            x_range: self.x_range,
            width: self.width,
            smoothing: self.smoothing,
            options: self.options.clone(),
        })
    }

    /// A new answer cannot wait for the slider to rest.
    fn urgent(&self, before: &Self) -> bool {
        self.runs != before.runs
            || self.axis != before.axis
            || self.project != before.project
            || self.options != before.options
            || self.bands != before.bands
    }
}

/// Zooming and dragging a slider rest this long before the engine is asked again, in seconds.
const REST: f64 = 0.12;

/// The curves of one metric: what is drawn now, and what was asked for.
#[derive(Default)]
pub struct Chart {
    /// The answer for runs.
    pub remote: Remote<Vec<SeriesView>>,
    /// The answer for groups.
    pub bands: Remote<Vec<BandView>>,
    /// What is drawn.
    pub data: ChartData,
    /// Grows with each change of [`Self::data`].
    pub version: u64,
    /// The lines as they were laid out last.
    pub lines: LineCache,
    /// Drawn points beyond the range of y that is shown.
    pub beyond: usize,
    range: Option<RangeOf>,
    asked: Option<Asked>,
    wanted: Option<(Asked, f64)>,
    built: Option<(bool, u64, bool, bool)>,
}

/// The range of y with what it was found for.
type RangeOf = ((u64, (f64, f64), bool), Option<((f64, f64), usize)>);

impl Chart {
    /// Whether groups are asked for.
    #[must_use]
    pub fn banded(&self) -> bool {
        self.asked
            .as_ref()
            .is_some_and(|asked| asked.bands.is_some())
    }

    /// Points were added.
    pub fn refresh(&mut self) {
        self.remote.invalidate();
        self.bands.invalidate();
    }

    /// Ask when that is due and take what arrived. While a newer answer is on its way the last
    /// curves stay.
    pub fn update(
        &mut self,
        egui: &egui::Context,
        ctx: &ViewCtx<'_>,
        metric: &str,
        want: Asked,
        log_y: bool,
    ) {
        if self.asked.as_ref() != Some(&want) {
            let since = match &self.wanted {
                Some((known, since)) if *known == want => *since,
                _ => ctx.now,
            };
            self.wanted = Some((want.clone(), since));
            let urgent = self.asked.as_ref().is_none_or(|asked| want.urgent(asked));
            self.remote.poll();
            self.bands.poll();
            let rested = ctx.now - since;
            let busy = self.remote.is_loading() || self.bands.is_loading();
            if (urgent || rested >= REST) && !busy {
                self.asked = Some(want);
                self.wanted = None;
                self.refresh();
            } else if rested < REST {
                egui.request_repaint_after_secs((REST - rested) as f32);
            }
        }
        let Some(asked) = &self.asked else { return };
        let log_x = asked.options.log_x;
        if let Some(call) = asked.bands(metric) {
            self.bands.ask(ctx.client, ctx.now, || call);
            let now = (true, self.bands.version(), log_x, log_y);
            if self.built != Some(now)
                && let Some(bands) = self.bands.value()
            {
                let groups = asked.bands.as_ref().map_or(&[][..], |(_, groups)| groups);
                let first = |label: &str| {
                    let group = groups.iter().find(|group| group.label == label);
                    group
                        .and_then(|group| group.runs.first().cloned())
                        .unwrap_or_default()
                };
                self.data = ChartData::of_bands(bands, log_x, log_y, first);
                self.version += 1;
                self.built = Some(now);
            }
            return;
        }
        self.remote
            .ask(ctx.client, ctx.now, || asked.series(metric));
        let now = (false, self.remote.version(), log_x, log_y);
        if self.built != Some(now)
            && let Some(series) = self.remote.value()
        {
            self.data = ChartData::new(series, log_x, log_y);
            self.version += 1;
            self.built = Some(now);
        }
    }

    /// See [`ChartData::y_range`]; found anew only when something it depends on changed.
    pub fn y_range(&mut self, x: (f64, f64), clip: bool) -> Option<((f64, f64), usize)> {
        let key = (self.version, x, clip);
        if let Some((known, range)) = &self.range
            && *known == key
        {
            return *range;
        }
        let range = self.data.y_range(x, clip);
        self.range = Some((key, range));
        range
    }
}

/// A named view of a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedView {
    /// Its name.
    pub name: String,
    /// Filter.
    pub filter: String,
    /// Table.
    pub arrangement: Arrangement,
    /// Charts.
    pub charts: ChartSetup,
    /// Axes.
    pub axes: AxesState,
    /// Ticked runs and their slots.
    pub ticks: Vec<(String, usize)>,
}

/// All that is kept over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// Width of the table.
    pub width: Option<f32>,
    /// Height of the table of values.
    pub values_height: Option<f32>,
    /// The project looked at last.
    pub project: Option<ProjectId>,
    /// Table.
    pub arrangement: Arrangement,
    /// Charts.
    pub charts: ChartSetup,
    /// Axes.
    pub axes: AxesState,
    /// Ticked runs per project.
    pub ticks: BTreeMap<i64, Vec<(String, usize)>>,
    /// Colours of runs that are not ticked, per project.
    pub slots: BTreeMap<i64, Vec<(String, usize)>>,
    /// Named views per project.
    pub views: BTreeMap<i64, Vec<SavedView>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_keeps_its_slot() {
        let mut ticks = Ticks::default();
        ["a", "b", "c"].iter().for_each(|run| ticks.set(run, true));
        ticks.toggle("b");
        ticks.set("d", true);
        assert_eq!(ticks.order(), ["a", "c", "d"]);
        assert_eq!(
            ticks.slot("d"),
            Some(3),
            "the slot of an unticked run is not handed on"
        );
        ticks.toggle("b");
        assert_eq!(ticks.slot("b"), Some(1));
        ticks.recolor("a", 3);
        assert_eq!((ticks.slot("a"), ticks.slot("d")), (Some(3), Some(3)));
        ticks.set("c", false);
        let back = Ticks::restored(&ticks.saved(), &ticks.saved_slots());
        assert_eq!(back.saved(), ticks.saved());
        assert_eq!(back.slot("c"), Some(2), "also of a run that is not ticked");
    }

    #[test]
    fn the_thirty_first_run_is_grey_and_no_colour_ever_changes() {
        let mut ticks = Ticks::default();
        (0..31).for_each(|run| ticks.set(&format!("{run}"), true));
        assert_eq!(ticks.slot("30"), None, "thirty are told apart");
        ticks.set("7", false);
        ticks.set("30", false);
        ticks.set("new", true);
        assert_eq!(ticks.slot("new"), Some(7), "the one that is not drawn now");
        assert_eq!(ticks.slot("7"), Some(7), "a run keeps its own");
        let before = ticks.saved();
        ticks.take(&[("new".to_owned(), 3), ("9".to_owned(), 0)]);
        assert_eq!(ticks.order(), ["new", "9"]);
        assert_eq!((ticks.slot("new"), ticks.slot("9")), (Some(7), Some(9)));
        ticks.take(&before);
        assert_eq!(ticks.saved(), before);
    }

    #[test]
    fn what_is_kept_reads_back() {
        let mut saved = Saved {
            project: Some(ProjectId(3)),
            ..Saved::default()
        };
        saved.ticks.insert(3, vec![("a".into(), 0)]);
        saved.charts.axis = XAxis::Relative;
        let text = serde_json::to_string(&saved).expect("plain data");
        assert_eq!(
            serde_json::from_str::<Saved>(&text).expect("its own text"),
            saved
        );
        assert_eq!(
            serde_json::from_str::<Saved>("{}").expect("an older text"),
            Saved::default()
        );
    }
}
