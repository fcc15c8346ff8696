//! What a run logged beside numbers: a dialog with its images, histograms and texts.

use egui::{Align, Context, Layout, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{
    GetMedium, ListMedia, MediaKind, MediumContent, MediumView, PackedF64, ProjectId,
};

use super::numbers;
use crate::app::{Dialog, ViewCtx};
use crate::backend::{Remote, RemoteView};
use crate::clock;
use crate::format;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, DialogFrame, FailureAction, Side, TreeRow};

/// Images, histograms and texts of one run.
pub struct MediaDialog {
    project: ProjectId,
    run: String,
    name: String,
    kinds: Remote<Vec<MediaKind>>,
    chosen: Option<String>,
    /// Which of its steps; the latest if none.
    at: Option<u32>,
    medium: Remote<MediumView>,
}

impl MediaDialog {
    pub fn new(project: ProjectId, run: String, name: String) -> Self {
        Self {
            project,
            run,
            name,
            kinds: Remote::default(),
            chosen: None,
            at: None,
            medium: Remote::default(),
        }
    }

    fn choose(&mut self, name: Option<String>, at: Option<u32>) {
        self.chosen = name;
        self.at = at;
        self.medium.clear();
    }

    fn body(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let list = ListMedia {
            project: self.project,
            run: self.run.clone(),
        };
        self.kinds.ask(view.client, view.now, || list);
        let kinds = match self.kinds.view() {
            RemoteView::Loading(since) => return widgets::skeleton(ui, since, sizes::ROW),
            RemoteView::Failed(error) => {
                if widgets::failed(ui, error) == Some(FailureAction::Retry) {
                    self.kinds.invalidate();
                }
                return;
            }
            RemoteView::Ready { value, .. } => value.clone(),
        };
        if kinds.iter().all(|kind| kind.names.is_empty()) {
            return widgets::empty(
                ui,
                icons::IMAGE,
                "Only numbers",
                "This run logged no images, histograms or texts.",
                |_| {},
            );
        }
        if self.chosen.is_none() {
            let first = kinds.iter().find_map(|kind| kind.names.first().cloned());
            self.choose(first, None);
        }
        let mut width = 240.0;
        let chosen = self.chosen.clone();
        let (picked, ()) = widgets::split_with(
            ui,
            "Names",
            Side::Left,
            &mut width,
            240.0,
            self,
            |ui, _| names(ui, &kinds, chosen.as_deref()),
            |ui, dialog| dialog.medium(ui, view),
        );
        if let Some(name) = picked.into_iter().next_back() {
            self.choose(Some(name), None);
        }
    }

    fn medium(&mut self, ui: &mut Ui, view: &ViewCtx<'_>) {
        let Some(name) = self.chosen.clone() else {
            return;
        };
        let call = GetMedium {
            project: self.project,
            run: self.run.clone(),
            name: name.clone(),
            at: self.at,
        };
        self.medium.ask(view.client, view.now, || call);
        let mut retry = false;
        let mut step = None;
        match self.medium.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, sizes::ROW),
            RemoteView::Failed(error) => {
                retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
            }
            RemoteView::Ready { value, .. } => {
                step = steps(ui, value);
                let id = egui::Id::unique(("medium", &self.run, &name, value.at));
                content(ui, id, &name, value);
            }
        }
        if retry {
            self.medium.invalidate();
        }
        if let Some(at) = step {
            self.choose(Some(name), Some(at));
        }
    }
}

impl Dialog for MediaDialog {
    fn show(&mut self, ctx: &Context, view: &ViewCtx<'_>) -> bool {
        let note = self.name.clone();
        let frame = DialogFrame {
            title: "Images, histograms, texts",
            icon: Some(icons::IMAGE),
            note: Some(&note),
            size: vec2(920.0, 640.0),
        };
        let mut done = false;
        let mut state = (&mut *self, &mut done);
        let closed = widgets::dialog_with(
            ctx,
            &frame,
            &mut state,
            |ui, (dialog, _)| dialog.body(ui, view),
            |ui, (_, done)| {
                **done = ui
                    .add(Button::primary("Close").large().key("Esc"))
                    .clicked();
            },
        );
        !(closed || done)
    }
}

/// The names by kind; answers those that were pressed.
fn names(ui: &mut Ui, kinds: &[MediaKind], chosen: Option<&str>) -> Vec<String> {
    let t = Tokens::of(ui);
    let mut pressed = Vec::new();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for kind in kinds.iter().filter(|kind| !kind.names.is_empty()) {
            let (title, icon) = match kind.kind.as_str() {
                "image" => ("Images", icons::IMAGE),
                "histogram" => ("Histograms", icons::CHART_BAR),
                "text" => ("Texts", icons::FILE_TEXT),
                other => (other, icons::FILE),
            };
            widgets::bar_row(ui, 32.0, 14.0, false, |ui| {
                widgets::label(ui, Type::SmallStrong, t.text_2, title);
            });
            for name in &kind.names {
                let row = TreeRow {
                    icon: (icon, t.text_2),
                    selected: chosen == Some(name),
                    ..TreeRow::new(name)
                };
                let id = egui::Id::unique(("medium-name", &kind.kind, name));
                if row.show(ui, id).response.clicked() {
                    pressed.push(name.clone());
                }
            }
        }
    });
    pressed
}

