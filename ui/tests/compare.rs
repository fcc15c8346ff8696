//! Comparing experiments over the real engine in the same process, on the wine example.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree, since software renderers differ in pixels.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    AddProject, CopyExample, Door, ErrorView, EventKind, Request, SaveFile, ThemeChoice, encode,
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
    /// What the engine told, each once it is on its way to the interface.
    told: Receiver<EventKind>,
    folder: tempfile::TempDir,
}

fn bench(
    size: [f32; 2],
    theme: ThemeChoice,
    project: impl FnOnce(&Path) -> Option<PathBuf>,
) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let runtime = Arc::new(tokio::runtime::Runtime::new().expect("a runtime"));
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
    let (tell, told) = channel();
    let (worker, teller) = (runtime.clone(), engine.clone());
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
                    let door = InProcess::new(ui.ctx().clone(), call);
                    let (events, tell) = (door.events(), tell.clone());
                    let mut told = teller.subscribe();
                    worker.spawn(async move {
                        while let Some(event) = told.next().await {
                            let what = event.what.clone();
                            events.send(event);
                            if tell.send(what).is_err() {
                                break;
                            }
                        }
                    });
                    *app = Some(App::new(ui.ctx(), Box::new(door)));
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
        told,
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

    /// Choose an item of the open menu.
    fn choose(&mut self, label: &str) {
        let item = self.harness.get_all_by_label(label).find(|node| {
            matches!(
                node.accesskit_node().role(),
                Role::MenuItem | Role::MenuItemCheckBox
            )
        });
        item.expect("the menu has this item").click_accesskit();
        self.settle();
    }

    fn labels(&self, role: Role) -> Vec<String> {
        self.harness
            .query_all_by_role(role)
            .filter_map(|node| {
                let node = node.accesskit_node();
                node.label().or_else(|| node.value())
            })
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

/// A project with one CSV log per name.
fn logs(files: &'static [(&'static str, &'static str)]) -> impl FnOnce(&Path) -> Option<PathBuf> {
    move |folder| {
        let project = folder.join("plain");
        std::fs::create_dir_all(project.join("logs")).expect("a folder");
        for (name, text) in files {
            std::fs::write(project.join("logs").join(name), text).expect("a file");
        }
        Some(project)
    }
}

const WIDE: [f32; 2] = [1440.0, 900.0];

#[test]
fn filter_tick_compare_and_export() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let all = bench.listed();
    assert!(all.len() > 10, "{all:?}");
    bench.filter("metrics.val/accuracy >");
    let field = bench.harness.get_by_label("Filter runs");
    let described = field.accesskit_node().description();
    assert!(
        described.is_some_and(|text| text.ends_with('.')),
        "what is wrong is said"
    );
    assert_eq!(bench.listed(), all, "the last good result stays");

    bench.filter(" 0.95 and params.lr > 0.001");
    let some = bench.listed();
    assert!(!some.is_empty() && some.len() < all.len(), "{some:?}");
    assert!(
        bench
            .harness
            .query_by_label("Tick runs to draw them")
            .is_some()
    );

    let three: Vec<&str> = some.iter().take(3).map(String::as_str).collect();
    assert_eq!(three.len(), 3);
    bench.tick(&three);
    let charts = bench.labels(Role::Image);
    assert_eq!(charts.len(), 4, "{charts:?}");
    for chart in &charts {
        assert!(
            chart.starts_with("Chart of ") && chart.contains("3 runs, step 1 to"),
            "{chart}"
        );
    }

    bench.click("Export SVG");
    bench.choose("val/loss");
    let saved = bench.saved.lock().expect("no test panics with it").clone();
    assert_eq!(saved.len(), 1);
    assert_eq!(saved[0].suggested_name, "val-loss.svg");
    let svg = String::from_utf8(saved[0].bytes.clone()).expect("an SVG is text");
    for name in &three {
        assert!(svg.contains(name), "{name} is in the legend");
    }
    assert!(
        bench
            .harness
            .query_by_label_contains("Saved /home/me/val-loss.svg")
            .is_some()
    );
}

#[test]
fn zoom_asks_again_for_the_seen_range_and_home_resets() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Draw the first ten runs");
    let chart = bench
        .harness
        .get_all_by_role(Role::Image)
        .next()
        .expect("a chart")
        .rect();
    let from = chart.left_center() + egui::vec2(60.0, 0.0);
    bench.harness.drag_at(from);
    bench.harness.step();
    bench.harness.hover_at(from + egui::vec2(40.0, 0.0));
    bench.harness.step();
    bench.harness.hover_at(from + egui::vec2(90.0, 0.0));
    bench.harness.step();
    bench.harness.drop_at(from + egui::vec2(90.0, 0.0));
    bench.settle();
    let ranges = |bench: &Bench| -> Vec<Option<(f64, f64)>> {
        let requests = bench.requests.lock().expect("no test panics with it");
        requests
            .iter()
            .filter_map(|request| match request {
                Request::GetSeries(call) => Some(call.x_range),
                _ => None,
            })
            .collect()
    };
    let zoomed = ranges(&bench);
    let last = zoomed
        .last()
        .copied()
        .flatten()
        .expect("the range was asked for");
    assert!(last.0 > 1.0 && last.1 > last.0, "{last:?}");
    assert_eq!(
        zoomed
            .iter()
            .rev()
            .take_while(|range| **range == Some(last))
            .count(),
        4,
        "each chart asked once"
    );

    bench.harness.key_press(egui::Key::Home);
    bench.settle();
    assert_eq!(ranges(&bench).last(), Some(&None));
}

