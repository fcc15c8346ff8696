//! Drawing the first-run screen: three cards, what was found, a hint at the foot.

use egui::{
    Align, Key, Layout, Modifiers, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, pos2, vec2,
};

use super::Welcome;
use super::choose::{Choose, add_all};
use super::model::{self, FoundRow, Offer};
use crate::app::{Place, ViewCtx};
use crate::commands::{Command, CommandId, Shortcut, shortcut_text};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Tone, key_cap, line_marked};

/// Width of the column, height and gap of the cards, height of a found row.
const COLUMN: f32 = 960.0;
const CARD: f32 = 308.0;
const GAP: f32 = 16.0;
const ROW: f32 = 48.0;

struct Card {
    icon: &'static str,
    title: &'static str,
    text: &'static str,
    points: [&'static str; 3],
    button: &'static str,
    key: String,
    main: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Folder,
    Example,
    Registry,
}

fn cards() -> [(Door, Card); 3] {
    [
        (
            Door::Folder,
            Card {
                icon: icons::FOLDER_OPEN,
                title: "Open a project folder",
                text: "With a Kitfile or without: then one is drafted for you to check.",
                points: [
                    "Shows changes since the last pack",
                    "Finds files that no layer covers",
                    "Writes nothing until you save",
                ],
                button: "Open folder…",
                key: CommandId::AddFolder.key().unwrap_or_default(),
                main: true,
            },
        ),
        (
            Door::Example,
            Card {
                icon: icons::WINE,
                title: "Try the wine example",
                text: "A small real project with its training runs, ready to pack. Works offline.",
                points: [
                    "Compare its runs in charts",
                    "Pack it and look inside",
                    "Delete it any time from Projects",
                ],
                button: "Copy the example",
                key: shortcut_text(&Shortcut::ctrl("E")),
                main: false,
            },
        ),
        (
            Door::Registry,
            Card {
                icon: icons::CLOUD,
                title: "Browse a registry",
                text: "Jozu Hub is ready without an account. Add GHCR, Harbor, ECR or a local one.",
                points: [
                    "See files and tensors before you pull",
                    "Know the download size first",
                    "Use logins you already have",
                ],
                button: "Browse Jozu Hub",
                key: shortcut_text(&Shortcut::ctrl("B")),
                main: false,
            },
        ),
    ]
}

impl Welcome {
    pub(super) fn draw(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let free = ui.memory(|memory| memory.top_modal_layer().is_none());
        let pressed = |key| free && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, key));
        if pressed(Key::E) {
            ctx.commands.run(CommandId::CopyExample);
        }
        if pressed(Key::B) {
            self.browse(ctx);
        }
        let view = ui.available_height();
        ScrollArea::vertical()
            .id_salt("welcome")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                let whole = ui.max_rect();
                let top = ui.cursor().top();
                let width = COLUMN.min(whole.width() - 2.0 * sizes::PAGE_INSET);
                let left = (whole.left() + (whole.width() - width) / 2.0).round();
                let head = 72.0_f32.min((view * 0.08).max(20.0));
                let area = Rect::from_min_size(pos2(left, top + head), vec2(width, view));
                let mut column = ui.new_child(UiBuilder::new().max_rect(area));
                column.spacing_mut().item_spacing.y = 0.0;
                self.column(&mut column, ctx);
                let used = column.min_rect().bottom() - top;
                // The hint stands at the foot, or under everything where there is no room.
                let foot = (view - 52.0).max(used + 20.0);
                hint(
                    ui,
                    Rect::from_min_size(pos2(whole.left(), top + foot), vec2(whole.width(), 32.0)),
                );
                ui.allocate_space(vec2(whole.width(), foot + 40.0));
            });
    }

    fn column(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        widgets::named(
            ui,
            Role::Heading,
            Type::Display,
            t.text,
            "Start with a folder, an example or a registry",
        );
        ui.add_space(8.0);
        widgets::label(
            ui,
            Type::Body,
            t.text_2,
            "Kitbench watches project folders, packs them as ModelKits and moves them to and from OCI registries.",
        );
        ui.add_space(4.0);
        widgets::label(
            ui,
            Type::Body,
            t.text_2,
            "Nothing leaves this computer until you push.",
        );
        ui.add_space(28.0);
        let (row, _) = ui.allocate_exact_size(vec2(ui.available_width(), CARD), Sense::hover());
        let width = (row.width() - 2.0 * GAP) / 3.0;
        for (i, (door, card)) in cards().into_iter().enumerate() {
            let left = row.left() + (width + GAP) * i as f32;
            let rect = Rect::from_min_size(pos2(left.round(), row.top()), vec2(width, CARD));
            if card_ui(ui, rect, &card) {
                match door {
                    Door::Folder => ctx.commands.run(CommandId::AddFolder),
                    Door::Example => ctx.commands.run(CommandId::CopyExample),
                    Door::Registry => self.browse(ctx),
                }
            }
        }
        ui.add_space(sizes::SPACE_6);
        self.found(ui, ctx);
    }

    fn found(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if let Some(failure) = ctx.shared.kits.failure() {
            let words = format!("{} {}", failure.message, failure.hint);
            widgets::boxed_strip(ui, Tone::Warn, words.trim(), |ui| {
                if ui.add(Button::neutral("Retry").small()).clicked() {
                    ctx.commands.run(CommandId::Refresh);
                }
            });
            ui.add_space(sizes::SPACE_4);
        }
        let Some(found) = self.found.value() else {
            return;
        };
        let projects = ctx.shared.projects.value().map_or(&[][..], Vec::as_slice);
        let watched: Vec<&str> = projects.iter().map(|row| row.path.as_str()).collect();
        let registries = ctx.shared.registries.value().map_or(&[][..], Vec::as_slice);
        let hosts: Vec<&str> = registries
            .iter()
            .map(|row| row.address.host.as_str())
            .collect();
        let kit_home = ctx.shared.info.value().map_or("", |info| &info.kit_home);
        let rows = model::rows(found, &watched, &hosts, kit_home, |path| {
            ctx.shared.short_path(path)
        });
        if rows.is_empty() {
            return;
        }
        let t = Tokens::of(ui);
        ui.horizontal(|ui| {
            widgets::named(
                ui,
                Role::Heading,
                Type::Heading,
                t.text,
                "Found on this computer",
            );
            widgets::label(
                ui,
                Type::Small,
                t.text_3,
                "read only, nothing has been added yet",
            );
        });
        ui.add_space(sizes::SPACE_4 - 2.0);
        let mut done = None;
        widgets::outlined(ui, |ui| {
            for (i, row) in rows.iter().enumerate() {
                if i > 0 {
                    widgets::rule(ui);
                }
                if let Some(offer) = found_row(ui, ctx, row) {
                    done = Some(offer);
                }
            }
        });
        match done {
            Some(Offer::Folders(folders)) => add_all(ctx.commands, folders),
            Some(Offer::Kits) => ctx.commands.go(Place::ModelKits(None)),
            Some(Offer::Logins(hosts)) => self.use_logins(ctx, &hosts),
            None => {}
        }
    }
}

