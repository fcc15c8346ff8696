//! Processor time and memory of a process and all its descendants, from Linux's `/proc` (proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks per second in `/proc/*/stat`; fixed at 100 for user space on every Linux platform.
const TICKS: f64 = 100.0;

/// One process at one moment.
#[derive(Clone, Debug)]
struct Stat {
    id: u32,
    parent: u32,
    name: String,
    /// User and system time so far.
    busy: Duration,
    /// Seconds after boot at which it was started.
    started: f64,
}

/// The descendants of a process, without itself.
#[derive(Clone, Debug)]
pub struct Tree {
    members: Vec<Stat>,
}

impl Tree {
    /// Looks at everything that a process has started, directly or not.
    pub fn below(root: u32) -> Result<Self> {
        let mut all = Vec::new();
        for entry in fs::read_dir("/proc").context("this bench needs Linux's /proc")? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // A process may end between the listing and the look.
            if let Some(stat) = fs::read_to_string(format!("/proc/{id}/stat"))
                .ok()
                .and_then(|text| parse(&text))
            {
                all.push(stat);
            }
        }
        let mut ids = vec![root];
        let mut members = Vec::new();
        while let Some(id) = ids.pop() {
            for stat in all.iter().filter(|stat| stat.parent == id) {
                ids.push(stat.id);
                members.push(stat.clone());
            }
        }
        Ok(Self { members })
    }

    /// Processor time of all members so far.
    pub fn busy(&self) -> Duration {
        self.members.iter().map(|stat| stat.busy).sum()
    }

    /// Memory of all members in bytes, with pages that several share counted once (proportional set
    /// size).
    pub fn memory(&self) -> u64 {
        self.memory_by_process()
            .into_iter()
            .map(|(_, bytes)| bytes)
            .sum()
    }

    /// The same by member, with its name.
    pub fn memory_by_process(&self) -> Vec<(String, u64)> {
        let memory = |stat: &Stat| {
            let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", stat.id)).ok()?;
            let line = text.lines().find(|line| line.starts_with("Pss:"))?;
            let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some((stat.name.clone(), kilobytes * 1024))
        };
        self.members.iter().filter_map(memory).collect()
    }

    /// How long ago the first member of this name (cut to 15 bytes by Linux) was started.
    pub fn age_of(&self, name: &str) -> Result<Duration> {
        let stat = self
            .members
            .iter()
            .find(|stat| name.starts_with(&stat.name))
            .with_context(|| format!("{name} does not run"))?;
        let uptime: f64 = fs::read_to_string("/proc/uptime")?
            .split_whitespace()
            .next()
            .and_then(|text| text.parse().ok())
            .context("/proc/uptime starts with a number")?;
        Ok(Duration::from_secs_f64((uptime - stat.started).max(0.0)))
    }

    /// The names of the members.
    pub fn names(&self) -> Vec<&str> {
        self.members.iter().map(|stat| stat.name.as_str()).collect()
    }
}

/// `VmHWM` of `/proc/*/status`, the most memory a process ever held, in bytes.
pub fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn parse(text: &str) -> Option<Stat> {
    // The name is in parentheses and may hold anything, so what follows is counted from the last one.
    let (head, tail) = text.rsplit_once(')')?;
    let (id, name) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some(Stat {
        id: id.trim().parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        name: name.to_owned(),
        busy: Duration::from_secs_f64((number(11)? + number(12)?) / TICKS),
        started: number(19)? / TICKS,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat =
            parse("42 (a) (b) S 7 42 42 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 1 0 12300 1 1 1")
                .unwrap();
        assert_eq!((stat.id, stat.parent, stat.name.as_str()), (42, 7, "a) (b"));
        assert_eq!(stat.busy, Duration::from_secs(2));
        assert_eq!(stat.started, 123.0);
        assert!(parse("nonsense").is_none());
    }

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t  1000 kB\n"), Some(1_024_000));
        assert_eq!(high_water("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_a_parent() {
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        let own = parse(&own).unwrap();
        let tree = Tree::below(own.parent).unwrap();
        assert!(tree.members.iter().any(|stat| stat.id == own.id));
        assert!(tree.memory() > 0);
    }
}
