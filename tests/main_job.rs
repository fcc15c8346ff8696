//! The main job, from the example to a ModelKit on another computer, as a user walks it: once in the
//! real window, once in Chromium.

use anyhow::{Context, Result};
use kitbench_registry::testing::TestRegistry;
use kitbench_tests::home::Home;
use kitbench_tests::main_job::walk;
use kitbench_tests::workbench::{Options, Workbench};
use kitbench_tests::{native, wait};

#[test]
fn in_the_window() -> Result<()> {
    let home = Home::new()?;
    let registry = TestRegistry::plain();
    let workbench = Workbench::window(&home, &example())?;
    let chart = home.path().join("val-loss.svg");
    walk(&workbench, &home, &registry, || {
        let display = workbench.display().context("the window has a display")?;
        native::save_as(display, "Save File", &chart)?;
        Ok(chart.clone())
    })
}

#[test]
fn in_the_browser() -> Result<()> {
    let home = Home::new()?;
    let registry = TestRegistry::plain();
    let workbench = Workbench::browser(&home, &example())?;
    walk(&workbench, &home, &registry, || {
        let folder = home.downloads();
        wait::until("the chart in the downloads", wait::STEP, || {
            Ok(std::fs::read_dir(&folder)?
                .filter_map(|entry| Some(entry.ok()?.path()))
                .find(|path| path.extension().is_some_and(|end| end == "svg")))
        })
    })
}

fn example() -> Options {
    Options {
        arguments: vec!["--example".to_owned()],
        ..Options::default()
    }
}
