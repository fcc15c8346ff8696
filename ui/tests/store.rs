//! ModelKits, Transfers, Registries and the pack dialog over the real engine and, where one is
//! needed, a real registry.

mod support;

use egui_kittest::kittest::Queryable as _;
use kitbench_protocol::{
    FileContent, JobState, ListJobs, ListKits, OpenKitfile, ProjectId, RegistryAddress,
    SaveKitfile, SaveRegistry, Severity, StartPull, StartPush, ThemeChoice,
};
use kitbench_registry::testing::TestRegistry;
use kitbench_ui::app::Place;
use kitbench_ui::commands::Command;
use kitbench_ui::views::pack_dialog;
use support::{Bench, SMALL, WIDE, example};

/// The example with its Kitfile repaired.
fn repaired(size: [f32; 2], theme: ThemeChoice) -> (Bench, ProjectId) {
    let (mut bench, project) = example(size, theme);
    let doc = bench.call(OpenKitfile { project });
    let mut text = doc.text.clone();
    let problem = doc
        .problems
        .iter()
        .find(|p| p.severity == Severity::Error)
        .expect("one mistake");
    for edit in problem.fixes[0].edits.iter().rev() {
        text.replace_range(edit.start as usize..edit.end as usize, &edit.text);
    }
    bench.call(SaveKitfile {
        project,
        text,
        revision: doc.revision,
    });
    bench.refresh();
    (bench, project)
}

#[test]
fn packing_from_the_dialog_shows_in_the_store() {
    let (mut bench, project) = repaired(WIDE, ThemeChoice::Dark);
    bench.send(Command::Show(pack_dialog::open(project)));
    bench.wait_for("What will be packed");
    bench.wait_for("Valid name");
    bench.picture("pack-dark");
    bench.click("Pack v0.1.0");
    bench.wait_for_jobs();
    let kits = bench.call(ListKits).kits;
    assert_eq!(kits.len(), 1);
    assert_eq!(kits[0].tags, ["latest", "v0.1.0"]);

    bench.send(Command::Go(Place::Transfers(None)));
    bench.wait_for("Packed wine:v0.1.0");
    if !bench.shows("Config and manifest") {
        // It was over before the screen saw it running.
        bench.click("Unfold wine:v0.1.0");
    }
    bench.picture("transfers-dark");

    bench.send(Command::Go(Place::ModelKits(None)));
    bench.wait_for("Facts");
    bench.picture("modelkit-overview-dark");
    bench.click("Files");
    bench.wait_for("model/wine.safetensors");
    bench.click_row("model/wine.safetensors");
    bench.wait_for("tensors");
    bench.picture("modelkit-files-dark");
    bench.click("Unpack…");
    bench.wait_for("Target folder");
    bench.picture("unpack-dark");
    bench.click("Cancel");
    bench.click("More for this ModelKit");
    bench.click("Remove…");
    bench.wait_for("Removes the tag v0.1.0");
    bench.click("Remove the ModelKit with all its tags here");
    bench.wait_for("Frees");
    bench.picture("remove-dark");
}

#[test]
fn a_picture_in_a_kit_is_drawn() {
    let (mut bench, project) = repaired(WIDE, ThemeChoice::Light);
    let plot = bench.path("wine/docs/plot.png");
    let wave = |x: u32| 80.0 - 60.0 * (f64::from(x) / 40.0).sin();
    image::RgbaImage::from_fn(320, 160, |x, y| {
        let near = (f64::from(y) - wave(x)).abs() < 2.0;
        image::Rgba(if near { [60, 100, 220, 255] } else { [255; 4] })
    })
    .save(&plot)
    .expect("the example can be written to");
    bench.pack(project, "localhost/wine", "v1");
    bench.refresh();
    bench.send(Command::Go(Place::ModelKits(None)));
    bench.wait_for("Facts");
    bench.click("Files");
    bench.wait_for("docs/plot.png");
    bench.click_row("docs/plot.png");
    bench.wait_for("320 × 160 pixels");
    let drawn = bench
        .harness
        .query_by_role_and_label(egui::accesskit::Role::Image, "docs/plot.png");
    assert!(drawn.is_some(), "{}", bench.all());
    bench.picture("modelkit-picture-light");
}

