//! `F6` and `Shift F6`: jumping between panels.

use egui::{Context, Key, Modifiers, Rect};

use crate::widgets::{self};

/// `F6` and `Shift F6`: the focus goes to the first widget of the next or previous panel.
pub(in crate::app) fn jump_between_panels(ctx: &Context) {
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
