//! The form: chips of the sections, and a card for each.

mod authors;
mod cards;
mod fields;
mod parameters;
mod rows;
mod strips;

use std::collections::HashMap;
use std::rc::Rc;

use egui::{Id, ScrollArea, Ui};
use kitbench_protocol::{FormEdit, KitfileForm, KitfileProblem, Severity};

use super::editor::Editor;
use super::model::{self, List, Section, Spot};
use crate::theme::{LayerKind, Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, Mark, Tone};

pub use cards::edits_for_section;
use parameters::ParameterEdit;

/// What the form keeps from frame to frame.
#[derive(Default)]
pub struct FormState {
    /// Cards that were folded or unfolded by hand.
    pub folds: HashMap<Section, bool>,
    /// The row whose fields are shown.
    pub row: Option<(List, usize)>,
    /// Scroll to this place.
    pub jump: Option<Spot>,
    /// Path of the field that has the focus.
    pub focused: Option<String>,
    /// Give this field the focus.
    pub focus: Option<String>,
    /// The row that was unfolded is to be scrolled into view, with its fields.
    reveal_row: bool,
    parameter: Option<ParameterEdit>,
    authors: Option<Vec<String>>,
    drag: Option<(List, usize)>,
}

impl FormState {
    /// The text is replaced: what is being typed into a field is no more.
    pub fn forget(&mut self) {
        self.parameter = None;
        self.authors = None;
    }
}

/// What the form asks for.
pub enum Act {
    /// Choose a path in the project folder.
    Choose(Target),
    /// Show the line of a problem.
    ShowLine(KitfileProblem),
    /// Take parameters from a run.
    FillFromRun(String),
}

/// What a chosen path is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Set this field.
    Field(String),
    /// Add an entry to this list.
    Append(List),
}

/// The edits that put a path to its use.
pub fn edits_for(target: &Target, path: &str) -> Vec<FormEdit> {
    match target {
        Target::Field(field) => vec![FormEdit::Set {
            path: field.clone(),
            value: path.to_owned(),
        }],
        Target::Append(list) => {
            let mut fields = Vec::new();
            if list.is_named() {
                fields.push(("name".to_owned(), model::name_for(path)));
            }
            fields.push(("path".to_owned(), path.to_owned()));
            vec![FormEdit::Append {
                section: list.path().to_owned(),
                fields,
            }]
        }
    }
}

/// One frame of the form.
struct Form<'a> {
    editor: &'a mut Editor,
    state: &'a mut FormState,
    form: Rc<KitfileForm>,
    saved: Option<Rc<KitfileForm>>,
    problems: Rc<Vec<KitfileProblem>>,
    acts: Vec<Act>,
    focused: Option<String>,
}

/// Draw it.
pub fn show(ui: &mut Ui, state: &mut FormState, editor: &mut Editor) -> Vec<Act> {
    let problems = editor.problems();
    let shown = editor.form();
    let jump = chips(ui, shown.as_deref(), &problems);
    if let Some(section) = jump {
        state.jump = Some(Spot::In(section));
        state.folds.insert(section, true);
    }
    let mut acts = Vec::new();
    if !editor.parses() && editor.is_current() {
        broken_strip(ui, &problems, shown.is_some(), &mut acts);
    }
    let Some(form) = shown else {
        widgets::empty(
            ui,
            icons::TEXT_ALIGN_LEFT,
            "The form needs a text that parses",
            "Correct the text; the form appears as soon as it can be read.",
            |_| {},
        );
        return acts;
    };
    let mut form = Form {
        saved: editor.saved_form(),
        problems,
        form,
        acts,
        focused: None,
        editor,
        state,
    };
    let enabled = form.editor.parses();
    ScrollArea::vertical()
        .id_salt("form")
        .auto_shrink([false, false])
        .show(ui, |ui| {
            widgets::inset(ui, sizes::SPACE_4, |ui| {
                ui.spacing_mut().item_spacing.y = 10.0;
                let top = form.problems_at(Spot::Top);
                form.strips(ui, &top, false);
                ui.add_enabled_ui(enabled, |ui| form.cards(ui));
                ui.add_space(sizes::SPACE_6);
            });
        });
    form.state.focused = form.focused.take();
    form.state.jump = None;
    form.acts
}

