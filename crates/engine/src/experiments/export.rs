//! A chart as a file: what is on the screen, drawn again from all points.

use kitbench_protocol::{
    ChartFormat, ErrorKind, ErrorView, ExportChart, ExportedFile, ThemeChoice, XAxis,
};
use kitbench_runs::chart::{BandLine, Chart, Line, Palette, Rgb};

use super::lines::{lines, listed};
use super::series::{axis, band, drawable, metrics, smoothing};
use super::{lock, servers, view_of_runs};
use crate::Inner;

/// Pixels of a PNG per pixel of the chart, so that it stays sharp in a report.
pub(super) const PNG_SCALE: f64 = 2.0;

pub fn export(inner: &Inner, call: &ExportChart) -> Result<ExportedFile, ErrorView> {
    let chosen = call.runs.iter().map(|run| &run.id);
    let metrics = metrics(&call.metric, &call.options);
    servers::fetch(inner, call.project, chosen, &metrics);
    let runs = inner.experiments.of(inner, call.project)?;
    let mut runs = lock(&runs);
    let mut drawn = Vec::new();
    let mut series_of_runs = Vec::new();
    let mut damage = Vec::new();
    let ids: Vec<String> = call.runs.iter().map(|run| run.id.clone()).collect();
    let drawable = drawable(&runs, &ids, &call.metric, &call.options);
    for (wanted, _) in call.runs.iter().zip(drawable).filter(|(_, yes)| *yes) {
        let Some(run) = runs.run(&wanted.id).cloned() else {
            continue;
        };
        if let Some(problem) = run.problems.first() {
            damage.push(format!("{}: {}", run.name, problem.message));
        }
        let parts = lines(
            &mut runs,
            &wanted.id,
            &call.metric,
            call.x_axis,
            &call.options,
        )?;
        let split = parts.len() > 1;
        for part in parts.iter() {
            drawn.push(Line {
                label: if split {
                    format!("{}, session {}", wanted.label, part.session + 1)
                } else {
                    wanted.label.clone()
                },
                colour: rgb(wanted.color),
                x: listed(part),
                y: part.curve.y().to_vec(),
            });
        }
        series_of_runs.push((run, runs.series(&wanted.id, &call.metric)?));
    }
    if drawn.is_empty() {
        return Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("None of the chosen runs has the metric `{}`.", call.metric),
            "Tick a run that has it.",
        ));
    }
    let mut bands = Vec::new();
    if let Some((kind, groups)) = &call.bands {
        for group in groups {
            let found = band(
                &mut runs,
                group,
                &call.metric,
                *kind,
                call.x_axis,
                call.smoothing,
                &call.options,
            )?;
            let (points, members) = &*found;
            let first = call.runs.iter().find(|run| group.runs.contains(&run.id));
            if *members > 0 {
                bands.push(BandLine {
                    label: format!("{} (n = {members})", group.label),
                    colour: first.map_or([0x80; 3], |run| rgb(run.color)),
                    points: points.clone(),
                });
            }
        }
        drawn.clear();
    }
    let (ending, media_type, bytes) = match call.format {
        ChartFormat::Csv => {
            let mut bytes = Vec::new();
            let rows = series_of_runs
                .iter()
                .map(|(run, series)| (run, call.metric.as_str(), series.as_ref()));
            // Writing into memory does not fail.
            kitbench_runs::export::csv(rows, &mut bytes)
                .map_err(|error| crate::errors::internal("an export", &error.to_string()))?;
            ("csv", "text/csv", bytes)
        }
        ChartFormat::Svg => {
            let svg = chart(call, drawn, bands, &damage)
                .svg()
                .map_err(|error| view_of_runs(&error))?;
            ("svg", "image/svg+xml", svg.into_bytes())
        }
        ChartFormat::Png => {
            let png = chart(call, drawn, bands, &damage)
                .png(PNG_SCALE)
                .map_err(|error| view_of_runs(&error))?;
            ("png", "image/png", png)
        }
    };
    Ok(ExportedFile {
        suggested_name: format!("{}.{ending}", file_name(&call.metric)),
        media_type: media_type.into(),
        bytes,
    })
}

fn chart(call: &ExportChart, lines: Vec<Line>, bands: Vec<BandLine>, damage: &[String]) -> Chart {
    Chart {
        title: call.metric.clone(),
        x_label: match &call.options.x_metric {
            Some(metric) => metric.clone(),
            None => axis_label(call.x_axis).into(),
        },
        x_axis: match call.options.x_metric {
            Some(_) => axis(XAxis::Step),
            None => axis(call.x_axis),
        },
        log_x: call.options.log_x,
        log_y: call.log_y,
        x_range: call.x_range,
        lines,
        bands,
        smoothing: smoothing(call.smoothing),
        legend: true,
        note: damage.join("; "),
        palette: palette(call.theme),
        width: call.width,
        height: call.height,
        ..Chart::default()
    }
}

/// What stands under the axis.
pub(super) fn axis_label(axis: XAxis) -> &'static str {
    match axis {
        XAxis::Step => "step",
        XAxis::Time => "time",
        XAxis::Relative => "time since the start",
    }
}

/// The theme's surfaces, as on the screen; `System` is drawn light.
pub(super) fn palette(theme: ThemeChoice) -> Palette {
    match theme {
        ThemeChoice::Dark => dark(),
        ThemeChoice::Light | ThemeChoice::System => Palette::default(),
    }
}

fn dark() -> Palette {
    Palette {
        background: rgb(0x16181D),
        text: rgb(0xE7E9EE),
        muted: rgb(0x8B93A2),
        grid: rgb(0x272B34),
        axis: rgb(0x3A404C),
    }
}

pub(super) fn rgb(color: u32) -> Rgb {
    let [_, red, green, blue] = color.to_be_bytes();
    [red, green, blue]
}

/// A metric's name as a file name.
pub(super) fn file_name(metric: &str) -> String {
    let name: String = metric
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .take(80)
        .collect();
    if name.trim_matches(['.', '-']).is_empty() {
        "chart".into()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn metric_names_become_file_names() {
        assert_eq!(file_name("val/macro f1"), "val-macro-f1");
        assert_eq!(file_name(".."), "chart");
    }
}
