//! Watching project folders. Raw notices come from the operating system on their own
//! thread; they are gathered for a moment, sorted by project, and become one look at
//! each project that changed. Where the system's watching is not to be had (its limit
//! reached, a network disk), the folder is polled, and the project says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use kitbench_protocol::{ErrorView, EventKind, ProjectId, Severity};
use notify::event::{AccessKind, AccessMode, EventKind as NoticeKind};
use notify::{Config, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, oneshot};

use crate::Inner;
use crate::errors::view_of_state;

/// Editors save in several steps (write, rename, chmod) within a few milliseconds;
/// waiting this long makes them one change, and stays far below the second within
/// which a change must show.
const GATHER: Duration = Duration::from_millis(150);
/// A folder that is written all the time (training) is still looked at this often.
const GATHER_AT_MOST: Duration = Duration::from_millis(600);
/// Polling reads every file's metadata: seldom enough not to be felt.
const POLL_EVERY: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct Watch {
    state: Mutex<WatchState>,
}

#[derive(Default)]
struct WatchState {
    system: Option<RecommendedWatcher>,
    poll: Option<PollWatcher>,
    folders: BTreeMap<ProjectId, Watched>,
    notices: Option<mpsc::UnboundedSender<Message>>,
}

struct Watched {
    path: PathBuf,
    polling: bool,
}

enum Message {
    Changed(Vec<PathBuf>),
    /// The system lost notices: look at everything.
    Lost,
    Settle(oneshot::Sender<()>),
}

impl Watch {
    fn lock(&self) -> MutexGuard<'_, WatchState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self) -> u32 {
        self.lock().folders.len() as u32
    }

    pub fn is_polling(&self, project: ProjectId) -> bool {
        self.lock()
            .folders
            .get(&project)
            .is_some_and(|watched| watched.polling)
    }

    /// Starts watching a project's folder, by the system or by polling.
    pub fn add(&self, inner: &Inner, project: ProjectId, path: &Path) {
        let mut state = self.lock();
        let system = match &mut state.system {
            Some(watcher) => watcher.watch(path, RecursiveMode::Recursive),
            None => Err(notify::Error::generic("no watching on this system")),
        };
        let polling = match system {
            Ok(()) => false,
            Err(error) => {
                if let Some(poll) = &mut state.poll
                    && let Err(error) = poll.watch(path, RecursiveMode::Recursive)
                {
                    log::warn!("{} cannot be watched: {error}", path.display());
                }
                if path.is_dir() {
                    inner.events.notice(
                        Severity::Warning,
                        format!(
                            "Changes in {} are looked for every {} s: {error}.",
                            path.display(),
                            POLL_EVERY.as_secs()
                        ),
                    );
                }
                true
            }
        };
        let path = path.to_path_buf();
        state.folders.insert(project, Watched { path, polling });
    }

    pub fn remove(&self, project: ProjectId) {
        let mut state = self.lock();
        let Some(watched) = state.folders.remove(&project) else {
            return;
        };
        // Not watched any more is what is wanted; the folder may be gone already.
        if watched.polling {
            if let Some(poll) = &mut state.poll {
                let _ = poll.unwatch(&watched.path);
            }
        } else if let Some(system) = &mut state.system {
            let _ = system.unwatch(&watched.path);
        }
    }

    fn projects_of(&self, paths: &BTreeSet<PathBuf>) -> BTreeMap<ProjectId, Vec<PathBuf>> {
        let state = self.lock();
        let mut touched: BTreeMap<ProjectId, Vec<PathBuf>> = BTreeMap::new();
        for (id, watched) in &state.folders {
            for path in paths {
                if let Ok(relative) = path.strip_prefix(&watched.path)
                    && is_of_interest(relative)
                {
                    touched.entry(*id).or_default().push(relative.to_path_buf());
                }
            }
        }
        touched
    }
}

/// Git writes many files that say nothing about the project's state.
fn is_of_interest(relative: &Path) -> bool {
    let mut parts = relative.components();
    match parts.next() {
        Some(first) if first.as_os_str() == ".git" => matches!(
            parts.next().and_then(|part| part.as_os_str().to_str()),
            Some("HEAD" | "index" | "refs")
        ),
        _ => true,
    }
}

