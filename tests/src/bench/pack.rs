//! Packing and unpacking through the shell program: speed, memory, and what an unchanged project costs.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::table::Table;
use crate::home::Home;
use crate::{programs, wait};

/// Bytes in the model, one large file.
const MODEL: u64 = 1_000_000_000;

/// Files in the dataset, and bytes in each.
const ROWS: (u64, u64) = (2_000, 50_000);

/// The most memory any of it may take, whatever the size of the project.
const MEMORY: f64 = 150.0;

const KITFILE: &str = "\
manifestVersion: 1.0.0
package:
  name: bench
  version: 1.0.0
model:
  name: model
  path: model.bin
datasets:
  - name: rows
    path: data
";

pub fn measure() -> Result<Table> {
    let home = Home::new()?;
    let project = home.path().join("project");
    generate(&project)?;
    let bytes = MODEL + ROWS.0 * ROWS.1;
    let speed = |run: &Run| bytes as f64 / 1e6 / run.time.as_secs_f64();
    let mut table = Table::default();
    table.value("project", bytes as f64 / 1e6, "MB");

    let reference = "localhost/bench:v1";
    let folder = project.to_string_lossy();
    let pack = kitbench(&home, &["pack", &folder, "--tag", reference])?;
    table.value("pack", speed(&pack), "MB/s");
    table.at_most("  most memory", pack.memory, MEMORY, "MB");
    let again = kitbench(&home, &["pack", &folder, "--tag", reference])?;
    table.value("pack again, nothing changed", again.time.as_secs_f64(), "s");
    table.at_most("  most memory", again.memory, MEMORY, "MB");
    let target = home.path().join("unpacked");
    let unpack = kitbench(
        &home,
        &["unpack", reference, "--dir", &target.to_string_lossy()],
    )?;
    table.value("unpack", speed(&unpack), "MB/s");
    table.at_most("  most memory", unpack.memory, MEMORY, "MB");
    Ok(table)
}

/// What one start of the program took.
struct Run {
    time: Duration,
    /// The most memory it ever held, in MB.
    memory: f64,
}

fn kitbench(home: &Home, arguments: &[&str]) -> Result<Run> {
    let mut command = Command::new(programs::built("kitbench")?);
    home.apply(&mut command);
    command
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn().context("cannot start kitbench")?;
    let status = format!("/proc/{}/status", child.id());
    let mut memory: f64 = 0.0;
    let ended = wait::until("kitbench to end", Duration::from_secs(600), || {
        // The high-water mark only grows, so looking now and then misses little.
        if let Some(mark) = fs::read_to_string(&status)
            .ok()
            .as_deref()
            .and_then(high_water)
        {
            memory = memory.max(mark);
        }
        Ok(child.try_wait()?)
    })?;
    if !ended.success() {
        bail!("kitbench {} ended with {ended}", arguments.join(" "));
    }
    Ok(Run {
        time: started.elapsed(),
        memory,
    })
}

/// `VmHWM` of `/proc/*/status`, in MB.
pub(crate) fn high_water(status: &str) -> Option<f64> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

/// A project of incompressible files.
fn generate(folder: &Path) -> Result<()> {
    let data = folder.join("data");
    fs::create_dir_all(&data)?;
    fs::write(folder.join("Kitfile"), KITFILE)?;
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    noise.fill(&folder.join("model.bin"), MODEL)?;
    for row in 0..ROWS.0 {
        noise.fill(&data.join(format!("{row:05}.bin")), ROWS.1)?;
    }
    Ok(())
}

/// Marsaglia's xorshift64: fast, the same each time, and nothing a compressor could shrink.
struct Noise(u64);

impl Noise {
    fn fill(&mut self, path: &Path, bytes: u64) -> Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for _ in 0..bytes.div_ceil(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            file.write_all(&self.0.to_le_bytes())?;
        }
        file.flush()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t  1000 kB\n"), Some(1.024));
        assert_eq!(high_water("Name:\tx\n"), None);
    }
}
