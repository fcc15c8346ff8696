//! Drawing the settings.

use egui::{Align, Layout, Rect, Role, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{AppInfo, Door, Reveal, SecretStore, Settings, ThemeChoice};

use super::SettingsView;
use super::model::{self, ShortcutGroup};
use crate::app::ViewCtx;
use crate::backend::RemoteView;
use crate::commands::{Command, CommandId};
use crate::theme::{Tokens, Type, ZOOM_STEPS, icons, sizes};
use crate::widgets::{self, Button, FailureAction, Segment, key_cap};

/// Width of the column, and of the names at its left.
const COLUMN: f32 = 760.0;
const NAMES: f32 = 190.0;
const GAP: f32 = sizes::SPACE_5;

impl SettingsView {
    pub(super) fn draw(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(settings) = self.shown(ctx) else {
            match ctx.shared.settings.view() {
                RemoteView::Failed(error) => {
                    if widgets::failed(ui, error) == Some(FailureAction::Retry) {
                        ctx.commands.run(CommandId::Refresh);
                    }
                }
                RemoteView::Loading(since) => widgets::skeleton(ui, since, 48.0),
                RemoteView::Ready { .. } => {}
            }
            return;
        };
        let mut next = settings.clone();
        ScrollArea::vertical()
            .id_salt("settings")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let whole = ui.max_rect();
                let top = ui.cursor().top();
                let width = COLUMN.min(whole.width() - 2.0 * sizes::PAGE_INSET);
                let left = (whole.left() + (whole.width() - width) / 2.0).round();
                let area = Rect::from_min_size(
                    pos2(left, top + sizes::SPACE_6),
                    vec2(width, whole.height()),
                );
                let mut column = ui.new_child(UiBuilder::new().max_rect(area));
                column.spacing_mut().item_spacing.y = 0.0;
                let t = Tokens::of(&column);
                widgets::named(&mut column, Role::Heading, Type::Title, t.text, "Settings");
                column.add_space(GAP);
                appearance(&mut column, &mut next);
                column.add_space(GAP);
                transfers(&mut column, &mut next);
                column.add_space(GAP);
                secrets(&mut column, ctx, &mut next);
                column.add_space(GAP);
                places(&mut column, ctx);
                column.add_space(GAP);
                shortcuts(&mut column);
                column.add_space(GAP);
                about(&mut column, ctx);
                let used = column.min_rect().bottom() + sizes::SPACE_6 - top;
                ui.allocate_space(vec2(whole.width(), used.max(0.0)));
            });
        if next != settings {
            self.change(ctx, next);
        }
    }
}

/// A name at the left and a control beside it.
fn line(ui: &mut Ui, name: &str, control: impl FnOnce(&mut Ui)) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.set_min_height(sizes::BUTTON);
        ui.allocate_ui_with_layout(
            vec2(NAMES, sizes::BUTTON),
            Layout::left_to_right(Align::Center),
            |ui| {
                ui.set_min_width(NAMES);
                widgets::label(ui, Type::Body, t.text_2, name);
            },
        );
        control(ui);
    });
}

fn group(ui: &mut Ui, title: &str, contents: impl FnOnce(&mut Ui)) {
    widgets::card(
        ui,
        title,
        None,
        |_| {},
        |ui| {
            widgets::inset(ui, sizes::SPACE_5, contents);
        },
    );
}

fn appearance(ui: &mut Ui, settings: &mut Settings) {
    const THEMES: [ThemeChoice; 3] = [ThemeChoice::System, ThemeChoice::Dark, ThemeChoice::Light];
    group(ui, "Appearance", |ui| {
        line(ui, "Theme", |ui| {
            let mut at = THEMES
                .iter()
                .position(|theme| *theme == settings.theme)
                .unwrap_or_default();
            let choices = [
                Segment::new("System").icon(icons::CIRCLE_HALF),
                Segment::new("Dark").icon(icons::MOON),
                Segment::new("Light").icon(icons::SUN),
            ];
            if widgets::segments(ui, "Theme", &mut at, &choices).changed()
                && let Some(theme) = THEMES.get(at)
            {
                settings.theme = *theme;
            }
        });
        line(ui, "Zoom", |ui| {
            let names: Vec<String> = ZOOM_STEPS
                .iter()
                .map(|step| format!("{:.0} %", step * 100.0))
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let near = |step: &f32| (step - settings.zoom).abs();
            let mut at = (0..ZOOM_STEPS.len())
                .min_by(|a, b| near(&ZOOM_STEPS[*a]).total_cmp(&near(&ZOOM_STEPS[*b])))
                .unwrap_or_default();
            if widgets::select(ui, "Zoom", &mut at, &names, 110.0).changed()
                && let Some(step) = ZOOM_STEPS.get(at)
            {
                settings.zoom = *step;
            }
            for id in [CommandId::ZoomOut, CommandId::ZoomIn] {
                key_cap(ui, &id.key().unwrap_or_default());
            }
        });
    });
}

fn transfers(ui: &mut Ui, settings: &mut Settings) {
    group(ui, "Transfers", |ui| {
        line(ui, "Layers at once", |ui| {
            let mut at = usize::from(settings.layers_at_once.clamp(1, 8)) - 1;
            let choices = ["1", "2", "3", "4", "5", "6", "7", "8"].map(Segment::new);
            if widgets::segments(ui, "Layers at once", &mut at, &choices).changed() {
                settings.layers_at_once = at as u8 + 1;
            }
        });
        line(ui, "After a restart", |ui| {
            widgets::switch(
                ui,
                &mut settings.resume_transfers,
                "Continue interrupted transfers by itself",
            );
        });
    });
}

