//! What the columns of a plain table (CSV, TSV, JSON lines) mean: guessed, told, and changed.
//!
//! A [`Mapping`] holds only what a person chose; everything else is guessed anew at each read,
//! so that a column that comes later is found. [`Column`] tells what came of both.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::model::SourceKind;
use crate::scan::Source;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnRole {
    /// Counts the steps. At most one column; without one the lines are counted.
    Step,
    /// When the point was logged: Unix time or ISO 8601. At most one column.
    Time,
    /// Which run the line belongs to. At most one column; without one all lines are one run.
    Run,
    /// Values of a metric.
    Metric,
    /// The same for all lines of a run.
    Param,
    /// Not read.
    Ignored,
}

impl ColumnRole {
    /// The name used in texts and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Time => "time",
            Self::Run => "run",
            Self::Metric => "metric",
            Self::Param => "param",
            Self::Ignored => "ignored",
        }
    }

    /// By its name.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Step,
            Self::Time,
            Self::Run,
            Self::Metric,
            Self::Param,
            Self::Ignored,
        ]
        .into_iter()
        .find(|role| role.name() == text)
    }

    /// Whether at most one column has it.
    fn is_single(self) -> bool {
        matches!(self, Self::Step | Self::Time | Self::Run)
    }
}

/// Roles that a person gave to columns, by name; nested keys of JSON lines are joined by `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping(BTreeMap<String, ColumnRole>);

/// Why a mapping cannot be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Two columns with a role that only one can have.
    #[error("the columns {first:?} and {second:?} are both {}; only one can be", role.name())]
    Twice {
        /// The role.
        role: ColumnRole,
        /// One column.
        first: String,
        /// The other.
        second: String,
    },
    /// A part of a written mapping without a role.
    #[error(
        "{0:?} says no role: a mapping is like step=epoch,time=when,run=trial,param=lr (or metric=, ignored=)"
    )]
    Unreadable(String),
}

impl Mapping {
    /// Of chosen roles.
    ///
    /// # Errors
    /// When two columns have a role that only one can have.
    pub fn new(
        chosen: impl IntoIterator<Item = (String, ColumnRole)>,
    ) -> Result<Self, MappingError> {
        let mut roles: BTreeMap<String, ColumnRole> = BTreeMap::new();
        for (column, role) in chosen {
            let other = roles
                .iter()
                .find(|(name, known)| role.is_single() && **known == role && **name != column);
            if let Some((first, _)) = other {
                return Err(MappingError::Twice {
                    role,
                    first: first.clone(),
                    second: column,
                });
            }
            roles.insert(column, role);
        }
        Ok(Self(roles))
    }

    /// Reads `step=epoch,time=when,param=lr`. A comma in a name is written `\,`.
    ///
    /// # Errors
    /// When a part names no role, or two columns have one that only one can have.
    pub fn parse(text: &str) -> Result<Self, MappingError> {
        let mut parts = vec![String::new()];
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if letters.peek() == Some(&',') => {
                    letters.next();
                    parts.last_mut().into_iter().for_each(|part| part.push(','));
                }
                ',' => parts.push(String::new()),
                letter => parts
                    .last_mut()
                    .into_iter()
                    .for_each(|part| part.push(letter)),
            }
        }
        let parts = parts.iter().filter(|part| !part.trim().is_empty());
        let chosen: Result<Vec<_>, _> = parts
            .map(|part| {
                let pair = part.split_once('=');
                let role = pair.and_then(|(role, _)| ColumnRole::parse(role.trim()));
                match (pair, role) {
                    (Some((_, column)), Some(role)) if !column.trim().is_empty() => {
                        Ok((column.trim().to_owned(), role))
                    }
                    _ => Err(MappingError::Unreadable(part.clone())),
                }
            })
            .collect();
        Self::new(chosen?)
    }

    /// Whether nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was chosen for a column.
    pub fn role(&self, column: &str) -> Option<ColumnRole> {
        self.0.get(column).copied()
    }

    /// The column that was chosen for a role.
    pub fn column(&self, role: ColumnRole) -> Option<&str> {
        let mut found = self.0.iter().filter(|(_, known)| **known == role);
        found.next().map(|(name, _)| name.as_str())
    }

    /// All that was chosen, by column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, ColumnRole)> {
        self.0.iter().map(|(name, role)| (name.as_str(), *role))
    }

    /// The first of `names`, best first, that is a column and may be guessed to have `role`:
    /// nobody chose another role for it, or another column for the role.
    pub(crate) fn guess<'a>(
        &self,
        role: ColumnRole,
        names: &[&'a str],
        is_column: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        if self.column(role).is_some() {
            return None;
        }
        let free = |name: &&&str| is_column(name) && self.role(name).is_none();
        names.iter().find(free).copied()
    }
}

