//! Runs and ModelKits together: attached runs, packed tags, reviews.

#[path = "../common/mod.rs"]
mod common;
mod fake_mlflow;
mod kits;
mod pair;
mod reviews;
mod sources;
