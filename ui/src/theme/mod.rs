//! The look: tokens, type, icons, sizes, and how egui is told about them.
//!
//! [`install`] is called once per context; afterwards `Tokens::of(ui)` gives the
//! colours in force and [`Type`] the type scale.

pub mod fonts;
pub mod icons;
pub mod sizes;
mod style;
mod tokens;
mod type_roles;

pub use style::{ZOOM_STEPS, apply_zoom, install, set_choice};
pub use tokens::{DARK, LIGHT, LayerKind, Marker, RunStroke, Tokens};
pub use type_roles::{Pieces, Type, ellipsis};

use egui::{Align2, Color32, FontId, Painter, Pos2};

/// Paint an icon with its centre at `center`; `size` is the side of its box.
pub fn icon(painter: &Painter, center: Pos2, icon: &str, size: f32, color: Color32) {
    painter.text(
        center,
        Align2::CENTER_CENTER,
        icon,
        FontId::new(size, fonts::icons()),
        color,
    );
}

/// Paint an icon of the filled cut.
pub fn icon_fill(painter: &Painter, center: Pos2, icon: &str, size: f32, color: Color32) {
    painter.text(
        center,
        Align2::CENTER_CENTER,
        icon,
        FontId::new(size, fonts::icons_fill()),
        color,
    );
}

#[cfg(test)]
mod tests;
