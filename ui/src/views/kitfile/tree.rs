//! The file tree of the project: which layer packs what; ignored, uncovered and secret files.

use std::collections::HashSet;

use egui::{Id, Key, Modifiers, ScrollArea, Sense, Ui};
use kitbench_protocol::{ListTree, ProjectId, TreeEntry, TreeMark};

use super::model::Section;
use crate::app::ViewCtx;
use crate::backend::{RemoteMap, RemoteView};
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, Mark, MenuItem, TextField, Tone, TreeRow};

/// A folder with more entries is shown as one row with a count.
const MOST: usize = 2000;

/// A path that is dragged from the tree.
pub struct TreePath(pub String);

/// What the tree keeps from frame to frame.
#[derive(Default)]
pub struct TreeState {
    pub show_ignored: bool,
    filter: String,
    open: HashSet<String>,
    selected: Option<String>,
    levels: RemoteMap<(ProjectId, String, bool), Vec<TreeEntry>>,
}

/// A row as it is drawn.
enum Row {
    Entry {
        depth: usize,
        at: (String, usize),
        open: bool,
    },
    More {
        depth: usize,
        count: usize,
    },
    Loading {
        depth: usize,
    },
}

impl TreeState {
    /// For another project: only what is shown stays.
    pub fn reset(&mut self) {
        *self = Self {
            show_ignored: self.show_ignored,
            ..Self::default()
        };
    }

    /// Files changed: ask again for the levels that are shown.
    pub fn invalidate(&mut self) {
        self.levels.invalidate_all();
    }

    fn level(
        &mut self,
        folder: &str,
        project: ProjectId,
        ctx: &ViewCtx<'_>,
    ) -> &mut crate::backend::Remote<Vec<TreeEntry>> {
        let show_ignored = self.show_ignored;
        self.levels
            .of(&(project, folder.to_owned(), show_ignored))
            .ask(ctx.client, ctx.now, || ListTree {
                project,
                folder: folder.to_owned(),
                show_ignored,
            })
    }

    fn entries(&self, folder: &str, project: ProjectId) -> Option<&Vec<TreeEntry>> {
        self.levels
            .value(&(project, folder.to_owned(), self.show_ignored))
    }

    /// Ask for what is unfolded and lay it out as rows.
    fn rows(&mut self, project: ProjectId, ctx: &ViewCtx<'_>) -> Vec<Row> {
        let mut folders: Vec<String> = self.open.iter().cloned().collect();
        folders.push(String::new());
        for folder in &folders {
            self.level(folder, project, ctx);
        }
        let needle = self.filter.to_lowercase();
        let mut rows = Vec::new();
        self.add(&mut rows, "", 0, project, &needle);
        rows
    }

    /// Add a folder's rows; true when any was added.
    fn add(
        &self,
        rows: &mut Vec<Row>,
        folder: &str,
        depth: usize,
        project: ProjectId,
        needle: &str,
    ) -> bool {
        let Some(entries) = self.entries(folder, project) else {
            rows.push(Row::Loading { depth });
            return true;
        };
        if entries.len() > MOST {
            rows.push(Row::More {
                depth,
                count: entries.len(),
            });
            return true;
        }
        let before = rows.len();
        for (at, entry) in entries.iter().enumerate() {
            let open = entry.is_folder && self.open.contains(&entry.path);
            let here = rows.len();
            rows.push(Row::Entry {
                depth,
                at: (folder.to_owned(), at),
                open,
            });
            let below = open && self.add(rows, &entry.path, depth + 1, project, needle);
            if !needle.is_empty() && !below && !entry.path.to_lowercase().contains(needle) {
                rows.truncate(here);
            }
        }
        rows.len() > before
    }
}

