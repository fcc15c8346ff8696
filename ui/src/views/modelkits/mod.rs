//! ModelKits: the local store as a list, and everything of one kit.

mod dialogs;
mod files;
mod list;
mod model;
mod page;
mod run;

pub use files::{Look, file_icon};
pub use run::{brief as attached_run_brief, show as attached_run};

use std::collections::BTreeSet;

use egui::Ui;
use kitbench_protocol::{EventKind, FileView, GetKit, KitDetail, KitRow, VerifyKit};

use crate::app::{Place, View, ViewCtx};
use crate::backend::RemoteMap;
use crate::commands::{Command, CommandId, Entity};
use crate::theme::icons;
use crate::widgets::{Button, Side, Toast, empty, split};

/// The screen's state.
#[derive(Default)]
pub struct ModelKits {
    filter: String,
    sort: usize,
    selected: Option<String>,
    width: Option<f32>,
    details: RemoteMap<String, KitDetail>,
    tab: usize,
    files: files::FilesTab,
}

/// What was asked for on the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    Select(String),
    Unpack,
    Push,
    Tag,
    Remove,
    Verify,
    Pull,
}

impl ModelKits {
    fn rows<'a>(&self, ctx: &'a ViewCtx<'_>) -> &'a [KitRow] {
        ctx.shared
            .kits
            .value()
            .map_or(&[], |list| list.kits.as_slice())
    }

    /// The reference on the page: the chosen one while it exists, else the first.
    fn current(&self, ctx: &ViewCtx<'_>) -> Option<String> {
        let rows = self.rows(ctx);
        let chosen = self
            .selected
            .as_ref()
            .filter(|reference| rows.iter().any(|row| model::names(row).contains(reference)));
        chosen.cloned().or_else(|| {
            let shown = model::shown(rows, &self.filter, self.sort);
            shown.first().map(|row| model::reference(row))
        })
    }

    fn perform(&mut self, ask: Ask, ctx: &ViewCtx<'_>) {
        let current = self.current(ctx);
        let remote = current.as_deref().is_some_and(model::names_registry);
        let dialog: Option<Box<dyn crate::app::Dialog>> = match (ask, current) {
            (Ask::Select(reference), _) => {
                self.selected = Some(reference);
                self.files = files::FilesTab::default();
                None
            }
            (Ask::Pull, _) => Some(dialogs::pull(String::new())),
            (Ask::Unpack, Some(reference)) => Some(dialogs::unpack(reference, ctx)),
            (Ask::Push, Some(reference)) => Some(dialogs::push(reference, remote)),
            (Ask::Tag, Some(reference)) => Some(dialogs::tag(reference)),
            (Ask::Remove, Some(reference)) => Some(dialogs::remove(reference)),
            (Ask::Verify, Some(reference)) => {
                ctx.act(VerifyKit { reference }, |_, commands| {
                    let show = Command::Go(Place::Transfers(None));
                    commands.toast(Toast::note("Hashing all bytes again").action("Show", show));
                });
                None
            }
            (_, None) => None,
        };
        if let Some(dialog) = dialog {
            ctx.commands.send(Command::Show(dialog));
        }
    }
}

impl View for ModelKits {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let current = self.current(ctx);
        let mut width = self.width.unwrap_or(272.0);
        let Self {
            filter,
            sort,
            details,
            tab,
            files,
            ..
        } = self;
        let mut asks = Vec::new();
        let (list_ask, page_ask) = split(
            ui,
            "ModelKits",
            Side::Left,
            &mut width,
            272.0,
            |ui| list::list(ui, filter, sort, current.as_deref(), ctx),
            |ui| {
                let Some(reference) = &current else {
                    empty(
                        ui,
                        icons::PACKAGE,
                        "No ModelKits in the local store",
                        "Pack a project, or pull a ModelKit from a registry.",
                        |ui| {
                            if ui.add(Button::neutral("Show projects")).clicked() {
                                ctx.commands.run(CommandId::GoProjects);
                            }
                        },
                    );
                    return None;
                };
                let detail = details.of(reference).ask(ctx.client, ctx.now, || GetKit {
                    reference: reference.clone(),
                });
                page::page(ui, reference, detail, tab, files, ctx)
            },
        );
        self.width = Some(width);
        asks.extend(list_ask);
        asks.extend(page_ask);
        for ask in asks {
            self.perform(ask, ctx);
        }
    }

    fn open(&mut self, place: &Place, _: &ViewCtx<'_>) {
        if let Place::ModelKits(Some(reference)) = place {
            self.selected = Some(reference.clone());
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::ModelKits(self.selected.clone()))
    }

    fn crumbs(&self, ctx: &ViewCtx<'_>) -> Vec<(String, Option<Place>)> {
        self.current(ctx)
            .map(|reference| (reference, None))
            .into_iter()
            .collect()
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let ask = match command {
            CommandId::Unpack => Ask::Unpack,
            CommandId::Push => Ask::Push,
            CommandId::Pull => Ask::Pull,
            CommandId::Tag => Ask::Tag,
            CommandId::RemoveTag => Ask::Remove,
            _ => return false,
        };
        self.perform(ask, ctx);
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        if matches!(event, EventKind::Store) {
            self.details.invalidate_all();
        }
    }

    fn refresh(&mut self) {
        self.details.invalidate_all();
    }

    fn entities(&self, _: &mut Vec<Entity>) {}
}

pub use model::relation as relation_words;

/// Layers that are folded, files that were opened.
pub type Opened = RemoteMap<(String, u32, String), FileView>;
/// Indices of folded layers.
pub type Folded = BTreeSet<u32>;
