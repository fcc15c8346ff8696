//! A report of what is compared: one file with table, differences, charts and a note.

use super::Compare;
use super::model::{Kind, Pick, state_word};
use super::numbers;

/// What a report says, without its charts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Name of the project.
    pub project: String,
    /// The day, as text.
    pub date: String,
    /// Filter; empty for all runs.
    pub filter: String,
    /// The reviewer's words.
    pub note: String,
    /// Heads of the table.
    pub heads: Vec<String>,
    /// Rows of the table; a best value is marked.
    pub rows: Vec<Vec<(String, bool)>>,
    /// Parameters that differ: name, and the value per run.
    pub differences: Vec<(String, Vec<String>)>,
    /// Names of the runs.
    pub runs: Vec<String>,
    /// Metric, honesty line, SVG.
    pub charts: Vec<(String, String, String)>,
}

impl Report {
    /// As one HTML file that needs nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out =
            String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.push_str(&format!(
            "<title>{}: comparison of runs</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            escape(&self.project)
        ));
        out.push_str(&format!(
            "<h1>{}: comparison of runs</h1>\n<p class=\"weak\">{}</p>\n",
            escape(&self.project),
            escape(&self.subtitle())
        ));
        for paragraph in self
            .note
            .split("\n\n")
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            out.push_str(&format!("<p>{}</p>\n", escape(paragraph)));
        }
        out.push_str("<h2>Runs</h2>\n<table>\n<tr>");
        self.heads
            .iter()
            .for_each(|head| out.push_str(&format!("<th>{}</th>", escape(head))));
        out.push_str("</tr>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            for (text, best) in row {
                out.push_str(&if *best {
                    format!("<td class=\"best\">{}</td>", escape(text))
                } else {
                    format!("<td>{}</td>", escape(text))
                });
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</table>\n");
        if !self.differences.is_empty() {
            out.push_str("<h2>Parameters that differ</h2>\n<table>\n<tr><th>Parameter</th>");
            self.runs
                .iter()
                .for_each(|run| out.push_str(&format!("<th>{}</th>", escape(run))));
            out.push_str("</tr>\n");
            for (name, values) in &self.differences {
                out.push_str(&format!("<tr><td>{}</td>", escape(name)));
                values
                    .iter()
                    .for_each(|value| out.push_str(&format!("<td>{}</td>", escape(value))));
                out.push_str("</tr>\n");
            }
            out.push_str("</table>\n");
        }
        for (metric, honesty, svg) in &self.charts {
            let picture = format!("data:image/svg+xml;base64,{}", base64(svg.as_bytes()));
            out.push_str(&format!("<h2>{}</h2>\n<img alt=\"Chart of {0}\" src=\"{picture}\">\n<p class=\"weak\">{}</p>\n", escape(metric), escape(honesty)));
        }
        out.push_str("</body>\n</html>\n");
        out
    }

    /// As one Markdown file; charts are embedded pictures.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!(
            "# {}: comparison of runs\n\n{}\n\n",
            cell(&self.project),
            cell(&self.subtitle())
        );
        if !self.note.trim().is_empty() {
            out.push_str(&format!("{}\n\n", self.note.trim()));
        }
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = |count: usize| format!("|{}\n", " --- |".repeat(count));
        out.push_str("## Runs\n\n");
        out.push_str(&line(self.heads.iter().map(|head| cell(head)).collect()));
        out.push_str(&rule(self.heads.len()));
        for row in &self.rows {
            out.push_str(&line(
                row.iter()
                    .map(|(text, best)| {
                        if *best {
                            format!("**{}**", cell(text))
                        } else {
                            cell(text)
                        }
                    })
                    .collect(),
            ));
        }
        if !self.differences.is_empty() {
            out.push_str("\n## Parameters that differ\n\n");
            out.push_str(&line(
                std::iter::once("Parameter".to_owned())
                    .chain(self.runs.iter().map(|run| cell(run)))
                    .collect(),
            ));
            out.push_str(&rule(self.runs.len() + 1));
            for (name, values) in &self.differences {
                out.push_str(&line(
                    std::iter::once(cell(name))
                        .chain(values.iter().map(|value| cell(value)))
                        .collect(),
                ));
            }
        }
        for (metric, honesty, svg) in &self.charts {
            let picture = base64(svg.as_bytes());
            out.push_str(&format!(
                "\n## {}\n\n![Chart of {0}](data:image/svg+xml;base64,{picture})\n\n{}\n",
                cell(metric),
                cell(honesty)
            ));
        }
        out
    }

    fn subtitle(&self) -> String {
        let filter = if self.filter.is_empty() {
            String::new()
        } else {
            format!(", filter {}", self.filter)
        };
        format!(
            "{}, {}{filter}, made with Kitbench",
            self.date,
            crate::format::count(self.runs.len() as u64, "run", "runs")
        )
    }
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:32px auto;padding:0 16px;color:#14171D}\
h1{font-size:24px}h2{font-size:18px;margin-top:32px}.weak{color:#626B7B;font-size:13px}\
table{border-collapse:collapse;font-size:13px}th,td{padding:4px 12px;border-bottom:1px solid #E0E3E9;text-align:left}\
td{font-variant-numeric:tabular-nums}.best{background:#E2F4E9;color:#15733F;font-weight:600}img{max-width:100%}";

fn escape(text: &str) -> String {
    crate::format::printable(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A cell of a Markdown table; nothing in it is markup.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in crate::format::printable(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '*' | '<' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [
            chunk[0],
            chunk.get(1).copied().unwrap_or(0),
            chunk.get(2).copied().unwrap_or(0),
        ];
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for i in 0..4 {
            let six = (bits >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() {
                char::from(LETTERS[six as usize])
            } else {
                '='
            });
        }
    }
    out
}

impl Compare {
    /// What the report says now: the ticked runs, in the order of the table.
    pub(super) fn report(&self, project: String) -> Report {
        let table = &self.model.table;
        let drawn = self.drawn();
        let listed: Vec<usize> = self
            .model
            .order()
            .iter()
            .filter(|id| drawn.iter().any(|run| run.id == **id))
            .filter_map(|id| table.runs.iter().position(|run| run.id == *id))
            .collect();
        let columns: Vec<_> = self
            .model
            .columns
            .iter()
            .filter(|column| !matches!(column.kind, Kind::Trend(_) | Kind::Param(_)))
            .collect();
        let heads = columns
            .iter()
            .map(|column| match column.kind {
                Kind::Metric(at, pick) => match pick {
                    Pick::Last => table.metrics[at].name.clone(),
                    _ => format!("{} {}", pick.id(), table.metrics[at].name),
                },
                _ => column.title.clone(),
            })
            .collect();
        let rows = listed
            .iter()
            .map(|at| {
                let run = &table.runs[*at];
                let cell = |kind: Kind| match kind {
                    Kind::Name => (run.name.clone(), false),
                    Kind::Source => (run.source.clone(), false),
                    Kind::Status => (state_word(run.state).to_owned(), false),
                    Kind::Param(param) => (
                        run.params.get(param).cloned().flatten().unwrap_or_default(),
                        false,
                    ),
                    Kind::Metric(metric, pick) => {
                        let better = self.model.better(metric, &self.arrangement);
                        let value = run
                            .metrics
                            .get(metric)
                            .and_then(Option::as_ref)
                            .map(|metric| numbers::exact(pick.of(metric, better).0));
                        let best = self.model.is_best(*at, metric, pick, &self.arrangement);
                        (value.unwrap_or_else(|| "–".to_owned()), best)
                    }
                    Kind::Started => (
                        run.start_ms
                            .map(crate::clock::when_exact)
                            .unwrap_or_default(),
                        false,
                    ),
                    Kind::Duration => {
                        let seconds = run.duration_ms.map(|ms| numbers::exact(ms as f64 / 1e3));
                        (seconds.map(|s| format!("{s} s")).unwrap_or_default(), false)
                    }
                    kind => (self.model.text(kind, run).unwrap_or_default(), false),
                };
                columns.iter().map(|column| cell(column.kind)).collect()
            })
            .collect();
        let values = |param: usize| -> Vec<String> {
            listed
                .iter()
                .map(|at| {
                    table.runs[*at]
                        .params
                        .get(param)
                        .cloned()
                        .flatten()
                        .unwrap_or_else(|| "not set".to_owned())
                })
                .collect()
        };
        let differences = table
            .params
            .iter()
            .enumerate()
            .map(|(param, column)| (column.name.clone(), values(param)))
            .filter(|(_, values)| values.windows(2).any(|pair| pair[0] != pair[1]))
            .collect();
        Report {
            project,
            date: crate::clock::when_exact(crate::clock::now_ms()),
            filter: self.filter.applied.clone(),
            note: String::new(),
            heads,
            rows,
            differences,
            runs: listed
                .iter()
                .map(|at| table.runs[*at].name.clone())
                .collect(),
            charts: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn report() -> Report {
        Report {
            project: "wine <1>".into(),
            date: "1 Jan 2026".into(),
            filter: "status == failed".into(),
            note: "First.\n\nSecond & last.".into(),
            heads: vec!["Name".into(), "val/loss".into()],
            rows: vec![vec![("a|b".into(), false), ("0.5".into(), true)]],
            differences: vec![("lr".into(), vec!["0.1".into()])],
            runs: vec!["a|b".into()],
            charts: vec![("val/loss".into(), "all 3 points".into(), "<svg/>".into())],
        }
    }

    #[test]
    fn html_is_whole_and_shows_names_as_text() {
        let html = report().html();
        for part in [
            "<h1>wine &lt;1&gt;: comparison of runs</h1>",
            "<p class=\"weak\">1 Jan 2026, 1 run, filter status == failed, made with Kitbench</p>",
            "<p>First.</p>\n<p>Second &amp; last.</p>",
            "<tr><td>a|b</td><td class=\"best\">0.5</td></tr>",
            "<tr><td>lr</td><td>0.1</td></tr>",
            "<img alt=\"Chart of val/loss\" src=\"data:image/svg+xml;base64,PHN2Zy8+\">",
        ] {
            assert!(html.contains(part), "{part} is not in\n{html}");
        }
    }

    #[test]
    fn markdown_tables_survive_bars_in_names() {
        let text = report().markdown();
        assert!(
            text.contains("| Name | val/loss |\n| --- | --- |\n| a\\|b | **0.5** |\n"),
            "{text}"
        );
        assert!(
            text.contains("![Chart of val/loss](data:image/svg+xml;base64,PHN2Zy8+)"),
            "{text}"
        );
    }

    #[test]
    fn base64_pads() {
        let all: Vec<String> = ["", "f", "fo", "foo", "foob"]
            .iter()
            .map(|text| base64(text.as_bytes()))
            .collect();
        assert_eq!(all, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]);
    }
}
