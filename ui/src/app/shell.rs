//! Top bar, rail, status bar, the list of shortcuts, and jumping between panels.

use std::collections::HashMap;

use egui::{
    Align, Align2, Color32, Context, CursorIcon, Frame, Key, Layout, Modifiers, Panel, Popup, Rect,
    Response, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::{Dialog, History, Place, Screen, View, ViewCtx};
use crate::commands::{CommandId, Scope, shortcut_text};
use crate::format;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Toasts};

pub(super) fn top_bar(
    ui: &mut Ui,
    history: &History,
    crumbs: &[(String, Option<Place>)],
    ctx: &ViewCtx<'_>,
    toasts: &mut Toasts,
) {
    let t = Tokens::of(ui);
    Panel::top("top-bar")
        .exact_size(sizes::TOP_BAR)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.bg_app))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter().hline(
                rect.x_range(),
                rect.bottom() - 0.5,
                Stroke::new(1.0, t.line),
            );
            paint_mark(
                ui,
                pos2(rect.left() + rail_width(ui) / 2.0, rect.center().y),
                20.0,
            );
            let wide = rect.width() > 1180.0;
            let field_width = if wide {
                400.0
            } else {
                (rect.width() * 0.3).max(220.0)
            };
            let field = Rect::from_center_size(rect.center(), vec2(field_width, 26.0));

            let left = Rect::from_min_max(
                pos2(rect.left() + rail_width(ui), rect.top()),
                pos2(field.left() - 12.0, rect.bottom()),
            );
            let mut bar = ui.new_child(
                UiBuilder::new()
                    .id_salt("left")
                    .max_rect(left)
                    .layout(Layout::left_to_right(Align::Center)),
            );
            bar.spacing_mut().item_spacing.x = 4.0;
            for (id, can, why) in [
                (
                    CommandId::Back,
                    history.can_go_back(),
                    "This is the first screen",
                ),
                (
                    CommandId::Forward,
                    history.can_go_forward(),
                    "Nothing was left with Back",
                ),
            ] {
                let key = id.key().unwrap_or_default();
                let spec = id.spec();
                let button = Button::icon_only(spec.icon, spec.name)
                    .key(key)
                    .small()
                    .blocked((!can).then_some(why));
                if bar.add(button).clicked() {
                    ctx.commands.run(id);
                }
            }
            bar.add_space(10.0);
            breadcrumb_ui(&mut bar, history.here().screen(), crumbs, ctx);

            if command_field(ui, field).clicked() {
                ctx.commands.run(CommandId::OpenPalette);
            }

            let right = Rect::from_min_max(
                pos2(field.right() + 12.0, rect.top()),
                pos2(rect.right() - 12.0, rect.bottom()),
            );
            let mut bar = ui.new_child(
                UiBuilder::new()
                    .id_salt("right")
                    .max_rect(right)
                    .layout(Layout::right_to_left(Align::Center)),
            );
            bar.spacing_mut().item_spacing.x = 8.0;
            let (icon, name, id) = if t.dark {
                (icons::SUN, "Use the light theme", CommandId::ThemeLight)
            } else {
                (icons::MOON, "Use the dark theme", CommandId::ThemeDark)
            };
            if bar.add(Button::icon_only(icon, name)).clicked() {
                ctx.commands.run(id);
            }
            bell(&mut bar, toasts);
            transfers_chip(&mut bar, ctx);
        });
}

/// The mark: a rounded square with three bars.
fn paint_mark(ui: &Ui, center: egui::Pos2, size: f32) {
    let t = Tokens::of(ui);
    let rect = Rect::from_center_size(center.round(), vec2(size, size));
    ui.painter().rect_filled(rect, 5.0, t.accent);
    for (i, (width, alpha)) in [(10.0, 1.0), (7.0, 0.85), (4.0, 0.7)]
        .into_iter()
        .enumerate()
    {
        let bar = Rect::from_min_size(rect.min + vec2(5.0, 5.0 + i as f32 * 3.8), vec2(width, 2.4));
        ui.painter()
            .rect_filled(bar, 1.0, t.on_accent.gamma_multiply(alpha));
    }
}

fn breadcrumb_ui(
    ui: &mut Ui,
    screen: Screen,
    crumbs: &[(String, Option<Place>)],
    ctx: &ViewCtx<'_>,
) {
    let root = screen.rail();
    let mut steps = vec![if screen == Screen::Welcome {
        "Welcome".to_owned()
    } else {
        root.word().to_owned()
    }];
    steps.extend(crumbs.iter().map(|(text, _)| text.clone()));
    let Some(clicked) = widgets::breadcrumb(ui, &steps) else {
        return;
    };
    let place = match clicked.checked_sub(1) {
        None => root.place(),
        Some(i) => crumbs.get(i).and_then(|(_, place)| place.clone()),
    };
    if let Some(place) = place {
        ctx.commands.go(place);
    }
}

