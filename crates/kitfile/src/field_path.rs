//! Paths to places in a Kitfile, such as `datasets[2].path`.

use std::fmt;
use std::str::FromStr;

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into the value under a key.
    Key(String),
    /// Into an element of a list, from 0. Outside `parameters` null elements do not count, as
    /// they do not become elements of the Kitfile either.
    Index(usize),
}

/// Where something is in a Kitfile. Written as `package.author`, `datasets[2].path` or, for keys
/// with other characters than letters, digits, `_` and `-`, `model.parameters["a key"]`.
/// The empty path is the whole Kitfile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(Vec<Step>);

/// A text that is not a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a field path: {reason}; write it like `datasets[2].path`")]
pub struct FieldPathError {
    text: String,
    reason: &'static str,
}

impl FieldPath {
    /// The path to the whole Kitfile.
    pub fn root() -> Self {
        FieldPath::default()
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the whole Kitfile.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path one key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The path one element further.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// The path one step further.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        FieldPath(steps)
    }

    /// The path without its last step, and that step. `None` for the root.
    pub fn split_last(&self) -> Option<(FieldPath, &Step)> {
        let (last, rest) = self.0.split_last()?;
        Some((FieldPath(rest.to_vec()), last))
    }

    /// Whether `self` is `other` or lies within it.
    pub fn starts_with(&self, other: &FieldPath) -> bool {
        self.0.starts_with(&other.0)
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_simple(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(key)?;
                }
                Step::Key(key) => {
                    f.write_str("[\"")?;
                    for c in key.chars() {
                        if matches!(c, '"' | '\\') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                    f.write_str("\"]")?;
                }
            }
        }
        Ok(())
    }
}

fn is_simple(key: &str) -> bool {
    !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

impl FromStr for FieldPath {
    type Err = FieldPathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |reason| FieldPathError {
            text: text.to_owned(),
            reason,
        };
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix("[\"") {
                let mut key = String::new();
                let mut chars = inside.char_indices();
                let end = loop {
                    match chars.next() {
                        Some((at, '"')) => break at,
                        Some((_, '\\')) => key.extend(chars.next().map(|(_, c)| c)),
                        Some((_, c)) => key.push(c),
                        None => return Err(fail("a quoted key does not end")),
                    }
                };
                rest = inside[end + 1..]
                    .strip_prefix(']')
                    .ok_or_else(|| fail("`]` is missing"))?;
                steps.push(Step::Key(key));
            } else if let Some(inside) = rest.strip_prefix('[') {
                let (digits, after) = inside
                    .split_once(']')
                    .ok_or_else(|| fail("`]` is missing"))?;
                let index = digits
                    .parse()
                    .map_err(|_| fail("an index is not a number"))?;
                steps.push(Step::Index(index));
                rest = after;
            } else {
                if !steps.is_empty() {
                    rest = rest
                        .strip_prefix('.')
                        .ok_or_else(|| fail("`.` is missing"))?;
                }
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(fail("a key is missing"));
                }
                steps.push(Step::Key(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
        Ok(FieldPath(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read_back() {
        for text in [
            "",
            "package.author",
            "datasets[2].path",
            "model.parameters[\"a.b \\\"c\\\"\"][0].x",
        ] {
            let path: FieldPath = text.parse().expect(text);
            assert_eq!(path.to_string(), text);
        }
        for text in ["a..b", "a[", "a[x]", "a[\"b", "a[0]b", ".a"] {
            assert!(text.parse::<FieldPath>().is_err(), "{text}");
        }
    }
}
