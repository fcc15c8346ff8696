//! The rail: the screens, always by icon and word.

use std::collections::HashMap;

use egui::{
    Align2, CursorIcon, Frame, Panel, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::{narrow, rail_width};
use crate::app::{Screen, View, ViewCtx};
use crate::commands::CommandId;
use crate::theme::{self, Tokens, Type, sizes};
use crate::widgets::{self};

pub(in crate::app) fn rail(
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
