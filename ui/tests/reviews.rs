//! Packed tags, two runs in depth, reviews and attached runs over the real engine, on the wine example.

mod support;

use std::fs;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_protocol::*;
use kitbench_ui::app::Place;
use kitbench_ui::commands::Command;
use support::{Bench, SMALL, WIDE, example};

/// The example with its Kitfile repaired, on the screen of its runs.
fn runs(size: [f32; 2], theme: ThemeChoice) -> (Bench, ProjectId) {
    let (mut bench, project) = example(size, theme);
    let kitfile = bench.path("wine/Kitfile");
    let text = fs::read_to_string(&kitfile).expect("the example has a Kitfile");
    fs::write(&kitfile, text.replace("  author:\n", "  authors:\n")).expect("it can be written");
    bench.refresh();
    bench.send(Command::Go(Place::Experiments(Some(project))));
    bench.wait_for("Filter runs");
    (bench, project)
}

/// Pack with a run attached and wait for the end.
fn pack(bench: &mut Bench, project: ProjectId, tag: &str, run: Option<String>) {
    bench.pack_run(project, "wine", tag, run);
    bench.refresh();
}

fn tick(bench: &mut Bench, names: &[&str]) {
    for name in names {
        let label = format!("Draw run {name}");
        bench.wait_for(&label);
        bench.click(&label);
    }
}

fn type_into(bench: &mut Bench, label: &str, text: &str) {
    // A column of the table may have the same name.
    fn field<'a>(bench: &'a Bench, label: &'a str) -> egui_kittest::Node<'a> {
        let mut all = bench.harness.query_all_by_label(label);
        let found = all.find(|node| {
            let role = node.accesskit_node().role();
            matches!(role, Role::TextInput | Role::MultilineTextInput)
        });
        found.expect("a field of this name")
    }
    field(bench, label).focus();
    bench.harness.step();
    field(bench, label).type_text(text);
    bench.settle();
}

fn menu_item(bench: &mut Bench, label: &str) {
    let item = bench
        .harness
        .get_all_by_label_contains(label)
        .find(|node| node.accesskit_node().role() == Role::MenuItem);
    item.unwrap_or_else(|| panic!("{label} is not in the menu"))
        .click_accesskit();
    bench.settle();
}

#[test]
fn packed_tags_stand_under_the_runs_and_are_drawn_like_them() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let (mut bench, project) = runs(WIDE, theme);
        let first = bench.run_id(project, "softmax");
        let best = bench.run_id(project, "mlp16-lr0.1");
        pack(&mut bench, project, "v0.1.0", Some(first));
        pack(&mut bench, project, "v0.2.0", Some(best));
        bench.send(Command::Go(Place::Experiments(Some(project))));
        bench.wait_for("Draw run v0.2.0");
        bench.wait_for("Packed tags");
        tick(&mut bench, &["v0.2.0", "v0.1.0", "mlp8"]);
        bench.wait_for("Chart of val/loss: 3 runs");
        bench.settle();
        bench.click("Columns");
        let column = bench
            .harness
            .get_by_role_and_label(Role::CheckBox, "ModelKit tag");
        let on = column.accesskit_node().toggled();
        assert_eq!(on, Some(egui::accesskit::Toggled::True));
        bench.press(egui::Key::Escape);
        bench.picture(&format!("packed-tags-{word}"));
    }
}

#[test]
fn two_ticked_runs_are_compared_in_depth() {
    for (size, theme, word) in [
        (WIDE, ThemeChoice::Dark, "dark"),
        (SMALL, ThemeChoice::Light, "light-small"),
    ] {
        let (mut bench, project) = runs(size, theme);
        // A small window has no room for all runs.
        type_into(&mut bench, "Filter runs", "name ~ \"mlp16-l\"");
        tick(&mut bench, &["mlp16-lr0.1"]);
        assert!(bench.harness.query_by_label("Compare two…").is_none());
        tick(&mut bench, &["mlp16-l2-0.3"]);
        bench.click("Compare two…");
        bench.wait_for("Final metrics");
        bench.wait_for("l2: ");
        assert!(bench.shows("worse"), "{}", bench.all());
        assert!(!bench.shows("momentum: "), "what is equal is left out");
        bench.picture(&format!("pair-{word}"));
        // The switch of the table lies under the dialog.
        let switch = bench.harness.query_all_by_label("Differences only").last();
        switch.expect("the dialog's switch").click_accesskit();
        bench.settle();
        bench.wait_for("momentum: ");

        bench.click("Note on mlp16-lr0.1");
        bench.wait_for("Save note");
        type_into(&mut bench, "Note", "the one to ship");
        bench.click("Star this run");
        bench.click("Save note");
        bench.wait_for("the one to ship");
        let marks = bench.call(GetRunMarks { project });
        assert_eq!(marks.len(), 1);
        assert!(marks[0].starred && marks[0].note == "the one to ship");
        bench.picture(&format!("pair-noted-{word}"));
    }
}

