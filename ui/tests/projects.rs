//! Projects, first run, settings and the folder chooser over the real engine in the same process.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree, since software renderers differ in pixels.

mod support;

use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_protocol::{
    AddProject, CopyExample, Door, ErrorView, LayerKind, NextAction, ProjectId, Request,
    ThemeChoice, TransferLayer, TransferPlan, encode,
};
use kitbench_ui::app::Place;
use kitbench_ui::commands::{Command, CommandId};

use support::{Bench, SMALL, Setting, WIDE, bench, bench_in, example};

/// A registry that is up, without one on this computer.
fn a_registry(request: &Request) -> Option<Vec<u8>> {
    match request {
        Request::PlanTransfer(call) if call.source.starts_with("registry.example/") => {
            Some(encode(&Ok::<_, ErrorView>(transfer_plan())))
        }
        _ => None,
    }
}

fn transfer_plan() -> TransferPlan {
    let layer = |label: &str, kind, bytes, already_there| TransferLayer {
        label: label.to_owned(),
        kind: Some(kind),
        bytes,
        already_there,
    };
    TransferPlan {
        layers: vec![
            layer("Model", LayerKind::Model, 995_100_000, true),
            layer("Dataset, train", LayerKind::Dataset, 744_600_000, true),
            layer("Code", LayerKind::Code, 59_700_000, false),
        ],
        bytes: 1_799_400_000,
        move_bytes: 59_700_000,
        disk_free_bytes: 41_200_000_000,
        resumable: true,
        replaces: Some(format!("sha256:{}", "ab".repeat(32))),
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// A project with every kind of finding: a secret, folders in no layer, a file packed twice.
fn messy(bench: &Bench) -> ProjectId {
    let folder = messy_files(bench);
    let row = bench.call(AddProject {
        path: folder.display().to_string(),
    });
    row.id
}

fn messy_files(bench: &Bench) -> PathBuf {
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
    folder
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

#[test]
fn decisions_write_what_they_say_and_can_be_undone() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    let id = messy(&bench);
    bench.open(id);
    assert!(bench.shows("before the next pack"), "{}", bench.all());
    bench.picture("projects-decide-dark");
    bench.harness.get_by_label("Decide");
    let ignore = bench.path("support-triage/.kitignore");
    bench.click("Leave out");
    bench.refresh();
    assert_eq!(
        std::fs::read_to_string(&ignore).expect("it was written"),
        "src/.env\n"
    );
    assert!(bench.shows("Added src/.env to .kitignore"));
    bench.harness.get_by_label("Pack v0.8.0…");
    bench.click("Undo");
    bench.refresh();
    assert!(!ignore.exists(), "what was not there is gone again");
    bench.harness.get_by_label("Decide");

    bench.click("Add to layer");
    bench
        .harness
        .get_by_role_and_label(Role::MenuItem, "Code")
        .click_accesskit();
    bench.settle();
    bench.refresh();
    let text = std::fs::read_to_string(bench.path("support-triage/Kitfile")).expect("it is there");
    assert!(text.contains("experiments"), "{text}");
    assert!(
        !bench
            .detail(id)
            .decisions
            .iter()
            .any(|d| d.path.starts_with("experiments")),
        "it is in a layer now"
    );
}

#[test]
fn the_page_fits_small_windows_and_both_themes() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for (size, name) in [(WIDE, "wide"), (SMALL, "small")] {
            let mut bench = bench(size, theme, Door::Window);
            let id = messy(&bench);
            bench.call(CopyExample { target: None });
            bench.pack(id, "jozu.ml/fernhill/support-triage", "v0.7.0");
            write(&bench.path("support-triage/src/train.py"), "print(1)\n");
            write(
                &bench.path("support-triage/src/new.py"),
                &"print(2)\n".repeat(900),
            );
            std::fs::remove_file(bench.path("support-triage/src/.env")).expect("it was there");
            bench.refresh();
            bench.call(kitbench_protocol::UpdateProject {
                project: id,
                group: Some("NLP team".to_owned()),
                path: None,
            });
            bench.open(id);
            assert!(bench.shows("Since v0.7.0"), "{}", bench.all());
            assert!(bench.shows("1 changed, +1, −1"), "{}", bench.all());
            assert!(bench.shows("Next pack is v0.8.0"), "{}", bench.all());
            bench.picture(&format!("projects-{name}-{word}"));
        }
    }
}

