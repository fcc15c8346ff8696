//! What the pointer, the wheel and the keys do in a chart.
//!
//! | | |
//! |---|---|
//! | drag | zooms x to the range; with `Ctrl` (`Cmd`) both axes |
//! | drag with `Shift`, or with the middle button | moves the view |
//! | wheel | zooms at the pointer; sideways it moves the view |
//! | double click, `Home` | shows all again |
//! | `+`, `-` | zoom at the crosshair |
//! | arrows | move the crosshair, with `Shift` the view |
//! | click | chooses the curve; with `Shift` pins the point |

use std::ops::RangeInclusive;

use egui::{
    CursorIcon, EventFilter, Key, Modifiers, PointerButton, Pos2, Rect, Response, Stroke,
    StrokeKind, Ui,
};
use egui_plot::PlotTransform;

use super::plot::{Scene, nearest};
use crate::theme::Tokens;

/// A range of x, and one of y when both axes are meant.
pub type Seen = ((f64, f64), Option<(f64, f64)>);

/// How much closer a press of `+` brings.
const KEY_ZOOM: f64 = 1.25;
/// By which share of what is seen a press of an arrow moves.
const KEY_PAN: f64 = 0.125;
/// Points of a wheel that bring twice as close.
const WHEEL_TWICE: f32 = 160.0;
/// The smallest part of all that can be seen.
const LEAST: f64 = 1e-9;

/// What the user did in a chart.
#[derive(Debug, Default)]
pub struct Acted {
    /// The pointer is at this x.
    pub hover: Option<f64>,
    /// What is to be seen from now on.
    pub zoom: Option<Seen>,
    /// Double click or `Home`.
    pub reset: bool,
    /// An arrow: forward or back by one logged step.
    pub step: Option<bool>,
    /// A click on a curve: its run.
    pub picked: Option<String>,
    /// The pointer is near this run's curve.
    pub near: Option<String>,
    /// A click with `Shift` on a curve: its run and place.
    pub pinned: Option<(String, f64)>,
}

/// What a drag does, by how it began.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Drag {
    /// Zooms to the range from here; both axes or x alone.
    Range(Pos2, bool),
    /// Moves the view.
    Pan,
}

/// A range around `at` that is `factor` times closer; `at` stays where it is.
#[must_use]
pub fn zoomed(seen: (f64, f64), at: f64, factor: f64) -> (f64, f64) {
    let place = |edge: f64| at + (edge - at) / factor;
    (place(seen.0), place(seen.1))
}

/// The same width of range, further on by a share of it.
#[must_use]
pub fn panned(seen: (f64, f64), share: f64) -> (f64, f64) {
    let by = (seen.1 - seen.0) * share;
    (seen.0 + by, seen.1 + by)
}

/// A range kept inside all there is; `None` when that is all.
#[must_use]
pub fn within(seen: (f64, f64), all: (f64, f64)) -> Option<(f64, f64)> {
    let (whole, middle) = (all.1 - all.0, (seen.0 + seen.1) / 2.0);
    let width = seen.1 - seen.0;
    if !(whole > 0.0 && middle.is_finite() && width < whole * 0.999) {
        return None;
    }
    // Closer than figures can tell places apart nothing is drawn.
    let least = (whole * LEAST).max(middle.abs() * 1e-12);
    let width = width.max(least);
    let low = (middle - width / 2.0).clamp(all.0, all.1 - width);
    Some((low, low + width))
}

/// What was done in this frame.
pub fn act(ui: &Ui, response: &Response, transform: &PlotTransform, scene: &Scene<'_>) -> Acted {
    let mut acted = Acted {
        hover: response
            .hover_pos()
            .map(|at| transform.value_from_position(at).x),
        reset: response.double_clicked(),
        near: response
            .hover_pos()
            .and_then(|at| nearest(transform, scene, at))
            .map(|(run, _)| run.id.clone()),
        ..Acted::default()
    };
    drag(ui, response, transform, scene, &mut acted);
    wheel(ui, response, transform, scene, &mut acted);
    if response.clicked() {
        response.request_focus();
        if let Some(at) = response.interact_pointer_pos()
            && let Some((run, point)) = nearest(transform, scene, at)
        {
            if ui.input(|input| input.modifiers.shift) {
                acted.pinned = Some((run.id.clone(), point.x));
            } else {
                acted.picked = Some(run.id.clone());
            }
        }
    }
    if response.has_focus() {
        keys(ui, response, scene, &mut acted);
    }
    acted
}

