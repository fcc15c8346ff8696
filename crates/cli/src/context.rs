//! What every verb works with.

use std::io::IsTerminal as _;
use std::sync::Arc;

use kitbench_modelkit::progress::{Observer, Silent};
use kitbench_modelkit::store::{Home, Store};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::args::{Global, ProgressMode};
use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::progress::{Bars, Lines};

/// What every verb works with.
pub struct Context {
    pub home: Home,
    pub store: Store,
    pub out: Output,
    /// Cancelled by Ctrl-C.
    pub cancel: CancellationToken,
    pub runtime: Handle,
    progress: ProgressMode,
}

impl Context {
    pub fn new(global: Global, runtime: Handle) -> Outcome<Context> {
        let home = Home::find(global.config.as_deref())?;
        let terminal = std::io::stderr().is_terminal();
        let progress = global.progress.unwrap_or(match (terminal, global.json) {
            (true, _) => ProgressMode::Fancy,
            (false, true) => ProgressMode::None,
            (false, false) => ProgressMode::Plain,
        });
        Ok(Context {
            store: Store::new(home.clone()),
            home,
            out: Output::new(global.json),
            cancel: CancellationToken::new(),
            runtime,
            progress,
        })
    }

    /// Brings kits of the layout before `kit` 0.5 into the present one, as `kit` does at its start.
    /// What cannot be brought is named in a warning and stays where it is.
    pub fn adopt_old_kits(&self) {
        match self.store.adopt_old_layout(&self.cancel) {
            Ok(adopted) => {
                for kit in &adopted.kits {
                    log::info!("{kit} was brought from the store's old layout");
                }
                for (folder, problem) in &adopted.left {
                    let folder = folder.display();
                    log::warn!("{folder} stays in the store's old layout: {problem}");
                }
            }
            Err(error) => log::warn!("the store's old layout cannot be read: {error}"),
        }
    }

    /// A new observer that shows progress as the flags ask.
    pub fn observer(&self) -> Arc<dyn Observer> {
        match self.progress {
            ProgressMode::None => Arc::new(Silent),
            ProgressMode::Plain => Arc::new(Lines::default()),
            ProgressMode::Fancy => Arc::new(Bars::new()),
        }
    }

    /// Runs blocking work off the async threads, so that it may itself wait for async work.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        match tokio::task::spawn_blocking(work).await {
            Ok(outcome) => outcome,
            Err(error) => Err(Failure::Failed(kitbench_engine::errors::internal(
                "this command",
                &error.to_string(),
            ))),
        }
    }
}
