//! Charts as files: PNG, SVG, CSV.

use egui::{Context, Ui, vec2};
use kitbench_protocol::{
    ChartFormat, Door, ExportChart, ExportRun, ExportedFile, SaveFile, ThemeChoice,
};

use super::Compare;
use super::state::SLOTS;
use crate::app::{Dialog, ViewCtx};
use crate::commands::{Command, CommandSender};
use crate::theme::{Tokens, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, MenuItem, Toast, menu};

/// Size of an exported picture in pixels.
pub(super) const SIZE: (u32, u32) = (1280, 720);

impl Compare {
    /// Why nothing can be exported.
    pub(super) fn export_blocked(&self) -> Option<&'static str> {
        if self.ticks().is_none_or(|ticks| ticks.order().is_empty()) {
            Some("Tick the runs to export first")
        } else if self.charts_in_sight().is_empty() {
            Some("No chart is shown")
        } else {
            None
        }
    }

    /// A button of the head: with one chart in sight it exports that one, else it asks which.
    pub(super) fn export_button(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        format: ChartFormat,
        word: &str,
    ) {
        let charts = self.charts_in_sight();
        let button = ui.add(
            Button::neutral(word)
                .blocked(self.export_blocked())
                .name(format!("Export {word}"))
                .tip(tip_of(format)),
        );
        match charts.as_slice() {
            [one] => {
                if button.clicked() {
                    self.export(ctx, one, format);
                }
            }
            many => {
                menu(&button, ui, &format!("Export {word}"), |ui| {
                    for metric in many {
                        if MenuItem::new(metric).icon(icons::CHART_LINE).show(ui) {
                            self.export(ctx, metric, format);
                        }
                    }
                });
            }
        }
    }

    /// The ticked runs with their colours.
    pub(super) fn export_runs(&self, theme: ThemeChoice) -> Vec<ExportRun> {
        let t = Tokens::for_dark(theme == ThemeChoice::Dark);
        let drawn = self.drawn().into_iter();
        drawn
            .map(|run| {
                let color = if run.slot >= SLOTS {
                    t.text_3
                } else {
                    t.run(run.slot)
                };
                ExportRun {
                    id: run.id,
                    color: u32::from_be_bytes([0, color.r(), color.g(), color.b()]),
                    label: run.name,
                }
            })
            .collect()
    }

    /// The question for a chart's file, drawn as it is on the screen.
    pub(super) fn export_call(
        &self,
        metric: &str,
        format: ChartFormat,
        theme: ThemeChoice,
    ) -> Option<ExportChart> {
        let groups = self.groups_of(&self.drawn());
        Some(ExportChart {
            project: self.project?,
            runs: self.export_runs(theme),
            metric: metric.to_owned(),
            x_axis: self.setup.axis,
            x_range: self.seen_values(),
            log_y: self.setup.log_of(metric),
            smoothing: self.setup.smoothing(self.extent()),
            options: self.setup.options(),
            bands: self.setup.bands.map(|kind| (kind, groups)),
            format,
            theme,
            width: SIZE.0,
            height: SIZE.1,
        })
    }

    /// Make the file and save it.
    pub(super) fn export(&self, ctx: &ViewCtx<'_>, metric: &str, format: ChartFormat) {
        let dark = self.dark;
        let theme = if dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        if let Some(call) = self.export_call(metric, format, theme) {
            send(ctx, call);
        }
    }

    /// The dialog behind the command: which chart, as what.
    pub(super) fn ask_export(&mut self, ctx: &ViewCtx<'_>) -> bool {
        if self.export_blocked().is_some() {
            return false;
        }
        let theme = if self.dark {
            ThemeChoice::Dark
        } else {
            ThemeChoice::Light
        };
        let calls: Vec<ExportChart> = self
            .charts_in_sight()
            .iter()
            .filter_map(|metric| self.export_call(metric, ChartFormat::Png, theme))
            .collect();
        ctx.commands.send(Command::Show(Box::new(ExportDialog {
            calls,
            chart: 0,
            format: 0,
            light: theme == ThemeChoice::Light,
        })));
        true
    }
}

