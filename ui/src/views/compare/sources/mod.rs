//! Sources of runs: what was found where and what was skipped and why, tracking servers, what the
//! columns of plain files mean; and one run in full.

mod mapping;
mod run;
pub mod servers;

use egui::{Align, Context, Layout, Role, ScrollArea, Ui, vec2};
use kitbench_protocol::{EventKind, ListRuns, ProjectId, RunSource, RunsTable, TrackingServer};

pub use mapping::MappingDialog;
pub use run::RunDialog;

use crate::app::{Dialog, ViewCtx};
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, FailureAction, Mark};
use servers::Servers;

/// Endings of files whose columns can be told, though they were passed over.
const TABLES: [&str; 4] = [".csv", ".tsv", ".jsonl", ".ndjson"];

/// What is listed.
#[derive(Default)]
struct Found {
    sources: Vec<RunSource>,
    skipped: Vec<(String, String)>,
    damaged: Vec<(String, Vec<String>)>,
}

impl Found {
    fn new(table: &RunsTable) -> Self {
        let damaged = table.runs.iter().filter(|run| !run.problems.is_empty());
        Self {
            sources: table.sources.clone(),
            skipped: table.skipped.clone(),
            damaged: damaged
                .map(|run| (run.name.clone(), run.problems.clone()))
                .collect(),
        }
    }
}

/// What was found where, and what was skipped and why.
pub struct SourcesDialog {
    project: ProjectId,
    folder: String,
    found: Found,
    servers: Servers,
    /// Asked for when something changed while the dialog is open.
    table: Remote<RunsTable>,
    changed: bool,
}

impl SourcesDialog {
    /// Of this table of a project in this folder.
    #[must_use]
    pub fn new(project: ProjectId, table: &RunsTable, folder: String) -> Self {
        Self {
            project,
            folder,
            found: Found::new(table),
            servers: Servers::default(),
            table: Remote::default(),
            changed: false,
        }
    }

    fn update(&mut self, view: &ViewCtx<'_>) {
        let project = self.project;
        self.servers.update(view, project);
        if !self.changed {
            return;
        }
        let before = self.table.version();
        self.table.ask(view.client, view.now, || ListRuns {
            project,
            filter: String::new(),
        });
        if self.table.version() != before
            && let Some(table) = self.table.value()
        {
            self.found = Found::new(table);
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n", self.folder);
        for source in &self.found.sources {
            text.push_str(&format!(
                "{}\t{}\t{} runs\n",
                source.kind, source.path, source.runs
            ));
            source
                .problems
                .iter()
                .for_each(|problem| text.push_str(&format!("\t{problem}\n")));
        }
        self.found
            .skipped
            .iter()
            .for_each(|(path, why)| text.push_str(&format!("skipped\t{path}\t{why}\n")));
        for (run, problems) in &self.found.damaged {
            problems
                .iter()
                .for_each(|problem| text.push_str(&format!("{run}\t{problem}\n")));
        }
        text
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        self.servers_ui(ui, view);
        head(ui, "In the folder", self.files().count());
        widgets::paragraph(
            ui,
            Type::Small,
            t.text_2,
            &format!("Below `{}`, recognised by content.", self.folder),
        );
        for source in self.files() {
            self.source_row(ui, source, view);
        }
        if !self.found.damaged.is_empty() {
            head(ui, "Damaged data", self.found.damaged.len());
            for (run, problems) in &self.found.damaged {
                widgets::label(ui, Type::BodyStrong, t.text, run);
                problems.iter().for_each(|problem| noted(ui, problem));
            }
        }
        if !self.found.skipped.is_empty() {
            head(ui, "Skipped", self.found.skipped.len());
            for (path, why) in &self.found.skipped {
                ui.horizontal(|ui| {
                    widgets::label(ui, Type::Mono, t.text_2, path);
                    let lower = path.to_lowercase();
                    if TABLES.iter().any(|ending| lower.ends_with(ending)) {
                        self.columns_button(ui, path, "Read as a table…", view);
                    }
                });
                noted(ui, why);
            }
        }
    }

    /// Sources that are files.
    fn files(&self) -> impl Iterator<Item = &RunSource> {
        let sources = self.found.sources.iter();
        sources.filter(|source| source.server.is_none())
    }

    fn servers_ui(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        let servers = self.servers.all();
        if servers.is_empty() && self.servers.failure().is_none() {
            return;
        }
        head(ui, "Tracking servers", servers.len());
        if let Some(failure) = self.servers.failure().cloned()
            && widgets::failed_strip(ui, &failure, None) == Some(FailureAction::Retry)
        {
            self.servers.invalidate();
            return;
        }
        let problems = |server: &TrackingServer| -> Vec<String> {
            let sources = self.found.sources.iter();
            let mut of = sources.filter(|source| source.server == Some(server.id));
            of.next().map_or_else(Vec::new, |s| s.problems.clone())
        };
        for server in servers {
            servers::server_row(ui, server, view);
            problems(server)
                .iter()
                .for_each(|problem| noted(ui, problem));
            ui.add_space(sizes::SPACE_2);
        }
        let words = "Asked every few seconds while the Experiments screen is open; only read.";
        widgets::label(ui, Type::Caption, t.text_3, words);
    }

    fn source_row(&self, ui: &mut Ui, source: &RunSource, view: &ViewCtx<'_>) {
        let t = Tokens::of(ui);
        ui.horizontal(|ui| {
            ui.set_min_height(sizes::BUTTON_S);
            widgets::badge(ui, &source.kind);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let runs = crate::format::count(u64::from(source.runs), "run", "runs");
                widgets::label(ui, Type::Small, t.text_3, &runs);
                if source.columns {
                    self.columns_button(ui, &source.path, "Columns…", view);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let path = match source.path.as_str() {
                        "" => ".",
                        path => path,
                    };
                    widgets::label(ui, Type::Mono, t.text, path);
                });
            });
        });
        source
            .problems
            .iter()
            .for_each(|problem| noted(ui, problem));
    }

    fn columns_button(&self, ui: &mut Ui, path: &str, word: &str, view: &ViewCtx<'_>) {
        let button = Button::link(word)
            .small()
            .name(format!("Columns of {path}"))
            .tip("What each column means: step, time, run, metric, parameter");
        if ui.add(button).clicked() {
            let dialog = MappingDialog::new(self.project, path);
            view.commands.send(Command::Show(Box::new(dialog)));
        }
    }
}