/// The bar of sections; the one that was clicked.
fn chips(ui: &mut Ui, form: Option<&KitfileForm>, problems: &[KitfileProblem]) -> Option<Section> {
    let mut clicked = None;
    widgets::bar_row(ui, 36.0, sizes::SPACE_3, true, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ScrollArea::horizontal()
            .id_salt("chips")
            .scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden)
            .show(ui, |ui| {
                ui.horizontal_centered(|ui| {
                    for chip in model::chips(form, problems) {
                        if chip_ui(ui, &chip) {
                            clicked = Some(chip.section);
                        }
                    }
                });
            });
    });
    clicked
}

fn chip_ui(ui: &mut Ui, chip: &model::Chip) -> bool {
    let t = Tokens::of(ui);
    let word = Type::SmallStrong.galley(ui, chip.section.word(), t.text, f32::INFINITY);
    let count = chip
        .count
        .map(|count| Type::Small.galley(ui, &count.to_string(), t.text_3, f32::INFINITY));
    let mark = match (chip.tally.errors, chip.tally.warnings) {
        (0, 0) => None,
        (0, _) => Some(Mark::Decide),
        _ => Some(Mark::Blocks),
    };
    let width = 16.0
        + word.size().x
        + count.as_ref().map_or(0.0, |galley| galley.size().x + 5.0)
        + mark.map_or(0.0, |_| 18.0);
    let (rect, response) = ui.allocate_exact_size(
        egui::vec2(width.ceil(), sizes::BUTTON_S),
        egui::Sense::click(),
    );
    let spoken: Vec<String> = [
        Some(format!("Go to {}", chip.section.word())),
        chip.count.map(|count| count.to_string()),
        chip.tally.error_words(),
        chip.tally.warning_words(),
    ]
    .into_iter()
    .flatten()
    .collect();
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, ui.is_enabled(), spoken.join(", "))
    });
    if response.hovered() {
        widgets::boxed(ui.painter(), rect, sizes::RADIUS_S, t.bg_hover, t.bg_hover);
    }
    let mut x = rect.left() + 8.0;
    let placed = widgets::place(
        ui.painter(),
        word,
        rect.with_min_x(x),
        egui::Align2::LEFT_CENTER,
    );
    x = placed.right() + 5.0;
    if let Some(count) = count {
        x = widgets::place(
            ui.painter(),
            count,
            rect.with_min_x(x),
            egui::Align2::LEFT_CENTER,
        )
        .right()
            + 5.0;
    }
    if let Some(mark) = mark {
        widgets::paint_mark(ui, egui::pos2(x + 7.0, rect.center().y), mark, 13.0);
    }
    widgets::focus_ring(ui, rect, sizes::RADIUS_S, &response);
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .clicked()
}

/// The text does not parse: which line, and that the form shows older values.
fn broken_strip(ui: &mut Ui, problems: &[KitfileProblem], older: bool, acts: &mut Vec<Act>) {
    let first = problems
        .iter()
        .find(|problem| problem.severity == Severity::Error);
    let cause = match first {
        Some(problem) => format!("Line {} does not parse.", problem.line),
        None => "The text does not parse.".to_owned(),
    };
    let text = if older {
        format!("{cause} The form shows the last values that did.")
    } else {
        cause
    };
    widgets::strip(ui, Tone::Err, &text, |ui| {
        if let Some(problem) = first
            && ui.add(Button::ghost("Show line").small()).clicked()
        {
            acts.push(Act::ShowLine(problem.clone()));
        }
    });
}

impl Form<'_> {
    fn push(&mut self, edits: Vec<FormEdit>) {
        self.editor.edit(edits);
    }

    /// The id of a field, the same while its path is.
    fn id(&self, path: &str) -> Id {
        Id::unique(("kitfile field", self.editor.project().0, path))
    }

    /// Problems that are shown at this place, worst first.
    fn problems_at(&self, spot: Spot) -> Vec<KitfileProblem> {
        let mut found: Vec<_> = self
            .problems
            .iter()
            .filter(|problem| model::spot(&problem.path, Some(&self.form)) == spot)
            .cloned()
            .collect();
        found.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
        found
    }

    fn is_open(&self, section: Section) -> bool {
        if let Some(open) = self.state.folds.get(&section) {
            return *open;
        }
        match section {
            Section::Package | Section::Model | Section::Datasets => true,
            // Code and the like take little room; folded only while they are empty.
            _ => !section.entries(&self.form).is_empty(),
        }
    }

    fn scroll_here(&mut self, ui: &Ui, spot: Spot, rect: egui::Rect) {
        if self.state.jump == Some(spot) {
            ui.scroll_to_rect(rect.expand(8.0), Some(egui::Align::TOP));
        }
    }

    fn color(&self, ui: &Ui, layer: LayerKind) -> egui::Color32 {
        Tokens::of(ui).layer(layer)
    }
}
