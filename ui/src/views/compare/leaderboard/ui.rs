//! Drawing the packed tags under the runs.

use egui::{Align, CursorIcon, Layout, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};
use kitbench_protocol::{PackedPlace, PackedRow};

use super::Board;
use crate::app::{Place, ViewCtx};
use crate::clock;
use crate::commands::Command;
use crate::format;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::views::compare::Compare;
use crate::views::compare::cells::{Asked, draw_cell};
use crate::views::compare::model::Kind;
use crate::views::compare::pair::PairDialog;
use crate::views::compare::table::columns;
use crate::widgets::{
    self, Button, Cell, Line, MenuItem, Table, menu_rule, paint_section, row_menu,
};

/// Rows in sight; more are scrolled.
const ROWS: usize = 6;
/// Height of the section's head.
const HEAD: f32 = 32.0;

impl Compare {
    /// How high the section is; 0 without one.
    pub(in crate::views::compare) fn board_height(&self) -> f32 {
        if !self.board.is_shown() {
            return 0.0;
        }
        let rows = if self.board.closed {
            0
        } else {
            self.board.standing.rows.len().min(ROWS)
        };
        HEAD + rows as f32 * sizes::ROW
    }

    /// The runs, and right under them the packed tags.
    pub(in crate::views::compare) fn runs_and_board(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let area = ui.available_rect_before_wrap();
        let height = self.board_height().min(area.height() * 0.55);
        let lines = self.model.lines.len().max(2) as f32;
        let runs = (area.height() - height).min((lines + 1.0) * sizes::ROW + 8.0);
        let split = area.top() + if height > 0.0 { runs } else { area.height() };
        for (name, part) in [
            ("runs", area.with_max_y(split)),
            ("packed", area.with_min_y(split)),
        ] {
            let mut child = ui.new_child(UiBuilder::new().id_salt(name).max_rect(part));
            child.shrink_clip_rect(part);
            child.spacing_mut().item_spacing.y = 0.0;
            if name == "runs" {
                self.table_ui(&mut child, ctx);
            } else {
                self.board_ui(&mut child, ctx);
            }
        }
    }

    /// Buttons of the bar over the table: the best run as a pack, two ticked runs in depth.
    pub(in crate::views::compare) fn pair_and_snapshot(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(project) = self.project else { return };
        let best = self.board.standing.best.clone();
        let blocked = best
            .is_none()
            .then_some("No finished run has a value to decide by");
        let narrow = ui.available_width() < 360.0;
        let tip = "Packs the project with its best run attached and its values as the note";
        let button = if narrow {
            Button::icon_boxed(icons::PACKAGE, "Snapshot best…").small()
        } else {
            Button::neutral("Snapshot best…")
                .icon(icons::PACKAGE)
                .small()
        };
        if ui.add(button.blocked(blocked).tip(tip)).clicked()
            && let Some((run, note)) = best
        {
            let dialog = crate::views::pack_dialog::open_for(project, Some(run), note);
            ctx.commands.send(Command::Show(dialog));
        }
        let drawn = self.drawn();
        if let [left, right] = drawn.as_slice() {
            let button = if narrow {
                Button::icon_boxed(icons::SCALES, "Compare two…").small()
            } else {
                Button::neutral("Compare two…").icon(icons::SCALES).small()
            };
            let tip = "The two ticked runs in depth: parameters, code, data sets, packages, files";
            if ui.add(button.tip(tip)).clicked() {
                let dialog = PairDialog::new(project, [left.clone(), right.clone()]);
                ctx.commands.send(Command::Show(Box::new(dialog)));
            }
        }
    }

