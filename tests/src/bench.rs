//! Measurements, in release mode, of the programs as a user starts them.

pub mod latency;
pub mod machine;
pub mod pack;
pub mod process_tree;
pub mod runs;
pub mod table;
pub mod ui;