fn command_field(ui: &mut Ui, rect: Rect) -> Response {
    let t = Tokens::of(ui);
    let response = ui.interact(rect, ui.scope_id().with("command-field"), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, CommandId::OpenPalette.spec().name)
    });
    let fill = if response.hovered() {
        t.bg_hover
    } else {
        t.bg_input
    };
    widgets::boxed(ui.painter(), rect, sizes::RADIUS_M, fill, t.line_strong);
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 16.0, rect.center().y),
        icons::MAGNIFYING_GLASS,
        sizes::ICON_S,
        t.text_3,
    );
    let key = CommandId::OpenPalette.key().unwrap_or_default();
    let galley = Type::CaptionStrong.galley(ui, &key, t.text_2, 80.0);
    let size = galley.size() + vec2(10.0, 4.0);
    let cap = Rect::from_center_size(
        pos2(rect.right() - 6.0 - size.x / 2.0, rect.center().y),
        size,
    );
    widgets::boxed(
        ui.painter(),
        cap,
        sizes::RADIUS_XS,
        t.bg_raised,
        t.line_strong,
    );
    widgets::place(ui.painter(), galley, cap, Align2::CENTER_CENTER);
    let text = Rect::from_min_max(
        pos2(rect.left() + 30.0, rect.top()),
        pos2(cap.left() - 8.0, rect.bottom()),
    );
    widgets::line(
        ui,
        text,
        Type::Small,
        t.text_2,
        "Search, open or run a command",
        Align2::LEFT_CENTER,
    );
    widgets::focus_ring(ui, rect, sizes::RADIUS_M, &response);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

fn bell(ui: &mut Ui, toasts: &mut Toasts) {
    let t = Tokens::of(ui);
    let unseen = toasts.unseen();
    let name = if unseen == 0 {
        "Messages".to_owned()
    } else {
        format!("Messages, {unseen} new")
    };
    let button = ui.add(Button::icon_only(icons::BELL, name));
    if unseen > 0 {
        ui.painter().circle_filled(
            button.rect.right_top() + vec2(-8.0, 8.0),
            3.5,
            t.accent_line,
        );
    }
    if button.clicked() {
        toasts.seen();
    }
    let now = ui.input(|input| input.time);
    Popup::menu(&button)
        .accessible_name("Messages")
        .frame(widgets::menu_frame(ui))
        .width(340.0)
        .show(|ui| {
            ui.set_min_width(320.0);
            if toasts.past().is_empty() {
                widgets::inset(ui, sizes::SPACE_3, |ui| {
                    widgets::label(ui, Type::Small, t.text_2, "No messages yet")
                });
            }
            for (tone, text, at) in toasts.past().iter().take(12) {
                ui.horizontal(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(18.0, 22.0), Sense::hover());
                    if let Some(sign) = tone.sign() {
                        theme::icon_fill(ui.painter(), rect.center(), sign, 13.0, tone.color(t));
                    }
                    ui.allocate_ui(vec2(240.0, 22.0), |ui| {
                        widgets::label(ui, Type::Small, t.text, text)
                    });
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        widgets::label(
                            ui,
                            Type::Caption,
                            t.text_3,
                            &format!("{} ago", format::duration((now - at).max(0.0) as u64)),
                        );
                    });
                });
            }
        });
}

fn transfers_chip(ui: &mut Ui, ctx: &ViewCtx<'_>) {
    let active = ctx.shared.active_jobs().count() as u64;
    if active == 0 {
        return;
    }
    let t = Tokens::of(ui);
    let (done, total) = ctx.shared.joint_progress();
    let percent = format::percent(done, total);
    let words = format!("{} active", format::thousands(active));
    let text = Type::SmallStrong.galley(ui, &words, t.text, 120.0);
    let figure = Type::MonoSmall.galley(ui, &percent, t.text, 60.0);
    let width = 20.0 + text.size().x + 8.0 + 54.0 + 6.0 + figure.size().x;
    let (rect, response) = ui.allocate_exact_size(vec2(width, sizes::HIT_MIN), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Button, true, format!("Transfers: {words}, {percent}"))
    });
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 7.0, rect.center().y),
        icons::ARROWS_DOWN_UP,
        sizes::ICON_S,
        t.text_2,
    );
    let mut x = rect.left() + 20.0;
    x = widgets::place(ui.painter(), text, rect.with_min_x(x), Align2::LEFT_CENTER).right() + 8.0;
    let bar = Rect::from_min_size(pos2(x, rect.center().y - 3.0), vec2(54.0, sizes::BAR));
    let share = if total == 0 {
        0.0
    } else {
        done as f32 / total as f32
    };
    widgets::paint_bar(ui, bar, &[(share, t.accent_line)]);
    widgets::place(
        ui.painter(),
        figure,
        rect.with_min_x(bar.right() + 6.0),
        Align2::LEFT_CENTER,
    );
    widgets::focus_ring(ui, rect, sizes::RADIUS_S, &response);
    if response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text("Show transfers")
        .clicked()
    {
        ctx.commands.go(Place::Transfers(None));
    }
}

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

