//! Dialogs: over the page, with a scrim; they keep the focus inside and give it back.

use egui::{
    Align, Context, Frame, Id, Key, Layout, Margin, Rect, Role, Stroke, Ui, UiBuilder, Vec2, pos2,
    vec2,
};

use super::button::Button;
use super::paint::{hairline_below, label, named};
use crate::theme::{self, Tokens, Type, icons, sizes};

/// What a dialog looks like from outside.
pub struct DialogFrame<'a> {
    /// Its name: title and id.
    pub title: &'a str,
    /// The icon before the title.
    pub icon: Option<&'a str>,
    /// What stands weakly behind the title.
    pub note: Option<&'a str>,
    /// Its size; below 1100 wide it takes the whole work area if it is wider than 700.
    pub size: Vec2,
}

/// Draw a dialog: head 52, body, foot 60. Returns true when the user closed it (cross or Escape).
///
/// `foot` is laid out from the right edge: the main button first.
pub fn dialog(
    ctx: &Context,
    frame: &DialogFrame<'_>,
    body: impl FnOnce(&mut Ui),
    foot: impl FnOnce(&mut Ui),
) -> bool {
    dialog_with(ctx, frame, &mut (), |ui, ()| body(ui), |ui, ()| foot(ui))
}

/// The same for a body and a foot that change one thing, which is handed to each in turn.
pub fn dialog_with<S>(
    ctx: &Context,
    frame: &DialogFrame<'_>,
    state: &mut S,
    body: impl FnOnce(&mut Ui, &mut S),
    foot: impl FnOnce(&mut Ui, &mut S),
) -> bool {
    let t = Tokens::of_ctx(ctx);
    let screen = ctx.content_rect();
    let whole = screen.width() < sizes::VERY_NARROW && frame.size.x > 700.0;
    let size = if whole {
        screen.size() - vec2(24.0, 24.0)
    } else {
        frame.size.min(screen.size() - vec2(32.0, 32.0))
    };
    let id = Id::unique(("dialog", frame.title));
    let mut closed = false;
    let modal = egui::Modal::new(id)
        .backdrop_color(t.scrim())
        .frame(
            Frame::new()
                .fill(t.bg_panel)
                .stroke(Stroke::new(sizes::STROKE, t.line_strong))
                .corner_radius(sizes::RADIUS_XL)
                .inner_margin(Margin::ZERO),
        )
        .show(ctx, |ui| {
            ui.set_min_size(size);
            ui.set_max_size(size);
            ui.spacing_mut().item_spacing.y = 0.0;
            let area = Rect::from_min_size(ui.max_rect().min, size);
            closed |= head_ui(ui, frame, area);
            let foot_rect = Rect::from_min_max(pos2(area.left(), area.bottom() - 60.0), area.max);
            let body_rect = Rect::from_min_max(
                pos2(area.left(), area.top() + 52.0),
                pos2(area.right(), foot_rect.top()),
            );
            let mut inside = ui.new_child(UiBuilder::new().id_salt("body").max_rect(body_rect));
            inside.shrink_clip_rect(body_rect);
            body(&mut inside, state);
            let corner = egui::CornerRadius {
                nw: 0,
                ne: 0,
                sw: sizes::RADIUS_XL,
                se: sizes::RADIUS_XL,
            };
            ui.painter()
                .rect_filled(foot_rect.shrink2(vec2(1.0, 1.0)), corner, t.bg_raised);
            ui.painter().hline(
                foot_rect.x_range(),
                foot_rect.top() + 0.5,
                Stroke::new(1.0, t.line),
            );
            let inner = foot_rect.shrink2(vec2(sizes::PAGE_INSET, 0.0));
            let mut row = ui.new_child(
                UiBuilder::new()
                    .id_salt("foot")
                    .max_rect(inner)
                    .layout(Layout::right_to_left(Align::Center)),
            );
            row.spacing_mut().item_spacing.x = sizes::SPACE_3;
            foot(&mut row, state);
        });
    ctx.accesskit_node_builder(modal.response.id, |node| {
        node.set_role(Role::Dialog);
        node.set_label(frame.title);
        node.set_modal();
    });
    let popup = egui::Popup::is_any_open(ctx);
    let escape = modal.is_top_modal
        && !popup
        && ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, Key::Escape));
    closed | escape
}

fn head_ui(ui: &mut Ui, frame: &DialogFrame<'_>, area: Rect) -> bool {
    let t = Tokens::of(ui);
    let head = Rect::from_min_size(area.min, vec2(area.width(), 52.0));
    hairline_below(ui.painter(), head, t.line);
    let mut row = ui.new_child(
        UiBuilder::new()
            .id_salt("head")
            .max_rect(head.shrink2(vec2(sizes::PAGE_INSET, 0.0)))
            .layout(Layout::left_to_right(Align::Center)),
    );
    if let Some(icon) = frame.icon {
        let (rect, _) = row.allocate_exact_size(vec2(20.0, 20.0), egui::Sense::hover());
        theme::icon(
            row.painter(),
            rect.center(),
            icon,
            sizes::ICON_RAIL,
            t.accent_text,
        );
    }
    named(
        &mut row,
        Role::Heading,
        Type::DialogTitle,
        t.text,
        frame.title,
    );
    if let Some(note) = frame.note {
        label(&mut row, Type::Small, t.text_2, note);
    }
    row.with_layout(Layout::right_to_left(Align::Center), |ui| {
        ui.add(Button::icon_only(icons::X, "Close").key("Esc"))
            .clicked()
    })
    .inner
}

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Not yet.
    Open,
    /// The main button.
    Yes,
    /// Cancel, Escape or the cross.
    No,
}

/// A question with one answer that does it and one that leaves things as they are.
pub fn confirm(ctx: &Context, title: &str, text: &str, yes: &str, danger: bool) -> Answer {
    let mut answer = Answer::Open;
    let frame = DialogFrame {
        title,
        icon: None,
        note: None,
        size: vec2(460.0, 210.0),
    };
    let closed = dialog(
        ctx,
        &frame,
        |ui| {
            super::chrome::inset(ui, sizes::PAGE_INSET, |ui| {
                let t = Tokens::of(ui);
                super::paint::paragraph(ui, Type::Body, t.text_2, text);
            });
        },
        |ui| {
            let t = Tokens::of(ui);
            let main = if danger {
                Button::neutral(yes).icon(icons::TRASH).icon_color(t.err)
            } else {
                Button::primary(yes)
            };
            if ui.add(main.large()).clicked() {
                answer = Answer::Yes;
            }
            if ui
                .add(Button::neutral("Cancel").large().key("Esc"))
                .clicked()
            {
                answer = Answer::No;
            }
        },
    );
    if closed && answer == Answer::Open {
        Answer::No
    } else {
        answer
    }
}
