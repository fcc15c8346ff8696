//! The way to each kind of chart, for its picture. Each starts from wherever the one before it ended.

use std::time::Duration;

use anyhow::Result;

use crate::mirror::{Mirror, Query, containing, field, named};
use crate::screens::go_to;
use crate::webdriver::keys;
use crate::workbench::Workbench;

/// Wherever an item of an open menu may be found.
const ITEM: &str = "menuitem|menuitemcheckbox|menuitemradio|button";
/// How a chart is spoken of.
const CHART: &str = "img|figure";

/// Chooses an item of the menu behind a button.
fn choose(workbench: &Workbench, button: &Query, item: &str) -> Result<()> {
    workbench.step(item, |mirror| {
        choose_from(mirror, button, &named(ITEM, item))
    })
}

/// Opens a menu and takes an item. A press while another menu closes, or while the page is laid out
/// anew, opens none: then the button is pressed again, but only once it is clear that nothing opened.
fn choose_from(mirror: Mirror<'_>, button: &Query, item: &Query) -> Result<()> {
    const PRESSES: usize = 4;
    for _ in 1..PRESSES {
        mirror.click(button)?;
        if mirror.patience(Duration::from_secs(3)).find(item).is_ok() {
            break;
        }
    }
    mirror.click(item)?;
    Ok(())
}

/// The Experiments screen with nothing over it, every card in sight, lines without groups.
fn plain(workbench: &Workbench) -> Result<()> {
    workbench.step("Experiments", |mirror| {
        let close = named("button", "Close");
        if mirror.has(&close)? {
            workbench.session().chord(&[keys::ESCAPE])?;
            mirror.gone(&close)?;
        }
        go_to(mirror, "Experiments")
    })?;
    // A review may still be open there.
    workbench.come_to_rest()?;
    workbench.step("the runs", |mirror| {
        let back = named("button", "Back to the runs");
        if mirror.has(&back)? {
            mirror.click(&back)?;
            mirror.gone(&back)?;
        }
        let all = containing("button", "Show all charts: ");
        if mirror.has(&all)? {
            mirror.click(&all)?;
            mirror.gone(&all)?;
        }
        Ok(())
    })
}

/// Ticks exactly these runs.
pub fn tick(workbench: &Workbench, runs: &[&str]) -> Result<()> {
    workbench.step("tick runs", |mirror| {
        let none = named("checkbox", "Draw no run");
        if mirror.has(&none)? {
            mirror.click(&none)?;
            mirror.gone(&none)?;
        }
        for run in runs {
            let tick = named("checkbox", &format!("Draw run {run}"));
            if !mirror.find(&tick)?.checked {
                mirror.click(&tick)?;
                mirror.when(&tick, "be ticked", |node| node.checked)?;
            }
        }
        Ok(())
    })
}

/// Ticks every run; the command takes all ticks away where none is missing.
fn tick_all(workbench: &Workbench) -> Result<()> {
    tick(workbench, &[])?;
    workbench.command("Tick all listed")
}

/// How the titles of the plots that [`plot`] adds begin.
const PLOTS: [&str; 5] = [
    "Scatter",
    "Box plot",
    "Violin plot",
    "Bars",
    "Correlation with",
];

/// Takes earlier plots away: cards below what is in sight are not drawn.
fn clear(workbench: &Workbench) -> Result<()> {
    for plot in PLOTS {
        let menu = containing("button", &format!("Menu of {plot}"));
        if workbench.mirror().has(&menu)? {
            choose(workbench, &menu, "Remove plot")?;
            workbench.step("remove the plot", |mirror| mirror.gone(&menu))?;
        }
    }
    Ok(())
}

/// Adds a plot over whole runs and gives it the whole pane.
fn plot(workbench: &Workbench, kind: &str, title: &str, spoken: &str) -> Result<()> {
    plain(workbench)?;
    clear(workbench)?;
    let maximise = containing("button", &format!("Maximise: {title}"));
    choose(workbench, &named("button", "Choose charts"), kind)?;
    workbench.step(kind, |mirror| {
        mirror.click(&maximise)?;
        mirror.find(&containing(CHART, spoken))
    })?;
    Ok(())
}

/// A parameter of all runs against a metric.
pub fn scatter(workbench: &Workbench) -> Result<()> {
    plot(workbench, "Scatter plot", "Scatter", "Scatter of ")
}

