//! Jobs: everything slow. A job has an id, steps, bytes, a speed, an end, and can be
//! stopped at any point. The manager queues, runs, journals and reports them; what a
//! job does is in [`run`].

mod meter;
mod run;
mod spec;
mod watcher;
mod workers;

pub use spec::JobSpec;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kitbench_modelkit::progress::CancellationToken;
use kitbench_protocol::{ErrorKind, ErrorView, EventKind, JobId, JobState, JobView};
use tokio::sync::Semaphore;

use crate::Inner;
use crate::errors::{internal, view_of_state};
use crate::state::now_ms;
use watcher::JobWatcher;
use workers::Workers;

/// Jobs that move bytes at the same time. More would only take turns on the disk and
/// the line, and make every estimate worse.
const AT_ONCE: usize = 2;

/// Why a job is paused that was moving when the program ended.
const INTERRUPTED: &str = "Kitbench ended while it was under way";

/// How a stop was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Cancel,
    Pause,
}

struct Job {
    spec: JobSpec,
    view: JobView,
    /// Present while it is queued or running.
    live: Option<Live>,
}

struct Live {
    token: CancellationToken,
    stop: Option<Stop>,
    watcher: Arc<JobWatcher>,
}

/// All jobs, running and past.
pub struct Jobs {
    all: Mutex<BTreeMap<JobId, Job>>,
    turns: Arc<Semaphore>,
    workers: Workers,
}

/// The jobs could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    State(#[from] crate::state::StateError),
    #[error("no threads for packing and transfers could be started")]
    Threads(#[source] std::io::Error),
}

impl OpenError {
    /// As a person reads it.
    pub fn view(&self) -> ErrorView {
        match self {
            OpenError::State(error) => view_of_state(error),
            OpenError::Threads(error) => ErrorView::new(
                ErrorKind::Io,
                format!(
                    "{}: {error}.",
                    crate::errors::sentence(&self.to_string()).trim_end_matches('.')
                ),
                "Close other programs, or raise the limit of threads (`ulimit -u`), and start again.",
            ),
        }
    }
}