pub(super) fn rail(
    ui: &mut Ui,
    screen: Screen,
    views: &HashMap<Screen, Box<dyn View>>,
    ctx: &ViewCtx<'_>,
) {
    let t = Tokens::of(ui);
    let narrow = narrow(ui);
    Panel::left("rail")
        .exact_size(rail_width(ui))
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.bg_app))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter()
                .vline(rect.right() - 0.5, rect.y_range(), Stroke::new(1.0, t.line));
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add_space(8.0);
            for item in Screen::RAIL {
                if !views.contains_key(&item) {
                    continue;
                }
                let badge = if item == Screen::Transfers {
                    ctx.shared.active_jobs().count() as u64
                } else {
                    0
                };
                rail_item(ui, item, screen.rail() == item, badge, narrow, ctx);
            }
            if views.contains_key(&Screen::Settings) {
                let bottom = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 60.0), rect.max);
                let mut foot = ui.new_child(UiBuilder::new().id_salt("foot").max_rect(bottom));
                rail_item(
                    &mut foot,
                    Screen::Settings,
                    screen == Screen::Settings,
                    0,
                    narrow,
                    ctx,
                );
            }
        });
}

fn rail_item(
    ui: &mut Ui,
    item: Screen,
    current: bool,
    badge: u64,
    narrow: bool,
    ctx: &ViewCtx<'_>,
) {
    let t = Tokens::of(ui);
    let id = match item {
        Screen::Experiments => CommandId::GoExperiments,
        Screen::ModelKits => CommandId::GoModelKits,
        Screen::Registries => CommandId::GoRegistries,
        Screen::Transfers => CommandId::GoTransfers,
        Screen::Settings => CommandId::GoSettings,
        _ => CommandId::GoProjects,
    };
    let height = if narrow { 40.0 } else { 52.0 };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let name = if badge > 0 {
        format!("{}, {badge} active", item.word())
    } else {
        item.word().to_owned()
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, current, &name));
    let body = rect.shrink2(vec2(4.0, 0.0));
    if current {
        ui.painter().rect_filled(body, sizes::RADIUS_L, t.bg_active);
        let edge =
            Rect::from_min_size(rect.min + vec2(0.0, 12.0), vec2(sizes::EDGE, height - 24.0));
        ui.painter().rect_filled(edge, 1.0, t.accent_line);
    } else if response.hovered() {
        ui.painter().rect_filled(body, sizes::RADIUS_L, t.bg_hover);
    }
    let color = if current { t.text } else { t.text_2 };
    let icon_y = if narrow {
        rect.center().y
    } else {
        rect.top() + 19.0
    };
    theme::icon(
        ui.painter(),
        pos2(rect.center().x, icon_y),
        id.spec().icon,
        sizes::ICON_RAIL,
        color,
    );
    if !narrow {
        let word = Rect::from_min_max(
            pos2(rect.left(), rect.top() + 32.0),
            pos2(rect.right(), rect.top() + 48.0),
        );
        widgets::line(
            ui,
            word,
            Type::CaptionStrong,
            color,
            item.word(),
            Align2::CENTER_CENTER,
        );
    }
    if badge > 0 {
        widgets::paint_count_badge(ui, pos2(rect.center().x + 17.0, icon_y - 7.0), badge);
    }
    widgets::focus_ring(ui, body.shrink(2.0), sizes::RADIUS_L, &response);
    let key = id.key().unwrap_or_default();
    let tip = if narrow {
        format!("{}  {key}", item.word())
    } else {
        format!("{}  {key}", id.spec().tip)
    };
    if response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text(tip)
        .clicked()
    {
        ctx.commands.run(id);
    }
}

