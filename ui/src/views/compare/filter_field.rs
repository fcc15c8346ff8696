//! The filter field: coloured text, a wave under what is wrong, the count, completion.

use std::ops::Range;
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align2, CursorIcon, Frame, Galley, Id, Key, Margin, Modifiers, Rect, Role, Sense, Shape,
    Stroke, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use kitbench_protocol::{FilterError, RunsTable};

use super::filter::{self, Piece};
use crate::theme::{self, Tokens, Type, icons, sizes};
use crate::widgets::{self, menu_frame};

/// Typing rests this long before the engine is asked, in seconds.
const REST: f64 = 0.25;

/// The text and where it stands.
#[derive(Debug, Default)]
pub struct FilterField {
    /// What is in the field.
    pub text: String,
    /// What the engine was asked with.
    pub applied: String,
    changed_at: Option<f64>,
    chosen: usize,
    closed_for: Option<String>,
    move_cursor: Option<usize>,
}

impl FilterField {
    /// Put a text in and apply it at once.
    pub fn set(&mut self, text: &str) {
        text.clone_into(&mut self.text);
        text.clone_into(&mut self.applied);
        self.changed_at = None;
    }

    /// Whether the text has rested long enough to be asked with; it is applied then.
    pub fn settle(&mut self, ui: &Ui) -> bool {
        let Some(since) = self.changed_at else {
            return false;
        };
        let rested = ui.input(|input| input.time) - since;
        if rested < REST {
            ui.ctx().request_repaint_after_secs((REST - rested) as f32);
            return false;
        }
        self.changed_at = None;
        let changed = self.applied != self.text;
        self.applied.clone_from(&self.text);
        changed
    }

