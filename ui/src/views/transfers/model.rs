//! Jobs as the screen shows them: parts, sentences, figures.

use std::collections::VecDeque;

use kitbench_protocol::{JobKind, JobState, JobView, StepState};

use crate::format;
use crate::theme::icons;
use crate::widgets::Mark;

/// The parts of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Active,
    Waiting,
    NeedsYou,
    Paused,
    Finished,
}

impl Part {
    pub const ALL: [Part; 5] = [
        Part::Active,
        Part::Waiting,
        Part::NeedsYou,
        Part::Paused,
        Part::Finished,
    ];

    #[must_use]
    pub fn of(job: &JobView) -> Part {
        match job.state {
            JobState::Running => Part::Active,
            JobState::Waiting(_) => Part::Waiting,
            JobState::Failed(_) => Part::NeedsYou,
            JobState::Paused(_) => Part::Paused,
            JobState::Done | JobState::Cancelled => Part::Finished,
        }
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Part::Active => "Active",
            Part::Waiting => "Waiting",
            Part::NeedsYou => "Needs you",
            Part::Paused => "Paused",
            Part::Finished => "Finished",
        }
    }

    /// What segment `at` of the head lets through: all, active, paused, failed, finished.
    #[must_use]
    pub fn filter(at: usize) -> &'static [Part] {
        match at {
            1 => &[Part::Active, Part::Waiting],
            2 => &[Part::Paused],
            3 => &[Part::NeedsYou],
            4 => &[Part::Finished],
            _ => &Part::ALL,
        }
    }
}

/// The list's parts that have jobs, in order; newest job first.
#[must_use]
pub fn parts<'a>(jobs: &'a [JobView], wanted: &[Part]) -> Vec<(Part, Vec<&'a JobView>)> {
    Part::ALL
        .iter()
        .filter(|part| wanted.contains(part))
        .map(|part| {
            (
                *part,
                jobs.iter()
                    .filter(|job| Part::of(job) == *part)
                    .collect::<Vec<_>>(),
            )
        })
        .filter(|(_, jobs)| !jobs.is_empty())
        .collect()
}

/// Jobs in the parts of each segment of the head.
#[must_use]
pub fn counts(jobs: &[JobView]) -> [u64; 5] {
    let count = |at: usize| {
        jobs.iter()
            .filter(|job| Part::filter(at).contains(&Part::of(job)))
            .count() as u64
    };
    [count(0), count(1), count(2), count(3), count(4)]
}

/// The icon of a kind of job.
#[must_use]
pub fn icon(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Pack => icons::PACKAGE,
        JobKind::Push => icons::UPLOAD_SIMPLE,
        JobKind::Pull => icons::DOWNLOAD_SIMPLE,
        JobKind::Unpack => icons::FOLDER_OPEN,
        JobKind::Verify => icons::SEAL_CHECK,
    }
}

/// The one sentence under a job's name.
#[must_use]
pub fn sentence(job: &JobView) -> String {
    match &job.state {
        JobState::Waiting(why) => why.clone(),
        JobState::Paused(why) => why.clone(),
        JobState::Failed(error) => error.message.clone(),
        _ => {
            let mut text = job.summary.clone();
            if job.saved_bytes > 0 && job.state == JobState::Running {
                text.push_str(&format!(
                    ", {} need not move",
                    format::bytes(job.saved_bytes)
                ));
            }
            text
        }
    }
}

/// `334.8 of 555.4 MB`.
#[must_use]
pub fn moved(job: &JobView) -> String {
    if job.total_bytes == 0 {
        return String::new();
    }
    format!(
        "{} of {}",
        format::bytes(job.done_bytes),
        format::bytes(job.total_bytes)
    )
}

/// `21.4 MB/s, 11 s left`; a dash where it is not known yet.
#[must_use]
pub fn pace(job: &JobView) -> String {
    let speed = format::speed(job.bytes_per_second.map(|speed| speed as f64));
    match job.seconds_left {
        Some(seconds) => format!("{speed}, {} left", format::duration(seconds)),
        None => speed,
    }
}

#[must_use]
pub fn share(done: u64, total: u64) -> f32 {
    if total == 0 {
        0.0
    } else {
        (done as f64 / total as f64).min(1.0) as f32
    }
}

/// Mark and word of a layer's state.
#[must_use]
pub fn step_mark(state: StepState) -> (Mark, &'static str) {
    match state {
        StepState::Waiting => (Mark::Waiting, "Waiting"),
        StepState::Packing => (Mark::Hashing, "Packing"),
        StepState::Asking => (Mark::Waiting, "Asking"),
        StepState::Uploading => (Mark::Upload, "Uploading"),
        StepState::Downloading => (Mark::Download, "Downloading"),
        StepState::Extracting => (Mark::Download, "Unpacking"),
        StepState::Verifying => (Mark::Hashing, "Verifying"),
        StepState::Reused => (Mark::Reused, "Already there"),
        StepState::Mounted => (Mark::Mounted, "Mounted, nothing sent"),
        StepState::Done => (Mark::Verified, "Verified"),
        StepState::Failed => (Mark::Failed, "Failed"),
    }
}

