//! The dialog that makes a report: title, note, format and theme. The engine makes the file from
//! what a review would hold.

use egui::{Context, vec2};
use kitbench_protocol::{
    Door, ErrorView, ExportedFile, ProjectId, ReportFormat, ReportRuns, ReviewSpec, ThemeChoice,
};

use super::Compare;
use crate::app::{Dialog, ViewCtx};
use crate::backend::Pending;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Mark, TextField};

impl Compare {
    pub(super) fn ask_report(&self, ctx: &ViewCtx<'_>) {
        let Some(project) = self.project else { return };
        ctx.commands.send(Command::Show(Box::new(ReportDialog {
            project,
            spec: self.review_spec(),
            format: 0,
            dark: false,
            waiting: None,
            failed: None,
        })));
    }
}

struct ReportDialog {
    project: ProjectId,
    spec: ReviewSpec,
    format: usize,
    dark: bool,
    waiting: Option<Pending<ExportedFile>>,
    /// Why the last attempt came to nothing.
    failed: Option<ErrorView>,
}

const FORMATS: [(ReportFormat, &str); 2] = [
    (ReportFormat::Html, "HTML"),
    (ReportFormat::Markdown, "Markdown"),
];

impl ReportDialog {
    fn start(&mut self, view: &ViewCtx<'_>) {
        let theme = if self.dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        self.failed = None;
        self.spec.name = self.spec.name.trim().to_owned();
        self.waiting = Some(view.client.call(ReportRuns {
            project: self.project,
            spec: self.spec.clone(),
            format: FORMATS[self.format.min(1)].0,
            theme,
        }));
    }

    /// Whether the file is here and was handed on.
    fn finish(&mut self, view: &ViewCtx<'_>) -> bool {
        let Some(answer) = self.waiting.as_ref().and_then(Pending::take) else {
            return false;
        };
        self.waiting = None;
        match answer {
            Ok(file) => {
                let info = view.shared.info.value();
                let door = info.map_or(Door::Browser, |info| info.door);
                super::export::save(file, door, view.commands);
                true
            }
            Err(error) => {
                self.failed = Some(error);
                false
            }
        }
    }

    fn body(&mut self, ui: &mut egui::Ui) {
        let t = Tokens::of(ui);
        ui.spacing_mut().item_spacing.y = sizes::SPACE_4;
        widgets::paragraph(
            ui,
            Type::Body,
            t.text_2,
            "One file with the ticked runs, the parameters that differ, and the charts. It opens without Kitbench and without the tracker, and carries its data.",
        );
        TextField::new(&mut self.spec.name)
            .label("Title")
            .hint("Comparison of runs")
            .show(ui);
        widgets::text_area(ui, &mut self.spec.note, "Note", 5, false);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = sizes::SPACE_5;
            let words = FORMATS.map(|(_, word)| word.into());
            widgets::segments(ui, "Format", &mut self.format, &words);
            widgets::checkbox(ui, &mut self.dark, "Dark");
        });
        if let Some(error) = &self.failed {
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(vec2(16.0, 18.0), egui::Sense::hover());
                widgets::paint_mark(ui, rect.center(), Mark::Failed, 14.0);
                widgets::paragraph(ui, Type::Small, t.err, &error.to_string());
            });
        }
    }
}

impl Dialog for ReportDialog {
    fn show(&mut self, egui: &Context, view: &ViewCtx<'_>) -> bool {
        if self.finish(view) {
            return false;
        }
        let runs = crate::format::count(self.spec.runs.len() as u64, "run", "runs");
        let charts = crate::format::count(self.spec.charts.len() as u64, "chart", "charts");
        let note = format!("{runs}, {charts}");
        let frame = DialogFrame {
            title: "Report",
            icon: Some(icons::FILE_TEXT),
            note: Some(&note),
            size: vec2(560.0, 460.0),
        };
        let (mut open, mut save) = (true, false);
        let busy = self.waiting.is_some();
        let closed = widgets::dialog_with(
            egui,
            &frame,
            self,
            |ui, this| widgets::inset(ui, sizes::PAGE_INSET, |ui| this.body(ui)),
            |ui, _| {
                let button = Button::primary("Save report").large().busy(busy);
                save = ui.add(button).clicked();
                let cancel = Button::neutral("Cancel").large().key("Esc");
                open = !ui.add(cancel).clicked();
            },
        );
        if save && !busy {
            self.start(view);
        }
        open && !closed
    }
}
