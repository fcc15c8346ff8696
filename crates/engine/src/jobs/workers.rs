//! The threads on which jobs run: an async runtime of their own, whose threads give way
//! to everybody else's. A pack takes every core it can get, and must still not make a
//! person wait for the answer to a key press.

use tokio::runtime::{Builder, Handle, Runtime};

/// The runtime of the jobs; everything that a job spawns runs on it, blocking or not.
pub struct Workers {
    handle: Handle,
    /// Taken when it ends.
    runtime: Option<Runtime>,
}

impl Workers {
    /// Starts the async threads; those for blocking work come as they are needed.
    ///
    /// # Errors
    /// The system gives no more threads.
    pub fn start() -> std::io::Result<Workers> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(super::AT_ONCE)
            .thread_name("kitbench-job")
            .on_thread_start(kitbench_modelkit::background::give_way)
            .enable_all()
            .build()?;
        Ok(Workers {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// Where to spawn a job.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Workers {
    /// A runtime may not be waited for inside another one, where the engine ends.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn threads_of_jobs_give_way_and_the_others_do_not() {
        let before = niceness();
        let workers = Workers::start().unwrap();
        let handle = workers.handle();
        let blocking = handle.spawn_blocking(niceness).await.unwrap();
        // What a job starts itself inherits it.
        let scoped = handle
            .spawn_blocking(|| std::thread::spawn(niceness).join().unwrap())
            .await
            .unwrap();
        // Whoever runs the tests may have made them give way already.
        assert_eq!(blocking, before.max(10));
        assert_eq!(scoped, blocking);
        assert_eq!(niceness(), before);
    }

    /// Field 19 of `/proc/thread-self/stat` (proc(5)).
    fn niceness() -> i32 {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let after_name = &stat[stat.rfind(')').unwrap() + 2..];
        after_name.split(' ').nth(16).unwrap().parse().unwrap()
    }
}
