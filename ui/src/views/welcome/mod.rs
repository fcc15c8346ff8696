//! First run: something useful within a minute.
//!
//! Shown while there is no project, and by "Welcome" in the palette. What is found on the computer
//! is only read; nothing is added before a button is pressed.

mod choose;
pub mod model;
#[cfg(test)]
mod snapshots;
mod ui;

use egui::Ui;
use kitbench_protocol::{EventKind, FindOnComputer, Found, RegistryAddress, SaveRegistry};

use crate::app::{Place, View, ViewCtx};
use crate::backend::Remote;

/// The registry that can be looked at without an account.
const OPEN_REGISTRY: &str = "jozu.ml";

/// The first-run screen.
#[derive(Default)]
pub struct Welcome {
    found: Remote<Found>,
}

impl Welcome {
    /// Draw the page, also in the place of an empty list of projects.
    pub fn page(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        self.found.ask(ctx.client, ctx.now, || FindOnComputer);
        self.draw(ui, ctx);
    }

    /// Show the open registry, after adding it if it is not in the list.
    fn browse(&self, ctx: &ViewCtx<'_>) {
        let place = Place::Registries(Some(OPEN_REGISTRY.to_owned()));
        let known = ctx
            .shared
            .registries
            .value()
            .is_some_and(|rows| rows.iter().any(|row| row.address.host == OPEN_REGISTRY));
        if known {
            ctx.commands.go(place);
            return;
        }
        ctx.act(registry(OPEN_REGISTRY), move |_, commands| {
            commands.go(place)
        });
    }

    /// Add the registries that there are logins for.
    fn use_logins(&self, ctx: &ViewCtx<'_>, hosts: &[String]) {
        for (i, host) in hosts.iter().enumerate() {
            let last = i + 1 == hosts.len();
            ctx.act(registry(host), move |_, commands| {
                if last {
                    commands.go(Place::Registries(None));
                }
            });
        }
    }
}

fn registry(host: &str) -> SaveRegistry {
    SaveRegistry {
        id: None,
        address: RegistryAddress {
            host: host.to_owned(),
            ..RegistryAddress::default()
        },
    }
}

impl View for Welcome {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        self.page(ui, ctx);
    }

    fn open(&mut self, _: &Place, _: &ViewCtx<'_>) {
        self.found.invalidate();
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Welcome)
    }

    fn on_event(&mut self, event: &EventKind) {
        if matches!(event, EventKind::Projects | EventKind::Store) && self.found.value().is_some() {
            self.found.invalidate();
        }
    }

    fn refresh(&mut self) {
        self.found.invalidate();
    }
}
