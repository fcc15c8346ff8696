//! Every widget in every state, on one page. The cheapest thing to look at after a change of the
//! look, and tested by picture in both themes.

mod contents;
mod controls;
mod signs;

use contents::{lists, map, panels, table, text_pane, tree};
use controls::{buttons, fields, toggles};
use signs::{banners, bars, icon_sheet, marks, states, type_scale};

use egui::{Id, Rect, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};

use crate::theme::sizes;
use crate::widgets::{self, TableState};

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
