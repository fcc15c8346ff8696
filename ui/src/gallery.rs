//! Every widget in every state, on one page. The cheapest thing to look at after a change of the
//! look, and tested by picture in both themes.

use egui::{Id, Rect, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{ErrorKind, ErrorView};

use crate::theme::{LayerKind, Marker, Pieces, Tokens, Type, icons, sizes};
use crate::widgets::code::{Decoration, LineMark, Token, code_block, code_editor};
use crate::widgets::treemap::{Group, Item, treemap};
use crate::widgets::{
    self, Button, Column, Line, ListRow, Mark, MenuItem, Segment, Side, Table, TableState,
    TextField, Tick, Tone, TreeRow,
};

/// What the page remembers while it is open.
#[derive(Clone)]
struct State {
    text: String,
    wrong: String,
    search: String,
    filled_search: String,
    password: String,
    license: String,
    version: String,
    yaml: String,
    on: bool,
    off: bool,
    segment: usize,
    tab: usize,
    select: usize,
    open: bool,
    closed: bool,
    split: f32,
    table: TableState,
}

impl Default for State {
    fn default() -> Self {
        Self {
            text: "support-triage".to_owned(),
            wrong: "Support Triage".to_owned(),
            search: String::new(),
            filled_search: "triage".to_owned(),
            password: "secret".to_owned(),
            license: "Apache-2.0".to_owned(),
            version: "0.8.0".to_owned(),
            yaml: YAML.to_owned(),
            on: true,
            off: false,
            segment: 1,
            tab: 1,
            select: 0,
            open: true,
            closed: false,
            split: 200.0,
            table: TableState {
                sort: Some(("size".to_owned(), true)),
                ..TableState::default()
            },
        }
    }
}

const YAML: &str = "# Support-ticket triage\nmanifestVersion: 1.0.0\npackage:\n  name: support-triage\n  version: 0.8.0\n  author: [Lena Fischer]\nmodel:\n  path: model/\n";

/// Draw the page over the whole area.
pub fn show(ui: &mut Ui) {
    let id = Id::unique("gallery-state");
    let mut state = ui
        .data_mut(|data| data.get_temp::<State>(id))
        .unwrap_or_default();
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            widgets::inset(ui, sizes::PAGE_INSET, |ui| page(ui, &mut state));
        });
    ui.data_mut(|data| data.insert_temp(id, state));
}

/// The contents of the page, without scrolling.
fn page(ui: &mut Ui, state: &mut State) {
    let width = ui.available_width();
    let column = (width - 2.0 * sizes::SPACE_4) / 3.0;
    let top = ui.cursor().min;
    let mut lowest: f32 = top.y;
    let parts: [&[Part]; 3] = [
        &[
            ("Buttons", buttons),
            ("Toggles", toggles),
            ("Fields", fields),
            ("Type", type_scale),
        ],
        &[
            ("Marks and pills", marks),
            ("Banners and strips", banners),
            ("Table", table),
            ("Bars and figures", bars),
            ("Text pane", text_pane),
        ],
        &[
            ("Lists", lists),
            ("Tree", tree),
            ("Treemap", map),
            ("States", states),
            ("Panels", panels),
            ("Icons", icon_sheet),
        ],
    ];
    for (i, parts) in parts.into_iter().enumerate() {
        let rect = Rect::from_min_size(
            top + vec2(i as f32 * (column + sizes::SPACE_4), 0.0),
            vec2(column, 10_000.0),
        );
        let mut child = ui.new_child(UiBuilder::new().id_salt(i).max_rect(rect));
        child.spacing_mut().item_spacing.y = sizes::SPACE_4;
        for (title, part) in parts {
            widgets::card(
                &mut child,
                title,
                None,
                |_| {},
                |ui| widgets::inset(ui, sizes::SPACE_4, |ui| part(ui, state)),
            );
        }
        lowest = lowest.max(child.min_rect().bottom());
    }
    ui.allocate_rect(
        Rect::from_min_max(top, pos2(top.x + width, lowest)),
        Sense::hover(),
    );
}

type Part = (&'static str, fn(&mut Ui, &mut State));

fn buttons(ui: &mut Ui, _: &mut State) {
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

fn toggles(ui: &mut Ui, state: &mut State) {
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

fn fields(ui: &mut Ui, state: &mut State) {
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

fn type_scale(ui: &mut Ui, _: &mut State) {
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

fn marks(ui: &mut Ui, _: &mut State) {
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

fn banners(ui: &mut Ui, _: &mut State) {
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

fn table(ui: &mut Ui, state: &mut State) {
    let columns = [
        Column::flex("layer", "Layer", 110.0),
        Column::flex("path", "Path", 100.0).leaves(1),
        Column::fixed("files", "Files", 56.0).right().leaves(2),
        Column::fixed("size", "Size", 92.0)
            .right()
            .sortable_reversed(),
        Column::fixed("since", "Since v0.7.0", 110.0),
    ];
    let rows: [(LayerKind, &str, &str, u64, u64, Option<&str>); 6] = [
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

fn bars(ui: &mut Ui, _: &mut State) {
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

fn text_pane(ui: &mut Ui, state: &mut State) {
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

fn lists(ui: &mut Ui, _: &mut State) {
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

fn tree(ui: &mut Ui, _: &mut State) {
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

fn map(ui: &mut Ui, _: &mut State) {
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
            items: vec![
                file("model.safetensors", 988.1, false),
                file("tokenizer.json", 7.0, false),
            ],
        },
        Group {
            name: "Dataset, train".to_owned(),
            kind: LayerKind::Dataset,
            changed: false,
            items: (0..4)
                .map(|i| file(&format!("train-0000{i}.parquet"), 186.0, false))
                .collect(),
        },
        Group {
            name: "Part, triage-q4".to_owned(),
            kind: LayerKind::Part,
            changed: false,
            items: vec![file("triage-q4_k_m.gguf", 397.8, false)],
        },
        Group {
            name: "Code".to_owned(),
            kind: LayerKind::Code,
            changed: true,
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

fn states(ui: &mut Ui, _: &mut State) {
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

fn panels(ui: &mut Ui, state: &mut State) {
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

fn icon_sheet(ui: &mut Ui, _: &mut State) {
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
