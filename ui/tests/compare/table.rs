//! What the runs table can do.

use super::*;
use kitbench_protocol::{GetRunMarks, SetRunMark};

#[test]
fn every_press_of_a_frame_counts() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let names = listed(&bench);
    for name in &names[..3] {
        bench
            .harness
            .get_by_label(&format!("Draw run {name}"))
            .click_accesskit();
    }
    bench.settle();
    assert!(bench.shows(": 3 runs, step 1 to"));
}

#[test]
fn metrics_stand_as_lowest_highest_and_best_at_their_step() {
    let mut bench = logs(
        ThemeChoice::Light,
        &[
            ("one.csv", "epoch,loss\n1,1.0\n2,0.25\n3,0.5\n"),
            ("two.csv", "epoch,loss\n1,0.9\n2,0.75\n3,0.6\n"),
        ],
    );
    bench.click("Columns");
    for column in [
        "loss, lowest",
        "loss, highest",
        "loss, best with its step",
        "Duration",
        "Git commit",
    ] {
        bench.click(column);
    }
    bench.press(egui::Key::Escape);
    let heads = bench.labels(Role::ColumnHeader);
    for head in ["min loss", "max loss", "best loss"] {
        assert!(heads.iter().any(|known| known == head), "{heads:?}");
    }
    let rows = bench.labels(Role::Row);
    let row = rows
        .iter()
        .find(|row| row.contains("logs/one.csv"))
        .expect("a row");
    assert!(row.contains("0.250 @2") && row.contains("best"), "{row}");
}

#[test]
fn columns_are_pinned_moved_and_hidden_from_their_heads() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let heads = |bench: &Bench| bench.labels(Role::ColumnHeader);
    let item = |bench: &mut Bench, head: &str, item: &str| {
        let node = bench
            .harness
            .get_all_by_role(Role::ColumnHeader)
            .find(|node| node.accesskit_node().label().as_deref() == Some(head));
        node.expect("the head").focus();
        bench.harness.step();
        bench
            .harness
            .key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::F10);
        bench.settle();
        bench.choose(item);
    };
    item(&mut bench, "accuracy", "Pin beside the name");
    let place = |heads: &[String], name: &str| heads.iter().position(|head| head == name);
    let shown = heads(&bench);
    assert_eq!(
        place(&shown, "accuracy"),
        place(&shown, "Name").map(|at| at + 1),
        "{shown:?}"
    );
    item(&mut bench, "Source", "Move right");
    let shown = heads(&bench);
    assert_eq!(
        place(&shown, "Source"),
        place(&shown, "Status").map(|at| at + 1),
        "{shown:?}"
    );
    item(&mut bench, "Status", "Hide column");
    assert_eq!(place(&heads(&bench), "Status"), None);
    let width = |bench: &Bench| {
        let node = bench
            .harness
            .get_all_by_role(Role::ColumnHeader)
            .find(|node| node.accesskit_node().label().as_deref() == Some("accuracy"));
        node.expect("the head").rect()
    };
    let before = width(&bench);
    bench.drag(
        before.left_center(),
        before.left_center() - egui::vec2(40.0, 0.0),
    );
    assert!((width(&bench).width() - before.width() - 40.0).abs() < 4.0);
}

#[test]
fn groups_have_their_means_by_column() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Group");
    bench.choose("Source");
    let groups = bench.labels(Role::DisclosureTriangle);
    assert!(
        groups.iter().any(|group| group == "source = MLflow"),
        "{groups:?}"
    );
    let rows = bench.labels(Role::Row);
    let mean = rows
        .iter()
        .find(|row| row.starts_with("Mean ± deviation"))
        .expect("the means");
    assert!(mean.matches(" ± ").count() >= 2, "{mean}");
    bench.picture("compare-grouped");
}

#[test]
fn a_pattern_between_slashes_is_searched_everywhere() {
    let mut bench = logs(
        ThemeChoice::Dark,
        &[
            ("base-1.csv", "epoch,loss\n1,1.0\n2,0.9\n"),
            ("base-2.csv", "epoch,loss\n1,1.0\n2,0.8\n"),
            ("wide-1.csv", "epoch,loss\n1,1.0\n2,0.7\n"),
        ],
    );
    filter(&mut bench, "/BASE-[12]/ and metrics.loss < 0.85");
    assert_eq!(listed(&bench), ["logs/base-2.csv"]);
    bench.click("Clear filter");
    filter(&mut bench, "/base-[/");
    let field = bench.harness.get_by_label("Filter runs");
    let told = field.accesskit_node().description();
    assert!(told.is_some_and(|text| text.contains("regular expression")));
}

