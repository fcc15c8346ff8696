//! What stands around the work area.

mod panels;
mod rail;
mod shortcuts;
mod status_bar;
mod top_bar;

pub(super) use panels::jump_between_panels;
pub(super) use rail::rail;
pub(super) use shortcuts::Shortcuts;
pub(super) use status_bar::status_bar;
pub(super) use top_bar::top_bar;

use egui::Ui;

use crate::theme::sizes;

fn narrow(ui: &Ui) -> bool {
    ui.ctx().content_rect().width() < sizes::VERY_NARROW
}

fn rail_width(ui: &Ui) -> f32 {
    if narrow(ui) {
        sizes::RAIL_NARROW
    } else {
        sizes::RAIL
    }
}
