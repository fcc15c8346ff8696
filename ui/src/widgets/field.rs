//! Text fields: with a label, an error, an icon, a suffix; and the search field.

use egui::{
    Align, Align2, Color32, CursorIcon, Frame, Id, Margin, Rect, Response, Role, Sense, Shape,
    Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use super::button::Button;
use super::paint::{label, place};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// A text field of one line.
///
/// ```text
/// let field = TextField::new(&mut self.name).label("Name").note("required").error(problem).show(ui);
/// if field.response.changed() { … }
/// ```
#[must_use = "show it in a ui"]
pub struct TextField<'a> {
    text: &'a mut String,
    label: Option<&'a str>,
    name: Option<&'a str>,
    note: Option<&'a str>,
    hint: &'a str,
    error: Option<&'a str>,
    icon: Option<&'a str>,
    status: Option<(super::Tone, &'a str, &'a str)>,
    button: Option<&'a str>,
    clear: bool,
    changed: bool,
    mono: bool,
    password: bool,
    small: bool,
    width: Option<f32>,
    id: Option<Id>,
    caret: bool,
    key: Option<&'a str>,
    read_only: bool,
}

/// What became of a field in this frame.
pub struct FieldResponse {
    /// The text itself: `changed()`, `lost_focus()`, `has_focus()`.
    pub response: Response,
    /// Where the box is, for a popup beneath it.
    pub rect: Rect,
    /// Its button was pressed (see [`TextField::button`]) or its caret.
    pub button_clicked: bool,
    /// The cross was pressed; the text is empty now.
    pub cleared: bool,
    /// Enter was pressed in it.
    pub submitted: bool,
    /// The pencil was pressed: the user asks for the saved value.
    pub restore_clicked: bool,
}

impl<'a> TextField<'a> {
    /// A field that edits `text`.
    pub fn new(text: &'a mut String) -> Self {
        Self {
            text,
            label: None,
            name: None,
            note: None,
            hint: "",
            error: None,
            icon: None,
            status: None,
            button: None,
            clear: false,
            changed: false,
            mono: false,
            password: false,
            small: false,
            width: None,
            id: None,
            caret: false,
            key: None,
            read_only: false,
        }
    }

    /// A filter box: magnifying glass, 26 high, a cross once there is text.
    pub fn search(text: &'a mut String, hint: &'a str) -> Self {
        let mut field = Self::new(text);
        field.icon = Some(icons::MAGNIFYING_GLASS);
        field.hint = hint;
        field.small = true;
        field.clear = true;
        field.name = Some(hint);
        field
    }

    /// The label above it, which is also its spoken name.
    pub fn label(mut self, label: &'a str) -> Self {
        self.label = Some(label);
        self
    }

    /// A spoken name for a field without a label.
    pub fn name(mut self, name: &'a str) -> Self {
        self.name = Some(name);
        self
    }

    /// A weak word behind the label, such as "required".
    pub fn note(mut self, note: &'a str) -> Self {
        self.note = Some(note);
        self
    }

    /// What stands in the empty field.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// A sentence under the field; the field turns red.
    pub fn error(mut self, error: Option<&'a str>) -> Self {
        self.error = error;
        self
    }

    /// An icon at the left.
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// A mark at the right: tone, icon, words ("6 files, 995.1 MB").
    pub fn status(mut self, tone: super::Tone, icon: &'a str, words: &'a str) -> Self {
        self.status = Some((tone, icon, words));
        self
    }

    /// A small button inside the field, at the right.
    pub fn button(mut self, text: &'a str) -> Self {
        self.button = Some(text);
        self
    }

    /// Differs from what is saved: carries a pencil that restores it.
    pub fn changed_mark(mut self, changed: bool) -> Self {
        self.changed = changed;
        self
    }

    /// In the mono face: references, paths, versions.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Dots instead of letters.
    pub fn password(mut self) -> Self {
        self.password = true;
        self
    }

    /// 26 high instead of 28.
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// This wide instead of all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// A fixed id, for moving the focus into it.
    pub fn id(mut self, id: Id) -> Self {
        self.id = Some(id);
        self
    }

