//! The front end over the real engine in the same process, for tests.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree, since software renderers differ in pixels.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    Compression, CopyExample, Door, ErrorView, GetProject, JobState, ListJobs, ListRuns,
    PackFormat, ProjectDetail, ProjectId, Request, SaveFile, SetSettings, Settings, StartPack,
    ThemeChoice, encode,
};
use kitbench_ui::App;
use kitbench_ui::app::Place;
use kitbench_ui::backend::InProcess;
use kitbench_ui::commands::{Command, CommandId};

/// An engine of its own and the front end over it.
pub struct Bench {
    pub harness: Harness<'static, Option<App>>,
    pub engine: Engine,
    pub runtime: Arc<tokio::runtime::Runtime>,
    pub folder: tempfile::TempDir,
    /// Files that the shell of the window would have asked where to save.
    pub saved: Arc<Mutex<Vec<SaveFile>>>,
    /// Everything the front end asked, in order.
    pub requests: Arc<Mutex<Vec<Request>>>,
}

pub const WIDE: [f32; 2] = [1440.0, 900.0];
pub const SMALL: [f32; 2] = [1024.0, 700.0];

/// Answers of a test in place of the engine's, as they go over the wire.
pub type Own = fn(&Request) -> Option<Vec<u8>>;

/// What may differ from a folder of one's own on a disk with room.
#[derive(Default)]
pub struct Setting {
    /// Where the local store is.
    pub kit_home: Option<PathBuf>,
    /// The engine may read only what its files' modes say, also when root runs the test.
    pub ordinary_user: bool,
    /// Questions that the test answers itself.
    pub own: Option<Own>,
}

pub fn bench(size: [f32; 2], theme: ThemeChoice, door: Door) -> Bench {
    bench_in(size, theme, door, Setting::default())
}

/// Capabilities are of a thread (capabilities(7)), and those that it starts inherit them.
#[cfg(target_os = "linux")]
fn become_ordinary() {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let above = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    let mut now = capabilities(None).expect("a thread may ask for its capabilities");
    now.effective.remove(above);
    set_capabilities(None, now).expect("a thread may give up capabilities");
}

#[cfg(not(target_os = "linux"))]
fn become_ordinary() {}

pub fn bench_in(size: [f32; 2], theme: ThemeChoice, door: Door, setting: Setting) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    if setting.ordinary_user {
        threads.on_thread_start(become_ordinary);
    }
    let runtime = Arc::new(threads.enable_all().build().expect("a runtime"));
    let options = EngineOptions {
        state_folder: folder.path().join("state"),
        kit_home: setting
            .kit_home
            .unwrap_or_else(|| folder.path().join("kitops")),
        example_target: folder.path().join("wine"),
        ..EngineOptions::for_this_user(door)
    };
    let engine = runtime.block_on(async {
        let engine = Engine::start(options).await.expect("the engine starts");
        let settings = Settings {
            theme,
            ..Settings::default()
        };
        engine
            .call(SetSettings(settings))
            .await
            .expect("settings are kept");
        engine
    });
    let (inner, running) = (engine.clone(), runtime.clone());
    let saved = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (kept, asked) = (saved.clone(), requests.clone());
    let call = move |request: Request, reply: kitbench_ui::backend::Reply| {
        held(&asked).push(request.clone());
        if let Some(answer) = setting.own.and_then(|own| own(&request)) {
            return reply.send(answer);
        }
        match request {
            // The shell of the window would open the file manager.
            Request::Reveal(_) => reply.send(encode(&Ok::<_, ErrorView>(()))),
            // It would ask where to.
            Request::SaveFile(call) => {
                let path = format!("/home/me/{}", call.suggested_name);
                held(&kept).push(call);
                reply.send(encode(&Ok::<_, ErrorView>(Some(path))));
            }
            other => reply.send(running.block_on(inner.handle(other))),
        }
    };
    let mut call = Some(call);
    let (told, listening) = (engine.subscribe(), runtime.clone());
    let mut told = Some(told);
    let harness = Harness::builder()
        .with_size(size)
        .with_max_steps(64)
        .wgpu()
        .build_ui_state(
            move |ui, app: &mut Option<App>| {
                if let Some(app) = app {
                    app.ui(ui);
                } else if let (Some(call), Some(mut told)) = (call.take(), told.take()) {
                    let door = InProcess::new(ui.ctx().clone(), call);
                    let events = door.events();
                    listening.spawn(async move {
                        while let Some(event) = told.next().await {
                            events.send(event);
                        }
                    });
                    *app = Some(App::new(ui.ctx(), Box::new(door)));
                    kitbench_ui::theme::set_choice(ui.ctx(), theme);
                    ui.ctx().request_repaint();
                }
            },
            None,
        );
    Bench {
        harness,
        engine,
        runtime,
        folder,
        saved,
        requests,
    }
}

