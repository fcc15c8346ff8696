//! The runs table, and the bar over it.

use std::collections::HashSet;

use egui::{CursorIcon, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use kitbench_protocol::RunRow;

use super::Compare;
use super::cells::{Asked, draw_cell, mean_cell, slot_grid};
use super::grid::reordered;
use super::model::{Arrangement, ColumnSpec, Kind, RunsModel, TableLine};
use super::state::Ticks;
use crate::app::ViewCtx;
use crate::commands::Command;
use crate::theme::{icons, sizes};
use crate::widgets::{self, Column, Line, MenuItem, Table, TableOutput, Tick, menu_rule, row_menu};

/// Before the columns of the model stand the tick and the glyph.
const FIRST_COLUMN: usize = 2;

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
        let columns = columns(&self.model.columns, &titles, &self.arrangement);
        // The table knows one sorting column; a second one is kept here.
        self.table.sort = self.arrangement.sort.first().cloned();
        let Some(project) = self.project else { return };
        // Taken out while the rows are drawn; they only read it.
        let ticks = std::mem::take(self.ticks.entry(project).or_default());
        let mut asked = Vec::new();
        let model = &self.model;
        let arrangement = &self.arrangement;
        let outside = self.sight.outside.clone();
        let focus = self.sight.focus.clone();
        let near = self.sight.near.clone();
        let out = Table::new("Runs", &columns).show(
            ui,
            &mut self.table,
            model.lines.len(),
            |line| line_of(model, line, [focus.as_deref(), near.as_deref()], &outside),
            |line, column, cell| {
                if let Some(TableLine::Mean(means)) = model.lines.get(line) {
                    let at = column.checked_sub(FIRST_COLUMN);
                    let spec = at.and_then(|at| Some((model.columns.get(at)?, means.get(at)?)));
                    if let Some((spec, mean)) = spec {
                        mean_cell(cell, spec.kind, *mean);
                    }
                } else if let Some(TableLine::Run(at)) = model.lines.get(line)
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
        self.arrange_columns(ui, &out);
        let ten = self.head_tick(ui, area, &ticks);
        self.ticks.insert(project, ticks);
        if ten {
            self.tick_first_ten();
        }
        if let Some(line) = out.ticked
            && let Some(run) = self.model.run(line)
        {
            asked.push(Asked::Tick(run.id.clone()));
        }
        if let Some(line) = out.selected {
            self.sight.focus = self.model.run(line).map(|run| run.id.clone());
        }
        if let Some(line) = out.activated
            && let Some(run) = self.model.run(line)
        {
            asked.push(Asked::Tick(run.id.clone()));
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
                if row.hovered() {
                    self.sight.near_next = Some(run.id.clone());
                }
                let from_keys = focused && self.table.cursor == Some(*line);
                self.row_menu_ui(ui, row, &run, from_keys, ctx, &mut asked);
            }
        }
        self.pointer_in_table = ui
            .input(|input| input.pointer.hover_pos())
            .is_some_and(|at| area.contains(at));
        if focused {
            self.star_key(ui, &mut asked);
        }
        self.take_asked(ctx, asked);
    }

    /// Do what cells and menus asked for. A frame may carry several presses; each counts.
    pub(super) fn take_asked(&mut self, ctx: &ViewCtx<'_>, asked: Vec<Asked>) {
        for asked in asked {
            if let Asked::Star(run, on) = &asked {
                self.star(ctx, run, *on);
                continue;
            }
            let Some(ticks) = self.ticks_mut() else { break };
            match asked {
                Asked::Tick(id) => ticks.toggle(&id),
                Asked::Recolor(id, slot) => ticks.recolor(&id, slot),
                Asked::Star(..) => {}
            }
        }
    }

    /// Columns that were dragged, and the menus of their heads.
    fn arrange_columns(&mut self, ui: &Ui, out: &TableOutput) {
        let id_of = |this: &Self, at: usize| {
            let column = this.model.columns.get(at.checked_sub(FIRST_COLUMN)?)?;
            Some(column.id.clone())
        };
        if let Some((at, width)) = out.resized
            && let Some(id) = id_of(self, at)
        {
            self.arrangement.widths.insert(id, width);
            self.stale = true;
        }
        if let Some((from, before)) = out.moved
            && let (Some(moved), Some(before)) = (id_of(self, from), id_of(self, before))
        {
            self.move_column(&moved, Some(&before));
        }
        for (at, head) in &out.heads {
            let Some(column) = at.checked_sub(FIRST_COLUMN) else {
                continue;
            };
            row_menu(head, ui, "Column", |ui| self.column_items(ui, column));
        }
    }

    /// Put a column before another, or behind all.
    pub(super) fn move_column(&mut self, moved: &str, before: Option<&str>) {
        let keys: Vec<String> = self.model.columns.iter().map(|c| c.id.clone()).collect();
        self.arrangement.order = reordered(&keys, moved, before);
        self.rearrange();
    }

    fn column_items(&mut self, ui: &mut Ui, at: usize) {
        let Some(spec) = self.model.columns.get(at).cloned() else {
            return;
        };
        let sorts = !matches!(spec.kind, Kind::Trend(_));
        if sorts {
            for (words, icon, reversed) in [
                ("Sort upwards", icons::ARROW_UP, false),
                ("Sort downwards", icons::ARROW_DOWN, true),
            ] {
                if MenuItem::new(words).icon(icon).show(ui) {
                    self.arrangement.sort = vec![(spec.id.clone(), reversed)];
                    self.rearrange();
                }
            }
            if !self.arrangement.sort.is_empty()
                && MenuItem::new("Sort by this next")
                    .key("Shift click")
                    .show(ui)
            {
                self.arrangement.sort.retain(|(id, _)| *id != spec.id);
                let reversed = matches!(spec.kind, Kind::Metric(..));
                self.arrangement.sort.push((spec.id.clone(), reversed));
                self.rearrange();
            }
            menu_rule(ui);
        }
        if matches!(spec.kind, Kind::Name) {
            return;
        }
        let pinned = self.arrangement.pinned.contains(&spec.id);
        if MenuItem::new("Pin beside the name")
            .checked(pinned)
            .show(ui)
        {
            if pinned {
                self.arrangement.pinned.remove(&spec.id);
            } else {
                self.arrangement.pinned.insert(spec.id.clone());
            }
            self.rearrange();
        }
        let neighbour = |by: isize| {
            let other = at.checked_add_signed(by)?;
            self.model
                .columns
                .get(other)
                .map(|column| column.id.clone())
        };
        let (before, after) = (neighbour(-1), neighbour(2));
        if MenuItem::new("Move left").icon(icons::ARROW_LEFT).show(ui)
            && let Some(before) = &before
        {
            self.move_column(&spec.id, Some(before));
        }
        if MenuItem::new("Move right")
            .icon(icons::ARROW_RIGHT)
            .show(ui)
        {
            self.move_column(&spec.id, after.as_deref());
        }
        for (words, by) in [("Wider", 1.4), ("Narrower", 1.0 / 1.4)] {
            if MenuItem::new(words).show(ui) {
                let width = (spec.width * by).round();
                self.arrangement.widths.insert(spec.id.clone(), width);
                self.stale = true;
            }
        }
        menu_rule(ui);
        if MenuItem::new("Hide column").icon(icons::EYE_SLASH).show(ui) {
            self.arrangement.columns.insert(spec.id.clone(), false);
            self.rearrange();
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
        if shift && !self.arrangement.sort.is_empty() {
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
        asked: &mut Vec<Asked>,
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
                asked.push(Asked::Tick(run.id.clone()));
            }
            if on {
                menu_rule(ui);
                slot_grid(ui, run, ticks, asked);
            }
            menu_rule(ui);
            self.mark_items(ui, ctx, run, asked);
            if MenuItem::new("Copy name").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.name.clone()));
            }
            if MenuItem::new("Copy path").icon(icons::COPY).show(ui) {
                ctx.commands.send(Command::Copy(run.path.clone()));
            }
            let media = MenuItem::new("Images, histograms, texts…").icon(icons::IMAGE);
            if media.show(ui)
                && let Some(project) = self.project
            {
                let dialog =
                    super::media::MediaDialog::new(project, run.id.clone(), run.name.clone());
                ctx.commands.send(Command::Show(Box::new(dialog)));
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

pub(super) fn columns<'a>(
    specs: &'a [ColumnSpec],
    titles: &'a [String],
    arrangement: &Arrangement,
) -> Vec<Column<'a>> {
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
            Kind::Metric(..) => Column::fixed(&spec.id, title, spec.width)
                .right()
                .sortable_reversed()
                .leaves(2 + place.min(30)),
            Kind::Trend(_) => Column::fixed(&spec.id, title, spec.width).leaves(55),
            Kind::Duration => Column::fixed(&spec.id, title, spec.width)
                .right()
                .sortable()
                .leaves(45),
            Kind::Star => Column::fixed(&spec.id, title, spec.width)
                .sortable()
                .leaves(3),
            Kind::Started
            | Kind::Note
            | Kind::Experiment
            | Kind::Commit
            | Kind::Dataset
            | Kind::Kit
            | Kind::Tag(_) => Column::fixed(&spec.id, title, spec.width)
                .sortable()
                .leaves(58),
        };
        let column = if arrangement.pinned.contains(&spec.id) {
            column.leaves(0)
        } else {
            column
        };
        columns.push(if matches!(spec.kind, Kind::Name) {
            column
        } else {
            column.tip(&spec.tip).movable()
        });
    }
    columns
}

fn line_of(
    model: &RunsModel,
    line: usize,
    strong: [Option<&str>; 2],
    outside: &HashSet<String>,
) -> Line {
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
                selected: id.is_some() && strong.contains(&id),
                faded: id.is_some_and(|id| outside.contains(id)),
            }
        }
    }
}
