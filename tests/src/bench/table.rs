//! Measured values beside their targets.

use std::fmt;

/// One measured value.
#[derive(Clone, Debug)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    /// The most it may be, where there is a target.
    target: Option<f64>,
    /// What the value is a multiple of: ours, its name, its seconds.
    beside: Option<(f64, String, f64)>,
}

/// A list of measurements that prints itself as a table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// Adds a value that has no target.
    pub fn value(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.rows.push(Row {
            what: what.into(),
            value,
            unit,
            target: None,
            beside: None,
        });
    }

    /// Adds a value that must not be larger than its target.
    pub fn at_most(
        &mut self,
        what: impl Into<String>,
        value: f64,
        target: f64,
        unit: &'static str,
    ) {
        self.rows.push(Row {
            what: what.into(),
            value,
            unit,
            target: Some(target),
            beside: None,
        });
    }

    /// Adds seconds beside those of something else, of which they must not be more than `target` times;
    /// an infinite target is none.
    pub fn ratio(
        &mut self,
        what: impl Into<String>,
        seconds: f64,
        (name, other): (&str, f64),
        target: f64,
    ) {
        self.rows.push(Row {
            what: what.into(),
            value: seconds / other,
            unit: "×",
            target: target.is_finite().then_some(target),
            beside: Some((seconds, name.to_owned(), other)),
        });
    }

    /// Adds a line below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// As a table in Markdown, for the documentation.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| job | measured | beside | goal |\n|---|---|---|---|\n");
        for row in &self.rows {
            let (measured, beside) = match &row.beside {
                Some((ours, name, other)) => (
                    duration(*ours),
                    format!("{name}: {} → {} ×", duration(*other), digits(row.value)),
                ),
                None => (format!("{} {}", digits(row.value), row.unit), String::new()),
            };
            let goal = match row.target {
                Some(target) if row.missed() => format!("≤ {target} {}, **missed**", row.unit),
                Some(target) => format!("≤ {target} {}, met", row.unit),
                None => "–".to_owned(),
            };
            text += &format!("| {} | {measured} | {beside} | {goal} |\n", row.what.trim());
        }
        for note in &self.notes {
            text += &format!("\n{note}\n");
        }
        text
    }

    /// Whether a value is larger than its target.
    pub fn missed(&self) -> bool {
        self.rows.iter().any(Row::missed)
    }
}

/// Seconds in the unit that suits them.
fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", digits(1000.0 * seconds))
    } else {
        format!("{} s", digits(seconds))
    }
}

/// A number to two or three digits.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

impl Row {
    fn missed(&self) -> bool {
        self.target.is_some_and(|target| self.value > target)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.what.chars().count())
            .max()
            .unwrap_or_default();
        for row in &self.rows {
            write!(
                formatter,
                "{:width$}  {:>10} {:<5}",
                row.what,
                digits(row.value),
                row.unit
            )?;
            match row.target {
                Some(target) if row.missed() => {
                    writeln!(formatter, "  at most {target} {}: MISSED", row.unit)?;
                }
                Some(target) => writeln!(formatter, "  at most {target} {}: met", row.unit)?,
                None => writeln!(formatter)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_target_is_said() {
        let mut table = Table::default();
        table.value("size", 1.0, "MB");
        table.at_most("start", 1.2, 1.5, "s");
        assert!(!table.missed());
        table.at_most("memory", 500.0, 450.0, "MB");
        assert!(table.missed());
        let text = table.to_string();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("at most 450 MB: MISSED"));
        table.ratio("look", 0.5, ("peer", 20.0), 0.05);
        table.note("measured somewhere");
        let text = table.markdown();
        assert!(text.contains("| memory | 500 MB |  | ≤ 450 MB, **missed** |"));
        assert!(text.contains("| look | 500 ms | peer: 20.0 s → 0.0250 × | ≤ 0.05 ×, met |"));
        assert!(text.ends_with("\n\nmeasured somewhere\n"));
    }
}