    /// Draw it over the width at hand. `count` stands at the right; `error` belongs to the applied text.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        count: &str,
        error: Option<&FilterError>,
        table: Option<&RunsTable>,
        focus: bool,
    ) {
        let t = Tokens::of(ui);
        let (rect, _) =
            ui.allocate_exact_size(vec2(ui.available_width(), sizes::FIELD), Sense::hover());
        let back = ui.painter().add(Shape::Noop);
        let id = Id::unique("runs-filter");
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 16.0, rect.center().y),
            icons::FUNNEL_SIMPLE,
            sizes::ICON_S,
            t.text_3,
        );
        let mut inner = rect
            .with_min_x(rect.left() + 30.0)
            .with_max_x(rect.right() - 8.0);
        if !self.text.is_empty() && clear_cross(ui, rect, id) {
            self.set("");
            self.changed_at = Some(0.0);
        }
        if !self.text.is_empty() {
            inner.max.x = rect.right() - 26.0;
        }
        let room = inner.width() * 0.4;
        let figure = Type::Small.galley(ui, count, t.text_3, room);
        let width = figure.size().x;
        widgets::place(ui.painter(), figure, inner, Align2::RIGHT_CENTER);
        inner.max.x -= width + 10.0;
        let keys = self.completion_keys(ui, id, table);
        let mut layouter = |ui: &Ui, buffer: &dyn egui::TextBuffer, _wrap: f32| -> Arc<Galley> {
            ui.painter().layout_job(colored(t, buffer.as_str()))
        };
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner));
        child.set_clip_rect(inner.intersect(ui.clip_rect()));
        let output = TextEdit::singleline(&mut self.text)
            .id(id)
            .frame(Frame::NONE)
            .margin(Margin::ZERO)
            .font(Type::Mono.font())
            .hint_text(Type::Body.rich(
                "Filter, such as metrics.val/loss < 0.3 and status == finished",
                t.text_3,
            ))
            .desired_width(inner.width())
            .min_size(vec2(inner.width(), rect.height()))
            .align(Align2::LEFT_CENTER)
            .layouter(&mut layouter)
            .show(&mut child);
        let response = output
            .response
            .response
            .clone()
            .accessible_name("Filter runs");
        if focus {
            response.request_focus();
        }
        if response.changed() {
            self.changed_at = Some(ui.input(|input| input.time));
            self.closed_for = None;
            self.chosen = 0;
        }
        let fresh = self.applied == self.text;
        let error = error.filter(|_| fresh);
        if let Some(error) = error {
            let range = error.start as usize..error.end as usize;
            wave(
                &child,
                &output.galley,
                output.galley_pos,
                &self.text,
                &range,
                t.err,
            );
            let words = sentence(&error.message);
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_invalid(egui::accesskit::Invalid::True);
                node.set_description(words.as_str());
            });
            response.clone().on_hover_text(words);
        }
        paint_box(ui, back, rect, response.has_focus(), error.is_some());
        if let Some(at) = self.move_cursor.take() {
            let mut state = output.state;
            state
                .cursor
                .set_char_range(Some(egui::text::CCursorRange::one(
                    egui::text::CCursor::new(at),
                )));
            state.store(ui.ctx(), id);
        }
        let cursor = output
            .cursor_range
            .map(|range| byte_of(&self.text, range.primary.index.into()));
        if response.has_focus()
            && let (Some(table), Some(cursor)) = (table, cursor)
        {
            ui.data_mut(|data| data.insert_temp(id.with("cursor"), cursor));
            self.offer_ui(ui, rect, id, table, cursor, keys);
        }
    }

    /// Arrow keys, Tab and Enter belong to the list while it is open. True when a choice was taken.
    fn completion_keys(&mut self, ui: &Ui, id: Id, table: Option<&RunsTable>) -> bool {
        let focused = ui.memory(|memory| memory.has_focus(id));
        let cursor = ui.data(|data| data.get_temp::<usize>(id.with("cursor")));
        let (true, Some(table), Some(cursor)) = (focused && !self.text.is_empty(), table, cursor)
        else {
            return false;
        };
        if self.closed_for.as_ref() == Some(&self.text) {
            return false;
        }
        let offer = filter::offer(&self.text, cursor, table);
        if offer.choices.is_empty() {
            return false;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.chosen = (self.chosen + 1).min(offer.choices.len() - 1);
        }
        if pressed(Key::ArrowUp) {
            self.chosen = self.chosen.saturating_sub(1);
        }
        if pressed(Key::Escape) {
            self.closed_for = Some(self.text.clone());
        }
        // Enter takes a choice only once one was looked for with the arrows or by typing a part of it.
        let take = pressed(Key::Tab)
            || (!offer.replace.is_empty() && self.chosen > 0 && pressed(Key::Enter));
        if take && let Some(choice) = offer.choices.get(self.chosen) {
            self.take(choice, &offer.replace, ui);
            return true;
        }
        false
    }

    fn take(&mut self, choice: &str, replace: &Range<usize>, ui: &Ui) {
        if self.text.get(replace.clone()).is_none() {
            return;
        }
        let space = if self.text[replace.end..].starts_with(' ') {
            ""
        } else {
            " "
        };
        self.text
            .replace_range(replace.clone(), &format!("{choice}{space}"));
        let bytes = replace.start + choice.len() + 1;
        self.move_cursor = Some(self.text.get(..bytes).unwrap_or(&self.text).chars().count());
        self.changed_at = Some(ui.input(|input| input.time));
        self.chosen = 0;
        self.closed_for = None;
    }

    fn offer_ui(
        &mut self,
        ui: &Ui,
        rect: Rect,
        id: Id,
        table: &RunsTable,
        cursor: usize,
        taken: bool,
    ) {
        if self.text.is_empty() || taken || self.closed_for.as_ref() == Some(&self.text) {
            return;
        }
        let offer = filter::offer(&self.text, cursor, table);
        if offer.choices.is_empty() {
            return;
        }
        // After the field has set its own: Tab and Escape belong to the list now.
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                id,
                egui::EventFilter {
                    tab: true,
                    horizontal_arrows: true,
                    vertical_arrows: true,
                    escape: true,
                },
            );
        });
        self.chosen = self.chosen.min(offer.choices.len() - 1);
        let mut clicked = None;
        egui::Area::new(id.with("offer"))
            .order(egui::Order::Foreground)
            .fixed_pos(rect.left_bottom() + vec2(0.0, 4.0))
            .show(ui.ctx(), |ui| {
                menu_frame(ui).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.set_width(280.0);
                    for (at, choice) in offer.choices.iter().enumerate() {
                        if choice_row(ui, choice, at == self.chosen) {
                            clicked = Some(choice.clone());
                        }
                    }
                    let t = Tokens::of(ui);
                    widgets::label(
                        ui,
                        Type::Caption,
                        t.text_3,
                        "  Tab takes it, arrows choose, Escape closes",
                    );
                });
            });
        if let Some(choice) = clicked {
            self.take(&choice, &offer.replace, ui);
            ui.memory_mut(|memory| memory.request_focus(id));
        }
    }
}

