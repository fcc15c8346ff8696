//! Pictures of the screen and of each chart kind, in both themes, for a person to look at.

use super::*;
use support::SMALL;

/// The largest window that is looked at.
const LARGE: [f32; 2] = [2560.0, 1440.0];

const THEMES: [(ThemeChoice, &str); 2] =
    [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")];

/// The pointer a little beside the middle of the first chart.
fn point_at(bench: &mut Bench, chart: &str) {
    let rect = place(bench, chart);
    bench
        .harness
        .hover_at(rect.center() + egui::vec2(30.0, 0.0));
    bench.settle();
}

#[test]
fn the_screen() {
    for (theme, word) in THEMES {
        for size in [WIDE, SMALL, LARGE] {
            let mut bench = example(size, theme);
            assert!(!listed(&bench).is_empty());
            bench.picture(&format!("compare-empty-{word}-{}", size[0]));
            bench.click("Draw the first ten runs");
            point_at(&mut bench, "Chart of ");
            bench.picture(&format!("compare-{word}-{}", size[0]));
        }
    }
}

#[test]
fn a_range_on_an_axis_greys_out_the_runs_outside() {
    for (theme, word) in THEMES {
        let mut bench = example(WIDE, theme);
        filter(
            &mut bench,
            "metrics.val/accuracy > 0.9 and source == mlflow-file",
        );
        bench.click("Draw the first ten runs");
        for _ in 0..8 {
            bench.harness.key_press(egui::Key::Escape);
            bench.harness.step();
            bench.press(egui::Key::CloseBracket);
        }
        let axis = bench
            .harness
            .get_all_by_role(Role::Slider)
            .find(|node| {
                let label = node.accesskit_node().label();
                label.is_some_and(|label| label.starts_with("Axis val/accuracy"))
            })
            .expect("the axis")
            .rect();
        bench.drag(axis.center_top() + egui::vec2(0.0, 2.0), axis.center());
        assert!(bench.shows("inside the accuracy range"));
        point_at(&mut bench, "Chart of train");
        bench.picture(&format!("compare-brushed-{word}"));
        bench.click("Menu of the parallel coordinates");
        bench.choose("Colour by val/accuracy");
        bench.click("Clear range");
        bench.picture(&format!("compare-parallel-colour-{word}"));
        assert!(bench.shows("drag on an axis to set a range"));
    }
}

#[test]
fn each_kind_of_chart() {
    for (theme, word) in THEMES {
        let mut bench = example(WIDE, theme);
        bench.click("Draw the first ten runs");
        bench.click("Choose charts");
        bench.choose("Parallel coordinates");
        for kind in [
            "Scatter plot",
            "Box plot",
            "Violin plot",
            "Bar chart",
            "Correlation of parameters",
        ] {
            bench.click("Choose charts");
            bench.choose(kind);
        }
        bench.click("Group");
        bench.choose("hidden");
        for charts in ["val/accuracy", "val/loss", "train/accuracy", "train/loss"] {
            let menu = format!("Menu of {charts}");
            if charts.starts_with("train") && bench.shows(&menu) {
                bench.click(&menu);
                bench.choose("Remove chart");
            }
        }
        bench.picture(&format!("compare-kinds-{word}"));
        for (title, name) in [
            ("Scatter", "scatter"),
            ("Box", "box"),
            ("Violin", "violin"),
            ("Bars", "bar"),
            ("Correlation", "correlation"),
        ] {
            bench.click_row(&format!("Maximise: {title}"));
            bench.picture(&format!("compare-{name}-{word}"));
            bench.click_row(&format!("Show all charts: {title}"));
        }
        bench.click("Chart options");
        bench.choose("Mean ± deviation");
        point_at(&mut bench, "Chart of ");
        bench.picture(&format!("compare-bands-{word}"));
        bench.click("Chart options");
        bench.picture(&format!("compare-options-{word}"));
    }
}

#[test]
fn kinds_of_charts_in_the_smallest_window() {
    let mut bench = example(SMALL, ThemeChoice::Light);
    bench.click("Choose charts");
    bench.choose("Scatter plot");
    bench.click("Choose charts");
    bench.picture("compare-choose-1024");
    bench.press(egui::Key::Escape);
    bench.click_row("Maximise: Scatter");
    bench.picture("compare-scatter-1024");
}
