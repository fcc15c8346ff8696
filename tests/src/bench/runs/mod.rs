//! Experiments at size: our readers beside the trackers' own Python packages, on the same files.

mod corpus;
pub mod jobs;
mod peers;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::bench::machine::machine;
use crate::bench::table::Table;
use corpus::{Corpus, FILES, metric, run_id};
use peers::Peer;

/// What is read of each run where one metric is asked for.
const METRIC: usize = 7;

/// Runs all jobs; corpora, indexes and the peers' Python live in `target/bench`. What was measured before
/// a job failed is in the table.
pub fn measure(table: &mut Table) -> Result<()> {
    let program = std::env::current_exe()?;
    let target = program
        .parent()
        .and_then(Path::parent)
        .context("the bench lies in cargo's target folder")?;
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    peers::prepare(&folder)?;
    let corpus = Corpus::prepare(&folder)?;
    let bench = Bench {
        program: program.clone(),
        index: tempfile::tempdir_in(&folder)?,
        corpus,
    };
    bench.zoom(table)?;
    bench.files(table)?;
    bench.wandb(table)?;
    bench.events(table)?;
    bench.database(table)?;
    table.note(format!("Peers: {}.", peers::versions()?));
    table.note(machine());
    Ok(())
}

struct Bench {
    program: PathBuf,
    index: tempfile::TempDir,
    corpus: Corpus,
}

/// What one of our jobs took.
struct Ours {
    answer: Value,
}

impl Ours {
    fn number(&self, name: &str) -> Result<f64> {
        self.answer[name]
            .as_f64()
            .with_context(|| format!("the job tells no {name}"))
    }

    /// Fails unless the peer read the same.
    fn agrees(&self, peer: &Peer) -> Result<()> {
        let (count, sum) = (self.number("count")?, self.number("sum")?);
        ensure!(
            count as u64 == peer.count,
            "{count} values, and {} for the peer",
            peer.count
        );
        let off = (sum - peer.sum).abs() / peer.sum.abs().max(1.0);
        ensure!(off < 1e-9, "a sum of {sum}, and {} for the peer", peer.sum);
        Ok(())
    }
}

impl Bench {
    /// A job in a process of its own, so that nothing is left in memory from the one before.
    fn job(&self, name: &str, path: &Path, index: Option<&str>) -> Result<Ours> {
        let mut command = Command::new(&self.program);
        command.arg("runs-job").arg(name).arg(path);
        if let Some(index) = index {
            command.arg(self.index.path().join(index));
        }
        let output = command.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("{name} ended with {}", output.status);
        }
        Ok(Ours {
            answer: serde_json::from_slice(&output.stdout)?,
        })
    }

    fn files(&self, table: &mut Table) -> Result<()> {
        let (runs, metrics, steps) = FILES;
        let path = &self.corpus.files;
        let uri = path.to_string_lossy();
        let points = (runs * metrics * steps) as f64;
        let search = peers::search(&uri, "1")?;
        let first = self.job("files", path, Some("files"))?;
        let again = self.job("files", path, Some("files"))?;
        let look = first.number("look")?;
        let values = Ours {
            answer: first.answer["values"].clone(),
        };
        values.agrees(&search)?;
        table.ratio(
            format!("{runs} MLflow file runs × {metrics} metrics × {steps} steps: table with last values"),
            look,
            ("`search_runs`", search.seconds),
            0.05,
        );
        let ids: Vec<String> = (0..runs).map(run_id).collect();
        let history = peers::history(&uri, &metric(METRIC), &ids)?;
        first.agrees(&history)?;
        again.agrees(&history)?;
        let curves = first.number("curves")?;
        table.ratio(
            format!("all curves of one metric over {runs} runs, no index"),
            curves,
            ("`get_metric_history`", history.seconds),
            0.02,
        );
        let total = look + curves;
        let total_again = again.number("look")? + again.number("curves")?;
        table.ratio(
            "table and the same curves, program started again, index on disk",
            total_again,
            ("our first time", total),
            0.1,
        );
        table.ratio(
            "  the curves alone",
            again.number("curves")?,
            ("our first time", curves),
            f64::INFINITY,
        );
        let all = self.job("all-curves", path, Some("files"))?;
        ensure!(all.number("count")? == points, "all points were drawn");
        table.at_most(
            "every curve of those 20 million points drawn once, most memory",
            all.number("memory")?,
            0.5 * points * 16.0 / 1e6,
            "MB",
        );
        Ok(())
    }

    fn events(&self, table: &mut Table) -> Result<()> {
        let path = &self.corpus.events;
        let peer = peers::tensorboard(path)?;
        let ours = self.job("events", path, Some("events"))?;
        ours.agrees(&peer)?;
        let (tags, steps) = corpus::EVENTS;
        table.ratio(
            format!("TensorBoard, {tags} tags × {steps} steps: every point"),
            ours.number("seconds")?,
            ("`EventAccumulator`, nothing sampled", peer.seconds),
            0.03,
        );
        let again = self.job("events", path, Some("events"))?;
        again.agrees(&peer)?;
        table.ratio(
            "  program started again, index on disk",
            again.number("seconds")?,
            ("our first time", ours.number("seconds")?),
            f64::INFINITY,
        );
        Ok(())
    }

    fn wandb(&self, table: &mut Table) -> Result<()> {
        let path = &self.corpus.wandb;
        let file = path.join("wandb/offline-run-20260921_120000-bench001/run-bench001.wandb");
        let peer = peers::wandb(&file)?;
        let ours = self.job("wandb", path, Some("wandb"))?;
        ours.agrees(&peer)?;
        table.ratio(
            format!(
                "W&B, {} steps of {} metrics: every point",
                corpus::WANDB,
                corpus::WANDB_METRICS.len()
            ),
            ours.number("seconds")?,
            ("`DataStore` of the `wandb` package", peer.seconds),
            0.05,
        );
        let again = self.job("wandb", path, Some("wandb"))?;
        again.agrees(&peer)?;
        table.ratio(
            "  program started again, index on disk",
            again.number("seconds")?,
            ("our first time", ours.number("seconds")?),
            f64::INFINITY,
        );
        Ok(())
    }

    fn database(&self, table: &mut Table) -> Result<()> {
        let (runs, metrics, steps) = corpus::DATABASE;
        let path = &self.corpus.database;
        let search = peers::search(&format!("sqlite:///{}", path.display()), "1")?;
        let first = self.job("database", path, Some("database"))?;
        first.agrees(&search)?;
        table.ratio(
            format!("MLflow SQLite, {runs} runs × {metrics} metrics × {steps} steps: table with last values"),
            first.number("seconds")?,
            ("`search_runs`, all pages", search.seconds),
            f64::INFINITY,
        );
        let again = self.job("database", path, Some("database"))?;
        again.agrees(&search)?;
        table.ratio(
            "  program started again, index on disk",
            again.number("seconds")?,
            ("our first time", first.number("seconds")?),
            f64::INFINITY,
        );
        Ok(())
    }

    fn zoom(&self, table: &mut Table) -> Result<()> {
        let zoom = self.job("zoom", Path::new("."), None)?;
        let series = "min/max reduction of 100 series × 100,000 points to 800 columns";
        for (which, name) in [("even", "even steps"), ("uneven", "times as x")] {
            table.at_most(
                format!("{series}, {name} (median over zooms and pans)"),
                1000.0 * zoom.number(which)?,
                5.0,
                "ms",
            );
        }
        Ok(())
    }
}
