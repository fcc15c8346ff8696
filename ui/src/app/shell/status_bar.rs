//! The status bar: every entry is a button to the screen that explains it.

use egui::{
    Align, Align2, Color32, CursorIcon, Frame, Layout, Panel, Role, Sense, Stroke, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};

use crate::app::{Place, ViewCtx};
use crate::format;
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self};

pub(in crate::app) fn status_bar(ui: &mut Ui, ctx: &ViewCtx<'_>) {
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
