//! A review as a file to hand on: HTML or Markdown, with its charts as pictures.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kitbench_protocol::{Better, ThemeChoice, Verdict};
use kitbench_runs::RunsError;
use kitbench_runs::chart::{Chart, Line};
use kitbench_runs::reduce::{Mark, Reduced};

use super::SIZE;
use super::format::{Curve, Drawn, Review, ReviewRun, Stretch, colour_of};
use super::kept::KeptPlot;
use super::plain::{address, cell, escape};
use crate::experiments::attach::figure;
use crate::experiments::record::from_number;
use crate::experiments::{columns, export, series};

/// Pixels of a PNG per pixel of the picture.
const PNG_SCALE: f64 = 2.0;

/// Names of files that a Markdown report leads to: chart pictures and a table of drawn points.
pub struct Beside {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Something with a picture.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    Chart(&'a Drawn),
    Plot(&'a KeptPlot),
}

impl Shown<'_> {
    /// For a file of its own.
    pub fn name(&self) -> String {
        match self {
            Shown::Chart(drawn) => drawn.metric.clone(),
            Shown::Plot(kept) => kept.title(),
        }
    }
}

impl Review {
    /// A chart of the stored data; the same whether or not the tracker is still there.
    pub fn chart(&self, drawn: &Drawn, theme: ThemeChoice) -> Chart {
        let mut lines = Vec::new();
        let mut given = Vec::new();
        let curves = match drawn.bands {
            Some(_) => &[][..],
            None => drawn.curves.as_slice(),
        };
        for curve in curves {
            let run = self.runs.iter().find(|run| run.id == curve.run);
            let name = run.map_or("", |run| run.name.as_str());
            lines.push(Line {
                label: if curve.sessions > 1 && curve.session > 0 {
                    format!("{name}, session {}", curve.session + 1)
                } else {
                    name.to_owned()
                },
                colour: export::rgb(run.map_or(0x80_8080, |run| colour_of(&run.colour))),
                x: Vec::new(),
                y: Vec::new(),
            });
            given.push(reduced(curve, drawn.log_y));
        }
        let extents = drawn.curves.iter().map(|curve| curve.extent);
        let extent = extents.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        Chart {
            title: drawn.metric.clone(),
            x_label: match &drawn.options.x_metric {
                Some(metric) => metric.clone(),
                None => export::axis_label(drawn.x_axis).into(),
            },
            x_axis: if drawn.options.x_metric.is_some() {
                kitbench_runs::XAxis::Step
            } else {
                series::axis(drawn.x_axis)
            },
            log_x: drawn.options.log_x,
            log_y: drawn.log_y,
            x_range: drawn.x_range.or(extent),
            lines,
            given,
            bands: self.band_lines(drawn),
            foot: Some(self.honesty(drawn)),
            palette: export::palette(theme),
            width: SIZE.0,
            height: SIZE.1,
            ..Chart::default()
        }
    }