fn card_ui(ui: &mut Ui, rect: Rect, card: &Card) -> bool {
    let t = Tokens::of(ui);
    let edge = if card.main {
        t.accent_line
    } else {
        t.line_strong
    };
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_XL, t.bg_panel, edge);
    let inner = rect.shrink(20.0);
    let tile = Rect::from_min_size(inner.min, vec2(40.0, 40.0));
    let (back, color) = if card.main {
        (t.accent_bg, t.accent_text)
    } else {
        (t.bg_active, t.text_2)
    };
    ui.painter().rect_filled(tile, sizes::RADIUS_L, back);
    theme::icon(ui.painter(), tile.center(), card.icon, 22.0, color);
    let mut body = ui.new_child(
        UiBuilder::new()
            .id_salt(card.title)
            .max_rect(inner.with_min_y(tile.bottom() + 12.0)),
    );
    body.spacing_mut().item_spacing.y = 0.0;
    widgets::named(&mut body, Role::Heading, Type::Lead, t.text, card.title);
    widgets::paragraph(&mut body, Type::Body, t.text_2, card.text);
    let line = body.min_rect().bottom().max(inner.top() + 110.0) + 13.0;
    ui.painter().hline(
        inner.x_range(),
        line.round() + 0.5,
        Stroke::new(1.0, t.line),
    );
    for (i, point) in card.points.iter().enumerate() {
        let y = line + 21.0 + 23.0 * i as f32;
        theme::icon(
            ui.painter(),
            pos2(inner.left() + 7.0, y),
            icons::CHECK,
            13.0,
            t.text_2,
        );
        let at = Rect::from_min_max(
            pos2(inner.left() + 21.0, y - 9.0),
            pos2(inner.right(), y + 9.0),
        );
        widgets::line(
            ui,
            at,
            Type::Small,
            t.text_2,
            point,
            egui::Align2::LEFT_CENTER,
        );
    }
    let foot = inner.with_min_y(inner.bottom() - sizes::BUTTON_L);
    let mut buttons = ui.new_child(
        UiBuilder::new()
            .id_salt((card.title, "button"))
            .max_rect(foot)
            .layout(Layout::left_to_right(Align::Center)),
    );
    let button = if card.main {
        Button::primary(card.button)
    } else {
        Button::neutral(card.button)
    };
    buttons.add(button.large().key(card.key.as_str())).clicked()
}

