//! Buttons: primary, neutral, ghost, link and icon.

use std::borrow::Cow;

use egui::{
    Align2, Color32, CursorIcon, Id, Rect, Response, Role, Sense, Ui, Vec2, Widget, WidgetInfo,
    pos2, vec2,
};

use super::paint::{self, boxed, focus_ring, place};
use crate::theme::{self, Tokens, Type, icons, sizes};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    Neutral,
    Ghost,
    Link,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Small,
    Medium,
    Large,
}

/// A button. `ui.add(Button::neutral("Edit Kitfile").icon(icons::TEXT_ALIGN_LEFT))`.
///
/// There is one primary button per screen. A label ends in an ellipsis when a question follows.
#[must_use = "add it to a ui"]
pub struct Button<'a> {
    kind: Kind,
    size: Size,
    text: Cow<'a, str>,
    icon: Option<&'a str>,
    icon_color: Option<Color32>,
    name: Option<Cow<'a, str>>,
    tip: Option<Cow<'a, str>>,
    key: Option<Cow<'a, str>>,
    caret: bool,
    busy: bool,
    selected: bool,
    blocked: Option<Cow<'a, str>>,
    min_width: f32,
}

impl<'a> Button<'a> {
    fn new(kind: Kind, text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind,
            size: Size::Medium,
            text: text.into(),
            icon: None,
            icon_color: None,
            name: None,
            tip: None,
            key: None,
            caret: false,
            busy: false,
            selected: false,
            blocked: None,
            min_width: 0.0,
        }
    }

    /// The thing most people do next on this screen.
    pub fn primary(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Primary, text)
    }

    /// Any other action.
    pub fn neutral(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Neutral, text)
    }

    /// An action of lesser weight: no box until the pointer is over it.
    pub fn ghost(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Ghost, text)
    }

    /// Looks like a link.
    pub fn link(text: impl Into<Cow<'a, str>>) -> Self {
        Self::new(Kind::Link, text)
    }

    /// Only an icon, without a box; `name` is its tooltip and spoken name.
    pub fn icon_only(icon: &'a str, name: impl Into<Cow<'a, str>>) -> Self {
        let name = name.into();
        let mut button = Self::new(Kind::Ghost, "");
        button.icon = Some(icon);
        button.tip = Some(name.clone());
        button.name = Some(name);
        button
    }

    /// Only an icon, in a box.
    pub fn icon_boxed(icon: &'a str, name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            kind: Kind::Neutral,
            ..Self::icon_only(icon, name)
        }
    }

    /// 24 high: inside rows and cards.
    pub fn small(mut self) -> Self {
        self.size = Size::Small;
        self
    }

    /// 34 high: the main action.
    pub fn large(mut self) -> Self {
        self.size = Size::Large;
        self
    }

    /// An icon before the word.
    pub fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Another colour for the icon.
    pub fn icon_color(mut self, color: Color32) -> Self {
        self.icon_color = Some(color);
        self
    }

    /// A spoken name other than the text on it.
    pub fn name(mut self, name: impl Into<Cow<'a, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the tooltip says.
    pub fn tip(mut self, tip: impl Into<Cow<'a, str>>) -> Self {
        self.tip = Some(tip.into());
        self
    }

    /// A key cap behind the word, such as `Ctrl P`.
    pub fn key(mut self, key: impl Into<Cow<'a, str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// A small caret behind the word: opens a menu.
    pub fn caret(mut self) -> Self {
        self.caret = true;
        self
    }

    /// The work it started is going on: a ring takes the icon's place and it cannot be pressed.
    pub fn busy(mut self, busy: bool) -> Self {
        self.busy = busy;
        self
    }

    /// It stands for something that is on.
    pub fn selected(mut self, selected: bool) -> Self {
        self.selected = selected;
        self
    }

    /// With a reason it cannot be pressed; the tooltip gives the reason.
    pub fn blocked(mut self, reason: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.blocked = reason.map(Into::into);
        self
    }

    /// At least this wide.
    pub fn min_width(mut self, width: f32) -> Self {
        self.min_width = width;
        self
    }

    fn height(&self) -> f32 {
        match self.size {
            Size::Small => sizes::BUTTON_S,
            Size::Medium => sizes::BUTTON,
            Size::Large => sizes::BUTTON_L,
        }
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: &Response, parts: &Parts) {
        let t = Tokens::of(ui);
        let enabled = ui.is_enabled();
        let hovered = enabled && response.hovered();
        let pressed = enabled && response.is_pointer_button_down_on();
        let (fill, stroke, text) = match self.kind {
            Kind::Primary if pressed => (t.accent, t.accent_line, t.on_accent),
            Kind::Primary if hovered => (t.accent_hover, t.accent_hover, t.on_accent),
            Kind::Primary => (t.accent, t.accent, t.on_accent),
            Kind::Neutral if self.selected => (t.accent_bg, t.accent_line, t.accent_text),
            Kind::Neutral if pressed => (t.bg_active, t.line_strong, t.text),
            Kind::Neutral if hovered => (t.bg_hover, t.line_strong, t.text),
            Kind::Neutral => (t.bg_raised, t.line_strong, t.text),
            Kind::Ghost if self.selected => (t.accent_bg, t.accent_bg, t.accent_text),
            Kind::Ghost if pressed => (t.bg_active, t.bg_active, t.text),
            Kind::Ghost if hovered => (t.bg_hover, t.bg_hover, t.text),
            Kind::Ghost => (Color32::TRANSPARENT, Color32::TRANSPARENT, t.text_2),
            Kind::Link => (Color32::TRANSPARENT, Color32::TRANSPARENT, t.accent_text),
        };
        let radius = if self.size == Size::Small {
            sizes::RADIUS_S
        } else {
            sizes::RADIUS_M
        };
        if fill != Color32::TRANSPARENT {
            boxed(ui.painter(), rect, radius, fill, stroke);
        }
        let mut x = rect.center().x - parts.width / 2.0;
        let y = rect.center().y;
        if let Some(icon) = self.shown_icon() {
            let color = self.icon_color.filter(|_| enabled).unwrap_or(text);
            theme::icon(
                ui.painter(),
                pos2((x + parts.icon / 2.0).round(), y),
                icon,
                parts.icon,
                color,
            );
            x += parts.icon + parts.gap(!self.text.is_empty());
        }
        if let Some(galley) = &parts.text {
            let area = Rect::from_min_max(
                pos2(x, rect.top()),
                pos2(x + galley.size().x, rect.bottom()),
            );
            ui.painter().galley_with_override_text_color(
                Align2::LEFT_CENTER
                    .align_size_within_rect(galley.size(), area)
                    .min
                    .round(),
                galley.clone(),
                text,
            );
            if self.kind == Kind::Link && hovered {
                ui.painter().hline(
                    area.x_range(),
                    (y + 7.0).round() + 0.5,
                    egui::Stroke::new(1.0, text),
                );
            }
            x += galley.size().x;
        }
        if self.caret {
            x += 6.0;
            theme::icon(
                ui.painter(),
                pos2(x + 6.0, y),
                icons::CARET_DOWN,
                12.0,
                text.gamma_multiply(0.8),
            );
            x += 12.0;
        }
        if let Some(key) = &parts.key {
            x += 8.0;
            let cap = Rect::from_center_size(
                pos2(x + key.size().x / 2.0 + 5.0, y),
                key.size() + vec2(10.0, 4.0),
            );
            let edge = if self.kind == Kind::Primary {
                t.on_accent.gamma_multiply(0.5)
            } else {
                t.line_strong
            };
            boxed(
                ui.painter(),
                cap,
                sizes::RADIUS_XS,
                Color32::TRANSPARENT,
                edge,
            );
            let color = if self.kind == Kind::Primary {
                t.on_accent
            } else {
                t.text_2
            };
            ui.painter().galley_with_override_text_color(
                Align2::CENTER_CENTER
                    .align_size_within_rect(key.size(), cap)
                    .min
                    .round(),
                key.clone(),
                color,
            );
        }
        focus_ring(ui, rect, radius, response);
    }

    fn shown_icon(&self) -> Option<&'a str> {
        if self.busy {
            Some(icons::SPINNER_GAP)
        } else {
            self.icon
        }
    }

    fn parts(&self, ui: &Ui) -> Parts {
        let t = Tokens::of(ui);
        let role = match (self.kind, self.size) {
            (Kind::Link | Kind::Ghost, Size::Small) => Type::SmallStrong,
            (_, Size::Small) => Type::SmallStrong,
            (Kind::Link, _) => Type::SmallStrong,
            _ => Type::BodyStrong,
        };
        let text =
            (!self.text.is_empty()).then(|| role.galley(ui, &self.text, t.text, f32::INFINITY));
        // An icon alone has its key in the tooltip.
        let shown_key = self.key.as_ref().filter(|_| !self.text.is_empty());
        let key = shown_key.map(|key| Type::CaptionStrong.galley(ui, key, t.text_2, f32::INFINITY));
        let icon = match (self.shown_icon().is_some(), self.size) {
            (false, _) => 0.0,
            (true, Size::Small) => sizes::ICON_S,
            (true, _) => sizes::ICON,
        };
        let mut parts = Parts {
            text,
            key,
            icon,
            width: 0.0,
        };
        parts.width = parts.icon
            + if parts.icon > 0.0 {
                parts.gap(parts.text.is_some())
            } else {
                0.0
            }
            + parts.text.as_ref().map_or(0.0, |galley| galley.size().x)
            + if self.caret { 18.0 } else { 0.0 }
            + parts
                .key
                .as_ref()
                .map_or(0.0, |galley| galley.size().x + 18.0);
        parts
    }
}

