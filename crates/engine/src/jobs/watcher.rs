//! The bridge from a working thread's progress to the job's view: it only counts, and
//! tells at most ten times a second.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kitbench_modelkit::progress::{Observer, Step, StepState};
use kitbench_protocol::{EventKind, JobId, JobView, StepView};

use super::meter::Meter;
use crate::Inner;
use crate::convert;

/// At most ten events a second for one job.
const TELL_EVERY: Duration = Duration::from_millis(100);
/// Warnings kept per job; the count of the rest is told.
const MAX_WARNINGS: usize = 200;

struct StepNow {
    step: Step,
    state: StepState,
    done: u64,
    meter: Meter,
}

#[derive(Default)]
struct Now {
    steps: Vec<StepNow>,
    meter: Meter,
    told: Option<Instant>,
    warnings: Vec<String>,
    warnings_left_out: usize,
}

pub struct JobWatcher {
    inner: Arc<Inner>,
    id: JobId,
    now: Mutex<Now>,
    closed: AtomicBool,
}

impl JobWatcher {
    pub fn new(inner: Arc<Inner>, id: JobId) -> JobWatcher {
        JobWatcher {
            inner,
            id,
            now: Mutex::new(Now::default()),
            closed: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No more events: the job's end is told by the manager.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Writes the figures of this moment into a view.
    pub fn fill(&self, view: &mut JobView) {
        let now = self.lock();
        if now.steps.is_empty() {
            return;
        }
        view.steps = now.steps.iter().map(StepNow::view).collect();
        let moving = |step: &&StepNow| !is_saved(step.state);
        view.done_bytes = now.steps.iter().filter(moving).map(|step| step.done).sum();
        view.total_bytes = now
            .steps
            .iter()
            .filter(moving)
            .map(|step| step.step.total_bytes)
            .sum();
        view.saved_bytes = now
            .steps
            .iter()
            .filter(|step| is_saved(step.state))
            .map(|step| step.step.total_bytes)
            .sum();
        view.bytes_per_second = now.meter.bytes_per_second();
        view.seconds_left = now
            .meter
            .seconds_left(view.total_bytes.saturating_sub(view.done_bytes));
        let done = now.steps.iter().filter(|step| is_over(step.state)).count();
        view.summary = format!(
            "{}, {done} of {} done",
            convert::job_verb(view.kind),
            now.steps.len()
        );
        view.warnings.clone_from(&now.warnings);
        if now.warnings_left_out > 0 {
            view.warnings
                .push(format!("and {} more warnings", now.warnings_left_out));
        }
    }

    /// Sends the view if the last one is old enough, or if `now` asks for it.
    fn tell(&self, at_once: bool) {
        {
            let mut now = self.lock();
            let at = Instant::now();
            if !at_once
                && now
                    .told
                    .is_some_and(|told| at.duration_since(told) < TELL_EVERY)
            {
                return;
            }
            now.told = Some(at);
            let done = now
                .steps
                .iter()
                .filter(|step| !is_saved(step.state))
                .map(|s| s.done)
                .sum();
            now.meter.sample(at, done);
            for step in &mut now.steps {
                if !is_over(step.state) && step.done > 0 {
                    step.meter.sample(at, step.done);
                }
            }
        }
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        if let Some(view) = self.inner.jobs.get(self.id) {
            self.inner.events.send(EventKind::Job(Box::new(view)));
        }
    }
}

impl StepNow {
    fn view(&self) -> StepView {
        let moving = !is_over(self.state);
        StepView {
            label: self.step.label.clone(),
            kind: self.step.kind.map(convert::kind_to_protocol),
            state: convert::step_state(self.state),
            done_bytes: self.done,
            total_bytes: self.step.total_bytes,
            bytes_per_second: self.meter.bytes_per_second().filter(|_| moving),
            seconds_left: self
                .meter
                .seconds_left(self.step.total_bytes.saturating_sub(self.done))
                .filter(|_| moving),
        }
    }
}

/// Nothing had to move.
fn is_saved(state: StepState) -> bool {
    matches!(state, StepState::Reused | StepState::Mounted)
}

fn is_over(state: StepState) -> bool {
    matches!(
        state,
        StepState::Reused | StepState::Mounted | StepState::Done | StepState::Failed
    )
}

impl Observer for JobWatcher {
    fn steps(&self, steps: &[Step]) {
        self.lock().steps = steps
            .iter()
            .map(|step| StepNow {
                step: step.clone(),
                state: StepState::Waiting,
                done: 0,
                meter: Meter::default(),
            })
            .collect();
        self.tell(true);
    }

    fn state(&self, index: usize, state: StepState) {
        if let Some(step) = self.lock().steps.get_mut(index) {
            step.state = state;
        }
        self.tell(false);
    }

    fn bytes(&self, index: usize, delta: u64) {
        if let Some(step) = self.lock().steps.get_mut(index) {
            step.done += delta;
        }
        self.tell(false);
    }

    fn total(&self, index: usize, total_bytes: u64) {
        if let Some(step) = self.lock().steps.get_mut(index) {
            step.step.total_bytes = total_bytes;
        }
    }

    fn warning(&self, message: &str) {
        let mut now = self.lock();
        if now.warnings.len() < MAX_WARNINGS {
            now.warnings.push(message.to_owned());
        } else {
            now.warnings_left_out += 1;
        }
    }
}
