//! The Kitfile editor over the real engine in the same process, on the wine example.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree and the file on disk.

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{AddProject, CopyExample, Door, ProjectId, Request, ThemeChoice};
use kitbench_ui::App;
use kitbench_ui::app::Place;
use kitbench_ui::backend::InProcess;
use kitbench_ui::commands::{Command, CommandId};

/// An engine of its own and the front end over it.
struct Bench {
    harness: Harness<'static, Option<App>>,
    project: ProjectId,
    folder: PathBuf,
    _temporary: tempfile::TempDir,
}

const WIDE: [f32; 2] = [1440.0, 900.0];

fn bench(size: [f32; 2], theme: ThemeChoice, project: impl FnOnce(&Path) -> Option<PathBuf>) -> Bench {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let options = EngineOptions {
        state_folder: temporary.path().join("state"),
        kit_home: temporary.path().join("kitops"),
        example_target: temporary.path().join("wine"),
        ..EngineOptions::for_this_user(Door::Window)
    };
    let path = project(temporary.path());
    let (engine, row) = runtime.block_on(async {
        let engine = Engine::start(options).await.expect("the engine starts");
        let row = match path {
            None => engine.call(CopyExample { target: None }).await.expect("the example is copied"),
            Some(path) => {
                let path = path.display().to_string();
                engine.call(AddProject { path }).await.expect("the folder is added")
            }
        };
        (engine, row)
    });
    let call = move |request: Request, reply: kitbench_ui::backend::Reply| {
        reply.send(runtime.block_on(engine.handle(request)));
    };
    let mut call = Some(call);
    let harness = Harness::builder().with_size(size).with_max_steps(64).wgpu().build_ui_state(
        move |ui, app: &mut Option<App>| {
            if let Some(app) = app {
                app.ui(ui);
            } else if let Some(call) = call.take() {
                *app = Some(App::new(ui.ctx(), Box::new(InProcess::new(ui.ctx().clone(), call))));
                kitbench_ui::theme::set_choice(ui.ctx(), theme);
                ui.ctx().request_repaint();
            }
        },
        None,
    );
    let mut bench = Bench {
        harness,
        project: row.id,
        folder: PathBuf::from(row.path),
        _temporary: temporary,
    };
    bench.settle();
    bench.send(Command::Run(match theme {
        ThemeChoice::Light => CommandId::ThemeLight,
        _ => CommandId::ThemeDark,
    }));
    bench.send(Command::Go(Place::Kitfile(bench.project)));
    bench.settle();
    bench
}

fn example(size: [f32; 2], theme: ThemeChoice) -> Bench {
    bench(size, theme, |_| None)
}

impl Bench {
    fn send(&mut self, command: Command) {
        self.harness.state().as_ref().expect("the app runs").send(command);
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

    fn has(&self, label: &str) -> bool {
        self.harness.query_by_label(label).is_some()
    }

    fn on_disk(&self) -> String {
        std::fs::read_to_string(self.folder.join("Kitfile")).expect("the Kitfile can be read")
    }

    /// What the text pane says.
    fn text(&self) -> String {
        self.harness
            .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text")
            .accesskit_node()
            .value()
            .unwrap_or_default()
    }

    /// The first field of this name: of the package, which stands on top.
    fn replace(&mut self, label: &str, text: &str) {
        let field = self.harness.get_all_by_role_and_label(Role::TextInput, label).next();
        field.expect("a field of this name").focus();
        self.harness.step();
        self.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.step();
        let field = self.harness.get_all_by_role_and_label(Role::TextInput, label).next();
        field.expect("a field of this name").type_text(text);
        self.settle();
    }

    fn picture(&mut self, name: &str) {
        let picture = self.harness.render().expect("a software renderer (lavapipe) is installed");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        std::fs::create_dir_all(&folder).expect("the target folder can be written");
        picture.save(folder.join(format!("{name}.png"))).expect("the picture can be written");
    }
}

#[test]
fn fix_edit_and_save_keep_comments_and_order() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let before = bench.on_disk();
    assert!(before.contains("  author:\n"));
    assert!(bench.has("1 error"));

    bench.click("Rename to `authors`");
    assert!(!bench.has("1 error"));
    assert!(bench.has("1 unsaved line"));
    bench.replace("Version", "0.2.0");
    assert!(bench.has("2 unsaved lines"));
    assert_eq!(bench.on_disk(), before, "nothing is written before it is saved");

    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    let wanted = before
        .replace("  author:\n", "  authors:\n")
        .replacen("  version: 0.1.0\n", "  version: 0.2.0\n", 1);
    assert_eq!(bench.on_disk(), wanted);
    assert!(!bench.has("2 unsaved lines"));
}