    /// Points drawn of points logged, smoothing, what cannot be drawn, damage.
    pub fn honesty(&self, drawn: &Drawn) -> String {
        let sum = |count: &dyn Fn(&Curve) -> u64| drawn.curves.iter().map(count).sum::<u64>();
        let marks =
            |curve: &Curve| (curve.nan.len() + curve.pos_inf.len() + curve.neg_inf.len()) as u64;
        let (shown, logged) = (sum(&|c| c.drawn + marks(c)), sum(&|c| c.logged));
        let mut parts = vec![if shown >= logged {
            format!("all {logged} points")
        } else {
            format!("{shown} of {logged} points, highest and lowest per pixel kept")
        }];
        if let Some(bands) = &drawn.bands {
            parts = vec![bands.honesty()];
        }
        let smoothing = series::smoothing(drawn.smoothing);
        if smoothing != kitbench_runs::smooth::Smoothing::None {
            parts.push(format!("smoothed on all points: {}", smoothing.label()));
        }
        let odd = [
            (sum(&|c| c.nan.len() as u64), "NaN"),
            (
                sum(&|c| (c.pos_inf.len() + c.neg_inf.len()) as u64),
                "infinite",
            ),
            (sum(&|c| c.left_out), "left out"),
            (
                if drawn.log_y {
                    sum(&|c| c.non_positive)
                } else {
                    0
                },
                "not above 0, off the log axis",
            ),
        ];
        for (count, what) in odd {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        for curve in &drawn.curves {
            let run = self.runs.iter().find(|run| run.id == curve.run);
            if let Some(run) = run
                && let Some(problem) = run.problems.first()
            {
                parts.push(format!("{}: {problem}", run.name));
            }
        }
        parts.join(" · ")
    }

    /// One HTML file that needs nothing else; the review itself is inside, so that it can be opened
    /// again.
    pub fn html(&self, theme: ThemeChoice) -> Result<String, RunsError> {
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{}</title>\n<style>{STYLE}{}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
            escape(&self.title()),
            if theme == ThemeChoice::Dark { DARK } else { "" },
        );
        out.push_str(&format!(
            "<p class=\"weak\">{}</p>\n",
            escape(&self.subtitle())
        ));
        if self.verdict != Verdict::Open {
            let (class, word) = verdict(self.verdict);
            out.push_str(&format!(
                "<p><span class=\"verdict {class}\">{word}</span></p>\n"
            ));
        }
        for paragraph in paragraphs(&self.note) {
            out.push_str(&format!("<p>{}</p>\n", escape(paragraph)));
        }
        let (heads, rows) = self.finals();
        out.push_str("<h2>Runs</h2>\n<div class=\"wide\"><table>\n<tr>");
        for head in &heads {
            out.push_str(&format!("<th>{}</th>", escape(head)));
        }
        out.push_str("</tr>\n");
        for (run, row) in self.runs.iter().zip(&rows) {
            out.push_str("<tr>");
            for (at, (text, best)) in row.iter().enumerate() {
                let swatch = if at == 0 {
                    format!(
                        "<i style=\"background:#{:06x}\"></i>",
                        colour_of(&run.colour)
                    )
                } else {
                    String::new()
                };
                let class = if *best { " class=\"best\"" } else { "" };
                out.push_str(&format!("<td{class}>{swatch}{}</td>", escape(text)));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table></div>\n");
        let differing = self.differing();
        if !differing.is_empty() {
            out.push_str("<h2>Parameters that differ</h2>\n<div class=\"wide\"><table>\n<tr><th>Parameter</th>");
            for run in &self.runs {
                out.push_str(&format!("<th>{}</th>", escape(&run.name)));
            }
            out.push_str("</tr>\n");
            for (name, values) in &differing {
                out.push_str(&format!("<tr><td>{}</td>", escape(name)));
                for value in values {
                    out.push_str(&format!("<td>{}</td>", escape(value)));
                }
                out.push_str("</tr>\n");
            }
            out.push_str("</table></div>\n");
        }
        let said: Vec<&ReviewRun> = self
            .runs
            .iter()
            .filter(|run| !run.note.is_empty())
            .collect();
        if !said.is_empty() {
            out.push_str("<h2>Notes</h2>\n<dl>\n");
            for run in said {
                out.push_str(&format!(
                    "<dt>{}</dt><dd>{}</dd>\n",
                    escape(&run.name),
                    escape(&run.note)
                ));
            }
            out.push_str("</dl>\n");
        }
        for drawn in &self.charts {
            let svg = self.chart(drawn, theme).svg()?;
            out.push_str(&format!(
                "<h2>{}</h2>\n<img alt=\"Chart of {0}\" src=\"data:image/svg+xml;base64,{}\">\n",
                escape(&drawn.metric),
                STANDARD.encode(svg)
            ));
        }
        for kept in &self.plots {
            let svg = self.plot_chart(kept, theme).svg()?;
            out.push_str(&format!(
                "<h2>{}</h2>\n<img alt=\"Plot: {0}\" src=\"data:image/svg+xml;base64,{}\">\n",
                escape(&kept.title()),
                STANDARD.encode(svg)
            ));
        }
        // A closing tag within a text must not end the script.
        let data = self.text().replace("</", "<\\/").replace("<!--", "<\\!--");
        out.push_str(&format!(
            "<script type=\"application/json\" id=\"kitbench-review\">{data}</script>\n</body>\n</html>\n"
        ));
        Ok(out)
    }

    /// Markdown; `picture` gives the address of each chart's picture.
    pub fn markdown(
        &self,
        picture: &mut dyn FnMut(usize, Shown<'_>) -> Result<String, RunsError>,
    ) -> Result<String, RunsError> {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut out = format!("# {}\n\n{}\n", cell(&self.title()), cell(&self.subtitle()));
        if self.verdict != Verdict::Open {
            out.push_str(&format!("\n**{}**\n", verdict(self.verdict).1));
        }
        for paragraph in paragraphs(&self.note) {
            out.push_str(&format!("\n{paragraph}\n"));
        }
        let (heads, rows) = self.finals();
        out.push_str("\n## Runs\n\n");
        let heads: Vec<String> = heads.iter().map(|head| cell(head)).collect();
        out.push_str(&line(&heads));
        out.push_str(&format!("|{}\n", " --- |".repeat(heads.len())));
        for row in &rows {
            let cells: Vec<String> = row
                .iter()
                .map(|(text, best)| match best {
                    true => format!("**{}**", cell(text)),
                    false => cell(text),
                })
                .collect();
            out.push_str(&line(&cells));
        }
        let differing = self.differing();
        if !differing.is_empty() {
            out.push_str("\n## Parameters that differ\n\n");
            let names = self.runs.iter().map(|run| cell(&run.name));
            let heads: Vec<String> = std::iter::once("Parameter".to_owned())
                .chain(names)
                .collect();
            out.push_str(&line(&heads));
            out.push_str(&format!("|{}\n", " --- |".repeat(heads.len())));
            for (name, values) in &differing {
                let values = values.iter().map(|value| cell(value));
                let cells: Vec<String> = std::iter::once(cell(name)).chain(values).collect();
                out.push_str(&line(&cells));
            }
        }
        let said: Vec<&ReviewRun> = self
            .runs
            .iter()
            .filter(|run| !run.note.is_empty())
            .collect();
        if !said.is_empty() {
            out.push_str("\n## Notes\n");
            for run in said {
                out.push_str(&format!("\n**{}**: {}\n", cell(&run.name), run.note));
            }
        }
        for (at, drawn) in self.charts.iter().enumerate() {
            let address = picture(at, Shown::Chart(drawn))?;
            out.push_str(&format!(
                "\n## {}\n\n![Chart of {0}]({address})\n\n{}\n",
                cell(&drawn.metric),
                cell(&self.honesty(drawn))
            ));
        }
        for (at, kept) in self.plots.iter().enumerate() {
            let address = picture(self.charts.len() + at, Shown::Plot(kept))?;
            let title = cell(&kept.title());
            out.push_str(&format!("\n## {title}\n\n![Plot: {title}]({address})\n"));
        }
        Ok(out)
    }

    /// One Markdown file with its pictures inside.
    pub fn markdown_whole(&self, theme: ThemeChoice) -> Result<String, RunsError> {
        self.markdown(&mut |_, shown| {
            let svg = self.svg(shown, theme)?;
            Ok(format!(
                "data:image/svg+xml;base64,{}",
                STANDARD.encode(svg)
            ))
        })
    }

    /// Markdown that leads to pictures (SVG, with a PNG of each for where those are not shown) and
    /// tables of the drawn points in the folder `folder` beside it.
    pub fn markdown_beside(
        &self,
        folder: &str,
        theme: ThemeChoice,
    ) -> Result<(String, Vec<Beside>), RunsError> {
        let mut files = Vec::new();
        let mut names = BTreeSet::new();
        let text = self.markdown(&mut |at, shown| {
            let mut name = export::file_name(&shown.name());
            if !names.insert(name.clone()) {
                name = format!("{name}-{}", at + 1);
                names.insert(name.clone());
            }
            let mut add = |ending: &str, bytes| {
                files.push(Beside {
                    name: format!("{name}.{ending}"),
                    bytes,
                });
            };
            add("svg", self.svg(shown, theme)?.into_bytes());
            add("png", self.png(shown, theme)?);
            match shown {
                Shown::Chart(drawn) => add("csv", self.csv(drawn).into_bytes()),
                // Writing into memory does not fail.
                Shown::Plot(kept) => add("csv", self.plot_csv(kept).unwrap_or_default()),
            }
            Ok(format!("{}/{}.svg", address(folder), address(&name)))
        })?;
        Ok((text, files))
    }

    /// The drawn points: `run,name,x,value,smoothed`, the marks of what is no number among them.
    pub fn csv(&self, drawn: &Drawn) -> String {
        let quoted = |text: &str| {
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        if let Some(bands) = &drawn.bands {
            return format!("group,x,middle,low,high,n\n{}", bands.csv(&quoted));
        }
        let mut out = String::from("run,name,line,x,value\n");
        for curve in &drawn.curves {
            let run = self.runs.iter().find(|run| run.id == curve.run);
            let name = run.map_or("", |run| run.name.as_str());
            let head = format!("{},{}", quoted(&curve.run), quoted(name));
            for (line, stretches) in [("raw", &curve.raw), ("smoothed", &curve.smooth)] {
                for [x, y] in stretches.iter().flatten() {
                    out.push_str(&format!("{head},{line},{x},{y}\n"));
                }
            }
            let odd = [
                ("NaN", &curve.nan),
                ("Infinity", &curve.pos_inf),
                ("-Infinity", &curve.neg_inf),
            ];
            for (value, places) in odd {
                for x in places {
                    out.push_str(&format!("{head},raw,{x},{value}\n"));
                }
            }
        }
        out
    }

    /// As a picture made of lines.
    pub fn svg(&self, shown: Shown<'_>, theme: ThemeChoice) -> Result<String, RunsError> {
        match shown {
            Shown::Chart(drawn) => self.chart(drawn, theme).svg(),
            Shown::Plot(kept) => self.plot_chart(kept, theme).svg(),
        }
    }

    /// As a picture made of pixels.
    pub fn png(&self, shown: Shown<'_>, theme: ThemeChoice) -> Result<Vec<u8>, RunsError> {
        match shown {
            Shown::Chart(drawn) => self.chart(drawn, theme).png(PNG_SCALE),
            Shown::Plot(kept) => self.plot_chart(kept, theme).png(PNG_SCALE),
        }
    }

    fn title(&self) -> String {
        if self.name.is_empty() {
            format!("{}: comparison of runs", self.project)
        } else {
            format!("{}: {}", self.project, self.name)
        }
    }

    fn subtitle(&self) -> String {
        let count = self.runs.len();
        let mut text = format!(
            "{}, {count} run{}",
            kitbench_modelkit::time::date(self.saved_ms),
            if count == 1 { "" } else { "s" }
        );
        if !self.filter.is_empty() {
            text.push_str(&format!(", filter {}", self.filter));
        }
        text.push_str(", made with Kitbench");
        text
    }

    /// Metrics in the order people decide by, at most a dozen of them: charted ones first.
    fn decisive(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for chart in &self.charts {
            if !names.contains(&chart.metric) {
                names.push(chart.metric.clone());
            }
        }
        let all: BTreeSet<&String> = self
            .runs
            .iter()
            .flat_map(|run| run.metrics.keys())
            .collect();
        let mut rest: Vec<&String> = all
            .into_iter()
            .filter(|name| !names.contains(name))
            .collect();
        rest.sort_by_key(|name| {
            (
                columns::better(name) == Better::Unknown,
                name.starts_with("system/"),
            )
        });
        names.extend(rest.into_iter().cloned());
        names.truncate(MOST_COLUMNS);
        names
    }

    /// Heads and rows of the table of final values; a best value is marked.
    fn finals(&self) -> (Vec<String>, Vec<Vec<(String, bool)>>) {
        let metrics = self.decisive();
        let last = |run: &ReviewRun, metric: &str| from_number(&run.metrics.get(metric)?.last);
        let best = |metric: &str| {
            let values = self.runs.iter().filter_map(|run| last(run, metric));
            let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            // Among one there is no best.
            if finite.len() < 2 {
                return None;
            }
            match columns::better(metric) {
                Better::Higher => finite.into_iter().reduce(f64::max),
                Better::Lower => finite.into_iter().reduce(f64::min),
                Better::Unknown => None,
            }
        };
        let best: Vec<Option<f64>> = metrics.iter().map(|metric| best(metric)).collect();
        let mut heads: Vec<String> = ["Run", "Source", "State"].map(str::to_owned).into();
        heads.extend(metrics.iter().cloned());
        let rows = self
            .runs
            .iter()
            .map(|run| {
                let star = if run.starred { "★ " } else { "" };
                let mut row = vec![
                    (format!("{star}{}", run.name), false),
                    (run.source.clone(), false),
                    (run.state.clone(), false),
                ];
                row.extend(metrics.iter().zip(&best).map(|(metric, best)| {
                    match last(run, metric) {
                        Some(value) => (figure(value), Some(value) == *best),
                        None => ("–".to_owned(), false),
                    }
                }));
                row
            })
            .collect();
        (heads, rows)
    }

    fn differing(&self) -> Vec<(String, Vec<String>)> {
        let names: BTreeSet<&String> = self.runs.iter().flat_map(|run| run.params.keys()).collect();
        let values = |name: &String| -> Vec<String> {
            self.runs
                .iter()
                .map(|run| {
                    run.params
                        .get(name)
                        .cloned()
                        .unwrap_or_else(|| "not set".into())
                })
                .collect()
        };
        names
            .into_iter()
            .map(|name| (name.clone(), values(name)))
            .filter(|(_, values)| values.windows(2).any(|pair| pair.first() != pair.last()))
            .collect()
    }
}

/// Metrics in the table of a report.
const MOST_COLUMNS: usize = 12;

fn reduced(curve: &Curve, log_y: bool) -> (Reduced, Option<Reduced>) {
    let marks = [
        (&curve.nan, f64::NAN),
        (&curve.pos_inf, f64::INFINITY),
        (&curve.neg_inf, f64::NEG_INFINITY),
    ];
    let raw = Reduced {
        lines: drawable(&curve.raw, log_y),
        marks: marks
            .iter()
            .flat_map(|(places, value)| {
                places.iter().map(|x| Mark {
                    x: *x,
                    value: *value,
                })
            })
            .collect(),
        logged: curve.logged as usize,
        drawn: curve.drawn as usize,
        no_x: 0,
    };
    let smooth = (!curve.smooth.is_empty()).then(|| Reduced {
        lines: drawable(&curve.smooth, log_y),
        ..Reduced::default()
    });
    (raw, smooth)
}

/// What has no place on a logarithmic axis leaves a gap.
fn drawable(lines: &[Stretch], log_y: bool) -> Vec<Stretch> {
    if !log_y {
        return lines.to_vec();
    }
    let split = |line: &Stretch| -> Vec<Stretch> {
        let parts = line.split(|[_, y]| *y <= 0.0);
        parts
            .filter(|part| !part.is_empty())
            .map(<[_]>::to_vec)
            .collect()
    };
    lines.iter().flat_map(split).collect()
}

fn verdict(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Open => ("open", "Open"),
        Verdict::Approved => ("approved", "Approved"),
        Verdict::Rejected => ("rejected", "Rejected"),
    }
}

fn paragraphs(note: &str) -> impl Iterator<Item = &str> {
    note.split("\n\n")
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

const STYLE: &str = "body{font:15px/1.5 Inter,system-ui,sans-serif;max-width:1100px;margin:32px auto;padding:0 16px;color:#14171D}\
h1{font-size:24px}h2{font-size:18px;margin-top:32px}.weak{color:#626B7B;font-size:13px}.wide{overflow-x:auto}\
table{border-collapse:collapse;font-size:13px}th,td{padding:4px 12px;border-bottom:1px solid #E0E3E9;text-align:left;white-space:nowrap}\
td{font-variant-numeric:tabular-nums}td i{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:8px}\
.best{background:#E2F4E9;color:#15733F;font-weight:600}.verdict{padding:2px 10px;border-radius:4px;font-weight:600}\
.approved{background:#E2F4E9;color:#15733F}.rejected{background:#FBE4E4;color:#A8201A}dt{font-weight:600}img{max-width:100%}";
const DARK: &str = "body{background:#0F1115;color:#E7E9EE}.weak{color:#8B93A2}th,td{border-color:#272B34}\
.best,.approved{background:#12301F;color:#5ED08A}.rejected{background:#3A1618;color:#FF8A80}";
