//! The Kitfile editor over the real engine in the same process, on the wine example.
//!
//! Pictures go to `CARGO_TARGET_TMPDIR/pictures` for a person to look at; what is asserted is the
//! accessibility tree and the file on disk.

mod support;

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use kitbench_protocol::{AddProject, CopyExample, Door, ThemeChoice};
use kitbench_ui::app::Place;
use kitbench_ui::commands::{Command, CommandId};
use support::WIDE;

/// The front end with one project's Kitfile open.
struct Bench {
    bench: support::Bench,
    folder: PathBuf,
}

impl Deref for Bench {
    type Target = support::Bench;

    fn deref(&self) -> &Self::Target {
        &self.bench
    }
}

impl DerefMut for Bench {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.bench
    }
}

/// With the project that the closure makes in a folder; the example where it makes none.
fn bench(
    size: [f32; 2],
    theme: ThemeChoice,
    project: impl FnOnce(&Path) -> Option<PathBuf>,
) -> Bench {
    let mut bench = support::bench(size, theme, Door::Window);
    let row = match project(bench.folder.path()) {
        None => bench.call(CopyExample { target: None }),
        Some(path) => bench.call(AddProject {
            path: path.display().to_string(),
        }),
    };
    bench.open(row.id);
    bench.send(Command::Go(Place::Kitfile(row.id)));
    bench.settle();
    Bench {
        bench,
        folder: PathBuf::from(row.path),
    }
}

fn example(size: [f32; 2], theme: ThemeChoice) -> Bench {
    bench(size, theme, |_| None)
}

impl Bench {
    fn has(&self, label: &str) -> bool {
        self.harness.query_all_by_label(label).next().is_some()
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
        let field = self
            .harness
            .get_all_by_role_and_label(Role::TextInput, label)
            .next();
        field.expect("a field of this name").focus();
        self.harness.step();
        self.harness
            .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.harness.step();
        let field = self
            .harness
            .get_all_by_role_and_label(Role::TextInput, label)
            .next();
        field.expect("a field of this name").type_text(text);
        self.settle();
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
    assert_eq!(
        bench.on_disk(),
        before,
        "nothing is written before it is saved"
    );

    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    let wanted = before.replace("  author:\n", "  authors:\n").replacen(
        "  version: 0.1.0\n",
        "  version: 0.2.0\n",
        1,
    );
    assert_eq!(bench.on_disk(), wanted);
    assert!(!bench.has("2 unsaved lines"));
}

#[test]
fn packing_asks_first_what_to_do_with_unsaved_edits() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let before = bench.on_disk();
    bench.click("Rename to `authors`");
    // From another screen as well: the edits are in no pack either way.
    bench.send(Command::Run(CommandId::GoProjects));
    bench.send(Command::Run(CommandId::Pack));
    bench.wait_for("Unsaved changes in the Kitfile");
    bench.picture("kitfile-before-pack");
    bench.click("Cancel");
    assert_eq!(bench.on_disk(), before);
    assert!(!bench.has("Pack wine"));

    bench.send(Command::Run(CommandId::Pack));
    bench.click("Pack without them…");
    bench.wait_for("Pack wine");
    assert_eq!(bench.on_disk(), before);
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();

    bench.send(Command::Run(CommandId::Pack));
    bench.click("Save, then pack…");
    bench.wait_for("Pack wine");
    assert_eq!(
        bench.on_disk(),
        before.replace("  author:\n", "  authors:\n")
    );
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();

    bench.send(Command::Run(CommandId::Pack));
    bench.wait_for("Pack wine");
    assert!(!bench.has("Unsaved changes in the Kitfile"));
}

#[test]
fn who_saves_and_leaves_at_once_has_saved() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Rename to `authors`");
    let app = bench.harness.state().as_ref().expect("the app runs");
    app.send(Command::Run(CommandId::Save));
    app.send(Command::Run(CommandId::GoProjects));
    bench.settle();
    bench.send(Command::Run(CommandId::Pack));
    bench.wait_for("Pack wine");
    assert!(!bench.has("Unsaved changes in the Kitfile"));
}

#[test]
fn saving_before_a_pack_does_not_overwrite_what_another_wrote() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Rename to `authors`");
    let theirs = "package:\n  name: other\n";
    std::fs::write(bench.folder.join("Kitfile"), theirs).expect("the Kitfile can be written");
    bench.send(Command::Run(CommandId::Pack));
    bench.click("Save, then pack…");
    bench.wait_for("Keep mine");
    assert_eq!(bench.on_disk(), theirs);
    assert!(!bench.has("Pack wine"));
}

