//! The application: shell, navigation, dialogs, and what views are given.

mod nav;
mod run;
mod shared;
mod shell;

pub use nav::{History, Place, Screen};
pub use run::add_project;
pub use shared::Shared;

use std::collections::{BTreeSet, HashMap};

use egui::{Context, Frame, Key, Modifiers, Ui};
use kitbench_protocol::{Call, ErrorView, EventKind, JobId, ProjectId, Settings, ThemeChoice};

use crate::backend::{Backend, Client};
use crate::commands::{self, Command, CommandId, CommandSender, Entity, Palette};
use crate::theme::{self, Tokens, sizes};
use crate::widgets::{self, Toast, Toasts};

/// What a view may read, and how it asks for something.
pub struct ViewCtx<'a> {
    /// What more than one screen shows.
    pub shared: &'a Shared,
    /// Typed calls to the engine.
    pub client: &'a Client,
    /// Commands out.
    pub commands: &'a CommandSender,
    /// Time of this frame in seconds, for [`crate::backend::Remote::ask`].
    pub now: f64,
    /// The user asked for the filter of the list (`Ctrl F`, `/`): give it the focus.
    pub focus_filter: bool,
}

impl ViewCtx<'_> {
    /// Send a call that changes something. When it succeeds, `then` may send commands; when it
    /// fails, the error is shown as a message.
    pub fn act<C: Call>(&self, call: C, then: impl FnOnce(C::Reply, &CommandSender) + 'static) {
        self.act_or(call, then, |error, commands| {
            commands.toast(Toast::error(&error))
        });
    }

    /// The same, but `failed` deals with the error.
    pub fn act_or<C: Call>(
        &self,
        call: C,
        then: impl FnOnce(C::Reply, &CommandSender) + 'static,
        failed: impl FnOnce(ErrorView, &CommandSender) + 'static,
    ) {
        let commands = self.commands.clone();
        self.client.call_then(call, move |answer| match answer {
            Ok(reply) => then(reply, &commands),
            Err(error) => failed(error, &commands),
        });
    }
}

/// A screen. It reads shared state and its own, draws, and sends commands.
pub trait View {
    /// Draw it. The ui has the work area, without inset.
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>);

    /// Take what arrived and go on with what is under way. Once a frame, also while it is not shown.
    fn tick(&mut self, egui: &Context, ctx: &ViewCtx<'_>) {
        let _ = (egui, ctx);
    }

    /// It is shown: select what the place names.
    fn open(&mut self, place: &Place, ctx: &ViewCtx<'_>) {
        let _ = (place, ctx);
    }

    /// The place that shows what is selected now; Back returns to it.
    fn place(&self) -> Option<Place> {
        None
    }

    /// The steps behind the screen's own name, with where each leads.
    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        let _ = ctx;
        Vec::new()
    }

    /// Run a command of this screen; false when it does not apply now.
    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let _ = (command, ctx);
        false
    }

    /// Something changed on the other side. Also called while the screen is not shown.
    fn on_event(&mut self, event: &EventKind) {
        let _ = event;
    }

    /// Ask again for everything it keeps: F5, or the connection came back.
    fn refresh(&mut self) {}

    /// What the palette can open.
    fn entities(&self, out: &mut Vec<Entity>) {
        let _ = out;
    }

    /// A dialog that packs a project is about to open: a question may come first.
    fn before_pack(&mut self, project: ProjectId, dialog: Box<dyn Dialog>) -> Box<dyn Dialog> {
        let _ = project;
        dialog
    }

    /// What of this screen is not saved yet; a sentence.
    fn unsaved(&self) -> Option<String> {
        None
    }

    /// Widths, open groups and sort orders, to be kept over a restart.
    fn save(&self) -> Option<String> {
        None
    }

    /// The inverse of [`Self::save`]; what cannot be read is left as it is.
    fn restore(&mut self, saved: &str) {
        let _ = saved;
    }
}

/// A dialog over the page.
pub trait Dialog {
    /// Draw it with [`widgets::dialog`]; false closes it.
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool;

    /// Something changed in the engine.
    fn on_event(&mut self, event: &EventKind) {
        let _ = event;
    }

    /// The project that it is about to pack.
    fn packs(&self) -> Option<ProjectId> {
        None
    }
}

/// The whole front end.
pub struct App {
    client: Client,
    shared: Shared,
    commands: CommandSender,
    views: HashMap<Screen, Box<dyn View>>,
    restored: HashMap<Screen, String>,
    history: History,
    started: bool,
    opened: Option<Place>,
    dialogs: Vec<Box<dyn Dialog>>,
    focus_before: Vec<Option<egui::Id>>,
    toasts: Toasts,
    /// Jobs seen moving, whose end is news.
    moving: BTreeSet<JobId>,
    palette: Palette,
    focus_filter: bool,
    go_prefix: Option<f64>,
    applied: Option<(ThemeChoice, f32)>,
}

