//! Work that takes every core, on a machine that somebody sits at.

/// How much less often than others a thread is given a core: the niceness of `nice(1)`
/// without an argument.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lets every other thread of the machine that has work go before the calling one, and
/// before all threads that it starts from now on. There is no way back.
///
/// Linux keeps the niceness per thread (setpriority(2), "C library/kernel differences").
/// Elsewhere it would hold for the whole process, window included, so nothing is done.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        // A thread that already gives way more keeps that; if the system refuses, the
        // work is only less polite.
        if getpriority_process(None).is_ok_and(|now| now < NICENESS) {
            let _ = setpriority_process(None, NICENESS);
        }
    }
}