fn tip_of(format: ChartFormat) -> &'static str {
    match format {
        ChartFormat::Png => "The chart as a picture, as it is on the screen",
        ChartFormat::Svg => "The chart as a drawing that can be scaled, as it is on the screen",
        ChartFormat::Csv => "All points of the ticked runs, not only those drawn",
    }
}

pub(super) fn send<C>(ctx: &ViewCtx<'_>, call: C)
where
    C: kitbench_protocol::Call<Reply = ExportedFile> + 'static,
{
    let door = ctx
        .shared
        .info
        .value()
        .map_or(Door::Browser, |info| info.door);
    ctx.act(call, move |file, commands| save(file, door, commands));
}

/// Ask where to save a file, or hand it to the browser.
pub(super) fn save(file: ExportedFile, door: Door, commands: &CommandSender) {
    if door == Door::Browser {
        match crate::backend::download(&file) {
            Ok(()) => commands.toast(Toast::done(format!(
                "{} went to your downloads",
                file.suggested_name
            ))),
            Err(error) => commands.toast(Toast::error(&error)),
        }
        return;
    }
    commands.send(Command::Call(Box::new(move |client, commands| {
        let commands = commands.clone();
        let call = SaveFile {
            suggested_name: file.suggested_name,
            bytes: file.bytes,
        };
        client.call_then(call, move |answer| match answer {
            Ok(Some(path)) => commands.toast(Toast::done(format!("Saved {path}"))),
            // The user closed the dialog.
            Ok(None) => {}
            Err(error) => commands.toast(Toast::error(&error)),
        });
    })));
}

/// Which chart, as what.
struct ExportDialog {
    calls: Vec<ExportChart>,
    chart: usize,
    format: usize,
    light: bool,
}

const FORMATS: [(ChartFormat, &str); 3] = [
    (ChartFormat::Png, "PNG"),
    (ChartFormat::Svg, "SVG"),
    (ChartFormat::Csv, "CSV"),
];

impl Dialog for ExportDialog {
    fn show(&mut self, egui: &Context, view: &ViewCtx<'_>) -> bool {
        let frame = DialogFrame {
            title: "Export chart",
            icon: Some(icons::EXPORT),
            note: None,
            size: vec2(440.0, 300.0),
        };
        let names: Vec<String> = self.calls.iter().map(|call| call.metric.clone()).collect();
        let (mut open, mut export) = (true, false);
        let closed = widgets::dialog(
            egui,
            &frame,
            |ui| {
                widgets::inset(ui, sizes::PAGE_INSET, |ui| {
                    let t = Tokens::of(ui);
                    ui.spacing_mut().item_spacing.y = sizes::SPACE_4;
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    widgets::labeled_select(ui, "Chart", &mut self.chart, &names, 300.0);
                    let words = FORMATS.map(|(_, word)| word.into());
                    widgets::segments(ui, "Format", &mut self.format, &words);
                    let format = FORMATS[self.format.min(2)].0;
                    widgets::paragraph(ui, crate::theme::Type::Small, t.text_2, tip_of(format));
                    if format != ChartFormat::Csv {
                        widgets::checkbox(ui, &mut self.light, "On white, for documents");
                    }
                });
            },
            |ui| {
                export = ui.add(Button::primary("Export").large()).clicked();
                if ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked()
                {
                    open = false;
                }
            },
        );
        if export && let Some(call) = self.calls.get(self.chart) {
            let format = FORMATS[self.format.min(2)].0;
            let theme = if self.light {
                ThemeChoice::Light
            } else {
                ThemeChoice::Dark
            };
            let mut call = ExportChart {
                format,
                theme,
                ..call.clone()
            };
            recolor(&mut call, Tokens::for_dark(theme == ThemeChoice::Dark));
            send(view, call);
            open = false;
        }
        open && !closed
    }
}

/// The colours of the other theme, slot for slot.
fn recolor(call: &mut ExportChart, t: &Tokens) {
    let other = Tokens::for_dark(!t.dark);
    let number = |color: egui::Color32| u32::from_be_bytes([0, color.r(), color.g(), color.b()]);
    for run in &mut call.runs {
        if let Some(slot) = other
            .runs
            .iter()
            .position(|color| number(*color) == run.color)
        {
            run.color = number(t.runs[slot]);
        } else if run.color == number(other.text_3) {
            run.color = number(t.text_3);
        }
    }
}
