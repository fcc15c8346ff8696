//! The dialog that makes a report: format and note, then the charts are asked for.

use egui::{Context, vec2};
use kitbench_protocol::{Answer, ChartFormat, Door, ExportChart, ExportedFile, ThemeChoice};

use super::Compare;
use super::honesty::Drawing;
use super::report::Report;
use crate::app::{Dialog, ViewCtx};
use crate::backend::Pending;
use crate::commands::Command;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, Toast};

impl Compare {
    pub(super) fn ask_report(&self, ctx: &ViewCtx<'_>) {
        let row = ctx
            .shared
            .projects
            .value()
            .and_then(|rows| rows.iter().find(|row| Some(row.id) == self.project));
        let report = self.report(row.map_or_else(String::new, |row| row.name.clone()));
        let calls = self
            .charts_in_sight()
            .into_iter()
            .filter_map(|metric| {
                let call = self.export_call(&metric, ChartFormat::Svg, ThemeChoice::Light)?;
                let honesty = self
                    .charts
                    .get(&metric)
                    .map(|chart| {
                        chart.data.honesty(&Drawing {
                            smoothing: self.setup.smoothing_words(self.extent()),
                            resumed: self.setup.resumed,
                            band: self.setup.bands.filter(|_| chart.banded()),
                            ..Drawing::default()
                        })
                    })
                    .unwrap_or_default();
                Some((call, honesty))
            })
            .collect();
        ctx.commands.send(Command::Show(Box::new(ReportDialog {
            report,
            calls,
            format: 0,
            waiting: None,
        })));
    }
}

/// A chart that is on its way: metric, honesty line, answer.
type Waiting = (
    String,
    String,
    Pending<ExportedFile>,
    Option<Answer<ExportedFile>>,
);

struct ReportDialog {
    report: Report,
    calls: Vec<(ExportChart, String)>,
    format: usize,
    waiting: Option<Vec<Waiting>>,
}

impl ReportDialog {
    fn start(&mut self, view: &ViewCtx<'_>) {
        let ask = |(call, honesty): &(ExportChart, String)| {
            (
                call.metric.clone(),
                honesty.clone(),
                view.client.call(call.clone()),
                None,
            )
        };
        self.waiting = Some(self.calls.iter().map(ask).collect());
    }

    /// Whether all charts are here and the file was handed on.
    fn finish(&mut self, view: &ViewCtx<'_>) -> bool {
        let Some(waiting) = &mut self.waiting else {
            return false;
        };
        for (_, _, pending, answer) in waiting.iter_mut() {
            if answer.is_none() {
                *answer = pending.take();
            }
        }
        if waiting.iter().any(|(_, _, _, answer)| answer.is_none()) {
            return false;
        }
        let mut charts = Vec::new();
        for (metric, honesty, _, answer) in self.waiting.take().into_iter().flatten() {
            match answer {
                Some(Ok(file)) => charts.push((
                    metric,
                    honesty,
                    String::from_utf8_lossy(&file.bytes).into_owned(),
                )),
                Some(Err(error)) => {
                    view.commands.toast(Toast::error(&error));
                    return false;
                }
                None => return false,
            }
        }
        self.report.charts = charts;
        let (ending, media_type, text) = if self.format == 0 {
            ("html", "text/html", self.report.html())
        } else {
            ("md", "text/markdown", self.report.markdown())
        };
        let name: String = self
            .report
            .project
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let file = ExportedFile {
            suggested_name: format!("{name}-runs.{ending}"),
            media_type: media_type.to_owned(),
            bytes: text.into_bytes(),
        };
        let door = view
            .shared
            .info
            .value()
            .map_or(Door::Browser, |info| info.door);
        super::export::save(file, door, view.commands);
        true
    }
}

impl Dialog for ReportDialog {
    fn show(&mut self, egui: &Context, view: &ViewCtx<'_>) -> bool {
        if self.finish(view) {
            return false;
        }
        let runs = crate::format::count(self.report.runs.len() as u64, "run", "runs");
        let charts = crate::format::count(self.calls.len() as u64, "chart", "charts");
        let note = format!("{runs}, {charts}");
        let frame = DialogFrame {
            title: "Report",
            icon: Some(icons::FILE_TEXT),
            note: Some(&note),
            size: vec2(560.0, 400.0),
        };
        let busy = self.waiting.is_some();
        let (mut open, mut save) = (true, false);
        let closed = widgets::dialog(
            egui,
            &frame,
            |ui| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let t = Tokens::of(ui);
                    ui.spacing_mut().item_spacing.y = sizes::SPACE_4;
                    widgets::paragraph(
                        ui,
                        Type::Body,
                        t.text_2,
                        "One file with the ticked runs, the parameters that differ, and the charts as they are. It opens without Kitbench and without the tracker.",
                    );
                    widgets::segments(
                        ui,
                        "Format",
                        &mut self.format,
                        &["HTML".into(), "Markdown".into()],
                    );
                    widgets::text_area(ui, &mut self.report.note, "Note", 6, false);
                });
            },
            |ui| {
                save = ui
                    .add(Button::primary("Save report").large().busy(busy))
                    .clicked();
                if ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked()
                {
                    open = false;
                }
            },
        );
        if save {
            self.start(view);
        }
        open && !closed
    }
}
