//! Runs and ModelKits together: attached runs, packed tags, reviews.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "shared with the main job's tests")]
mod common;
mod kits;
mod pair;
mod reviews;
