//! The top bar: mark, back and forward, breadcrumb, command field, transfers, messages, theme.

use egui::{
    Align, Align2, CursorIcon, Frame, Layout, Panel, Popup, Rect, Response, Role, Sense, Stroke,
    Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::rail_width;
use crate::app::{History, Place, Screen, ViewCtx};
use crate::commands::CommandId;
use crate::format;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Toasts};

pub(in crate::app) fn top_bar(
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
