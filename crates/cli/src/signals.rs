//! Ctrl-C and its like.

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

/// The first signal asks everything to stop and clean up; the second ends the program.
pub fn listen(runtime: &Handle, cancel: CancellationToken) {
    runtime.spawn(async move {
        stopped().await;
        cancel.cancel();
        stopped().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the system's own way of ending applies.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn stopped() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
