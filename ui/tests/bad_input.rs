//! Bad input on the screens: what happened, to what, and what to do next; and nothing is lost.
//!
//! A registry that is down and a folder that has vanished are in `projects.rs`; YAML that does not
//! parse, a conflict on disk and a read-only file in `kitfile.rs`.

#[cfg(target_os = "linux")]
#[path = "../../crates/modelkit/tests/common/small_disk.rs"]
mod small_disk;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use egui_kittest::kittest::Queryable as _;
use kitbench_protocol::{
    AddProject, Compression, Door, JobState, ListJobs, ListKits, PackFormat, ProjectId,
    RegistryAddress, SaveRegistry, StartPack, ThemeChoice,
};
use kitbench_registry::testing::{Options, TestRegistry};
use kitbench_ui::app::Place;
use kitbench_ui::commands::Command;
use kitbench_ui::views::pack_dialog;
use support::{Bench, Setting, WIDE, bench, bench_in};

/// A project of one model file and one data file.
fn project(folder: &Path, model_bytes: usize) -> PathBuf {
    let project = folder.join("plain");
    fs::create_dir_all(project.join("data")).expect("a folder");
    fs::write(project.join("model.bin"), vec![7; model_bytes]).expect("a file");
    fs::write(project.join("data/train.csv"), "a,b\n1,2\n").expect("a file");
    fs::write(
        project.join("Kitfile"),
        "manifestVersion: 1.0.0\npackage:\n  name: plain\n  version: 1.0.0\nmodel:\n  path: model.bin\ndatasets:\n  - path: data\n",
    )
    .expect("a file");
    project
}

fn added(bench: &mut Bench, folder: &Path) -> ProjectId {
    let row = bench.call(AddProject {
        path: folder.display().to_string(),
    });
    bench.open(row.id);
    row.id
}

fn start_pack(bench: &mut Bench, project: ProjectId) {
    bench.call(StartPack {
        project,
        reference: "localhost/plain".into(),
        tags: vec!["1".into()],
        compression: Compression::None,
        format: PackFormat::ModelKit,
        note: String::new(),
        attached_run: None,
        push: false,
    });
    bench.wait_for_jobs();
    bench.send(Command::Go(Place::Transfers(None)));
}

