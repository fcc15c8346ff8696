//! The runs table, and the bar over it.

use egui::{CursorIcon, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use kitbench_protocol::RunRow;

use super::Compare;
use super::cells::{Asked, draw_cell, slot_grid};
use super::model::{ColumnSpec, Kind, RunsModel, TableLine};
use super::state::Ticks;
use crate::app::ViewCtx;
use crate::commands::Command;
use crate::theme::{icons, sizes};
use crate::widgets::{self, Column, Line, MenuItem, Table, Tick, menu_rule, row_menu};

impl Compare {
    /// The rows.
    pub(super) fn table_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let rows_only = self
            .model
            .lines
            .iter()
            .all(|line| !matches!(line, TableLine::Run(_)));
        if rows_only && self.model.table.runs.is_empty() && !self.filter.applied.is_empty() {
            if widgets::no_match(ui, &self.filter.applied) {
                self.filter.set("");
            }
            return;
        }
        let area = ui.available_rect_before_wrap();
        let titles: Vec<String> = self
            .model
            .columns
            .iter()
            .map(|column| self.head_of(column))
            .collect();
        let columns = columns(&self.model.columns, &titles);
        // The table knows one sorting column; a second one is kept here.
        self.table.sort = self.arrangement.sort.first().cloned();
        let Some(project) = self.project else { return };
        // Taken out while the rows are drawn; they only read it.
        let ticks = std::mem::take(self.ticks.entry(project).or_default());
        let mut asked = None;
        let model = &self.model;
        let arrangement = &self.arrangement;
        let outside = self.sight.outside.clone();
        let focus = self.sight.focus.clone();
        let out = Table::new("Runs", &columns).show(
            ui,
            &mut self.table,
            model.lines.len(),
            |line| line_of(model, line, focus.as_deref(), &outside),
            |line, column, cell| {
                if let Some(TableLine::Run(at)) = model.lines.get(line)
                    && let Some(run) = model.table.runs.get(*at)
                {
                    draw_cell(
                        model,
                        arrangement,
                        &ticks,
                        *at,
                        run,
                        column,
                        cell,
                        &mut asked,
                    );
                }
            },
            |_| false,
        );
        let ten = self.head_tick(ui, area, &ticks);
        self.ticks.insert(project, ticks);
        if ten {
            self.tick_first_ten();
        }
        if let Some(line) = out.ticked
            && let Some(run) = self.model.run(line)
        {
            asked = Some(Asked::Tick(run.id.clone()));
        }
        if let Some(line) = out.selected {
            self.sight.focus = self.model.run(line).map(|run| run.id.clone());
        }
        if let Some(line) = out.activated
            && let Some(run) = self.model.run(line)
        {
            asked = Some(Asked::Tick(run.id.clone()));
        }
        if let Some(TableLine::Group { key, open, .. }) =
            out.toggled.and_then(|line| self.model.lines.get(line))
        {
            if *open {
                self.arrangement.closed.insert(key.clone());
            } else {
                self.arrangement.closed.remove(key);
            }
            self.stale = true;
        }
        if out.sorted {
            self.sorted(ui.input(|input| input.modifiers.shift));
        }
        let focused = out.response.as_ref().is_some_and(egui::Response::has_focus);
        for (line, row) in &out.rows {
            if let Some(run) = self.model.run(*line).cloned() {
                let from_keys = focused && self.table.cursor == Some(*line);
                self.row_menu_ui(ui, row, &run, from_keys, ctx, &mut asked);
            }
        }
        self.pointer_in_table = ui
            .input(|input| input.pointer.hover_pos())
            .is_some_and(|at| area.contains(at));
        match asked {
            Some(Asked::Tick(id)) => {
                if let Some(ticks) = self.ticks_mut() {
                    ticks.toggle(&id);
                }
            }
            Some(Asked::Recolor(id, slot)) => {
                if let Some(ticks) = self.ticks_mut() {
                    ticks.recolor(&id, slot);
                }
            }
            None => {}
        }
    }

    /// A head's words; a second sorting column carries a small two.
    fn head_of(&self, column: &ColumnSpec) -> String {
        match self
            .arrangement
            .sort
            .iter()
            .position(|(id, _)| *id == column.id)
        {
            Some(place @ 1..) => {
                let (_, reversed) = &self.arrangement.sort[place];
                format!(
                    "{} {}{}",
                    column.title,
                    if *reversed { "↓" } else { "↑" },
                    place + 1
                )
            }
            _ => column.title.clone(),
        }
    }

    /// The table's sort changed: it becomes the first key, or with `Shift` the last one.
    fn sorted(&mut self, shift: bool) {
        let Some((id, reversed)) = self.table.sort.clone() else {
            return;
        };
        if shift
            && self
                .arrangement
                .sort
                .first()
                .is_some_and(|(first, _)| *first != id)
        {
            match self
                .arrangement
                .sort
                .iter_mut()
                .find(|(known, _)| *known == id)
            {
                Some((_, known)) => *known = !*known,
                None => self.arrangement.sort.push((id, reversed)),
            }
            self.arrangement.sort.truncate(3);
        } else {
            self.arrangement.sort = vec![(id, reversed)];
        }
        self.rearrange();
    }

    /// The tick in the head, which draws the first ten; whether it was clicked.
    fn head_tick(&self, ui: &Ui, area: Rect, ticks: &Ticks) -> bool {
        let rect = Rect::from_min_size(area.min, vec2(30.0, sizes::ROW));
        let id = egui::Id::unique("tick-first-ten");
        let response = ui
            .interact(rect, id, Sense::click())
            .on_hover_cursor(CursorIcon::PointingHand);
        let drawn = ticks.order().iter();
        let listed = drawn.filter(|id| self.model.place_of(id).is_some()).count();
        let tick = match listed {
            0 => Tick::Off,
            n if n == self.model.table.runs.len() => Tick::On,
            _ => Tick::Some,
        };
        let name = if listed == 0 {
            "Draw the first ten runs"
        } else {
            "Draw no run"
        };
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, tick == Tick::On, name));
        widgets::paint_tick(ui, rect, tick);
        widgets::focus_ring(ui, rect.shrink(6.0), sizes::RADIUS_S, &response);
        response.on_hover_text(name).clicked()
    }

    fn row_menu_ui(
        &self,
        ui: &Ui,
        row: &egui::Response,
        run: &RunRow,
        from_keys: bool,
        ctx: &ViewCtx<'_>,
        asked: &mut Option<Asked>,
    ) {
        // The table holds the focus for its rows.
        if from_keys && ui.input(|input| input.modifiers.shift && input.key_pressed(egui::Key::F10))
        {
            egui::Popup::open_id(ui.ctx(), row.id.with("menu"));
        }
        row_menu(row, ui, "Run", |ui| {
            let ticks = self.ticks();
            let on = ticks.is_some_and(|ticks| ticks.has(&run.id));
            if MenuItem::new("Draw").key("Space").checked(on).show(ui) {
                *asked = Some(Asked::Tick(run.id.clone()));
            }
            if on {
                menu_rule(ui);
                slot_grid(ui, run, ticks, asked);
            }
            menu_rule(ui);
            if MenuItem::new("Copy name").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.name.clone()));
            }
            if MenuItem::new("Copy path").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.path.clone()));
            }
            if MenuItem::new("Details…").icon(icons::INFO).show(ui) {
                ctx.commands
                    .send(Command::Show(Box::new(super::sources::RunDialog::new(
                        run.clone(),
                        &self.model,
                    ))));
            }
        });
    }
}

