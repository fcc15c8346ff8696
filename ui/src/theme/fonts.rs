//! The bundled fonts: Inter, JetBrains Mono and the Phosphor icons.
//!
//! Each weight is a family of its own. The icon font is the fallback of every
//! family, so an icon can stand inside any text. Licences lie beside the files in
//! `assets/fonts` and `assets/icons`.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const INTER_400: &[u8] = include_bytes!("../../../assets/fonts/inter-400.ttf");
const INTER_500: &[u8] = include_bytes!("../../../assets/fonts/inter-500.ttf");
const INTER_600: &[u8] = include_bytes!("../../../assets/fonts/inter-600.ttf");
const MONO_400: &[u8] = include_bytes!("../../../assets/fonts/jetbrains-mono-400.ttf");
const MONO_600: &[u8] = include_bytes!("../../../assets/fonts/jetbrains-mono-600.ttf");
const ICONS: &[u8] = include_bytes!("../../../assets/icons/phosphor-regular.ttf");
const ICONS_FILL: &[u8] = include_bytes!("../../../assets/icons/phosphor-fill.ttf");

/// Inter, 500.
#[must_use]
pub fn inter_500() -> FontFamily {
    FontFamily::Name("inter-500".into())
}

/// Inter, 600.
#[must_use]
pub fn inter_600() -> FontFamily {
    FontFamily::Name("inter-600".into())
}

/// JetBrains Mono, 600.
#[must_use]
pub fn mono_600() -> FontFamily {
    FontFamily::Name("mono-600".into())
}

/// The regular icons.
#[must_use]
pub fn icons() -> FontFamily {
    FontFamily::Name("icons".into())
}

/// The filled icons: only for the three severity marks, a set star and a set pin.
#[must_use]
pub fn icons_fill() -> FontFamily {
    FontFamily::Name("icons-fill".into())
}

/// All families, ready for [`egui::Context::set_fonts`].
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    for (name, bytes) in [
        ("inter-400", INTER_400),
        ("inter-500", INTER_500),
        ("inter-600", INTER_600),
        ("mono-400", MONO_400),
        ("mono-600", MONO_600),
        ("icons", ICONS),
        ("icons-fill", ICONS_FILL),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let family = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    // What a face lacks comes from the other one: arrows and box drawing are not in both.
    fonts.families.insert(
        FontFamily::Proportional,
        family(&["inter-400", "icons", "mono-400"]),
    );
    fonts
        .families
        .insert(inter_500(), family(&["inter-500", "icons", "mono-400"]));
    fonts
        .families
        .insert(inter_600(), family(&["inter-600", "icons", "mono-600"]));
    fonts.families.insert(
        FontFamily::Monospace,
        family(&["mono-400", "icons", "inter-400"]),
    );
    fonts
        .families
        .insert(mono_600(), family(&["mono-600", "icons", "inter-600"]));
    fonts.families.insert(icons(), family(&["icons"]));
    fonts
        .families
        .insert(icons_fill(), family(&["icons-fill", "icons"]));
    fonts
}
