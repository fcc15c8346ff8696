//! Keys pressed on an element of the twin, as egui events.

use egui::{Event, Key, Modifiers};

/// What a key press on the twin means.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// What egui is told.
    pub events: Vec<Event>,
    /// Whether the page must not act on it as well.
    pub prevent_default: bool,
}

/// Translate a `keydown` or `keyup`. `key` is the event's `key`; `in_field` when the element is a
/// text field, whose own editing must go on: its text arrives through `input` events.
#[must_use]
pub fn translate(key: &str, modifiers: Modifiers, pressed: bool, in_field: bool) -> Pressed {
    let name = match key {
        " " => "Space",
        "Esc" => "Escape",
        other => other,
    };
    let Some(egui_key) = Key::from_name(name) else {
        return Pressed {
            events: Vec::new(),
            prevent_default: false,
        };
    };
    let command = modifiers.ctrl || modifiers.command || modifiers.alt;
    // In a field only what leaves it or runs a command goes to egui.
    let leaves = matches!(
        egui_key,
        Key::Tab | Key::Escape | Key::Enter | Key::F1 | Key::F5 | Key::F6 | Key::F8
    ) || (matches!(egui_key, Key::ArrowUp | Key::ArrowDown));
    let edits = matches!(
        egui_key,
        Key::A
            | Key::C
            | Key::V
            | Key::X
            | Key::Z
            | Key::ArrowLeft
            | Key::ArrowRight
            | Key::Backspace
            | Key::Delete
    );
    if in_field && !leaves && (!command || edits) {
        return Pressed {
            events: Vec::new(),
            prevent_default: false,
        };
    }
    let mut events = vec![Event::Key {
        key: egui_key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    }];
    let letter = key.chars().count() == 1 && !command && key != " ";
    if pressed && letter && !in_field {
        events.push(Event::Text(key.to_owned()));
    }
    Pressed {
        events,
        prevent_default: !(in_field && egui_key == Key::Enter && modifiers.shift),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_is_pressed_by_space_and_enter_through_egui() {
        let space = translate(" ", Modifiers::NONE, true, false);
        assert!(matches!(
            space.events[..],
            [Event::Key {
                key: Key::Space,
                pressed: true,
                ..
            }]
        ));
        assert!(space.prevent_default, "the page would click as well");
    }

    #[test]
    fn a_field_edits_itself_but_commands_get_through() {
        assert!(
            translate("a", Modifiers::NONE, true, true)
                .events
                .is_empty()
        );
        assert!(
            translate("Backspace", Modifiers::NONE, true, true)
                .events
                .is_empty()
        );
        assert!(
            translate("a", Modifiers::COMMAND, true, true)
                .events
                .is_empty()
        );
        assert_eq!(
            translate("k", Modifiers::COMMAND, true, true).events.len(),
            1
        );
        assert_eq!(
            translate("Enter", Modifiers::NONE, true, true).events.len(),
            1
        );
        assert_eq!(
            translate("Tab", Modifiers::SHIFT, true, true).events.len(),
            1
        );
    }

    #[test]
    fn unknown_keys_are_left_to_the_page() {
        let dead = translate("Dead", Modifiers::NONE, true, false);
        assert!(dead.events.is_empty() && !dead.prevent_default);
    }
}
