//! The table of values at the crosshair.

use std::cmp::Ordering;

use egui::Ui;
use kitbench_protocol::{Better, GetValuesAt, ValuesAt};

use super::cells::slot_color;
use super::columns::short_names;
use super::curves::Drawn;
use super::{Compare, numbers};
use crate::app::ViewCtx;
use crate::backend::Remote;
use crate::commands::Command;
use crate::theme::{Marker, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Column, Line, Table, TableState, bar_row};

/// Values of the drawn runs at one place of the x axis.
#[derive(Default)]
pub struct Values {
    remote: Remote<ValuesAt>,
    asked: Option<GetValuesAt>,
    /// What the answer at hand belongs to.
    answered: Option<GetValuesAt>,
    seen: u64,
    table: TableState,
}

impl Values {
    /// Points were added.
    pub fn refresh(&mut self) {
        self.remote.invalidate();
    }

    /// Ask for the place of the crosshair; one question at a time, so that moving the pointer
    /// does not pile them up.
    fn update(&mut self, ctx: &ViewCtx<'_>, want: GetValuesAt) {
        self.remote.poll();
        self.take();
        if self.asked.as_ref() != Some(&want) && !self.remote.is_loading() {
            self.asked = Some(want);
            self.remote.invalidate();
        }
        if let Some(asked) = &self.asked {
            self.remote.ask(ctx.client, ctx.now, || asked.clone());
        }
        self.take();
    }

    fn take(&mut self) {
        if self.remote.version() != self.seen {
            self.seen = self.remote.version();
            self.answered.clone_from(&self.asked);
        }
    }

    /// Metrics and one row per run, best first by the first metric.
    fn rows(&self, better: Better) -> Option<(Vec<String>, Vec<ValueRow>)> {
        let (asked, values) = (self.answered.as_ref()?, self.remote.value()?);
        let mut rows: Vec<ValueRow> = asked
            .runs
            .iter()
            .zip(&values.values)
            .map(|(run, values)| ValueRow {
                run: run.clone(),
                values: values.clone(),
            })
            .collect();
        sort(&mut rows, better);
        Some((asked.metrics.clone(), rows))
    }
}

/// A run's values, each with the x at which it was logged.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueRow {
    /// Its id.
    pub run: String,
    /// In the order of the metrics.
    pub values: Vec<Option<(f64, f64)>>,
}

/// Best first by the first metric; runs without it last.
pub fn sort(rows: &mut [ValueRow], better: Better) {
    let value = |row: &ValueRow| {
        row.values
            .first()
            .copied()
            .flatten()
            .map(|(_, value)| value)
            .filter(|value| !value.is_nan())
    };
    rows.sort_by(|a, b| match (value(a), value(b)) {
        (Some(a), Some(b)) if better == Better::Lower => a.total_cmp(&b),
        (Some(a), Some(b)) => b.total_cmp(&a),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    });
}

/// As text with tabs, for the clipboard.
#[must_use]
pub fn as_text(metrics: &[String], rows: &[ValueRow], name: impl Fn(&str) -> String) -> String {
    let mut text = format!("run\t{}\n", metrics.join("\t"));
    for row in rows {
        text.push_str(&name(&row.run));
        for value in &row.values {
            text.push('\t');
            text.push_str(
                &value
                    .map(|(_, value)| numbers::exact(value))
                    .unwrap_or_default(),
            );
        }
        text.push('\n');
    }
    text
}

