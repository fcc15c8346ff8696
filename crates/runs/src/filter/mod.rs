//! The filter language of the runs table.
//!
//! ```text
//! metrics.val_loss < 0.3 and params.lr ~ "1e-.*" and state != failed
//! min(metrics."val acc") >= 0.9 or (name like "base%" and not tags.team in [vision, nlp])
//! age < 2d and duration > 30m
//! ```
//!
//! Fields: `params.KEY`, `metrics.KEY` (last value; `min(…)`, `max(…)`, `count(…)` of it),
//! `tags.KEY`, `name`, `id`, `state` (also `status`), `source`, `experiment`, `dataset`,
//! `commit`, `note`, `parent`, `path`, `deleted`, and in seconds `age` (since the begin) and
//! `duration`. Keys with other characters than letters, digits and `_ - . / :` go in quotes
//! or backticks. Values: numbers, texts (quotes optional for one word), times such as `90s`,
//! `10m`, `2h`, `3d`, `1w`, `true`, `false`, `none`. Operators: `==` (or `=`), `!=`, `>`,
//! `>=`, `<`, `<=`, `in [a, b]`, `like` (`%` and `_`, case ignored), `~` (regular
//! expression, found anywhere), `and`, `or`, `not`, parentheses. A field alone asks whether
//! the run has it.
//!
//! `/lora.*16/` alone is a regular expression searched for, whatever the case, in the name, id,
//! note and experiment of a run and in its parameters and tags written as `key=value`.
//!
//! Text that is a number compares as one, so `params.lr == 0.1` finds MLflow's `"0.10"`.
//! What a run lacks is unequal to everything and neither above nor below anything; so is NaN.

mod complete;
mod eval;
mod lexer;
mod parser;

pub use complete::{Completion, Vocabulary, complete};
pub use parser::Filter;

/// Why a filter cannot be understood, and which bytes of it are to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// What was expected.
    pub message: String,
    /// First byte of the wrong part.
    pub start: usize,
    /// One past its last byte; equal to `start` at the end of the text.
    pub end: usize,
}

impl FilterError {
    fn new(message: impl Into<String>, range: std::ops::Range<usize>) -> Self {
        Self {
            message: message.into(),
            start: range.start,
            end: range.end,
        }
    }
}
