//! Our side of the measurements, each in a process of its own that prints one JSON object.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use kitbench_runs::curves::{BUDGET, Places};
use kitbench_runs::reduce::View;
use kitbench_runs::smooth::Smoothing;
use kitbench_runs::{Curve, Held, Index, Reader, Source, XAxis};
use serde_json::{Value, json};

use super::METRIC;
use super::corpus::metric;

/// Runs the job named first of the arguments: path and, for most, an index folder follow.
pub fn run(arguments: &[String]) -> Result<()> {
    let [name, path, rest @ ..] = arguments else {
        bail!("usage: bench runs-job NAME PATH [INDEX]");
    };
    let path = PathBuf::from(path);
    let index = rest.first().map(Index::new);
    let answer = match (name.as_str(), &index) {
        ("files", Some(index)) => files(&path, index)?,
        ("all-curves", Some(index)) => all_curves(&path, index)?,
        ("events" | "wandb", Some(index)) => every_point(&path, index)?,
        ("database", Some(index)) => database(&path, index)?,
        ("zoom", None) => zoom()?,
        _ => bail!("there is no job {name} of this form"),
    };
    println!("{answer}");
    Ok(())
}

/// Finds and opens the only source below `path`.
fn open(path: &Path, index: &Index) -> Result<Box<dyn Reader>> {
    let found = kitbench_runs::scan(path)?;
    let source: &Source = found.sources.first().context("a source is found")?;
    ensure!(found.sources.len() == 1, "one source is found");
    Ok(kitbench_runs::open_indexed(source, index)?)
}

/// Last values of all runs: how many, their sum.
fn last_values(reader: &dyn Reader) -> (usize, f64) {
    let runs = reader.runs();
    let values = runs.iter().flat_map(|run| run.metrics.values());
    values
        .filter_map(|metric| metric.last)
        .fold((0, 0.0), |(count, sum), value| (count + 1, sum + value))
}

fn files(path: &Path, index: &Index) -> Result<Value> {
    let begin = Instant::now();
    let reader = open(path, index)?;
    let (count, sum) = last_values(reader.as_ref());
    let look = begin.elapsed().as_secs_f64();
    let key = metric(METRIC);
    let runs = reader.runs();
    let begin = Instant::now();
    let wanted: Vec<(&str, &str)> = runs
        .iter()
        .map(|run| (run.id.as_str(), key.as_str()))
        .collect();
    let curves = reader.many_series(&wanted);
    let seconds = begin.elapsed().as_secs_f64();
    let (mut points, mut total) = (0, 0.0);
    for series in curves {
        let series = series?;
        points += series.len();
        total += series.values.iter().sum::<f64>();
    }
    Ok(json!({
        "look": look,
        "values": { "count": count, "sum": sum },
        "curves": seconds,
        "count": points,
        "sum": total,
    }))
}

/// Draws every curve once, as somebody who looks through all charts does.
fn all_curves(path: &Path, index: &Index) -> Result<Value> {
    let reader = open(path, index)?;
    let mut curves = Held::new(BUDGET);
    let mut count = 0;
    for place in 0..super::corpus::FILES.1 {
        let key = metric(place);
        for run in reader.runs() {
            let series = reader.series(&run.id, &key)?;
            let curve = Arc::new(Curve::new(&series, XAxis::Step, None, Smoothing::None));
            let (from, to) = curve.extent(false).context("there are points")?;
            let view = View {
                from,
                to,
                columns: 800,
                log_x: false,
            };
            count += curve.reduce(&view).logged;
            let bytes = curve.bytes();
            curves.put((run.id.clone(), key.clone()), curve, bytes);
        }
    }
    Ok(json!({ "count": count, "memory": most_memory()? }))
}

/// The most memory this process ever held, MB.
fn most_memory() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    crate::bench::process_tree::high_water(&status)
        .map(|bytes| bytes as f64 / 1e6)
        .context("the system tells the most memory held")
}

/// Opens a source and hands out every point of it.
fn every_point(path: &Path, index: &Index) -> Result<Value> {
    let begin = Instant::now();
    let reader = open(path, index)?;
    let (mut count, mut sum) = (0, 0.0);
    let mut all = Vec::new();
    for run in reader.runs() {
        for key in run.metrics.keys() {
            all.push(reader.series(&run.id, key)?);
        }
    }
    let seconds = begin.elapsed().as_secs_f64();
    for series in all {
        count += series.len();
        sum += series.values.iter().sum::<f64>();
    }
    Ok(json!({ "seconds": seconds, "count": count, "sum": sum, "memory": most_memory()? }))
}

fn database(path: &Path, index: &Index) -> Result<Value> {
    let begin = Instant::now();
    let reader = open(path, index)?;
    let (count, sum) = last_values(reader.as_ref());
    let seconds = begin.elapsed().as_secs_f64();
    Ok(json!({ "seconds": seconds, "count": count, "sum": sum, "memory": most_memory()? }))
}

/// Reduction of 100 long series to a view, over views as zooming and panning asks for them.
fn zoom() -> Result<Value> {
    const SERIES: usize = 100;
    const POINTS: usize = 100_000;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let mut medians = Vec::new();
    for even in [true, false] {
        let curves: Vec<Curve> = (0..SERIES)
            .map(|_| {
                let y: Vec<f64> = (0..POINTS)
                    .map(|i| 100.0 / (100.0 + i as f64) + 0.05 * noise())
                    .collect();
                let x = if even {
                    Places::Even {
                        first: 0,
                        by: 1,
                        len: POINTS,
                    }
                } else {
                    let jitter = |i: usize| i as f64 + 0.8 * noise();
                    Places::Listed((0..POINTS).map(jitter).collect())
                };
                Curve::of(x, y)
            })
            .collect();
        let mut times = Vec::new();
        for (from, to) in [
            (0.0, 1.0),
            (0.0, 0.5),
            (0.1, 0.6),
            (0.2, 0.7),
            (0.2, 0.3),
            (0.21, 0.31),
            (0.25, 0.26),
            (-0.5, 1.5),
        ] {
            let view = View {
                from: from * POINTS as f64,
                to: to * POINTS as f64,
                columns: 800,
                log_x: false,
            };
            // The best of a few: what else runs on the machine is not measured.
            let mut best = f64::INFINITY;
            for _ in 0..9 {
                let begin = Instant::now();
                // On all processors, as the program does.
                let drawn = kitbench_runs::in_parallel(&curves, |curve| curve.reduce(&view).drawn);
                ensure!(drawn.iter().all(|drawn| *drawn > 0), "something is drawn");
                best = best.min(begin.elapsed().as_secs_f64());
            }
            times.push(best);
        }
        times.sort_by(f64::total_cmp);
        medians.push(times[times.len() / 2]);
    }
    Ok(json!({ "even": medians[0], "uneven": medians[1] }))
}