impl Compare {
    /// Head and rows.
    pub(super) fn values_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, drawn: &[Drawn]) {
        let metrics = self.shown_metrics();
        let x = self
            .sight
            .crosshair
            .or_else(|| self.extent().map(|(_, last)| last));
        if let (Some(project), Some(x), false) =
            (self.project, x, drawn.is_empty() || metrics.is_empty())
        {
            let runs = drawn.iter().map(|run| run.id.clone()).collect();
            self.values.update(
                ctx,
                GetValuesAt {
                    project,
                    runs,
                    metrics,
                    x_axis: self.setup.axis,
                    x: self.setup.value(x),
                    options: self.setup.options(),
                },
            );
        }
        let first = self
            .values
            .answered
            .as_ref()
            .and_then(|asked| asked.metrics.first().cloned());
        let better = first.map_or(Better::Unknown, |metric| self.direction(&metric));
        let rows = if drawn.is_empty() {
            None
        } else {
            self.values.rows(better)
        };
        self.values_head(ui, ctx, drawn, x, rows.as_ref());
        let Some((metrics, mut rows)) = rows else {
            if drawn.is_empty() {
                let t = Tokens::of(ui);
                widgets::inset(ui, sizes::SPACE_5, |ui| {
                    widgets::label(
                        ui,
                        Type::Small,
                        t.text_3,
                        "Tick runs to see their values here",
                    )
                });
            }
            return;
        };
        rows.retain(|row| drawn.iter().any(|run| run.id == row.run));
        self.value_rows(ui, drawn, &metrics, &rows);
    }

    fn values_head(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        drawn: &[Drawn],
        x: Option<f64>,
        rows: Option<&(Vec<String>, Vec<ValueRow>)>,
    ) {
        bar_row(ui, 32.0, sizes::SPACE_5, false, |ui| {
            let t = Tokens::of(ui);
            let title = match (x, self.sight.crosshair) {
                (Some(x), Some(_)) => format!("At {}", self.setup.place_words(x)),
                _ => "Last values".to_owned(),
            };
            let head = widgets::label(ui, Type::BodyBold, t.text, &title);
            ui.ctx()
                .accesskit_node_builder(head.id, |node| node.set_role(egui::Role::Heading));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let blocked = rows.is_none().then_some("Nothing is drawn");
                if ui
                    .add(
                        Button::ghost("Copy")
                            .icon(icons::COPY)
                            .small()
                            .blocked(blocked)
                            .name("Copy values")
                            .tip("Copy the table of values"),
                    )
                    .clicked()
                    && let Some((metrics, rows)) = rows
                {
                    let name = |id: &str| {
                        drawn
                            .iter()
                            .find(|run| run.id == id)
                            .map_or_else(String::new, |run| run.name.clone())
                    };
                    ctx.commands
                        .send(Command::Copy(as_text(metrics, rows, name)));
                }
                let pinned = self.sight.pinned;
                let pin = Button::ghost(if pinned { "Pinned" } else { "Pin" })
                    .icon(icons::PUSH_PIN)
                    .small()
                    .selected(pinned);
                if ui
                    .add(
                        pin.name("Pin the crosshair")
                            .tip("Keep the crosshair while the pointer leaves"),
                    )
                    .clicked()
                {
                    self.sight.pinned = !pinned;
                    self.sight.crosshair = self.sight.crosshair.or(x);
                }
                let room = ui.available_width();
                if room > 60.0 {
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        let words = if self.sight.crosshair.is_some() {
                            "follows the crosshair in every chart, arrow keys move it"
                        } else {
                            "point at a chart or press an arrow key for other places"
                        };
                        widgets::label(ui, Type::Small, t.text_3, words);
                    });
                }
            });
        });
    }

    fn value_rows(&mut self, ui: &mut Ui, drawn: &[Drawn], metrics: &[String], rows: &[ValueRow]) {
        let names: Vec<&str> = metrics.iter().map(String::as_str).collect();
        let titles = if ui.available_width() < 96.0 * names.len() as f32 + 150.0 {
            short_names(&names)
        } else {
            metrics.to_vec()
        };
        let mut columns = vec![Column::flex("run", "Run", 130.0)];
        for (i, (name, title)) in names.iter().zip(&titles).enumerate() {
            columns.push(
                Column::fixed(name, title, 96.0)
                    .right()
                    .tip(name)
                    .leaves(if i == 0 { 0 } else { i.min(250) as u8 }),
            );
        }
        let best: Vec<Option<f64>> = (0..metrics.len())
            .map(|at| {
                let values: Vec<f64> = rows
                    .iter()
                    .filter_map(|row| row.values.get(at).copied().flatten())
                    .map(|(_, value)| value)
                    .filter(|value| value.is_finite())
                    .collect();
                match self.direction(&metrics[at]) {
                    _ if values.len() < 2 => None,
                    Better::Higher => values.iter().copied().max_by(f64::total_cmp),
                    Better::Lower => values.iter().copied().min_by(f64::total_cmp),
                    Better::Unknown => None,
                }
            })
            .collect();
        let (focus, near) = (self.sight.focus.clone(), self.sight.near.clone());
        let setup = self.setup.clone();
        let at = self.values.answered.as_ref().map_or(0.0, |asked| asked.x);
        let mut state = std::mem::take(&mut self.values.table);
        let out = Table::new("Values at the crosshair", &columns)
            .row_height(sizes::ROW_TREE)
            .show(
                ui,
                &mut state,
                rows.len(),
                |line| {
                    let run = Some(&rows[line].run);
                    Line::row(focus.as_ref() == run || near.as_ref() == run)
                },
                |line, column, cell| {
                    let row = &rows[line];
                    let Some(at_metric) = column.checked_sub(1) else {
                        let Some(run) = drawn.iter().find(|run| run.id == row.run) else {
                            return;
                        };
                        let t = cell.tokens();
                        cell.paint(|ui, rect| {
                            let center = egui::pos2(rect.left() + 5.0, rect.center().y);
                            widgets::paint_marker(
                                ui,
                                center,
                                Marker::of_slot(run.slot),
                                slot_color(t, run.slot),
                                true,
                            );
                        });
                        cell.space(19.0).text(&run.name);
                        return;
                    };
                    match row.values.get(at_metric).copied().flatten() {
                        Some((x, value)) => {
                            let t = cell.tokens();
                            let shown = numbers::metric(value);
                            if best[at_metric] == Some(value) {
                                cell.tinted(&shown, t.ok, t.ok_bg).spoken("best");
                            } else {
                                cell.figure(&shown);
                            }
                            let logged = if x < at {
                                format!(", logged at {}", setup.place_words(setup.place(x)))
                            } else {
                                String::new()
                            };
                            cell.tip(&format!("{}{logged}", numbers::exact(value)));
                        }
                        None => {
                            cell.figure("–").tip("Nothing was logged up to here");
                        }
                    }
                },
                |_| false,
            );
        self.values.table = state;
        let over = out.rows.iter().find(|(_, row)| row.hovered());
        if let Some(row) = over.and_then(|(line, _)| rows.get(*line)) {
            self.sight.near_next = Some(row.run.clone());
        }
        if let Some(line) = out.selected {
            self.sight.focus = rows.get(line).map(|row| row.run.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(run: &str, value: Option<f64>) -> ValueRow {
        ValueRow {
            run: run.into(),
            values: vec![value.map(|value| (1.0, value))],
        }
    }

    #[test]
    fn the_best_run_stands_first() {
        let order = |better| {
            let mut rows = [
                row("a", Some(0.5)),
                row("b", None),
                row("c", Some(0.2)),
                row("d", Some(f64::NAN)),
            ];
            sort(&mut rows, better);
            rows.map(|row| row.run).join("")
        };
        assert_eq!(order(Better::Lower), "cabd");
        assert_eq!(order(Better::Higher), "acbd");
    }

    #[test]
    fn copied_values_are_exact() {
        let rows = [row("1", Some(0.123_456_789)), row("2", None)];
        assert_eq!(
            as_text(&["loss".into()], &rows, |id| format!("run {id}")),
            "run\tloss\nrun 1\t0.123456789\nrun 2\t\n"
        );
    }
}