struct Parts {
    text: Option<std::sync::Arc<egui::Galley>>,
    key: Option<std::sync::Arc<egui::Galley>>,
    icon: f32,
    width: f32,
}

impl Parts {
    fn gap(&self, followed: bool) -> f32 {
        if followed { 6.0 } else { 0.0 }
    }
}

/// An id that lasts while lines come and go above the button: by its name, and, among those of one
/// name in one scope, by its place among them. egui's own ids count all widgets before it, so that
/// a press under way when a line appears would be lost, or would hit the neighbour.
fn id_by_name(ui: &Ui, name: &str) -> Id {
    let id = ui.scope_id().with(("button", name));
    let pass = ui.ctx().cumulative_pass_nr();
    let before = ui.ctx().data_mut(|data| {
        let (seen_in, count) = data.get_temp_mut_or(id, (pass, 0_usize));
        if *seen_in != pass {
            (*seen_in, *count) = (pass, 0);
        }
        *count += 1;
        *count - 1
    });
    id.with(before)
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let enabled = !self.busy && self.blocked.is_none();
        let mut response = ui
            .add_enabled_ui(enabled, |ui| {
                let parts = self.parts(ui);
                let pad = match (self.kind, self.text.is_empty(), self.size) {
                    (Kind::Link, _, _) => 2.0,
                    (_, true, _) => 0.0,
                    (_, _, Size::Large) => 14.0,
                    (_, _, Size::Medium) => 10.0,
                    (_, _, Size::Small) => 8.0,
                };
                let height = self.height();
                let width = if self.text.is_empty() {
                    height
                } else {
                    parts.width + 2.0 * pad
                };
                let size: Vec2 = vec2(width.max(self.min_width).ceil(), height);
                let name = self.name.as_deref().unwrap_or(&self.text).to_owned();
                let (_, space) = ui.allocate_space(size);
                let rect = ui.layout().align_size_within_rect(size, space);
                let response = ui.interact(space, id_by_name(ui, &name), Sense::click());
                response.widget_info(|| {
                    let mut info = WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name);
                    if self.selected {
                        info.selected = Some(true);
                    }
                    info
                });
                if self.busy {
                    ui.ctx()
                        .accesskit_node_builder(response.id, |node| node.set_busy());
                }
                if self.caret {
                    ui.ctx().accesskit_node_builder(response.id, |node| {
                        node.set_has_popup(egui::accesskit::HasPopup::Menu);
                    });
                }
                if ui.is_rect_visible(rect) {
                    self.paint(ui, rect, &response, &parts);
                }
                response
            })
            .inner;
        if enabled {
            response = response.on_hover_cursor(CursorIcon::PointingHand);
        }
        if let Some(tip) = &self.tip {
            let tip = match &self.key {
                Some(key) if self.text.is_empty() => format!("{tip}  {key}"),
                _ => tip.to_string(),
            };
            response = response.on_hover_text(tip);
        }
        if let Some(reason) = &self.blocked {
            paint::describe(ui, &response, reason);
            response = response.on_disabled_hover_text(reason.as_ref());
        }
        response
    }
}

/// A key cap on its own, such as in a list of shortcuts.
pub fn key_cap(ui: &mut Ui, key: &str) -> Response {
    let t = Tokens::of(ui);
    let galley = Type::CaptionStrong.galley(ui, key, t.text_2, f32::INFINITY);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(10.0, 4.0), Sense::hover());
    boxed(
        ui.painter(),
        rect,
        sizes::RADIUS_XS,
        t.bg_raised,
        t.line_strong,
    );
    place(ui.painter(), galley, rect, Align2::CENTER_CENTER);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, key));
    response
}