pub(super) fn status_bar(ui: &mut Ui, ctx: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    Panel::bottom("status-bar")
        .exact_size(sizes::STATUS_BAR)
        .resizable(false)
        .show_separator_line(false)
        .frame(Frame::new().fill(t.bg_app))
        .show(ui, |ui| {
            let rect = ui.max_rect();
            ui.painter()
                .hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, t.line));
            let inner = rect.shrink2(vec2(12.0, 0.0));
            let mut left = ui.new_child(
                UiBuilder::new()
                    .id_salt("left")
                    .max_rect(inner)
                    .layout(Layout::left_to_right(Align::Center)),
            );
            left.spacing_mut().item_spacing.x = sizes::SPACE_5;
            let Some(status) = ctx.shared.status.value() else {
                return;
            };
            let watching = match status.watched_folders {
                0 => "No folders watched".to_owned(),
                n => format!(
                    "Watching {}",
                    format::count(u64::from(n), "folder", "folders")
                ),
            };
            if entry(&mut left, icons::EYE, &watching, t.text_2) {
                ctx.commands.go(Place::Projects(None));
            }
            let store = format!(
                "Local store {}, {} free",
                format::bytes(status.store_bytes),
                format::bytes(status.disk_free_bytes)
            );
            if entry(&mut left, icons::HARD_DRIVE, &store, t.text_2) {
                ctx.commands.go(Place::ModelKits(None));
            }
            let mut right = ui.new_child(
                UiBuilder::new()
                    .id_salt("right")
                    .max_rect(inner)
                    .layout(Layout::right_to_left(Align::Center)),
            );
            right.spacing_mut().item_spacing.x = sizes::SPACE_5;
            let version = ctx
                .shared
                .info
                .value()
                .map_or_else(String::new, |info| format!("Kitbench {}", info.version));
            if !version.is_empty() && entry(&mut right, "", &version, t.text_3) {
                ctx.commands.go(Place::Settings);
            }
            if status.registries > 0 {
                let (icon, color) = if status.registries_reachable < status.registries
                    && status.registries_reachable == 0
                {
                    (icons::CLOUD_SLASH, t.warn)
                } else {
                    (icons::CHECK_CIRCLE, t.text_2)
                };
                let text = format!(
                    "{} of {} reachable",
                    status.registries_reachable,
                    format::count(u64::from(status.registries), "registry", "registries")
                );
                if entry(&mut right, icon, &text, color) {
                    ctx.commands.go(Place::Registries(None));
                }
            }
            for (icon, rate) in [
                (icons::ARROW_DOWN, status.download_bytes_per_second),
                (icons::ARROW_UP, status.upload_bytes_per_second),
            ] {
                if rate > 0
                    && entry(
                        &mut right,
                        icon,
                        &format::speed(Some(rate as f64)),
                        t.text_2,
                    )
                {
                    ctx.commands.go(Place::Transfers(None));
                }
            }
        });
}

fn entry(ui: &mut Ui, icon: &str, text: &str, color: Color32) -> bool {
    let galley = Type::Caption.galley(ui, text, color, ui.available_width());
    let lead = if icon.is_empty() { 0.0 } else { 18.0 };
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + lead, sizes::HIT_MIN), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let t = Tokens::of(ui);
    let color = if response.hovered() { t.text } else { color };
    if !icon.is_empty() {
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 7.0, rect.center().y),
            icon,
            13.0,
            color,
        );
    }
    let min = Align2::LEFT_CENTER
        .align_size_within_rect(galley.size(), rect.with_min_x(rect.left() + lead))
        .min
        .round();
    ui.painter()
        .galley_with_override_text_color(min, galley, color);
    widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// `F6` and `Shift F6`: the focus goes to the first widget of the next or previous panel.
pub(super) fn jump_between_panels(ctx: &Context) {
    let regions = widgets::take_regions(ctx);
    let back = ctx.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::F6));
    let forward = !back && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::F6));
    if !(back || forward) || regions.is_empty() {
        return;
    }
    let focused = ctx
        .memory(|memory| memory.focused())
        .and_then(|id| ctx.read_response(id))
        .map(|response| response.rect.center());
    // Regions nest; the smallest one around the focus is the panel one is in.
    let at = focused.and_then(|center| {
        regions
            .iter()
            .enumerate()
            .filter(|(_, (_, rect))| rect.contains(center))
            .min_by(|(_, (_, a)), (_, (_, b))| a.area().total_cmp(&b.area()))
            .map(|(i, _)| i)
    });
    let count = regions.len();
    for step in 1..=count {
        let next = match (at, back) {
            (None, false) => step - 1,
            (None, true) => count - step,
            (Some(at), false) => (at + step) % count,
            (Some(at), true) => (at + count - step) % count,
        };
        let (_, rect) = regions[next];
        if let Some(id) = first_focusable(ctx, rect) {
            ctx.memory_mut(|memory| memory.request_focus(id));
            return;
        }
    }
}

fn first_focusable(ctx: &Context, rect: Rect) -> Option<egui::Id> {
    ctx.viewport(|viewport| {
        viewport
            .prev_pass
            .widgets
            .layers()
            .flat_map(|(_, widgets)| widgets.iter())
            .find(|widget| {
                widget.enabled && widget.sense.is_focusable() && rect.contains(widget.rect.center())
            })
            .map(|widget| widget.id)
    })
}

/// The list of all shortcuts (`F1`).
pub(super) struct Shortcuts;

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
