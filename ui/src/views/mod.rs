//! The screens. Each has a folder with `model.rs` (plain data, tested as text) and `ui.rs` (drawing),
//! and is named once in [`all`].

pub mod compare;
pub mod folder_dialog;
pub mod kitfile;
pub mod modelkits;
pub mod pack_dialog;
pub mod projects;
pub mod registries;
pub mod sent;
pub mod settings;
pub mod transfers;
pub mod welcome;

use std::collections::HashMap;

use crate::app::{Dialog, Screen, View};

/// Every screen's view. A screen that is not in here has no item in the rail.
#[must_use]
pub fn all() -> HashMap<Screen, Box<dyn View>> {
    let mut map: HashMap<Screen, Box<dyn View>> = HashMap::new();
    map.insert(Screen::Kitfile, Box::<kitfile::Kitfile>::default());
    map.insert(Screen::ModelKits, Box::<modelkits::ModelKits>::default());
    map.insert(Screen::Registries, Box::<registries::Registries>::default());
    map.insert(Screen::Transfers, Box::<transfers::Transfers>::default());
    map.insert(Screen::Experiments, Box::<compare::Compare>::default());
    map.insert(Screen::Projects, Box::<projects::Projects>::default());
    map.insert(Screen::Welcome, Box::<welcome::Welcome>::default());
    map.insert(Screen::Settings, Box::<settings::SettingsView>::default());
    map
}

/// The dialog that chooses a project folder where there is no native one.
#[must_use]
pub fn folder_dialog() -> Option<Box<dyn Dialog>> {
    Some(Box::new(folder_dialog::FolderDialog::add_project()))
}