#[test]
fn a_change_on_disk_shows_by_itself() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    let id = messy(&bench);
    std::fs::remove_file(bench.path("support-triage/src/.env")).expect("it was there");
    bench.pack(id, "localhost/support-triage", "v0.8.0");
    bench.open(id);
    assert!(bench.shows("Nothing to do"), "{}", bench.all());
    write(&bench.path("support-triage/src/more.py"), "print(3)\n");
    bench.wait_for("Next pack is v0.9.0");
    bench.send(Command::Run(CommandId::Pack));
    assert!(
        bench
            .harness
            .query_all_by_role(Role::Dialog)
            .next()
            .is_some(),
        "the pack dialog is open"
    );
    bench.send(Command::CloseDialog);
    bench.wait_for("support-triage, v0.8.0, 1 to decide, 1 changed");
    std::fs::remove_file(bench.path("support-triage/src/more.py")).expect("it is there");
    bench.wait_for("Nothing to do");
}

#[test]
fn layers_filter_the_treemap_and_files_are_listed() {
    let mut bench = bench(WIDE, ThemeChoice::Light, Door::Window);
    let id = messy(&bench);
    bench.open(id);
    assert!(
        bench.shows("model.safetensors, 900.0 KB"),
        "{}",
        bench.all()
    );
    let row = bench
        .harness
        .get_all_by_role(Role::Row)
        .find(|row| {
            row.accesskit_node()
                .label()
                .is_some_and(|l| l.starts_with("Dataset, train"))
        })
        .expect("a row per layer");
    row.click_accesskit();
    bench.settle();
    bench.harness.get_by_label("In Dataset, train");
    assert!(!bench.shows("model.safetensors, 900.0 KB"));
    bench.click("Show files");
    assert!(bench.shows("data/train/train-00000.csv"), "{}", bench.all());
    bench.picture("projects-files-light");
    bench.click("Show all");
    assert!(bench.shows("model/model.safetensors"));
    bench.click("Show treemap");
    bench
        .harness
        .get_by_role_and_label(Role::RadioButton, "Files")
        .click_accesskit();
    bench.settle();
    assert!(bench.shows("Treemap of the next pack by Files"));
}

#[test]
fn a_folder_without_a_kitfile_is_drafted_in_the_editor() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    write(&bench.path("plain/train.py"), "print()\n");
    let row = bench.call(AddProject {
        path: bench.path("plain").display().to_string(),
    });
    bench.open(row.id);
    bench.picture("projects-no-kitfile-dark");
    bench.click("Draft Kitfile");
    assert_eq!(bench.place(), Place::Kitfile(row.id));
    assert!(!bench.path("plain/Kitfile").exists(), "nothing is written");
}

#[test]
fn a_vanished_folder_says_so_and_leaves_the_list_only_when_asked() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Browser);
    let id = messy(&bench);
    bench.call(CopyExample { target: None });
    bench.settle();
    std::fs::rename(bench.path("support-triage"), bench.path("moved")).expect("it moves");
    bench.call(kitbench_protocol::UpdateProject {
        project: id,
        group: None,
        path: None,
    });
    bench.open(id);
    bench.harness.get_by_label("The folder cannot be reached");
    bench.picture("projects-unreachable-dark");

    bench.click("Locate…");
    let moved = bench.path("moved").display().to_string();
    bench.choose_folder(&moved);
    bench.click("Watch this folder");
    bench.refresh();
    assert!(bench.shows("before the next pack"), "{}", bench.all());
    assert_eq!(bench.detail(id).row.path, moved);

    bench.send(Command::Run(CommandId::StopWatching));
    bench
        .harness
        .get_by_role_and_label(Role::Dialog, "Stop watching support-triage?");
    bench.picture("projects-stop-dark");
    bench.click("Stop watching");
    bench.refresh();
    assert!(!bench.shows("support-triage, no tag"), "{}", bench.all());
    assert!(bench.path("moved/Kitfile").exists(), "the files stay");
}