impl App {
    /// The front end over this door. Registers fonts, themes and the accessibility mirror.
    #[must_use]
    pub fn new(ctx: &Context, backend: Box<dyn Backend>) -> Self {
        Self::with_views(ctx, backend, crate::views::all())
    }

    /// The same with other views, for tests.
    #[must_use]
    pub fn with_views(
        ctx: &Context,
        backend: Box<dyn Backend>,
        views: HashMap<Screen, Box<dyn View>>,
    ) -> Self {
        theme::install(ctx);
        let start = if views.contains_key(&Screen::Projects) {
            Place::Projects(None)
        } else {
            Place::Gallery
        };
        Self {
            client: Client::new(backend),
            shared: Shared::default(),
            commands: CommandSender::default(),
            views,
            restored: HashMap::new(),
            history: History::new(start),
            started: false,
            opened: None,
            dialogs: Vec::new(),
            focus_before: Vec::new(),
            toasts: Toasts::default(),
            moving: BTreeSet::new(),
            palette: Palette::default(),
            focus_filter: false,
            go_prefix: None,
            applied: None,
        }
    }

    /// Where one is.
    #[must_use]
    pub fn place(&self) -> &Place {
        self.history.here()
    }

    /// The shared state, for tests.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Ask for something from outside, for tests.
    pub fn send(&self, command: Command) {
        self.commands.send(command);
    }

