//! Plots over whole runs: scatter, box and violin, bar, correlation. The engine makes their
//! figures; here they are asked for, drawn on a card and linked with everything else: a run under
//! the pointer is drawn stronger everywhere, a brushed range greys out the runs outside.

mod bars;
mod boxes;
mod head;
mod scale;
mod scatter;

use std::collections::{HashMap, HashSet};

use egui::{Color32, Id, Pos2, Rect, Response, Role, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use kitbench_protocol::{
    Correlation, GetPlot, Pick, Plot, PlotFigures, PlotView, Quantity, ReviewPlot, RunChoice,
};

use super::Compare;
use super::cards::plot_card;
use super::cells::slot_color;
use super::charts::{card_box, hint};
use super::curves::Drawn;
use super::numbers;
use super::setup::{Over, PlotSetup};
use super::state::SLOTS;
use crate::app::ViewCtx;
use crate::backend::{Remote, RemoteView};
use crate::theme::{Marker, Tokens, icons, sizes};
use crate::widgets::{self, FailureAction};

/// A plot's figures and what they were asked for.
#[derive(Default)]
pub struct PlotData {
    remote: Remote<PlotView>,
    asked: Option<GetPlot>,
}

impl PlotData {
    /// Points were added.
    pub fn refresh(&mut self) {
        self.remote.invalidate();
    }

    fn update(&mut self, ctx: &ViewCtx<'_>, want: GetPlot) {
        if self.asked.as_ref() != Some(&want) && !self.remote.is_loading() {
            self.asked = Some(want);
            self.remote.invalidate();
        }
        if let Some(asked) = &self.asked {
            self.remote.ask(ctx.client, ctx.now, || asked.clone());
        }
    }
}

/// What a plot is drawn with.
struct PlotScene<'a> {
    setup: &'a PlotSetup,
    /// Ticked runs by id.
    drawn: HashMap<&'a str, &'a Drawn>,
    /// Names of all runs.
    name: &'a dyn Fn(&str) -> String,
    strong: [Option<&'a str>; 2],
    outside: &'a HashSet<String>,
}

impl PlotScene<'_> {
    /// Colour of a run: its own when it is ticked, else grey; weak outside of a brushed range.
    fn color(&self, t: &Tokens, run: &str) -> Color32 {
        let slot = self.drawn.get(run).map_or(SLOTS, |drawn| drawn.slot);
        let color = slot_color(t, slot);
        if self.outside.contains(run) {
            t.faded_run(color)
        } else {
            color
        }
    }

    fn is_strong(&self, run: &str) -> bool {
        self.strong.contains(&Some(run))
    }

    /// A run's mark at a place.
    fn mark(&self, ui: &Ui, at: Pos2, run: &str) {
        let t = Tokens::of(ui);
        let color = self.color(t, run);
        match self.drawn.get(run) {
            Some(drawn) => {
                widgets::paint_marker(ui, at, Marker::of_slot(drawn.slot), color, true);
            }
            None => {
                ui.painter().circle_filled(at, 3.0, color);
            }
        }
        if self.is_strong(run) {
            ui.painter()
                .circle_stroke(at, 7.0, egui::Stroke::new(1.5, t.text));
        }
    }
}

/// What the user did in a plot.
#[derive(Default)]
struct PlotActed {
    /// The pointer is over this run.
    near: Option<String>,
    /// A run was clicked.
    picked: Option<String>,
    /// A range was brushed: the runs outside of it. `Some(None)` takes it away.
    brush: Option<Option<HashSet<String>>>,
    /// A parameter's row was clicked.
    param: Option<String>,
}

impl Compare {
    /// One plot on its card.
    pub(super) fn plot_card_ui(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        id: u32,
        card: Rect,
    ) {
        let (Some(project), Some(setup)) = (
            self.project,
            self.setup.plots.iter().find(|plot| plot.id == id).cloned(),
        ) else {
            return;
        };
        let want = GetPlot {
            project,
            runs: self.choice(&setup),
            plot: setup.plot.clone(),
        };
        let mut data = self.plots.remove(&id).unwrap_or_default();
        data.update(ctx, want);
        card_box(ui, card);
        let head = Rect::from_min_size(card.min, vec2(card.width(), 30.0));
        self.plot_head(ui, ctx, &setup, head);
        let body = Rect::from_min_max(
            pos2(card.left() + 10.0, head.bottom() + 2.0),
            pos2(card.right() - 8.0, card.bottom() - 22.0),
        );
        let mut child = ui.new_child(UiBuilder::new().id_salt(("plot", id)).max_rect(body));
        match data.remote.view() {
            RemoteView::Loading(since) => widgets::skeleton(&mut child, since, 28.0),
            RemoteView::Failed(failure) => {
                if widgets::failed(&mut child, failure) == Some(FailureAction::Retry) {
                    data.remote.invalidate();
                }
            }
            RemoteView::Ready { value, .. } => {
                let acted = self.draw_plot(&mut child, drawn, &setup, value, body);
                self.plot_foot(ui, &setup, value, card);
                self.take_plot_acts(&setup, acted);
            }
        }
        self.plots.insert(id, data);
    }

