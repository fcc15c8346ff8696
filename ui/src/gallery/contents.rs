//! Lists, tables, trees, the treemap, the text pane, panels.

use egui::{Id, Ui, vec2};

use super::State;
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::code::{Decoration, LineMark, Token, code_editor};
use crate::widgets::treemap::{Group, Item, treemap};
use crate::widgets::{self, Button, Column, Line, ListRow, Mark, Side, Table, Tick, Tone, TreeRow};

/// Kind, name, path, files, bytes, what changed.
type LayerRow = (
    LayerKind,
    &'static str,
    &'static str,
    u64,
    u64,
    Option<&'static str>,
);

pub(super) fn table(ui: &mut Ui, state: &mut State) {
    let columns = [
        Column::flex("layer", "Layer", 110.0),
        Column::flex("path", "Path", 100.0).leaves(1),
        Column::fixed("files", "Files", 56.0).right().leaves(2),
        Column::fixed("size", "Size", 92.0)
            .right()
            .sortable_reversed(),
        Column::fixed("since", "Since v0.7.0", 110.0),
    ];
    let rows: [LayerRow; 6] = [
        (
            LayerKind::Config,
            "Kitfile",
            "Kitfile",
            1,
            1_400,
            Some("1 changed"),
        ),
        (LayerKind::Model, "Model", "model/", 6, 995_100_000, None),
        (
            LayerKind::Part,
            "Part, triage-lora",
            "adapters/triage-lora/",
            3,
            35_300_000,
            Some("1 changed"),
        ),
        (
            LayerKind::Dataset,
            "Dataset, train",
            "data/train/",
            4,
            744_600_000,
            None,
        ),
        (
            LayerKind::Code,
            "Code",
            "src/",
            86,
            59_700_000,
            Some("8 changed, +2, −1"),
        ),
        (
            LayerKind::None,
            "In no layer",
            "experiments/ + 2 more",
            1_489,
            9_410_000_000,
            Some("1 to decide"),
        ),
    ];
    widgets::outlined(ui, |ui| {
        Table::new("Layers", &columns)
            .row_height(sizes::ROW_COMPACT)
            .fit()
            .ticks(Tick::Some)
            .show(
                ui,
                &mut state.table,
                rows.len() + 1,
                |i| match i {
                    0 => Line::Group {
                        title: "Runs".to_owned(),
                        note: "8 of 41 match".to_owned(),
                        open: true,
                    },
                    i => Line::Row {
                        selected: i == 3,
                        faded: i == 6,
                    },
                },
                |i, column, cell| {
                    let (kind, name, path, files, size, since) = rows[i - 1];
                    let t = cell.tokens();
                    match column {
                        0 => cell.icon(kind.icon(), t.layer(kind)).text(name),
                        1 => cell.mono(path),
                        2 => cell.figure(&crate::format::thousands(files)),
                        3 => cell.bytes(size),
                        _ => match since {
                            Some(words) => cell.mark(
                                if kind == LayerKind::None {
                                    Mark::Attention
                                } else {
                                    Mark::Changed
                                },
                                words,
                            ),
                            None => cell.mark(Mark::Reused, "Reused"),
                        },
                    };
                },
                |i| i % 2 == 0,
            );
    });
}

pub(super) fn text_pane(ui: &mut Ui, state: &mut State) {
    let decoration = Decoration {
        spans: vec![
            (0..23, Token::Comment),
            (24..39, Token::Key),
            (47..54, Token::Key),
            (58..62, Token::Key),
            (81..88, Token::Key),
            (98..104, Token::Key),
        ],
        waves: vec![(98..104, Tone::Err)],
        lines: vec![
            (4, LineMark::Changed),
            (5, LineMark::Problem(Tone::Err)),
            (6, LineMark::Added),
            (7, LineMark::Added),
        ],
        removed_before: vec![2],
    };
    ui.allocate_ui(vec2(ui.available_width(), 180.0), |ui| {
        code_editor(
            ui,
            Id::unique("gallery-text"),
            "Kitfile text",
            &mut state.yaml,
            &decoration,
            false,
            None,
        );
    });
}

