//! Where commands are executed, after the frame.

use egui::Context;
use kitbench_protocol::{
    AddProject, CopyExample, Door, EventKind, JobState, JobView, PickFolder, Severity, ThemeChoice,
};

use super::{App, Place, Screen, ViewCtx};
use crate::commands::{Command, CommandId, Scope};
use crate::theme::ZOOM_STEPS;
use crate::widgets::Toast;

impl App {
    pub(super) fn run_commands(&mut self, ctx: &Context, now: f64) {
        for command in self.commands.take() {
            self.execute(ctx, command, now);
            // What a frame asked for shows in the next one.
            ctx.request_repaint();
        }
    }

    fn execute(&mut self, ctx: &Context, command: Command, now: f64) {
        match command {
            Command::Run(id) => self.run_named(ctx, id, now),
            Command::Go(place) => self.go(place),
            Command::Show(mut dialog) => {
                if let Some(project) = dialog.packs() {
                    for view in self.views.values_mut() {
                        dialog = view.before_pack(project, dialog);
                    }
                }
                self.focus_before
                    .push(ctx.memory(|memory| memory.focused()));
                self.dialogs.push(dialog);
            }
            Command::CloseDialog => {
                self.dialogs.pop();
                if let Some(Some(id)) = self.focus_before.pop() {
                    ctx.memory_mut(|memory| memory.request_focus(id));
                }
            }
            Command::Toast(toast) => self.toasts.push(toast, now),
            Command::Copy(text) => {
                ctx.copy_text(text);
                self.toasts.push(Toast::done("Copied"), now);
            }
            Command::All(commands) => commands
                .into_iter()
                .for_each(|command| self.execute(ctx, command, now)),
            Command::Call(call) => call(&self.client, &self.commands),
        }
    }

    fn go(&mut self, place: Place) {
        self.history.go(place);
    }

    fn run_named(&mut self, ctx: &Context, id: CommandId, now: f64) {
        let screen = self.history.here().screen();
        if let Scope::On(_) = id.spec().scope {
            let view_ctx = ViewCtx {
                shared: &self.shared,
                client: &self.client,
                commands: &self.commands,
                now,
                focus_filter: false,
            };
            let did = self
                .views
                .get_mut(&screen)
                .is_some_and(|view| view.run(id, &view_ctx));
            if !did {
                let name = id.spec().name.trim_end_matches('…');
                self.toasts.push(
                    Toast::note(format!("{name} does not apply to what is selected")),
                    now,
                );
            }
            return;
        }
        match id {
            CommandId::OpenPalette => self.palette.open(),
            CommandId::GoProjects => self.go(Place::Projects(None)),
            CommandId::GoExperiments => self.go(Place::Experiments(None)),
            CommandId::GoModelKits => self.go(Place::ModelKits(None)),
            CommandId::GoRegistries => self.go(Place::Registries(None)),
            CommandId::GoTransfers => self.go(Place::Transfers(None)),
            CommandId::GoSettings => self.go(Place::Settings),
            CommandId::GoWelcome => self.go(Place::Welcome),
            CommandId::ShowGallery => self.go(Place::Gallery),
            CommandId::Back => {
                self.history.back();
            }
            CommandId::Forward => {
                self.history.forward();
            }
            CommandId::FocusFilter => self.focus_filter = true,
            CommandId::AddFolder => self.add_folder(),
            CommandId::CopyExample => self.copy_example(),
            CommandId::Refresh => {
                self.shared.refresh();
                self.views.values_mut().for_each(|view| view.refresh());
            }
            CommandId::ThemeDark => {
                self.change_settings(|settings| settings.theme = ThemeChoice::Dark)
            }
            CommandId::ThemeLight => {
                self.change_settings(|settings| settings.theme = ThemeChoice::Light)
            }
            CommandId::ThemeSystem => {
                self.change_settings(|settings| settings.theme = ThemeChoice::System)
            }
            CommandId::ZoomIn => self.zoom(Some(true)),
            CommandId::ZoomOut => self.zoom(Some(false)),
            CommandId::ZoomReset => self.zoom(None),
            CommandId::ShowShortcuts => self.dialogs.push(Box::new(super::shell::Shortcuts)),
            _ => {}
        }
        let _ = ctx;
    }