    /// The section under the runs.
    pub(in crate::views::compare) fn board_ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        if !self.board.is_shown() {
            return;
        }
        self.board_head(ui);
        if self.board.closed {
            return;
        }
        let Some(project) = self.project else { return };
        let titles: Vec<String> = self
            .model
            .columns
            .iter()
            .map(|column| column.title.clone())
            .collect();
        let columns = columns(&self.model.columns, &titles, &self.arrangement);
        let ticks = std::mem::take(self.ticks.entry(project).or_default());
        let none = Vec::new();
        let packed = self
            .board
            .remote
            .value()
            .map_or(&none, |packed| &packed.rows);
        let standing = &self.board.standing;
        let (model, arrangement) = (&self.model, &self.arrangement);
        let focus = self.sight.focus.clone();
        let mut asked = Vec::new();
        let out = Table::new("Packed tags", &columns)
            .headless()
            .max_height(ROWS as f32 * sizes::ROW)
            .show(
                ui,
                &mut self.board.table,
                standing.rows.len(),
                |line| {
                    let id = standing.rows.get(line).map(|row| row.id.as_str());
                    Line::row(id.is_some() && id == focus.as_deref())
                },
                |line, column, cell| {
                    let (Some(row), Some(tag)) = (standing.rows.get(line), packed.get(line)) else {
                        return;
                    };
                    let kind = column
                        .checked_sub(2)
                        .and_then(|column| model.columns.get(column))
                        .map(|spec| spec.kind);
                    match kind {
                        Some(Kind::Name) => name_cell(cell, tag),
                        Some(Kind::Status) => status_cell(cell, tag),
                        // A kit without a known run cannot be drawn.
                        None if tag.run.is_none() => {}
                        _ => draw_cell(
                            model,
                            arrangement,
                            &ticks,
                            usize::MAX,
                            row,
                            column,
                            cell,
                            &mut asked,
                        ),
                    }
                },
                |_| false,
            );
        let mut deep = None;
        for (line, response) in &out.rows {
            let Some(tag) = packed.get(*line) else {
                continue;
            };
            row_menu(response, ui, "Packed tag", |ui| {
                if tag.run.is_some() && MenuItem::new("Draw").checked(ticks.has(&tag.id)).show(ui) {
                    asked.push(Asked::Tick(tag.id.clone()));
                }
                if tag.place == PackedPlace::Local
                    && MenuItem::new("Open ModelKit").icon(icons::PACKAGE).show(ui)
                {
                    ctx.commands
                        .go(Place::ModelKits(Some(tag.reference.clone())));
                }
                if tag.place == PackedPlace::Remote && tag.unread_bytes > 0 {
                    let words = format!("Look for runs, up to {}", format::bytes(tag.unread_bytes));
                    if MenuItem::new(&words).icon(icons::DOWNLOAD_SIMPLE).show(ui) {
                        deep = Some(tag.reference.clone());
                    }
                }
                menu_rule(ui);
                if MenuItem::new("Copy reference").icon(icons::COPY).show(ui) {
                    ctx.commands.send(Command::Copy(tag.reference.clone()));
                }
            });
        }
        if let Some(line) = out.ticked.or(out.activated)
            && let Some(tag) = packed.get(line)
            && tag.run.is_some()
        {
            asked.push(Asked::Tick(tag.id.clone()));
        }
        if let Some(line) = out.selected {
            self.sight.focus = packed.get(line).map(|tag| tag.id.clone());
        }
        self.ticks.insert(project, ticks);
        self.board.deep.extend(deep);
        self.take_asked(ctx, asked);
    }

    fn board_head(&mut self, ui: &mut Ui) {
        let board: &mut Board = &mut self.board;
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::click());
        let open = !board.closed;
        let t = Tokens::of(ui);
        let lead = board.standing.lead.as_deref();
        let asks =
            !board.registries && board.remote.value().is_some_and(|packed| packed.has_remote);
        let side = if asks { 40.0 } else { 8.0 };
        let lead_width = lead.map_or(0.0, |lead| {
            Type::Small
                .galley(ui, lead, t.accent_text, rect.width())
                .size()
                .x
                + 24.0
        });
        let title = rect.with_max_x(rect.right() - side - lead_width);
        ui.painter().rect_filled(rect, 0.0, t.bg_raised);
        paint_section(
            ui,
            title,
            open,
            "Packed tags",
            Some(&board.standing.note),
            response.hovered(),
        );
        widgets::hairline_below(ui.painter(), rect, t.line);
        response.widget_info(|| WidgetInfo::labeled(Role::DisclosureTriangle, true, "Packed tags"));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(open));
        widgets::focus_ring(ui, rect.shrink(2.0), sizes::RADIUS_S, &response);
        if response.on_hover_cursor(CursorIcon::PointingHand).clicked() {
            board.closed = open;
        }
        let mut right = ui.new_child(
            UiBuilder::new()
                .max_rect(rect.with_min_x(title.right()))
                .layout(Layout::right_to_left(Align::Center)),
        );
        right.add_space(sizes::SPACE_3);
        if asks {
            let tip = "Lists the tags on the registry too; only records of runs are fetched";
            let button = Button::icon_only(icons::CLOUD, "Ask the registry").small();
            if right.add(button.tip(tip)).clicked() {
                board.registries = true;
            }
        }
        if let Some(lead) = lead {
            widgets::label(&mut right, Type::Small, t.accent_text, lead);
        }
        if let Some(failure) = board.remote.failure().cloned()
            && widgets::failed_strip(ui, &failure, None).is_some()
        {
            board.invalidate();
        }
        let problems = board
            .remote
            .value()
            .map(|packed| packed.problems.join("; "));
        if let Some(problems) = problems.filter(|text| !text.is_empty()) {
            widgets::strip(ui, widgets::Tone::Warn, &problems, |_| {});
        }
    }
}

fn name_cell(cell: &mut Cell<'_>, tag: &PackedRow) {
    let t = cell.tokens();
    let icon = match tag.place {
        PackedPlace::WorkingFolder => icons::FOLDER,
        PackedPlace::Local => icons::TAG,
        PackedPlace::Remote => icons::CLOUD,
    };
    cell.icon(icon, t.text_3).text(&tag.label);
    if !tag.also.is_empty() {
        cell.weak(&tag.also.join(", "));
    }
    let mut tip = tag.reference.clone();
    match (&tag.run, &tag.source) {
        (Some(run), Some(source)) => {
            let how = if tag.attached {
                "attached when it was packed"
            } else if tag.place == PackedPlace::WorkingFolder {
                "the newest that finished"
            } else {
                "the newest found in its layers"
            };
            tip.push_str(&format!("\nRun {run} of {source}, {how}"));
        }
        _ => tip.push_str("\nNo run is known that made it"),
    }
    for note in &tag.notes {
        tip.push_str(&format!("\n{note}"));
    }
    if tag.unread_bytes > 0 {
        let bytes = format::bytes(tag.unread_bytes);
        tip.push_str(&format!("\nLooking for its runs would move up to {bytes}"));
    }
    cell.tip(&tip);
}

fn status_cell(cell: &mut Cell<'_>, tag: &PackedRow) {
    match (tag.place, tag.created_ms) {
        (PackedPlace::WorkingFolder, _) if tag.changed => {
            cell.text("Changed").tip("Differs from the last pack");
        }
        (PackedPlace::WorkingFolder, _) => {
            cell.weak("As packed");
        }
        (_, Some(at)) => {
            cell.weak(&clock::when(at)).tip(&clock::when_exact(at));
        }
        (_, None) => {
            cell.weak("–");
        }
    }
}
