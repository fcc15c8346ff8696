//! What the columns of a table or of JSON lines mean: guessed, shown, changed, remembered.

use egui::{Context, ScrollArea, Ui, vec2};
use kitbench_protocol::{
    ColumnMapping, ColumnRole, GetColumnMapping, MappedColumn, ProjectId, SetColumnMapping,
};

use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::views::sent::Sent;
use crate::widgets::{
    self, Button, Column, DialogFrame, FailureAction, Line, Table, TableState, Toast,
};

/// Roles in the order of the menu.
const ROLES: [(ColumnRole, &str); 6] = [
    (ColumnRole::Step, "Step"),
    (ColumnRole::Time, "Time"),
    (ColumnRole::Run, "Run"),
    (ColumnRole::Metric, "Metric"),
    (ColumnRole::Param, "Parameter"),
    (ColumnRole::Ignored, "Ignored"),
];
/// Problems listed; the rest is counted.
const MOST_PROBLEMS: usize = 5;

/// The columns of one source.
pub struct MappingDialog {
    project: ProjectId,
    source: String,
    remote: Remote<ColumnMapping>,
    seen: u64,
    /// Role of each column as it is chosen now, and whether a person chose it.
    roles: Vec<(ColumnRole, bool)>,
    table: TableState,
    sent: Sent,
}

impl MappingDialog {
    /// Of a source by its path in the project.
    #[must_use]
    pub fn new(project: ProjectId, source: &str) -> Self {
        Self {
            project,
            source: source.to_owned(),
            remote: Remote::default(),
            seen: 0,
            roles: Vec::new(),
            table: TableState::default(),
            sent: Sent::default(),
        }
    }

    fn ask(&mut self, view: &ViewCtx<'_>) {
        let (project, source) = (self.project, self.source.clone());
        self.remote.ask(view.client, view.now, || GetColumnMapping {
            project,
            source,
        });
        if self.remote.version() != self.seen {
            self.seen = self.remote.version();
            if let Some(mapping) = self.remote.value() {
                let roles = mapping.columns.iter();
                self.roles = roles.map(|column| (column.role, column.chosen)).collect();
            }
        }
    }

    /// Another role for a column. Only one column can be the step, the time or the run: one that was
    /// it before becomes a metric, or is ignored where it holds no numbers.
    fn choose(&mut self, at: usize, role: ColumnRole) {
        let single = matches!(role, ColumnRole::Step | ColumnRole::Time | ColumnRole::Run);
        for (other, known) in self.roles.iter_mut().enumerate() {
            if single && other != at && known.0 == role {
                let numbers = self
                    .remote
                    .value()
                    .and_then(|mapping| mapping.columns.get(other))
                    .is_some_and(holds_numbers);
                *known = if numbers {
                    (ColumnRole::Metric, true)
                } else {
                    (ColumnRole::Ignored, true)
                };
            }
        }
        if let Some(known) = self.roles.get_mut(at) {
            *known = (role, true);
        }
    }

    /// What is different from what is remembered.
    fn is_changed(&self) -> bool {
        let Some(mapping) = self.remote.value() else {
            return false;
        };
        let known = mapping.columns.iter().map(|c| (c.role, c.chosen));
        !known.eq(self.roles.iter().copied())
    }

    fn save(&self, view: &ViewCtx<'_>, columns: Vec<(String, ColumnRole)>) {
        let call = SetColumnMapping {
            project: self.project,
            source: self.source.clone(),
            columns,
        };
        self.sent.send(view, call, |mapping, commands| {
            let runs = crate::format::count(u64::from(mapping.runs), "run", "runs");
            commands.toast(Toast::done(format!("{} read as {runs}", mapping.source)));
        });
    }

    fn chosen(&self) -> Vec<(String, ColumnRole)> {
        let columns = self
            .remote
            .value()
            .map_or(&[][..], |m| m.columns.as_slice());
        let roles = columns.iter().zip(&self.roles);
        roles
            .filter(|(_, (_, chosen))| *chosen)
            .map(|(column, (role, _))| (column.name.clone(), *role))
            .collect()
    }