/// Rows of runs by name, with whatever they say.
fn row(bench: &Bench, name: &str) -> String {
    let rows = bench.labels(Role::Row).into_iter();
    let mut named = rows.filter(|row| row.contains(name));
    named.next().unwrap_or_else(|| panic!("no row of {name}"))
}

#[test]
fn stars_and_notes_are_columns_that_sort() {
    let mut bench = logs(
        ThemeChoice::Dark,
        &[
            ("a.csv", "epoch,loss\n1,1.0\n2,0.9\n"),
            ("b.csv", "epoch,loss\n1,1.0\n2,0.8\n"),
            ("c.csv", "epoch,loss\n1,1.0\n2,0.7\n"),
        ],
    );
    bench.click("Columns");
    bench.click("Star");
    bench.press(egui::Key::Escape);
    bench.click("Star logs/c.csv");
    bench.wait_for("starred");
    assert!(row(&bench, "logs/c.csv").contains("starred"));

    bench.click("Group");
    bench.choose("Star");
    let groups = bench.labels(Role::DisclosureTriangle);
    assert_eq!(groups, ["star = no", "star = yes"]);
    bench.click("Group: star");
    bench.choose("No groups");

    let project = bench.project();
    let marks = bench.call(GetRunMarks { project });
    let mark = marks.first().expect("kept by the engine").clone();
    assert!(mark.starred);
    bench.call(SetRunMark {
        project,
        mark: kitbench_protocol::RunMark {
            note: "the one we ship".into(),
            ..mark
        },
    });
    bench.wait_for("the one we ship");
    assert!(
        bench
            .labels(Role::ColumnHeader)
            .contains(&"Note".to_owned())
    );
    bench.picture("compare-stars");
    bench.click("Star logs/c.csv");
    bench.wait_for("logs/a.csv");
    assert!(!row(&bench, "logs/c.csv").contains("starred"));
}

#[test]
fn two_columns_sort_together() {
    let mut bench = logs(
        ThemeChoice::Light,
        &[
            ("a.csv", "epoch,loss,acc\n1,1.0,0.5\n2,0.9,0.7\n"),
            ("b.csv", "epoch,loss,acc\n1,1.0,0.5\n2,0.8,0.6\n"),
            ("c.csv", "epoch,loss,acc\n1,1.0,0.5\n2,0.9,0.6\n"),
        ],
    );
    let head = |bench: &Bench, name: &str| {
        let mut heads = bench.harness.get_all_by_role(Role::ColumnHeader);
        let found = heads.find(|node| node.accesskit_node().label().as_deref() == Some(name));
        found.expect("the head").rect().center()
    };
    let click = |bench: &mut Bench, name: &str, modifiers| {
        let at = head(bench, name);
        bench.drag_with(at, at, egui::PointerButton::Primary, modifiers);
        bench.harness.hover_at(egui::pos2(1300.0, 20.0));
        bench.settle();
    };
    click(&mut bench, "loss", egui::Modifiers::NONE);
    assert_eq!(
        bench
            .labels(Role::ColumnHeader)
            .iter()
            .filter(|head| head.contains("loss"))
            .count(),
        1
    );
    let order = listed(&bench);
    assert_eq!(
        order.last().map(String::as_str),
        Some("logs/b.csv"),
        "{order:?}"
    );
    click(&mut bench, "acc", egui::Modifiers::SHIFT);
    assert_eq!(listed(&bench), ["logs/a.csv", "logs/c.csv", "logs/b.csv"]);
    assert!(
        bench
            .labels(Role::ColumnHeader)
            .contains(&"acc ↓2".to_owned())
    );
    click(&mut bench, "loss", egui::Modifiers::SHIFT);
    assert_eq!(
        listed(&bench),
        ["logs/b.csv", "logs/a.csv", "logs/c.csv"],
        "the first key turns"
    );
}

#[test]
fn a_run_keeps_its_colour_over_a_restart_of_the_screen() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let names = listed(&bench);
    tick(&mut bench, &[&names[0], &names[1], &names[2]]);
    let glyph = |bench: &Bench, name: &str| {
        let buttons = bench.labels(Role::Button).into_iter();
        let prefix = format!("Colour and marker of {name}: ");
        buttons
            .filter_map(|label| label.strip_prefix(&prefix).map(str::to_owned))
            .next()
    };
    let third = glyph(&bench, &names[2]).expect("it is drawn");
    tick(&mut bench, &[&names[0], &names[1], &names[2]]);
    assert_eq!(glyph(&bench, &names[2]), None);
    tick(&mut bench, &[&names[2]]);
    assert_eq!(
        glyph(&bench, &names[2]),
        Some(third),
        "it is not the first now"
    );
}
