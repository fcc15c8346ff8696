//! Plots over whole runs: each kind, linked with the table, as a file.

use super::*;

fn add(bench: &mut Bench, kind: &str) {
    bench.click("Choose charts");
    bench.choose(kind);
    bench.settle();
}

/// Six logs whose last losses differ.
fn sweep(theme: ThemeChoice) -> Bench {
    let mut bench = support::bench(WIDE, theme, Door::Window);
    let project = bench.path("plain");
    let folder = project.join("logs");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (at, lr) in [0.1, 0.2, 0.4, 0.8, 1.6, 3.2].into_iter().enumerate() {
        let log = format!("epoch,loss\n1,{}\n2,{}\n", 9.0 - lr, 5.0 - lr);
        std::fs::write(folder.join(format!("r{}.csv", at + 1)), log).expect("a log");
    }
    open(&mut bench, project);
    bench
}

#[test]
fn every_kind_is_drawn_spoken_and_saved() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    for (kind, spoken) in [
        ("Scatter plot", "Scatter of val/"),
        ("Box plot", "Box plot of val/"),
        ("Violin plot", "Violin plot of val/"),
        ("Bar chart", "Bars of val/"),
        ("Correlation of parameters", "Correlation with val/"),
    ] {
        add(&mut bench, kind);
        let title = spoken.trim_end_matches(" val/");
        bench.click_row(&format!("Maximise: {title}"));
        bench.wait_for(spoken);
        assert!(bench.shows("n = "), "how many runs is told");
        bench.click_row(&format!("Menu of {title}"));
        bench.choose("Export as SVG");
        bench.click_row(&format!("Menu of {title}"));
        bench.choose("Export as CSV");
        bench.click_row(&format!("Show all charts: {title}"));
        bench.click_row(&format!("Menu of {title}"));
        bench.choose("Remove plot");
    }
    let files = bench.files();
    assert_eq!(files.len(), 10);
    for file in &files {
        let text = String::from_utf8(file.bytes.clone()).expect("text");
        if file.suggested_name.ends_with(".svg") {
            assert!(text.contains("n = "), "{} tells n", file.suggested_name);
        } else {
            assert!(text.lines().count() > 2, "{text}");
        }
    }
}

#[test]
fn the_run_of_a_bar_is_marked_in_the_table() {
    let mut bench = sweep(ThemeChoice::Light);
    bench.click("Draw the first ten runs");
    add(&mut bench, "Bar chart");
    bench.click_row("Maximise: Bars");
    bench.wait_for("Bars of loss: ");
    let selected = |bench: &Bench| -> Vec<String> {
        bench
            .harness
            .query_all_by_role(Role::Row)
            .filter(|node| node.accesskit_node().is_selected() == Some(true))
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    };
    assert!(selected(&bench).is_empty());
    bench.click("logs/r3.csv: 4.600");
    assert!(
        selected(&bench)
            .iter()
            .any(|row| row.contains("logs/r3.csv")),
        "the run of a bar is marked in the table"
    );
}

#[test]
fn a_correlation_says_its_method_and_leads_to_the_scatter_plot() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    add(&mut bench, "Correlation of parameters");
    bench.click_row("Maximise: Correlation");
    bench.wait_for("Correlation with val/accuracy: ");
    honesty(&bench, "Spearman (ranks)");
    bench.click_row("Menu of Correlation");
    bench.choose("Pearson (values)");
    bench.wait_for("Pearson (values)");
    bench.click_row("lr: ");
    bench.click_row("Show all charts: Correlation");
    bench.wait_for("Scatter of val/accuracy over lr: ");
    let told = honesty(&bench, "Pearson ");
    assert!(told.starts_with("n = "), "{told}");

    // What is outside of a brushed range is grey, and comes back.
    let chart = place(&bench, "Scatter of val/accuracy over lr");
    bench.drag(chart.left_top() + egui::vec2(2.0, 2.0), chart.center());
    assert!(bench.shows("Clear range of Scatter of val/accuracy over lr"));
    bench.click("Clear range of Scatter of val/accuracy over lr");
    assert!(!bench.shows("Clear range of"));
}

#[test]
fn axes_are_chosen_and_groups_are_brushed() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    add(&mut bench, "Box plot");
    bench.click_row("Maximise: Box plot");
    bench.click_row(": group is ");
    bench.choose("schedule");
    bench.wait_for(" by schedule: ");
    bench.click_row(": value is ");
    bench.choose("lowest val/loss");
    bench.wait_for("Box plot of lowest val/loss by schedule: ");
    bench.click_row("cosine (n = ");
    assert!(bench.shows("Clear range of Box plot"));
    bench.click_row("Menu of Box plot");
    bench.choose("Violins");
    bench.wait_for("Violin plot of lowest val/loss by schedule: ");
}

#[test]
fn parallel_axes_are_moved_and_flipped() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Draw the first ten runs");
    let axes = |bench: &Bench| -> Vec<String> {
        let sliders = bench.labels(Role::Slider).into_iter();
        let axes = sliders.filter_map(|label| label.strip_prefix("Axis ").map(str::to_owned));
        axes.map(|axis| axis.split([':', ',']).next().unwrap_or_default().to_owned())
            .collect()
    };
    let before = axes(&bench);
    let at = before
        .iter()
        .position(|axis| axis == "lr")
        .expect("an axis of lr");
    assert!(at > 0, "{before:?}");
    bench.click("Axes");
    bench.click("Move lr to the left");
    bench.click("Flip lr");
    bench.press(egui::Key::Escape);
    let after = axes(&bench);
    assert_eq!(after[at - 1], "lr", "{after:?}");
    assert_eq!(after[at], before[at - 1], "{after:?}");
    bench.picture("compare-axes-flipped");
}

#[test]
fn a_review_keeps_bands_and_plots_without_the_tracker() {
    for (theme, word) in [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light")] {
        // Everything in sight.
        let mut bench = example([1440.0, 2400.0], theme);
        bench.press(egui::Key::A);
        bench.click("Group");
        bench.choose("hidden");
        super::charts::option(&mut bench, "Mean ± deviation");
        bench.wait_for("bands of hidden = ");
        add(&mut bench, "Bar chart");
        bench.wait_for("Bars of val/");
        bench.click("Reviews");
        bench.choose("Save as review…");
        bench.wait_for("Save this review");
        bench.type_into("Name", "Kept");
        bench.type_into("Note", "Bands and bars.");
        bench.click("Save this review");
        bench.wait_for("Review saved: ");

        std::fs::remove_dir_all(bench.path("wine/mlruns")).expect("the files can go");
        bench.refresh();
        bench.click("Reviews");
        bench.choose("Kept");
        bench.wait_for("Bands and bars.");
        bench.wait_for("bands of hidden = ");
        bench.wait_for("Bars of val/");
        bench.picture(&format!("review-bands-{word}"));
    }
}
