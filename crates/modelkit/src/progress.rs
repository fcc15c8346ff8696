//! How a long operation reports what it does and how it is stopped.
//!
//! The operation owns an ordered list of steps (one per layer, then config and
//! manifest). It announces them once, moves each through [`StepState`]s and adds
//! up the bytes; the observer decides how often anybody is told.

use serde::{Deserialize, Serialize};

pub use tokio_util::sync::CancellationToken;

/// One unit of a job that gets its own progress row: usually a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the row is called, e.g. `Model` or `Dataset, train`.
    pub label: String,
    /// The layer's kind, absent for the config and the manifest.
    pub kind: Option<crate::LayerKind>,
    /// Digest (`sha256:<hex>`) once it is known.
    pub digest: Option<String>,
    /// Bytes this step has to move or hash; an estimate until the step is done.
    pub total_bytes: u64,
}

/// Bytes of all steps; what a kit claims may be beyond all measure.
pub(crate) fn total(steps: &[Step]) -> u64 {
    let bytes = steps.iter().map(|step| step.total_bytes);
    bytes.fold(0, u64::saturating_add)
}

/// Where a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    Waiting,
    /// Reading, hashing and writing a layer.
    Packing,
    /// Asking the other side whether it has the bytes.
    Asking,
    Uploading,
    Downloading,
    Extracting,
    Verifying,
    /// Nothing had to move: the bytes were there already.
    Reused,
    /// The registry linked the blob from another repository.
    Mounted,
    Done,
    Failed,
}

/// Receives progress. Called from worker threads, possibly thousands of times a
/// second: implementations must be cheap and must not block.
pub trait Observer: Send + Sync {
    /// All steps, once, before the first byte; called again if the plan changes.
    fn steps(&self, steps: &[Step]);
    /// Step `index` moved to `state`.
    fn state(&self, index: usize, state: StepState);
    /// Step `index` processed `delta` more bytes.
    fn bytes(&self, index: usize, delta: u64);
    /// The true size of a step became known (it was an estimate before).
    fn total(&self, index: usize, total_bytes: u64) {
        let _ = (index, total_bytes);
    }
    /// Something worth telling that does not stop the operation.
    fn warning(&self, message: &str) {
        let _ = message;
    }
}

/// An observer that listens to nothing.
pub struct Silent;

impl Observer for Silent {
    fn steps(&self, _: &[Step]) {}
    fn state(&self, _: usize, _: StepState) {}
    fn bytes(&self, _: usize, _: u64) {}
}
