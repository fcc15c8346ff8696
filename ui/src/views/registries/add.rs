//! Adding a registry, changing one, signing in.

use egui::{Context, Ui, vec2};
use kitbench_protocol::{
    RegistryAddress, RegistryId, RegistryRow, RegistryTest, SaveRegistry, Secret, SignIn,
    TestRegistry,
};

use crate::app::{Dialog, Place, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::commands::{CommandId, CommandSender};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::views::sent::Sent;
use crate::widgets::{
    Button, DialogFrame, Mark, TextField, Toast, boxed_failure, boxed_strip, checkbox, dialog_with,
    inset, mark, paragraph, section, skeleton,
};

/// Adds a registry, or changes the given one.
pub fn add(row: Option<&RegistryRow>) -> Box<dyn Dialog> {
    Box::new(Add {
        id: row.map(|row| row.id),
        address: row.map(|row| row.address.clone()).unwrap_or_default(),
        user: String::new(),
        secret: String::new(),
        more: false,
        test: Remote::default(),
        asked: false,
        sent: Sent::default(),
    })
}

/// Signs in to a registry of the list.
pub fn sign_in(row: &RegistryRow) -> Box<dyn Dialog> {
    Box::new(SignInDialog {
        id: row.id,
        host: row.address.host.clone(),
        user: String::new(),
        secret: String::new(),
        sent: Sent::default(),
    })
}

struct Add {
    id: Option<RegistryId>,
    address: RegistryAddress,
    user: String,
    secret: String,
    more: bool,
    test: Remote<RegistryTest>,
    asked: bool,
    sent: Sent,
}

impl Add {
    fn save(&self, view: &ViewCtx<'_>) {
        let (user, secret) = (self.user.trim().to_owned(), Secret(self.secret.clone()));
        let (client, sent) = (view.client.clone(), self.sent.clone());
        let call = SaveRegistry {
            id: self.id,
            address: self.address.clone(),
        };
        self.sent.first(view, call, move |row, commands| {
            let place = Place::Registries(Some(row.address.host.clone()));
            if user.is_empty() && secret.0.is_empty() {
                sent.finish(Ok(()));
                commands.go(place);
                return;
            }
            let commands = commands.clone();
            let id = row.id;
            client.call_then(SignIn { id, user, secret }, move |answer| {
                if answer.is_ok() {
                    signed_in(&commands);
                    commands.go(place);
                }
                sent.finish(answer.map(|_| ()));
            });
        });
    }
}

impl Dialog for Add {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.sent.is_done() {
            return false;
        }
        if self.asked {
            let address = self.address.clone();
            self.test
                .ask(view.client, view.now, || TestRegistry { address });
        }
        let title = if self.id.is_some() {
            "Edit registry"
        } else {
            "Add registry"
        };
        let frame = DialogFrame {
            title,
            icon: Some(icons::CLOUD),
            note: None,
            size: vec2(560.0, 560.0),
        };
        let blocked = self
            .address
            .host
            .trim()
            .is_empty()
            .then_some("Write the registry's address");
        let working = self.sent.is_working();
        let (mut go, mut cancel) = (false, false);
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, ..)| {
                egui::ScrollArea::vertical().show(ui, |ui| {
                    inset(ui, 20.0, |ui| add_body(ui, dialog, view));
                });
            },
            |ui, (dialog, go, cancel)| {
                let word = if dialog.id.is_some() { "Save" } else { "Add" };
                **go |= ui
                    .add(Button::primary(word).large().busy(working).blocked(blocked))
                    .clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
                if ui
                    .add(
                        Button::ghost("Test")
                            .icon(icons::PLUGS_CONNECTED)
                            .blocked(blocked),
                    )
                    .clicked()
                {
                    dialog.asked = true;
                    dialog.test.clear();
                    dialog.test.invalidate();
                }
            },
        );
        if go && blocked.is_none() && !working {
            self.save(view);
        }
        !(closed || cancel)
    }
}

