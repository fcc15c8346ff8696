//! Progress on standard error: bars on a terminal, lines elsewhere.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use kitbench_modelkit::progress::{Observer, Step, StepState};

use crate::units;

/// What a step is doing, in a word.
fn word(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "waiting",
        StepState::Packing => "packing",
        StepState::Asking => "asking",
        StepState::Uploading => "uploading",
        StepState::Downloading => "downloading",
        StepState::Extracting => "extracting",
        StepState::Verifying => "verifying",
        StepState::Reused => "already there",
        StepState::Mounted => "linked by the registry",
        StepState::Done => "done",
        StepState::Failed => "failed",
    }
}

fn is_end(state: StepState) -> bool {
    matches!(
        state,
        StepState::Reused | StepState::Mounted | StepState::Done | StepState::Failed
    )
}

/// One line when a step begins and one when it ends.
#[derive(Default)]
pub struct Lines {
    steps: Mutex<Vec<Step>>,
}

impl Observer for Lines {
    fn steps(&self, steps: &[Step]) {
        *self.steps.lock().unwrap_or_else(PoisonError::into_inner) = steps.to_vec();
    }

    fn state(&self, index: usize, state: StepState) {
        let steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(step) = steps.get(index) else { return };
        match state {
            StepState::Waiting | StepState::Asking => {}
            state if is_end(state) && step.total_bytes > 0 => {
                eprintln!(
                    "{}: {} ({})",
                    step.label,
                    word(state),
                    units::bytes(step.total_bytes)
                );
            }
            state => eprintln!("{}: {}", step.label, word(state)),
        }
    }

    fn bytes(&self, _: usize, _: u64) {}

    fn total(&self, index: usize, total_bytes: u64) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(step) = steps.get_mut(index) {
            step.total_bytes = total_bytes;
        }
    }

    fn warning(&self, message: &str) {
        log::warn!("{message}");
    }
}

/// A bar per step and one for all of them.
pub struct Bars {
    all: MultiProgress,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    steps: Vec<ProgressBar>,
    total: Option<ProgressBar>,
}

impl Bars {
    pub fn new() -> Bars {
        Bars {
            all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)),
            rows: Mutex::default(),
        }
    }

    fn style(template: &str) -> ProgressStyle {
        ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸ ")
    }
}

const MOVING: &str = "{prefix:28!} {bar:24.cyan} {binary_bytes:>10} / {binary_total_bytes:10} {binary_bytes_per_sec:>12} {eta:>4}  {msg}";
/// Also for what has no bytes to show.
const WAITING: &str = "{prefix:28!} {msg:.dim}";
const ENDED: &str = "{prefix:28!} {binary_total_bytes:>10}  {msg:.dim}";

impl Observer for Bars {
    fn steps(&self, steps: &[Step]) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for old in rows.steps.drain(..) {
            self.all.remove(&old);
        }
        if let Some(old) = rows.total.take() {
            self.all.remove(&old);
        }
        for step in steps {
            let bar = self.all.add(ProgressBar::new(step.total_bytes));
            bar.set_style(Bars::style(WAITING));
            bar.set_prefix(step.label.clone());
            bar.set_message(word(StepState::Waiting));
            rows.steps.push(bar);
        }
        let total = self.all.add(ProgressBar::new(
            steps.iter().map(|step| step.total_bytes).sum(),
        ));
        total.set_style(Bars::style(MOVING));
        total.set_prefix("All");
        total.enable_steady_tick(Duration::from_millis(200));
        rows.total = Some(total);
    }

    fn state(&self, index: usize, state: StepState) {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bar) = rows.steps.get(index) else {
            return;
        };
        bar.set_message(word(state));
        if is_end(state) {
            // What need not move counts as moved for the total.
            let rest = bar
                .length()
                .unwrap_or_default()
                .saturating_sub(bar.position());
            if let Some(total) = &rows.total {
                total.inc(rest);
            }
            let empty = bar.length().unwrap_or_default() == 0;
            bar.set_style(Bars::style(if empty { WAITING } else { ENDED }));
            bar.finish();
        } else {
            bar.set_style(Bars::style(MOVING));
            bar.reset_eta();
        }
        if rows.steps.iter().all(ProgressBar::is_finished)
            && let Some(total) = &rows.total
        {
            total.finish_and_clear();
        }
    }

    fn bytes(&self, index: usize, delta: u64) {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = rows.steps.get(index) {
            bar.inc(delta);
        }
        if let Some(total) = &rows.total {
            total.inc(delta);
        }
    }

    fn total(&self, index: usize, total_bytes: u64) {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = rows.steps.get(index) {
            bar.set_length(total_bytes);
        }
        if let Some(total) = &rows.total {
            total.set_length(rows.steps.iter().filter_map(ProgressBar::length).sum());
        }
    }

    fn warning(&self, message: &str) {
        self.all.suspend(|| log::warn!("{message}"));
    }
}

impl Drop for Bars {
    /// A verb that ends early leaves no half-drawn total behind.
    fn drop(&mut self) {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(total) = &rows.total {
            total.finish_and_clear();
        }
        for bar in rows.steps.iter().filter(|bar| !bar.is_finished()) {
            bar.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_add_up_and_end() {
        let bars = Bars::new();
        let step = |label: &str, total_bytes| Step {
            label: label.into(),
            kind: None,
            digest: None,
            total_bytes,
        };
        bars.steps(&[step("model", 100), step("code", 50)]);
        bars.state(0, StepState::Packing);
        bars.bytes(0, 60);
        bars.total(0, 120);
        let position = |bars: &Bars| {
            let rows = bars.rows.lock().unwrap();
            let total = rows.total.as_ref().unwrap();
            (
                total.position(),
                total.length().unwrap(),
                total.is_finished(),
            )
        };
        assert_eq!(position(&bars), (60, 170, false));
        bars.state(0, StepState::Done);
        assert_eq!(position(&bars), (120, 170, false));
        bars.state(1, StepState::Reused);
        assert!(position(&bars).2);
        // A step that was never announced is no reason to fall over.
        bars.state(9, StepState::Done);
        bars.bytes(9, 1);
    }
}
