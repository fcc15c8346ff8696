//! What each kind of job does.

use std::sync::Arc;

use kitbench_modelkit::progress::CancellationToken;
use kitbench_protocol::{ErrorView, JobId};

use super::watcher::JobWatcher;
use super::{JobSpec, Outcome, cancelled};
use crate::Inner;

/// Does the job to its end; a stop asked for through `token` ends it as cancelled.
pub async fn run(
    _inner: Arc<Inner>,
    _id: JobId,
    _spec: JobSpec,
    _watcher: Arc<JobWatcher>,
    _token: CancellationToken,
) -> Result<Outcome, ErrorView> {
    Err(cancelled())
}
