//! What runs logged beside numbers, over the real engine on what TensorBoard wrote.

mod support;

use std::path::Path;

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_protocol::{AddProject, Door, GetMedium, ListRuns, MediumContent, ThemeChoice};
use kitbench_ui::app::Place;
use kitbench_ui::commands::Command;
use support::{Bench, WIDE};

/// A project that holds what TensorBoard wrote, and the id of the run with images.
fn tensorboard(theme: ThemeChoice) -> (Bench, kitbench_protocol::ProjectId, String) {
    let mut bench = support::bench(WIDE, theme, Door::Window);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/runs/tests/data/tensorboard");
    let to = bench.path("logs");
    copy(&from, &to);
    let path = to.display().to_string();
    let project = bench.call(AddProject { path }).id;
    bench.open(project);
    let table = bench.call(ListRuns {
        project,
        filter: String::new(),
    });
    let run = table
        .runs
        .iter()
        .find(|run| run.name.contains("cnn_lr0.05"));
    let id = run.expect("the run with images").id.clone();
    (bench, project, id)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the recorded files") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file");
        }
    }
}

#[test]
fn images_histograms_and_texts_of_a_run_are_shown() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        let (mut bench, project, _) = tensorboard(theme);
        bench.send(Command::Go(Place::Experiments(Some(project))));
        bench.wait_for("cnn_lr0.05");
        let row = bench.harness.query_all_by_role(Role::Row).find(|row| {
            let label = row.accesskit_node().label();
            label.is_some_and(|label| label.contains("cnn_lr0.05"))
        });
        let row = row.expect("the run's row");
        row.click();
        bench.settle();
        let shift = egui::Modifiers::SHIFT;
        bench.harness.key_press_modifiers(shift, egui::Key::F10);
        bench.settle();
        bench.click("Images, histograms, texts…");
        bench.wait_for("Images");
        bench.click("samples");
        bench.wait_for("pixels");
        let image = bench
            .harness
            .query_by_role_and_label(Role::Image, "samples");
        assert!(image.is_some(), "{}", bench.all());
        bench.picture(&format!("media-image-{word}"));
        bench.click("weights/conv1");
        bench.wait_for("values from");
        bench.picture(&format!("media-histogram-{word}"));
        bench.click("notes/text_summary");
        bench.wait_for("1 of");
        bench.picture(&format!("media-text-{word}"));
    }
}

#[test]
fn each_step_of_an_image_can_be_had() {
    let (bench, project, run) = tensorboard(ThemeChoice::Dark);
    let of = |at| {
        bench.call(GetMedium {
            project,
            run: run.clone(),
            name: "samples".into(),
            at,
        })
    };
    let latest = of(None);
    assert_eq!(latest.at as usize + 1, latest.steps.len());
    assert!(matches!(latest.content, Some(MediumContent::Picture(_))));
    let first = of(Some(0));
    assert_eq!((first.at, first.steps), (0, latest.steps));
}

#[test]
fn a_right_click_opens_the_menu_of_a_row() {
    let (mut bench, project, _) = tensorboard(ThemeChoice::Light);
    bench.send(Command::Go(Place::Experiments(Some(project))));
    bench.wait_for("cnn_lr0.05");
    let row = bench.harness.query_all_by_role(Role::Row).find(|row| {
        let label = row.accesskit_node().label();
        label.is_some_and(|label| label.contains("cnn_lr0.05"))
    });
    row.expect("the run's row").click_secondary();
    bench.settle();
    assert!(bench.shows("Copy path"), "{}", bench.all());
    bench.picture("row-menu-light");
}
