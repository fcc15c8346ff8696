//! What a measurement was taken on.

use std::time::SystemTime;

use kitbench_modelkit::time::date;

/// The machine, and how busy it was.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|name| name.trim_start_matches(['\t', ' ', ':']).to_owned())
        .unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = read("/proc/loadavg");
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let date = date(since.map_or(0, |since| since.as_millis() as i64));
    format!("{date}, {cores} cores {cpu}, load at the end {load}")
}
