//! Tracking servers of the project: how each answered last, and what to do next.

use std::time::Duration;

use egui::{Align, Context, Layout, Role, Ui, WidgetInfo, vec2};
use kitbench_protocol::{
    ErrorView, ListTrackingServers, LookAtTrackingServer, ProjectId, RemoveTrackingServer,
    SaveTrackingServer, Secret, ServerState, SignInState, SignInTrackingServer,
    SignOutTrackingServer, TrackingServer, TrackingServerId,
};

use crate::app::{Dialog, ViewCtx};
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::views::sent::Sent;
use crate::widgets::{
    self, Answer, Button, DialogFrame, Mark, MenuItem, TextField, Toast, menu, menu_rule,
};

/// The servers of a project as the screen knows them.
#[derive(Default)]
pub struct Servers {
    project: Option<ProjectId>,
    remote: Remote<Vec<TrackingServer>>,
}

impl Servers {
    /// Ask when due. While they are asked for, the engine looks at them.
    pub fn update(&mut self, ctx: &ViewCtx<'_>, project: ProjectId) {
        if self.project != Some(project) {
            *self = Self {
                project: Some(project),
                ..Self::default()
            };
        }
        self.remote
            .ask(ctx.client, ctx.now, || ListTrackingServers { project });
    }

    /// One answered, or the list changed.
    pub fn invalidate(&mut self) {
        self.remote.invalidate();
    }

    /// All of them, as far as known.
    #[must_use]
    pub fn all(&self) -> &[TrackingServer] {
        self.remote.value().map_or(&[], Vec::as_slice)
    }

    /// Why they could not be listed.
    #[must_use]
    pub fn failure(&self) -> Option<&ErrorView> {
        self.remote.failure()
    }
}

/// What to do next about a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    SignIn,
    Retry,
    Edit,
}

/// Sign, words and next step of a server's state.
#[must_use]
pub fn state_of(server: &TrackingServer, now_ms: i64) -> (Mark, String, Option<Next>) {
    let runs = crate::format::count(u64::from(server.runs), "run", "runs");
    let kept = if server.runs > 0 {
        format!(" The {runs} known before stay.")
    } else {
        String::new()
    };
    match &server.state {
        _ if server.asking && server.state == ServerState::Unknown => {
            (Mark::Note, "Being asked for the first time".into(), None)
        }
        ServerState::Unknown => (Mark::Note, "Not asked yet".into(), Some(Next::Retry)),
        ServerState::Reachable => {
            let asked = server.asked_ms.map_or(String::new(), |at| {
                let ago = Duration::from_millis(now_ms.saturating_sub(at).max(0) as u64);
                match ago.as_secs() {
                    0..=9 => ", up to date".to_owned(),
                    _ => format!(", asked {}", crate::clock::when(at)),
                }
            });
            (Mark::Done, format!("Reachable, {runs}{asked}"), None)
        }
        ServerState::NeedsLogin(error) => {
            (Mark::Decide, format!("{error}{kept}"), Some(Next::SignIn))
        }
        ServerState::Unreachable(error) => {
            (Mark::Failed, format!("{error}{kept}"), Some(Next::Retry))
        }
        ServerState::Gone(error) => (Mark::Failed, format!("{error}{kept}"), Some(Next::Edit)),
    }
}

/// A server with its state, the next step, and a menu for the rest.
pub fn server_row(ui: &mut Ui, server: &TrackingServer, view: &ViewCtx<'_>) {
    let t = Tokens::of(ui);
    let (sign, words, next) = state_of(server, crate::clock::now_ms());
    ui.horizontal(|ui| {
        ui.set_min_height(sizes::BUTTON_S);
        widgets::badge(ui, "MLflow");
        widgets::label(ui, Type::BodyStrong, t.text, &server.name);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let more = Button::icon_only(icons::DOTS_THREE, format!("Menu of {}", server.name));
            let more = ui.add(more.small());
            server_menu(ui, &more, server, view);
            let step = next.map(|next| match next {
                Next::SignIn => (next, "Sign in…"),
                Next::Retry => (next, "Try again"),
                Next::Edit => (next, "Edit…"),
            });
            if let Some((next, word)) = step {
                let button = Button::neutral(word)
                    .small()
                    .busy(server.asking)
                    .name(format!("{word} {}", server.name));
                if ui.add(button).clicked() {
                    take(next, server, view);
                }
            }
            if server.name != server.url {
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    widgets::label(ui, Type::Mono, t.text_2, &server.url);
                });
            }
        });
    });
    ui.horizontal_top(|ui| {
        ui.add_space(sizes::SPACE_4);
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), egui::Sense::hover());
        widgets::paint_mark(ui, rect.center(), sign, 13.0);
        let color = if next.is_some() { t.text } else { t.text_2 };
        widgets::paragraph(ui, Type::Small, color, &words);
    });
}