/// A head over a part of a list, with a count.
fn head(ui: &mut Ui, title: &str, count: usize) {
    let t = Tokens::of(ui);
    ui.add_space(sizes::SPACE_3);
    ui.horizontal(|ui| {
        widgets::named(ui, Role::Heading, Type::BodyBold, t.text, title);
        widgets::label(
            ui,
            Type::Small,
            t.text_3,
            &crate::format::thousands(count as u64),
        );
    });
}

/// Something that is worth attention, under what it is about.
fn noted(ui: &mut Ui, words: &str) {
    ui.horizontal_top(|ui| {
        let t = Tokens::of(ui);
        ui.add_space(sizes::SPACE_4);
        let (rect, _) = ui.allocate_exact_size(vec2(14.0, 16.0), egui::Sense::hover());
        widgets::paint_mark(ui, rect.center(), Mark::Attention, 13.0);
        widgets::paragraph(ui, Type::Small, t.text_2, words);
    });
}

impl Dialog for SourcesDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        self.update(view);
        let sources = self.files().count() + self.servers.all().len();
        let note = format!(
            "{}, {}",
            crate::format::count(sources as u64, "source", "sources"),
            crate::format::count(self.found.skipped.len() as u64, "skipped", "skipped")
        );
        let frame = DialogFrame {
            title: "What was found where",
            icon: Some(icons::BINOCULARS),
            note: Some(&note),
            size: vec2(720.0, 600.0),
        };
        let mut open = true;
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, this| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::PAGE_INSET, |ui| this.body(ui, view))
                    });
            },
            |ui, this| {
                let close = Button::neutral("Close").large().key("Esc");
                open = !ui.add(close).clicked();
                let copy = Button::ghost("Copy")
                    .icon(icons::COPY)
                    .name("Copy the list");
                if ui.add(copy).clicked() {
                    view.commands.send(Command::Copy(this.text()));
                }
                let add = Button::neutral("Add tracking server…").icon(icons::PLUS);
                if ui.add(add).clicked() {
                    view.commands
                        .send(Command::Show(servers::add(this.project)));
                }
            },
        );
        open && !closed
    }

    fn on_event(&mut self, event: &EventKind) {
        match event {
            EventKind::Runs(project) if *project == self.project => {
                self.changed = true;
                self.table.invalidate();
                self.servers.invalidate();
            }
            EventKind::TrackingServers(project) if *project == self.project => {
                self.servers.invalidate();
            }
            _ => {}
        }
    }
}