/// What the last job failed with, as the screen says it.
fn failed(bench: &Bench) -> String {
    match &bench.call(ListJobs)[0].state {
        JobState::Failed(error) => error.to_string(),
        other => panic!("the job is {other:?}"),
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_a_pack_which_succeeds_with_room() {
    let name = "a_full_disk_stops_a_pack_which_succeeds_with_room";
    let Some(disk) = small_disk::on_a_small_disk(name, "8m") else {
        return;
    };
    let setting = Setting {
        kit_home: Some(disk.join("kitops")),
        ..Setting::default()
    };
    let mut bench = bench_in(WIDE, ThemeChoice::Dark, Door::Window, setting);
    let folder = project(bench.folder.path(), 4 << 20);
    let project = added(&mut bench, &folder);
    small_disk::fill(&disk, 2 << 20);

    start_pack(&mut bench, project);
    bench.wait_for("Needs you");
    let told = failed(&bench);
    assert!(
        told.contains("the disk is full") && told.contains("Free some space"),
        "{told}"
    );
    assert!(bench.shows("full"), "{}", bench.all());
    bench.picture("bad-full-disk");
    assert_eq!(bench.call(ListKits).kits.len(), 0);

    fs::remove_file(disk.join("filler")).expect("the filler goes");
    bench.click("Retry localhost/plain:1");
    bench.wait_for_jobs();
    assert_eq!(bench.call(ListKits).kits.len(), 1);
    bench.wait_for("Packed");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named_and_packs_once_it_may() {
    use std::os::unix::fs::PermissionsExt as _;
    let setting = Setting {
        ordinary_user: true,
        ..Setting::default()
    };
    let mut bench = bench_in(WIDE, ThemeChoice::Light, Door::Window, setting);
    let folder = project(bench.folder.path(), 100);
    let project = added(&mut bench, &folder);
    let secret = folder.join("data/train.csv");
    let mode = |bits| {
        fs::set_permissions(&secret, fs::Permissions::from_mode(bits)).expect("it is ours");
    };
    mode(0o000);
    bench.refresh();

    start_pack(&mut bench, project);
    bench.wait_for("Needs you");
    let told = failed(&bench);
    assert!(
        told.contains("data/train.csv") && told.to_lowercase().contains("permission"),
        "{told}"
    );
    assert!(bench.shows("train.csv"), "{}", bench.all());
    bench.picture("bad-no-permission");
    assert_eq!(bench.call(ListKits).kits.len(), 0);

    mode(0o644);
    bench.click("Retry localhost/plain:1");
    bench.wait_for_jobs();
    assert_eq!(bench.call(ListKits).kits.len(), 1);
}

#[cfg(unix)]
#[test]
fn a_folder_that_may_not_be_entered_is_not_taken_for_an_empty_one() {
    use std::os::unix::fs::PermissionsExt as _;
    let setting = Setting {
        ordinary_user: true,
        ..Setting::default()
    };
    let mut bench = bench_in(WIDE, ThemeChoice::Light, Door::Window, setting);
    let folder = project(bench.folder.path(), 100);
    added(&mut bench, &folder);
    assert!(bench.shows("plain"));
    let mode = |bits| {
        fs::set_permissions(&folder, fs::Permissions::from_mode(bits)).expect("it is ours");
    };
    mode(0o000);
    bench.refresh();
    bench.wait_for("permission denied");
    assert!(bench.shows("Allow"), "{}", bench.all());
    bench.picture("bad-closed-folder");
    mode(0o755);
    bench.click("Check again");
    bench.wait_for("What the next pack will contain");
}

#[test]
fn a_wrong_password_is_told_and_the_right_one_lets_in() {
    let registry = TestRegistry::start(&Options {
        users: vec![("ada".into(), "right".into())],
        ..Options::default()
    });
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    let address = RegistryAddress {
        host: registry.host().to_owned(),
        plain_http: true,
        ..RegistryAddress::default()
    };
    bench.call(SaveRegistry { id: None, address });
    bench.refresh();
    bench.send(Command::Go(Place::Registries(Some(
        registry.host().to_owned(),
    ))));
    bench.wait_for("Sign in…");
    bench.picture("bad-not-signed-in");
    bench.click("Sign in…");
    bench.wait_for("Password or token");
    bench.type_into("User", "ada");
    bench.type_into("Password or token", "wrong");
    bench.click("Sign in");
    bench.wait_for("refused the sign-in of ada");
    bench.picture("bad-wrong-password");
    bench.overwrite("Password or token", "right");
    bench.click("Sign in");
    bench.wait_for("ada");
    bench.wait_for("No repositories");
    assert!(!bench.shows("Sign in…"), "{}", bench.all());
}

#[test]
fn a_reference_that_is_none_cannot_be_packed() {
    let mut bench = bench(WIDE, ThemeChoice::Light, Door::Window);
    let folder = project(bench.folder.path(), 100);
    let project = added(&mut bench, &folder);
    bench.send(Command::Show(pack_dialog::open(project)));
    bench.wait_for("Valid name");
    bench.overwrite("Tag", "not a tag!");
    bench.wait_for("Not a valid name");
    bench.picture("bad-reference");
    let button = bench
        .harness
        .get_all_by_role(egui::accesskit::Role::Button)
        .map(|node| {
            use egui_kittest::kittest::NodeT as _;
            let node = node.accesskit_node();
            (node.label().unwrap_or_default(), node.is_disabled())
        })
        // The page behind it has a button that ends in an ellipsis.
        .find(|(label, _)| label.starts_with("Pack ") && !label.ends_with('…'))
        .expect("the dialog has its button");
    assert!(button.1, "{button:?} can be pressed");
}

#[test]
fn a_path_that_is_missing_stands_at_its_field_with_a_fix() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    let folder = project(bench.folder.path(), 100);
    fs::remove_file(folder.join("model.bin")).expect("it is there");
    let project = added(&mut bench, &folder);
    bench.wait_for("model.bin");
    bench.picture("bad-missing-path-page");
    bench.send(Command::Show(pack_dialog::open(project)));
    bench.wait_for("model.bin");
    bench.picture("bad-missing-path-pack");
    assert!(
        bench.shows("does not exist") || bench.shows("not there"),
        "{}",
        bench.all()
    );
}
