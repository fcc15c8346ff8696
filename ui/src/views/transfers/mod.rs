//! Transfers: all jobs, running and past, with what each layer is doing.

mod model;
mod side;
mod ui;

use std::collections::BTreeSet;

use egui::Ui;
use kitbench_protocol::{
    CancelJob, ClearJobs, EventKind, JobId, JobView, PauseJob, RetryJob, SetSettings, Settings,
};

use crate::app::{Place, View, ViewCtx};
use crate::backend::RemoteView;
use crate::commands::CommandId;
use crate::theme::{icons, sizes};
use crate::widgets::{Button, FailureAction, Side, empty, failed, failed_strip, skeleton, split};
use model::{Part, Speeds};

/// The screen's state.
#[derive(Default)]
pub struct Transfers {
    part: usize,
    selected: Option<JobId>,
    /// Jobs whose layers are shown; a running one is unfolded by itself once.
    open: BTreeSet<i64>,
    seen: BTreeSet<i64>,
    width: Option<f32>,
    speeds: Speeds,
}

/// What the user asked of a job.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ask {
    Select(JobId),
    Toggle(JobId),
    Pause(JobId),
    Retry(JobId),
    Cancel(JobId),
    CopyReport(JobId),
    ClearFinished,
    LayersAtOnce(u8),
}

impl Transfers {
    fn perform(&mut self, ask: Ask, ctx: &ViewCtx<'_>) {
        match ask {
            Ask::Select(job) => self.selected = Some(job),
            Ask::Toggle(job) => {
                if !self.open.remove(&job.0) {
                    self.open.insert(job.0);
                }
            }
            Ask::Pause(job) => ctx.act(PauseJob { job }, |(), _| {}),
            Ask::Retry(job) => ctx.act(RetryJob { job }, |_, _| {}),
            Ask::Cancel(job) => ctx.act(CancelJob { job }, |(), _| {}),
            Ask::LayersAtOnce(count) => {
                if let Some(settings) = ctx.shared.settings.value() {
                    let settings = Settings {
                        layers_at_once: count,
                        ..settings.clone()
                    };
                    ctx.act(SetSettings(settings), |_, _| {});
                }
            }
            Ask::ClearFinished => ctx.act(ClearJobs { job: None }, |(), _| {}),
            Ask::CopyReport(job) => {
                let jobs = ctx.shared.jobs.value();
                if let Some(job) = jobs.and_then(|jobs| jobs.iter().find(|known| known.id == job)) {
                    ctx.commands
                        .send(crate::commands::Command::Copy(model::report(job)));
                }
            }
        }
    }

    fn unfold_new(&mut self, jobs: &[JobView]) {
        for job in jobs.iter().filter(|job| job.state.is_active()) {
            if self.seen.insert(job.id.0) {
                self.open.insert(job.id.0);
            }
        }
    }

    fn chosen<'a>(&self, jobs: &'a [JobView]) -> Option<&'a JobView> {
        let selected = jobs.iter().find(|job| Some(job.id) == self.selected);
        selected
            .or_else(|| jobs.iter().find(|job| job.state.is_active()))
            .or_else(|| jobs.first())
    }
}

impl View for Transfers {
    fn ui(&mut self, ui: &mut Ui, ctx: &ViewCtx<'_>) {
        let (jobs, failure) = match ctx.shared.jobs.view() {
            RemoteView::Loading(since) => {
                let pressed = ui::head(ui, &mut self.part, &[], ctx);
                skeleton(ui, since, sizes::LIST_2);
                pressed.into_iter().for_each(|ask| self.perform(ask, ctx));
                return;
            }
            RemoteView::Failed(error) => {
                if failed(ui, error) == Some(FailureAction::Retry) {
                    ctx.commands.run(CommandId::Refresh);
                }
                return;
            }
            RemoteView::Ready { value, failure, .. } => (value, failure),
        };
        self.unfold_new(jobs);
        self.speeds.sample(jobs, ctx.now);
        let pressed = ui::head(ui, &mut self.part, jobs, ctx);
        if let Some(failure) = failure
            && failed_strip(ui, failure, None) == Some(FailureAction::Retry)
        {
            ctx.commands.run(CommandId::Refresh);
        }
        if jobs.is_empty() {
            empty(
                ui,
                icons::ARROWS_DOWN_UP,
                "Nothing is moving",
                "Packs, pushes, pulls and unpacks are listed here, running and past.",
                |ui| {
                    if ui.add(Button::neutral("Show projects")).clicked() {
                        ctx.commands.run(CommandId::GoProjects);
                    }
                },
            );
            pressed.into_iter().for_each(|ask| self.perform(ask, ctx));
            return;
        }
        let mut width = self.width.unwrap_or(372.0);
        let parts = model::parts(jobs, Part::filter(self.part));
        let chosen = self.chosen(jobs);
        let (open, speeds) = (&self.open, &self.speeds);
        let narrow = ui.available_width() < 980.0;
        let asks = if narrow {
            ui::list(ui, &parts, open, chosen.map(|job| job.id))
        } else {
            let (side_ask, mut asks) = split(
                ui,
                "Transfer",
                Side::Right,
                &mut width,
                372.0,
                |ui| side::side(ui, chosen, jobs, speeds, ctx),
                |ui| ui::list(ui, &parts, open, chosen.map(|job| job.id)),
            );
            asks.extend(side_ask);
            asks
        };
        self.width = Some(width);
        for ask in pressed.into_iter().chain(asks) {
            self.perform(ask, ctx);
        }
    }

    fn open(&mut self, place: &Place, _: &ViewCtx<'_>) {
        if let Place::Transfers(Some(job)) = place {
            self.selected = Some(*job);
            self.open.insert(job.0);
        }
    }

    fn place(&self) -> Option<Place> {
        Some(Place::Transfers(self.selected))
    }

    fn run(&mut self, command: CommandId, ctx: &ViewCtx<'_>) -> bool {
        let jobs = ctx.shared.jobs.value();
        let chosen = jobs
            .and_then(|jobs| self.chosen(jobs))
            .map(|job| (job.id, job.can_pause, job.can_retry, job.state.is_active()));
        let ask = match (command, chosen) {
            (CommandId::ClearFinished, _) => Ask::ClearFinished,
            (CommandId::PauseTransfer, Some((job, true, _, true))) => Ask::Pause(job),
            (CommandId::PauseTransfer | CommandId::RetryTransfer, Some((job, _, true, false))) => {
                Ask::Retry(job)
            }
            (CommandId::CancelTransfer, Some((job, _, _, true))) => Ask::Cancel(job),
            _ => return false,
        };
        self.perform(ask, ctx);
        true
    }

    fn on_event(&mut self, event: &EventKind) {
        if let EventKind::JobCleared(job) = event {
            self.open.remove(&job.0);
            if self.selected == Some(*job) {
                self.selected = None;
            }
        }
    }
}
