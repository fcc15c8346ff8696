//! Experiment runs: what training left on disk, read without a server and without an import.
//!
//! [`scan()`] finds the sources below a folder by their content, [`open`] gives a [`Reader`]
//! for one of them. A reader lists [`Run`]s with a summary per metric, hands out whole
//! [`Series`], and on [`Reader::refresh`] reads only what was added. Everything here is
//! read-only: no tracker's file or database is written, locked for long or left open.
//!
//! On top of the series lie [`reduce`] (what to draw), [`smooth`], [`group`], [`chart`]
//! (PNG and SVG), [`export`] (JSON and CSV) and [`filter`] (the language of the runs table).

pub mod chart;
pub mod curves;
pub mod error;
pub mod export;
pub mod filter;
mod formats;
pub mod group;
pub mod index;
pub mod mapping;
pub mod media;
pub mod model;
mod parallel;
pub mod plots;
pub mod reader;
mod readers;
pub mod reduce;
pub mod scan;
pub mod series;
pub mod server;
pub mod smooth;

pub use curves::{Curve, Held};
pub use error::{RunsError, ServerTrouble};
pub use index::Index;
pub use mapping::{Column, ColumnRole, Mapping, MappingError};
pub use model::{MetricSummary, Problem, Run, RunState, SourceKind};
pub use parallel::in_parallel;
pub use reader::{Reader, Refresh, distinct, open, open_indexed, open_mapped};
pub use scan::{Discovery, Skipped, Source, scan};
pub use series::{Series, Step, Steps, Stitch, Times, XAxis, is_plain};