impl Jobs {
    /// Reads the journal. A job that was moving when the program ended is listed as
    /// paused, with the reason.
    pub fn open(state: &crate::state::State) -> Result<Jobs, OpenError> {
        let mut all = BTreeMap::new();
        for (spec, mut view) in state.jobs()? {
            if view.state.is_active() {
                view.state = JobState::Paused(INTERRUPTED.into());
                view.summary = spec.interrupted_summary();
                view.bytes_per_second = None;
                view.seconds_left = None;
                view.can_retry = true;
                state.save_job(&view)?;
            }
            let live = None;
            all.insert(view.id, Job { spec, view, live });
        }
        Ok(Jobs {
            all: Mutex::new(all),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            workers: Workers::start().map_err(OpenError::Threads)?,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<JobId, Job>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Newest first, with live figures.
    pub fn list(&self) -> Vec<JobView> {
        let all = self.lock();
        all.values().rev().map(Job::current_view).collect()
    }

    /// Bytes per second up and down over all running jobs.
    pub fn speeds(&self) -> (u64, u64) {
        let all = self.lock();
        let mut speeds = (0, 0);
        for view in all
            .values()
            .filter(|job| job.live.is_some())
            .map(Job::current_view)
        {
            let speed = view.bytes_per_second.unwrap_or(0);
            match view.kind {
                kitbench_protocol::JobKind::Push => speeds.0 += speed,
                kitbench_protocol::JobKind::Pull => speeds.1 += speed,
                _ => {}
            }
        }
        speeds
    }

    pub fn get(&self, id: JobId) -> Option<JobView> {
        self.lock().get(&id).map(Job::current_view)
    }
}

impl Job {
    fn current_view(&self) -> JobView {
        let mut view = self.view.clone();
        if let Some(live) = &self.live
            && view.state == JobState::Running
        {
            live.watcher.fill(&mut view);
        }
        view
    }
}

/// Starts again the transfers that the end of the program interrupted, if the user wishes so.
pub fn resume_interrupted(inner: &Arc<Inner>) -> Result<(), ErrorView> {
    let settings = inner.state.settings().map_err(|e| view_of_state(&e))?;
    if !settings.resume_transfers {
        return Ok(());
    }
    let interrupted: Vec<JobId> = inner
        .jobs
        .lock()
        .iter()
        .filter(|(_, job)| {
            job.spec.can_pause() && job.view.state == JobState::Paused(INTERRUPTED.into())
        })
        .map(|(id, _)| *id)
        .collect();
    for id in interrupted {
        retry(inner, id)?;
    }
    Ok(())
}

/// Makes a job and queues it.
pub fn start(inner: &Arc<Inner>, spec: JobSpec) -> Result<JobId, ErrorView> {
    let id = inner
        .state
        .insert_job(&spec)
        .map_err(|e| view_of_state(&e))?;
    let view = new_view(id, &spec);
    queue(
        inner,
        id,
        Job {
            spec,
            view,
            live: None,
        },
    )?;
    Ok(id)
}

/// A job that waits for its turn.
pub(crate) fn new_view(id: JobId, spec: &JobSpec) -> JobView {
    JobView {
        id,
        kind: spec.kind(),
        subject: spec.subject(),
        project: spec.project(),
        state: JobState::Waiting("Starts when a running job is done".into()),
        steps: Vec::new(),
        done_bytes: 0,
        total_bytes: 0,
        saved_bytes: 0,
        bytes_per_second: None,
        seconds_left: None,
        created_ms: now_ms(),
        started_ms: None,
        ended_ms: None,
        summary: "Waiting".into(),
        warnings: Vec::new(),
        digest: None,
        can_retry: false,
        can_pause: spec.can_pause(),
    }
}

/// Starts an ended job again under its own id, so that the list shows one row for one
/// wish.
pub fn retry(inner: &Arc<Inner>, id: JobId) -> Result<JobId, ErrorView> {
    let mut job = {
        let mut all = inner.jobs.lock();
        let job = all.get(&id).ok_or_else(|| unknown(id))?;
        if job.live.is_some() {
            return Err(ErrorView::new(
                ErrorKind::Conflict,
                "This job is still under way.",
                "Cancel it first, or wait for its end.",
            ));
        }
        all.remove(&id).ok_or_else(|| unknown(id))?
    };
    job.view.state = JobState::Waiting("Starts when a running job is done".into());
    job.view.summary = "Waiting".into();
    job.view.steps.clear();
    job.view.warnings.clear();
    job.view.done_bytes = 0;
    job.view.ended_ms = None;
    job.view.can_retry = false;
    queue(inner, id, job)?;
    Ok(id)
}

fn queue(inner: &Arc<Inner>, id: JobId, mut job: Job) -> Result<(), ErrorView> {
    let watcher = Arc::new(JobWatcher::new(inner.clone(), id));
    let token = CancellationToken::new();
    job.live = Some(Live {
        token: token.clone(),
        stop: None,
        watcher: watcher.clone(),
    });
    job.view.can_pause = job.spec.can_pause();
    inner
        .state
        .save_job(&job.view)
        .map_err(|e| view_of_state(&e))?;
    let spec = job.spec.clone();
    inner
        .events
        .send(EventKind::Job(Box::new(job.view.clone())));
    inner.jobs.lock().insert(id, job);

    let inner = inner.clone();
    tokio::spawn(async move {
        let turn = tokio::select! {
            turn = inner.jobs.turns.clone().acquire_owned() => turn.ok(),
            () = token.cancelled() => None,
        };
        if turn.is_none() || token.is_cancelled() {
            finish(&inner, id, Err(cancelled()));
            return;
        }
        change(&inner, id, |view| {
            view.state = JobState::Running;
            view.started_ms = Some(now_ms());
        });
        // A job gets a thread of its own, on which it may wait for as long as it likes. A
        // panic in it must end the job, not leave it running for ever.
        let handle = inner.jobs.workers.handle();
        let (owned, reporting) = (inner.clone(), watcher.clone());
        let work = handle
            .clone()
            .spawn_blocking(move || handle.block_on(run::run(owned, spec, reporting, token)));
        let result = work
            .await
            .unwrap_or_else(|panic| Err(internal("a job", &panic.to_string())));
        watcher.close();
        finish(&inner, id, result);
        drop(turn);
    });
    Ok(())
}

/// What a job that ended well has to say.
pub struct Outcome {
    pub summary: String,
    pub digest: Option<String>,
}

fn finish(inner: &Arc<Inner>, id: JobId, result: Result<Outcome, ErrorView>) {
    let stop = inner
        .jobs
        .lock()
        .get(&id)
        .and_then(|job| job.live.as_ref()?.stop);
    let mut all = inner.jobs.lock();
    let Some(job) = all.get_mut(&id) else { return };
    if let Some(live) = &job.live {
        live.watcher.fill(&mut job.view);
    }
    job.live = None;
    let view = &mut job.view;
    view.ended_ms = Some(now_ms());
    view.bytes_per_second = None;
    view.seconds_left = None;
    view.can_pause = false;
    match result {
        Ok(outcome) => {
            view.state = JobState::Done;
            view.summary = outcome.summary;
            view.digest = outcome.digest.or(view.digest.take());
        }
        Err(error) if error.kind == ErrorKind::Cancelled => {
            view.can_retry = true;
            if stop == Some(Stop::Pause) {
                view.state = JobState::Paused("Paused by you".into());
                view.summary = "Paused; continues from what is kept".into();
            } else {
                view.state = JobState::Cancelled;
                view.summary = job.spec.cancelled_summary();
            }
        }
        Err(error) => {
            view.can_retry = true;
            view.summary = error.message.clone();
            view.state = JobState::Failed(error);
        }
    }
    let view = view.clone();
    drop(all);
    save(inner, &view);
    inner.events.send(EventKind::Job(Box::new(view)));
    inner.events.send(EventKind::Status);
}

/// Changes a view, journals it and tells.
fn change(inner: &Arc<Inner>, id: JobId, change: impl FnOnce(&mut JobView)) {
    let view = {
        let mut all = inner.jobs.lock();
        let Some(job) = all.get_mut(&id) else { return };
        change(&mut job.view);
        job.current_view()
    };
    save(inner, &view);
    inner.events.send(EventKind::Job(Box::new(view)));
}

fn save(inner: &Inner, view: &JobView) {
    // The journal is for after a crash; a job in hand goes on without it.
    if let Err(error) = inner.state.save_job(view) {
        log::error!("job {} could not be journalled: {error}", view.id.0);
    }
}

/// Asks a job to stop. It ends by itself when it has cleaned up.
pub fn stop(inner: &Arc<Inner>, id: JobId, pause: bool) -> Result<(), ErrorView> {
    let mut all = inner.jobs.lock();
    let job = all.get_mut(&id).ok_or_else(|| unknown(id))?;
    match &mut job.live {
        Some(live) => {
            live.stop = Some(if pause { Stop::Pause } else { Stop::Cancel });
            live.token.cancel();
            Ok(())
        }
        // Cancelling something paused gives up what it kept.
        None if matches!(job.view.state, JobState::Paused(_)) && !pause => {
            job.view.state = JobState::Cancelled;
            job.view.summary = job.spec.cancelled_summary();
            let view = job.view.clone();
            drop(all);
            save(inner, &view);
            inner.events.send(EventKind::Job(Box::new(view)));
            Ok(())
        }
        None => Ok(()),
    }
}

/// Forgets ended jobs.
pub fn clear(inner: &Arc<Inner>, only: Option<JobId>) -> Result<(), ErrorView> {
    let ended: Vec<JobId> = {
        let all = inner.jobs.lock();
        all.iter()
            .filter(|(id, job)| only.is_none_or(|only| only == **id) && job.live.is_none())
            .filter(|(_, job)| only.is_some() || !matches!(job.view.state, JobState::Paused(_)))
            .map(|(id, _)| *id)
            .collect()
    };
    for id in ended {
        inner.state.delete_job(id).map_err(|e| view_of_state(&e))?;
        inner.jobs.lock().remove(&id);
        inner.events.send(EventKind::JobCleared(id));
    }
    Ok(())
}

fn unknown(id: JobId) -> ErrorView {
    ErrorView::new(
        ErrorKind::NotFound,
        format!("There is no job {}.", id.0),
        "It was cleared from the list.",
    )
}

/// The end of a job that was asked to stop.
pub fn cancelled() -> ErrorView {
    ErrorView::new(ErrorKind::Cancelled, "Cancelled.", "")
}