    fn choice(&self, setup: &PlotSetup) -> RunChoice {
        match setup.over {
            Over::Listed => RunChoice::Listed(self.asked_filter_text()),
            Over::Ticked => RunChoice::These(
                self.ticks()
                    .map(|ticks| ticks.order().to_vec())
                    .unwrap_or_default(),
            ),
        }
    }

    /// The filter of the listed runs; while a new one is wrong, the last that was right.
    fn asked_filter_text(&self) -> String {
        if self.filter_error.is_some() {
            return self.good_filter.clone();
        }
        self.filter.applied.clone()
    }

    fn draw_plot(
        &self,
        ui: &mut Ui,
        drawn: &[Drawn],
        setup: &PlotSetup,
        view: &PlotView,
        body: Rect,
    ) -> PlotActed {
        let name = |id: &str| {
            let at = self.model.place_of(id);
            at.map_or_else(
                || id.to_owned(),
                |at| self.model.table.runs[at].name.clone(),
            )
        };
        let scene = PlotScene {
            setup,
            drawn: drawn.iter().map(|run| (run.id.as_str(), run)).collect(),
            name: &name,
            strong: [self.sight.focus.as_deref(), self.sight.near.as_deref()],
            outside: &self.sight.outside,
        };
        show(ui, body, &scene, view)
    }

    fn take_plot_acts(&mut self, setup: &PlotSetup, acted: PlotActed) {
        if acted.near.is_some() {
            self.sight.near_next = acted.near;
        }
        if let Some(run) = acted.picked {
            self.sight.focus = if self.sight.focus.as_ref() == Some(&run) {
                None
            } else {
                Some(run)
            };
        }
        if let Some(outside) = acted.brush {
            self.sight.brush(&plot_card(setup.id), outside);
        }
        if let (Some(param), Plot::Correlation { with, .. }) = (acted.param, &setup.plot) {
            let id = self.setup.next_plot();
            self.setup.plots.push(PlotSetup {
                id,
                plot: Plot::Scatter {
                    x: Quantity::Param(param),
                    y: with.clone(),
                },
                over: setup.over,
                log_x: false,
                log_y: false,
            });
        }
    }

    /// How many runs are in it, which method, what is left out.
    fn plot_foot(&self, ui: &Ui, setup: &PlotSetup, view: &PlotView, card: Rect) {
        let id = Id::unique(("plot honesty", setup.id));
        super::honesty::paint(ui, id, card, &honesty(setup, view), false);
    }
}

/// Draws the figures.
fn show(ui: &mut Ui, body: Rect, scene: &PlotScene<'_>, view: &PlotView) -> PlotActed {
    if view.left_out >= view.runs {
        hint(ui, body, icons::CHART_LINE, "No run has these values");
        return PlotActed::default();
    }
    match &view.what {
        PlotFigures::Scatter {
            points,
            x_words,
            y_words,
            ..
        } => {
            let (x_words, y_words) = (x_words.as_deref(), y_words.as_deref());
            scatter::show(ui, body, scene, points, x_words, y_words)
        }
        PlotFigures::Boxes(groups) => boxes::show(ui, body, scene, groups),
        PlotFigures::Bars(bars) => bars::show_bars(ui, body, scene, bars),
        PlotFigures::Correlation(rows) => bars::show_correlation(ui, body, scene, rows),
        // Drawn from the table by its own card.
        PlotFigures::Parallel(_) => PlotActed::default(),
    }
}

/// A plot as a review kept it; answers which run the pointer is over.
pub fn show_saved(
    ui: &mut Ui,
    body: Rect,
    plot: &ReviewPlot,
    figures: &PlotView,
    runs: &[Drawn],
    near: Option<&str>,
) -> Option<String> {
    let name = |id: &str| {
        let run = runs.iter().find(|run| run.id == id);
        run.map_or_else(|| id.to_owned(), |run| run.name.clone())
    };
    let scene = PlotScene {
        setup: &saved_setup(plot),
        drawn: runs.iter().map(|run| (run.id.as_str(), run)).collect(),
        name: &name,
        strong: [near, None],
        outside: &HashSet::new(),
    };
    show(ui, body, &scene, figures).near
}

/// The title and the honesty line of a plot that a review kept.
pub fn saved_words(plot: &ReviewPlot, figures: &PlotView) -> (String, String) {
    let title = plot_title(&plot.plot);
    (title, honesty(&saved_setup(plot), figures))
}

fn saved_setup(plot: &ReviewPlot) -> PlotSetup {
    PlotSetup {
        id: 0,
        plot: plot.plot.clone(),
        over: Over::Ticked,
        log_x: plot.log_x,
        log_y: plot.log_y,
    }
}

/// The spoken name of a plot, on what is drawn.
fn speak(ui: &Ui, response: &Response, words: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words));
    widgets::focus_ring(ui, response.rect, sizes::RADIUS_XS, response);
}