#[test]
fn one_history_for_form_and_text() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let start = bench.text();
    bench.replace("Version", "9");
    bench.harness.key_press(egui::Key::Backspace);
    bench.settle();
    assert!(
        bench
            .text()
            .contains("  name: wine\n  description: Recognises"),
        "{}",
        bench.text()
    );
    for letter in ["1", ".", "0"] {
        let field = bench
            .harness
            .get_all_by_role_and_label(Role::TextInput, "Version")
            .next();
        field.expect("the field keeps the focus").type_text(letter);
        bench.settle();
    }
    let edited = start.replacen("  version: 0.1.0\n", "  version: \"1.0\"\n", 1);
    let plain = start.replacen("  version: 0.1.0\n", "  version: 1.0\n", 1);
    let now = bench.text();
    assert!(
        now == edited || now == plain,
        "the key keeps its place: {now}"
    );

    bench
        .harness
        .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text")
        .focus();
    bench.harness.step();
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Home);
    bench.harness.step();
    bench
        .harness
        .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text")
        .type_text("# A note\n");
    bench.settle();
    assert!(bench.text().contains("# A note\n"));

    // In the text the keys mean the same history.
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Z);
    bench.settle();
    assert_eq!(bench.text(), now);
    bench.click("Undo");
    assert_eq!(bench.text(), start, "typing in a field is one step");
    bench.click("Redo");
    bench.click("Redo");
    assert!(bench.text().contains("# A note\n"));
}

#[test]
fn a_change_on_disk_is_a_conflict() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Rename to `authors`");
    let mine = bench.text();
    let theirs = bench.on_disk().replace("name: wine\n", "name: wine-list\n");
    std::fs::write(bench.folder.join("Kitfile"), &theirs).expect("the Kitfile can be written");
    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    assert_eq!(
        bench.on_disk(),
        theirs,
        "what another wrote is not overwritten"
    );
    bench.click("Compare");
    bench.picture("kitfile-conflict");
    bench.harness.key_press(egui::Key::Escape);
    bench.settle();

    bench.click("Take theirs");
    assert_eq!(bench.text(), theirs);
    assert!(!bench.has("Take theirs"));
    bench.click("Undo");
    assert_eq!(bench.text(), mine, "undo brings one's own back");
    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    assert_eq!(bench.on_disk(), mine);
}

#[test]
fn keep_mine_replaces_what_another_wrote() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    std::fs::write(bench.folder.join("Kitfile"), "package:\n  name: other\n")
        .expect("the Kitfile can be written");
    bench.replace("Description", "Mine");
    assert!(bench.has("Keep mine"), "an edit notices the other text");
    bench.click("Keep mine");
    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    assert!(bench.on_disk().contains("description: Mine\n"));
    assert!(
        bench
            .on_disk()
            .contains("# The example project of Kitbench")
    );
}

#[test]
fn discard_asks_with_the_difference() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let start = bench.text();
    bench.click("Rename to `authors`");
    bench.send(Command::Run(CommandId::Discard));
    bench.settle();
    bench.picture("kitfile-discard");
    bench.click("Discard changes");
    assert_eq!(bench.text(), start);
    assert!(bench.has("1 error"));
}

#[test]
fn a_text_that_does_not_parse_leaves_the_last_values() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench
        .harness
        .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text")
        .focus();
    bench.harness.step();
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::Home);
    bench.harness.step();
    bench
        .harness
        .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text")
        .type_text("[broken\n");
    bench.settle();
    let strip = bench
        .harness
        .query_all_by_label_contains("The form shows the last values that did.")
        .next();
    assert!(strip.is_some());
    bench.picture("kitfile-broken");
    let field = bench
        .harness
        .get_all_by_role_and_label(Role::TextInput, "Name")
        .next();
    let field = field.expect("the form is still there");
    assert_eq!(field.accesskit_node().value().as_deref(), Some("wine"));
    assert!(field.accesskit_node().is_disabled());
}

#[test]
fn a_folder_without_a_kitfile_is_drafted() {
    let mut bench = bench(WIDE, ThemeChoice::Dark, |folder| {
        let project = folder.join("plain");
        std::fs::create_dir_all(project.join("data")).expect("a folder");
        std::fs::write(project.join("data/train.csv"), "a,b\n1,2\n").expect("a file");
        std::fs::write(project.join("train.py"), "print()\n").expect("a file");
        Some(project)
    });
    bench.picture("kitfile-none");
    bench.click("Draft from this folder");
    assert!(bench.text().contains("data"), "{}", bench.text());
    assert!(
        !bench.folder.join("Kitfile").exists(),
        "nothing is saved by itself"
    );
    bench.picture("kitfile-draft");
    bench.click("Undo");
    bench.click("Redo");
    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    assert!(bench.on_disk().contains("data"));
}

#[test]
fn entries_are_added_moved_and_removed() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Add to Prompts");
    bench.replace("Path in the project folder", "docs/data.md");
    bench.picture("kitfile-path");
    bench.click("Add this path");
    assert!(bench.text().contains("prompts:\n"), "{}", bench.text());
    assert!(bench.text().contains("path: docs/data.md"));

    let row = |bench: &Bench, name: &str| {
        bench
            .harness
            .get_all_by_role(Role::ListItem)
            .filter_map(|node| node.accesskit_node().label())
            .find(|label| label.starts_with(name))
            .expect("a row")
    };
    let eval = row(&bench, "eval,");
    bench.harness.get_by_label(&eval).focus();
    bench.harness.step();
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::ALT, egui::Key::ArrowUp);
    bench.settle();
    let text = bench.text();
    assert!(text.find("name: eval") < text.find("name: train"), "{text}");
    assert!(text.contains("    description: 54 wines that no training run reads"));

    bench.click("Remove train");
    assert!(!bench.text().contains("name: train"));
    bench.click(&eval);
    bench.picture("kitfile-row");
    bench.replace("Remote path", "s3://wines/eval.csv");
    assert!(
        bench.text().contains("remotePath: s3://wines/eval.csv"),
        "{}",
        bench.text()
    );
}