/// How a job ended, for the finished list.
#[must_use]
pub fn end_mark(state: &JobState) -> (Mark, &'static str) {
    match state {
        JobState::Done => (Mark::Verified, "Done"),
        JobState::Cancelled => (Mark::Cancelled, "Cancelled"),
        JobState::Failed(_) => (Mark::Failed, "Failed"),
        JobState::Paused(_) => (Mark::Paused, "Paused"),
        JobState::Running => (Mark::Hashing, "Running"),
        JobState::Waiting(_) => (Mark::Waiting, "Waiting"),
    }
}

/// Seconds from start to end.
#[must_use]
pub fn took(job: &JobView) -> Option<u64> {
    let ms = job.ended_ms?.checked_sub(job.started_ms?)?;
    u64::try_from(ms / 1_000).ok()
}

/// What happened, for a bug report or a colleague; never holds secrets.
#[must_use]
pub fn report(job: &JobView) -> String {
    let mut text = format!("{:?} {}\n{}\n", job.kind, job.subject, sentence(job));
    if let JobState::Failed(error) = &job.state {
        text.push_str(&format!("{}\n\n{}\n", error.hint, error.details));
    }
    for step in &job.steps {
        text.push_str(&format!(
            "{}: {} {} of {}\n",
            step.label,
            step_mark(step.state).1,
            step.done_bytes,
            step.total_bytes
        ));
    }
    for warning in &job.warnings {
        text.push_str(&format!("Warning: {warning}\n"));
    }
    text
}

/// Places from 0 (oldest) to 1 (now), and bytes per second there.
pub type Curve = Vec<(f32, f64)>;

/// Speed of the last five minutes, sampled when something is painted.
#[derive(Default)]
pub struct Speeds {
    /// Seconds, bytes per second up and down.
    samples: VecDeque<(f64, f64, f64)>,
}

impl Speeds {
    const SPAN: f64 = 300.0;

    pub fn sample(&mut self, jobs: &[JobView], now: f64) {
        if self.samples.back().is_some_and(|(at, ..)| now - at < 0.5) {
            return;
        }
        let speed = |kinds: &[JobKind]| -> f64 {
            jobs.iter()
                .filter(|job| job.state == JobState::Running && kinds.contains(&job.kind))
                .filter_map(|job| job.bytes_per_second)
                .sum::<u64>() as f64
        };
        let up = speed(&[JobKind::Push, JobKind::Pack]);
        let down = speed(&[JobKind::Pull, JobKind::Unpack, JobKind::Verify]);
        self.samples.push_back((now, up, down));
        while self
            .samples
            .front()
            .is_some_and(|(at, ..)| now - at > Self::SPAN)
        {
            self.samples.pop_front();
        }
    }

    /// Newest up and down.
    #[must_use]
    pub fn last(&self) -> (f64, f64) {
        self.samples
            .back()
            .map_or((0.0, 0.0), |(_, up, down)| (*up, *down))
    }

    /// Points as fraction of the span (1 is now) and bytes per second.
    #[must_use]
    pub fn curves(&self, now: f64) -> (Curve, Curve) {
        let x = |at: f64| (1.0 - (now - at) / Self::SPAN) as f32;
        let up = self
            .samples
            .iter()
            .map(|(at, up, _)| (x(*at), *up))
            .collect();
        let down = self
            .samples
            .iter()
            .map(|(at, _, down)| (x(*at), *down))
            .collect();
        (up, down)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use kitbench_protocol::{ErrorKind, ErrorView, JobId};

    /// A job for tests of what is shown.
    pub fn job(id: i64, state: JobState) -> JobView {
        JobView {
            id: JobId(id),
            kind: JobKind::Push,
            subject: format!("localhost:5000/lab/wine:v{id}"),
            project: None,
            state,
            steps: Vec::new(),
            done_bytes: 334_800_000,
            total_bytes: 555_400_000,
            saved_bytes: 1_740_000_000,
            bytes_per_second: Some(21_400_000),
            seconds_left: Some(11),
            created_ms: 0,
            started_ms: Some(0),
            ended_ms: None,
            summary: "Pushing, 5 of 9 done".into(),
            warnings: Vec::new(),
            digest: None,
            can_retry: false,
            can_pause: true,
        }
    }

    #[test]
    fn a_running_push_reads_like_this() {
        let job = job(8, JobState::Running);
        assert_eq!(
            sentence(&job),
            "Pushing, 5 of 9 done, 1.74 GB need not move"
        );
        assert_eq!(moved(&job), "334.8 MB of 555.4 MB");
        assert_eq!(pace(&job), "21.4 MB/s, 11 s left");
    }

    #[test]
    fn jobs_stand_in_their_part() {
        let error = ErrorView::new(ErrorKind::Unreachable, "No answer.", "Check the address.");
        let jobs = [
            job(1, JobState::Done),
            job(2, JobState::Failed(error)),
            job(3, JobState::Running),
            job(4, JobState::Paused("Paused by you".into())),
        ];
        let parts: Vec<_> = parts(&jobs, Part::filter(0))
            .into_iter()
            .map(|(part, jobs)| (part.word(), jobs.len()))
            .collect();
        assert_eq!(
            parts,
            [
                ("Active", 1),
                ("Needs you", 1),
                ("Paused", 1),
                ("Finished", 1)
            ]
        );
        assert_eq!(counts(&jobs), [4, 1, 1, 1, 1]);
        assert!(report(&jobs[1]).contains("Check the address."));
    }
}