/// A column, what it holds, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As in the header, trimmed; nested keys of JSON lines are joined by `/`.
    pub name: String,
    /// What it holds.
    pub role: ColumnRole,
    /// A person chose it.
    pub chosen: bool,
    /// How it is known, as part of a sentence: `is called "epoch"`.
    pub why: String,
    /// Its first values as written; three at most.
    pub sample: Vec<String>,
}

/// Values kept to be shown.
const SAMPLES: usize = 3;
/// Letters kept of each.
const LONGEST_SAMPLE: usize = 60;

/// What was seen of a column while reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    sample: Vec<String>,
    numbers: bool,
    texts: bool,
}

impl Seen {
    /// Whether another value would tell anything new.
    pub(crate) fn wants(&self, is_number: bool) -> bool {
        self.sample.len() < SAMPLES
            || if is_number {
                !self.numbers
            } else {
                !self.texts
            }
    }

    /// Takes note of a value.
    pub(crate) fn add(&mut self, text: &str, is_number: bool) {
        self.numbers |= is_number;
        self.texts |= !is_number;
        if self.sample.len() < SAMPLES {
            self.sample
                .push(text.chars().take(LONGEST_SAMPLE).collect());
        }
    }

    /// As it is told. `guessed` is why a role was guessed from the name.
    pub(crate) fn column(
        &self,
        name: &str,
        role: ColumnRole,
        chosen: bool,
        guessed: Option<&str>,
    ) -> Column {
        let why = match (chosen, guessed) {
            (true, _) => "chosen here".to_owned(),
            (false, Some(why)) => why.to_owned(),
            (false, None) if self.numbers && self.texts => {
                "holds numbers, and texts that are left out".into()
            }
            (false, None) if self.numbers => "holds numbers".into(),
            (false, None) if self.texts => "holds texts: no metric".into(),
            (false, None) => "holds nothing yet".into(),
        };
        // Texts make no metric; it is one as soon as a number comes.
        let role = match role {
            ColumnRole::Metric if !chosen && !self.numbers => ColumnRole::Ignored,
            role => role,
        };
        Column {
            name: name.to_owned(),
            role,
            chosen,
            why,
            sample: self.sample.clone(),
        }
    }
}

/// A file as a plain table, whatever the scan takes it for; `None` when it is no text.
pub fn plain_source(root: &Path, path: &Path) -> Option<Source> {
    Some(Source {
        kind: crate::scan::plain_kind(path)?,
        path: path.to_path_buf(),
        root: root.to_path_buf(),
        runs: Some(1),
    })
}

impl SourceKind {
    /// Whether what its columns mean can be chosen.
    pub fn has_columns(self) -> bool {
        matches!(self, Self::Csv | Self::Tsv | Self::Jsonl | Self::Keras)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_mappings() {
        let mapping = Mapping::parse("step=epoch, time=when,run=trial,param=a\\,b,param=c=d");
        let mapping = mapping.unwrap();
        assert_eq!(mapping.column(ColumnRole::Step), Some("epoch"));
        assert_eq!(mapping.role("a,b"), Some(ColumnRole::Param));
        assert_eq!(mapping.role("c=d"), Some(ColumnRole::Param));
        assert_eq!(mapping.iter().count(), 5);
        assert!(Mapping::parse("").unwrap().is_empty());
        for (wrong, said) in [
            ("epoch", "says no role"),
            ("row=epoch", "says no role"),
            ("step=", "says no role"),
            ("step=a,step=b", "\"a\" and \"b\" are both step"),
        ] {
            let error = Mapping::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn guesses_keep_off_what_was_chosen() {
        let names = ["step", "epoch"];
        let guess = |text: &str| {
            let mapping = Mapping::parse(text).unwrap();
            mapping.guess(ColumnRole::Step, &names, |_| true)
        };
        assert_eq!(guess(""), Some("step"));
        assert_eq!(guess("metric=step"), Some("epoch"));
        assert_eq!(guess("step=other"), None);
        assert_eq!(guess("metric=step,param=epoch"), None);
    }
}