fn choice_row(ui: &mut Ui, choice: &str, chosen: bool) -> bool {
    let t = Tokens::of(ui);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), sizes::HIT_MIN), Sense::CLICK);
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, choice));
    if chosen || response.hovered() {
        ui.painter().rect_filled(
            rect,
            sizes::RADIUS_S,
            if chosen { t.accent_bg } else { t.bg_hover },
        );
    }
    let galley = ui.painter().layout_job(colored(t, choice));
    widgets::place(
        ui.painter(),
        galley,
        rect.shrink2(vec2(8.0, 0.0)),
        Align2::LEFT_CENTER,
    );
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

fn clear_cross(ui: &Ui, rect: Rect, id: Id) -> bool {
    let t = Tokens::of(ui);
    let area = Rect::from_center_size(
        pos2(rect.right() - 14.0, rect.center().y),
        vec2(24.0, rect.height()),
    );
    let cross = ui.interact(area, id.with("clear"), Sense::CLICK);
    cross.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Clear filter"));
    theme::icon(
        ui.painter(),
        area.center(),
        icons::X,
        12.0,
        if cross.hovered() { t.text } else { t.text_3 },
    );
    cross.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

fn colored(t: &Tokens, text: &str) -> LayoutJob {
    let mut job = LayoutJob {
        break_on_newline: false,
        ..LayoutJob::default()
    };
    let mut at = 0;
    for (range, piece) in filter::pieces(text) {
        job.append(&text[at..range.start], 0.0, Type::Mono.format(t.text));
        let color = match piece {
            Piece::Field => t.accent_text,
            Piece::Key => t.text,
            Piece::Word => t.warn,
            Piece::Value => t.ok,
            Piece::Sign => t.text_2,
        };
        at = range.end;
        job.append(&text[range], 0.0, Type::Mono.format(color));
    }
    job.append(&text[at..], 0.0, Type::Mono.format(t.text));
    job
}

fn paint_box(ui: &Ui, at: egui::layers::ShapeIdx, rect: Rect, focused: bool, wrong: bool) {
    let t = Tokens::of(ui);
    let (width, edge) = match (focused, wrong) {
        (true, _) => (sizes::STROKE_FOCUS, t.accent_line),
        (false, true) => (sizes::STROKE, t.err),
        (false, false) => (sizes::STROKE, t.line_input),
    };
    let shape = egui::epaint::RectShape::new(
        rect,
        sizes::RADIUS_M,
        t.bg_input,
        Stroke::new(width, edge),
        egui::StrokeKind::Inside,
    );
    ui.painter().set(at, shape);
}

/// A wave of 3 px steps under a range of bytes; at the end of the text, behind it.
fn wave(
    ui: &Ui,
    galley: &Galley,
    origin: egui::Pos2,
    text: &str,
    range: &Range<usize>,
    color: egui::Color32,
) {
    let chars = |bytes: usize| {
        text.get(..bytes.min(text.len()))
            .map_or(0, |before| before.chars().count())
    };
    let place = |index: usize| {
        galley
            .pos_from_cursor(egui::text::CCursor::new(index))
            .translate(origin.to_vec2())
    };
    let (start, end) = (place(chars(range.start)), place(chars(range.end)));
    let y = start.bottom() - 1.0;
    let right = end.left().max(start.left() + 8.0);
    let steps = ((right - start.left()) / 3.0).ceil() as usize;
    let points = (0..=steps)
        .map(|i| {
            pos2(
                start.left() + i as f32 * 3.0,
                if i % 2 == 0 { y } else { y - 2.0 },
            )
        })
        .collect();
    ui.painter().line(points, Stroke::new(1.0, color));
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn byte_of(text: &str, chars: usize) -> usize {
    text.char_indices()
        .nth(chars)
        .map_or(text.len(), |(at, _)| at)
}
