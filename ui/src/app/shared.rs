//! What more than one screen shows: kept here, asked for once, read by all views.

use kitbench_protocol::{
    AppInfo, Event, EventKind, GetApp, GetSettings, GetStatus, JobView, KitList, ListJobs,
    ListKits, ListProjects, ListRegistries, ProjectRow, RegistryRow, Settings, Status,
};

use crate::backend::{Client, Link, Remote};

/// The state that views share. They read it; only the app changes it.
#[derive(Default)]
pub struct Shared {
    /// Facts that do not change while the program runs.
    pub info: Remote<AppInfo>,
    /// The user's settings.
    pub settings: Remote<Settings>,
    /// Figures of the status bar.
    pub status: Remote<Status>,
    /// The projects.
    pub projects: Remote<Vec<ProjectRow>>,
    /// Running and past jobs, newest first; kept up to date by events.
    pub jobs: Remote<Vec<JobView>>,
    /// The local store.
    pub kits: Remote<KitList>,
    /// The registries.
    pub registries: Remote<Vec<RegistryRow>>,
    /// Why the connection to the engine is lost, while it is.
    pub lost: Option<String>,
    sequence: Option<u64>,
}

impl Shared {
    /// Ask for what is due. Once at the start of a frame.
    pub fn ask(&mut self, client: &Client, now: f64) {
        self.info.ask(client, now, || GetApp);
        self.settings.ask(client, now, || GetSettings);
        self.status.ask(client, now, || GetStatus);
        self.projects.ask(client, now, || ListProjects);
        self.jobs.ask(client, now, || ListJobs);
        self.kits.ask(client, now, || ListKits);
        self.registries.ask(client, now, || ListRegistries);
    }

    /// Ask for everything again.
    pub fn refresh(&mut self) {
        self.info.invalidate();
        self.settings.invalidate();
        self.status.invalidate();
        self.projects.invalidate();
        self.jobs.invalidate();
        self.kits.invalidate();
        self.registries.invalidate();
    }

    /// Take note of an event. True when events were missed before it, so that everything must be
    /// asked for again.
    pub fn on_event(&mut self, event: &Event) -> bool {
        let gap = self.sequence.is_some_and(|last| event.sequence != last + 1);
        self.sequence = Some(event.sequence);
        match &event.what {
            EventKind::Projects | EventKind::Project(_) | EventKind::KitfileOnDisk(_) => {
                self.projects.invalidate()
            }
            EventKind::Store => {
                self.kits.invalidate();
                self.status.invalidate();
            }
            EventKind::Registries => self.registries.invalidate(),
            EventKind::Settings => self.settings.invalidate(),
            EventKind::Status => self.status.invalidate(),
            EventKind::Job(job) => self.on_job(job),
            EventKind::JobCleared(id) => {
                if let Some(jobs) = self.jobs.value_mut() {
                    jobs.retain(|job| job.id != *id);
                }
            }
            EventKind::Runs(_)
            | EventKind::TrackingServers(_)
            | EventKind::FoldersDropped(_)
            | EventKind::LinkOpened(_)
            | EventKind::Notice { .. } => {}
        }
        if gap {
            self.refresh();
        }
        gap
    }

    fn on_job(&mut self, job: &JobView) {
        let Some(jobs) = self.jobs.value_mut() else {
            // The list is on its way and may have been made before this event.
            self.jobs.invalidate();
            return;
        };
        match jobs.iter_mut().find(|known| known.id == job.id) {
            Some(known) => *known = job.clone(),
            None => jobs.insert(0, job.clone()),
        }
    }

    /// The connection changed. True when it came back, so that everything must be asked for again.
    pub fn on_link(&mut self, link: Link) -> bool {
        match link {
            Link::Up => {
                let back = self.lost.take().is_some();
                if back {
                    self.sequence = None;
                    self.refresh();
                }
                back
            }
            Link::Down(cause) => {
                self.lost = Some(cause);
                false
            }
        }
    }

    /// Jobs that move or are about to.
    pub fn active_jobs(&self) -> impl Iterator<Item = &JobView> {
        self.jobs
            .value()
            .into_iter()
            .flatten()
            .filter(|job| job.state.is_active())
    }

    /// Bytes done and in all of the active jobs together.
    #[must_use]
    pub fn joint_progress(&self) -> (u64, u64) {
        self.active_jobs().fold((0, 0), |(done, total), job| {
            (done + job.done_bytes, total + job.total_bytes)
        })
    }

    /// A path with `~` for the home folder.
    #[must_use]
    pub fn short_path(&self, path: &str) -> String {
        let home = self
            .info
            .value()
            .map_or("", |info| info.home_folder.as_str());
        match path.strip_prefix(home) {
            Some(rest)
                if !home.is_empty() && (rest.is_empty() || rest.starts_with(['/', '\\'])) =>
            {
                format!("~{rest}")
            }
            _ => path.to_owned(),
        }
    }
}