fn held<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("no test panics with it")
}

/// A bench with the example as its project.
pub fn example(size: [f32; 2], theme: ThemeChoice) -> (Bench, ProjectId) {
    let mut bench = bench(size, theme, Door::Window);
    let row = bench.call(CopyExample { target: None });
    bench.open(row.id);
    (bench, row.id)
}

impl Bench {
    pub fn call<C: kitbench_protocol::Call>(&self, call: C) -> C::Reply {
        self.runtime
            .block_on(self.engine.call(call))
            .expect("the engine answers")
    }

    pub fn send(&mut self, command: Command) {
        self.harness
            .state()
            .as_ref()
            .expect("the app runs")
            .send(command);
        self.settle();
    }

    /// Frames until what was asked for has arrived: a frame is a quarter of a second of the
    /// interface's time.
    pub fn settle(&mut self) {
        for _ in 0..8 {
            self.harness.step();
        }
    }

    /// Wait until the engine has looked at what changed on disk, and ask again.
    pub fn refresh(&mut self) {
        self.runtime.block_on(self.engine.settle());
        self.send(Command::Run(CommandId::Refresh));
    }

    /// Show a project that was added behind the front end's back.
    pub fn open(&mut self, project: ProjectId) {
        self.refresh();
        self.send(Command::Go(Place::Projects(Some(project))));
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Request> {
        held(&self.requests).clone()
    }

    /// Files saved so far.
    pub fn files(&self) -> Vec<SaveFile> {
        held(&self.saved).clone()
    }

    /// Names of everything with a role, in order.
    pub fn labels(&self, role: Role) -> Vec<String> {
        self.harness
            .query_all_by_role(role)
            .filter_map(|node| {
                let node = node.accesskit_node();
                node.label().or_else(|| node.value())
            })
            .collect()
    }

    /// Choose an item of the open menu.
    pub fn choose(&mut self, label: &str) {
        let item = self.harness.get_all_by_label(label).find(|node| {
            matches!(
                node.accesskit_node().role(),
                Role::MenuItem | Role::MenuItemCheckBox
            )
        });
        item.unwrap_or_else(|| panic!("the menu has no item {label}"))
            .click_accesskit();
        self.settle();
    }

    /// Frames until no job is active.
    pub fn wait_for_jobs(&mut self) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while self.call(ListJobs).iter().any(|job| job.state.is_active()) {
            assert!(std::time::Instant::now() < end, "jobs never ended");
            self.harness.step();
        }
        self.settle();
    }

    /// Choose from the open list of a select.
    pub fn choose_option(&mut self, label: &str) {
        let option = self
            .harness
            .get_all_by_label(label)
            .find(|node| node.accesskit_node().role() == Role::ListBoxOption);
        option
            .unwrap_or_else(|| panic!("the list has no {label}"))
            .click_accesskit();
        self.settle();
    }

