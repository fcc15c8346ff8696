//! The list of all shortcuts (`F1`).

use egui::{Align, Context, Layout, Ui, vec2};

use crate::app::{Dialog, Screen, ViewCtx};
use crate::commands::{CommandId, Scope, shortcut_text};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame};

/// The list of all shortcuts (`F1`).
pub(in crate::app) struct Shortcuts;

impl Dialog for Shortcuts {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let mut open = true;
        let frame = DialogFrame {
            title: "Shortcuts and guide",
            icon: Some(icons::KEYBOARD),
            note: None,
            size: vec2(720.0, 620.0),
        };
        let closed = widgets::dialog(
            ctx,
            &frame,
            |ui| {
                egui::ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::PAGE_INSET, shortcut_list);
                    });
            },
            |ui| {
                if ui
                    .add(Button::neutral("Close").large().key("Esc"))
                    .clicked()
                {
                    open = false;
                }
            },
        );
        let _ = view;
        open && !closed
    }
}

fn shortcut_list(ui: &mut Ui) {
    let t = Tokens::of(ui);
    let groups: [(&str, Option<Screen>); 7] = [
        ("Everywhere", None),
        ("Projects", Some(Screen::Projects)),
        ("Kitfile editor", Some(Screen::Kitfile)),
        ("Experiments", Some(Screen::Experiments)),
        ("ModelKits", Some(Screen::ModelKits)),
        ("Registries", Some(Screen::Registries)),
        ("Transfers", Some(Screen::Transfers)),
    ];
    for (title, screen) in groups {
        widgets::label(ui, Type::Heading, t.text, title);
        for id in CommandId::ALL {
            let spec = id.spec();
            let here = match (spec.scope, screen) {
                (Scope::Everywhere, None) => true,
                (Scope::On(screens), Some(screen)) => screens.contains(&screen),
                _ => false,
            };
            if !here || spec.keys.is_empty() {
                continue;
            }
            ui.horizontal(|ui| {
                ui.allocate_ui_with_layout(
                    vec2(180.0, 22.0),
                    Layout::left_to_right(Align::Center),
                    |ui| {
                        ui.set_min_width(180.0);
                        for key in spec.keys {
                            widgets::key_cap(ui, &shortcut_text(key));
                        }
                    },
                );
                widgets::label(ui, Type::Body, t.text, spec.name);
                widgets::label(ui, Type::Small, t.text_3, spec.tip);
            });
        }
        if screen.is_none() {
            for (key, what) in [
                ("F6", "Next panel"),
                ("Shift F6", "Previous panel"),
                ("G then 1 to 5", "Screens of the rail"),
                ("Shift F10", "Menu of the row"),
            ] {
                ui.horizontal(|ui| {
                    ui.allocate_ui_with_layout(
                        vec2(180.0, 22.0),
                        Layout::left_to_right(Align::Center),
                        |ui| {
                            ui.set_min_width(180.0);
                            widgets::key_cap(ui, key);
                        },
                    );
                    widgets::label(ui, Type::Body, t.text, what);
                });
            }
        }
        ui.add_space(sizes::SPACE_4);
    }
}
