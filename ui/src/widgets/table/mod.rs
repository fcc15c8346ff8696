//! The one table: columns, sort, selection, groups, virtual rows.
//!
//! The caller describes columns and lines and draws cells through [`Cell`]; only the
//! visible rows are drawn, so 100,000 rows scroll as ten do. The table is one tab stop;
//! arrows move inside it.

mod cell;
mod head;
mod layout;

pub use cell::Cell;
pub use layout::{Column, Width, fit_columns};

use egui::{
    CursorIcon, EventFilter, Id, Key, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

use super::chrome::paint_section;
use super::paint::{self, hairline_below};
use super::toggles::{Tick, paint_tick};
use crate::theme::{Tokens, sizes};

/// What the user arranged: kept by the view, per screen.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct TableState {
    /// The column that sorts, by its id, and whether it is reversed.
    pub sort: Option<(String, bool)>,
    /// The line that has the cursor.
    pub cursor: Option<usize>,
    /// Asks the next frame to bring the cursor into sight.
    #[serde(skip)]
    pub reveal: bool,
}

/// One line of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A row with cells.
    Row {
        /// Part of the selection.
        selected: bool,
        /// Drawn weaker: not reachable, outside a range.
        faded: bool,
    },
    /// A group head over the whole width.
    Group {
        /// Its title.
        title: String,
        /// What stands weakly behind it.
        note: String,
        /// Whether its rows are listed.
        open: bool,
    },
}

impl Line {
    /// A plain row.
    #[must_use]
    pub fn row(selected: bool) -> Self {
        Self::Row {
            selected,
            faded: false,
        }
    }
}

/// What the user did in this frame; indices are of lines.
#[derive(Debug, Default)]
pub struct TableOutput {
    /// A row was clicked or reached with the arrows.
    pub selected: Option<usize>,
    /// Enter or a double click.
    pub activated: Option<usize>,
    /// Space or a click on the tick.
    pub ticked: Option<usize>,
    /// The tick in the head was clicked.
    pub ticked_all: bool,
    /// A group head was clicked, or left and right on it.
    pub toggled: Option<usize>,
    /// The sort changed; see [`TableState::sort`].
    pub sorted: bool,
    /// A column's border was dragged: the column and its new width.
    pub resized: Option<(usize, f32)>,
    /// A column's head was let go over another: the column, and the one it goes before.
    pub moved: Option<(usize, usize)>,
    /// The visible heads, for menus.
    pub heads: Vec<(usize, Response)>,
    /// The visible rows, for menus: `row_menu(&response, …)`.
    pub rows: Vec<(usize, Response)>,
    /// The table as a whole, with the keyboard focus.
    pub response: Option<Response>,
}

/// A table. Build it, then [`Table::show`].
#[must_use = "show it in a ui"]
pub struct Table<'a> {
    id: Id,
    name: &'a str,
    columns: &'a [Column<'a>],
    row_height: f32,
    head: bool,
    ticks: Option<Tick>,
    hairlines: bool,
    max_height: Option<f32>,
    fit: bool,
}

