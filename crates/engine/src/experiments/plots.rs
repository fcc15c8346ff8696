//! Plots over whole runs: their figures for the screen, and as files.

use kitbench_protocol as protocol;
use kitbench_protocol::{
    BoxFigures, ChartFormat, Correlated, ErrorKind, ErrorView, ExportPlot, ExportedFile, GetPlot,
    ParallelFigures, Plot, PlotAxis, PlotFigures, PlotView, ProjectId, RunChoice, ScatterPoint,
};
use kitbench_runs::Run;
use kitbench_runs::chart::{BoxGroup, Figure, LineAcross, PlotChart, Rgb, Spot};
use kitbench_runs::filter::Filter;
use kitbench_runs::plots::stats::{Summary, pearson, spearman};
use kitbench_runs::plots::{self, Correlation, Pick, Placed, Quantity};

use super::export::{PNG_SCALE, file_name, palette, rgb};
use super::{ProjectRuns, lock, view_of_runs};
use crate::Inner;
use crate::errors::internal;

/// Runs without a colour of their own.
const GREY: Rgb = [0x8B, 0x93, 0xA2];

/// A plot's figures.
pub fn get(inner: &Inner, call: &GetPlot) -> Result<PlotView, ErrorView> {
    figures(inner, call.project, &call.runs, &call.plot).map(|(view, _)| view)
}

/// The figures, and the names of the runs by id.
fn figures(
    inner: &Inner,
    project: ProjectId,
    choice: &RunChoice,
    plot: &Plot,
) -> Result<(PlotView, Vec<(String, String)>), ErrorView> {
    let runs = inner.experiments.of(inner, project)?;
    figures_of(&lock(&runs), choice, plot)
}

/// The figures of open runs, and the names of the runs by id.
pub(super) fn figures_of(
    runs: &ProjectRuns,
    choice: &RunChoice,
    plot: &Plot,
) -> Result<(PlotView, Vec<(String, String)>), ErrorView> {
    let chosen = chosen(runs, choice)?;
    let ids: Vec<&str> = chosen.iter().map(|(id, _)| id.as_str()).collect();
    let of: Vec<&Run> = chosen.iter().map(|(_, run)| *run).collect();
    let placed = |what: &protocol::Quantity| {
        let what = quantity(what);
        Placed::new(&of.iter().map(|run| what.of(run)).collect::<Vec<_>>())
    };
    let (what, shown) = match plot {
        Plot::Scatter { x, y } => scatter(&ids, placed(x), placed(y)),
        Plot::Boxes {
            value,
            group,
            violin,
        } => {
            let by = group.as_ref().map(quantity);
            let groups = plots::groups(&of, &quantity(value), by.as_ref());
            let shown = groups.iter().map(|group| group.values.len()).sum();
            let groups = groups.into_iter().map(|g| box_figures(&ids, g, *violin));
            (PlotFigures::Boxes(groups.collect()), shown)
        }
        Plot::Bars { value } => {
            let placed = placed(value);
            let bars: Vec<(String, f64)> = ids
                .iter()
                .zip(&placed.at)
                .filter(|_| placed.words.is_none())
                .filter_map(|(id, at)| Some(((*id).to_owned(), (*at)?)))
                .collect();
            let shown = bars.len();
            (PlotFigures::Bars(bars), shown)
        }
        Plot::Correlation { with, method } => {
            let with = quantity(with);
            let found = plots::correlations(&of, &with, correlation(*method));
            let shown = Placed::new(&of.iter().map(|run| with.of(run)).collect::<Vec<_>>());
            let rows = found.into_iter().map(|found| Correlated {
                param: found.param,
                coefficient: found.coefficient.ok(),
                n: found.n as u32,
                why: found.coefficient.err().map(str::to_owned),
            });
            (
                PlotFigures::Correlation(rows.collect()),
                shown.at.iter().flatten().count(),
            )
        }
        Plot::Parallel { axes } => {
            let axes: Vec<ParallelFigures> = axes
                .iter()
                .map(|axis| parallel(&ids, axis, placed(&axis.quantity)))
                .collect();
            let crossed = |id: &&&str| axes.iter().any(|a| a.at.iter().any(|(run, _)| run == *id));
            let shown = ids.iter().filter(crossed).count();
            (PlotFigures::Parallel(axes), shown)
        }
    };
    let names = chosen
        .iter()
        .map(|(id, run)| (id.clone(), run.name.clone()))
        .collect();
    let view = PlotView {
        runs: of.len() as u32,
        left_out: of.len().saturating_sub(shown) as u32,
        what,
    };
    Ok((view, names))
}

