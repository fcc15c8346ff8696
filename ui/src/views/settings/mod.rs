//! Settings: theme, zoom, transfers, secrets, places, shortcuts, about.

pub mod model;
mod ui;

use egui::Ui;
use kitbench_protocol::{EventKind, SetSettings, Settings};

use crate::app::{Place, View, ViewCtx};

/// The Settings screen.
#[derive(Default)]
pub struct SettingsView {
    /// What was chosen, until the engine has taken it; so that a control never jumps back.
    chosen: Option<Settings>,
}

impl SettingsView {
    /// The settings to draw.
    fn shown(&self, ctx: &ViewCtx<'_>) -> Option<Settings> {
        self.chosen
            .clone()
            .or_else(|| ctx.shared.settings.value().cloned())
    }

    fn change(&mut self, ctx: &ViewCtx<'_>, settings: Settings) {
        self.chosen = Some(settings.clone());
        // The event that follows the change brings the settings in force to everyone.
        ctx.act(SetSettings(settings), |_, _| {});
    }
}

impl View for SettingsView {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        self.draw(ui, ctx);
    }

    fn open(&mut self, _: &Place, _: &ViewCtx<'_>) {
        self.chosen = None;
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Settings)
    }

    fn on_event(&mut self, event: &EventKind) {
        if matches!(event, EventKind::Settings) {
            self.chosen = None;
        }
    }

    fn refresh(&mut self) {
        self.chosen = None;
    }
}