/// Which step is shown, with a way to its neighbours.
fn steps(ui: &mut Ui, view: &MediumView) -> Option<u32> {
    let t = Tokens::of(ui);
    let mut step = None;
    widgets::bar_row(ui, 44.0, 14.0, true, |ui| {
        let last = view.steps.len().saturating_sub(1) as u32;
        let mut before = Button::icon_only(icons::CARET_LEFT, "Earlier step");
        let mut after = Button::icon_only(icons::CARET_RIGHT, "Later step");
        if view.at == 0 {
            before = before.blocked(Some("This is the first"));
        }
        if view.at >= last {
            after = after.blocked(Some("This is the latest"));
        }
        if ui.add(before).clicked() {
            step = Some(view.at.saturating_sub(1));
        }
        if ui.add(after).clicked() {
            step = Some(view.at + 1);
        }
        if let Some(at) = view.steps.get(view.at as usize) {
            let words = format!(
                "Step {}, {} of {}",
                numbers::step(*at),
                view.at + 1,
                view.steps.len()
            );
            widgets::label(ui, Type::BodyBold, t.text, &words);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(time) = view.time_ms {
                widgets::label(ui, Type::Small, t.text_2, &clock::when(time));
            }
        });
    });
    step
}

fn content(ui: &mut Ui, id: egui::Id, name: &str, view: &MediumView) {
    let t = Tokens::of(ui);
    match &view.content {
        None => widgets::empty(
            ui,
            icons::FILE,
            "Only its name is known",
            "The format does not keep what was logged where it can be read.",
            |_| {},
        ),
        Some(MediumContent::Broken(why)) => {
            widgets::empty(ui, icons::IMAGE, "This image cannot be drawn", why, |_| {})
        }
        Some(MediumContent::Picture(picture)) => widgets::inset(ui, 20.0, |ui| {
            let words = format!("{} × {} pixels", picture.width, picture.height);
            widgets::label(ui, Type::Small, t.text_2, &words);
            ui.add_space(8.0);
            widgets::picture(ui, id, name, picture);
        }),
        Some(MediumContent::Text(text)) => {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                widgets::inset(ui, 20.0, |ui| widgets::markdown(ui, text));
            });
        }
        Some(MediumContent::Histogram { left, right, count }) => {
            widgets::inset(ui, 20.0, |ui| histogram(ui, name, left, right, count));
        }
    }
}

/// Bars whose areas are the counts, since intervals may be of any width.
fn histogram(ui: &mut Ui, name: &str, left: &PackedF64, right: &PackedF64, count: &PackedF64) {
    let t = Tokens::of(ui);
    let bars: Vec<(f64, f64, f64)> = (0..count.len())
        .filter_map(|at| Some((left.get(at)?, right.get(at)?, count.get(at)?)))
        .filter(|(left, right, count)| {
            left.is_finite() && right.is_finite() && count.is_finite() && *count > 0.0
        })
        .collect();
    let low = bars.iter().map(|bar| bar.0).fold(f64::INFINITY, f64::min);
    let high = bars
        .iter()
        .map(|bar| bar.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = bars.iter().map(|bar| bar.2).sum();
    if bars.is_empty() {
        widgets::paragraph(ui, Type::Body, t.text_2, "No finite value was counted.");
        return;
    }
    let words = format!(
        "{} values from {} to {}, in {}",
        numbers::figure(total),
        numbers::figure(low),
        numbers::figure(high),
        format::count(bars.len() as u64, "interval", "intervals"),
    );
    widgets::label(ui, Type::Small, t.text_2, &words);
    ui.add_space(12.0);
    let height = (ui.available_height() - 28.0).clamp(80.0, 360.0);
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}: {words}")));
    // A single value has an interval without a width.
    let span = (high - low).max(f64::MIN_POSITIVE);
    let density = |bar: &(f64, f64, f64)| bar.2 / (bar.1 - bar.0).max(span / 400.0);
    let most = bars.iter().map(density).fold(f64::MIN_POSITIVE, f64::max);
    for bar in &bars {
        let x = |value: f64| rect.left() + rect.width() * ((value - low) / span) as f32;
        let (from, to) = (x(bar.0), x(bar.1).max(x(bar.0) + 1.0));
        let top = rect.bottom() - rect.height() * (density(bar) / most) as f32;
        let shape = Rect::from_min_max(pos2(from, top), pos2(to, rect.bottom()));
        ui.painter().rect_filled(shape, 0.0, t.accent_line);
    }
    ui.painter().hline(
        rect.x_range(),
        rect.bottom(),
        egui::Stroke::new(sizes::STROKE, t.line_strong),
    );
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        widgets::label(ui, Type::Mono, t.text_2, &numbers::figure(low));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            widgets::label(ui, Type::Mono, t.text_2, &numbers::figure(high));
        });
    });
}
