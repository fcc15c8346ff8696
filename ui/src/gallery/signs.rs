//! Type, marks, banners, bars, icons, states.

use egui::{Sense, Ui, pos2, vec2};
use kitbench_protocol::{ErrorKind, ErrorView};

use super::State;
use crate::theme::{LayerKind, Marker, Pieces, Tokens, Type, icons, sizes};
use crate::widgets::code::{Token, code_block};
use crate::widgets::{self, Button, Mark, Tone};

pub(super) fn type_scale(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    for role in Type::ALL {
        widgets::label(ui, role, t.text, &format!("{role:?} 0123 Größe, Łódź"));
    }
    let sentence = Pieces::marked(
        Type::Small,
        t.text_2,
        "Decide one problem first: `src/.env` looks like a secret and would be packed with the code layer.",
    );
    widgets::pieces(ui, &sentence);
}

pub(super) fn marks(ui: &mut Ui, _: &mut State) {
    let all = [
        (Mark::Same, "Same"),
        (Mark::Reused, "Reused"),
        (Mark::Changed, "15 changed"),
        (Mark::Ahead, "1 ahead"),
        (Mark::Behind, "2 behind"),
        (Mark::Download, "Download"),
        (Mark::Diverged, "Diverged"),
        (Mark::NoLayer, "3 folders in no layer"),
        (Mark::Blocks, "1 error"),
        (Mark::Failed, "Failed"),
        (Mark::Decide, "3 to decide"),
        (Mark::Attention, "Token expired"),
        (Mark::Verified, "Verified"),
        (Mark::Done, "Done"),
        (Mark::Waiting, "Sent last"),
        (Mark::Hashing, "Hashing"),
        (Mark::Upload, "Uploading"),
        (Mark::Offline, "Not reachable"),
        (Mark::New, "Never packed"),
        (Mark::Mounted, "Mounted"),
        (Mark::Paused, "Paused"),
        (Mark::Cancelled, "Cancelled"),
        (Mark::Local, "Local only"),
        (Mark::NotPulled, "Not pulled"),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(14.0, 6.0);
        for (mark, words) in all {
            widgets::mark(ui, mark, words);
        }
    });
    ui.horizontal_wrapped(|ui| {
        widgets::pill(
            ui,
            Tone::Info,
            Some(icons::PENCIL_SIMPLE),
            "15 files changed since v0.7.0",
        );
        widgets::pill(ui, Tone::Neutral, None, "Ignored");
        widgets::pill(ui, Tone::Warn, None, "No layer");
        widgets::pill(ui, Tone::Err, None, "Secret?");
        widgets::pill(ui, Tone::Ok, None, "0.861");
        widgets::pill(ui, Tone::Accent, None, "v0.8.0");
        widgets::badge(ui, "MLflow");
    });
    ui.horizontal_wrapped(|ui| {
        for kind in LayerKind::ALL.into_iter().chain([LayerKind::None]) {
            widgets::legend(ui, kind);
        }
    });
    let t = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 16.0), Sense::hover());
    for slot in 0..10 {
        let at = pos2(rect.left() + 8.0 + slot as f32 * 24.0, rect.center().y);
        widgets::paint_marker(ui, at, Marker::of_slot(slot), t.run(slot), slot != 9);
    }
    ui.horizontal(|ui| {
        widgets::fact(
            ui,
            icons::GIT_BRANCH,
            "`main a3f81c2` with 3 uncommitted files",
        );
        widgets::fact(ui, icons::CLOCK, "Scanned 40 s ago");
    });
}

pub(super) fn banners(ui: &mut Ui, _: &mut State) {
    widgets::banner(
        ui,
        Tone::Accent,
        icons::PACKAGE,
        "Next pack is v0.8.0",
        "Decide one problem first: `src/.env` looks like a secret.",
        |ui| {
            ui.add(Button::primary("Pack…").large());
        },
    );
    widgets::banner(
        ui,
        Tone::Neutral,
        icons::CHECK,
        "Nothing to do",
        "Same as v0.7.0, here and on jozu.ml.",
        |_| {},
    );
    widgets::boxed_strip(
        ui,
        Tone::Err,
        "Unknown key `author`. The schema has `authors`.",
        |ui| {
            ui.add(Button::neutral("Rename").icon(icons::WRENCH).small());
            ui.add(Button::ghost("Show line").small());
        },
    );
    widgets::strip(
        ui,
        Tone::Warn,
        "jozu.ml does not answer. Shown as of 09:12.",
        |ui| {
            ui.add(Button::neutral("Retry").small());
        },
    );
    widgets::strip(ui, Tone::Info, "Changes are looked for every 60 s.", |_| {});
}

pub(super) fn bars(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    widgets::progress(
        ui,
        "Bytes of the next pack",
        "157.6 MB new",
        &[(0.93, t.bar_reuse), (0.07, t.accent_line)],
    );
    widgets::progress(ui, "Uploading", "61%", &[(0.61, t.accent_line)]);
    widgets::progress(ui, "Verified", "done", &[(1.0, t.ok)]);
    widgets::key_value(ui, "Size of the kit", "2.30 GB");
    widgets::key_value(ui, "Already there", "744.6 MB");
    code_block(
        ui,
        "$ kit pack . -t jozu.ml/fernhill/support-triage:v0.8.0,latest\n  # after adding src/.env to .kitignore",
        &[(0..1, Token::Sign), (62..104, Token::Comment)],
    );
    ui.horizontal(|ui| {
        let steps = [
            "Projects".to_owned(),
            "support-triage".to_owned(),
            "Kitfile".to_owned(),
        ];
        widgets::breadcrumb(ui, &steps);
    });
}

pub(super) fn states(ui: &mut Ui, _: &mut State) {
    ui.allocate_ui(vec2(ui.available_width(), 90.0), |ui| {
        ui.set_max_height(90.0);
        widgets::skeleton(ui, f64::NEG_INFINITY, sizes::ROW);
    });
    ui.allocate_ui(vec2(ui.available_width(), 170.0), |ui| {
        ui.set_max_height(170.0);
        widgets::empty(
            ui,
            icons::FOLDERS,
            "No projects yet",
            "Add a folder, or drop one on the window.",
            |ui| {
                ui.add(Button::neutral("Add folder…"));
            },
        );
    });
    ui.allocate_ui(vec2(ui.available_width(), 190.0), |ui| {
        ui.set_max_height(190.0);
        let error = ErrorView::new(
            ErrorKind::Unreachable,
            "jozu.ml does not answer.",
            "Check the network, then try again. Nothing is lost.",
        );
        widgets::failed(ui, &error);
    });
    ui.allocate_ui(vec2(ui.available_width(), 150.0), |ui| {
        ui.set_max_height(150.0);
        widgets::no_match(ui, "wnie");
    });
}

pub(super) fn icon_sheet(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    let columns = (ui.available_width() / 24.0).floor().max(1.0) as usize;
    let rows = icons::ALL.len().div_ceil(columns);
    let (rect, _) = ui.allocate_exact_size(
        vec2(ui.available_width(), rows as f32 * 24.0),
        Sense::hover(),
    );
    for (i, (_, icon)) in icons::ALL.iter().enumerate() {
        let at = rect.min
            + vec2(
                (i % columns) as f32 * 24.0 + 12.0,
                (i / columns) as f32 * 24.0 + 12.0,
            );
        crate::theme::icon(ui.painter(), at, icon, sizes::ICON, t.text_2);
    }
}
