//! The charts of a review: curves as they were when it was saved, drawn as the live ones are. They
//! need neither runs nor engine.

use std::collections::HashSet;

use egui::{Align2, Color32, Rect, Ui};
use kitbench_protocol::{ExportRun, PlotView, ReviewChart, ReviewPlot, ReviewView, RunState};

use crate::theme::{Tokens, Type};
use crate::views::compare::curves::{self, ChartData, Drawn};
use crate::views::compare::gestures::{self, Acted};
use crate::views::compare::lines::LineCache;
use crate::views::compare::plot::{self, Scene};
use crate::views::compare::plots;
use crate::views::compare::setup::ChartSetup;
use crate::views::compare::state::SLOTS;
use crate::widgets;

/// The charts of the open review, and where one looks in them.
#[derive(Default)]
pub struct ReviewCharts {
    /// Version of the answer that they were made from.
    made: Option<u64>,
    charts: Vec<One>,
    runs: Vec<Drawn>,
    crosshair: Option<f64>,
    /// What was zoomed to; else what the review shows.
    zoom: Option<(f64, f64)>,
    /// The run that the pointer is near to, in whichever chart.
    near: Option<String>,
}

struct One {
    data: ChartData,
    setup: ChartSetup,
    lines: LineCache,
}

impl ReviewCharts {
    /// Take another answer.
    pub fn update(&mut self, version: u64, view: &ReviewView) {
        if self.made == Some(version) {
            return;
        }
        let charts = view.spec.charts.iter().enumerate();
        let charts = charts.map(|(at, chart)| One {
            data: data_of(view, at, chart),
            setup: setup_of(chart),
            lines: LineCache::default(),
        });
        *self = Self {
            made: Some(version),
            charts: charts.collect(),
            runs: runs_of(view),
            ..Self::default()
        };
    }

    /// Draw one of them.
    pub fn show(&mut self, ui: &mut Ui, rect: Rect, at: usize, chart: &ReviewChart) {
        let Some(one) = self.charts.get_mut(at) else {
            return;
        };
        let Some(all) = one.data.extent().filter(|_| !one.data.is_empty()) else {
            let t = Tokens::of(ui);
            let place = Align2::CENTER_CENTER;
            widgets::line(ui, rect, Type::Small, t.text_3, "No points", place);
            return;
        };
        let saved = chart.x_range.map(|(low, high)| {
            let place = |value| one.setup.place(value);
            (place(low), place(high))
        });
        let (low, high) = self.zoom.or(saved).unwrap_or(all);
        let x = if high > low {
            (low, high)
        } else {
            (low - 1.0, high + 1.0)
        };
        let outside = HashSet::new();
        let scene = Scene {
            metric: &chart.metric,
            data: &one.data,
            version: self.made.unwrap_or(0),
            setup: &one.setup,
            references: &[],
            pins: &[],
            runs: &self.runs,
            strong: [self.near.as_deref(), None],
            outside: &outside,
            x,
            y: one.data.y_range(x, true).map_or((0.0, 1.0), |(y, _)| y),
            y_held: false,
            log_y: chart.log_y,
            crosshair: self.crosshair,
            wheel: false,
        };
        let acted = ui.push_id(("review-chart", at), |ui| {
            plot::show(ui, rect, &scene, &mut one.lines)
        });
        self.take(ui, at, acted.inner, all);
    }

    /// Draw one of the plots over whole runs.
    pub fn show_plot(&mut self, ui: &mut Ui, rect: Rect, plot: &ReviewPlot, figures: &PlotView) {
        let near = self.near.clone();
        let now_near = plots::show_saved(ui, rect, plot, figures, &self.runs, near.as_deref());
        if now_near.is_some() && now_near != near {
            self.near = now_near;
            ui.ctx().request_repaint();
        }
    }

