//! The shell over a made-up engine: navigation, palette, shortcuts, settings, the accessibility mirror.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use kitbench_protocol::{
    AppInfo, Door, ErrorKind, ErrorView, Event, EventKind, GetSettings, JobId, JobKind, JobState,
    JobView, KitList, Request, Settings, Status, ThemeChoice, encode,
};
use kitbench_ui::App;
use kitbench_ui::accessibility::{self, Sink, tree::Op};
use kitbench_ui::app::{Place, Screen, View, ViewCtx};
use kitbench_ui::backend::{Events, InProcess};
use kitbench_ui::commands::{Command, CommandId, Entity};
use kitbench_ui::widgets::{self, Answer, Button, Toast};

/// A screen that says where it is and counts what it is told.
struct Probe {
    screen: Screen,
    log: Rc<RefCell<Vec<String>>>,
}

impl View for Probe {
    fn ui(&mut self, ui: &mut egui::Ui, ctx: &ViewCtx<'_>) {
        widgets::panel_head(ui, &format!("{} view", self.screen.word()), None, |_| {});
        if self.screen == Screen::Projects && ui.add(Button::neutral("Ask")).clicked() {
            ctx.commands.send(Command::Show(Box::new(Question)));
        }
    }

    fn run(&mut self, command: CommandId, _: &ViewCtx<'_>) -> bool {
        self.log
            .borrow_mut()
            .push(format!("{} {command:?}", self.screen.word()));
        command != CommandId::PreviewPush
    }

    fn crumbs(&self, _: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        if self.screen == Screen::Kitfile {
            vec![("Kitfile".to_owned(), None)]
        } else {
            Vec::new()
        }
    }

    fn entities(&self, out: &mut Vec<Entity>) {
        if self.screen == Screen::Transfers {
            out.push(Entity {
                name: "zebra-run".to_owned(),
                note: "Run".to_owned(),
                icon: kitbench_ui::theme::icons::FLASK,
                place: Place::Experiments(None),
            });
        }
    }
}

struct Question;

impl kitbench_ui::app::Dialog for Question {
    fn show(&mut self, ctx: &egui::Context, view: &ViewCtx<'_>) -> bool {
        match widgets::confirm(ctx, "Remove it?", "The files stay.", "Remove", true) {
            Answer::Open => true,
            Answer::Yes => {
                view.commands.toast(Toast::done("Removed"));
                false
            }
            Answer::No => false,
        }
    }
}

struct Rig {
    harness: Harness<'static, Option<App>>,
    asked: Rc<RefCell<Vec<&'static str>>>,
    settings: Rc<RefCell<Settings>>,
    log: Rc<RefCell<Vec<String>>>,
    events: Rc<RefCell<Option<Events>>>,
    ops: Arc<Mutex<Vec<Op>>>,
    sequence: u64,
}

#[derive(Clone)]
struct Recorder(Arc<Mutex<Vec<Op>>>);

impl Sink for Recorder {
    fn apply(&mut self, ops: Vec<Op>) {
        self.0.lock().unwrap().extend(ops);
    }

    fn take_events(&mut self) -> Vec<egui::Event> {
        Vec::new()
    }

    fn has_focus(&self) -> bool {
        false
    }
}

fn info() -> AppInfo {
    AppInfo {
        protocol_version: 1,
        version: "0.1.0".to_owned(),
        commit: String::new(),
        door: Door::Browser,
        platform: "linux".to_owned(),
        home_folder: "/home/lena".to_owned(),
        kit_home: String::new(),
        example_target: String::new(),
        state_folder: String::new(),
        open_project: None,
    }
}

fn answer(request: &Request, settings: &RefCell<Settings>) -> Vec<u8> {
    fn ok<T: serde::Serialize>(value: T) -> Vec<u8> {
        encode(&Ok::<T, ErrorView>(value))
    }
    match request {
        Request::GetApp(_) => ok(info()),
        Request::GetSettings(GetSettings) => ok(settings.borrow().clone()),
        Request::SetSettings(new) => {
            *settings.borrow_mut() = new.0.clone();
            ok(new.0.clone())
        }
        Request::GetStatus(_) => ok(Status {
            watched_folders: 7,
            store_bytes: 8_240_000_000,
            disk_free_bytes: 41_200_000_000,
            registries: 7,
            registries_reachable: 6,
            ..Status::default()
        }),
        Request::ListProjects(_) => ok(Vec::<kitbench_protocol::ProjectRow>::new()),
        Request::ListJobs(_) => ok(Vec::<JobView>::new()),
        Request::ListKits(_) => ok(KitList {
            kits: Vec::new(),
            store_bytes: 0,
            shared_bytes: 0,
            by_kind: Vec::new(),
            problems: Vec::new(),
        }),
        Request::ListRegistries(_) => ok(Vec::<kitbench_protocol::RegistryRow>::new()),
        other => encode(&Err::<(), _>(ErrorView::new(
            ErrorKind::Unsupported,
            format!("{} is not offered here.", other.name()),
            "Use the window.",
        ))),
    }
}

