//! The states that any view can be in: loading, empty, no match, failed.

use egui::{Align, Color32, Layout, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use super::Tone;
use super::button::Button;
use super::paint::label;
use super::strips::strip;
use crate::theme::{self, Tokens, Type, icons, sizes};
use kitbench_protocol::ErrorView;

/// Grey bars in the row grid, three to eight. After 200 ms, so that a quick answer does not flash:
/// `since` is the time of the question, in seconds of `ui.input(|i| i.time)`.
pub fn skeleton(ui: &mut Ui, since: f64, row_height: f32) {
    const QUIET: f64 = 0.2;
    let t = Tokens::of(ui);
    let now = ui.input(|input| input.time);
    let rows = (ui.available_height() / row_height).clamp(3.0, 8.0) as usize;
    let (rect, response) = ui.allocate_exact_size(
        vec2(ui.available_width(), rows as f32 * row_height),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, "Loading"));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_busy());
    if now - since < QUIET {
        ui.ctx()
            .request_repaint_after_secs((QUIET - (now - since)).max(0.0) as f32);
        return;
    }
    for row in 0..rows {
        let share = [0.55, 0.7, 0.4, 0.62, 0.48, 0.66, 0.36, 0.58][row % 8];
        let y = rect.top() + (row as f32 + 0.5) * row_height;
        let bar = Rect::from_center_size(
            egui::pos2(rect.left() + sizes::SPACE_4 + rect.width() * share / 2.0, y),
            vec2(rect.width() * share, 8.0),
        );
        ui.painter().rect_filled(
            bar.intersect(rect.shrink2(vec2(sizes::SPACE_4, 0.0))),
            4.0,
            t.bar_track,
        );
    }
}

/// Nothing is here yet: what would be here, how to get it, and one button.
/// `button` draws the button, if there is one.
pub fn empty(ui: &mut Ui, icon: &str, what: &str, how: &str, button: impl FnOnce(&mut Ui)) {
    middle(ui, |ui| {
        let t = Tokens::of(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(28.0, 28.0), Sense::hover());
        theme::icon(ui.painter(), rect.center(), icon, 26.0, t.text_3);
        label(ui, Type::Heading, t.text, what);
        centred(ui, Role::Label, Type::Body, t.text_2, how);
        ui.add_space(sizes::SPACE_1);
        button(ui);
    });
}

/// Nothing matches the filter; true when the button that clears it was pressed.
pub fn no_match(ui: &mut Ui, filter: &str) -> bool {
    let mut clear = false;
    let what = format!("Nothing matches “{}”", crate::format::printable(filter));
    empty(
        ui,
        icons::MAGNIFYING_GLASS,
        &what,
        "Try fewer letters, or show everything again.",
        |ui| {
            clear = ui.add(Button::neutral("Clear filter")).clicked();
        },
    );
    clear
}

/// What the user asked for after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureAction {
    /// Ask again.
    Retry,
    /// The details went to the clipboard.
    Copied,
}

/// It failed and nothing older is known: cause, what to do, Retry, Copy details.
pub fn failed(ui: &mut Ui, failure: &ErrorView) -> Option<FailureAction> {
    failed_with(ui, failure, |_| {})
}

/// The same, with the way out as a button that `remedy` draws.
pub fn failed_with(
    ui: &mut Ui,
    failure: &ErrorView,
    remedy: impl FnOnce(&mut Ui),
) -> Option<FailureAction> {
    let mut action = None;
    middle(ui, |ui| {
        let t = Tokens::of(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(28.0, 28.0), Sense::hover());
        theme::icon_fill(ui.painter(), rect.center(), icons::X_CIRCLE, 26.0, t.err);
        centred(ui, Role::Alert, Type::Heading, t.text, &failure.message);
        if !failure.hint.is_empty() {
            centred(ui, Role::Label, Type::Body, t.text_2, &failure.hint);
        }
        ui.add_space(sizes::SPACE_1);
        remedy(ui);
        ui.horizontal(|ui| {
            // Two buttons side by side, in the middle.
            let width = 68.0 + 124.0 + sizes::SPACE_3;
            ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
            if ui.add(Button::neutral("Retry")).clicked() {
                action = Some(FailureAction::Retry);
            }
            if ui
                .add(Button::ghost("Copy details").icon(icons::COPY))
                .clicked()
            {
                ui.ctx().copy_text(crate::backend::details_of(failure));
                action = Some(FailureAction::Copied);
            }
        });
    });
    action
}

/// It failed but older content is known: a strip on top of it.
pub fn failed_strip(ui: &mut Ui, failure: &ErrorView, age: Option<&str>) -> Option<FailureAction> {
    let mut action = None;
    let text = match age {
        Some(age) => format!("{} Shown as of {age}.", failure.message),
        None => failure.message.clone(),
    };
    strip(ui, Tone::Warn, &text, |ui| {
        if ui.add(Button::neutral("Retry").small()).clicked() {
            action = Some(FailureAction::Retry);
        }
        if ui
            .add(Button::icon_only(icons::COPY, "Copy details").small())
            .clicked()
        {
            ui.ctx().copy_text(crate::backend::details_of(failure));
            action = Some(FailureAction::Copied);
        }
    });
    action
}

/// Text whose lines are centred, however many a narrow panel makes of it.
fn centred(ui: &mut Ui, spoken_as: Role, role: Type, color: Color32, text: &str) {
    let pieces = theme::Pieces::marked(role, color, text);
    let mut job = pieces.job();
    job.wrap.max_width = ui.available_width().min(460.0);
    job.halign = Align::Center;
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let top = rect.center_top().round();
    ui.painter().galley(top, galley, color);
    let plain = pieces.plain();
    response.widget_info(|| WidgetInfo::labeled(spoken_as, true, &plain));
}

fn middle(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let area = ui.available_rect_before_wrap();
    let height = if area.height().is_finite() {
        area.height()
    } else {
        200.0
    };
    let top = ((height - 140.0) * 0.42).max(16.0);
    let inner = Rect::from_min_size(
        area.min + vec2(0.0, top),
        vec2(area.width(), (height - top).max(140.0)),
    );
    let mut child = ui.new_child(
        UiBuilder::new()
            .max_rect(inner.shrink2(vec2(sizes::SPACE_5, 0.0)))
            .layout(Layout::top_down(Align::Center)),
    );
    child.spacing_mut().item_spacing.y = sizes::SPACE_3;
    contents(&mut child);
    let used = child.min_rect().bottom() + 16.0 - area.top();
    ui.allocate_space(vec2(area.width(), used.max(0.0)));
}