impl<'a> Table<'a> {
    /// A table; `name` is its spoken name and part of its id.
    pub fn new(name: &'a str, columns: &'a [Column<'a>]) -> Self {
        Self {
            id: Id::NULL,
            name,
            columns,
            row_height: sizes::ROW,
            head: true,
            ticks: None,
            hairlines: true,
            max_height: None,
            fit: false,
        }
    }

    /// Another row height than 28.
    pub fn row_height(mut self, height: f32) -> Self {
        self.row_height = height;
        self
    }

    /// Without a head.
    pub fn headless(mut self) -> Self {
        self.head = false;
        self
    }

    /// Rows can be ticked; `all` is what the head's tick shows.
    pub fn ticks(mut self, all: Tick) -> Self {
        self.ticks = Some(all);
        self
    }

    /// Without hairlines between rows.
    pub fn plain(mut self) -> Self {
        self.hairlines = false;
        self
    }

    /// As high as its rows, without scrolling: for a table within a card.
    pub fn fit(mut self) -> Self {
        self.fit = true;
        self
    }

    /// At most this high, head included.
    pub fn max_height(mut self, height: f32) -> Self {
        self.max_height = Some(height);
        self
    }

    /// Draw it. `line` describes line `i`; `cell` draws column `c` of row `i`;
    /// `ticked` is asked only when rows can be ticked.
    pub fn show(
        mut self,
        ui: &mut Ui,
        state: &mut TableState,
        lines: usize,
        line: impl Fn(usize) -> Line,
        mut cell: impl FnMut(usize, usize, &mut Cell<'_>),
        ticked: impl Fn(usize) -> bool,
    ) -> TableOutput {
        self.id = ui.make_persistent_id(("table", self.name));
        let mut out = TableOutput::default();
        let width = ui.available_width();
        let tick_width = if self.ticks.is_some() { 30.0 } else { 0.0 };
        let spans = fit_columns(self.columns, width - tick_width);
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
            if self.head {
                self.head_ui(ui, state, &spans, tick_width, &mut out);
            }
            self.body_ui(
                ui, state, lines, &line, &mut cell, &ticked, &spans, tick_width, &mut out,
            );
        });
        out
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the closures of `show`, handed on"
    )]
    fn body_ui(
        &self,
        ui: &mut Ui,
        state: &mut TableState,
        lines: usize,
        line: &impl Fn(usize) -> Line,
        cell: &mut impl FnMut(usize, usize, &mut Cell<'_>),
        ticked: &impl Fn(usize) -> bool,
        spans: &[Option<(f32, f32)>],
        tick_width: f32,
        out: &mut TableOutput,
    ) {
        let all = self.row_height * lines as f32;
        let height = match (self.fit, self.max_height) {
            (true, _) => all,
            (false, Some(most)) => {
                all.min((most - if self.head { sizes::ROW } else { 0.0 }).max(self.row_height))
            }
            (false, None) => ui.available_height(),
        };
        let area =
            Rect::from_min_size(ui.cursor().min, vec2(ui.available_width(), height.max(1.0)));
        let body = ui.interact(area, self.id, Sense::focusable_noninteractive());
        body.widget_info(|| WidgetInfo::labeled(Role::Grid, true, self.name));
        ui.ctx()
            .accesskit_node_builder(self.id, |node| node.set_row_count(lines));
        self.keys(
            ui,
            state,
            lines,
            line,
            &body,
            (height / self.row_height) as usize,
            out,
        );
        if state.reveal {
            ui.ctx().request_repaint();
        }
        let reveal = std::mem::take(&mut state.reveal)
            .then_some(state.cursor)
            .flatten();
        let mut child = ui.new_child(UiBuilder::new().max_rect(area));
        child.shrink_clip_rect(area);
        let mut draw = |ui: &mut Ui, first: usize, top: f32, last: usize| {
            for i in first..last {
                let rect = Rect::from_min_size(
                    pos2(area.left(), top + (i - first) as f32 * self.row_height),
                    vec2(area.width(), self.row_height),
                );
                match line(i) {
                    Line::Group { title, note, open } => {
                        self.group_ui(ui, state, i, rect, &title, &note, open, &body, out)
                    }
                    Line::Row { selected, faded } => {
                        self.row_ui(
                            ui, state, i, rect, selected, faded, cell, ticked, spans, tick_width,
                            &body, out,
                        );
                    }
                }
            }
        };
        if self.fit {
            draw(&mut child, 0, area.top(), lines);
        } else {
            let mut scroll = ScrollArea::vertical()
                .id_salt(self.id)
                .auto_shrink([false, false]);
            if let Some(cursor) = reveal {
                let top = cursor as f32 * self.row_height;
                let state =
                    egui::scroll_area::State::load(ui.ctx(), child.make_persistent_id(self.id));
                let offset = state.map_or(0.0, |state| state.clamped_offset().y);
                if top < offset {
                    scroll = scroll.vertical_scroll_offset(top);
                } else if top + self.row_height > offset + height {
                    scroll = scroll.vertical_scroll_offset(top + self.row_height - height);
                }
            }
            scroll.show_viewport(&mut child, |ui, view| {
                ui.set_height(all);
                let first = (view.top() / self.row_height).floor().max(0.0) as usize;
                let last = ((view.bottom() / self.row_height).ceil().max(0.0) as usize).min(lines);
                let top = ui.max_rect().top() + first as f32 * self.row_height;
                draw(ui, first.min(last), top, last);
            });
        }
        ui.allocate_rect(area, Sense::hover());
        if body.has_focus() && state.cursor.is_none() {
            paint::ring(
                ui.painter(),
                Tokens::of(ui),
                area.shrink(2.0),
                sizes::RADIUS_S,
            );
        }
        out.response = Some(body);
    }

    #[expect(clippy::too_many_arguments, reason = "one row's own facts")]
    fn group_ui(
        &self,
        ui: &mut Ui,
        state: &TableState,
        i: usize,
        rect: Rect,
        title: &str,
        note: &str,
        open: bool,
        body: &Response,
        out: &mut TableOutput,
    ) {
        let response = ui
            .interact(rect, self.id.with(("line", i)), Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        response.widget_info(|| WidgetInfo::labeled(Role::DisclosureTriangle, true, title));
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(open));
        paint_section(ui, rect, open, title, Some(note), response.hovered());
        if body.has_focus() && state.cursor == Some(i) {
            paint::ring(
                ui.painter(),
                Tokens::of(ui),
                rect.shrink(2.0),
                sizes::RADIUS_S,
            );
        }
        if response.clicked() {
            out.toggled = Some(i);
        }
        out.rows.push((i, response));
    }

    #[expect(clippy::too_many_arguments, reason = "one row's own facts")]
    fn row_ui(
        &self,
        ui: &mut Ui,
        state: &mut TableState,
        i: usize,
        rect: Rect,
        selected: bool,
        faded: bool,
        cell: &mut impl FnMut(usize, usize, &mut Cell<'_>),
        ticked: &impl Fn(usize) -> bool,
        spans: &[Option<(f32, f32)>],
        tick_width: f32,
        body: &Response,
        out: &mut TableOutput,
    ) {
        let t = Tokens::of(ui);
        let id = self.id.with(("line", i));
        let response = ui.interact(rect, id, Sense::CLICK);
        if selected {
            ui.painter().rect_filled(rect, 0.0, t.accent_bg);
        } else if response.hovered() {
            ui.painter().rect_filled(rect, 0.0, t.bg_hover);
        }
        if self.hairlines {
            hairline_below(ui.painter(), rect, t.line);
        }
        if self.ticks.is_some() {
            let area = Rect::from_min_size(rect.min, vec2(tick_width, rect.height()));
            let on = ticked(i);
            let tick = ui
                .interact(area, id.with("tick"), Sense::CLICK)
                .on_hover_cursor(CursorIcon::PointingHand);
            tick.widget_info(|| {
                WidgetInfo::selected(Role::CheckBox, true, on, format!("Tick row {}", i + 1))
            });
            paint_tick(ui, area, Tick::from(on));
            if tick.clicked() {
                out.ticked = Some(i);
            }
        }
        let mut spoken = Vec::with_capacity(spans.len());
        for (c, (column, span)) in self.columns.iter().zip(spans).enumerate() {
            let Some((left, width)) = *span else { continue };
            let area = Rect::from_min_size(
                pos2(rect.left() + tick_width + left, rect.top()),
                vec2(width, rect.height()),
            );
            let mut drawn = Cell::new(
                ui,
                id.with(c),
                area.shrink2(vec2(sizes::SPACE_3, 0.0)),
                column.right,
                faded,
            );
            cell(i, c, &mut drawn);
            spoken.extend(drawn.finish());
        }
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, spoken.join(", ")));
        ui.ctx().accesskit_node_builder(id, |node| {
            node.set_row_index(i);
            node.set_selected(selected);
        });
        if body.has_focus() && state.cursor == Some(i) {
            ui.painter().rect_stroke(
                rect.shrink(1.0),
                sizes::RADIUS_S,
                Stroke::new(sizes::STROKE_FOCUS, t.accent_line),
                egui::StrokeKind::Inside,
            );
        }
        if response.clicked() {
            state.cursor = Some(i);
            out.selected = Some(i);
            body.request_focus();
        }
        if response.double_clicked() {
            out.activated = Some(i);
        }
        out.rows.push((i, response));
    }

    #[expect(clippy::too_many_arguments, reason = "one row's own facts")]
    fn keys(
        &self,
        ui: &Ui,
        state: &mut TableState,
        lines: usize,
        line: &impl Fn(usize) -> Line,
        body: &Response,
        page: usize,
        out: &mut TableOutput,
    ) {
        if !body.has_focus() || lines == 0 {
            return;
        }
        ui.memory_mut(|memory| {
            let filter = EventFilter {
                horizontal_arrows: true,
                vertical_arrows: true,
                ..EventFilter::default()
            };
            memory.set_focus_lock_filter(body.id, filter);
        });
        let last = lines - 1;
        let at = state.cursor.map(|at| at.min(last));
        let (mut to, mut left, mut right, mut enter, mut space) =
            (None, false, false, false, false);
        ui.input(|input| {
            if input.modifiers.any() {
                return;
            }
            let from = at.unwrap_or(0);
            for (key, target) in [
                (Key::ArrowDown, at.map_or(0, |at| (at + 1).min(last))),
                (Key::ArrowUp, from.saturating_sub(1)),
                (Key::PageDown, (from + page.max(1)).min(last)),
                (Key::PageUp, from.saturating_sub(page.max(1))),
                (Key::Home, 0),
                (Key::End, last),
            ] {
                if input.key_pressed(key) {
                    to = Some(target);
                }
            }
            left = input.key_pressed(Key::ArrowLeft);
            right = input.key_pressed(Key::ArrowRight);
            enter = input.key_pressed(Key::Enter);
            space = input.key_pressed(Key::Space);
        });
        if let Some(to) = to {
            state.cursor = Some(to);
            state.reveal = true;
            if matches!(line(to), Line::Row { .. }) {
                out.selected = Some(to);
            }
        }
        let Some(at) = state.cursor else { return };
        match line(at) {
            Line::Group { open, .. } => {
                if enter || space || (left && open) || (right && !open) {
                    out.toggled = Some(at);
                }
            }
            Line::Row { .. } => {
                if enter {
                    out.activated = Some(at);
                }
                if space {
                    out.ticked = Some(at);
                }
            }
        }
    }
}