#[test]
fn a_review_is_saved_and_opens_without_the_tracker() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let (mut bench, project) = runs(WIDE, theme);
        tick(&mut bench, &["mlp16-lr0.1", "mlp16-l2-0.3", "mlp8"]);
        bench.wait_for("Chart of val/loss: 3 runs");
        bench.click("Reviews");
        menu_item(&mut bench, "Save as review…");
        bench.wait_for("Save this review");
        type_into(&mut bench, "Name", "Wider is better");
        type_into(
            &mut bench,
            "Note",
            "Sixteen units win, whatever the penalty.",
        );
        bench.click("Approved");
        bench.picture(&format!("review-save-{word}"));
        bench.click("Save this review");
        bench.wait_for("Review saved: reviews/wider-is-better.review.json");

        fs::remove_dir_all(bench.path("wine/mlruns")).expect("the tracker's files can go");
        bench.refresh();
        bench.click("Reviews");
        menu_item(&mut bench, "Wider is better");
        bench.wait_for("Sixteen units win");
        bench.wait_for("Chart of val/loss: 3 runs");
        for part in [
            "mlp16-lr0.1",
            "Approved",
            "Parameters that differ",
            "hidden",
        ] {
            assert!(bench.shows(part), "{part}: {}", bench.all());
        }
        assert!(!bench.shows("Report…"), "one primary button: the export");
        bench.picture(&format!("review-{word}"));

        bench.click("Edit review");
        bench.wait_for("Save this review");
        bench.click("Rejected");
        bench.click("Save this review");
        bench.wait_for("Review changed");
        let list = bench.call(ListReviews { project });
        assert_eq!(list[0].verdict, Verdict::Rejected);
        bench.click("More for this review");
        menu_item(&mut bench, "Delete…");
        bench.wait_for("Delete review");
        bench.click("Delete review");
        bench.wait_for("Review deleted");
        assert!(bench.call(ListReviews { project }).is_empty());
    }
}

#[test]
fn the_pack_dialog_attaches_a_run_and_the_kit_shows_it() {
    let (mut bench, project) = runs(WIDE, ThemeChoice::Dark);
    bench.click("Snapshot best…");
    bench.wait_for("Run that made it");
    bench.wait_for("and changes the Kitfile");
    bench.picture("pack-attach-dark");
    let kitfile = bench.path("wine/Kitfile");
    let before = fs::read_to_string(&kitfile).expect("the Kitfile");
    bench.click_row("Pack v");
    let start = std::time::Instant::now();
    // The job is over when it says so: a kit is listed before its last tag is.
    while !bench
        .call(ListJobs)
        .iter()
        .any(|job| matches!(job.state, JobState::Done))
    {
        assert!(start.elapsed().as_secs() < 60, "packing never ended");
        bench.harness.step();
    }
    let row = bench.call(ListKits).kits.remove(0);
    let reference = format!(
        "wine:{}",
        row.tags.iter().find(|tag| *tag != "latest").expect("a tag")
    );
    let kit = bench.call(GetKit {
        reference: reference.clone(),
    });
    let run = kit.run.expect("the best run is attached");
    assert!(fs::read_to_string(&kitfile).expect("the Kitfile").len() > before.len());
    bench.send(Command::Go(Place::ModelKits(Some(reference))));
    bench.wait_for("Run that made it");
    assert!(bench.shows(&run.name));
    bench.picture("kit-run-dark");
    let _ = project;
}