impl Bench {
    /// Type a path into the folder dialog and go there.
    fn choose_folder(&mut self, path: &str) {
        let field = self.harness.get_by_label("Path of the folder");
        field.focus();
        self.harness.step();
        self.harness
            .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.step();
        self.harness
            .get_by_label("Path of the folder")
            .type_text(path);
        self.harness.step();
        self.harness.key_press(egui::Key::Enter);
        self.settle();
    }
}

#[test]
fn first_run_offers_three_doors() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for (size, name) in [(WIDE, "wide"), (SMALL, "small")] {
            let mut bench = bench(size, theme, Door::Browser);
            bench.settle();
            assert_eq!(bench.place(), Place::Welcome);
            for label in ["Open folder…", "Copy the example", "Browse Jozu Hub"] {
                bench.harness.get_by_label(label);
            }
            bench.picture(&format!("welcome-{name}-{word}"));
        }
    }
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Browser);
    let id = messy(&bench);
    bench.pack(id, "jozu.ml/fernhill/support-triage", "v0.7.0");
    write(
        &bench.path("kitops/credentials.json"),
        r#"{"auths":{"harbor.fernhill.example":{"auth":"bGVuYTpzZWNyZXQ="}}}"#,
    );
    bench.call(kitbench_protocol::RemoveProject { project: id });
    bench.refresh();
    bench.send(Command::Go(Place::Welcome));
    assert!(
        bench.shows("1 ModelKit in the local store"),
        "{}",
        bench.all()
    );
    assert!(
        bench.shows("Logins for harbor.fernhill.example"),
        "{}",
        bench.all()
    );
    bench.picture("welcome-found-dark");
    bench.click("Copy the example");
    bench.refresh();
    assert!(matches!(bench.place(), Place::Projects(Some(_))));
    assert!(bench.shows("The Kitfile has 1 error"), "{}", bench.all());
}

#[test]
fn a_browser_walks_folders_to_add_one() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Browser);
    messy_files(&bench);
    bench.settle();
    bench.click("Open folder…");
    bench
        .harness
        .get_by_role_and_label(Role::Dialog, "Add a project folder");
    let top = bench.folder.path().display().to_string();
    bench.choose_folder(&top);
    bench.picture("folder-dialog-dark");
    bench.choose_folder("/no/such/folder/anywhere");
    assert!(bench.shows("/no/such/folder/anywhere"), "{}", bench.all());
    bench.choose_folder(&top);
    bench.click("support-triage");
    assert!(
        bench.shows("This folder holds a Kitfile"),
        "{}",
        bench.all()
    );
    bench.click("Choose this folder");
    bench.refresh();
    assert!(matches!(bench.place(), Place::Projects(Some(_))));
    assert!(bench.shows("support-triage, no tag"), "{}", bench.all());
}

#[test]
fn a_folder_that_was_added_is_the_one_that_is_shown() {
    let (mut bench, first) = example(WIDE, ThemeChoice::Dark);
    let folder = messy_files(&bench);
    bench.send(Command::Call(Box::new(move |_, commands| {
        kitbench_ui::app::add_project(commands, folder.display().to_string());
    })));
    bench.wait_for("before the next pack");
    assert_ne!(bench.place(), Place::Projects(Some(first)));
    // Back leads to the one that was shown before.
    bench.send(Command::Run(CommandId::Back));
    assert_eq!(bench.place(), Place::Projects(Some(first)));
    assert!(bench.shows("The Kitfile has 1 error"), "{}", bench.all());
}

#[test]
fn settings_are_kept_by_the_engine() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    bench.settle();
    bench.send(Command::Go(Place::Settings));
    bench.picture("settings-dark");
    bench
        .harness
        .get_by_role_and_label(Role::RadioButton, "Light")
        .click_accesskit();
    bench.settle();
    bench
        .harness
        .get_by_role_and_label(Role::RadioButton, "6")
        .click_accesskit();
    bench.settle();
    bench.click("Continue interrupted transfers by itself");
    bench.click("The logins file shared with the kit command");
    bench.refresh();
    let kept = bench.call(kitbench_protocol::GetSettings);
    assert_eq!(kept.theme, ThemeChoice::Light);
    assert_eq!(kept.layers_at_once, 6);
    assert!(kept.resume_transfers);
    assert_eq!(kept.secret_store, kitbench_protocol::SecretStore::KitFile);
    assert!(
        bench.shows("readable by whoever can read that file"),
        "{}",
        bench.all()
    );
    let home = bench.path("kitops").display().to_string();
    assert!(bench.shows(&home), "the store's place is shown");
    bench.picture("settings-light");
    bench.harness.set_size(egui::vec2(1440.0, 2000.0));
    bench.settle();
    assert!(bench.shows("SIL Open Font License 1.1"), "{}", bench.all());
    bench.picture("settings-long");
}

