//! System notifications: the end of a job, when the user is looking elsewhere.

use std::collections::HashSet;

use kitbench_protocol::{EventKind, JobId, JobKind, JobState, JobView};
use tauri_plugin_notification::NotificationExt;

use crate::window;

/// Remembers which jobs were seen running, so that the jobs of earlier days stay silent.
#[derive(Default)]
pub struct Notices {
    running: HashSet<JobId>,
}

impl Notices {
    /// Looks at an event on its way to the page.
    pub fn see(&mut self, app: &tauri::AppHandle, event: &EventKind) {
        let EventKind::Job(job) = event else { return };
        let Some((title, body)) = self.news(job) else {
            return;
        };
        let looking = window::main(app).is_some_and(|window| window.is_focused().unwrap_or(false));
        if looking {
            return;
        }
        // Without a notification service there is nobody to tell; the job's row tells it anyway.
        let _ = app.notification().builder().title(title).body(body).show();
    }

    /// Title and text, if this view of a job is its end.
    fn news(&mut self, job: &JobView) -> Option<(&'static str, String)> {
        if job.state.is_active() {
            self.running.insert(job.id);
            return None;
        }
        let title = match &job.state {
            JobState::Done => done(job.kind),
            JobState::Failed(_) => failed(job.kind),
            _ => return None,
        };
        if !self.running.remove(&job.id) {
            return None;
        }
        let body = match &job.state {
            JobState::Failed(error) => format!("{}: {}", job.subject, error.message),
            _ => job.subject.clone(),
        };
        Some((title, body))
    }
}

fn done(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Pack => "Packed",
        JobKind::Push => "Pushed",
        JobKind::Pull => "Pulled",
        JobKind::Unpack => "Unpacked",
        JobKind::Verify => "Verified",
    }
}

fn failed(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Pack => "Packing failed",
        JobKind::Push => "Push failed",
        JobKind::Pull => "Pull failed",
        JobKind::Unpack => "Unpacking failed",
        JobKind::Verify => "Verification failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(state: JobState) -> JobView {
        JobView {
            id: JobId(1),
            kind: JobKind::Push,
            subject: "localhost:5000/wine:v1".into(),
            project: None,
            state,
            steps: Vec::new(),
            done_bytes: 0,
            total_bytes: 0,
            saved_bytes: 0,
            bytes_per_second: None,
            seconds_left: None,
            created_ms: 0,
            started_ms: None,
            ended_ms: None,
            summary: String::new(),
            warnings: Vec::new(),
            digest: None,
            can_retry: false,
            can_pause: false,
        }
    }

    #[test]
    fn a_job_is_told_once_when_it_ends() {
        let mut notices = Notices::default();
        assert_eq!(notices.news(&job(JobState::Running)), None);
        let news = notices.news(&job(JobState::Done));
        assert_eq!(news, Some(("Pushed", "localhost:5000/wine:v1".into())));
        assert_eq!(notices.news(&job(JobState::Done)), None);
    }

    #[test]
    fn old_jobs_and_cancelled_ones_stay_silent() {
        let mut notices = Notices::default();
        assert_eq!(notices.news(&job(JobState::Done)), None);
        notices.news(&job(JobState::Running));
        assert_eq!(notices.news(&job(JobState::Cancelled)), None);
    }
}