/// Draw the pane; what was chosen to be added, and to which section.
pub fn show(
    ui: &mut Ui,
    state: &mut TreeState,
    project: ProjectId,
    ctx: &ViewCtx<'_>,
) -> Option<(Section, String)> {
    let t = Tokens::of(ui);
    widgets::bar_row(ui, sizes::PANEL_HEAD, sizes::SPACE_4, true, |ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let (icon, name) = if state.show_ignored {
                (icons::EYE, "Hide ignored files")
            } else {
                (icons::EYE_SLASH, "Show ignored files")
            };
            let eye = Button::icon_boxed(icon, name).selected(state.show_ignored);
            if ui.add(eye).clicked() {
                state.show_ignored = !state.show_ignored;
            }
            let id = Id::unique(("kitfile filter", project.0));
            let field = TextField::search(&mut state.filter, "Filter files")
                .id(id)
                .show(ui);
            if ctx.focus_filter {
                field.response.request_focus();
            }
        });
    });
    let area = ui.available_rect_before_wrap();
    let legend_height = if area.width() < 250.0 { 92.0 } else { 72.0 };
    let list = area.with_max_y(area.bottom() - legend_height);
    let rows = state.rows(project, ctx);
    let mut added = None;
    let mut inside = ui.new_child(egui::UiBuilder::new().id_salt("tree").max_rect(list));
    inside.shrink_clip_rect(list);
    inside.spacing_mut().item_spacing.y = 0.0;
    match state.level("", project, ctx).view() {
        RemoteView::Loading(since) => widgets::skeleton(&mut inside, since, sizes::ROW_TREE),
        RemoteView::Failed(failure) => {
            let again = widgets::failed(&mut inside, failure) == Some(FailureAction::Retry);
            if again {
                state.levels.invalidate_all();
            }
        }
        RemoteView::Ready { value, .. } => {
            let empty = value.is_empty();
            if empty {
                widgets::empty(
                    &mut inside,
                    icons::FOLDER_SIMPLE,
                    "An empty folder",
                    "Files appear here as soon as they are in it.",
                    |_| {},
                );
            } else if rows.is_empty() {
                if widgets::no_match(&mut inside, &state.filter) {
                    state.filter.clear();
                }
            } else {
                added = list_ui(&mut inside, state, &rows, project);
            }
        }
    }
    let foot = area.with_min_y(list.bottom());
    ui.painter().hline(
        foot.x_range(),
        foot.top() + 0.5,
        egui::Stroke::new(sizes::STROKE, t.line),
    );
    let mut foot = ui.new_child(
        egui::UiBuilder::new()
            .id_salt("legend")
            .max_rect(foot.shrink2(egui::vec2(sizes::SPACE_4, 8.0))),
    );
    legend(&mut foot);
    added
}

fn legend(ui: &mut Ui) {
    let t = Tokens::of(ui);
    ui.spacing_mut().item_spacing = egui::vec2(10.0, 4.0);
    ui.spacing_mut().interact_size.y = 16.0;
    ui.horizontal_wrapped(|ui| {
        for kind in [
            LayerKind::Model,
            LayerKind::Part,
            LayerKind::Dataset,
            LayerKind::Code,
            LayerKind::Docs,
            LayerKind::Prompts,
        ] {
            widgets::legend(ui, kind);
        }
        widgets::legend_color(ui, t.text_3, "No layer", true);
    });
    widgets::label(
        ui,
        Type::Caption,
        t.text_3,
        "Drag a file onto a section, or press Shift Enter",
    );
}