#[test]
fn keys_work_without_a_pointer() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.harness.key_press(egui::Key::A);
    bench.settle();
    assert_eq!(bench.labels(Role::Image).len(), 4, "A ticks all listed");
    let heads = bench.labels(Role::Heading);
    assert!(heads.iter().any(|head| head == "Last values"), "{heads:?}");

    bench.harness.key_press(egui::Key::ArrowRight);
    bench.settle();
    bench.harness.key_press(egui::Key::ArrowLeft);
    bench.settle();
    let heads = bench.labels(Role::Heading);
    assert!(
        heads.iter().any(|head| head.starts_with("At step ")),
        "{heads:?}"
    );

    bench.harness.key_press(egui::Key::L);
    bench.settle();
    assert!(
        bench
            .harness
            .query_all_by_label_contains("log scale")
            .count()
            >= 4
    );

    bench.harness.key_press(egui::Key::X);
    bench.settle();
    bench.harness.key_press(egui::Key::X);
    bench.settle();
    assert!(
        bench.labels(Role::Image)[0].contains("relative 0 to"),
        "{:?}",
        bench.labels(Role::Image)
    );

    bench.harness.key_press(egui::Key::CloseBracket);
    bench.settle();
    assert!(
        bench
            .harness
            .query_all_by_label_contains("smoothed 0.05")
            .count()
            >= 4
    );

    bench.harness.key_press(egui::Key::D);
    bench.settle();
    assert!(
        bench
            .harness
            .query_by_label_contains("equal parameters shown")
            .is_some(),
        "equal parameters are shown"
    );
}

#[test]
fn a_project_without_runs_says_where_was_looked() {
    let mut bench = bench(WIDE, ThemeChoice::Light, |folder| {
        let project = folder.join("bare");
        std::fs::create_dir_all(&project).expect("a folder");
        Some(project)
    });
    let heads = bench.labels(Role::Heading);
    assert!(
        heads.iter().any(|head| head == "No runs in this project"),
        "{heads:?}"
    );
    bench.picture("compare-no-source");
    bench.click("Try the example");
    bench.settle();
    assert!(bench.listed().len() > 10, "the example is open");
    assert!(bench.folder.path().join("wine").is_dir());
}

#[test]
fn odd_values_are_marked_and_counted() {
    let mut bench = bench(
        WIDE,
        ThemeChoice::Dark,
        logs(&[
            (
                "one.csv",
                "epoch,loss\n1,1.0\n2,nan\n3,-0.5\n4,inf\n5,0.2\n",
            ),
            ("two.csv", "epoch,loss\n1,0.9\n2,0.8\n2,0.7\n3,0.6\n4,0.5\n"),
        ]),
    );
    bench.click("Draw the first ten runs");
    let words: Vec<String> = bench.labels(Role::Label);
    let honesty = words
        .iter()
        .find(|words| words.contains("NaN"))
        .expect("the honesty line");
    assert_eq!(
        honesty,
        "all 10 points · 1 NaN · 1 infinite · steps repeat or go back in 1 run"
    );
    bench.harness.key_press(egui::Key::L);
    bench.settle();
    assert!(
        bench
            .harness
            .query_by_label("log scale, 1 not positive left out")
            .is_some()
    );
    bench.picture("compare-odd-values");
}

#[test]
fn sources_group_and_views_are_a_click_away() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Source MLflow");
    assert!(
        bench
            .harness
            .query_all_by_label("What was found where")
            .next()
            .is_some()
    );
    bench.picture("compare-sources");
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();

    bench.click("Group");
    bench.choose("hidden");
    let groups = bench.labels(Role::DisclosureTriangle);
    assert!(
        groups.iter().any(|group| group.starts_with("hidden = ")),
        "{groups:?}"
    );
    bench.picture("compare-grouped");

    bench.click("Draw the first ten runs");
    bench.click("Save view");
    bench.harness.get_by_label("Name of the view").focus();
    bench.harness.step();
    bench
        .harness
        .get_by_label("Name of the view")
        .type_text("By width");
    bench.settle();
    bench.click("Save this view");
    bench.click("Draw no run");
    bench.click("Group: hidden");
    bench.choose("No groups");
    assert!(bench.labels(Role::Image).is_empty());
    bench.click("Save view");
    bench.choose("By width");
    assert_eq!(bench.labels(Role::Image).len(), 4, "ticks are back");
    assert!(
        bench.harness.query_by_label("Group: hidden").is_some(),
        "and the groups"
    );
}