    fn zoom(&mut self, up: Option<bool>) {
        self.change_settings(|settings| {
            let next = match up {
                None => Some(1.0),
                Some(true) => ZOOM_STEPS
                    .iter()
                    .copied()
                    .find(|step| *step > settings.zoom + 0.01),
                Some(false) => ZOOM_STEPS
                    .iter()
                    .rev()
                    .copied()
                    .find(|step| *step < settings.zoom - 0.01),
            };
            if let Some(next) = next {
                settings.zoom = next;
            }
        });
    }

    /// In the window by the native dialog, in a browser by the folder browser of the views.
    fn add_folder(&mut self) {
        let window = self
            .shared
            .info
            .value()
            .is_some_and(|info| info.door == Door::Window);
        if !window {
            if let Some(dialog) = crate::views::folder_dialog() {
                self.commands.send(Command::Show(dialog));
            }
            return;
        }
        let commands = self.commands.clone();
        self.client.call_then(
            PickFolder {
                title: "Add a project folder".to_owned(),
            },
            move |answer| match answer {
                Ok(Some(path)) => add_project(&commands, path),
                Ok(None) => {}
                Err(error) => commands.toast(Toast::error(&error)),
            },
        );
    }

    fn copy_example(&mut self) {
        let commands = self.commands.clone();
        self.client
            .call_then(CopyExample { target: None }, move |answer| match answer {
                Ok(row) => commands.go(Place::Projects(Some(row.id))),
                Err(error) => commands.toast(Toast::error(&error)),
            });
    }

    pub(super) fn on_event(&mut self, event: &EventKind, now: f64) {
        match event {
            EventKind::FoldersDropped(paths) => {
                for path in paths {
                    add_project(&self.commands, path.clone());
                }
            }
            EventKind::LinkOpened(reference) if self.views.contains_key(&Screen::Registries) => {
                self.go(Place::Registries(Some(reference.clone())));
            }
            EventKind::Job(job) if job.state.is_active() => {
                self.moving.insert(job.id);
            }
            EventKind::Job(job) if self.moving.remove(&job.id) => self.on_job_ended(job, now),
            EventKind::Notice { severity, message } => {
                let mut toast = Toast::note(message.clone());
                toast.tone = match severity {
                    Severity::Info => crate::widgets::Tone::Info,
                    Severity::Warning => crate::widgets::Tone::Warn,
                    Severity::Error => crate::widgets::Tone::Err,
                };
                self.toasts.push(toast, now);
            }
            _ => {}
        }
    }

    /// What was said at a job's start gives way to how it ended. Who looks at the transfers
    /// sees that there.
    fn on_job_ended(&mut self, job: &JobView, now: f64) {
        self.toasts.retract(|toast| {
            let started = matches!(
                toast.action.as_ref().map(|(_, command)| &**command),
                Some(Command::Go(Place::Transfers(_)))
            );
            started && toast.tone == crate::widgets::Tone::Info
        });
        if matches!(self.place(), Place::Transfers(_)) {
            return;
        }
        let toast = match &job.state {
            JobState::Done => Toast::done(job.summary.clone()),
            JobState::Failed(error) => Toast::error(error),
            _ => return,
        };
        let show = Command::Go(Place::Transfers(Some(job.id)));
        self.toasts.push(toast.action("Show", show), now);
    }
}

/// Add a folder and open it.
pub fn add_project(commands: &crate::commands::CommandSender, path: String) {
    commands.send(Command::Call(Box::new(move |client, commands| {
        let commands = commands.clone();
        client.call_then(AddProject { path }, move |answer| match answer {
            Ok(row) => commands.go(Place::Projects(Some(row.id))),
            Err(error) => commands.toast(Toast::error(&error)),
        });
    })));
}
