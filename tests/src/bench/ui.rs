//! The window: how fast it opens, what it costs while nobody touches it, how large it is.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use kitbench_registry::testing::TestRegistry;

use crate::bench::latency;
use crate::bench::process_tree::Tree;
use crate::bench::table::Table;
use crate::home::Home;
use crate::mirror::{containing, every};
use crate::workbench::{Options, Workbench};
use crate::{main_job, native, wait};

/// How long the idle window is watched.
const IDLE: Duration = Duration::from_secs(30);

/// The page marks the end of its first frame with this name.
const FIRST_FRAME: &str = "kitbench-first-frame";

/// Fills the table row by row, so that what was measured is there when a later row fails.
pub fn measure(table: &mut Table) -> Result<()> {
    let starts: Vec<f64> = (0..3).map(|_| start()).collect::<Result<_>>()?;
    let median = {
        let mut sorted = starts.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
            .get(1)
            .copied()
            .context("three starts were measured")?
    };
    table.at_most(
        "start to first useful frame (median of 3)",
        median,
        1.5,
        "s",
    );

    let home = Home::new()?;
    let options = Options {
        arguments: vec!["--example".into()],
        ..Options::default()
    };
    let workbench = Workbench::window(&home, &options)?;
    workbench.step("open the example", |mirror| {
        mirror.find(&containing("button", "Edit Kitfile"))
    })?;
    let root = workbench.root_process();
    settled(root)?;
    let before = Tree::below(root)?;
    let started = Instant::now();
    // The idle time is what is measured here, not something waited for.
    std::thread::park_timeout(IDLE);
    let after = Tree::below(root)?;
    let busy = after.busy().saturating_sub(before.busy()).as_secs_f64();
    table.at_most(
        "processor while idle, window and webview",
        100.0 * busy / started.elapsed().as_secs_f64(),
        1.0,
        "%",
    );
    table.at_most(
        "memory with a project open",
        megabytes(after.memory()),
        450.0,
        "MB",
    );
    walk(&workbench)?;
    let registry = TestRegistry::plain();
    let chart = home.path().join("val-loss.svg");
    main_job::walk(&workbench, &home, &registry, || {
        let display = workbench.display().context("the window has a display")?;
        native::save_as(display, "Save File", &chart)?;
        Ok(chart.clone())
    })?;
    let tree = Tree::below(root)?;
    table.at_most(
        "memory after all screens and the main job",
        megabytes(tree.memory()),
        450.0,
        "MB",
    );
    for (name, bytes) in tree.memory_by_process() {
        table.value(format!("  of it {name}"), megabytes(bytes), "MB");
    }
    drop(workbench);
    latency::measure(table)?;
    sizes(table)
}

/// Seconds from the start of the process to the first frame with data.
fn start() -> Result<f64> {
    let home = Home::new()?;
    let workbench = Workbench::window(&home, &Options::default())?;
    workbench.step("start", |mirror| {
        mirror.find(&containing("button", "Open folder"))
    })?;
    let script = format!(
        "const mark = performance.getEntriesByName('{FIRST_FRAME}')[0]; \
         return mark ? performance.now() - mark.startTime : null"
    );
    let since_frame = workbench
        .session()
        .script(&script, &[])?
        .as_f64()
        .with_context(|| format!("the page did not mark {FIRST_FRAME}"))?;
    let age = Tree::below(workbench.root_process())?.age_of("kitbench-desktop")?;
    Ok(age.as_secs_f64() - since_frame / 1000.0)
}

/// Waits until the processes have had a quiet second.
fn settled(root: u32) -> Result<()> {
    let mut last = (Instant::now(), Tree::below(root)?.busy());
    wait::until(
        "the window to become quiet",
        Duration::from_secs(60),
        || {
            if last.0.elapsed() < Duration::from_secs(1) {
                return Ok(None);
            }
            let now = Tree::below(root)?.busy();
            let quiet = now.saturating_sub(last.1) < Duration::from_millis(50);
            last = (Instant::now(), now);
            Ok(quiet.then_some(()))
        },
    )
}

/// Visits what the rail offers.
fn walk(workbench: &Workbench) -> Result<()> {
    for screen in crate::screens::RAIL {
        workbench.step(screen, |mirror| {
            mirror.click(&crate::screens::rail(screen))?;
            mirror.find(&every("button"))
        })?;
    }
    Ok(())
}

/// What the page weighs. The page is the same in the window and in the browser.
fn sizes(table: &mut Table) -> Result<()> {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/web");
    let wasm = fs::read(web.join("kitbench_ui_bg.wasm"))
        .context("dist/web is not built; run `cargo xtask web`")?;
    table.at_most(
        "user interface, WebAssembly",
        megabytes(wasm.len() as u64),
        6.0,
        "MB",
    );
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&wasm)?;
    table.value("  as gzip", megabytes(gzip.finish()?.len() as u64), "MB");
    let mut total = 0;
    for entry in fs::read_dir(&web)? {
        total += entry?.metadata()?.len();
    }
    table.value("user interface, all files", megabytes(total), "MB");
    Ok(())
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