impl Rig {
    fn new(size: [f32; 2]) -> Self {
        let asked = Rc::new(RefCell::new(Vec::new()));
        let settings = Rc::new(RefCell::new(Settings {
            theme: ThemeChoice::Dark,
            view_state: BTreeMap::new(),
            ..Settings::default()
        }));
        let log = Rc::new(RefCell::new(Vec::new()));
        let events = Rc::new(RefCell::new(None));
        let ops = Arc::new(Mutex::new(Vec::new()));
        let (asked_in, settings_in, log_in, events_in, ops_in) = (
            Rc::clone(&asked),
            Rc::clone(&settings),
            Rc::clone(&log),
            Rc::clone(&events),
            Arc::clone(&ops),
        );
        let harness = Harness::builder().with_size(size).wgpu().build_ui_state(
            move |ui, app: &mut Option<App>| {
                let app = app.get_or_insert_with(|| {
                    let (asked, settings) = (Rc::clone(&asked_in), Rc::clone(&settings_in));
                    let engine = InProcess::new(ui.ctx().clone(), move |request, reply| {
                        asked.borrow_mut().push(request.name());
                        reply.send(answer(&request, &settings));
                    });
                    *events_in.borrow_mut() = Some(engine.events());
                    let views: HashMap<Screen, Box<dyn View>> = Screen::ALL
                        .into_iter()
                        .filter(|screen| !matches!(screen, Screen::Gallery | Screen::Welcome))
                        .map(|screen| {
                            (
                                screen,
                                Box::new(Probe {
                                    screen,
                                    log: Rc::clone(&log_in),
                                }) as Box<dyn View>,
                            )
                        })
                        .collect();
                    accessibility::install(ui.ctx(), Recorder(Arc::clone(&ops_in)));
                    App::with_views(ui.ctx(), Box::new(engine), views)
                });
                // Fonts registered in this frame are there in the next one.
                if ui.ctx().cumulative_pass_nr() > 0 {
                    app.ui(ui);
                } else {
                    ui.ctx().request_repaint();
                }
            },
            None,
        );
        let mut rig = Self {
            harness,
            asked,
            settings,
            log,
            events,
            ops,
            sequence: 0,
        };
        rig.harness.run();
        rig
    }

    fn tell(&mut self, what: EventKind) {
        self.sequence += 1;
        let event = Event {
            sequence: self.sequence,
            what,
        };
        self.events
            .borrow()
            .as_ref()
            .expect("the app has started")
            .send(event);
        self.harness.run();
    }

    fn place(&self) -> Place {
        self.harness
            .state()
            .as_ref()
            .expect("the app has started")
            .place()
            .clone()
    }

    fn key(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.run();
    }
}

fn job(done: u64, state: JobState) -> JobView {
    JobView {
        id: JobId(1),
        kind: JobKind::Push,
        subject: "jozu.ml/fernhill/support-triage:v0.8.0".to_owned(),
        project: None,
        state,
        steps: Vec::new(),
        done_bytes: done,
        total_bytes: 100,
        saved_bytes: 0,
        bytes_per_second: None,
        seconds_left: None,
        created_ms: 0,
        started_ms: None,
        ended_ms: None,
        summary: String::new(),
        warnings: Vec::new(),
        digest: None,
        can_retry: false,
        can_pause: true,
    }
}

#[test]
fn the_rail_goes_to_screens_and_back_returns() {
    let mut rig = Rig::new([1440.0, 900.0]);
    assert_eq!(rig.place(), Place::Projects(None));
    rig.harness.get_by_label("ModelKits").click();
    rig.harness.run();
    assert_eq!(rig.place(), Place::ModelKits(None));
    rig.harness.get_by_label("ModelKits view");
    rig.key(egui::Modifiers::COMMAND, egui::Key::Num5);
    assert_eq!(rig.place(), Place::Transfers(None));
    rig.key(egui::Modifiers::ALT, egui::Key::ArrowLeft);
    assert_eq!(rig.place(), Place::ModelKits(None));
    rig.harness.get_by_label("Forward").click();
    rig.harness.run();
    assert_eq!(rig.place(), Place::Transfers(None));
    rig.harness.key_press(egui::Key::G);
    rig.harness.step();
    rig.key(egui::Modifiers::NONE, egui::Key::Num1);
    assert_eq!(rig.place(), Place::Projects(None));
}

#[test]
fn the_palette_finds_commands_and_things() {
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.key(egui::Modifiers::COMMAND, egui::Key::K);
    rig.harness.event(egui::Event::Text("registr".to_owned()));
    rig.harness.run();
    rig.key(egui::Modifiers::NONE, egui::Key::Enter);
    assert_eq!(rig.place(), Place::Registries(None));
    rig.harness
        .get_by_label("Search, open or run a command")
        .click();
    rig.harness.run();
    rig.harness.event(egui::Event::Text("zebra".to_owned()));
    rig.harness.run();
    rig.harness.get_by_label("zebra-run").click();
    rig.harness.run();
    assert_eq!(rig.place(), Place::Experiments(None));
}

