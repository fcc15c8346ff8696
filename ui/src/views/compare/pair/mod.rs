//! Two runs in depth, and notes on runs.

pub mod model;
mod note;
mod ui;

pub use note::NoteDialog;
pub use ui::PairDialog;
