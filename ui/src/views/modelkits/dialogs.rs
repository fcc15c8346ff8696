//! Unpack, push, pull, tag and remove: small questions before something happens.

use std::cell::Cell;
use std::rc::Rc;

use egui::{Context, Ui, vec2};
use kitbench_protocol::{
    Direction, IfExists, PlanRemoveKit, PlanTransfer, PlanUnpack, RemovalPlan, RemoveKit,
    StartPull, StartPush, StartUnpack, TagKit, TransferPlan, UnpackPlan,
};

use crate::app::{Dialog, Place, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::commands::{Command, CommandSender};
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{
    Button, DialogFrame, Mark, TextField, Toast, boxed_strip, checkbox, dialog_with, failed, inset,
    label, mark, paragraph, radio, skeleton,
};

/// Closes the dialog once the engine took the call.
type Done = Rc<Cell<bool>>;

fn started(commands: &CommandSender, words: String) {
    let show = Command::Go(Place::Transfers(None));
    commands.toast(Toast::note(words).action("Show", show));
}

fn field_row(ui: &mut Ui, label_text: &str, text: &mut String, hint: &str) -> bool {
    TextField::new(text)
        .label(label_text)
        .hint(hint)
        .mono()
        .show(ui)
        .submitted
}

/// Asks where to unpack what.
pub fn unpack(reference: String, ctx: &ViewCtx<'_>) -> Box<dyn Dialog> {
    let home = ctx
        .shared
        .info
        .value()
        .map(|info| info.home_folder.clone())
        .unwrap_or_default();
    let name = reference
        .rsplit('/')
        .next()
        .unwrap_or(&reference)
        .replace([':', '@'], "-");
    Box::new(Unpack {
        reference,
        target: format!("{home}/{name}"),
        parts: PARTS.map(|_| true),
        if_exists: IfExists::Refuse,
        plan: Remote::default(),
        asked: None,
        done: Done::default(),
    })
}

/// Label and filter of what can be chosen.
const PARTS: [(&str, &str); 6] = [
    ("Model", "model"),
    ("Datasets", "datasets"),
    ("Code", "code"),
    ("Docs", "docs"),
    ("Prompts", "prompts"),
    ("Kitfile", "kitfile"),
];

struct Unpack {
    reference: String,
    target: String,
    parts: [bool; 6],
    if_exists: IfExists,
    plan: Remote<UnpackPlan>,
    asked: Option<PlanUnpack>,
    done: Done,
}

impl Unpack {
    fn filters(&self) -> Vec<String> {
        if self.parts.iter().all(|on| *on) {
            return Vec::new();
        }
        PARTS
            .iter()
            .zip(self.parts)
            .filter(|(_, on)| *on)
            .map(|((_, name), _)| (*name).to_owned())
            .collect()
    }
}

impl Dialog for Unpack {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.done.get() {
            return false;
        }
        let wanted = PlanUnpack {
            reference: self.reference.clone(),
            target: self.target.clone(),
            filters: self.filters(),
        };
        if self.asked.as_ref() != Some(&wanted) {
            self.asked = Some(wanted.clone());
            self.plan.invalidate();
        }
        self.plan.ask(view.client, view.now, || wanted);
        let none = !self.parts.iter().any(|on| *on);
        let in_the_way = self.plan.value().map_or(0, |plan| plan.existing_count);
        let blocked = if none {
            Some("Choose at least one part".to_owned())
        } else if in_the_way > 0 && self.if_exists == IfExists::Refuse {
            Some(format!(
                "{} exist already: choose what to do with them",
                format::count(in_the_way.into(), "file", "files")
            ))
        } else {
            self.plan.failure().map(|error| error.message.clone())
        };
        let title = format!("Unpack {}", self.reference);
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::FOLDER_OPEN),
            note: None,
            size: vec2(620.0, 480.0),
        };
        let mut go = false;
        let mut cancel = false;
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, ..)| inset(ui, 20.0, |ui| unpack_body(ui, dialog, in_the_way)),
            |ui, (_, go, cancel)| {
                let button = Button::primary("Unpack")
                    .icon(icons::FOLDER_OPEN)
                    .large()
                    .blocked(blocked.as_deref());
                **go |= ui.add(button).clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
            },
        );
        if go && blocked.is_none() {
            let call = StartUnpack {
                reference: self.reference.clone(),
                target: self.target.clone(),
                filters: self.filters(),
                if_exists: self.if_exists,
            };
            let done = self.done.clone();
            let words = format!("Unpacking to {}", self.target);
            view.act(call, move |_, commands| {
                done.set(true);
                started(commands, words);
            });
        }
        !(closed || cancel)
    }
}