    fn take(&mut self, ui: &Ui, at: usize, acted: Acted, all: (f64, f64)) {
        let Some(one) = self.charts.get(at) else {
            return;
        };
        let before = (self.crosshair, self.zoom, self.near.clone());
        if let Some(x) = acted.hover {
            self.crosshair = Some(curves::snapped(&one.data, x));
            self.near = acted.near;
        }
        if let Some(forward) = acted.step
            && let Some(x) = curves::next_x([&one.data], self.crosshair, forward)
        {
            self.crosshair = Some(x);
        }
        if let Some((x, _)) = acted.zoom {
            self.zoom = gestures::within(x, all).or(Some(all));
        }
        if acted.reset {
            self.zoom = None;
        }
        if before != (self.crosshair, self.zoom, self.near.clone()) {
            ui.ctx().request_repaint();
        }
    }
}

/// What was drawn: bands over groups, or a curve per run.
fn data_of(view: &ReviewView, at: usize, chart: &ReviewChart) -> ChartData {
    let (log_x, log_y) = (chart.options.log_x, chart.log_y);
    if let (Some((_, groups)), Some(bands)) = (&chart.bands, view.bands.get(at)) {
        let first = |label: &str| {
            let group = groups.iter().find(|group| group.label == label);
            let run = group.and_then(|group| group.runs.first());
            run.cloned().unwrap_or_default()
        };
        return ChartData::of_bands(bands, log_x, log_y, first);
    }
    let curves = view.curves.get(at).map_or(&[][..], Vec::as_slice);
    ChartData::new(curves, log_x, log_y)
}

fn setup_of(chart: &ReviewChart) -> ChartSetup {
    ChartSetup {
        axis: chart.x_axis,
        x_metric: chart.options.x_metric.clone(),
        log_x: chart.options.log_x,
        resumed: chart.options.resumed,
        log_y: chart.log_y,
        ..ChartSetup::default()
    }
}

fn runs_of(view: &ReviewView) -> Vec<Drawn> {
    let runs = view.spec.runs.iter().enumerate();
    runs.map(|(at, run)| Drawn {
        id: run.id.clone(),
        name: run.label.clone(),
        slot: slot_in(&view.spec.runs, at),
        // What was live when the review was saved is not live in it.
        state: match view.table.runs.get(at).map(|row| row.state) {
            Some(RunState::Running) | None => RunState::Finished,
            Some(state) => state,
        },
        damaged: false,
    })
    .collect()
}

/// The slot whose colour a run had; where several runs had one colour, their strokes tell them
/// apart as they did then.
fn slot_in(runs: &[ExportRun], at: usize) -> usize {
    let (before, from) = runs.split_at(at);
    let Some(run) = from.first() else {
        return SLOTS;
    };
    let alike = before.iter().filter(|other| other.color == run.color);
    let slot = slot_of(run);
    if slot >= SLOTS {
        return slot;
    }
    (slot + alike.count() * Tokens::for_dark(false).runs.len()).min(SLOTS)
}

/// The slot whose colour a run had.
fn slot_of(run: &ExportRun) -> usize {
    let [_, red, green, blue] = run.color.to_be_bytes();
    let stored = Color32::from_rgb(red, green, blue);
    let light = Tokens::for_dark(false);
    let slot = light.runs.iter().position(|known| *known == stored);
    slot.unwrap_or(SLOTS)
}

/// The colour of a run in this theme.
#[must_use]
pub fn run_color(run: &ExportRun, t: &Tokens) -> Color32 {
    crate::views::compare::cells::slot_color(t, slot_of(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_colour_differ_in_their_strokes() {
        let colors = Tokens::for_dark(false).runs;
        let run = |slot: usize| ExportRun {
            id: slot.to_string(),
            color: u32::from_be_bytes([
                0,
                colors[slot % 10].r(),
                colors[slot % 10].g(),
                colors[slot % 10].b(),
            ]),
            label: slot.to_string(),
        };
        let runs = [run(2), run(12), run(0), run(22)];
        let slots: Vec<usize> = (0..4).map(|at| slot_in(&runs, at)).collect();
        assert_eq!(slots, [2, 12, 0, 22]);
    }
}
