//! Comparing experiments over the real engine in the same process, on the wine example.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree, since software renderers differ in pixels.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    AddProject, CopyExample, Door, ErrorView, ProjectId, Request, SaveFile, ThemeChoice, encode,
};
use kitbench_ui::App;
use kitbench_ui::app::Place;
use kitbench_ui::backend::InProcess;
use kitbench_ui::commands::Command;

/// An engine of its own and the front end over it.
struct Bench {
    harness: Harness<'static, Option<App>>,
    saved: Arc<Mutex<Vec<SaveFile>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    project: ProjectId,
    folder: tempfile::TempDir,
}

fn bench(
    size: [f32; 2],
    theme: ThemeChoice,
    project: impl FnOnce(&Path) -> Option<PathBuf>,
) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = EngineOptions {
        state_folder: folder.path().join("state"),
        kit_home: folder.path().join("kitops"),
        example_target: folder.path().join("wine"),
        ..EngineOptions::for_this_user(Door::Window)
    };
    let path = project(folder.path());
    let (engine, id) = runtime.block_on(async {
        let engine = Engine::start(options).await.expect("the engine starts");
        let row = match path {
            None => engine
                .call(CopyExample { target: None })
                .await
                .expect("the example is copied"),
            Some(path) => engine
                .call(AddProject {
                    path: path.display().to_string(),
                })
                .await
                .expect("the folder is added"),
        };
        (engine, row.id)
    });
    let saved = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::new(Mutex::new(Vec::new()));
    let (kept, asked) = (saved.clone(), requests.clone());
    let call = move |request: Request, reply: kitbench_ui::backend::Reply| {
        asked
            .lock()
            .expect("no test panics with it")
            .push(request.clone());
        match request {
            // The shell of the window would ask where to.
            Request::SaveFile(call) => {
                let path = format!("/home/me/{}", call.suggested_name);
                kept.lock().expect("no test panics with it").push(call);
                reply.send(encode(&Ok::<_, ErrorView>(Some(path))));
            }
            other => reply.send(runtime.block_on(engine.handle(other))),
        }
    };
    let mut call = Some(call);
    let harness = Harness::builder()
        .with_size(size)
        .with_max_steps(64)
        .wgpu()
        .build_ui_state(
            move |ui, app: &mut Option<App>| {
                if let Some(app) = app {
                    app.ui(ui);
                } else if let Some(call) = call.take() {
                    *app = Some(App::new(
                        ui.ctx(),
                        Box::new(InProcess::new(ui.ctx().clone(), call)),
                    ));
                    kitbench_ui::theme::set_choice(ui.ctx(), theme);
                    ui.ctx().request_repaint();
                }
            },
            None,
        );
    let mut bench = Bench {
        harness,
        saved,
        requests,
        project: id,
        folder,
    };
    bench.settle();
    bench.send(Command::Run(match theme {
        ThemeChoice::Light => kitbench_ui::commands::CommandId::ThemeLight,
        _ => kitbench_ui::commands::CommandId::ThemeDark,
    }));
    bench.send(Command::Go(Place::Experiments(Some(id))));
    bench.settle();
    bench
}

fn example(size: [f32; 2], theme: ThemeChoice) -> Bench {
    bench(size, theme, |_| None)
}

impl Bench {
    fn send(&mut self, command: Command) {
        self.harness
            .state()
            .as_ref()
            .expect("the app runs")
            .send(command);
    }

    /// Frames until what was asked for has arrived and debounces have passed: a frame is a quarter
    /// of a second of the interface's time.
    fn settle(&mut self) {
        for _ in 0..8 {
            self.harness.step();
        }
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click_accesskit();
        self.settle();
    }

    fn labels(&self, role: Role) -> Vec<String> {
        self.harness
            .get_all_by_role(role)
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    }

    /// Names of the checkboxes that draw a run, from top to bottom.
    fn listed(&self) -> Vec<String> {
        self.labels(Role::CheckBox)
            .into_iter()
            .filter_map(|label| label.strip_prefix("Draw run ").map(str::to_owned))
            .collect()
    }

    fn filter(&mut self, text: &str) {
        let field = self.harness.get_by_label("Filter runs");
        field.focus();
        self.harness.step();
        self.harness.get_by_label("Filter runs").type_text(text);
        self.settle();
    }

    fn tick(&mut self, names: &[&str]) {
        for name in names {
            self.click(&format!("Draw run {name}"));
        }
    }

    fn picture(&mut self, name: &str) {
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

#[test]
fn pictures() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for size in [[1440.0, 900.0], [1024.0, 700.0]] {
            let mut bench = example(size, theme);
            let names = bench.listed();
            bench.picture(&format!("compare-empty-{word}-{}", size[0]));
            println!("{names:?}");
            bench.click("Draw the first ten runs");
            let chart = bench
                .harness
                .get_all_by_role(Role::Image)
                .next()
                .expect("a chart")
                .rect();
            bench
                .harness
                .hover_at(chart.center() + egui::vec2(30.0, 0.0));
            bench.settle();
            bench.picture(&format!("compare-{word}-{}", size[0]));
        }
    }
}
