//! Fields of the form. While one has the focus it shows what was typed; else what the text says.

use egui::{Align, Layout, Ui, vec2};
use kitbench_protocol::PathState;

use super::{Act, Form, Target};
use crate::theme::{icons, sizes};
use crate::views::kitfile::model;
use crate::widgets::{self, FieldResponse, TextField, Tone};

pub(super) const LICENSES: [&str; 14] = [
    "Apache-2.0",
    "MIT",
    "BSD-3-Clause",
    "GPL-3.0-only",
    "LGPL-3.0-only",
    "MPL-2.0",
    "CC-BY-4.0",
    "CC-BY-SA-4.0",
    "CC-BY-NC-4.0",
    "CC0-1.0",
    "OpenRAIL-M",
    "Llama-3.1",
    "Gemma",
    "Proprietary",
];

pub(super) const FRAMEWORKS: [&str; 12] = [
    "transformers",
    "pytorch",
    "tensorflow",
    "keras",
    "jax",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "onnx",
    "llama.cpp",
    "numpy",
    "spacy",
];

pub(super) const FORMATS: [&str; 8] = [
    "safetensors",
    "gguf",
    "onnx",
    "pytorch",
    "savedmodel",
    "joblib",
    "pickle",
    "coreml",
];

pub(super) const PART_TYPES: [&str; 6] = [
    "lora-adapter",
    "gguf",
    "tokenizer",
    "config",
    "weights",
    "vocabulary",
];

/// What a field is.
pub(super) struct Field<'s> {
    pub path: String,
    pub label: &'s str,
    pub note: &'s str,
    pub hint: &'s str,
    pub mono: bool,
    pub choices: &'s [&'s str],
    pub value: &'s str,
    /// The value in the file on disk; `None` when that is not known.
    pub saved: Option<&'s str>,
    pub width: f32,
}

impl<'s> Field<'s> {
    pub fn new(path: impl Into<String>, label: &'s str, value: &'s str) -> Self {
        Self {
            path: path.into(),
            label,
            note: "",
            hint: "",
            mono: false,
            choices: &[],
            value,
            saved: None,
            width: 0.0,
        }
    }
}

/// Widths of fields in one row, in these shares of what there is.
pub(super) fn shares<const N: usize>(ui: &Ui, shares: [f32; N]) -> [f32; N] {
    let all: f32 = shares.iter().sum();
    let room = ui.available_width() - sizes::SPACE_3 * (N as f32 - 1.0);
    shares.map(|share| (room * share / all).floor())
}

/// Fields beside each other.
pub(super) fn row<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
        ui.spacing_mut().item_spacing = vec2(sizes::SPACE_3, 0.0);
        add(ui)
    })
    .inner
}

impl Form<'_> {
    /// A field; what is typed into it goes to the text at once.
    pub(super) fn field(&mut self, ui: &mut Ui, field: &Field<'_>) -> FieldResponse {
        if field.value.contains('\n') {
            return self.long_field(ui, field);
        }
        let mut text = self
            .editor
            .draft(&field.path)
            .unwrap_or(field.value)
            .to_owned();
        let id = self.id(&field.path);
        let width = if field.width > 0.0 {
            field.width
        } else {
            ui.available_width()
        };
        let changed = field.saved.is_some_and(|saved| saved != field.value);
        let rejected = self.editor.rejected(&field.path).map(str::to_owned);
        let out = if field.choices.is_empty() {
            let mut widget = TextField::new(&mut text)
                .label(field.label)
                .hint(field.hint)
                .id(id)
                .width(width)
                .changed_mark(changed)
                .error(rejected.as_deref());
            if !field.note.is_empty() {
                widget = widget.note(field.note);
            }
            if field.mono {
                widget = widget.mono();
            }
            widget.show(ui)
        } else {
            widgets::combobox(ui, &field.path, &mut text, field.choices, |widget| {
                widget
                    .label(field.label)
                    .hint(field.hint)
                    .id(id)
                    .width(width)
                    .changed_mark(changed)
                    .error(rejected.as_deref())
            })
        };
        self.after(field, &text, &out);
        out
    }

    /// A text of several lines.
    fn long_field(&mut self, ui: &mut Ui, field: &Field<'_>) -> FieldResponse {
        let mut text = self
            .editor
            .draft(&field.path)
            .unwrap_or(field.value)
            .to_owned();
        let width = if field.width > 0.0 {
            field.width
        } else {
            ui.available_width()
        };
        let response = ui
            .allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.spacing_mut().item_spacing.y = 4.0;
                ui.push_id(&field.path, |ui| {
                    widgets::text_area(ui, &mut text, field.label, 3, field.mono)
                })
                .inner
            })
            .inner;
        let out = FieldResponse {
            rect: response.rect,
            response,
            button_clicked: false,
            cleared: false,
            submitted: false,
            restore_clicked: false,
        };
        self.after(field, &text, &out);
        out
    }

    fn after(&mut self, field: &Field<'_>, text: &str, out: &FieldResponse) {
        if self.state.focus.as_deref() == Some(&field.path) {
            self.state.focus = None;
            out.response.request_focus();
        }
        if out.response.has_focus() {
            self.focused = Some(field.path.clone());
        }
        if out.restore_clicked
            && let Some(saved) = field.saved
        {
            self.editor.set(&field.path, saved);
        } else if out.response.changed() {
            self.editor.set(&field.path, text);
        } else if !out.response.has_focus() {
            self.editor.leave(&field.path);
        }
    }

    /// A path inside the project folder, with what is there.
    pub(super) fn path_field(&mut self, ui: &mut Ui, field: &Field<'_>, state: &PathState) {
        let mut text = self
            .editor
            .draft(&field.path)
            .unwrap_or(field.value)
            .to_owned();
        let id = self.id(&field.path);
        let words = model::path_words(state);
        let changed = field.saved.is_some_and(|saved| saved != field.value);
        let rejected = self.editor.rejected(&field.path).map(str::to_owned);
        let mut widget = TextField::new(&mut text)
            .label(field.label)
            .hint("A file or folder of the project")
            .icon(icons::FOLDER_SIMPLE)
            .mono()
            .id(id)
            .changed_mark(changed)
            .error(rejected.as_deref())
            .button("Browse…");
        if let Some((good, words)) = &words {
            let (tone, icon) = if *good {
                (Tone::Ok, icons::CHECK)
            } else {
                (Tone::Err, icons::X_CIRCLE)
            };
            widget = widget.status(tone, icon, words);
        }
        let out = widget.show(ui);
        self.after(field, &text, &out);
        if out.button_clicked {
            self.acts
                .push(Act::Choose(Target::Field(field.path.clone())));
        }
    }
}