fn secrets(ui: &mut Ui, ctx: &ViewCtx<'_>, settings: &mut Settings) {
    let t = Tokens::of(ui);
    group(ui, "Secrets of registries", |ui| {
        for (store, words) in [
            (SecretStore::System, "The system's key store"),
            (
                SecretStore::KitFile,
                "The logins file shared with the kit command",
            ),
        ] {
            if widgets::radio(ui, settings.secret_store == store, words).clicked() {
                settings.secret_store = store;
            }
        }
        // The engine says where secrets really go on this computer.
        if let Some(status) = ctx.shared.status.value()
            && !status.secret_store.is_empty()
        {
            let plain = status.secret_store.contains("readable by");
            ui.horizontal(|ui| {
                let (mark, color) = if plain {
                    (widgets::Mark::Attention, t.text)
                } else {
                    (widgets::Mark::Done, t.text_2)
                };
                let (rect, _) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
                widgets::paint_mark(ui, rect.center(), mark, 14.0);
                widgets::paragraph(ui, Type::Small, color, &status.secret_store);
            });
        }
    });
}

fn places(ui: &mut Ui, ctx: &ViewCtx<'_>) {
    group(ui, "Places", |ui| {
        let Some(info) = ctx.shared.info.value() else {
            return;
        };
        place_row(
            ui,
            ctx,
            info,
            "Local store",
            &info.kit_home,
            "Shared with the kit command. `KITOPS_HOME` moves it; it is read when Kitbench starts.",
        );
        place_row(
            ui,
            ctx,
            info,
            "Kitbench's own state",
            &info.state_folder,
            "Projects, history and settings. `KITBENCH_STATE` moves it.",
        );
    });
}

fn place_row(ui: &mut Ui, ctx: &ViewCtx<'_>, info: &AppInfo, name: &str, path: &str, note: &str) {
    let t = Tokens::of(ui);
    let between = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 0.0);
    line(ui, name, |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let only = "Only in the window: a browser may not open folders";
            let reveal = Button::ghost("Reveal")
                .name(format!("Reveal {name}"))
                .icon(icons::FOLDER_OPEN)
                .small()
                .blocked((info.door == Door::Browser).then_some(only));
            if ui.add(reveal).clicked() {
                let call = Reveal {
                    path: path.to_owned(),
                };
                ctx.act(call, |(), _| {});
            }
            let copy = Button::ghost("Copy")
                .name(format!("Copy {name}"))
                .icon(icons::COPY)
                .small();
            if ui.add(copy).clicked() {
                ctx.commands.send(Command::Copy(path.to_owned()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                widgets::label(ui, Type::Mono, t.text, path);
            });
        });
    });
    ui.horizontal(|ui| {
        ui.add_space(NAMES + sizes::SPACE_3);
        widgets::paragraph(ui, Type::Small, t.text_2, note);
    });
    ui.spacing_mut().item_spacing.y = between;
    ui.add_space(sizes::SPACE_2);
}

fn shortcuts(ui: &mut Ui) {
    let t = Tokens::of(ui);
    group(ui, "Shortcuts", |ui| {
        let two = ui.available_width() > 560.0;
        let groups = model::shortcuts();
        // Two columns of about the same height.
        let rows: usize = groups.iter().map(|group| group.rows.len() + 2).sum();
        let mut columns: Vec<Vec<_>> = vec![Vec::new(), Vec::new()];
        let mut filled = 0;
        for group in groups {
            let at = usize::from(two && filled * 2 + group.rows.len() >= rows);
            filled += group.rows.len() + 2;
            columns[at].push(group);
        }
        let draw = |ui: &mut Ui, groups: &[ShortcutGroup]| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for group in groups {
                widgets::label(ui, Type::BodyBold, t.text, group.title);
                for (keys, name) in &group.rows {
                    ui.horizontal(|ui| {
                        ui.set_min_height(24.0);
                        ui.allocate_ui_with_layout(
                            vec2(132.0, 22.0),
                            Layout::left_to_right(Align::Center),
                            |ui| {
                                ui.set_min_width(132.0);
                                ui.spacing_mut().item_spacing.x = 4.0;
                                for key in keys {
                                    key_cap(ui, key);
                                }
                            },
                        );
                        widgets::label(ui, Type::Small, t.text_2, name);
                    });
                }
                ui.add_space(sizes::SPACE_4);
            }
        };
        if two {
            ui.columns(2, |uis| {
                for (ui, groups) in uis.iter_mut().zip(&columns) {
                    draw(ui, groups);
                }
            });
        } else {
            columns.iter().for_each(|groups| draw(ui, groups));
        }
    });
}

fn about(ui: &mut Ui, ctx: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    group(ui, "About", |ui| {
        if let Some(info) = ctx.shared.info.value() {
            let version = model::version(info);
            line(ui, "Version", |ui| {
                widgets::label(ui, Type::Mono, t.text, &version);
                let copy = Button::ghost("Copy")
                    .name("Copy version")
                    .icon(icons::COPY)
                    .small();
                if ui.add(copy).clicked() {
                    ctx.commands
                        .send(Command::Copy(format!("Kitbench {version}")));
                }
            });
        }
        for (what, licence) in model::CARRIED {
            line(ui, what, |ui| {
                widgets::label(ui, Type::Body, t.text, licence);
            });
        }
        widgets::paragraph(
            ui,
            Type::Small,
            t.text_2,
            "Kitbench sends nothing about you or your projects anywhere. It talks to a registry only when you ask it to.",
        );
    });
}