    fn body(&mut self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let Some(mapping) = self.remote.value() else {
            return;
        };
        let told = if mapping.chosen {
            "Chosen for this file and remembered."
        } else {
            "Guessed from names and values. What you change is remembered for this file."
        };
        let runs = crate::format::count(u64::from(mapping.runs), "run", "runs");
        widgets::inset(ui, sizes::PAGE_INSET, |ui| {
            widgets::paragraph(
                ui,
                Type::Body,
                t.text_2,
                &format!("{told} It reads as {runs}."),
            );
            for problem in mapping.problems.iter().take(MOST_PROBLEMS) {
                super::noted(ui, problem);
            }
            let more = mapping.problems.len().saturating_sub(MOST_PROBLEMS);
            if more > 0 {
                super::noted(ui, &format!("and {more} more"));
            }
            self.sent.failure(ui);
        });
        let mut asked = Vec::new();
        let mapping = mapping.clone();
        let columns = [
            Column::flex("column", "Column", 150.0),
            Column::fixed("role", "Means", 138.0),
            Column::fixed("why", "Because", 190.0).leaves(2),
            Column::fixed("sample", "First values", 190.0).leaves(1),
        ];
        let roles = self.roles.clone();
        let table = Table::new("Columns of the file", &columns).row_height(36.0);
        table.show(
            ui,
            &mut self.table,
            mapping.columns.len(),
            |_| Line::row(false),
            |line, column, cell| {
                let (Some(known), Some((role, chosen))) =
                    (mapping.columns.get(line), roles.get(line))
                else {
                    return;
                };
                match column {
                    0 => {
                        cell.mono(&known.name);
                    }
                    1 => {
                        let place = ROLES.iter().position(|(one, _)| one == role);
                        let words = ROLES.map(|(_, word)| word);
                        let mut at = place.unwrap_or(0);
                        let name = format!("Meaning of {}", known.name);
                        let width = cell.rect().width().max(60.0);
                        cell.widgets(|ui| {
                            widgets::select(ui, &name, &mut at, &words, width);
                        });
                        if Some(at) != place {
                            asked.push((line, ROLES[at.min(ROLES.len() - 1)].0));
                        }
                    }
                    2 => {
                        let guessed = *role == known.role && *chosen == known.chosen;
                        match guessed && !known.chosen {
                            true => cell.weak(&known.why),
                            false => cell.small("chosen by you"),
                        };
                    }
                    _ => {
                        cell.mono_2(&known.sample.join(", "));
                    }
                }
            },
            |_| false,
        );
        for (at, role) in asked {
            self.choose(at, role);
        }
    }
}

/// Whether all samples are numbers.
fn holds_numbers(column: &MappedColumn) -> bool {
    let mut sample = column.sample.iter();
    !column.sample.is_empty() && sample.all(|value| value.trim().parse::<f64>().is_ok())
}

impl Dialog for MappingDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        if self.sent.is_done() {
            return false;
        }
        self.ask(view);
        let title = format!("Columns of {}", crate::format::printable(&self.source));
        let kind = self.remote.value().map(|mapping| mapping.kind.clone());
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::TABLE),
            note: kind.as_deref(),
            size: vec2(760.0, 560.0),
        };
        let working = self.sent.is_working();
        let blocked = (!self.is_changed()).then_some("Nothing is changed");
        let is_chosen = self.remote.value().is_some_and(|mapping| mapping.chosen);
        let guess = (!is_chosen).then_some("All columns are guessed already");
        let (mut save, mut again, mut open, mut retry) = (false, false, true, false);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            self,
            |ui, dialog| match dialog.remote.view() {
                RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
                RemoteView::Failed(error) => {
                    retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
                }
                RemoteView::Ready { .. } => {
                    ScrollArea::vertical()
                        .auto_shrink(false)
                        .show(ui, |ui| dialog.body(ui));
                }
            },
            |ui, _| {
                let button = Button::primary("Read like this").large().busy(working);
                save = ui.add(button.blocked(blocked)).clicked();
                let button = Button::neutral("Cancel").large().key("Esc");
                open = !ui.add(button).clicked();
                let button = Button::ghost("Guess again").icon(icons::ARROW_U_UP_LEFT);
                again = ui.add(button.blocked(guess)).clicked();
            },
        );
        if retry {
            self.remote.invalidate();
        }
        if save && blocked.is_none() && !working {
            self.save(view, self.chosen());
        } else if again && is_chosen && !working {
            self.save(view, Vec::new());
        }
        open && !closed
    }
}
