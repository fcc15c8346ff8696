//! Dialogs of the editor. What they decide goes into an inbox that the view empties each frame.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use egui::{Context, Id, ScrollArea, Ui, vec2};
use kitbench_protocol::{ListRuns, ListTree, ProjectId, RunsTable, TreeEntry};

use super::diff::{LineDiff, compare};
use super::form::Target;
use super::text::diff_list;
use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteMap, RemoteView};
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, FailureAction, TextField, TreeRow};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    Discard,
    /// This text is on disk now.
    Saved {
        text: String,
        revision: Option<String>,
    },
    KeepMine,
    TakeTheirs,
    Path(Target, String),
    /// Parameters to set: where, then key and YAML.
    Parameters(String, Vec<(String, String)>),
}

/// Where dialogs leave what was decided.
pub type Inbox = Rc<RefCell<Vec<(ProjectId, Decided)>>>;

/// Two texts against each other, and what to do about it.
pub struct DiffDialog {
    project: ProjectId,
    inbox: Inbox,
    title: &'static str,
    note: String,
    old: String,
    new: String,
    diff: LineDiff,
    /// Buttons from the right: words, whether it takes something away, and what it decides.
    choices: Vec<(&'static str, bool, Decided)>,
}

impl DiffDialog {
    /// What would be lost by going back to the file on disk.
    pub fn discard(project: ProjectId, inbox: Inbox, saved: &str, text: &str) -> Self {
        let diff = compare(saved, text);
        Self {
            project,
            inbox,
            title: "Discard these changes?",
            note: diff.words(),
            old: saved.to_owned(),
            new: text.to_owned(),
            diff,
            choices: vec![("Discard changes", true, Decided::Discard)],
        }
    }

    /// The file on disk and one's own text.
    pub fn conflict(project: ProjectId, inbox: Inbox, theirs: &str, mine: &str) -> Self {
        let diff = compare(theirs, mine);
        Self {
            project,
            inbox,
            title: "The file on disk and yours",
            note: format!("Yours against the file on disk: {}", diff.words()),
            old: theirs.to_owned(),
            new: mine.to_owned(),
            diff,
            choices: vec![
                ("Keep mine", false, Decided::KeepMine),
                ("Take theirs", false, Decided::TakeTheirs),
            ],
        }
    }
}

impl Dialog for DiffDialog {
    fn show(&mut self, ctx: &Context, _view: &ViewCtx<'_>) -> bool {
        let note = self.note.clone();
        let frame = DialogFrame {
            title: self.title,
            icon: Some(icons::GIT_DIFF),
            note: Some(&note),
            size: vec2(820.0, 560.0),
        };
        let mut decided = None;
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut decided,
            |ui, _| diff_list(ui, &self.old, &self.new, &self.diff, Some(3)),
            |ui, decided| {
                let t = Tokens::of(ui);
                for (words, danger, choice) in &self.choices {
                    let button = if *danger {
                        Button::neutral(*words).icon(icons::TRASH).icon_color(t.err)
                    } else {
                        Button::neutral(*words)
                    };
                    if ui.add(button.large()).clicked() {
                        *decided = Some(Some(choice.clone()));
                    }
                }
                if ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked()
                {
                    *decided = Some(None);
                }
            },
        );
        match decided {
            Some(choice) => {
                let choice = choice.map(|choice| (self.project, choice));
                self.inbox.borrow_mut().extend(choice);
                false
            }
            None => !closed,
        }
    }
}

/// Chooses a file or folder of the project.
pub struct PathDialog {
    project: ProjectId,
    inbox: Inbox,
    target: Target,
    title: String,
    path: String,
    open: HashSet<String>,
    levels: RemoteMap<String, Vec<TreeEntry>>,
    fresh: bool,
}

