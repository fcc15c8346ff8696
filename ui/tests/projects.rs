//! Projects, first run, settings and the folder chooser over the real engine in the same process.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree, since software renderers differ in pixels.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    AddProject, Compression, CopyExample, Door, ErrorView, GetProject, JobState, ListJobs,
    NextAction, PackFormat, ProjectDetail, ProjectId, Request, SetSettings, Settings, StartPack,
    ThemeChoice, encode,
};
use kitbench_ui::App;
use kitbench_ui::app::Place;
use kitbench_ui::backend::InProcess;
use kitbench_ui::commands::{Command, CommandId};

/// An engine of its own and the front end over it.
struct Bench {
    harness: Harness<'static, Option<App>>,
    engine: Engine,
    runtime: std::sync::Arc<tokio::runtime::Runtime>,
    folder: tempfile::TempDir,
}

const WIDE: [f32; 2] = [1440.0, 900.0];
const SMALL: [f32; 2] = [1024.0, 700.0];

fn bench(size: [f32; 2], theme: ThemeChoice, door: Door) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = std::sync::Arc::new(tokio::runtime::Runtime::new().expect("a runtime"));
    let options = EngineOptions {
        state_folder: folder.path().join("state"),
        kit_home: folder.path().join("kitops"),
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
    let call = move |request: Request, reply: kitbench_ui::backend::Reply| match request {
        // The shell of the window would open the file manager.
        Request::Reveal(_) => reply.send(encode(&Ok::<_, ErrorView>(()))),
        other => reply.send(running.block_on(inner.handle(other))),
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
    Bench {
        harness,
        engine,
        runtime,
        folder,
    }
}

/// A bench with the example as its project.
fn example(size: [f32; 2], theme: ThemeChoice) -> (Bench, ProjectId) {
    let mut bench = bench(size, theme, Door::Window);
    let row = bench.call(CopyExample { target: None });
    bench.settle();
    (bench, row.id)
}

impl Bench {
    fn call<C: kitbench_protocol::Call>(&self, call: C) -> C::Reply {
        self.runtime
            .block_on(self.engine.call(call))
            .expect("the engine answers")
    }

    fn send(&mut self, command: Command) {
        self.harness
            .state()
            .as_ref()
            .expect("the app runs")
            .send(command);
        self.settle();
    }

    /// Frames until what was asked for has arrived: a frame is a quarter of a second of the
    /// interface's time.
    fn settle(&mut self) {
        for _ in 0..8 {
            self.harness.step();
        }
    }

    /// The engine has no event stream here, so ask again.
    fn refresh(&mut self) {
        self.runtime.block_on(self.engine.settle());
        self.send(Command::Run(CommandId::Refresh));
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click_accesskit();
        self.settle();
    }

    fn shows(&self, part: &str) -> bool {
        self.harness
            .query_all_by_label_contains(part)
            .next()
            .is_some()
    }

    fn all(&self) -> String {
        let mut out = String::new();
        for role in [
            Role::Label,
            Role::Heading,
            Role::Button,
            Role::Row,
            Role::ListItem,
        ] {
            for node in self.harness.get_all_by_role(role) {
                let node = node.accesskit_node();
                out.push_str(&format!(
                    "{role:?} {}\n",
                    node.label().or_else(|| node.value()).unwrap_or_default()
                ));
            }
        }
        out
    }

    fn place(&self) -> Place {
        self.harness
            .state()
            .as_ref()
            .expect("the app runs")
            .place()
            .clone()
    }

    fn detail(&self, project: ProjectId) -> ProjectDetail {
        self.call(GetProject { project })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Pack, and wait for the end of the job.
    fn pack(&self, project: ProjectId, reference: &str, tag: &str) {
        let job = self.call(StartPack {
            project,
            reference: reference.to_owned(),
            tags: vec![tag.to_owned()],
            compression: Compression::None,
            format: PackFormat::ModelKit,
            note: String::new(),
            attached_run: None,
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

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// A project with every kind of finding: a secret, folders in no layer, a file packed twice.
fn messy(bench: &Bench) -> ProjectId {
    let folder = bench.path("support-triage");
    write(
        &folder.join("Kitfile"),
        "manifestVersion: \"1.0.0\"\npackage:\n  name: support-triage\n  version: 0.8.0\nmodel:\n  path: model\ndatasets:\n  - name: train\n    path: data/train\ncode:\n  - path: src\ndocs:\n  - path: README.md\n",
    );
    write(
        &folder.join("model/model.safetensors"),
        &"m".repeat(900_000),
    );
    write(&folder.join("model/tokenizer.json"), &"t".repeat(70_000));
    for i in 0..4 {
        write(
            &folder.join(format!("data/train/train-0000{i}.csv")),
            &"1,2,3\n".repeat(20_000 + i * 500),
        );
    }
    write(&folder.join("src/train.py"), &"print()\n".repeat(4_000));
    write(
        &folder.join("src/.env"),
        "# keys\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7QQQQQQQ\nAWS_SECRET_ACCESS_KEY=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\n",
    );
    write(&folder.join("README.md"), "# Support triage\n");
    write(
        &folder.join("experiments/run1/log.txt"),
        &"x".repeat(40_000),
    );
    let row = bench.call(AddProject {
        path: folder.display().to_string(),
    });
    row.id
}

#[test]
fn a_broken_kitfile_is_fixed_with_one_click_and_then_packed() {
    let (mut bench, id) = example(WIDE, ThemeChoice::Dark);
    bench.refresh();
    assert_eq!(bench.place(), Place::Projects(Some(id)));
    assert!(bench.shows("The Kitfile has 1 error"), "{}", bench.all());
    bench.harness.get_by_label("Fix Kitfile");
    bench.picture("projects-broken-dark");
    bench.click("Rename to `authors`");
    bench.refresh();
    let text = std::fs::read_to_string(bench.path("wine/Kitfile")).expect("the Kitfile");
    assert!(text.contains("  authors:\n"), "{text}");
    assert!(bench.shows("Fixed: Rename to authors"));
    let next = bench.detail(id).next;
    assert!(matches!(next, NextAction::Pack { .. }), "{next:?}");
    bench.harness.get_by_label("Pack v0.1.0…");
    bench.picture("projects-example-dark");

    bench.click("Undo");
    bench.refresh();
    let text = std::fs::read_to_string(bench.path("wine/Kitfile")).expect("the Kitfile");
    assert!(text.contains("  author:\n"), "{text}");
    bench.harness.get_by_label("Rename to `authors`");
}
