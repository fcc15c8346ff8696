//! Renders the gallery in both themes and writes its accessibility tree as text.
//!
//! Pictures are written to `target/gallery/` for a person to look at; what is compared is the text,
//! since software renderers differ in pixels.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use egui_kittest::Harness;
use kitbench_ui::accessibility::{
    self, Sink,
    tree::{Op, ROOT},
};
use kitbench_ui::{gallery, theme};

fn harness(theme: egui::Theme, size: [f32; 2], mut page: Option<Page>) -> Harness<'static> {
    let mut installed = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .wgpu()
        .build_ui(move |ui| {
            if !installed {
                theme::install(ui.ctx());
                if let Some(page) = page.take() {
                    accessibility::install(ui.ctx(), page);
                }
                installed = true;
                ui.ctx().request_repaint();
                return;
            }
            gallery::show(ui);
        });
    harness.run();
    harness
}

fn save(harness: &mut Harness<'_>, name: &str) {
    let picture = harness
        .render()
        .expect("a software renderer (lavapipe) is installed");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    picture
        .save(folder.join(format!("{name}.png")))
        .expect("the picture can be written");
}

#[test]
fn the_gallery_renders_in_both_themes() {
    for (theme, name) in [
        (egui::Theme::Dark, "gallery-dark"),
        (egui::Theme::Light, "gallery-light"),
    ] {
        let mut harness = harness(theme, [1440.0, 1500.0], None);
        save(&mut harness, name);
    }
}

/// What the mirror made of the page.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Made>>);

#[derive(Default)]
struct Made {
    attributes: HashMap<u64, BTreeMap<&'static str, String>>,
    children: HashMap<u64, Vec<u64>>,
}

impl Sink for Page {
    fn apply(&mut self, ops: Vec<Op>) {
        let mut made = self.0.lock().unwrap();
        for op in ops {
            match op {
                Op::Create { id, tag } => {
                    made.attributes
                        .insert(id, BTreeMap::from([("tag", tag.to_owned())]));
                }
                Op::Set { id, name, value } => {
                    made.attributes.entry(id).or_default().insert(name, value);
                }
                Op::Unset { id, name } => {
                    made.attributes.entry(id).or_default().remove(name);
                }
                Op::Value { id, value } => {
                    made.attributes
                        .entry(id)
                        .or_default()
                        .insert("value", value);
                }
                Op::Children { id, children } => {
                    made.children.insert(id, children);
                }
                Op::Remove { id } => {
                    made.attributes.remove(&id);
                    made.children.remove(&id);
                }
                Op::Focus { .. } => {}
            }
        }
    }

    fn take_events(&mut self) -> Vec<egui::Event> {
        Vec::new()
    }

    fn has_focus(&self) -> bool {
        false
    }
}

impl Page {
    fn text(&self) -> String {
        fn walk(made: &Made, id: u64, depth: usize, out: &mut String) {
            for child in made.children.get(&id).into_iter().flatten() {
                let attributes = &made.attributes[child];
                let get = |name: &str| attributes.get(name).map_or("", String::as_str);
                let role = if get("role").is_empty() {
                    get("tag")
                } else {
                    get("role")
                };
                let name = if get("aria-label").is_empty() {
                    get("data-text")
                } else {
                    get("aria-label")
                };
                out.push_str(&format!("{}{role} \"{name}\"", "  ".repeat(depth)));
                for (name, value) in attributes {
                    if !matches!(
                        *name,
                        "tag" | "role" | "aria-label" | "data-text" | "style" | "tabindex" | "type"
                    ) {
                        out.push_str(&format!(" {name}={value:?}"));
                    }
                }
                out.push('\n');
                walk(made, *child, depth + 1, out);
            }
        }
        let mut out = String::new();
        walk(&self.0.lock().unwrap(), ROOT, 0, &mut out);
        out
    }
}

/// What a screen reader is told about every widget. `UPDATE_SNAPSHOTS=1` accepts a change.
#[test]
fn every_widget_says_what_it_is() {
    let page = Page::default();
    let _harness = harness(egui::Theme::Dark, [1440.0, 2400.0], Some(page.clone()));
    let found = page.text();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/gallery.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        found, wanted,
        "run again with UPDATE_SNAPSHOTS=1 and look at the difference"
    );
}
