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
            if !self.slots.contains_key(run) {
                let slot = self.free_slot();
                self.slots.insert(run.to_owned(), slot);
            }
            self.order.push(run.to_owned());
        } else if !on && self.on.remove(run) {
            self.order.retain(|id| id != run);
        }
    }

    /// The first slot that no run has; when all are taken, one of a run that is not drawn now;
    /// else one above the last, which is drawn grey.
    fn free_slot(&mut self) -> usize {
        let mut taken = [false; SLOTS];
        for slot in self.slots.values() {
            if let Some(place) = taken.get_mut(*slot) {
                *place = true;
            }
        }
        if let Some(free) = taken.iter().position(|taken| !taken) {
            return free;
        }
        if self.on.len() > SLOTS {
            return SLOTS;
        }
        let idle = self
            .slots
            .iter()
            .filter(|(id, slot)| **slot < SLOTS && !self.on.contains(*id));
        match idle
            .min_by_key(|(_, slot)| **slot)
            .map(|(id, slot)| (id.clone(), *slot))
        {
            Some((id, slot)) => {
                self.slots.remove(&id);
                slot
            }
            None => SLOTS,
        }
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

    /// Give a run another colour and marker; a run that has them takes the other's.
    pub fn recolor(&mut self, run: &str, slot: usize) {
        let before = self.slots.get(run).copied();
        if let (Some(holder), Some(before)) = (
            self.slots
                .iter()
                .find(|(_, taken)| **taken == slot)
                .map(|(id, _)| id.clone()),
            before,
        ) {
            self.slots.insert(holder, before);
        }
        self.slots.insert(run.to_owned(), slot);
    }

    /// As it is kept.
    #[must_use]
    pub fn saved(&self) -> Vec<(String, usize)> {
        self.order
            .iter()
            .take(KEPT_TICKS)
            .map(|id| (id.clone(), self.slot(id).unwrap_or(0)))
            .collect()
    }

    /// The inverse.
    #[must_use]
    pub fn restored(saved: &[(String, usize)]) -> Self {
        let mut ticks = Self::default();
        for (id, slot) in saved {
            ticks.slots.insert(id.clone(), *slot);
            if ticks.on.insert(id.clone()) {
                ticks.order.push(id.clone());
            }
        }
        ticks
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
        assert_eq!((ticks.slot("a"), ticks.slot("d")), (Some(3), Some(0)));
        assert_eq!(Ticks::restored(&ticks.saved()).saved(), ticks.saved());
    }

    #[test]
    fn the_thirty_first_run_is_grey_unless_a_slot_lies_idle() {
        let mut ticks = Ticks::default();
        (0..31).for_each(|run| ticks.set(&format!("{run}"), true));
        assert_eq!(ticks.slot("30"), Some(SLOTS));
        ticks.set("7", false);
        ticks.set("30", false);
        ticks.set("new", true);
        assert_eq!(ticks.slot("new"), Some(7));
        assert_eq!(ticks.slot("7"), None);
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