/// Starts the watchers, watches every known project, and looks at each once.
pub fn start(inner: &Arc<Inner>) -> Result<(), ErrorView> {
    let (sender, receiver) = mpsc::unbounded_channel();
    {
        let mut state = inner.watch.lock();
        state.system = RecommendedWatcher::new(handler(sender.clone()), Config::default())
            .inspect_err(|error| log::warn!("the system offers no watching: {error}"))
            .ok();
        let config = Config::default().with_poll_interval(POLL_EVERY);
        state.poll = PollWatcher::new(handler(sender.clone()), config).ok();
        state.notices = Some(sender);
    }
    let projects = inner.state.projects().map_err(|e| view_of_state(&e))?;
    tokio::spawn(gather(Arc::downgrade(inner), receiver));
    let inner = inner.clone();
    tokio::task::spawn_blocking(move || {
        for project in projects {
            inner
                .watch
                .add(&inner, project.id, Path::new(&project.path));
            crate::projects::look(&inner, project.id, &[]);
        }
        inner.events.send(EventKind::Status);
    });
    Ok(())
}

fn handler(
    sender: mpsc::UnboundedSender<Message>,
) -> impl Fn(notify::Result<notify::Event>) + Send + 'static {
    move |notice| {
        let message = match notice {
            Ok(event) if event.need_rescan() => Message::Lost,
            Ok(event) => match event.kind {
                // Our own reading must not count as a change.
                NoticeKind::Access(AccessKind::Close(AccessMode::Write)) => {
                    Message::Changed(event.paths)
                }
                NoticeKind::Access(_) => return,
                _ => Message::Changed(event.paths),
            },
            Err(error) => {
                log::warn!("watching: {error}");
                Message::Lost
            }
        };
        // The receiver is gone only when the engine is.
        let _ = sender.send(message);
    }
}

/// Gathers notices and turns them into looks at projects.
async fn gather(inner: Weak<Inner>, mut receiver: mpsc::UnboundedReceiver<Message>) {
    while let Some(first) = receiver.recv().await {
        let mut paths = BTreeSet::new();
        let mut everything = false;
        let mut waiting = Vec::new();
        let mut take = |message, paths: &mut BTreeSet<PathBuf>, waiting: &mut Vec<_>| match message
        {
            Message::Changed(changed) => {
                paths.extend(changed);
                false
            }
            Message::Lost => {
                everything = true;
                false
            }
            Message::Settle(done) => {
                waiting.push(done);
                true
            }
        };
        let mut settle = take(first, &mut paths, &mut waiting);
        let end = tokio::time::Instant::now() + GATHER_AT_MOST;
        while !settle && tokio::time::Instant::now() < end {
            match tokio::time::timeout(GATHER, receiver.recv()).await {
                Ok(Some(message)) => settle = take(message, &mut paths, &mut waiting),
                Ok(None) | Err(_) => break,
            }
        }
        let Some(strong) = inner.upgrade() else {
            return;
        };
        let looked = tokio::task::spawn_blocking(move || {
            let touched = if everything {
                let projects = strong.state.projects().unwrap_or_default();
                projects
                    .into_iter()
                    .map(|project| (project.id, Vec::new()))
                    .collect()
            } else {
                strong.watch.projects_of(&paths)
            };
            for (project, paths) in touched {
                crate::projects::look(&strong, project, &paths);
            }
        });
        if let Err(panic) = looked.await {
            log::error!("looking at a changed project failed: {panic}");
        }
        for done in waiting {
            let _ = done.send(());
        }
    }
}

/// Returns when all notices that arrived before this call have been worked off.
pub async fn settle(inner: &Arc<Inner>) {
    let sender = inner.watch.lock().notices.clone();
    let (done, wait) = oneshot::channel();
    if let Some(sender) = sender
        && sender.send(Message::Settle(done)).is_ok()
    {
        let _ = wait.await;
    }
}