pub(super) fn lists(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    widgets::outlined(ui, |ui| {
        widgets::panel_head(ui, "Projects", Some("7"), |ui| {
            ui.add(Button::neutral("Add folder…").icon(icons::FOLDER_PLUS));
            ui.add(Button::icon_only(icons::FUNNEL_SIMPLE, "Filter"));
        });
        ListRow::new("support-triage")
            .tag(Some(icons::TAG_SIMPLE), "v0.7.0")
            .mark(Mark::Changed, "15 changed")
            .mark(Mark::Attention, "3 to decide")
            .path("~/ml/support-triage", Some((icons::GIT_BRANCH, "a3f81c2*")))
            .selected(true)
            .show(ui, Id::unique("g-list-1"));
        ListRow::new("wake-word")
            .tag(Some(icons::TAG_SIMPLE), "v0.3.0")
            .mark(Mark::Offline, "Folder not reachable")
            .path(
                "/media/ssd2/a-very-long-path-that-does-not-fit/wake-word",
                None,
            )
            .faded(true)
            .show(ui, Id::unique("g-list-2"));
        ListRow::new("jozu.ml")
            .letter("J", t.accent_text)
            .mark(Mark::Done, "Signed in as lena")
            .show(ui, Id::unique("g-list-3"));
        ListRow::new("churn-uplift")
            .note("11 tags, 14 Aug")
            .note_right("402 MB")
            .star(true)
            .show(ui, Id::unique("g-list-4"));
    });
}

pub(super) fn tree(ui: &mut Ui, _: &mut State) {
    let t = Tokens::of(ui);
    widgets::outlined(ui, |ui| {
        let part = t.layer(LayerKind::Part);
        let rows = [
            TreeRow {
                figure: "212 B",
                icon: (icons::FILE, t.text_3),
                ..TreeRow::new(".kitignore")
            },
            TreeRow {
                open: Some(true),
                icon: (icons::FOLDER_OPEN, part),
                edge: Some(part),
                figure: "35.3 MB",
                strong: true,
                ..TreeRow::new("adapters")
            },
            TreeRow {
                depth: 1,
                edge: Some(part),
                icon: (icons::FILE, t.text_3),
                mark: Some(Mark::Changed),
                figure: "35.2 MB",
                ..TreeRow::new("adapter_model.safetensors")
            },
            TreeRow {
                open: Some(false),
                icon: (icons::FOLDER_SIMPLE, t.text_3),
                pill: Some((Tone::Neutral, "Ignored")),
                figure: "9.20 GB",
                faded: true,
                ..TreeRow::new("checkpoints")
            },
            TreeRow {
                icon: (icons::FILE_LOCK, t.err),
                pill: Some((Tone::Err, "Secret?")),
                figure: "188 B",
                selected: true,
                ..TreeRow::new(".env")
            },
        ];
        for (i, row) in rows.into_iter().enumerate() {
            row.show(ui, Id::unique(("g-tree", i)));
        }
    });
}

pub(super) fn map(ui: &mut Ui, _: &mut State) {
    let file = |name: &str, megabytes: f64, changed: bool| Item {
        name: name.to_owned(),
        weight: megabytes * 1e6,
        figure: crate::format::bytes((megabytes * 1e6) as u64),
        changed,
    };
    let groups = [
        Group {
            name: "Model".to_owned(),
            kind: LayerKind::Model,
            changed: false,
            figure: "995.1 MB".to_owned(),
            items: vec![
                file("model.safetensors", 988.1, false),
                file("tokenizer.json", 7.0, false),
            ],
        },
        Group {
            name: "Dataset, train".to_owned(),
            kind: LayerKind::Dataset,
            changed: false,
            figure: "744.0 MB".to_owned(),
            items: (0..4)
                .map(|i| file(&format!("train-0000{i}.parquet"), 186.0, false))
                .collect(),
        },
        Group {
            name: "Part, triage-q4".to_owned(),
            kind: LayerKind::Part,
            changed: false,
            figure: "397.8 MB".to_owned(),
            items: vec![file("triage-q4_k_m.gguf", 397.8, false)],
        },
        Group {
            name: "Code".to_owned(),
            kind: LayerKind::Code,
            changed: true,
            figure: "59.7 MB".to_owned(),
            items: vec![file("train.py", 59.7, true)],
        },
    ];
    ui.allocate_ui(vec2(ui.available_width(), 170.0), |ui| {
        treemap(
            ui,
            "What the next pack will contain",
            &groups,
            Some((1, Some(0))),
        );
    });
}

pub(super) fn panels(ui: &mut Ui, state: &mut State) {
    widgets::section(ui, &mut state.open, "NLP team", Some("3"));
    widgets::section(ui, &mut state.closed, "Recent", Some("8"));
    ui.allocate_ui(vec2(ui.available_width(), 60.0), |ui| {
        ui.set_max_height(60.0);
        let t = Tokens::of(ui);
        widgets::split(
            ui,
            "Sample",
            Side::Left,
            &mut state.split,
            200.0,
            |ui| widgets::label(ui, Type::Small, t.text_2, "Panel"),
            |ui| widgets::label(ui, Type::Small, t.text_2, "  Rest"),
        );
    });
}