/// Do the next step.
pub fn take(next: Next, server: &TrackingServer, view: &ViewCtx<'_>) {
    match next {
        Next::SignIn => view.commands.send(Command::Show(sign_in(server))),
        Next::Edit => view.commands.send(Command::Show(edit(server))),
        Next::Retry => view.act(LookAtTrackingServer { id: server.id }, |_, _| {}),
    }
}

fn server_menu(ui: &mut Ui, button: &egui::Response, server: &TrackingServer, view: &ViewCtx<'_>) {
    menu(button, ui, "Tracking server", |ui| {
        ui.set_width(200.0);
        if MenuItem::new("Ask now")
            .icon(icons::ARROWS_CLOCKWISE)
            .show(ui)
        {
            take(Next::Retry, server, view);
        }
        if MenuItem::new("Edit…").icon(icons::PENCIL_SIMPLE).show(ui) {
            take(Next::Edit, server, view);
        }
        if MenuItem::new("Sign in…").icon(icons::SIGN_IN).show(ui) {
            take(Next::SignIn, server, view);
        }
        if matches!(server.sign_in, SignInState::SignedIn { .. })
            && MenuItem::new("Sign out").icon(icons::SIGN_OUT).show(ui)
        {
            view.act(SignOutTrackingServer { id: server.id }, |_, _| {});
        }
        if MenuItem::new("Copy address").icon(icons::COPY).show(ui) {
            view.commands.send(Command::Copy(server.url.clone()));
        }
        menu_rule(ui);
        if MenuItem::new("Remove…")
            .icon(icons::TRASH)
            .danger()
            .show(ui)
        {
            let dialog = RemoveDialog {
                id: server.id,
                name: server.name.clone(),
            };
            view.commands.send(Command::Show(Box::new(dialog)));
        }
    });
}

/// The dialog that adds a server to a project.
#[must_use]
pub fn add(project: ProjectId) -> Box<dyn Dialog> {
    Box::new(ServerDialog {
        project,
        id: None,
        url: String::new(),
        name: String::new(),
        user: String::new(),
        secret: String::new(),
        sent: Sent::default(),
    })
}

/// The dialog that changes a server.
#[must_use]
pub fn edit(server: &TrackingServer) -> Box<dyn Dialog> {
    Box::new(ServerDialog {
        project: server.project,
        id: Some(server.id),
        url: server.url.clone(),
        name: server.name.clone(),
        user: String::new(),
        secret: String::new(),
        sent: Sent::default(),
    })
}

struct ServerDialog {
    project: ProjectId,
    id: Option<TrackingServerId>,
    url: String,
    name: String,
    user: String,
    secret: String,
    sent: Sent,
}

impl ServerDialog {
    /// Why it cannot be saved as it is.
    fn blocked(&self) -> Option<&'static str> {
        let url = self.url.trim();
        if url.is_empty() {
            Some("Write the server's address")
        } else if !(url.starts_with("http://") || url.starts_with("https://")) {
            Some("The address begins with http:// or https://")
        } else if self.secret.is_empty() && !self.user.trim().is_empty() {
            Some("Write the password too")
        } else {
            None
        }
    }

    fn save(&self, view: &ViewCtx<'_>) {
        let call = SaveTrackingServer {
            project: self.project,
            id: self.id,
            url: self.url.trim().to_owned(),
            name: self.name.trim().to_owned(),
        };
        let (client, sent) = (view.client.clone(), self.sent.clone());
        let (user, secret) = (self.user.trim().to_owned(), Secret(self.secret.clone()));
        self.sent.first(view, call, move |server, commands| {
            if secret.0.is_empty() {
                sent.finish(Ok(()));
                commands.toast(Toast::note(format!("Asking {} for runs", server.name)));
                return;
            }
            let commands = commands.clone();
            let id = server.id;
            client.call_then(SignInTrackingServer { id, user, secret }, move |answer| {
                if answer.is_ok() {
                    commands.toast(Toast::done("Signed in"));
                }
                sent.finish(answer.map(|_| ()));
            });
        });
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        widgets::paragraph(
            ui,
            Type::Body,
            t.text_2,
            "Runs of an MLflow tracking server stand in the table beside those of the folder. The server is only read.",
        );
        ui.add_space(14.0);
        TextField::new(&mut self.url)
            .label("Address")
            .hint("http://localhost:5000")
            .mono()
            .show(ui);
        ui.add_space(10.0);
        TextField::new(&mut self.name)
            .label("Name")
            .note("optional")
            .hint("Shown in place of the host")
            .show(ui);
        ui.add_space(14.0);
        TextField::new(&mut self.user)
            .label("User")
            .note("optional; without one the secret is a token")
            .show(ui);
        ui.add_space(10.0);
        TextField::new(&mut self.secret)
            .label("Password or token")
            .note("optional")
            .password()
            .show(ui);
        ui.add_space(6.0);
        kept(ui, view);
        self.sent.failure(ui);
    }
}

/// Where logins are kept.
fn kept(ui: &mut Ui, view: &ViewCtx<'_>) {
    if let Some(status) = view.shared.status.value() {
        let t = Tokens::of(ui);
        widgets::paragraph(ui, Type::Small, t.text_3, &status.secret_store);
    }
}