#[test]
fn parameters_are_edited_below_their_chips() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Parameter lr: 0.1");
    bench.picture("kitfile-parameter");
    bench.replace("Key", "learning_rate");
    bench.replace("Value", "0.0002");
    bench.click("Apply");
    let text = bench.text();
    assert!(
        text.contains("    learning_rate: 0.0002            # peak, after the warm-up\n"),
        "{text}"
    );
    bench.click("Undo");
    assert!(
        bench.text().contains("    lr: 0.1            # peak"),
        "one deed, one step"
    );
    bench.click("Parameter seed: 0");
    bench.click("Remove parameter");
    assert!(!bench.text().contains("seed: 0"));
    bench.click("Add parameter");
    bench.replace("Key", "betas");
    bench.replace("Value", "[0.9, 0.999");
    bench.click("Apply");
    let told = bench
        .harness
        .query_all_by_label_contains("is not a YAML value")
        .next();
    assert!(told.is_some(), "a wrong value is told");
}

#[test]
fn keys_walk_and_fix_problems() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.harness.key_press(egui::Key::F8);
    bench.settle();
    let text = bench
        .harness
        .get_by_role_and_label(Role::MultilineTextInput, "Kitfile text");
    assert!(text.accesskit_node().is_focused());
    bench.send(Command::Run(CommandId::FixProblem));
    bench.settle();
    assert!(!bench.has("1 error"));
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::E);
    bench.settle();
    assert!(
        bench
            .harness
            .query_all_by_role_and_label(Role::TextInput, "Version")
            .next()
            .is_none()
    );
    bench.click("Only changes");
    bench.picture("kitfile-only-changes");
}

#[test]
fn parameters_are_filled_from_a_run() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    let start = bench.text();
    bench.click("Fill from run…");
    bench.settle();
    let run = bench
        .harness
        .get_all_by_role(Role::ListItem)
        .filter_map(|node| node.accesskit_node().label())
        .find(|label| label.contains("MLflow"))
        .expect("a run");
    bench.click(&run);
    bench.picture("kitfile-fill");
    let copy = bench
        .harness
        .get_all_by_role(Role::Button)
        .filter_map(|node| node.accesskit_node().label())
        .find(|label| label.starts_with("Copy ") && label.ends_with(" parameters"))
        .expect("the button counts them");
    bench.click(&copy);
    let text = bench.text();
    assert_ne!(text, start);
    assert!(
        text.contains("# peak, after the warm-up"),
        "comments stay: {text}"
    );
    bench.click("Undo");
    assert_eq!(bench.text(), start, "one step");
}

#[test]
fn a_read_only_file_is_saved_as_a_copy() {
    let mut bench = bench(WIDE, ThemeChoice::Light, |folder| {
        let project = folder.join("plain");
        std::fs::create_dir_all(&project).expect("a folder");
        let path = project.join("Kitfile");
        std::fs::write(&path, "manifestVersion: 1.0.0\npackage:\n  name: plain\n").expect("a file");
        let mut permissions = std::fs::metadata(&path).expect("it is there").permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&path, permissions).expect("the mode can be set");
        Some(project)
    });
    assert!(bench.has("Read-only") && bench.has("Save a copy…"));
    bench.replace("Version", "2.0.0");
    assert!(bench.has("1 unsaved line"));
    bench.picture("kitfile-read-only");
}

#[test]
fn the_tree_shows_what_packs_each_file() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Rename to `authors`");
    bench.send(Command::Run(CommandId::Save));
    bench.settle();
    bench.send(Command::Run(CommandId::Refresh));
    bench.settle();
    bench.settle();
    let rows: Vec<String> = bench
        .harness
        .get_all_by_role(Role::TreeItem)
        .filter_map(|node| node.accesskit_node().label())
        .collect();
    assert!(
        rows.iter().any(|row| row.starts_with("logs, No layer")),
        "{rows:?}"
    );
    assert!(
        rows.iter().any(|row| row.starts_with("README.md, 3")),
        "{rows:?}"
    );
    bench.picture("kitfile-tree");
}

#[test]
fn pictures() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        for size in [WIDE, [1024.0, 700.0]] {
            let mut bench = example(size, theme);
            bench.replace("Version", "0.2.0");
            bench
                .harness
                .get_all_by_label_contains("data")
                .next()
                .expect("a folder")
                .click_accesskit();
            bench.settle();
            bench.picture(&format!("kitfile-{word}-{}", size[0]));
            if size != WIDE {
                bench.click("Text");
                bench.picture(&format!("kitfile-text-{word}-{}", size[0]));
            }
        }
    }
}