    /// A key cap at the right while the field is empty, such as `/`.
    pub fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }

    /// Can be read and copied but not changed.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    pub(super) fn with_caret(mut self) -> Self {
        self.caret = true;
        self
    }

    /// Without a sentence of an error, which is as high as it needs to be.
    fn height(&self) -> f32 {
        let label = if self.label.is_some() { 20.0 } else { 0.0 };
        label
            + if self.small {
                sizes::FIELD_S
            } else {
                sizes::FIELD
            }
    }

    /// Draw it.
    pub fn show(self, ui: &mut Ui) -> FieldResponse {
        let width = self.width.unwrap_or_else(|| ui.available_width());
        ui.allocate_ui_with_layout(
            vec2(width, self.height()),
            egui::Layout::top_down(Align::Min),
            |ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 4.0;
                let t = Tokens::of(ui);
                if let Some(text) = self.label {
                    ui.horizontal(|ui| {
                        ui.spacing_mut().item_spacing.x = 4.0;
                        label(ui, Type::Small, t.text_2, text);
                        if let Some(note) = self.note {
                            label(ui, Type::Small, t.text_3, note);
                        }
                    });
                }
                let error = self.error;
                let response = self.body(ui, width);
                if let Some(error) = error {
                    super::paint::paragraph(ui, Type::Small, t.err, error);
                }
                response
            },
        )
        .inner
    }

    fn body(self, ui: &mut Ui, width: f32) -> FieldResponse {
        let t = Tokens::of(ui);
        let height = if self.small {
            sizes::FIELD_S
        } else {
            sizes::FIELD
        };
        let (rect, base) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        let back = ui.painter().add(Shape::Noop);
        let mut inner = rect.shrink2(vec2(8.0, 0.0));
        if let Some(icon) = self.icon {
            theme::icon(
                ui.painter(),
                pos2(inner.left() + 7.0, rect.center().y),
                icon,
                sizes::ICON_S,
                t.text_3,
            );
            inner.min.x += 22.0;
        }
        let mut out = (false, false, false);
        if let Some(text) = self.button {
            let button = Button::neutral(text).small();
            let galley = Type::SmallStrong.galley(ui, text, t.text, f32::INFINITY);
            let size = vec2(galley.size().x + 16.0, sizes::BUTTON_S);
            let area = Rect::from_min_size(
                pos2(rect.right() - 2.0 - size.x, rect.center().y - size.y / 2.0),
                size,
            );
            out.0 = ui.put(area, button).clicked();
            inner.max.x = area.left() - 6.0;
        }
        if self.caret {
            let area = Rect::from_center_size(
                pos2(rect.right() - 14.0, rect.center().y),
                vec2(22.0, height),
            );
            let caret = ui.interact(area, base.id.with("caret"), Sense::CLICK);
            caret.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show choices"));
            theme::icon(
                ui.painter(),
                area.center(),
                icons::CARET_UP_DOWN,
                12.0,
                t.text_3,
            );
            out.0 |= caret.clicked();
            inner.max.x = area.left() - 2.0;
        }
        if self.changed {
            let area = Rect::from_center_size(
                pos2(inner.right() - 7.0, rect.center().y),
                vec2(22.0, height),
            );
            let pencil = ui.interact(area, base.id.with("restore"), Sense::CLICK);
            pencil.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Restore saved value"));
            theme::icon(
                ui.painter(),
                area.center(),
                icons::PENCIL_SIMPLE,
                13.0,
                t.info,
            );
            out.2 = pencil
                .on_hover_text("Changed. Click to restore the saved value")
                .clicked();
            inner.max.x = area.left() - 2.0;
        }
        if let Some((tone, icon, words)) = self.status {
            let color = tone.color(t);
            let galley = Type::Small.galley(ui, words, t.text_2, (inner.width() * 0.5).max(40.0));
            let at = Rect::from_min_max(
                pos2(inner.right() - galley.size().x, rect.top()),
                pos2(inner.right(), rect.bottom()),
            );
            place(ui.painter(), galley, at, Align2::LEFT_CENTER);
            theme::icon(
                ui.painter(),
                pos2(at.left() - 10.0, rect.center().y),
                icon,
                13.0,
                color,
            );
            inner.max.x = at.left() - 20.0;
        }
        if self.clear && !self.text.is_empty() {
            let area = Rect::from_center_size(
                pos2(rect.right() - 13.0, rect.center().y),
                vec2(24.0, height),
            );
            let cross = ui.interact(area, base.id.with("clear"), Sense::CLICK);
            cross.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Clear"));
            let color = if cross.hovered() { t.text } else { t.text_3 };
            theme::icon(ui.painter(), area.center(), icons::X, 12.0, color);
            if cross.on_hover_cursor(CursorIcon::PointingHand).clicked() {
                self.text.clear();
                out.1 = true;
            }
            inner.max.x = area.left();
        } else if let Some(key) = self.key {
            let galley = Type::CaptionStrong.galley(ui, key, t.text_2, f32::INFINITY);
            let size = galley.size() + vec2(10.0, 4.0);
            let cap = Rect::from_center_size(
                pos2(rect.right() - 6.0 - size.x / 2.0, rect.center().y),
                size,
            );
            super::paint::boxed(
                ui.painter(),
                cap,
                sizes::RADIUS_XS,
                t.bg_raised,
                t.line_strong,
            );
            place(ui.painter(), galley, cap, Align2::CENTER_CENTER);
            inner.max.x = cap.left() - 6.0;
        }
        let role = if self.mono { Type::Mono } else { Type::Body };
        let mut edit = TextEdit::singleline(self.text)
            .frame(Frame::NONE)
            .margin(Margin::ZERO)
            .font(role.font())
            .text_color(if ui.is_enabled() { t.text } else { t.text_3 })
            .hint_text(Type::Body.rich(self.hint, t.text_3))
            .password(self.password)
            .interactive(!self.read_only)
            .align(Align2::LEFT_CENTER)
            .desired_width(inner.width())
            .min_size(vec2(inner.width(), height));
        if let Some(id) = self.id {
            edit = edit.id(id);
        }
        let response = ui.put(inner, edit);
        let name = self.label.or(self.name).unwrap_or(self.hint);
        let response = response.accessible_name(name);
        if let Some(error) = self.error {
            ui.ctx().accesskit_node_builder(response.id, |node| {
                node.set_invalid(egui::accesskit::Invalid::True);
                node.set_description(error);
            });
        }
        paint_box(ui, back, rect, response.has_focus(), self.error.is_some());
        let submitted =
            response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        FieldResponse {
            response,
            rect,
            button_clicked: out.0,
            cleared: out.1,
            submitted,
            restore_clicked: out.2,
        }
    }
}