fn drag(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    scene: &Scene<'_>,
    acted: &mut Acted,
) {
    let area = *transform.frame();
    let id = response.id.with("drag");
    if response.drag_started() {
        let (from, modifiers, middle) = ui.input(|input| {
            let pointer = &input.pointer;
            let middle = pointer.button_down(PointerButton::Middle);
            (pointer.press_origin(), input.modifiers, middle)
        });
        let drag = if middle || modifiers.shift {
            Drag::Pan
        } else {
            Drag::Range(from.unwrap_or(area.center()), modifiers.command)
        };
        ui.data_mut(|data| data.insert_temp(id, drag));
    }
    if !(response.dragged() || response.drag_stopped()) {
        return;
    }
    match (
        ui.data(|data| data.get_temp(id)),
        response.interact_pointer_pos(),
    ) {
        (Some(Drag::Pan), _) => {
            ui.set_cursor_icon(CursorIcon::Grabbing);
            let by = response.drag_delta() / area.size();
            if by.x != 0.0 || by.y != 0.0 {
                let x = panned(scene.x, -f64::from(by.x));
                // A view that follows the curves in y goes on doing so.
                let y = scene.y_held.then(|| panned(scene.y, f64::from(by.y)));
                acted.zoom = Some((x, y));
            }
        }
        (Some(Drag::Range(from, both)), Some(to)) => {
            let (from, to) = (area.clamp(from), area.clamp(to));
            let drawn = if both {
                Rect::from_two_pos(from, to)
            } else {
                Rect::from_x_y_ranges(span(from.x, to.x), area.y_range())
            };
            if !response.drag_stopped() {
                let t = Tokens::of(ui);
                let edge = Stroke::new(1.0, t.accent_line);
                ui.painter()
                    .rect(drawn, 0.0, t.brush(), edge, StrokeKind::Inside);
            } else if drawn.width() > 4.0 {
                let (low, high) = (
                    transform.value_from_position(drawn.left_bottom()),
                    transform.value_from_position(drawn.right_top()),
                );
                let y = (both && drawn.height() > 4.0).then_some((low.y, high.y));
                acted.zoom = Some(((low.x, high.x), y));
            }
        }
        _ => {}
    }
}

fn wheel(
    ui: &Ui,
    response: &Response,
    transform: &PlotTransform,
    scene: &Scene<'_>,
    acted: &mut Acted,
) {
    let Some(at) = response.hover_pos() else {
        return;
    };
    let (turned, pinched) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
    let free = scene.wheel || response.has_focus();
    let mut seen = scene.x;
    if pinched != 1.0 {
        let x = transform.value_from_position(at).x;
        seen = zoomed(seen, x, f64::from(pinched));
    }
    if free && turned.y != 0.0 {
        let x = transform.value_from_position(at).x;
        seen = zoomed(seen, x, f64::from(turned.y / WHEEL_TWICE).exp2());
    }
    if turned.x != 0.0 {
        seen = panned(seen, -f64::from(turned.x / transform.frame().width()));
    }
    if seen != scene.x {
        acted.zoom = Some((seen, None));
        // Taken: what the chart stands in must not scroll as well.
        ui.input_mut(|input| {
            input.smooth_scroll_delta.x = 0.0;
            if free {
                input.smooth_scroll_delta.y = 0.0;
            }
        });
    }
}

fn keys(ui: &Ui, response: &Response, scene: &Scene<'_>, acted: &mut Acted) {
    ui.memory_mut(|memory| {
        let filter = EventFilter {
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        memory.set_focus_lock_filter(response.id, filter);
    });
    ui.input_mut(|input| {
        acted.reset |= input.key_pressed(Key::Home);
        for (key, forward) in [(Key::ArrowRight, true), (Key::ArrowLeft, false)] {
            if input.consume_key(Modifiers::SHIFT, key) {
                let by = if forward { KEY_PAN } else { -KEY_PAN };
                acted.zoom = Some((panned(scene.x, by), None));
            } else if input.key_pressed(key) {
                acted.step = Some(forward);
            }
        }
        let middle = (scene.x.0 + scene.x.1) / 2.0;
        let seen = |x: &f64| *x >= scene.x.0 && *x <= scene.x.1;
        let at = scene.crosshair.filter(seen).unwrap_or(middle);
        let plain = !input.modifiers.command && !input.modifiers.alt;
        if plain && (input.key_pressed(Key::Plus) || input.key_pressed(Key::Equals)) {
            acted.zoom = Some((zoomed(scene.x, at, KEY_ZOOM), None));
        }
        if plain && input.key_pressed(Key::Minus) {
            acted.zoom = Some((zoomed(scene.x, at, 1.0 / KEY_ZOOM), None));
        }
    });
}

fn span(a: f32, b: f32) -> RangeInclusive<f32> {
    a.min(b)..=a.max(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pointer_is_at_stays_there() {
        let seen = zoomed((0.0, 100.0), 25.0, 2.0);
        assert_eq!(seen, (12.5, 62.5));
        assert_eq!(zoomed(seen, 25.0, 0.5), (0.0, 100.0));
        assert_eq!(panned((10.0, 20.0), 0.5), (15.0, 25.0));
    }

    #[test]
    fn nothing_beyond_the_curves_is_seen() {
        let all = (0.0, 1000.0);
        assert_eq!(within((100.0, 300.0), all), Some((100.0, 300.0)));
        assert_eq!(within((-50.0, 150.0), all), Some((0.0, 200.0)));
        assert_eq!(within((950.0, 1150.0), all), Some((800.0, 1000.0)));
        assert_eq!(within((-500.0, 1500.0), all), None, "all is seen");
        assert_eq!(within((f64::NAN, 1.0), all), None);
        assert_eq!(within((1.0, 2.0), (5.0, 5.0)), None);
        let (low, high) = within((500.0, 500.0), all).expect("a part");
        assert!(high > low, "never nothing");
    }
}