fn columns<'a>(specs: &'a [ColumnSpec], titles: &'a [String]) -> Vec<Column<'a>> {
    let mut columns = vec![
        Column::fixed("draw", "", 30.0).tip("Draw"),
        Column::fixed("glyph", "", 26.0).tip("Colour and marker"),
    ];
    let (mut place, mut params): (u8, usize) = (0, 0);
    for (spec, title) in specs.iter().zip(titles) {
        place = place.saturating_add(1);
        let column = match spec.kind {
            Kind::Name => Column::flex(&spec.id, title, spec.width).sortable(),
            Kind::Status => Column::fixed(&spec.id, title, spec.width)
                .sortable()
                .leaves(1),
            Kind::Source => Column::fixed(&spec.id, title, spec.width)
                .sortable()
                .leaves(40),
            // Parameters leave from the right, the trend before the last three, then metrics.
            Kind::Param(_) => {
                params += 1;
                let leaves = if params > 3 { 60 } else { 50 };
                Column::fixed(&spec.id, title, spec.width)
                    .right()
                    .sortable()
                    .leaves(leaves)
            }
            Kind::Metric(_) => Column::fixed(&spec.id, title, spec.width)
                .right()
                .sortable_reversed()
                .leaves(2 + place.min(30)),
            Kind::Trend(_) => Column::fixed(&spec.id, title, spec.width).leaves(55),
        };
        columns.push(if matches!(spec.kind, Kind::Name) {
            column
        } else {
            column.tip(&spec.tip)
        });
    }
    columns
}

fn line_of(model: &RunsModel, line: usize, focus: Option<&str>, outside: &[String]) -> Line {
    match model.lines.get(line) {
        Some(TableLine::Group {
            title, note, open, ..
        }) => Line::Group {
            title: title.clone(),
            note: note.clone(),
            open: *open,
        },
        _ => {
            let id = model.run(line).map(|run| run.id.as_str());
            Line::Row {
                selected: id.is_some() && id == focus,
                faded: id.is_some_and(|id| outside.iter().any(|out| out == id)),
            }
        }
    }
}