fn unpack_body(ui: &mut Ui, dialog: &mut Unpack, in_the_way: u32) {
    let t = Tokens::of(ui);
    field_row(ui, "Target folder", &mut dialog.target, "/home/me/wine");
    ui.add_space(16.0);
    label(ui, Type::Small, t.text_2, "What to unpack");
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        for ((word, _), on) in PARTS.iter().zip(&mut dialog.parts) {
            checkbox(ui, on, word);
        }
    });
    ui.add_space(16.0);
    match dialog.plan.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
        RemoteView::Failed(error) => {
            paragraph(ui, Type::Body, t.err, &error.message);
        }
        RemoteView::Ready { value, .. } => {
            let words = format!(
                "{}, {}, into {}. {} free there.",
                format::count(value.files.into(), "file", "files"),
                format::bytes(value.bytes),
                value.target,
                format::bytes(value.disk_free_bytes)
            );
            paragraph(ui, Type::Body, t.text, &words);
        }
    }
    if in_the_way > 0 {
        ui.add_space(12.0);
        let words = format!(
            "{} exist already",
            format::count(in_the_way.into(), "file", "files")
        );
        boxed_strip(ui, crate::widgets::Tone::Warn, &words, |_| {});
        ui.add_space(6.0);
        for (choice, words) in [
            (IfExists::Refuse, "Do not unpack"),
            (IfExists::Keep, "Keep them, unpack the rest"),
            (IfExists::Overwrite, "Overwrite them"),
        ] {
            if radio(ui, dialog.if_exists == choice, words).clicked() {
                dialog.if_exists = choice;
            }
        }
    }
}

/// Asks where to push, and shows what would move.
pub fn push(reference: String, has_registry: bool) -> Box<dyn Dialog> {
    let target = if has_registry {
        reference.clone()
    } else {
        String::new()
    };
    Box::new(Transfer {
        direction: Direction::Push,
        reference,
        target,
        plan: Remote::default(),
        asked: None,
        done: Done::default(),
    })
}

/// Asks what to pull, and shows what would move.
pub fn pull(reference: String) -> Box<dyn Dialog> {
    Box::new(Transfer {
        direction: Direction::Pull,
        target: reference,
        reference: String::new(),
        plan: Remote::default(),
        asked: None,
        done: Done::default(),
    })
}

struct Transfer {
    direction: Direction,
    /// The local kit of a push.
    reference: String,
    /// The remote reference.
    target: String,
    plan: Remote<TransferPlan>,
    asked: Option<String>,
    done: Done,
}

impl Transfer {
    fn verb(&self) -> &'static str {
        match self.direction {
            Direction::Push => "Push",
            Direction::Pull => "Pull",
        }
    }
}