#[test]
fn a_pushed_kit_is_seen_on_the_registry() {
    let registry = TestRegistry::plain();
    let host = registry.host().to_owned();
    let (mut bench, project) = repaired(WIDE, ThemeChoice::Light);
    let address = RegistryAddress {
        host: host.clone(),
        plain_http: true,
        ..RegistryAddress::default()
    };
    bench.call(SaveRegistry { id: None, address });
    for tag in ["v0.1.0", "v0.2.0"] {
        let run = bench.run_id(project, "mlp16-lr0.1");
        bench.pack_run(project, &format!("{host}/lab/wine"), tag, Some(run));
        let source = format!("{host}/lab/wine:{tag}");
        bench.call(StartPush {
            source,
            target: String::new(),
        });
        bench.wait_for_jobs();
    }
    bench.refresh();
    bench.send(Command::Go(Place::Registries(Some(host.clone()))));
    bench.wait_for("lab/wine");
    bench.click("lab/wine");
    bench.wait_for("v0.2.0");
    bench.wait_for("Layers across tags");
    bench.picture("registries-light");
    bench.send(Command::Go(Place::Registries(Some(format!(
        "{host}/lab/wine:v0.1.0"
    )))));
    bench.wait_for("Look inside");
    bench.wait_for("Everything is here already");
    bench.wait_for("Run that made it");
    assert!(bench.shows("mlp16-lr0.1, MLflow"), "{}", bench.all());
    bench.wait_for("requirements.txt");
    bench.click_row("Model, ");
    bench.wait_for("fetched to list these files");
    bench.picture("registries-drawer-light");
    bench.click_row("wine.safetensors");
    bench.wait_for("Filter tensors");
    bench.picture("registries-look-inside-light");
    assert!(bench.shows("to show this"), "{}", bench.all());
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();
    bench.click("Add…");
    bench.wait_for("Plain HTTP, without encryption");
    bench.picture("registries-add-light");
}

#[test]
fn a_failed_job_says_what_to_do() {
    let (mut bench, _) = repaired(WIDE, ThemeChoice::Dark);
    bench.call(StartPull {
        reference: "127.0.0.1:9/lab/wine:v1".into(),
    });
    bench.wait_for_jobs();
    let job = &bench.call(ListJobs)[0];
    assert!(matches!(job.state, JobState::Failed(_)), "{:?}", job.state);
    bench.send(Command::Go(Place::Transfers(None)));
    bench.wait_for("Needs you");
    assert!(
        bench
            .harness
            .query_by_label("Retry 127.0.0.1:9/lab/wine:v1")
            .is_some()
    );
    bench.picture("transfers-failed-dark");
}

#[test]
fn empty_screens_say_what_would_be_there() {
    for (size, theme, name) in [
        (SMALL, ThemeChoice::Dark, "dark"),
        (WIDE, ThemeChoice::Light, "light"),
    ] {
        let (mut bench, project) = repaired(size, theme);
        bench.send(Command::Go(Place::ModelKits(None)));
        bench.wait_for("No ModelKits in the local store");
        bench.picture(&format!("modelkits-empty-{name}"));
        bench.send(Command::Go(Place::Registries(None)));
        bench.wait_for("No registry yet");
        bench.picture(&format!("registries-empty-{name}"));
        bench.send(Command::Go(Place::Transfers(None)));
        bench.wait_for("Nothing is moving");
        bench.send(Command::Show(pack_dialog::open(project)));
        bench.wait_for("Valid name");
        bench.picture(&format!("pack-{name}"));
    }
}

#[test]
fn file_contents_are_of_the_kinds_the_page_draws() {
    // The page matches on all kinds; this keeps the sample kit covering the common ones.
    let (bench, project) = repaired(WIDE, ThemeChoice::Dark);
    bench.pack(project, "wine", "v1");
    let kit = bench.call(kitbench_protocol::GetKit {
        reference: "wine:v1".into(),
    });
    let read = |path: &str| {
        let layer = kit
            .layers
            .iter()
            .find(|layer| layer.files.iter().any(|file| file.path == path));
        let layer = layer.expect("a layer holds it").index;
        bench.call(kitbench_protocol::ReadKitFile {
            reference: "wine:v1".into(),
            remote: false,
            layer,
            path: path.into(),
        })
    };
    let tensors = read("model/wine.safetensors");
    assert!(
        matches!(tensors.content, FileContent::Tensors { .. })
            && tensors.read_bytes < tensors.bytes + 1
    );
    assert!(matches!(
        read("README.md").content,
        FileContent::Markdown { .. }
    ));
    assert!(matches!(
        read("data/train.csv").content,
        FileContent::Table { .. }
    ));
}
