//! Messages on standard error, in `kit`'s form: `[WARN ] …`.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::args::{Global, LogLevel};

struct Messages {
    level: LevelFilter,
}

impl Log for Messages {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The libraries below talk a lot; they are heard at the most talkative level only.
        let ours = metadata.target().starts_with("kitbench");
        metadata.level() <= self.level && (ours || self.level == LevelFilter::Trace)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let label = match record.level() {
            Level::Error => "ERROR",
            Level::Warn => "WARN ",
            Level::Info => "INFO ",
            Level::Debug => "DEBUG",
            Level::Trace => "TRACE",
        };
        eprintln!("[{label}] {}", record.args());
    }

    fn flush(&self) {}
}

/// Shows messages from the level that the flags ask for.
pub fn start(global: &Global) {
    let asked = match global.log_level {
        LogLevel::Trace => LevelFilter::Trace,
        LogLevel::Debug => LevelFilter::Debug,
        LogLevel::Info => LevelFilter::Info,
        LogLevel::Warn => LevelFilter::Warn,
        LogLevel::Error => LevelFilter::Error,
    };
    let level = match global.verbose {
        0 => asked,
        1 => asked.max(LevelFilter::Debug),
        _ => LevelFilter::Trace,
    };
    // Fails only when called twice.
    if log::set_boxed_logger(Box::new(Messages { level })).is_ok() {
        log::set_max_level(level);
    }
}