#[test]
fn the_list_filters_and_groups() {
    let (mut bench, id) = example(WIDE, ThemeChoice::Dark);
    messy(&bench);
    bench.refresh();
    bench.harness.get_by_label("Examples");
    bench.send(Command::Go(Place::Projects(Some(id))));
    bench.click("More for this project");
    bench.click("Move to group…");
    bench
        .harness
        .get_by_role_and_label(Role::EditableComboBox, "Group")
        .focus();
    bench.harness.step();
    bench
        .harness
        .get_by_role_and_label(Role::EditableComboBox, "Group")
        .type_text("Vision team");
    bench.settle();
    bench.picture("projects-group-dark");
    bench.click("Move");
    bench.refresh();
    bench.harness.get_by_label("Vision team");

    let row = |bench: &Bench, name: &str| {
        bench
            .harness
            .get_all_by_role(Role::ListItem)
            .find(|row| {
                row.accesskit_node()
                    .label()
                    .is_some_and(|l| l.starts_with(name))
            })
            .expect("a row per project")
            .focus();
    };
    row(&bench, "support-triage");
    bench.harness.step();
    bench.harness.key_press(egui::Key::ArrowDown);
    bench.settle();
    assert_eq!(
        bench.place(),
        Place::Projects(Some(id)),
        "arrows walk the list"
    );

    bench.send(Command::Run(CommandId::FocusFilter));
    bench
        .harness
        .get_by_label("Filter by name, tag or path")
        .type_text("zebra");
    bench.settle();
    assert!(bench.shows("Nothing matches “zebra”"), "{}", bench.all());
    bench.click("Clear filter");
    bench.harness.get_by_label("Vision team");
}

#[test]
fn a_push_is_previewed_and_a_registry_that_is_down_says_so() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, Door::Window);
    let id = messy(&bench);
    std::fs::remove_file(bench.path("support-triage/src/.env")).expect("it was there");
    // Nothing listens on the discard port.
    bench.pack(id, "localhost:9/team/support-triage", "v0.8.0");
    bench.open(id);
    assert!(
        bench.shows("v0.8.0 is packed here, but not on localhost:9"),
        "{}",
        bench.all()
    );
    bench.harness.get_by_label("Push");
    bench.picture("projects-push-dark");
    bench.click("Preview push");
    bench.harness.get_by_label("Copy details");
    bench.picture("projects-preview-dark");
}

#[test]
fn a_preview_says_what_would_be_sent() {
    let setting = Setting {
        own: Some(a_registry),
        ..Setting::default()
    };
    let mut bench = bench_in(WIDE, ThemeChoice::Light, Door::Window, setting);
    let id = messy(&bench);
    std::fs::remove_file(bench.path("support-triage/src/.env")).expect("it was there");
    bench.pack(id, "registry.example/team/support-triage", "v0.8.0");
    bench.open(id);
    bench.click("Preview push");
    assert!(
        bench.shows("59.7 MB of 1.80 GB would be sent"),
        "{}",
        bench.all()
    );
    assert!(
        bench.shows("Code, 59.7 MB, Would be sent"),
        "{}",
        bench.all()
    );
    assert!(bench.shows("The tag names other bytes there now"));
    bench.picture("projects-preview-light");
}

#[test]
fn the_smallest_window_shows_everything_that_matters() {
    let mut bench = bench([960.0, 600.0], ThemeChoice::Dark, Door::Window);
    bench.settle();
    bench.harness.get_by_label("Open folder…");
    bench.picture("welcome-smallest");
    let id = messy(&bench);
    bench.open(id);
    for label in ["Decide", "Edit Kitfile", "Compare runs", "Leave out"] {
        bench.harness.get_by_label(label);
    }
    bench.picture("projects-smallest");
    bench.send(Command::Go(Place::Settings));
    assert!(bench.shows("Layers at once"));
    bench.picture("settings-smallest");
}