fn chosen<'a>(
    runs: &'a ProjectRuns,
    choice: &RunChoice,
) -> Result<Vec<(String, &'a Run)>, ErrorView> {
    let found = match choice {
        RunChoice::Listed(_) => runs.own_runs(),
        // Packed tags are drawn when they are ticked.
        RunChoice::These(_) => runs.runs(),
    };
    let found = found.into_iter().map(|found| (found.id, found.run));
    match choice {
        RunChoice::Listed(filter) if filter.trim().is_empty() => Ok(found.collect()),
        RunChoice::Listed(filter) => {
            let filter = Filter::parse(filter).map_err(|error| {
                ErrorView::new(
                    ErrorKind::Invalid,
                    format!("The filter is not understood: {}", error.message),
                    "Correct it in the field over the runs.",
                )
            })?;
            Ok(found.filter(|(_, run)| filter.matches(run)).collect())
        }
        RunChoice::These(ids) => {
            let all: std::collections::HashMap<String, &Run> = found.collect();
            let known = |id: &String| Some((id.clone(), *all.get(id)?));
            Ok(ids.iter().filter_map(known).collect())
        }
    }
}

fn scatter(ids: &[&str], x: Placed, y: Placed) -> (PlotFigures, usize) {
    let points: Vec<ScatterPoint> = ids
        .iter()
        .zip(x.at.iter().zip(&y.at))
        .filter_map(|(id, (x, y))| {
            Some(ScatterPoint {
                run: (*id).to_owned(),
                x: (*x)?,
                y: (*y)?,
            })
        })
        .collect();
    let numbers = x.words.is_none() && y.words.is_none();
    let xs: Vec<f64> = points.iter().map(|p| p.x).collect();
    let ys: Vec<f64> = points.iter().map(|p| p.y).collect();
    let shown = points.len();
    let figures = PlotFigures::Scatter {
        spearman: spearman(&xs, &ys).filter(|_| numbers),
        pearson: pearson(&xs, &ys).filter(|_| numbers),
        points,
        x_words: x.words,
        y_words: y.words,
    };
    (figures, shown)
}

fn box_figures(ids: &[&str], group: plots::Group, violin: bool) -> BoxFigures {
    let values = group.values.iter();
    BoxFigures {
        label: group.label,
        q1: group.summary.q1,
        median: group.summary.median,
        q3: group.summary.q3,
        mean: group.summary.mean,
        low: group.summary.low,
        high: group.summary.high,
        values: values
            .filter_map(|(at, value)| Some(((*ids.get(*at)?).to_owned(), *value)))
            .collect(),
        density: if violin { group.density } else { Vec::new() },
    }
}

fn parallel(ids: &[&str], axis: &PlotAxis, placed: Placed) -> ParallelFigures {
    let limits = kitbench_runs::reduce::limits(placed.at.iter().flatten());
    let (low, high) = limits.unwrap_or((0.0, 1.0));
    let share = |value: f64| {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        if axis.flipped { 1.0 - share } else { share }
    };
    ParallelFigures {
        name: quantity(&axis.quantity).name(),
        at: ids
            .iter()
            .zip(&placed.at)
            .filter_map(|(id, at)| Some(((*id).to_owned(), share((*at)?))))
            .collect(),
        words: placed.words,
        low,
        high,
        flipped: axis.flipped,
    }
}