/// Quartiles of a metric per group.
pub fn boxes(workbench: &Workbench) -> Result<()> {
    plot(workbench, "Box plot", "Box plot", "Box plot of ")
}

/// The same with the shape of each group.
pub fn violins(workbench: &Workbench) -> Result<()> {
    plot(workbench, "Violin plot", "Violin plot", "Violin plot of ")
}

/// A metric of each run.
pub fn bars(workbench: &Workbench) -> Result<()> {
    plot(workbench, "Bar chart", "Bars", "Bars of ")
}

/// Parameters by how they go with a metric.
pub fn correlation(workbench: &Workbench) -> Result<()> {
    let spoken = "Correlation with ";
    plot(
        workbench,
        "Correlation of parameters",
        "Correlation with",
        spoken,
    )
}

/// All axes of the ticked runs, coloured by a metric.
pub fn parallel(workbench: &Workbench) -> Result<()> {
    plain(workbench)?;
    clear(workbench)?;
    tick_all(workbench)?;
    workbench.step("parallel coordinates", |mirror| {
        mirror.click(&named("button", "Maximise: parallel coordinates"))?;
        mirror.find(&containing("slider", "Axis "))
    })?;
    let menu = named("button", "Menu of the parallel coordinates");
    choose(workbench, &menu, "Colour by val/accuracy")
}

/// A band per group of runs in place of a line per run.
pub fn bands(workbench: &Workbench) -> Result<()> {
    plain(workbench)?;
    choose(workbench, &named("button", "Group"), "hidden")?;
    tick_all(workbench)?;
    let options = named("button", "Chart options");
    choose(workbench, &options, "Mean ± deviation")?;
    workbench.step("bands", |mirror| {
        mirror.find(&containing(CHART, "bands of hidden"))
    })?;
    Ok(())
}

/// Two runs side by side.
pub fn pair(workbench: &Workbench) -> Result<()> {
    lines(workbench)?;
    tick(workbench, &["mlp16-lr0.1", "mlp8"])?;
    workbench.step("two runs in depth", |mirror| {
        mirror.click(&named("button", "Compare two…"))?;
        mirror.find(&containing("heading", "Final metrics"))
    })?;
    Ok(())
}

/// A line per run without groups, as the screen opens.
fn lines(workbench: &Workbench) -> Result<()> {
    plain(workbench)?;
    let grouped = containing("button", "Group: ");
    if workbench.mirror().has(&grouped)? {
        choose(workbench, &grouped, "No groups")?;
    }
    choose(workbench, &named("button", "Chart options"), "Lines")
}

/// A saved comparison with its verdict.
pub fn review(workbench: &Workbench) -> Result<()> {
    const NAME: &str = "Wider is better";
    lines(workbench)?;
    tick(workbench, &["mlp16-lr0.1", "mlp16-l2-0.3", "mlp8"])?;
    workbench.step("save a review", |mirror| {
        mirror.find(&containing(CHART, "Chart of val/loss: 3 runs"))?;
        let reviews = named("button", "Reviews");
        choose_from(mirror, &reviews, &containing(ITEM, "Save as review"))?;
        mirror.set(&field("Name"), NAME)?;
        mirror.set(
            &field("Note"),
            "Sixteen units win on both metrics; the penalty costs more than it brings.",
        )?;
        mirror.click(&named("radio|tab|button", "Approved"))?;
        mirror.click(&named("button", "Save this review"))?;
        mirror.gone(&field("Note"))
    })?;
    workbench.step("open the review", |mirror| {
        let reviews = named("button", "Reviews");
        choose_from(mirror, &reviews, &containing(ITEM, NAME))?;
        mirror.find(&containing(CHART, "Chart of val/loss"))
    })?;
    Ok(())
}

/// Packed tags beside the runs that made them.
pub fn packed_tags(workbench: &Workbench) -> Result<()> {
    lines(workbench)?;
    tick(workbench, &["mlp16-lr0.1", "mlp8"])?;
    workbench.step("packed tags", |mirror| {
        let tick = named("checkbox", "Draw run v0.1.0");
        mirror.click(&tick)?;
        mirror.when(&tick, "be ticked", |node| node.checked)?;
        mirror.find(&containing(CHART, "Chart of val/loss: 3 runs"))
    })?;
    Ok(())
}