fn found_row(ui: &mut Ui, ctx: &ViewCtx<'_>, row: &FoundRow) -> Option<Offer> {
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let icon = match row.offer {
        Offer::Folders(_) => icons::FOLDERS,
        Offer::Kits => icons::PACKAGE,
        Offer::Logins(_) => icons::KEY,
    };
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 24.0, rect.center().y),
        icon,
        18.0,
        t.text_2,
    );
    let mut done = None;
    let mut right = ui.new_child(
        UiBuilder::new()
            .id_salt((&row.title, "buttons"))
            .max_rect(rect.shrink2(vec2(sizes::SPACE_4, 0.0)))
            .layout(Layout::right_to_left(Align::Center)),
    );
    right.spacing_mut().item_spacing.x = sizes::SPACE_4;
    if right.add(Button::neutral(row.button.as_str())).clicked() {
        done = Some(row.offer.clone());
    }
    if let Offer::Folders(folders) = &row.offer
        && folders.len() > 1
        && right.add(Button::ghost("Choose…")).clicked()
    {
        let listed = folders
            .iter()
            .map(|path| (path.clone(), ctx.shared.short_path(path)))
            .collect();
        ctx.commands
            .send(Command::Show(Box::new(Choose::new(listed))));
    }
    let text = Rect::from_min_max(
        pos2(rect.left() + 45.0, rect.top() + 6.0),
        pos2(right.min_rect().left() - sizes::SPACE_4, rect.bottom()),
    );
    let mut left = ui.new_child(UiBuilder::new().id_salt(&row.title).max_rect(text));
    left.spacing_mut().item_spacing.y = 1.0;
    line_marked(&mut left, Type::BodyStrong, t.text, &row.title);
    line_marked(&mut left, Type::Small, t.text_2, &row.note);
    done
}

fn hint(ui: &mut Ui, rect: Rect) {
    let t = Tokens::of(ui);
    let mut row = ui.new_child(
        UiBuilder::new()
            .id_salt("hint")
            .max_rect(rect)
            .layout(Layout::left_to_right(Align::Center)),
    );
    row.spacing_mut().item_spacing.x = sizes::SPACE_3;
    let words = [
        ("", "Or drop a folder anywhere in this window"),
        ("palette", "Every command, by name"),
        ("help", "Shortcuts and guide"),
    ];
    // Measured first, to stand in the middle.
    let width: f32 = words
        .iter()
        .map(|(_, words)| {
            Type::Small
                .galley(ui, words, t.text_2, f32::INFINITY)
                .size()
                .x
        })
        .sum::<f32>()
        + 22.0
        + 50.0
        + 30.0
        + 2.0 * sizes::SPACE_6
        + 5.0 * sizes::SPACE_3;
    row.add_space(((rect.width() - width) / 2.0).max(sizes::PAGE_INSET));
    for (what, words) in words {
        match what {
            "palette" => {
                row.add_space(sizes::SPACE_5);
                key_cap(&mut row, &CommandId::OpenPalette.key().unwrap_or_default());
            }
            "help" => {
                row.add_space(sizes::SPACE_5);
                key_cap(
                    &mut row,
                    &CommandId::ShowShortcuts.key().unwrap_or_default(),
                );
            }
            _ => {
                let (icon, _) = row.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
                theme::icon(
                    row.painter(),
                    icon.center(),
                    icons::FILE_DASHED,
                    15.0,
                    t.text_3,
                );
            }
        }
        widgets::label(&mut row, Type::Small, t.text_2, words);
    }
}
