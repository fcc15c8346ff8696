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
}

/// A list of measurements that prints itself as a table.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds a value that has no target.
    pub fn value(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.rows.push(Row {
            what: what.into(),
            value,
            unit,
            target: None,
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
        });
    }

    /// Whether a value is larger than its target.
    pub fn missed(&self) -> bool {
        self.rows.iter().any(Row::missed)
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
                "{:width$}  {:>10.2} {:<5}",
                row.what, row.value, row.unit
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
    }
}
