//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How long a step of a walk may take. Generous: two busy cores draw the window in software.
pub const STEP: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const PAUSE: Duration = Duration::from_millis(25);

/// Asks until there is an answer. An error from the question counts as "not yet", and the last one is
/// told when the time is over.
pub fn until<T>(
    what: &str,
    at_most: Duration,
    mut question: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        let last_error = match question() {
            Ok(Some(answer)) => return Ok(answer),
            Ok(None) => None,
            Err(error) => Some(error),
        };
        if started.elapsed() >= at_most {
            match last_error {
                Some(error) => return Err(error.context(format!("waited {at_most:?} for {what}"))),
                None => bail!("waited {at_most:?} for {what}"),
            }
        }
        std::thread::park_timeout(PAUSE);
    }
}