impl PathDialog {
    pub fn new(project: ProjectId, inbox: Inbox, target: Target, path: String) -> Self {
        let title = match &target {
            Target::Field(_) => "Choose a path".to_owned(),
            Target::Append(list) => format!("Add a {}", list.one()),
        };
        let mut open = HashSet::new();
        // Unfold down to what is chosen now.
        for (at, _) in path.trim_end_matches('/').match_indices('/') {
            open.extend(path.get(..at).map(str::to_owned));
        }
        Self {
            project,
            inbox,
            target,
            title,
            path,
            open,
            levels: RemoteMap::default(),
            fresh: true,
        }
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) -> bool {
        let mut submitted = false;
        widgets::inset(ui, sizes::PAGE_INSET, |ui| {
            let field = TextField::new(&mut self.path)
                .label("Path in the project folder")
                .mono()
                .icon(icons::FOLDER_SIMPLE)
                .id(Id::unique("kitfile path field"))
                .show(ui);
            if std::mem::take(&mut self.fresh) {
                field.response.request_focus();
            }
            submitted = field.submitted;
        });
        ui.spacing_mut().item_spacing.y = 0.0;
        let project = self.project;
        let mut folders: Vec<String> = self.open.iter().cloned().collect();
        folders.push(String::new());
        for folder in folders {
            self.levels
                .of(&folder)
                .ask(view.client, view.now, || ListTree {
                    project,
                    folder: folder.clone(),
                    show_ignored: false,
                });
        }
        let top = String::new();
        match self.levels.of(&top).view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW_TREE),
            RemoteView::Failed(failure) => {
                if widgets::failed(ui, failure) == Some(FailureAction::Retry) {
                    self.levels.invalidate_all();
                }
            }
            RemoteView::Ready { .. } => self.tree(ui),
        }
        submitted
    }

    fn tree(&mut self, ui: &mut Ui) {
        let mut rows = Vec::new();
        self.add(&mut rows, "", 0);
        let mut toggled = None;
        let mut chosen = None;
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show_rows(ui, sizes::ROW_TREE, rows.len(), |ui, range| {
                let t = Tokens::of(ui);
                for (depth, entry) in rows.get(range).unwrap_or_default() {
                    let open = self.open.contains(&entry.path);
                    let color = entry.layer.map_or(t.text_2, |layer| t.layer(layer.into()));
                    // Of a folder only what is packed is counted.
                    let unknown = entry.is_folder && entry.files == 0;
                    let figure = if unknown {
                        String::new()
                    } else {
                        crate::format::bytes(entry.bytes)
                    };
                    let row = TreeRow {
                        depth: *depth,
                        open: entry.is_folder.then_some(open),
                        icon: (
                            if entry.is_folder {
                                icons::FOLDER_SIMPLE
                            } else {
                                icons::FILE
                            },
                            color,
                        ),
                        edge: entry.layer.map(|layer| t.layer(layer.into())),
                        figure: &figure,
                        selected: self.path.trim_end_matches('/') == entry.path,
                        ..TreeRow::new(&entry.name)
                    }
                    .show(ui, Id::unique(("kitfile path", entry.path.as_str())));
                    if row.toggled || row.response.double_clicked() {
                        toggled = Some(entry.path.clone());
                    } else if row.response.clicked() {
                        chosen = Some(entry.path.clone());
                    }
                }
            });
        if let Some(path) = toggled
            && !self.open.remove(&path)
        {
            self.open.insert(path);
        }
        if let Some(path) = chosen {
            self.path = path;
        }
    }

    fn add(&self, rows: &mut Vec<(usize, TreeEntry)>, folder: &str, depth: usize) {
        for entry in self.levels.value(&folder.to_owned()).into_iter().flatten() {
            rows.push((depth, entry.clone()));
            if entry.is_folder && self.open.contains(&entry.path) {
                self.add(rows, &entry.path, depth + 1);
            }
        }
    }
}

impl Dialog for PathDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let title = self.title.clone();
        let frame = DialogFrame {
            title: &title,
            icon: Some(icons::FOLDER_OPEN),
            note: None,
            size: vec2(560.0, 560.0),
        };
        let mut state = (self, false, false);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (this, done, _)| *done |= this.body(ui, view),
            |ui, (this, done, cancel)| {
                let reason = this.path.trim().is_empty().then_some("Choose a path first");
                let words = match &this.target {
                    Target::Field(_) => "Use this path",
                    Target::Append(_) => "Add this path",
                };
                *done |= ui
                    .add(Button::primary(words).large().blocked(reason))
                    .clicked();
                *done &= reason.is_none();
                *cancel |= ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
            },
        );
        let (this, done, cancel) = state;
        if done {
            let decided = Decided::Path(this.target.clone(), this.path.trim().to_owned());
            this.inbox.borrow_mut().push((this.project, decided));
        }
        !(done || cancel || closed)
    }
}

/// Copies chosen parameters of a run.
pub struct RunDialog {
    project: ProjectId,
    inbox: Inbox,
    owner: String,
    runs: Remote<RunsTable>,
    run: Option<usize>,
    left_out: HashSet<String>,
}

impl RunDialog {
    pub fn new(project: ProjectId, inbox: Inbox, owner: String) -> Self {
        Self {
            project,
            inbox,
            owner,
            runs: Remote::default(),
            run: None,
            left_out: HashSet::new(),
        }
    }