impl Dialog for Transfer {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.done.get() {
            return false;
        }
        let named = super::model::names_registry(self.target.trim());
        if named {
            if self.asked.as_deref() != Some(self.target.trim()) {
                self.asked = Some(self.target.trim().to_owned());
                self.plan.clear();
                self.plan.invalidate();
            }
            let call = match self.direction {
                Direction::Push => PlanTransfer {
                    direction: Direction::Push,
                    source: self.reference.clone(),
                    target: self.target.trim().to_owned(),
                },
                Direction::Pull => PlanTransfer {
                    direction: Direction::Pull,
                    source: self.target.trim().to_owned(),
                    target: String::new(),
                },
            };
            self.plan.ask(view.client, view.now, || call);
        }
        let blocked =
            (!named).then(|| "Name a registry, as in `localhost:5000/wine:v1`".to_owned());
        let title = match self.direction {
            Direction::Push => format!("Push {}", self.reference),
            Direction::Pull => "Pull a ModelKit".into(),
        };
        let icon = match self.direction {
            Direction::Push => icons::UPLOAD_SIMPLE,
            Direction::Pull => icons::DOWNLOAD_SIMPLE,
        };
        let frame = DialogFrame {
            title: &title,
            icon: Some(icon),
            note: None,
            size: vec2(620.0, 500.0),
        };
        let verb = self.verb();
        let (mut go, mut cancel) = (false, false);
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, go, _)| {
                inset(ui, 20.0, |ui| {
                    **go |= field_row(
                        ui,
                        "Reference on the registry",
                        &mut dialog.target,
                        "localhost:5000/wine:v1",
                    );
                    ui.add_space(16.0);
                    transfer_plan(ui, dialog);
                });
            },
            |ui, (dialog, go, cancel)| {
                let text = match dialog.plan.value().filter(|plan| plan.move_bytes > 0) {
                    Some(plan) => format!("{verb} {}", format::bytes(plan.move_bytes)),
                    None => verb.to_owned(),
                };
                let button = Button::primary(text)
                    .name(verb)
                    .icon(icon)
                    .large()
                    .blocked(blocked.as_deref());
                **go |= ui.add(button).clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
            },
        );
        if go && named {
            let done = self.done.clone();
            let target = self.target.trim().to_owned();
            let words = format!("{verb}ing {target}");
            let then = move |_, commands: &CommandSender| {
                done.set(true);
                started(commands, words);
            };
            match self.direction {
                Direction::Push => view.act(
                    StartPush {
                        source: self.reference.clone(),
                        target,
                    },
                    then,
                ),
                Direction::Pull => view.act(StartPull { reference: target }, then),
            }
        }
        !(closed || cancel)
    }
}

fn transfer_plan(ui: &mut Ui, dialog: &mut Transfer) {
    let t = Tokens::of(ui);
    if dialog.asked.is_none() {
        return;
    }
    let mut retry = false;
    match dialog.plan.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
        RemoteView::Failed(error) => retry = failed(ui, error).is_some(),
        RemoteView::Ready { value, .. } => {
            let words = format!(
                "{} of {} have to move",
                format::bytes(value.move_bytes),
                format::bytes(value.bytes)
            );
            label(ui, Type::BodyStrong, t.text, &words);
            if let Some(digest) = &value.replaces {
                ui.add_space(6.0);
                let words = format!(
                    "The tag names another ModelKit there ({}); it would move.",
                    format::digest(digest)
                );
                boxed_strip(ui, crate::widgets::Tone::Warn, &words, |_| {});
            }
            ui.add_space(8.0);
            egui::ScrollArea::vertical().show(ui, |ui| {
                for layer in &value.layers {
                    ui.horizontal(|ui| {
                        let kind = layer.kind.map_or(LayerKind::Config, LayerKind::from);
                        crate::widgets::fact(ui, kind.icon(), &layer.label);
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            label(ui, Type::Mono, t.text, &format::bytes(layer.bytes));
                            if layer.already_there {
                                mark(ui, Mark::Reused, "Already there");
                            } else {
                                mark(ui, Mark::Upload, "To move");
                            }
                        });
                    });
                    ui.add_space(4.0);
                }
            });
        }
    }
    if retry {
        dialog.plan.invalidate();
    }
}

/// Asks for a further name.
pub fn tag(reference: String) -> Box<dyn Dialog> {
    let target = reference.split('@').next().unwrap_or(&reference).to_owned();
    Box::new(Tag {
        reference,
        target,
        done: Done::default(),
    })
}

