//! Two runs side by side as lines of text.

use kitbench_protocol::{Better, PairMetric, PairSection, RunPair};

use crate::views::compare::numbers;

/// How the right value stands to the left one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Better,
    Worse,
    /// Equal, or nobody knows which is better.
    Neither,
}

/// A line of the dialog.
#[derive(Debug, Clone, PartialEq)]
pub enum PairLine {
    /// Title, and what stands weakly behind it.
    Head(String, String),
    /// Name, left, right, difference, how the right one stands.
    Metric(String, String, String, String, Turn),
    /// Name, left, right, whether they differ.
    Fact(String, String, String, bool),
}

/// What stands where a run has nothing.
const NONE: &str = "–";

/// All lines; with `differences` only what is not the same.
#[must_use]
pub fn lines(pair: &RunPair, differences: bool) -> Vec<PairLine> {
    let mut lines = Vec::new();
    let metrics: Vec<&PairMetric> = pair
        .metrics
        .iter()
        .filter(|metric| !differences || differs(metric))
        .collect();
    if !metrics.is_empty() {
        let moved = pair.metrics.iter().filter(|metric| differs(metric)).count();
        lines.push(PairLine::Head(
            "Final metrics".into(),
            count(moved, pair.metrics.len()),
        ));
        lines.extend(metrics.into_iter().map(metric_line));
    }
    for section in &pair.sections {
        section_lines(section, differences, &mut lines);
    }
    lines
}

fn count(differ: usize, all: usize) -> String {
    match differ {
        0 => format!("all {all} the same"),
        _ => format!("{differ} of {all} differ"),
    }
}

fn differs(metric: &PairMetric) -> bool {
    match (metric.left, metric.right) {
        (Some((left, _)), Some((right, _))) => left.to_bits() != right.to_bits(),
        _ => true,
    }
}

/// Whether the right value is better than the left one.
#[must_use]
pub fn turn(better: Better, left: f64, right: f64) -> Turn {
    let (up, down) = (right > left, right < left);
    match better {
        Better::Higher if up => Turn::Better,
        Better::Higher if down => Turn::Worse,
        Better::Lower if down => Turn::Better,
        Better::Lower if up => Turn::Worse,
        _ => Turn::Neither,
    }
}

fn metric_line(metric: &PairMetric) -> PairLine {
    let value = |value: Option<(f64, Option<f64>)>| {
        value.map_or(NONE.to_owned(), |(value, _)| numbers::metric(value))
    };
    let (delta, turn) = match (metric.left, metric.right, metric.delta) {
        (Some((left, _)), Some((right, _)), Some(delta)) => {
            (signed(delta), turn(metric.better, left, right))
        }
        _ => (String::new(), Turn::Neither),
    };
    PairLine::Metric(
        metric.name.clone(),
        value(metric.left),
        value(metric.right),
        delta,
        turn,
    )
}

/// `+0.022`, `−0.100`, `0` for no difference.
fn signed(delta: f64) -> String {
    if delta == 0.0 {
        return "0".into();
    }
    let figure = numbers::metric(delta.abs());
    if delta.is_nan() {
        figure
    } else if delta > 0.0 {
        format!("+{figure}")
    } else {
        format!("\u{2212}{figure}")
    }
}

fn section_lines(section: &PairSection, differences: bool, lines: &mut Vec<PairLine>) {
    if differences && section.differs == 0 {
        return;
    }
    lines.push(PairLine::Head(
        section.title.clone(),
        count(section.differs as usize, section.rows.len()),
    ));
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| NONE.to_owned());
    for row in &section.rows {
        let differs = row.left != row.right;
        if differs || !differences {
            lines.push(PairLine::Fact(
                row.name.clone(),
                value(&row.left),
                value(&row.right),
                differs,
            ));
        }
    }
}

/// The lines as text with tabs, for the clipboard.
#[must_use]
pub fn as_text(pair: &RunPair, differences: bool) -> String {
    let mut out = format!("\t{}\t{}\n", pair.left.name, pair.right.name);
    for line in lines(pair, differences) {
        match line {
            PairLine::Head(title, note) => out.push_str(&format!("{title} ({note})\n")),
            PairLine::Metric(name, left, right, delta, _) => {
                out.push_str(&format!("{name}\t{left}\t{right}\t{delta}\n"));
            }
            PairLine::Fact(name, left, right, _) => {
                out.push_str(&format!("{name}\t{left}\t{right}\n"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use kitbench_protocol::{PairHead, PairRow, RunState};

    fn head(name: &str) -> PairHead {
        PairHead {
            id: name.into(),
            name: name.into(),
            source: "MLflow".into(),
            state: RunState::Finished,
            start_ms: None,
            duration_ms: None,
            note: None,
        }
    }

    fn pair() -> RunPair {
        let metric = |name: &str, better, left: Option<f64>, right: Option<f64>| PairMetric {
            name: name.into(),
            better,
            left: left.map(|value| (value, Some(120.0))),
            right: right.map(|value| (value, Some(120.0))),
            delta: left.zip(right).map(|(left, right)| right - left),
            left_best: None,
            right_best: None,
        };
        let row = |name: &str, left: Option<&str>, right: Option<&str>| PairRow {
            name: name.into(),
            left: left.map(str::to_owned),
            right: right.map(str::to_owned),
        };
        RunPair {
            left: head("a"),
            right: head("b"),
            metrics: vec![
                metric("val/loss", Better::Lower, Some(0.5), Some(0.4)),
                metric("val/f1", Better::Higher, Some(0.9), Some(0.8)),
                metric("lr", Better::Unknown, Some(0.1), Some(0.1)),
                metric("odd", Better::Lower, Some(f64::NAN), None),
            ],
            sections: vec![
                PairSection {
                    title: "Parameters".into(),
                    rows: vec![
                        row("hidden", Some("8"), Some("16")),
                        row("seed", Some("0"), Some("0")),
                    ],
                    differs: 1,
                },
                PairSection {
                    title: "Environment".into(),
                    rows: vec![row("numpy", Some("2.1"), Some("2.1"))],
                    differs: 0,
                },
            ],
        }
    }

    #[test]
    fn differences_stand_first_and_alone_if_asked() {
        let text = as_text(&pair(), true);
        let expected = "\ta\tb\n\
            Final metrics (3 of 4 differ)\n\
            val/loss\t0.500\t0.400\t\u{2212}0.100\n\
            val/f1\t0.900\t0.800\t\u{2212}0.100\n\
            odd\tNaN\t–\t\n\
            Parameters (1 of 2 differ)\n\
            hidden\t8\t16\n";
        assert_eq!(text, expected);
        let all = as_text(&pair(), false);
        assert!(all.contains("lr\t0.100\t0.100\t0\n"), "{all}");
        assert!(
            all.contains("Environment (all 1 the same)\nnumpy\t2.1\t2.1\n"),
            "{all}"
        );
    }

    #[test]
    fn better_and_worse_follow_the_direction() {
        assert_eq!(turn(Better::Lower, 0.5, 0.4), Turn::Better);
        assert_eq!(turn(Better::Higher, 0.5, 0.4), Turn::Worse);
        assert_eq!(turn(Better::Unknown, 0.5, 0.4), Turn::Neither);
        assert_eq!(turn(Better::Lower, f64::NAN, 0.4), Turn::Neither);
    }
}