    /// One frame.
    pub fn ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let now = ctx.input(|input| input.time);
        self.receive(&ctx, now);
        self.keys(&ctx, now);
        self.open_place(now);
        self.draw(ui, now);
        self.remember(&ctx);
        self.run_commands(&ctx, now);
        self.follow_settings(&ctx);
    }

    fn receive(&mut self, ctx: &Context, now: f64) {
        let (events, link) = self.client.poll();
        let mut refresh = link.is_some_and(|link| self.shared.on_link(link));
        for event in &events {
            refresh |= self.shared.on_event(event);
            for view in self.views.values_mut() {
                view.on_event(&event.what);
            }
            for dialog in &mut self.dialogs {
                dialog.on_event(&event.what);
            }
            self.on_event(&event.what, now);
        }
        if refresh {
            self.views.values_mut().for_each(|view| view.refresh());
        }
        self.shared.ask(&self.client, now);
        self.start();
        let _ = ctx;
    }

    /// Once settings, facts and projects are known: restore what was arranged, choose the first screen.
    fn start(&mut self) {
        if self.started {
            return;
        }
        let (Some(settings), Some(projects), Some(info)) = (
            self.shared.settings.value(),
            self.shared.projects.value(),
            self.shared.info.value(),
        ) else {
            return;
        };
        self.started = true;
        for (screen, view) in &mut self.views {
            if let Some(saved) = settings.view_state.get(screen.word()) {
                view.restore(saved);
                self.restored.insert(*screen, saved.clone());
            }
        }
        let place = match info.open_project {
            Some(project) => Place::Projects(Some(project)),
            None if projects.is_empty() && self.views.contains_key(&Screen::Welcome) => {
                Place::Welcome
            }
            None => return,
        };
        // The very first screen is no step that Back could return to.
        self.history = History::new(place);
    }

    fn keys(&mut self, ctx: &Context, now: f64) {
        if self.palette.is_open() || !self.dialogs.is_empty() {
            return;
        }
        let screen = self.history.here().screen();
        let id = CommandId::ALL
            .iter()
            .filter(|id| id.works_on(screen))
            .find(|id| id.spec().keys.iter().any(|key| commands::pressed(ctx, key)));
        if let Some(id) = id {
            self.commands.run(*id);
        }
        self.go_keys(ctx, now);
        shell::jump_between_panels(ctx);
        let popup = egui::Popup::is_any_open(ctx);
        if !popup && ctx.input(|input| input.key_pressed(Key::Escape)) && !self.toasts.dismiss() {
            ctx.memory_mut(|memory| {
                if let Some(id) = memory.focused() {
                    memory.surrender_focus(id);
                }
            });
        }
    }

    /// `G` then a digit: the screens of the rail, also in a browser that keeps `Ctrl 1` for itself.
    fn go_keys(&mut self, ctx: &Context, now: f64) {
        if ctx.text_edit_focused() {
            return;
        }
        if self.go_prefix.is_some_and(|since| now - since < 1.5) {
            for (i, key) in [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5]
                .into_iter()
                .enumerate()
            {
                if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                    self.go_prefix = None;
                    if let Some(place) = Screen::RAIL[i].place() {
                        self.commands.go(place);
                    }
                }
            }
        }
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::G)) {
            self.go_prefix = Some(now);
        }
    }

    fn open_place(&mut self, now: f64) {
        let here = self.history.here().clone();
        if self.opened.as_ref() == Some(&here) {
            return;
        }
        let ctx = ViewCtx {
            shared: &self.shared,
            client: &self.client,
            commands: &self.commands,
            now,
            focus_filter: false,
        };
        if let Some(view) = self.views.get_mut(&here.screen()) {
            view.open(&here, &ctx);
        }
        self.opened = Some(here);
    }

    fn draw(&mut self, ui: &mut Ui, now: f64) {
        let t = Tokens::of(ui);
        ui.painter().rect_filled(ui.max_rect(), 0.0, t.bg_app);
        ui.spacing_mut().item_spacing = egui::vec2(sizes::SPACE_3, 0.0);
        let screen = self.history.here().screen();
        let mut entities = Vec::new();
        if self.palette.is_open() {
            self.views
                .values()
                .for_each(|view| view.entities(&mut entities));
        }
        let ctx = ViewCtx {
            shared: &self.shared,
            client: &self.client,
            commands: &self.commands,
            now,
            focus_filter: std::mem::take(&mut self.focus_filter),
        };
        for view in self.views.values_mut() {
            view.tick(ui.ctx(), &ctx);
        }
        let crumbs = self
            .views
            .get(&screen)
            .map(|view| view.crumbs(&ctx))
            .unwrap_or_default();
        shell::top_bar(ui, &self.history, &crumbs, &ctx, &mut self.toasts);
        shell::status_bar(ui, &ctx);
        shell::rail(ui, screen, &self.views, &ctx);
        egui::CentralPanel::default().frame(Frame::new().fill(t.bg_panel)).show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::vec2(sizes::SPACE_3, 0.0);
            if let Some(cause) = &self.shared.lost {
                widgets::strip(ui, widgets::Tone::Warn, "The connection to Kitbench is lost. It is tried again by itself; what you see may be old.", |ui| {
                    widgets::label(ui, theme::Type::Small, t.text_2, cause);
                });
            }
            if let Some(view) = self.views.get_mut(&screen) {
                ui.push_id(screen, |ui| view.ui(ui, &ctx));
            } else if screen == Screen::Gallery {
                crate::gallery::show(ui);
            }
        });
        let egui_ctx = ui.ctx().clone();
        if let Some(top) = self.dialogs.len().checked_sub(1) {
            let mut keep = true;
            for (i, dialog) in self.dialogs.iter_mut().enumerate() {
                let open = dialog.show(&egui_ctx, &ctx);
                if i == top {
                    keep = open;
                }
            }
            if !keep {
                self.commands.send(Command::CloseDialog);
            }
        }
        if let Some(command) = self.palette.show(&egui_ctx, screen, &entities) {
            self.commands.send(command);
        }
        if let Some(command) = self.toasts.show(&egui_ctx) {
            self.commands.send(command);
        }
    }

    /// Keep where one is and how views are arranged.
    fn remember(&mut self, ctx: &Context) {
        let screen = self.history.here().screen();
        let Some(view) = self.views.get(&screen) else {
            return;
        };
        if let Some(place) = view.place()
            && place != *self.history.here()
        {
            self.history.refine(place.clone());
            self.opened = Some(place);
        }
        // Looked at when a press or key ends: that is when a width, fold or sort can have changed.
        let done = ctx.input(|input| {
            input.pointer.any_released()
                || input
                    .events
                    .iter()
                    .any(|event| matches!(event, egui::Event::Key { pressed: false, .. }))
        });
        if !done || !self.started {
            return;
        }
        if let Some(saved) = view.save()
            && self.restored.get(&screen) != Some(&saved)
        {
            self.restored.insert(screen, saved.clone());
            self.change_settings(|settings| {
                settings.view_state.insert(screen.word().to_owned(), saved);
            });
        }
    }

    fn change_settings(&mut self, change: impl FnOnce(&mut Settings)) {
        let Some(settings) = self.shared.settings.value_mut() else {
            return;
        };
        change(settings);
        let settings = settings.clone();
        let commands = self.commands.clone();
        self.client
            .call_then(kitbench_protocol::SetSettings(settings), move |answer| {
                if let Err(error) = answer {
                    commands.toast(Toast::error(&error));
                }
            });
    }

    fn follow_settings(&mut self, ctx: &Context) {
        let Some(settings) = self.shared.settings.value() else {
            return;
        };
        let wanted = (settings.theme, settings.zoom);
        if self.applied == Some(wanted) {
            return;
        }
        self.applied = Some(wanted);
        theme::set_choice(ctx, settings.theme);
        if settings.zoom.is_finite() {
            ctx.set_zoom_factor(settings.zoom.clamp(0.8, 2.0));
        }
        ctx.request_repaint();
    }
}