fn quantity(what: &protocol::Quantity) -> Quantity {
    match what {
        protocol::Quantity::Param(name) => Quantity::Param(name.clone()),
        protocol::Quantity::Metric(name, pick) => Quantity::Metric(
            name.clone(),
            match pick {
                protocol::Pick::Last => Pick::Last,
                protocol::Pick::Min => Pick::Min,
                protocol::Pick::Max => Pick::Max,
            },
        ),
        protocol::Quantity::Tag(name) => Quantity::Tag(name.clone()),
        protocol::Quantity::Source => Quantity::Source,
        protocol::Quantity::State => Quantity::State,
        protocol::Quantity::Duration => Quantity::Duration,
    }
}

fn correlation(method: protocol::Correlation) -> Correlation {
    match method {
        protocol::Correlation::Spearman => Correlation::Spearman,
        protocol::Correlation::Pearson => Correlation::Pearson,
    }
}

/// The plot as a picture, or its figures as CSV.
pub fn export(inner: &Inner, call: &ExportPlot) -> Result<ExportedFile, ErrorView> {
    let (view, names) = figures(inner, call.project, &call.runs, &call.plot)?;
    let name = |id: &str| {
        let known = names.iter().find(|(known, _)| known == id);
        known.map_or(id, |(_, name)| name.as_str()).to_owned()
    };
    let (ending, media_type, bytes) = match call.format {
        ChartFormat::Csv => ("csv", "text/csv", csv(call, &view, &name)?),
        ChartFormat::Svg => {
            let svg = picture(call, &view, &name).svg();
            let svg = svg.map_err(|error| view_of_runs(&error))?;
            ("svg", "image/svg+xml", svg.into_bytes())
        }
        ChartFormat::Png => {
            let png = picture(call, &view, &name).png(PNG_SCALE);
            let png = png.map_err(|error| view_of_runs(&error))?;
            ("png", "image/png", png)
        }
    };
    Ok(ExportedFile {
        suggested_name: format!("{}.{ending}", file_name(&title(&call.plot))),
        media_type: media_type.into(),
        bytes,
    })
}

pub(super) fn title(plot: &Plot) -> String {
    let name = |what: &protocol::Quantity| quantity(what).name();
    match plot {
        Plot::Scatter { x, y } => format!("{} over {}", name(y), name(x)),
        Plot::Boxes {
            value,
            group: Some(group),
            ..
        } => format!("{} by {}", name(value), name(group)),
        Plot::Boxes { value, .. } | Plot::Bars { value } => name(value),
        Plot::Correlation { with, method } => format!(
            "Correlation of parameters with {} ({})",
            name(with),
            correlation(*method).name()
        ),
        Plot::Parallel { .. } => "Parallel coordinates".into(),
    }
}

