//! The screens of the workbench and the way to each.

use crate::mirror::{Query, containing};

/// The words on the rail, from the top.
pub const RAIL: &[&str] = &[
    "Projects",
    "Experiments",
    "ModelKits",
    "Registries",
    "Transfers",
    "Settings",
];

/// The control of the rail with this word. Its name may go on with a count.
pub fn rail(word: &str) -> Query {
    containing("button", word)
}