#[test]
fn a_report_is_one_file() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let names = bench.listed();
    bench.tick(&[&names[0], &names[1]]);
    bench.click("Report…");
    bench.picture("compare-report");
    bench.click("Save report");
    let saved = bench.saved.lock().expect("no test panics with it").clone();
    assert_eq!(saved.len(), 1);
    let html = String::from_utf8(saved[0].bytes.clone()).expect("HTML is text");
    assert!(saved[0].suggested_name.ends_with("-runs.html"));
    assert_eq!(html.matches("data:image/svg+xml;base64,").count(), 4);
    assert!(html.contains(&names[0]) && html.contains(&names[1]));
}

#[test]
fn the_filter_offers_what_the_data_has() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.filter("status == finished and metrics.val/l");
    let offered = bench.labels(Role::ListBoxOption);
    assert_eq!(offered, ["metrics.val/loss"]);
    bench.picture("compare-completion");
    bench.harness.key_press(egui::Key::Tab);
    bench.settle();
    let field = bench.harness.get_by_label("Filter runs");
    assert_eq!(
        field.value().as_deref(),
        Some("status == finished and metrics.val/loss ")
    );
    assert!(field.is_focused());
    bench.filter("< 0.05");
    assert!(!bench.listed().is_empty());
    bench.click("Clear filter");
    assert!(bench.listed().len() > 10);
}

#[test]
fn columns_are_chosen_and_directions_changed() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    let heads = bench.labels(Role::ColumnHeader);
    assert!(heads.contains(&"accuracy".to_owned()), "{heads:?}");
    bench.click("Columns");
    bench.picture("compare-columns");
    bench.click("val/loss: lower is better");
    assert!(
        bench
            .harness
            .query_by_label("val/loss: no direction")
            .is_some()
    );
    bench.click("val/accuracy");
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();
    let heads = bench.labels(Role::ColumnHeader);
    assert!(!heads.contains(&"accuracy".to_owned()), "{heads:?}");
}

#[test]
fn new_points_are_drawn_while_training_goes_on() {
    use std::io::Write as _;
    let mut bench = bench(
        WIDE,
        ThemeChoice::Dark,
        logs(&[("live.csv", "epoch,loss\n1,1.0\n2,0.9\n3,0.8\n")]),
    );
    bench.click("Draw the first ten runs");
    assert!(bench.labels(Role::Image)[0].contains("step 1 to 3; last values logs/live.csv 0.800"));
    let path = bench.folder.path().join("plain/logs/live.csv");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("the log");
    file.write_all(b"4,0.7\n5,0.6\n").expect("two rows");
    drop(file);
    loop {
        let told = bench.told.recv_timeout(Duration::from_secs(60));
        if matches!(told, Ok(EventKind::Runs(_))) {
            break;
        }
        assert!(told.is_ok(), "the engine tells of new points");
    }
    bench.settle();
    let chart = bench.labels(Role::Image).remove(0);
    assert!(
        chart.contains("step 1 to 5; last values logs/live.csv 0.600"),
        "{chart}"
    );
}

#[test]
fn a_range_on_an_axis_greys_out_the_runs_outside() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let mut bench = example(WIDE, theme);
        bench.filter("metrics.val/accuracy > 0.9 and source == mlflow-file");
        bench.click("Draw the first ten runs");
        for _ in 0..8 {
            bench.harness.key_press(egui::Key::Escape);
            bench.harness.step();
            bench.harness.key_press(egui::Key::CloseBracket);
            bench.settle();
        }
        let axis = bench
            .harness
            .get_all_by_role(Role::Slider)
            .find(|node| {
                let label = node.accesskit_node().label();
                label.is_some_and(|label| label.starts_with("Axis val/accuracy"))
            })
            .expect("the axis")
            .rect();
        let (from, to) = (axis.center_top() + egui::vec2(0.0, 2.0), axis.center());
        bench.harness.drag_at(from);
        bench.harness.step();
        bench.harness.hover_at(from + egui::vec2(0.0, 30.0));
        bench.harness.step();
        bench.harness.hover_at(to);
        bench.harness.step();
        bench.harness.drop_at(to);
        bench.settle();
        assert!(
            bench
                .harness
                .query_by_label_contains("inside the accuracy range")
                .is_some()
        );
        let chart = bench
            .harness
            .get_all_by_role(Role::Image)
            .nth(2)
            .expect("a chart")
            .rect();
        bench.harness.hover_at(chart.center());
        bench.settle();
        bench.picture(&format!("compare-brushed-{word}"));
        bench.click("Clear range");
        assert!(
            bench
                .harness
                .query_by_label("drag on an axis to set a range")
                .is_some()
        );
    }
}

#[test]
fn pictures() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for size in [[1440.0, 900.0], [1024.0, 700.0]] {
            let mut bench = example(size, theme);
            let names = bench.listed();
            bench.picture(&format!("compare-empty-{word}-{}", size[0]));
            assert!(!names.is_empty());
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