pub(super) fn picture(
    call: &ExportPlot,
    view: &PlotView,
    name: &dyn Fn(&str) -> String,
) -> PlotChart {
    let colour = |id: &str| {
        let known = call.colors.iter().find(|run| run.id == id);
        known.map_or(GREY, |run| rgb(run.color))
    };
    let quantity_name = |what: &protocol::Quantity| quantity(what).name();
    let (x_label, y_label) = match &call.plot {
        Plot::Scatter { x, y } => (quantity_name(x), quantity_name(y)),
        Plot::Boxes { value, group, .. } => (
            group.as_ref().map(quantity_name).unwrap_or_default(),
            quantity_name(value),
        ),
        Plot::Bars { value } => (quantity_name(value), String::new()),
        Plot::Correlation { method, .. } => (
            format!("{} coefficient", correlation(*method).name()),
            String::new(),
        ),
        Plot::Parallel { .. } => Default::default(),
    };
    let mut notes = vec![format!(
        "n = {} of {} runs",
        view.runs - view.left_out,
        view.runs
    )];
    let figure = match &view.what {
        PlotFigures::Scatter {
            points,
            x_words,
            y_words,
            spearman,
            pearson,
        } => {
            for (word, value) in [("Spearman", spearman), ("Pearson", pearson)] {
                notes.extend(value.map(|value| format!("{word} {value:.3}")));
            }
            let off = |p: &&ScatterPoint| {
                (call.log_x && x_words.is_none() && p.x <= 0.0)
                    || (call.log_y && y_words.is_none() && p.y <= 0.0)
            };
            let off = points.iter().filter(off).count();
            if off > 0 {
                notes.push(format!("{off} not positive, off the log axis"));
            }
            Figure::Scatter {
                spots: points
                    .iter()
                    .map(|p| Spot {
                        label: name(&p.run),
                        colour: colour(&p.run),
                        x: p.x,
                        y: p.y,
                    })
                    .collect(),
                x_words: x_words.clone(),
                y_words: y_words.clone(),
                log_x: call.log_x,
                log_y: call.log_y,
            }
        }
        PlotFigures::Boxes(groups) => {
            notes.push("whiskers: furthest values within 1.5 times the box".into());
            Figure::Boxes {
                groups: groups
                    .iter()
                    .map(|group| BoxGroup {
                        label: group.label.clone(),
                        summary: Summary {
                            q1: group.q1,
                            median: group.median,
                            q3: group.q3,
                            mean: group.mean,
                            low: group.low,
                            high: group.high,
                        },
                        values: group
                            .values
                            .iter()
                            .map(|(run, value)| (*value, colour(run)))
                            .collect(),
                        density: group.density.clone(),
                    })
                    .collect(),
                log_y: call.log_y,
            }
        }
        PlotFigures::Bars(bars) => Figure::Bars(
            bars.iter()
                .map(|(run, value)| Spot {
                    label: name(run),
                    colour: colour(run),
                    x: 0.0,
                    y: *value,
                })
                .collect(),
        ),
        PlotFigures::Correlation(rows) => {
            let without: Vec<String> = rows
                .iter()
                .filter_map(|row| Some(format!("{}: {}", row.param, row.why.as_ref()?)))
                .collect();
            notes.extend(without);
            Figure::Correlation(
                rows.iter()
                    .filter_map(|row| Some((row.param.clone(), row.coefficient?, row.n as usize)))
                    .collect(),
            )
        }
        PlotFigures::Parallel(axes) => parallel_figure(axes, &colour),
    };
    PlotChart {
        title: title(&call.plot),
        x_label,
        y_label,
        figure,
        note: notes.join(" · "),
        palette: palette(call.theme),
        width: call.width,
        height: call.height,
    }
}

fn parallel_figure(axes: &[ParallelFigures], colour: &dyn Fn(&str) -> Rgb) -> Figure {
    let mut runs: Vec<&str> = Vec::new();
    for (run, _) in axes.iter().flat_map(|axis| &axis.at) {
        if !runs.contains(&run.as_str()) {
            runs.push(run);
        }
    }
    let lines = runs
        .into_iter()
        .map(|run| LineAcross {
            colour: colour(run),
            at: axes
                .iter()
                .map(|axis| {
                    let known = axis.at.iter().find(|(known, _)| known == run);
                    known.map(|(_, share)| *share)
                })
                .collect(),
        })
        .collect();
    let axes = axes
        .iter()
        .map(|axis| {
            let turn = |share: f64| if axis.flipped { 1.0 - share } else { share };
            let ticks = match &axis.words {
                Some(words) => {
                    let last = words.len().saturating_sub(1).max(1) as f64;
                    let at = |i: usize| {
                        if words.len() < 2 {
                            0.5
                        } else {
                            i as f64 / last
                        }
                    };
                    let words = words.iter().enumerate();
                    words.map(|(i, word)| (turn(at(i)), word.clone())).collect()
                }
                None if axis.low == axis.high => vec![(0.5, axis.low.to_string())],
                None => kitbench_runs::chart::ticks_of(axis.low, axis.high, 5)
                    .into_iter()
                    .map(|(value, text)| (turn((value - axis.low) / (axis.high - axis.low)), text))
                    .collect(),
            };
            (axis.name.clone(), ticks)
        })
        .collect();
    Figure::Parallel { axes, lines }
}

