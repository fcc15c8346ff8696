//! Comparing experiments over the real engine in the same process, on the wine example and on
//! logs written for the test.

mod charts;
mod pictures;
mod plots;
mod sources;
#[path = "../support/mod.rs"]
mod support;
mod table;

use std::io::Write as _;
use std::path::PathBuf;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_protocol::{AddProject, Door, GetSeries, Request, ThemeChoice};
use kitbench_ui::app::Place;
use kitbench_ui::commands::Command;

use support::{Bench, WIDE};

/// The wine example with its experiments open.
fn example(size: [f32; 2], theme: ThemeChoice) -> Bench {
    let (mut bench, id) = support::example(size, theme);
    bench.send(Command::Go(Place::Experiments(Some(id))));
    bench
}

/// A project with one CSV log per name.
fn logs(theme: ThemeChoice, files: &[(&str, &str)]) -> Bench {
    let mut bench = support::bench(WIDE, theme, Door::Window);
    write_logs(&mut bench, files);
    bench
}

/// Write logs into a project and open it.
fn write_logs(bench: &mut Bench, files: &[(&str, &str)]) {
    let project = bench.path("plain");
    std::fs::create_dir_all(project.join("logs")).expect("a folder");
    for (name, text) in files {
        std::fs::write(project.join("logs").join(name), text).expect("a file");
    }
    open(bench, project);
}

fn open(bench: &mut Bench, project: PathBuf) {
    let row = bench.call(AddProject {
        path: project.display().to_string(),
    });
    bench.refresh();
    bench.send(Command::Go(Place::Experiments(Some(row.id))));
}

/// Names of the checkboxes that draw a run, from top to bottom.
fn listed(bench: &Bench) -> Vec<String> {
    bench
        .labels(Role::CheckBox)
        .into_iter()
        .filter_map(|label| label.strip_prefix("Draw run ").map(str::to_owned))
        .collect()
}

fn filter(bench: &mut Bench, text: &str) {
    bench.type_into("Filter runs", text);
}

fn tick(bench: &mut Bench, names: &[&str]) {
    for name in names {
        bench.click(&format!("Draw run {name}"));
    }
}

/// Questions for curves so far.
fn curves(bench: &Bench) -> Vec<GetSeries> {
    let asked = bench.asked().into_iter();
    asked
        .filter_map(|request| match request {
            Request::GetSeries(call) => Some(call),
            _ => None,
        })
        .collect()
}

/// The place of a chart, by what its spoken summary begins with.
fn place(bench: &Bench, chart: &str) -> egui::Rect {
    let node = bench.harness.get_all_by_role(Role::Image).find(|node| {
        let label = node.accesskit_node().label();
        label.is_some_and(|label| label.starts_with(chart))
    });
    node.unwrap_or_else(|| panic!("no chart {chart}: {:?}", bench.labels(Role::Image)))
        .rect()
}

/// The line under a chart that has all of these words.
fn honesty(bench: &Bench, words: &str) -> String {
    let labels = bench.labels(Role::Label);
    let found = labels.iter().find(|label| label.contains(words));
    found
        .unwrap_or_else(|| panic!("{words} is told nowhere: {labels:?}"))
        .clone()
}

/// Add rows to a log and wait until the front end knows.
fn append(bench: &mut Bench, log: &str, rows: &str) {
    let path = bench.path("plain").join("logs").join(log);
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .expect("the log");
    file.write_all(rows.as_bytes()).expect("rows");
    drop(file);
}

#[test]
fn filter_tick_compare_and_export() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let all = listed(&bench);
    assert!(all.len() > 10, "{all:?}");
    filter(&mut bench, "metrics.val/accuracy >");
    let field = bench.harness.get_by_label("Filter runs");
    let described = field.accesskit_node().description();
    assert!(
        described.is_some_and(|text| text.ends_with('.')),
        "what is wrong is said"
    );
    assert_eq!(listed(&bench), all, "the last good result stays");

    filter(&mut bench, " 0.95 and params.lr > 0.001");
    let some = listed(&bench);
    assert!(!some.is_empty() && some.len() < all.len(), "{some:?}");
    assert!(
        bench
            .harness
            .query_by_label("Tick runs to draw them")
            .is_some()
    );

    let three: Vec<&str> = some.iter().take(3).map(String::as_str).collect();
    assert_eq!(three.len(), 3);
    tick(&mut bench, &three);
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
    let saved = bench.files();
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
    bench.drag(from, from + egui::vec2(90.0, 0.0));
    let ranges = |bench: &Bench| -> Vec<Option<(f64, f64)>> {
        curves(bench).into_iter().map(|call| call.x_range).collect()
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
    let mut bench = support::bench(WIDE, ThemeChoice::Light, Door::Window);
    let project = bench.path("bare");
    std::fs::create_dir_all(&project).expect("a folder");
    open(&mut bench, project);
    let heads = bench.labels(Role::Heading);
    assert!(
        heads.iter().any(|head| head == "No runs in this project"),
        "{heads:?}"
    );
    bench.click("Try the example");
    bench.wait_for("Source MLflow");
    assert!(listed(&bench).len() > 10, "the example is open");
    assert!(bench.path("wine").is_dir());
}

#[test]
fn odd_values_are_marked_and_counted() {
    let mut bench = logs(
        ThemeChoice::Dark,
        &[
            (
                "one.csv",
                "epoch,loss\n1,1.0\n2,nan\n3,-0.5\n4,inf\n5,0.2\n",
            ),
            ("two.csv", "epoch,loss\n1,0.9\n2,0.8\n2,0.7\n3,0.6\n4,0.5\n"),
        ],
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
    let names = listed(&bench);
    tick(&mut bench, &[&names[0], &names[1]]);
    bench.click("Report…");
    bench.picture("compare-report");
    bench.click("Save report");
    let saved = bench.files();
    assert_eq!(saved.len(), 1);
    let html = String::from_utf8(saved[0].bytes.clone()).expect("HTML is text");
    assert!(saved[0].suggested_name.ends_with("-runs.html"));
    assert_eq!(html.matches("data:image/svg+xml;base64,").count(), 4);
    assert!(html.contains(&names[0]) && html.contains(&names[1]));
}

#[test]
fn the_filter_offers_what_the_data_has() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    filter(&mut bench, "status == finished and metrics.val/l");
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
    filter(&mut bench, "< 0.05");
    assert!(!listed(&bench).is_empty());
    bench.click("Clear filter");
    assert!(listed(&bench).len() > 10);
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
    let log = "epoch,loss\n1,1.0\n2,0.9\n3,0.8\n";
    let mut bench = logs(ThemeChoice::Dark, &[("live.csv", log)]);
    bench.click("Draw the first ten runs");
    assert!(bench.shows("step 1 to 3; last values logs/live.csv 0.800"));
    append(&mut bench, "live.csv", "4,0.7\n5,0.6\n");
    bench.wait_for("step 1 to 5; last values logs/live.csv 0.600");
}