fn list_ui(
    ui: &mut Ui,
    state: &mut TreeState,
    rows: &[Row],
    project: ProjectId,
) -> Option<(Section, String)> {
    let t = Tokens::of(ui);
    let mut added = None;
    let mut toggled = None;
    let mut selected = None;
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(ui, sizes::ROW_TREE, rows.len(), |ui, range| {
            for row in rows.get(range).unwrap_or_default() {
                match row {
                    Row::Loading { depth } => {
                        let id = ui.next_auto_id();
                        TreeRow {
                            depth: *depth,
                            icon: (icons::HOURGLASS, t.text_3),
                            faded: true,
                            ..TreeRow::new("Loading")
                        }
                        .show(ui, id);
                    }
                    Row::More { depth, count } => {
                        let words = format!("{} entries", crate::format::thousands(*count as u64));
                        let id = ui.next_auto_id();
                        TreeRow {
                            depth: *depth,
                            icon: (icons::DOTS_THREE, t.text_3),
                            faded: true,
                            ..TreeRow::new(&words)
                        }
                        .show(ui, id);
                    }
                    Row::Entry { depth, at, open } => {
                        let entry = state
                            .entries(&at.0, project)
                            .and_then(|entries| entries.get(at.1));
                        let Some(entry) = entry else { continue };
                        let is_selected = state.selected.as_ref() == Some(&entry.path);
                        let done = entry_ui(ui, entry, *depth, *open, is_selected, project);
                        if done.toggled {
                            toggled = Some(entry.path.clone());
                        }
                        if done.selected {
                            selected = Some(entry.path.clone());
                        }
                        if let Some(section) = done.add {
                            added = Some((section, entry.path.clone()));
                        }
                    }
                }
            }
        });
    if let Some(path) = toggled
        && !state.open.remove(&path)
    {
        state.open.insert(path);
    }
    if selected.is_some() {
        state.selected = selected;
    }
    added
}

#[derive(Default)]
struct Done {
    toggled: bool,
    selected: bool,
    add: Option<Section>,
}

fn entry_ui(
    ui: &mut Ui,
    entry: &TreeEntry,
    depth: usize,
    open: bool,
    selected: bool,
    project: ProjectId,
) -> Done {
    let t = Tokens::of(ui);
    let id = Id::unique(("kitfile tree", project.0, entry.path.as_str()));
    let layer = entry.layer.map(|layer| t.layer(layer.into()));
    let secret = entry.mark == TreeMark::Secret;
    let color = if secret {
        t.err
    } else {
        layer.unwrap_or(t.text_2)
    };
    let icon = match (entry.is_folder, open) {
        (true, true) => icons::FOLDER_OPEN,
        (true, false) => icons::FOLDER_SIMPLE,
        (false, _) if secret => icons::FILE_LOCK,
        (false, _) => icons::FILE,
    };
    let pill = match entry.mark {
        TreeMark::None => None,
        TreeMark::Ignored => Some((Tone::Neutral, "Ignored")),
        TreeMark::NoLayer => Some((Tone::Warn, "No layer")),
        TreeMark::Secret => Some((Tone::Err, "Secret?")),
        TreeMark::NotPackable => Some((Tone::Neutral, "Link")),
    };
    // In a narrow pane the state matters more than the size.
    let cramped = pill.is_some() && ui.available_width() < 250.0;
    // Of a folder only what is packed is counted.
    let unknown = entry.is_folder && entry.files == 0;
    let figure = if cramped || unknown {
        String::new()
    } else {
        crate::format::bytes(entry.bytes)
    };
    let row = TreeRow {
        depth,
        open: entry.is_folder.then_some(open),
        icon: (icon, color),
        edge: layer,
        mark: entry.changed.then_some(Mark::Changed),
        pill,
        figure: &figure,
        selected,
        strong: entry.is_folder && depth == 0,
        faded: entry.mark == TreeMark::Ignored,
        ..TreeRow::new(&entry.name)
    }
    .show(ui, id);
    let mut done = Done {
        toggled: row.toggled || (entry.is_folder && row.response.clicked()),
        selected: row.response.clicked(),
        add: None,
    };
    let drag = ui.interact(row.response.rect, id.with("drag"), Sense::drag());
    if drag.drag_started() || drag.dragged() {
        drag.dnd_set_drag_payload(TreePath(entry.path.clone()));
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
    }
    let menu = row.response.id.with("menu");
    if row.response.has_focus()
        && ui.input_mut(|input| input.consume_key(Modifiers::SHIFT, Key::Enter))
    {
        done.toggled = false;
        egui::Popup::open_id(ui.ctx(), menu);
    }
    widgets::row_menu(&row.response, ui, &entry.name, |ui| {
        for section in &Section::ALL[1..] {
            let words = format!("Add to {}", section.word());
            if MenuItem::new(&words).icon(section.layer().icon()).show(ui) {
                done.add = Some(*section);
            }
        }
    });
    done
}
