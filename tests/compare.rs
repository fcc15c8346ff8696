//! Comparing runs in the real window, as a reviewer does it: filter, group, zoom, export, and a review
//! that opens after the tracker's files are gone.

use anyhow::{Context, Result, ensure};
use kitbench_tests::home::Home;
use kitbench_tests::mirror::{containing, field, named};
use kitbench_tests::screens::go_to;
use kitbench_tests::webdriver::keys;
use kitbench_tests::workbench::{Options, Workbench};
use kitbench_tests::{native, wait};

/// Wherever an item of an open menu may be found.
const ITEM: &str = "menuitem|menuitemcheckbox|menuitemradio|button";

#[test]
fn a_review_is_made_and_opens_without_the_tracker() -> Result<()> {
    let home = Home::new()?;
    let options = Options {
        arguments: vec!["--example".to_owned()],
        ..Options::default()
    };
    let workbench = Workbench::window(&home, &options)?;
    let project = home.path().join("kitbench/wine");

    workbench.step("filter the runs", |mirror| {
        go_to(mirror, "Experiments")?;
        mirror.find(&containing("checkbox", "Draw run softmax"))?;
        mirror.set(&field("Filter runs"), "params.hidden == 16")?;
        mirror.gone(&containing("checkbox", "Draw run softmax"))?;
        mirror.find(&containing("checkbox", "Draw run mlp16-lr0.1"))
    })?;
    workbench.step("group them", |mirror| {
        mirror.click(&named("button", "Group"))?;
        mirror.click(&containing(ITEM, "lr"))?;
        mirror.find(&containing("button", "Group: "))
    })?;
    workbench.step("draw two of them", |mirror| {
        for run in ["mlp16-lr0.1", "mlp16-l2-0.3"] {
            let tick = named("checkbox", &format!("Draw run {run}"));
            if !mirror.find(&tick)?.checked {
                mirror.click(&tick)?;
                mirror.when(&tick, "be ticked", |node| node.checked)?;
            }
        }
        mirror.find(&containing("img|figure", "Chart of val/loss"))
    })?;
    workbench.step("zoom into a chart", |mirror| {
        let chart = mirror.find(&containing("img|figure", "Chart of val/loss"))?;
        let (x, y) = chart.center();
        workbench.session().drag((x - 40.0, y), (x + 40.0, y))?;
        mirror.find(&containing("button", "Reset zoom"))
    })?;
    let chart = home.path().join("val-loss.svg");
    workbench.step("export the chart", |mirror| {
        mirror.click(&named("button", "Export SVG"))?;
        mirror.click(&named(ITEM, "val/loss"))?;
        let display = workbench.display().context("the window has a display")?;
        native::save_as(display, "Save File", &chart)?;
        wait::until("the chart to be written", wait::STEP, || {
            let text = std::fs::read_to_string(&chart)?;
            Ok(text.trim_end().ends_with("</svg>").then_some(()))
        })
    })?;
    workbench.step("save a review", |mirror| {
        mirror.click(&named("button", "Reviews"))?;
        mirror.click(&containing(ITEM, "Save as review"))?;
        mirror.set(&field("Name"), "Wider is better")?;
        mirror.set(&field("Note"), "Sixteen units win.")?;
        mirror.click(&named("button", "Save this review"))?;
        mirror.gone(&field("Note"))
    })?;
    let review = project.join("reviews/wider-is-better.review.json");
    wait::until("the review to be written", wait::STEP, || {
        Ok(review.is_file().then_some(()))
    })?;
    std::fs::remove_dir_all(project.join("mlruns"))?;
    workbench.step("open it without the tracker's files", |mirror| {
        // What was read of a source that vanished is kept, so ask for everything anew.
        workbench.session().chord(&[keys::F5])?;
        mirror.click(&named("button", "Reviews"))?;
        mirror.click(&containing(ITEM, "Wider is better"))?;
        mirror.find(&containing("text", "Sixteen units win."))?;
        mirror.find(&containing("img|figure", "Chart of val/loss"))
    })?;
    ensure!(review.is_file(), "the review is a file of the project");
    Ok(())
}
