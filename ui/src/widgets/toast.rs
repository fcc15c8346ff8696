//! Short messages at the lower right: what was done, with a way back.

use egui::{
    Align, Align2, Area, Context, Frame, Id, Layout, Margin, Order, Rect, Role, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use super::button::Button;
use super::paint::{Tone, paragraph};
use crate::commands::Command;
use crate::theme::{self, Tokens, Type, icons, sizes};

/// A message. It goes away by itself after a while unless it is an error.
pub struct Toast {
    /// Its meaning.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// A button: its text and the command it sends.
    pub action: Option<(String, Box<Command>)>,
    /// Details for the clipboard; may be empty.
    pub details: String,
}

impl Toast {
    /// Something was done.
    #[must_use]
    pub fn done(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Ok,
            text: text.into(),
            hint: String::new(),
            action: None,
            details: String::new(),
        }
    }

    /// Something to know.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Info,
            ..Self::done(text)
        }
    }

    /// Something failed.
    #[must_use]
    pub fn error(error: &kitbench_protocol::ErrorView) -> Self {
        Self {
            tone: Tone::Err,
            text: error.message.clone(),
            hint: error.hint.clone(),
            action: None,
            details: crate::backend::details_of(error),
        }
    }

    /// With a button, such as Undo.
    #[must_use]
    pub fn action(mut self, text: impl Into<String>, command: Command) -> Self {
        self.action = Some((text.into(), Box::new(command)));
        self
    }
}

/// The stack of messages and the list of past ones behind the bell.
#[derive(Default)]
pub struct Toasts {
    shown: Vec<(u64, Toast, f64)>,
    past: Vec<(Tone, String, f64)>,
    unseen: u64,
    next: u64,
}

/// How long a message stays, in seconds.
const STAYS: f64 = 7.0;
/// How many past messages are kept.
const KEPT: usize = 50;

impl Toasts {
    /// Show a message; `now` is `ui.input(|i| i.time)`.
    pub fn push(&mut self, toast: Toast, now: f64) {
        self.past.insert(0, (toast.tone, toast.text.clone(), now));
        self.past.truncate(KEPT);
        self.unseen += 1;
        self.shown.push((self.next, toast, now));
        self.next += 1;
        if self.shown.len() > 4 {
            self.shown.remove(0);
        }
    }

    /// Past messages, newest first: tone, text, time.
    #[must_use]
    pub fn past(&self) -> &[(Tone, String, f64)] {
        &self.past
    }

    /// How many came since the list was last opened.
    #[must_use]
    pub fn unseen(&self) -> u64 {
        self.unseen
    }

    /// The list was opened.
    pub fn seen(&mut self) {
        self.unseen = 0;
    }

    /// Take back messages that are true no more.
    pub fn retract(&mut self, gone: impl Fn(&Toast) -> bool) {
        self.shown.retain(|(_, toast, _)| !gone(toast));
    }

    /// Close the newest message; false when there is none.
    pub fn dismiss(&mut self) -> bool {
        self.shown.pop().is_some()
    }

    /// Draw them; returns the command of a button that was pressed.
    pub fn show(&mut self, ctx: &Context) -> Option<Command> {
        let now = ctx.input(|input| input.time);
        self.shown
            .retain(|(_, toast, since)| toast.tone == Tone::Err || now - since < STAYS);
        if self.shown.is_empty() {
            return None;
        }
        if let Some(next) = self
            .shown
            .iter()
            .filter(|(_, toast, _)| toast.tone != Tone::Err)
            .map(|(_, _, since)| since + STAYS - now)
            .reduce(f64::min)
        {
            ctx.request_repaint_after_secs(next.max(0.05) as f32);
        }
        let mut closed = None;
        let mut command = None;
        Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(
                Align2::RIGHT_BOTTOM,
                vec2(-sizes::SPACE_5, -(sizes::STATUS_BAR + sizes::SPACE_4)),
            )
            .show(ctx, |ui| {
                ui.spacing_mut().item_spacing.y = sizes::SPACE_3;
                for (id, toast, _) in &mut self.shown {
                    match toast_ui(ui, *id, toast) {
                        Pressed::Nothing => {}
                        Pressed::Close => closed = Some(*id),
                        Pressed::Action => {
                            command = toast.action.take().map(|(_, command)| *command);
                            closed = Some(*id);
                        }
                    }
                }
            });
        if let Some(closed) = closed {
            self.shown.retain(|(id, ..)| *id != closed);
        }
        command
    }
}

enum Pressed {
    Nothing,
    Close,
    Action,
}

fn toast_ui(ui: &mut Ui, id: u64, toast: &Toast) -> Pressed {
    let t = Tokens::of(ui);
    let mut pressed = Pressed::Nothing;
    let frame = Frame::new()
        .fill(t.bg_panel)
        .stroke(Stroke::new(sizes::STROKE, t.line_strong))
        .corner_radius(sizes::RADIUS_L)
        .inner_margin(Margin::symmetric(12, 10));
    let inner = ui.push_id(("toast", id), |ui| {
        frame
            .show(ui, |ui| {
                ui.set_width(360.0);
                ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
                ui.horizontal_top(|ui| {
                    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 20.0), Sense::hover());
                    if let Some(sign) = toast.tone.sign() {
                        let (icon, color) = (sign, toast.tone.color(t));
                        if toast.tone == Tone::Ok {
                            theme::icon(ui.painter(), rect.center(), icons::CHECK, 15.0, color);
                        } else {
                            theme::icon_fill(ui.painter(), rect.center(), icon, 15.0, color);
                        }
                    }
                    ui.allocate_ui_with_layout(
                        vec2(300.0, 0.0),
                        Layout::top_down(Align::Min),
                        |ui| {
                            ui.set_width(300.0);
                            let response = paragraph(ui, Type::Body, t.text, &toast.text);
                            response.widget_info(|| {
                                WidgetInfo::labeled(
                                    if toast.tone == Tone::Err {
                                        Role::Alert
                                    } else {
                                        Role::Status
                                    },
                                    true,
                                    &toast.text,
                                )
                            });
                            ui.ctx().accesskit_node_builder(response.id, |node| {
                                node.set_live(if toast.tone == Tone::Err {
                                    egui::accesskit::Live::Assertive
                                } else {
                                    egui::accesskit::Live::Polite
                                });
                            });
                            if !toast.hint.is_empty() {
                                paragraph(ui, Type::Small, t.text_2, &toast.hint);
                            }
                            if toast.action.is_some() || !toast.details.is_empty() {
                                ui.horizontal(|ui| {
                                    if let Some((text, _)) = &toast.action
                                        && ui.add(Button::neutral(text.as_str()).small()).clicked()
                                    {
                                        pressed = Pressed::Action;
                                    }
                                    if !toast.details.is_empty()
                                        && ui.add(Button::ghost("Copy details").small()).clicked()
                                    {
                                        ui.ctx().copy_text(toast.details.clone());
                                    }
                                });
                            }
                        },
                    );
                });
            })
            .response
            .rect
    });
    let rect = inner.inner;
    let close = Rect::from_center_size(
        pos2(rect.right() - 16.0, rect.top() + 18.0),
        vec2(24.0, 24.0),
    );
    if ui
        .put(close, Button::icon_only(icons::X, "Dismiss").small())
        .clicked()
    {
        pressed = Pressed::Close;
    }
    pressed
}