    /// Type into a field.
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.field(field).focus();
        self.harness.step();
        self.field(field).type_text(text);
        self.settle();
    }

    /// Write over what a field holds.
    pub fn overwrite(&mut self, field: &str, text: &str) {
        self.field(field).focus();
        self.harness.step();
        self.harness
            .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.step();
        self.type_into(field, text);
    }

    /// A text field by its name, which a label beside it may have too.
    fn field<'n>(&'n self, name: &'n str) -> egui_kittest::Node<'n> {
        let mut named = self.harness.query_all_by_label(name);
        named
            .find(|node| {
                matches!(
                    node.accesskit_node().role(),
                    Role::TextInput | Role::MultilineTextInput | Role::PasswordInput
                )
            })
            .unwrap_or_else(|| panic!("there is no field {name}: {}", self.all()))
    }

    pub fn press(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.settle();
    }

    /// Hold the button down at one place and let it go at another.
    pub fn drag(&mut self, from: egui::Pos2, to: egui::Pos2) {
        let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
        self.drag_with(from, to, button, modifiers);
    }

    /// The same with another button, or with keys held down.
    pub fn drag_with(
        &mut self,
        from: egui::Pos2,
        to: egui::Pos2,
        button: egui::PointerButton,
        modifiers: egui::Modifiers,
    ) {
        let press = |pos, pressed| egui::Event::PointerButton {
            pos,
            button,
            pressed,
            modifiers,
        };
        let moved = egui::Event::PointerMoved;
        let keys = egui::Event::ModifiersChanged;
        let mut events = vec![keys(modifiers), moved(from), press(from, true)];
        if from != to {
            events.extend([moved(from + (to - from) * 0.5), moved(to)]);
        }
        events.extend([press(to, false), keys(egui::Modifiers::NONE)]);
        for event in events {
            self.harness.event(event);
        }
        self.settle();
    }

    /// The project that is open.
    pub fn project(&self) -> ProjectId {
        match self.place() {
            Place::Projects(Some(project)) | Place::Experiments(Some(project)) => project,
            other => panic!("no project is open: {other:?}"),
        }
    }

    pub fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click_accesskit();
        self.settle();
    }

    /// Click what is named by more than these words, such as a row with its figures.
    pub fn click_row(&mut self, part: &str) {
        let node = self.harness.query_all_by_label_contains(part).next();
        node.unwrap_or_else(|| panic!("{part} is not there"))
            .click_accesskit();
        self.settle();
    }

    pub fn shows(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    /// Frames until something is shown; fails after ten seconds.
    pub fn wait_for(&mut self, part: &str) {
        let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !self.shows(part) {
            assert!(
                std::time::Instant::now() < end,
                "{part} never came: {}",
                self.all()
            );
            self.harness.step();
        }
    }

    pub fn all(&self) -> String {
        let mut out = String::new();
        for role in [
            Role::Label,
            Role::Heading,
            Role::Button,
            Role::Row,
            Role::ListItem,
        ] {
            for node in self.harness.query_all_by_role(role) {
                let node = node.accesskit_node();
                out.push_str(&format!(
                    "{role:?} {}\n",
                    node.label().or_else(|| node.value()).unwrap_or_default()
                ));
            }
        }
        out
    }

    pub fn place(&self) -> Place {
        self.harness
            .state()
            .as_ref()
            .expect("the app runs")
            .place()
            .clone()
    }

    pub fn detail(&self, project: ProjectId) -> ProjectDetail {
        self.call(GetProject { project })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The id of a run by its name.
    pub fn run_id(&self, project: ProjectId, name: &str) -> String {
        let filter = String::new();
        let table = self.call(ListRuns { project, filter });
        let run = table.runs.into_iter().find(|run| run.name == name);
        run.unwrap_or_else(|| panic!("no run {name}")).id
    }

    /// Pack, and wait for the end of the job.
    pub fn pack(&self, project: ProjectId, reference: &str, tag: &str) {
        self.pack_run(project, reference, tag, None);
    }

    /// The same with a run attached.
    pub fn pack_run(&self, project: ProjectId, reference: &str, tag: &str, run: Option<String>) {
        let job = self.call(StartPack {
            project,
            reference: reference.to_owned(),
            tags: vec![tag.to_owned()],
            compression: Compression::None,
            format: PackFormat::ModelKit,
            note: String::new(),
            attached_run: run,
            push: false,
        });
        loop {
            let jobs = self.call(ListJobs);
            let state = jobs
                .into_iter()
                .find(|view| view.id == job)
                .map(|view| view.state)
                .expect("the job is listed");
            match state {
                JobState::Done => break,
                JobState::Failed(error) => panic!("packing failed: {error}"),
                _ => std::thread::yield_now(),
            }
        }
        self.runtime.block_on(self.engine.settle());
    }

    pub fn picture(&mut self, name: &str) {
        let picture = self
            .harness
            .render()
            .expect("a software renderer (lavapipe) is installed");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        std::fs::create_dir_all(&folder).expect("the target folder can be written");
        picture
            .save(folder.join(format!("{name}.png")))
            .expect("the picture can be written");
    }
}