/// The box of a field: line, error line, or focus ring.
pub(super) fn paint_box(
    ui: &Ui,
    at: egui::layers::ShapeIdx,
    rect: Rect,
    focused: bool,
    wrong: bool,
) {
    let t = Tokens::of(ui);
    let enabled = ui.is_enabled();
    let fill = if enabled { t.bg_input } else { t.bg_raised };
    let edge = if wrong {
        t.err
    } else if enabled {
        t.line_input
    } else {
        t.line
    };
    let shape = egui::epaint::RectShape::new(
        rect,
        sizes::RADIUS_M,
        fill,
        Stroke::new(sizes::STROKE, edge),
        StrokeKind::Inside,
    );
    let mut shapes = vec![Shape::from(shape)];
    if focused {
        shapes.push(Shape::from(egui::epaint::RectShape::new(
            rect,
            sizes::RADIUS_M,
            Color32::TRANSPARENT,
            Stroke::new(sizes::STROKE_FOCUS, t.accent_line),
            StrokeKind::Inside,
        )));
    }
    ui.painter().set(at, Shape::Vec(shapes));
}

/// A text area of several lines, with a label.
pub fn text_area(ui: &mut Ui, text: &mut String, name: &str, rows: usize, mono: bool) -> Response {
    let t = Tokens::of(ui);
    let width = ui.available_width();
    label(ui, Type::Small, t.text_2, name);
    let back = ui.painter().add(Shape::Noop);
    let role = if mono { Type::Mono } else { Type::Body };
    let response = ui.add(
        TextEdit::multiline(text)
            .frame(Frame::NONE)
            .margin(Margin::symmetric(8, 5))
            .font(role.font())
            .text_color(t.text)
            .desired_width(width)
            .desired_rows(rows),
    );
    let response = response.accessible_name(name);
    paint_box(ui, back, response.rect, response.has_focus(), false);
    response
}