fn add_body(ui: &mut Ui, dialog: &mut Add, view: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    let address = &mut dialog.address;
    let field = TextField::new(&mut address.host)
        .label("Address")
        .hint("ghcr.io or localhost:5000")
        .mono()
        .show(ui);
    if field.response.changed() {
        dialog.asked = false;
    }
    ui.add_space(10.0);
    checkbox(
        ui,
        &mut address.plain_http,
        "Plain HTTP, without encryption",
    );
    ui.add_space(14.0);
    TextField::new(&mut dialog.user)
        .label("User")
        .note("optional")
        .show(ui);
    ui.add_space(10.0);
    TextField::new(&mut dialog.secret)
        .label("Password or token")
        .note("optional")
        .password()
        .show(ui);
    ui.add_space(6.0);
    if let Some(status) = view.shared.status.value() {
        paragraph(ui, Type::Small, t.text_3, &status.secret_store);
    }
    ui.add_space(10.0);
    section(ui, &mut dialog.more, "More", None);
    if dialog.more {
        ui.add_space(8.0);
        checkbox(
            ui,
            &mut dialog.address.skip_tls_verify,
            "Accept any certificate (only for tests)",
        );
        for (name, text) in [
            ("Own CA, a PEM file", &mut dialog.address.ca_file),
            (
                "Client certificate, a PEM file",
                &mut dialog.address.client_cert_file,
            ),
            ("Its key, a PEM file", &mut dialog.address.client_key_file),
            ("Proxy", &mut dialog.address.proxy),
        ] {
            ui.add_space(8.0);
            TextField::new(text)
                .label(name)
                .note("optional")
                .mono()
                .show(ui);
        }
    }
    ui.add_space(12.0);
    if dialog.asked {
        test_result(ui, &dialog.test);
    }
    dialog.sent.failure(ui);
}

fn test_result(ui: &mut Ui, test: &Remote<RegistryTest>) {
    match test.view() {
        RemoteView::Loading(since) => skeleton(ui, since, sizes::ROW),
        RemoteView::Failed(error) => boxed_failure(ui, error),
        RemoteView::Ready { value, .. } => {
            for (what, outcome, words) in &value.checks {
                let sign = match outcome {
                    Some(true) => Mark::Done,
                    Some(false) => Mark::Failed,
                    None => Mark::Note,
                };
                mark(ui, sign, &format!("{what}: {words}"));
                ui.add_space(4.0);
            }
            if let Some(error) = &value.error {
                boxed_strip(ui, crate::widgets::Tone::Err, &error.hint, |_| {});
            } else if value.needs_sign_in {
                boxed_strip(
                    ui,
                    crate::widgets::Tone::Info,
                    "This registry asks for a user and a password or token.",
                    |_| {},
                );
            }
        }
    }
}

/// What was refused before is asked again.
fn signed_in(commands: &CommandSender) {
    commands.toast(Toast::done("Signed in"));
    commands.run(CommandId::Refresh);
}

struct SignInDialog {
    id: RegistryId,
    host: String,
    user: String,
    secret: String,
    sent: Sent,
}

impl Dialog for SignInDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.sent.is_done() {
            return false;
        }
        let title = format!("Sign in to {}", self.host);
        let refused = self.sent.has_failed();
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::SIGN_IN),
            note: None,
            size: vec2(480.0, if refused { 450.0 } else { 340.0 }),
        };
        let working = self.sent.is_working();
        let blocked = self
            .secret
            .is_empty()
            .then_some("Write the password or token");
        let (mut go, mut cancel) = (false, false);
        let mut state = (&mut *self, &mut go, &mut cancel);
        let closed = dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, go, _)| {
                inset(ui, 20.0, |ui| {
                    let t = Tokens::of(ui);
                    TextField::new(&mut dialog.user).label("User").show(ui);
                    ui.add_space(10.0);
                    let field = TextField::new(&mut dialog.secret)
                        .label("Password or token")
                        .password();
                    **go |= field.show(ui).submitted;
                    ui.add_space(6.0);
                    if let Some(status) = view.shared.status.value() {
                        paragraph(ui, Type::Small, t.text_3, &status.secret_store);
                    }
                    dialog.sent.failure(ui);
                });
            },
            |ui, (_, go, cancel)| {
                **go |= ui
                    .add(
                        Button::primary("Sign in")
                            .large()
                            .busy(working)
                            .blocked(blocked),
                    )
                    .clicked();
                **cancel |= ui.add(Button::neutral("Cancel").large()).clicked();
            },
        );
        if go && blocked.is_none() && !working {
            let call = SignIn {
                id: self.id,
                user: self.user.trim().to_owned(),
                secret: Secret(self.secret.clone()),
            };
            self.sent
                .send(view, call, |_, commands| signed_in(commands));
        }
        !(closed || cancel)
    }
}
