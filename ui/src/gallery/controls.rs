//! What can be pressed, typed into and chosen from.

use egui::Ui;

use super::State;
use crate::theme::{Tokens, Type, icons};
use crate::widgets::{self, Button, MenuItem, Segment, TextField, Tick, Tone};

pub(super) fn buttons(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.add(
            Button::primary("Pack v0.8.0…")
                .icon(icons::PACKAGE)
                .large()
                .key("Ctrl P"),
        );
        ui.add(
            Button::neutral("Preview push")
                .icon(icons::BINOCULARS)
                .large(),
        );
    });
    ui.horizontal(|ui| {
        ui.add(Button::primary("Save").icon(icons::FLOPPY_DISK));
        ui.add(Button::neutral("Edit Kitfile").icon(icons::TEXT_ALIGN_LEFT));
        ui.add(Button::neutral("Newest").caret());
        ui.add(Button::ghost("Show files").icon(icons::TREE_STRUCTURE));
    });
    ui.horizontal(|ui| {
        ui.add(Button::neutral("Leave out").icon(icons::EYE_SLASH).small());
        ui.add(Button::ghost("Show line").small());
        ui.add(Button::link("Clean up…"));
        ui.add(Button::neutral("On").small().selected(true));
        ui.add(Button::icon_boxed(icons::DOTS_THREE, "More").small());
        ui.add(Button::icon_only(icons::X, "Close"));
    });
    ui.horizontal(|ui| {
        ui.add(Button::primary("Packing").busy(true));
        ui.add(Button::primary("Pack").blocked(Some("The Kitfile has an error")));
        ui.add(Button::neutral("Push").blocked(Some("Nothing to push")));
        let menu = ui.add(Button::neutral("Menu").caret());
        widgets::menu(&menu, ui, "Menu", |ui| {
            MenuItem::new("Reveal folder")
                .icon(icons::FOLDER_OPEN)
                .show(ui);
            MenuItem::new("Show ignored files").checked(true).show(ui);
            widgets::menu_rule(ui);
            MenuItem::new("Stop watching…")
                .icon(icons::TRASH)
                .key("Delete")
                .danger()
                .show(ui);
        });
    });
    ui.horizontal(|ui| {
        widgets::key_cap(ui, "Ctrl K");
        widgets::key_cap(ui, "F8");
        widgets::label(ui, Type::Small, t.text_3, "key caps");
    });
}

pub(super) fn toggles(ui: &mut Ui, state: &mut State) {
    ui.horizontal(|ui| {
        widgets::checkbox(ui, &mut state.on, "Move `latest` too");
        widgets::checkbox(ui, &mut state.off, "Not ticked");
        widgets::tick_row(ui, Tick::Some, "Some");
    });
    ui.horizontal(|ui| {
        widgets::radio(ui, true, "None");
        widgets::radio(ui, false, "gzip");
        ui.add_enabled_ui(false, |ui| widgets::radio(ui, false, "Not offered"));
    });
    ui.horizontal(|ui| {
        widgets::switch(ui, &mut state.on, "Differences only");
        widgets::switch(ui, &mut state.off, "Log y");
    });
    widgets::segments(
        ui,
        "Panes",
        &mut state.segment,
        &[
            "Form".into(),
            "Both".into(),
            Segment::new("Text").icon(icons::TEXT_ALIGN_LEFT),
        ],
    );
    let counted = [
        Segment::new("All"),
        Segment::new("Active").count(2),
        Segment::new("Finished").count(38),
    ];
    widgets::segments(ui, "Transfers", &mut state.segment, &counted);
    widgets::tabs(
        ui,
        "Kit",
        &mut state.tab,
        &[
            ("Overview", None),
            ("Files", Some(111)),
            ("Kitfile", None),
            ("History", Some(14)),
        ],
    );
}

pub(super) fn fields(ui: &mut Ui, state: &mut State) {
    ui.horizontal_top(|ui| {
        TextField::new(&mut state.text)
            .label("Name")
            .note("required")
            .width(210.0)
            .show(ui);
        TextField::new(&mut state.version)
            .label("Version")
            .mono()
            .changed_mark(true)
            .width(90.0)
            .show(ui);
    });
    TextField::new(&mut state.wrong)
        .label("Repository")
        .mono()
        .error(Some(
            "Letters of a repository are small: try `support-triage`.",
        ))
        .show(ui);
    let mut path = "model/".to_owned();
    TextField::new(&mut path)
        .label("Path")
        .icon(icons::FOLDER_SIMPLE)
        .mono()
        .status(Tone::Ok, icons::CHECK, "6 files, 995.1 MB")
        .button("Browse…")
        .show(ui);
    ui.horizontal_top(|ui| {
        widgets::combobox(
            ui,
            "license",
            &mut state.license,
            &["Apache-2.0", "MIT", "BSD-3-Clause"],
            |field| field.label("License").width(150.0),
        );
        TextField::new(&mut state.password)
            .label("Secret")
            .password()
            .width(150.0)
            .show(ui);
    });
    TextField::search(&mut state.search, "Filter by name, tag or path")
        .key("/")
        .show(ui);
    TextField::search(&mut state.filled_search, "Filter files").show(ui);
    ui.horizontal(|ui| {
        widgets::select(
            ui,
            "Sort",
            &mut state.select,
            &["Newest", "Name", "Size"],
            120.0,
        );
        ui.add_enabled_ui(false, |ui| {
            TextField::new(&mut state.text)
                .name("Read only")
                .width(160.0)
                .show(ui)
        });
    });
}