pub(super) fn csv(
    call: &ExportPlot,
    view: &PlotView,
    name: &dyn Fn(&str) -> String,
) -> Result<Vec<u8>, ErrorView> {
    let quantity_name = |what: &protocol::Quantity| quantity(what).name();
    let mut rows: Vec<Vec<String>> = Vec::new();
    match (&view.what, &call.plot) {
        (
            PlotFigures::Scatter {
                points,
                x_words,
                y_words,
                ..
            },
            Plot::Scatter { x, y },
        ) => {
            let word = |words: &Option<Vec<String>>, at: f64| match words {
                Some(words) => words.get(at as usize).cloned().unwrap_or_default(),
                None => at.to_string(),
            };
            rows.push(vec![
                "run".into(),
                "name".into(),
                quantity_name(x),
                quantity_name(y),
            ]);
            rows.extend(points.iter().map(|p| {
                vec![
                    p.run.clone(),
                    name(&p.run),
                    word(x_words, p.x),
                    word(y_words, p.y),
                ]
            }));
        }
        (PlotFigures::Boxes(groups), Plot::Boxes { value, group, .. }) => {
            let by = group.as_ref().map_or("group".to_owned(), quantity_name);
            rows.push(vec![by, "run".into(), "name".into(), quantity_name(value)]);
            for group in groups {
                rows.extend(group.values.iter().map(|(run, value)| {
                    vec![
                        group.label.clone(),
                        run.clone(),
                        name(run),
                        value.to_string(),
                    ]
                }));
            }
        }
        (PlotFigures::Bars(bars), Plot::Bars { value }) => {
            rows.push(vec!["run".into(), "name".into(), quantity_name(value)]);
            rows.extend(
                bars.iter()
                    .map(|(run, value)| vec![run.clone(), name(run), value.to_string()]),
            );
        }
        (PlotFigures::Correlation(found), Plot::Correlation { method, .. }) => {
            rows.push(vec![
                "parameter".into(),
                correlation(*method).name().to_lowercase(),
                "n".into(),
                "why none".into(),
            ]);
            rows.extend(found.iter().map(|row| {
                vec![
                    row.param.clone(),
                    row.coefficient.map(|c| c.to_string()).unwrap_or_default(),
                    row.n.to_string(),
                    row.why.clone().unwrap_or_default(),
                ]
            }));
        }
        (PlotFigures::Parallel(axes), _) => {
            rows.push(vec![
                "axis".into(),
                "run".into(),
                "name".into(),
                "value".into(),
            ]);
            for axis in axes {
                rows.extend(axis.at.iter().map(|(run, share)| {
                    let share = if axis.flipped { 1.0 - share } else { *share };
                    let value = match &axis.words {
                        Some(words) => {
                            let at = share * words.len().saturating_sub(1) as f64;
                            words.get(at.round() as usize).cloned().unwrap_or_default()
                        }
                        None => (axis.low + share * (axis.high - axis.low)).to_string(),
                    };
                    vec![axis.name.clone(), run.clone(), name(run), value]
                }));
            }
        }
        // The figures are made from the same plot.
        _ => return Err(internal("an export", "figures of another plot")),
    }
    let mut bytes = Vec::new();
    kitbench_runs::export::rows(rows, &mut bytes)
        .map_err(|error| internal("an export", &error.to_string()))?;
    Ok(bytes)
}
