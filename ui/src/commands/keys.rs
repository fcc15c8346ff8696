//! Shortcuts: how they are written, shown and recognised.

use egui::{Context, Key, Modifiers};

/// A key with modifiers. `Ctrl` is `Cmd` on macOS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortcut {
    ctrl: bool,
    alt: bool,
    shift: bool,
    key: &'static str,
}

impl Shortcut {
    /// A key alone. Letters and signs act only while no text field has the focus.
    #[must_use]
    pub const fn plain(key: &'static str) -> Self {
        Self {
            ctrl: false,
            alt: false,
            shift: false,
            key,
        }
    }

    /// With `Ctrl` (`Cmd` on macOS).
    #[must_use]
    pub const fn ctrl(key: &'static str) -> Self {
        Self {
            ctrl: true,
            ..Self::plain(key)
        }
    }

    /// With `Ctrl` and `Shift`.
    #[must_use]
    pub const fn ctrl_shift(key: &'static str) -> Self {
        Self {
            ctrl: true,
            shift: true,
            ..Self::plain(key)
        }
    }

    /// With `Alt`.
    #[must_use]
    pub const fn alt(key: &'static str) -> Self {
        Self {
            alt: true,
            ..Self::plain(key)
        }
    }

    /// With `Shift`.
    #[must_use]
    pub const fn shift(key: &'static str) -> Self {
        Self {
            shift: true,
            ..Self::plain(key)
        }
    }

    fn egui_key(&self) -> Option<Key> {
        match self.key {
            "Left" => Some(Key::ArrowLeft),
            "Right" => Some(Key::ArrowRight),
            "," => Some(Key::Comma),
            "." => Some(Key::Period),
            "/" => Some(Key::Slash),
            "+" => Some(Key::Plus),
            "=" => Some(Key::Equals),
            "-" => Some(Key::Minus),
            other => Key::from_name(other),
        }
    }

    /// Whether it would type something into a text field or move within it.
    fn types(&self) -> bool {
        let function_key = self.key.len() > 1 && self.key.starts_with('F');
        !(self.ctrl || self.alt || function_key)
    }

    fn modifiers(&self) -> Modifiers {
        Modifiers {
            alt: self.alt,
            shift: self.shift,
            command: self.ctrl,
            ctrl: false,
            mac_cmd: false,
        }
    }
}

/// How it is written on a key cap: `Ctrl P`, `Shift F8`.
#[must_use]
pub fn shortcut_text(shortcut: &Shortcut) -> String {
    let mut parts = Vec::with_capacity(3);
    if shortcut.ctrl {
        parts.push(if cfg!(target_os = "macos") {
            "Cmd"
        } else {
            "Ctrl"
        });
    }
    if shortcut.alt {
        parts.push("Alt");
    }
    if shortcut.shift {
        parts.push("Shift");
    }
    parts.push(shortcut.key);
    parts.join(" ")
}

/// Whether this shortcut was pressed; the key press is consumed.
///
/// A shortcut that would type into a text field counts only while none has the focus.
/// `Ctrl Z` and `Ctrl Shift Z` are left to the field that has the focus.
pub fn pressed(ctx: &Context, shortcut: &Shortcut) -> bool {
    let editing = ctx.text_edit_focused();
    let undo = shortcut.ctrl && shortcut.key == "Z";
    if editing && (shortcut.types() || undo) {
        return false;
    }
    // A focused list or button has its own meaning for these.
    let widget_key = shortcut.types() && matches!(shortcut.key, "Space" | "Enter");
    if widget_key && ctx.memory(|memory| memory.focused().is_some()) {
        return false;
    }
    let Some(key) = shortcut.egui_key() else {
        return false;
    };
    ctx.input_mut(|input| {
        let wanted = shortcut.modifiers();
        let hit = input.events.iter().any(|event| {
            matches!(event, egui::Event::Key { key: pressed, pressed: true, modifiers, .. }
                if *pressed == key && modifiers.alt == wanted.alt && modifiers.command == wanted.command
                    && (modifiers.shift == wanted.shift || matches!(key, Key::Plus | Key::Slash)))
        });
        if hit {
            input.events.retain(|event| !matches!(event, egui::Event::Key { key: pressed, pressed: true, .. } if *pressed == key));
            if shortcut.types() {
                // The same press also arrives as text; a field that gains the focus now must not get it.
                input.events.retain(|event| !matches!(event, egui::Event::Text(_)));
            }
        }
        hit
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shortcut_names_a_key() {
        for id in super::super::CommandId::ALL {
            for key in id.spec().keys {
                assert!(key.egui_key().is_some(), "{id:?}: {}", shortcut_text(key));
            }
        }
    }

    #[test]
    fn caps_read_as_on_a_keyboard() {
        assert_eq!(
            shortcut_text(&Shortcut::ctrl("K")),
            if cfg!(target_os = "macos") {
                "Cmd K"
            } else {
                "Ctrl K"
            }
        );
        assert_eq!(shortcut_text(&Shortcut::shift("F8")), "Shift F8");
    }
}
