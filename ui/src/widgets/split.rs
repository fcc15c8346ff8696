//! Panels beside each other with a 1 px line that can be dragged.

use egui::{
    CursorIcon, EventFilter, Id, Key, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, vec2,
};

use crate::theme::{Tokens, sizes};

/// Which side keeps its width when the window grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The left panel has the width, the rest is the content.
    Left,
    /// The right panel has the width.
    Right,
    /// The lower panel has the height.
    Bottom,
}

/// Two panels with a line between them. `size` is kept by the view; a double click or `Home`
/// restores `usual`. The first closure draws the sized panel, the second the rest.
///
/// A panel is at least 160 and leaves at least 200 to the other one.
pub fn split<A, B>(
    ui: &mut Ui,
    name: &str,
    side: Side,
    size: &mut f32,
    usual: f32,
    panel: impl FnOnce(&mut Ui) -> A,
    rest: impl FnOnce(&mut Ui) -> B,
) -> (A, B) {
    split_with(
        ui,
        name,
        side,
        size,
        usual,
        &mut (),
        |ui, ()| panel(ui),
        |ui, ()| rest(ui),
    )
}

/// The same for two panels that change one thing, which is handed to each in turn.
#[expect(clippy::too_many_arguments, reason = "the line, then the two panels")]
pub fn split_with<S, A, B>(
    ui: &mut Ui,
    name: &str,
    side: Side,
    size: &mut f32,
    usual: f32,
    state: &mut S,
    panel: impl FnOnce(&mut Ui, &mut S) -> A,
    rest: impl FnOnce(&mut Ui, &mut S) -> B,
) -> (A, B) {
    let t = Tokens::of(ui);
    let area = ui.available_rect_before_wrap();
    let whole = if side == Side::Bottom {
        area.height()
    } else {
        area.width()
    };
    let most = (whole - 200.0).max(120.0);
    *size = size.clamp(120.0_f32.min(most), most);
    let at = match side {
        Side::Left => area.left() + *size,
        Side::Right => area.right() - *size,
        Side::Bottom => area.bottom() - *size,
    }
    .round();
    let (first, second) = match side {
        Side::Left => (area.with_max_x(at - 1.0), area.with_min_x(at)),
        Side::Right => (area.with_min_x(at + 1.0), area.with_max_x(at)),
        Side::Bottom => (area.with_min_y(at + 1.0), area.with_max_y(at)),
    };
    // The focus goes from left to right and from top to bottom, whichever panel has the size.
    let (a, b) = if side == Side::Left {
        let a = inside(ui, name, "panel", first, |ui| panel(ui, state));
        (a, inside(ui, name, "rest", second, |ui| rest(ui, state)))
    } else {
        let b = inside(ui, name, "rest", second, |ui| rest(ui, state));
        (inside(ui, name, "panel", first, |ui| panel(ui, state)), b)
    };
    let line = match side {
        Side::Left => Rect::from_x_y_ranges(at - 1.0..=at, area.y_range()),
        Side::Right => Rect::from_x_y_ranges(at..=at + 1.0, area.y_range()),
        Side::Bottom => Rect::from_x_y_ranges(area.x_range(), at..=at + 1.0),
    };
    let id = ui.scope_id().with((name, "split"));
    let grab = if side == Side::Bottom {
        line.expand2(vec2(0.0, 3.0))
    } else {
        line.expand2(vec2(3.0, 0.0))
    };
    let response = ui.interact(grab, id, Sense::click_and_drag());
    let cursor = if side == Side::Bottom {
        CursorIcon::ResizeVertical
    } else {
        CursorIcon::ResizeHorizontal
    };
    let response = response.on_hover_and_drag_cursor(cursor);
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, format!("Width of {name}")));
    ui.ctx()
        .accesskit_node_builder(id, |node| node.set_numeric_value(f64::from(*size)));
    let delta = response.drag_delta();
    *size += match side {
        Side::Left => delta.x,
        Side::Right => -delta.x,
        Side::Bottom => -delta.y,
    };
    if response.double_clicked() {
        *size = usual;
    }
    if response.has_focus() {
        let filter = EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        ui.input(|input| {
            let forward = input.num_presses(Key::ArrowRight) as f32
                - input.num_presses(Key::ArrowLeft) as f32;
            let down =
                input.num_presses(Key::ArrowDown) as f32 - input.num_presses(Key::ArrowUp) as f32;
            *size += 16.0
                * match side {
                    Side::Left => forward,
                    Side::Right => -forward,
                    Side::Bottom => -down,
                };
            if input.key_pressed(Key::Home) {
                *size = usual;
            }
        });
    }
    let live = response.hovered() || response.dragged();
    ui.painter()
        .rect_filled(line, 0.0, if live { t.line_strong } else { t.line });
    if response.has_focus() {
        ui.painter().rect_stroke(
            line,
            0.0,
            Stroke::new(sizes::STROKE_FOCUS, t.accent_line),
            egui::StrokeKind::Outside,
        );
    }
    ui.allocate_rect(area, Sense::hover());
    (a, b)
}

fn inside<R>(ui: &mut Ui, name: &str, part: &str, rect: Rect, add: impl FnOnce(&mut Ui) -> R) -> R {
    let mut child = ui.new_child(UiBuilder::new().id_salt((name, part)).max_rect(rect));
    child.shrink_clip_rect(rect);
    child.spacing_mut().item_spacing.y = 0.0;
    register_region(&child, name, part);
    add(&mut child)
}

/// Panels that `F6` jumps between, in the order they were drawn this frame.
#[derive(Clone, Default)]
struct Regions(Vec<(Id, Rect)>);

fn register_region(ui: &Ui, name: &str, part: &str) {
    let id = Id::unique(("region", name, part));
    let rect = ui.max_rect();
    ui.data_mut(|data| {
        data.get_temp_mut_or_default::<Regions>(Id::NULL)
            .0
            .push((id, rect))
    });
}

/// Take the panels drawn since the last call, outermost first.
#[must_use]
pub fn take_regions(ctx: &egui::Context) -> Vec<(Id, Rect)> {
    ctx.data_mut(|data| std::mem::take(&mut data.get_temp_mut_or_default::<Regions>(Id::NULL).0))
}

/// An overlay for small windows: the panel over the content, at the right, with a line.
pub fn over_content<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    let t = Tokens::of(ui);
    let area = ui.max_rect();
    let rect = area.with_min_x((area.right() - width).max(area.left()));
    ui.painter().rect_filled(rect, 0.0, t.bg_panel);
    ui.painter()
        .vline(rect.left(), rect.y_range(), Stroke::new(1.0, t.line_strong));
    let mut child = ui.new_child(
        UiBuilder::new()
            .id_salt("over")
            .max_rect(rect.with_min_x(rect.left() + 1.0)),
    );
    child.shrink_clip_rect(rect);
    add(&mut child)
}