    /// Parameters of the chosen run: key, value, whether it is to be copied.
    fn parameters(&self) -> Vec<(String, String, bool)> {
        let Some(table) = self.runs.value() else {
            return Vec::new();
        };
        let Some(run) = self.run.and_then(|at| table.runs.get(at)) else {
            return Vec::new();
        };
        table
            .params
            .iter()
            .zip(&run.params)
            .filter_map(|(column, value)| {
                let value = value.clone()?;
                let taken = !self.left_out.contains(&column.name);
                Some((column.name.clone(), value, taken))
            })
            .collect()
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let project = self.project;
        let table = match self
            .runs
            .ask(view.client, view.now, || ListRuns {
                project,
                filter: String::new(),
            })
            .view()
        {
            RemoteView::Loading(since) => {
                widgets::skeleton(ui, since, sizes::ROW);
                return;
            }
            RemoteView::Failed(failure) => {
                if widgets::failed(ui, failure) == Some(FailureAction::Retry) {
                    self.runs.invalidate();
                }
                return;
            }
            RemoteView::Ready { value, .. } => value,
        };
        if table.runs.is_empty() {
            widgets::empty(
                ui,
                icons::CHART_LINE,
                "No runs in this project",
                "Runs are found in MLflow folders and in CSV logs below the project folder.",
                |_| {},
            );
            return;
        }
        let names: Vec<(String, String)> = table
            .runs
            .iter()
            .map(|run| (run.name.clone(), run.source.clone()))
            .collect();
        let mut width = 240.0;
        widgets::split_with(
            ui,
            "Runs",
            widgets::Side::Left,
            &mut width,
            240.0,
            self,
            |ui, this| {
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show_rows(ui, sizes::LIST_2, names.len(), |ui, range| {
                        for at in range {
                            let Some((name, source)) = names.get(at) else {
                                continue;
                            };
                            let row = widgets::ListRow::new(name)
                                .note(source)
                                .selected(this.run == Some(at));
                            if row.show(ui, Id::unique(("kitfile run", at))).clicked() {
                                this.run = Some(at);
                            }
                        }
                    });
            },
            |ui, this| {
                if this.run.is_none() {
                    widgets::empty(
                        ui,
                        icons::CHART_LINE,
                        "No run chosen",
                        "Choose one on the left.",
                        |_| {},
                    );
                    return;
                }
                ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| {
                        widgets::inset(ui, sizes::SPACE_4, |ui| {
                            ui.spacing_mut().item_spacing.y = 2.0;
                            let parameters = this.parameters();
                            if parameters.is_empty() {
                                let t = Tokens::of(ui);
                                widgets::label(
                                    ui,
                                    Type::Body,
                                    t.text_2,
                                    "This run has no parameters.",
                                );
                            }
                            for (key, value, mut taken) in parameters {
                                let words = format!("{key}: `{value}`");
                                if widgets::checkbox(ui, &mut taken, &words).changed() {
                                    if taken {
                                        this.left_out.remove(&key);
                                    } else {
                                        this.left_out.insert(key);
                                    }
                                }
                            }
                        });
                    });
            },
        );
    }
}

impl Dialog for RunDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let frame = DialogFrame {
            title: "Fill from run",
            icon: Some(icons::CHART_LINE),
            note: Some("Copies parameters of a run; others stay"),
            size: vec2(640.0, 520.0),
        };
        let mut state = (self, false, false);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (this, ..)| this.body(ui, view),
            |ui, (this, done, cancel)| {
                let chosen = this
                    .parameters()
                    .iter()
                    .filter(|(.., taken)| *taken)
                    .count();
                let reason = (chosen == 0).then_some("Choose a run with parameters first");
                let words = crate::format::count(chosen as u64, "parameter", "parameters");
                let copy = Button::primary(format!("Copy {words}"))
                    .large()
                    .blocked(reason);
                *done |= ui.add(copy).clicked();
                *cancel |= ui
                    .add(Button::neutral("Cancel").large().key("Esc"))
                    .clicked();
            },
        );
        let (this, done, cancel) = state;
        if done {
            let chosen = this
                .parameters()
                .into_iter()
                .filter(|(.., taken)| *taken)
                .map(|(key, value, _)| (key, value))
                .collect();
            let decided = Decided::Parameters(this.owner.clone(), chosen);
            this.inbox.borrow_mut().push((this.project, decided));
        }
        !(done || cancel || closed)
    }
}