impl Dialog for ServerDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.sent.is_done() {
            return false;
        }
        let (title, word) = match self.id {
            Some(_) => ("Edit tracking server", "Save"),
            None => ("Add tracking server", "Add"),
        };
        let frame = DialogFrame {
            title,
            icon: Some(icons::PLUGS_CONNECTED),
            note: Some("MLflow"),
            size: vec2(560.0, 570.0),
        };
        let (blocked, working) = (self.blocked(), self.sent.is_working());
        let (mut go, mut cancel) = (false, false);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, dialog| {
                egui::ScrollArea::vertical().show(ui, |ui| {
                    widgets::inset(ui, sizes::PAGE_INSET, |ui| dialog.body(ui, view));
                });
            },
            |ui, _| {
                let button = Button::primary(word).large().busy(working);
                go = ui
                    .add(button.blocked(blocked).name(format!("{word} server")))
                    .clicked();
                let button = Button::neutral("Cancel").large().key("Esc");
                cancel = ui.add(button).clicked();
            },
        );
        if go && blocked.is_none() && !working {
            self.save(view);
        }
        !(closed || cancel)
    }
}

/// The dialog that signs in to a server.
#[must_use]
pub fn sign_in(server: &TrackingServer) -> Box<dyn Dialog> {
    Box::new(SignInDialog {
        id: server.id,
        name: server.name.clone(),
        user: String::new(),
        secret: String::new(),
        sent: Sent::default(),
    })
}

struct SignInDialog {
    id: TrackingServerId,
    name: String,
    user: String,
    secret: String,
    sent: Sent,
}

impl Dialog for SignInDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.sent.is_done() {
            return false;
        }
        let title = format!("Sign in to {}", crate::format::printable(&self.name));
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::SIGN_IN),
            note: None,
            size: vec2(480.0, 350.0),
        };
        let blocked = self
            .secret
            .is_empty()
            .then_some("Write the password or token");
        let working = self.sent.is_working();
        let (mut go, mut cancel) = (false, false);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, dialog| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    TextField::new(&mut dialog.user)
                        .label("User")
                        .note("without one the secret is a token")
                        .show(ui);
                    ui.add_space(10.0);
                    TextField::new(&mut dialog.secret)
                        .label("Password or token")
                        .password()
                        .show(ui);
                    ui.add_space(6.0);
                    kept(ui, view);
                    dialog.sent.failure(ui);
                });
            },
            |ui, _| {
                let button = Button::primary("Sign in").large().busy(working);
                go = ui.add(button.blocked(blocked)).clicked();
                let button = Button::neutral("Cancel").large().key("Esc");
                cancel = ui.add(button).clicked();
            },
        );
        if go && blocked.is_none() && !working {
            let call = SignInTrackingServer {
                id: self.id,
                user: self.user.trim().to_owned(),
                secret: Secret(self.secret.clone()),
            };
            self.sent.send(view, call, |_, commands| {
                commands.toast(Toast::done("Signed in"))
            });
        }
        !(closed || cancel)
    }
}

/// Asks before a server leaves the project.
struct RemoveDialog {
    id: TrackingServerId,
    name: String,
}

impl Dialog for RemoveDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let title = format!("Remove {}?", crate::format::printable(&self.name));
        let words =
            "Its runs leave the table, and its login is forgotten. Nothing changes on the server.";
        match widgets::confirm(ctx, &title, words, "Remove server", true) {
            Answer::Open => true,
            Answer::No => false,
            Answer::Yes => {
                let call = RemoveTrackingServer {
                    id: self.id,
                    and_login: true,
                };
                view.act(call, |(), commands| {
                    commands.toast(Toast::done("Tracking server removed"));
                });
                false
            }
        }
    }
}

/// A strip over the table for the first server that needs somebody.
pub fn strip(ui: &mut Ui, servers: &[TrackingServer], view: &ViewCtx<'_>) {
    let now = crate::clock::now_ms();
    let wanting = servers.iter().find_map(|server| {
        let (_, _, next) = state_of(server, now);
        let error = match &server.state {
            ServerState::NeedsLogin(error)
            | ServerState::Unreachable(error)
            | ServerState::Gone(error) => error,
            ServerState::Unknown | ServerState::Reachable => return None,
        };
        Some((server, error, next?))
    });
    let Some((server, error, next)) = wanting else {
        return;
    };
    let words = format!("{}: {}", server.name, error.message);
    widgets::strip(ui, widgets::Tone::Warn, &words, |ui| {
        let word = match next {
            Next::SignIn => "Sign in…",
            Next::Retry => "Try again",
            Next::Edit => "Edit…",
        };
        let button = Button::neutral(word).small().busy(server.asking);
        let response = ui.add(button);
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Button, true, format!("{word} {}", server.name))
        });
        if response.clicked() {
            take(next, server, view);
        }
    });
}
