//! Packing and unpacking through the shell program, beside the tools one would use without it.
//!
//! Every time is the best of [`ROUNDS`], the files in the page cache, ours and the peer's in turn; what
//! earlier rounds wrote is on the disk before the next one starts.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use kitbench_modelkit::digest::Hasher;

use crate::bench::machine::machine;
use crate::bench::process_tree::high_water;
use crate::bench::table::Table;
use crate::home::Home;
use crate::programs;

/// How often each job is done.
const ROUNDS: usize = 5;

/// Bytes in the model, one large file.
const MODEL: u64 = 1 << 30;

/// Files in the dataset, and bytes in each.
const ROWS: (u64, u64) = (5_000, 20_000);

/// Bytes of the two sparse models whose packing must take the same memory.
const SPARSE: [u64; 2] = [1 << 30, 16 << 30];

/// The most memory any of it may take, MiB.
const MEMORY: f64 = 48.0;

const REFERENCE: &str = "localhost/bench:v1";

const KITFILE: &str = "\
manifestVersion: 1.0.0
package:
  name: bench
  version: 1.0.0
model:
  name: model
  path: model.bin
";

const DATASET: &str = "\
datasets:
  - name: rows
    path: data
";

/// Measures all jobs; what was measured before one failed is in the table.
pub fn measure(table: &mut Table) -> Result<()> {
    let home = Home::new()?;
    let mut bench = Bench {
        program: programs::built("kitbench")?,
        project: home.path().join("project"),
        home,
        memory: 0.0,
        noise: Noise(0x9e37_79b9_7f4a_7c15),
    };
    bench.generate()?;
    let limits = bench.limits()?;
    let first = bench.first_pack(table)?;
    bench.pack_again(table, first)?;
    let unpack = bench.unpack(table)?;
    bench.gzip(table)?;
    table.at_most("most memory of all of these", bench.memory, MEMORY, "MiB");
    bench.sparse(table)?;
    limits.rows(table, first, unpack);
    table.note(machine());
    Ok(())
}

struct Bench {
    program: PathBuf,
    project: PathBuf,
    home: Home,
    /// The most memory any run took, MiB.
    memory: f64,
    noise: Noise,
}

/// What one start of the program took.
struct Run {
    seconds: f64,
    /// The most memory it ever held, MiB.
    memory: f64,
}

