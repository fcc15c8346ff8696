//! How long an input waits for the page while the engine packs as fast as it can.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use kitbench_protocol::{AddProject, Compression, JobState, ListJobs, PackFormat, StartPack};

use crate::bench::table::Table;
use crate::home::Home;
use crate::mirror::containing;
use crate::wait;
use crate::workbench::{Options, Workbench};

/// What is packed, compressed so that both cores are busy: enough to be under way for as long as the
/// inputs take.
const FILES: usize = 2;
const BYTES_EACH: usize = 1 << 30;

/// How many times the pointer moves, at most and at least.
const MOVES: usize = 200;
const FEWEST: usize = 20;

/// Counts, from the moment at which the webview got an input: until the page hears of it, and until
/// the frame that shows it is done.
const LISTEN: &str = "
    window.waited = []; window.shown = [];
    addEventListener('pointermove', (event) => {
        window.waited.push(performance.now() - event.timeStamp);
        requestAnimationFrame(() => setTimeout(() => window.shown.push(performance.now() - event.timeStamp)));
    }, true)";

/// Adds the rows to the table.
pub fn measure(table: &mut Table) -> Result<()> {
    let home = Home::new()?;
    let project = home.path().join("large");
    write_project(&project)?;
    let workbench = Workbench::window(&home, &Options::default())?;
    let path = project
        .to_str()
        .context("a folder of this bench")?
        .to_owned();
    let id = workbench.call(AddProject { path })?.id;
    workbench.step("see the project", |mirror| {
        mirror.click_for(
            &containing("button", "Projects"),
            &containing("button", "Pack"),
        )
    })?;
    workbench.session().script(LISTEN, &[])?;
    let still = inputs(&workbench, || Ok(true))?;
    workbench.call(StartPack {
        project: id,
        reference: "localhost/large".into(),
        tags: vec!["v1".into()],
        compression: Compression::Gzip,
        format: PackFormat::ModelKit,
        note: String::new(),
        attached_run: None,
        push: false,
    })?;
    wait::until("the pack to begin", wait::STEP, || {
        let jobs = workbench.call(ListJobs)?;
        Ok(jobs.iter().any(|job| job.done_bytes > 0).then_some(()))
    })?;
    let busy = inputs(&workbench, || {
        let jobs = workbench.call(ListJobs)?;
        Ok(jobs
            .iter()
            .any(|job| matches!(job.state, JobState::Running)))
    })?;
    table.value(
        "an input waits for the page, nothing packs (worst)",
        still.waited,
        "ms",
    );
    table.at_most(
        "an input waits for the page, while packing (worst)",
        busy.waited,
        50.0,
        "ms",
    );
    table.value(
        "until the frame after it is done, nothing packs (95 %)",
        still.shown,
        "ms",
    );
    table.value(
        "until the frame after it is done, while packing (95 %)",
        busy.shown,
        "ms",
    );
    Ok(())
}

struct Delays {
    /// The longest, in milliseconds.
    waited: f64,
    /// 95 of 100 are shorter, in milliseconds.
    shown: f64,
}

/// Moves the pointer over the page's rows, as long as what it is measured beside goes on.
fn inputs(workbench: &Workbench, goes_on: impl Fn() -> Result<bool>) -> Result<Delays> {
    workbench
        .session()
        .script("window.waited = []; window.shown = []", &[])?;
    for step in 0..MOVES {
        let (x, y) = (200 + step * 4, 120 + (step * 37) % 640);
        workbench.session().hover_at(x as f64, y as f64)?;
        if step % 10 == 9 && !goes_on()? {
            break;
        }
    }
    workbench.session().next_frame()?;
    let read = |name: &str| -> Result<Vec<f64>> {
        let values = workbench
            .session()
            .script(&format!("return window.{name}"), &[])?;
        let mut values: Vec<f64> = values
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_f64)
            .collect();
        values.sort_by(f64::total_cmp);
        Ok(values)
    };
    let (waited, shown) = (read("waited")?, read("shown")?);
    ensure!(
        waited.len() >= FEWEST,
        "the page heard of {} moves only",
        waited.len()
    );
    Ok(Delays {
        waited: waited.last().copied().context("moves were heard")?,
        shown: shown
            .get(shown.len() * 95 / 100)
            .copied()
            .context("frames were drawn")?,
    })
}

fn write_project(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut kitfile = String::from(
        "manifestVersion: 1.0.0\npackage:\n  name: large\n  version: 0.1.0\ndatasets:\n",
    );
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let block: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(32 << 20)
    .collect();
    for number in 0..FILES {
        let name = format!("part{number}.bin");
        let mut file = File::create(folder.join(&name))?;
        for _ in 0..BYTES_EACH / block.len() {
            file.write_all(&block)?;
        }
        kitfile.push_str(&format!("  - name: part{number}\n    path: {name}\n"));
    }
    std::fs::write(folder.join("Kitfile"), kitfile)?;
    Ok(())
}
