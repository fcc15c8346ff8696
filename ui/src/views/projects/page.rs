//! The page of one project: head, banner, figures, cards, and its states.

use egui::{Align, Layout, Rect, Role, ScrollArea, Sense, Ui, UiBuilder, pos2, vec2};
use kitbench_protocol::{GetProject, ProjectDetail, ProjectRow, ProjectState, Severity};

use super::page_model::{self, Step};
use super::{Projects, actions, list};
use crate::app::{Place, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::theme::{Tokens, Type, icons, sizes};
use crate::widgets::{self, Button, FailureAction, Tone};
use crate::{clock, format};

/// The gap between the blocks of the page.
pub(super) const GAP: f32 = sizes::SPACE_4;
/// Height of the head.
const HEAD: f32 = 76.0;

impl Projects {
    pub(super) fn page(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let Some(row) = self.selected_row(ctx) else {
            if ctx.shared.projects.value().is_none() {
                list::quiet(ui, "");
            } else {
                widgets::empty(
                    ui,
                    icons::FOLDERS,
                    "No project selected",
                    "Choose one on the left.",
                    |_| {},
                );
            }
            return;
        };
        let id = row.id;
        // Taken out, so that the page can read it while it changes the rest.
        let mut details = std::mem::take(&mut self.details);
        let remote = details.of(&id);
        remote.ask(ctx.client, ctx.now, || GetProject { project: id });
        let (known, refreshing) = match remote.view() {
            RemoteView::Ready {
                value, refreshing, ..
            } => (Some(value), refreshing),
            _ => (None, false),
        };
        // The list's row may be newer than the page's.
        self.head(ui, ctx, row, known, refreshing);
        let mut retry = false;
        match remote.view() {
            RemoteView::Loading(since) => widgets::skeleton(ui, since, 48.0),
            RemoteView::Failed(error) => {
                retry = widgets::failed(ui, error) == Some(FailureAction::Retry);
            }
            RemoteView::Ready { value, failure, .. } => {
                if let Some(failure) = failure {
                    let age = value.row.scanned_ms.map(clock::when);
                    retry = widgets::failed_strip(ui, failure, age.as_deref())
                        == Some(FailureAction::Retry);
                }
                self.body(ui, ctx, value);
            }
        }
        if retry {
            remote.invalidate();
        }
        self.details = details;
    }

    fn head(
        &mut self,
        ui: &mut Ui,
        ctx: &ViewCtx<'_>,
        row: &ProjectRow,
        detail: Option<&ProjectDetail>,
        refreshing: bool,
    ) {
        let t = Tokens::of(ui);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
        widgets::hairline_below(ui.painter(), rect, t.line);
        let inner = rect.shrink2(vec2(sizes::PAGE_INSET, 0.0));
        let first = Rect::from_min_max(
            pos2(inner.left(), inner.top() + 13.0),
            pos2(inner.right(), inner.top() + 43.0),
        );
        let mut right = ui.new_child(
            UiBuilder::new()
                .id_salt("buttons")
                .max_rect(first)
                .layout(Layout::right_to_left(Align::Center)),
        );
        right.spacing_mut().item_spacing.x = sizes::SPACE_4;
        let dots = right.add(Button::icon_boxed(
            icons::DOTS_THREE,
            "More for this project",
        ));
        widgets::menu(&dots, &right, "More for this project", |ui| {
            self.project_menu(ui, ctx, row.id, &row.path);
        });
        for id in [CommandId::CompareRuns, CommandId::EditKitfile] {
            let spec = id.spec();
            let button = Button::neutral(spec.name).icon(spec.icon).tip(spec.tip);
            if right.add(button).clicked() {
                ctx.commands.run(id);
            }
        }
        let mut left = ui.new_child(
            UiBuilder::new()
                .id_salt("name")
                .max_rect(first.with_max_x(right.min_rect().left() - sizes::SPACE_4))
                .layout(Layout::left_to_right(Align::Center)),
        );
        left.spacing_mut().item_spacing.x = sizes::SPACE_4;
        widgets::named(&mut left, Role::Heading, Type::Title, t.text, &row.name);
        if let Some((tone, mark, words)) = detail.and_then(page_model::pill)
            && left.available_width() > 60.0
        {
            widgets::pill(&mut left, tone, Some(mark.icon().0), &words);
        }
        let second = Rect::from_min_max(
            pos2(inner.left(), first.bottom() + 3.0),
            pos2(inner.right(), first.bottom() + 23.0),
        );
        let mut facts = ui.new_child(
            UiBuilder::new()
                .id_salt("facts")
                .max_rect(second)
                .layout(Layout::left_to_right(Align::Center)),
        );
        facts.spacing_mut().item_spacing.x = sizes::SPACE_5;
        let path = ctx.shared.short_path(&row.path);
        widgets::fact(
            &mut facts,
            icons::FOLDER_SIMPLE,
            &format!("`{}`", format::printable(&path)),
        );
        if let Some(git) = &row.git {
            let more = match git.uncommitted {
                Some(n) if n > 0 => format!(
                    " with {}",
                    format::count(u64::from(n), "uncommitted file", "uncommitted files")
                ),
                _ => String::new(),
            };
            let words = format!("`{} {}`{more}", format::printable(&git.branch), git.commit);
            widgets::fact(&mut facts, icons::GIT_BRANCH, &words);
        }
        if let Some(at) = row.scanned_ms {
            let words = if refreshing {
                "Looking again…".to_owned()
            } else {
                format!("Scanned {}", clock::when(at))
            };
            widgets::fact(&mut facts, icons::CLOCK, &words).on_hover_text(clock::when_exact(at));
        }
    }

    fn body(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
        if let Some(ProjectState::Unreachable(cause)) = detail.row.states.first() {
            self.unreachable(ui, ctx, detail, cause);
            return;
        }
        if detail.polling {
            widgets::strip(
                ui,
                Tone::Info,
                "Too many files to watch: changes are looked for every 60 s.",
                |ui| {
                    if ui.add(Button::neutral("Check now").small()).clicked() {
                        actions::rescan(ctx, detail.row.id);
                    }
                },
            );
        }
        let view = ui.available_height();
        ScrollArea::vertical()
            .id_salt(("page", detail.row.id.0))
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let top = ui.cursor().top();
                let whole = ui.max_rect();
                let inset = Rect::from_min_max(
                    pos2(whole.left() + sizes::PAGE_INSET, top + 14.0),
                    pos2(whole.right() - sizes::PAGE_INSET, whole.bottom()),
                );
                let mut inside = ui.new_child(UiBuilder::new().max_rect(inset));
                inside.spacing_mut().item_spacing.y = 0.0;
                self.blocks(&mut inside, ctx, detail, top + view - sizes::SPACE_5);
                let used = inside.min_rect().bottom() + sizes::SPACE_5 - top;
                ui.allocate_space(vec2(whole.width(), used.max(0.0)));
            });
    }

    /// The blocks from the top; the last one fills the page down to `bottom`.
    fn blocks(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail, bottom: f32) {
        self.banner(ui, ctx, detail);
        let errors = detail
            .problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        if !detail.layers.is_empty() || detail.last_pack.is_some() {
            self.summary(ui, ctx, detail);
            ui.add_space(GAP);
        }
        if errors {
            self.problems(ui, ctx, detail);
            return;
        }
        if detail.layers.is_empty() {
            widgets::outlined(ui, |ui| {
                ui.set_height(220.0);
                widgets::empty(
                    ui,
                    icons::FILE_DASHED,
                    "No layers yet",
                    "A Kitfile says which files go into which layer. The draft is a start that you can change.",
                    |_| {},
                );
            });
            return;
        }
        let warnings = detail.problems.len() as u64;
        if warnings > 0 {
            let words = format!(
                "The Kitfile has {}. It can be packed as it is.",
                format::count(warnings, "warning", "warnings")
            );
            widgets::boxed_strip(ui, Tone::Warn, &words, |ui| {
                if ui.add(Button::neutral("Show them").small()).clicked() {
                    ctx.commands.go(Place::Kitfile(detail.row.id));
                }
            });
            ui.add_space(GAP);
        }
        self.layers_and_decisions(ui, ctx, detail);
        ui.add_space(GAP);
        self.contents(ui, ctx, detail, bottom);
    }

    fn banner(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail) {
        let banner = match page_model::working(detail, ctx.shared.active_jobs()) {
            Some(job) => Some(page_model::working_banner(job)),
            None => page_model::banner(detail),
        };
        let Some(banner) = banner else {
            return;
        };
        let icon = match &banner.main {
            Some((_, Step::Draft)) => icons::FILE_PLUS,
            Some((_, Step::Fix)) => icons::WRENCH,
            Some((_, Step::Decide)) => icons::WARNING,
            Some((_, Step::Push(_))) => icons::UPLOAD_SIMPLE,
            Some((_, Step::Show(_))) => icons::ARROWS_DOWN_UP,
            Some((_, Step::Pack)) => icons::PACKAGE,
            None => icons::CHECK_CIRCLE,
        };
        let mut step = None;
        let narrow = ui.available_width() < 840.0;
        widgets::banner(ui, banner.tone, icon, &banner.title, &banner.text, |ui| {
            if let Some((words, what)) = &banner.main {
                let mut button = if matches!(what, Step::Show(_)) {
                    Button::neutral(words.as_str()).large()
                } else {
                    Button::primary(words.as_str()).icon(icon).large()
                };
                if *what == Step::Pack
                    && !narrow
                    && let Some(key) = CommandId::Pack.key()
                {
                    button = button.key(key);
                }
                if ui.add(button).clicked() {
                    step = Some(what.clone());
                }
            }
            if banner.preview {
                let spec = CommandId::PreviewPush.spec();
                let button = if narrow {
                    Button::icon_boxed(spec.icon, spec.name)
                } else {
                    Button::neutral(spec.name).icon(spec.icon)
                };
                if ui.add(button.large().tip(spec.tip)).clicked() {
                    ctx.commands.run(CommandId::PreviewPush);
                }
            }
        });
        ui.add_space(GAP);
        match step {
            Some(Step::Draft | Step::Fix) => ctx.commands.go(Place::Kitfile(detail.row.id)),
            Some(Step::Decide) => self.to_decisions = true,
            Some(Step::Pack) => ctx.commands.run(CommandId::Pack),
            Some(Step::Push(reference)) => actions::push(ctx, &reference),
            Some(Step::Show(job)) => ctx.commands.go(Place::Transfers(Some(job))),
            None => {}
        }
    }

    fn unreachable(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>, detail: &ProjectDetail, cause: &str) {
        let path = ctx.shared.short_path(&detail.row.path);
        let what = "The folder cannot be reached".to_owned();
        let remedy = if cause.contains("permission") {
            "Allow yourself to read it (its permissions), then check again."
        } else {
            "If it moved, say where it is now."
        };
        let how = format!(
            "{}: {cause}. What was packed from it is safe. {remedy}",
            format::printable(&path)
        );
        widgets::empty(ui, icons::CLOUD_SLASH, &what, &how, |ui| {
            let width = 320.0_f32.min(ui.available_width());
            ui.allocate_ui_with_layout(
                vec2(width, sizes::BUTTON),
                Layout::left_to_right(Align::Center),
                |ui| {
                    ui.spacing_mut().item_spacing.x = sizes::SPACE_3;
                    if ui.add(Button::primary("Locate…")).clicked() {
                        actions::locate(ctx, detail.row.id);
                    }
                    if ui.add(Button::neutral("Check again")).clicked() {
                        actions::rescan(ctx, detail.row.id);
                    }
                    if ui.add(Button::ghost("Stop watching…")).clicked() {
                        ctx.commands.run(CommandId::StopWatching);
                    }
                },
            );
        });
    }
}