impl Bench {
    fn first_pack(&mut self, table: &mut Table) -> Result<f64> {
        let tarball = self.home.path().join("peer.tar");
        let script = format!("tar cf {0} . && openssl dgst -sha256 {0}", quoted(&tarball));
        let (mut ours, mut peer) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            self.empty_store()?;
            ours = ours.min(self.pack(&[])?);
            remove(&tarball)?;
            peer = peer.min(self.peer(&script)?);
        }
        remove(&tarball)?;
        table.ratio(
            "first pack",
            ours,
            ("`tar cf X . && openssl dgst -sha256 X`", peer),
            0.55,
        );
        Ok(ours)
    }

    fn pack_again(&mut self, table: &mut Table, first: f64) -> Result<()> {
        let peer = ("our first pack", first);
        let mut unchanged = f64::INFINITY;
        for _ in 0..ROUNDS {
            unchanged = unchanged.min(self.pack(&[])?);
        }
        table.ratio("pack again, nothing changed", unchanged, peer, 0.03);
        let mut changed = f64::INFINITY;
        for _ in 0..ROUNDS {
            let row = self.project.join("data").join(row(ROWS.0 / 2));
            self.noise.fill(&row, ROWS.1)?;
            changed = changed.min(self.pack(&[])?);
        }
        let what = format!("pack again, 1 of {} small files changed", ROWS.0);
        table.ratio(what, changed, peer, 0.15);
        Ok(())
    }

    fn unpack(&mut self, table: &mut Table) -> Result<f64> {
        let target = self.home.path().join("unpacked");
        // The layers of the tag, among those that packing again left behind.
        let mut command = Command::new(&self.program);
        self.home.apply(&mut command);
        let listed = command.args(["inspect", REFERENCE]).output()?;
        let kit: serde_json::Value = serde_json::from_slice(&listed.stdout)?;
        let layers = kit["manifest"]["layers"]
            .as_array()
            .context("a manifest lists its layers")?;
        let mut script = String::from("true");
        for layer in layers {
            let digest = layer["digest"].as_str().context("a layer has a digest")?;
            let blob = self
                .home
                .kitops()
                .join("storage/blobs")
                .join(digest.replace(':', "/"));
            ensure!(blob.is_file(), "{} is no file", blob.display());
            script += &format!(" && tar xf {} -C {}", quoted(&blob), quoted(&target));
        }
        let folder = target.to_string_lossy().into_owned();
        let (mut ours, mut peer) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            remove_all(&target)?;
            let run = self.run(&["unpack", REFERENCE, "--dir", &folder])?;
            ours = ours.min(run.seconds);
            remove_all(&target)?;
            fs::create_dir(&target)?;
            peer = peer.min(self.peer(&script)?);
        }
        remove_all(&target)?;
        table.ratio("unpack", ours, ("`tar xf` of the same layers", peer), 0.9);
        Ok(ours)
    }

    fn gzip(&mut self, table: &mut Table) -> Result<()> {
        let script = "tar cf - . | pigz -p2 | openssl dgst -sha256";
        let (mut ours, mut peer) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..ROUNDS {
            self.empty_store()?;
            ours = ours.min(self.pack(&["--compression", "gzip"])?);
            peer = peer.min(self.peer(script)?);
        }
        self.empty_store()?;
        // A bar would end the cell of the table.
        let name = format!("`{}`", script.replace('|', r"\|"));
        table.ratio("gzip pack", ours, (&name, peer), 1.1);
        Ok(())
    }

    /// Models of zeros: what is measured is memory only.
    fn sparse(&mut self, table: &mut Table) -> Result<()> {
        remove_all(&self.project)?;
        fs::create_dir(&self.project)?;
        fs::write(self.project.join("Kitfile"), KITFILE)?;
        let folder = self.project.to_string_lossy().into_owned();
        let target = self.home.path().join("unpacked");
        let out = target.to_string_lossy().into_owned();
        let jobs = ["pack", "pack with zstd", "unpack from zstd"];
        let mut most = [[0.0; 2]; 3];
        for (size, bytes) in SPARSE.into_iter().enumerate() {
            File::create(self.project.join("model.bin"))?.set_len(bytes)?;
            for (job, arguments) in [
                &["pack", &folder, "--tag", REFERENCE][..],
                &["pack", &folder, "--tag", REFERENCE, "--compression", "zstd"],
                &["unpack", REFERENCE, "--dir", &out],
            ]
            .into_iter()
            .enumerate()
            {
                if job < 2 {
                    self.empty_store()?;
                }
                most[job][size] = self.run(arguments)?.memory;
            }
            remove_all(&target)?;
        }
        for (job, [small, large]) in jobs.into_iter().zip(most) {
            let sizes = SPARSE.map(|bytes| bytes >> 30);
            let what = |gib| format!("{job}, sparse model of {gib} GiB, most memory");
            table.at_most(what(sizes[0]), small, MEMORY, "MiB");
            table.at_most(what(sizes[1]), large, MEMORY, "MiB");
            table.at_most("  the larger beside the smaller", large / small, 1.1, "×");
        }
        Ok(())
    }

    /// Packs the project; seconds.
    fn pack(&mut self, options: &[&str]) -> Result<f64> {
        let folder = self.project.to_string_lossy().into_owned();
        let arguments = [&["pack", &folder, "--tag", REFERENCE], options].concat();
        Ok(self.run(&arguments)?.seconds)
    }

    fn run(&mut self, arguments: &[&str]) -> Result<Run> {
        let mut command = Command::new(&self.program);
        self.home.apply(&mut command);
        let run = timed(command.args(arguments))?;
        self.memory = self.memory.max(run.memory);
        Ok(run)
    }

    /// Runs a line of shell in the project; seconds.
    fn peer(&self, script: &str) -> Result<f64> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(&self.project);
        Ok(timed(&mut command)?.seconds)
    }

    fn empty_store(&self) -> Result<()> {
        remove_all(&self.home.kitops())
    }

    /// A project of incompressible files.
    fn generate(&mut self) -> Result<()> {
        let data = self.project.join("data");
        fs::create_dir_all(&data)?;
        fs::write(self.project.join("Kitfile"), [KITFILE, DATASET].concat())?;
        self.noise.fill(&self.project.join("model.bin"), MODEL)?;
        for number in 0..ROWS.0 {
            self.noise.fill(&data.join(row(number)), ROWS.1)?;
        }
        Ok(())
    }

    /// What the machine can do at best.
    fn limits(&mut self) -> Result<Limits> {
        let mut bytes = vec![0u8; 64 << 20];
        for word in bytes.chunks_exact_mut(8) {
            word.copy_from_slice(&self.noise.next());
        }
        let (mut hashing, mut writing) = (f64::INFINITY, f64::INFINITY);
        let path = self.home.path().join("disk");
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let mut hasher = Hasher::new();
            hasher.update(&bytes);
            std::hint::black_box(hasher.finish());
            hashing = hashing.min(started.elapsed().as_secs_f64());
            flush()?;
            let started = Instant::now();
            let mut file = File::create(&path)?;
            for _ in 0..8 {
                file.write_all(&bytes)?;
            }
            file.sync_data()?;
            writing = writing.min(started.elapsed().as_secs_f64() / 8.0);
            remove(&path)?;
        }
        let rate = |seconds: f64| bytes.len() as f64 / seconds;
        Ok(Limits {
            hashing: rate(hashing),
            writing: rate(writing),
        })
    }
}

