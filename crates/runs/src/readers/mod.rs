//! A reader per tracker.

pub(crate) mod mlflow_file;
pub(crate) mod table;
pub(crate) mod units;
