//! What the runs table can do.

use super::*;

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