fn honesty(setup: &PlotSetup, view: &PlotView) -> String {
    let shown = view.runs - view.left_out;
    let which = match setup.over {
        Over::Listed => "listed",
        Over::Ticked => "ticked",
    };
    let mut parts = vec![if view.left_out == 0 {
        format!("n = {shown}, all {which} runs")
    } else {
        format!(
            "n = {shown} of {} {which} runs, {} without a value",
            view.runs, view.left_out
        )
    }];
    match &view.what {
        PlotFigures::Scatter {
            spearman, pearson, ..
        } => {
            for (word, value) in [("Spearman", spearman), ("Pearson", pearson)] {
                parts.extend(value.map(|value| format!("{word} {value:.2}")));
            }
        }
        PlotFigures::Boxes(_) => {
            if matches!(setup.plot, Plot::Boxes { violin: true, .. }) {
                parts.push("normal density, Silverman's width; boxes below n = 3".to_owned());
            } else {
                parts.push("whiskers to the furthest values within 1.5 boxes".to_owned());
            }
        }
        PlotFigures::Correlation(rows) => {
            if let Plot::Correlation { method, .. } = &setup.plot {
                parts.push(method_word(*method).to_owned());
            }
            let without = rows.iter().filter(|row| row.coefficient.is_none()).count();
            if without > 0 {
                parts.push(format!(
                    "{} without one",
                    crate::format::count(without as u64, "parameter", "parameters")
                ));
            }
        }
        PlotFigures::Bars(_) | PlotFigures::Parallel(_) => {}
    }
    parts.join(" · ")
}

fn method_word(method: Correlation) -> &'static str {
    match method {
        Correlation::Spearman => "Spearman (ranks)",
        Correlation::Pearson => "Pearson (values)",
    }
}

fn kind_word(plot: &Plot) -> &'static str {
    match plot {
        Plot::Scatter { .. } => "Scatter",
        Plot::Boxes { violin: false, .. } => "Box",
        Plot::Boxes { violin: true, .. } => "Violin",
        Plot::Bars { .. } => "Bars",
        Plot::Correlation { .. } => "Correlation with",
        Plot::Parallel { .. } => "Parallel coordinates",
    }
}

/// As a plot is spoken of: `Scatter of val/loss over lr`.
fn plot_title(plot: &Plot) -> String {
    match plot {
        Plot::Scatter { x, y } => {
            format!("Scatter of {} over {}", quantity_name(y), quantity_name(x))
        }
        Plot::Boxes { value, group, .. } => {
            let by = group
                .as_ref()
                .map(|group| format!(" by {}", quantity_name(group)));
            format!(
                "{} plot of {}{}",
                kind_word(plot),
                quantity_name(value),
                by.unwrap_or_default()
            )
        }
        Plot::Bars { value } => format!("Bars of {}", quantity_name(value)),
        Plot::Correlation { with, .. } => format!("Correlation with {}", quantity_name(with)),
        Plot::Parallel { .. } => "parallel coordinates".to_owned(),
    }
}

fn quantity_name(quantity: &Quantity) -> String {
    match quantity {
        Quantity::Param(name) | Quantity::Metric(name, Pick::Last) => name.clone(),
        Quantity::Metric(name, Pick::Min) => format!("lowest {name}"),
        Quantity::Metric(name, Pick::Max) => format!("highest {name}"),
        Quantity::Tag(name) => format!("tag {name}"),
        Quantity::Source => "source".to_owned(),
        Quantity::State => "status".to_owned(),
        Quantity::Duration => "duration".to_owned(),
    }
}

/// The quantity of an axis or column of this id.
pub fn quantity_of(id: &str) -> Option<Quantity> {
    Some(match id.split_once(':') {
        Some(("param", name)) => Quantity::Param(name.to_owned()),
        Some(("metric", name)) => Quantity::Metric(name.to_owned(), Pick::Last),
        Some(("min", name)) => Quantity::Metric(name.to_owned(), Pick::Min),
        Some(("max", name)) => Quantity::Metric(name.to_owned(), Pick::Max),
        Some(("tag", name)) => Quantity::Tag(name.to_owned()),
        _ => return None,
    })
}

/// A value of a quantity as it is written.
fn value_words(value: f64, words: Option<&[String]>) -> String {
    match words {
        Some(words) => words.get(value as usize).cloned().unwrap_or_default(),
        None => numbers::figure(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_says_what_it_is_and_what_it_leaves_out() {
        let setup = PlotSetup {
            id: 1,
            plot: Plot::Scatter {
                x: Quantity::Param("lr".into()),
                y: Quantity::Metric("loss".into(), Pick::Min),
            },
            over: Over::Listed,
            log_x: false,
            log_y: false,
        };
        assert_eq!(plot_title(&setup.plot), "Scatter of lowest loss over lr");
        let view = PlotView {
            runs: 9,
            left_out: 2,
            what: PlotFigures::Scatter {
                points: Vec::new(),
                x_words: None,
                y_words: None,
                spearman: Some(-0.456),
                pearson: None,
            },
        };
        assert_eq!(
            honesty(&setup, &view),
            "n = 7 of 9 listed runs, 2 without a value · Spearman -0.46"
        );
        assert_eq!(
            quantity_of("min:a/b"),
            Some(Quantity::Metric("a/b".into(), Pick::Min))
        );
        assert_eq!(quantity_of("name"), None);
    }
}