struct Tag {
    reference: String,
    target: String,
    done: Done,
}

impl Dialog for Tag {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.done.get() {
            return false;
        }
        let title = format!("Tag {}", self.reference);
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::TAG),
            note: None,
            size: vec2(520.0, 230.0),
        };
        let (mut go, mut cancel) = (false, false);
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, go, _)| {
                inset(ui, 20.0, |ui| {
                    let t = Tokens::of(ui);
                    **go |= field_row(
                        ui,
                        "Further name",
                        &mut dialog.target,
                        "localhost:5000/wine:v1",
                    );
                    ui.add_space(8.0);
                    paragraph(
                        ui,
                        Type::Small,
                        t.text_3,
                        "Nothing is copied: both names point to the same bytes. A tag that exists moves.",
                    );
                });
            },
            |ui, (_, go, cancel)| {
                **go |= ui
                    .add(Button::primary("Tag").icon(icons::TAG).large())
                    .clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
            },
        );
        if go {
            let done = self.done.clone();
            let target = self.target.trim().to_owned();
            let words = format!("Tagged {target}");
            let place = Place::ModelKits(Some(target.clone()));
            view.act(
                TagKit {
                    source: self.reference.clone(),
                    target,
                },
                move |(), commands| {
                    done.set(true);
                    commands.toast(Toast::done(words));
                    commands.go(place);
                },
            );
        }
        !(closed || cancel)
    }
}

/// Asks before a tag or kit goes, with what that frees.
pub fn remove(reference: String) -> Box<dyn Dialog> {
    Box::new(Remove {
        reference,
        all_tags: false,
        plan: Remote::default(),
        asked: None,
        done: Done::default(),
    })
}

struct Remove {
    reference: String,
    all_tags: bool,
    plan: Remote<RemovalPlan>,
    asked: Option<bool>,
    done: Done,
}

impl Dialog for Remove {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.done.get() {
            return false;
        }
        if self.asked != Some(self.all_tags) {
            self.asked = Some(self.all_tags);
            self.plan.invalidate();
        }
        let (reference, all_tags) = (self.reference.clone(), self.all_tags);
        self.plan.ask(view.client, view.now, || PlanRemoveKit {
            reference,
            all_tags,
        });
        let title = format!("Remove {}", self.reference);
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::TRASH),
            note: None,
            size: vec2(520.0, 270.0),
        };
        let blocked = self
            .plan
            .value()
            .is_none()
            .then_some("The removal is being planned");
        let (mut go, mut cancel) = (false, false);
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, ..)| inset(ui, 20.0, |ui| remove_body(ui, dialog)),
            |ui, (_, go, cancel)| {
                **go |= ui
                    .add(
                        Button::primary("Remove")
                            .icon(icons::TRASH)
                            .large()
                            .blocked(blocked),
                    )
                    .clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
            },
        );
        if go && blocked.is_none() {
            let done = self.done.clone();
            let call = RemoveKit {
                reference: self.reference.clone(),
                all_tags: self.all_tags,
            };
            view.act(call, move |plan, commands| {
                done.set(true);
                commands.toast(Toast::done(plan.sentence));
            });
        }
        !(closed || cancel)
    }
}

fn remove_body(ui: &mut Ui, dialog: &mut Remove) {
    let t = Tokens::of(ui);
    match dialog.plan.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
        RemoteView::Failed(error) => {
            paragraph(ui, Type::Body, t.err, &error.message);
        }
        RemoteView::Ready { value, .. } => {
            paragraph(ui, Type::Body, t.text, &value.sentence);
            if value.only_copy {
                ui.add_space(8.0);
                boxed_strip(
                    ui,
                    crate::widgets::Tone::Warn,
                    "No registry is known to have this ModelKit: this may be its only copy.",
                    |_| {},
                );
            }
        }
    }
    ui.add_space(12.0);
    checkbox(
        ui,
        &mut dialog.all_tags,
        "Remove the ModelKit with all its tags here",
    );
}