/// Bytes a second.
struct Limits {
    /// SHA-256 on one core.
    hashing: f64,
    /// To the disk and flushed.
    writing: f64,
}

impl Limits {
    /// How far the jobs are from what the machine allows. A layer's hash cannot be shared between cores.
    fn rows(&self, table: &mut Table, first: f64, unpack: f64) {
        let total = (MODEL + ROWS.0 * ROWS.1) as f64;
        table.value("SHA-256 on one core", self.hashing / 1e6, "MB/s");
        table.value(
            "writing to the disk and flushing",
            self.writing / 1e6,
            "MB/s",
        );
        let hash = (
            "bytes of the largest layer ÷ SHA-256",
            MODEL as f64 / self.hashing,
        );
        let disk = ("all bytes ÷ disk", total / self.writing);
        table.ratio("first pack", first, hash, f64::INFINITY);
        table.ratio("first pack", first, disk, f64::INFINITY);
        let hash = (
            "all bytes ÷ SHA-256 on two cores",
            total / self.hashing / 2.0,
        );
        table.ratio("unpack", unpack, hash, f64::INFINITY);
        table.ratio("unpack", unpack, disk, f64::INFINITY);
    }
}

/// Runs a command to its end.
fn timed(command: &mut Command) -> Result<Run> {
    flush()?;
    let name = format!("{command:?}");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let started = Instant::now();
    let mut child = command
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let status = format!("/proc/{}/status", child.id());
    let (ended, end) = channel::<()>();
    // The high-water mark only grows, so looking now and then misses little.
    let watcher = std::thread::spawn(move || {
        let mut memory = 0;
        loop {
            if let Ok(text) = fs::read_to_string(&status) {
                memory = high_water(&text).unwrap_or_default().max(memory);
            }
            if end.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
                return memory;
            }
        }
    });
    let mut told = child.stderr.take();
    let outcome = child.wait()?;
    let seconds = started.elapsed().as_secs_f64();
    drop(ended);
    let memory = watcher.join().unwrap_or_default() as f64 / f64::from(1 << 20);
    if !outcome.success() {
        let mut text = String::new();
        if let Some(told) = &mut told {
            std::io::Read::read_to_string(told, &mut text)?;
        }
        bail!("{name} ended with {outcome}: {text}");
    }
    Ok(Run { seconds, memory })
}

const LOOK_EVERY: Duration = Duration::from_millis(4);

/// Waits until everything written is on the disk.
fn flush() -> Result<()> {
    let status = Command::new("sync").status().context("cannot start sync")?;
    ensure!(status.success(), "sync ended with {status}");
    Ok(())
}

/// For a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn remove_all(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn row(number: u64) -> String {
    format!("{number:05}.bin")
}

/// Marsaglia's xorshift64: fast, the same each time, and nothing a compressor could shrink.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> [u8; 8] {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.to_le_bytes()
    }

    fn fill(&mut self, path: &Path, bytes: u64) -> Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        for _ in 0..bytes / 8 {
            let word = self.next();
            file.write_all(&word)?;
        }
        file.flush()?;
        Ok(())
    }
}