#[test]
fn commands_of_a_screen_reach_its_view() {
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.key(egui::Modifiers::NONE, egui::Key::K);
    rig.key(egui::Modifiers::COMMAND, egui::Key::P);
    assert_eq!(*rig.log.borrow(), ["Projects EditKitfile", "Projects Pack"]);
    let app = rig.harness.state().as_ref().unwrap();
    app.send(Command::Run(CommandId::PreviewPush));
    rig.harness.run();
    rig.harness
        .get_by_label("Preview push does not apply to what is selected");
}

#[test]
fn the_theme_is_a_setting() {
    let mut rig = Rig::new([1440.0, 900.0]);
    assert_eq!(rig.harness.ctx.theme(), egui::Theme::Dark);
    rig.harness.get_by_label("Use the light theme").click();
    rig.harness.run();
    assert_eq!(rig.settings.borrow().theme, ThemeChoice::Light);
    assert_eq!(rig.harness.ctx.theme(), egui::Theme::Light);
    rig.key(egui::Modifiers::COMMAND, egui::Key::Plus);
    assert_eq!(rig.settings.borrow().zoom, 1.1);
}

#[test]
fn a_dialog_keeps_the_keys_and_says_what_was_done() {
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.harness.get_by_label("Ask").click();
    rig.harness.run();
    rig.key(egui::Modifiers::COMMAND, egui::Key::Num3);
    assert_eq!(
        rig.place(),
        Place::Projects(None),
        "a dialog keeps shortcuts from the page"
    );
    rig.harness.get_by_label("Remove").click();
    rig.harness.run();
    rig.harness.get_by_label("Removed");
    rig.harness.get_by_label("Ask").click();
    rig.harness.run();
    rig.key(egui::Modifiers::NONE, egui::Key::Escape);
    assert!(rig.harness.query_by_label("Remove it?").is_none());
}

#[test]
fn jobs_show_at_once_in_every_place() {
    let mut rig = Rig::new([1440.0, 900.0]);
    assert!(
        rig.harness
            .query_by_label_contains("1 active, 40%")
            .is_none()
    );
    rig.tell(EventKind::Job(Box::new(job(40, JobState::Running))));
    rig.harness.get_by_label("Transfers: 1 active, 40%");
    rig.harness.get_by_label("Transfers, 1 active");
    rig.tell(EventKind::Job(Box::new(job(100, JobState::Done))));
    assert!(rig.harness.query_by_label("Transfers, 1 active").is_none());
}

#[test]
fn missed_events_ask_for_everything_again() {
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.tell(EventKind::Status);
    let before = rig
        .asked
        .borrow()
        .iter()
        .filter(|name| **name == "ListProjects")
        .count();
    rig.sequence += 5;
    rig.tell(EventKind::Status);
    let after = rig
        .asked
        .borrow()
        .iter()
        .filter(|name| **name == "ListProjects")
        .count();
    assert_eq!(after, before + 1);
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.harness.run();
    rig.harness.step();
    let delay = rig.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(
        delay > std::time::Duration::from_secs(3600),
        "next frame asked for in {delay:?}"
    );
}

#[test]
fn the_mirror_names_what_is_there() {
    let mut rig = Rig::new([1440.0, 900.0]);
    let named = |ops: &[Op], name: &str| {
        ops.iter()
            .any(|op| matches!(op, Op::Set { name: "aria-label", value, .. } if value == name))
    };
    {
        let ops = rig.ops.lock().unwrap();
        for name in [
            "Projects",
            "Search, open or run a command",
            "Use the light theme",
            "Ask",
        ] {
            assert!(named(&ops, name), "{name}");
        }
    }
    rig.ops.lock().unwrap().clear();
    rig.harness.step();
    rig.harness.step();
    assert_eq!(
        *rig.ops.lock().unwrap(),
        [],
        "nothing changed, so nothing is sent"
    );
}

#[test]
fn the_shell_at_its_smallest() {
    let mut rig = Rig::new([960.0, 600.0]);
    rig.harness.get_by_label("Settings");
    save(&mut rig.harness, "shell-small");
    let mut rig = Rig::new([1440.0, 900.0]);
    rig.tell(EventKind::Job(Box::new(job(47, JobState::Running))));
    save(&mut rig.harness, "shell");
    rig.key(egui::Modifiers::COMMAND, egui::Key::K);
    rig.harness.event(egui::Event::Text("pa".to_owned()));
    rig.harness.run();
    save(&mut rig.harness, "palette");
    rig.key(egui::Modifiers::NONE, egui::Key::Escape);
    rig.harness.get_by_label("Ask").click();
    rig.harness.run();
    save(&mut rig.harness, "confirm");
}

fn save<S>(harness: &mut Harness<'_, S>, name: &str) {
    let picture = harness
        .render()
        .expect("a software renderer (lavapipe) is installed");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    picture
        .save(folder.join(format!("{name}.png")))
        .expect("the picture can be written");
}
