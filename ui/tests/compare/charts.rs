//! What charts of steps can do.

use super::*;
use egui::vec2;
use kitbench_protocol::{BandKind, Resumed, Smoothing};

/// A hundred steps.
fn hundred() -> String {
    let rows = (1..=100).map(|step| format!("{step},{}\n", 1.0 / f64::from(step)));
    std::iter::once("step,loss\n".to_owned())
        .chain(rows)
        .collect()
}

/// What the last question for curves asked to see.
fn seen(bench: &Bench) -> Option<(f64, f64)> {
    curves(bench).pop().and_then(|call| call.x_range)
}

const LIVE: &str = "epoch,loss\n1,1.0\n2,0.9\n3,0.8\n4,0.7\n5,0.6\n6,0.5\n";

pub fn option(bench: &mut Bench, word: &str) {
    bench.click("Chart options");
    bench.choose(word);
}

#[test]
fn each_smoothing_is_asked_for_and_told() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Draw the first ten runs");
    for (word, told, fits) in [
        (
            "Time-weighted exponential (W&B)",
            "time-weighted 0.60",
            (|s| matches!(s, Smoothing::TimeWeightedEma(_))) as fn(&Smoothing) -> bool,
        ),
        ("Running average", "mean of 121 points", |s| {
            matches!(s, Smoothing::RunningMean(121))
        }),
        (
            "Gaussian",
            "Gaussian, σ = ",
            |s| matches!(s, Smoothing::Gaussian(sigma) if *sigma > 0.0),
        ),
        ("Exponential (TensorBoard)", "smoothed 0.60", |s| {
            matches!(s, Smoothing::Ema(_))
        }),
    ] {
        option(&mut bench, word);
        honesty(&bench, told);
        let asked = curves(&bench);
        assert!(asked.last().is_some_and(|call| fits(&call.smoothing)));
    }
}

#[test]
fn groups_become_bands_with_their_numbers() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.press(egui::Key::A);
    bench.click("Group");
    bench.choose("hidden");
    option(&mut bench, "Mean ± deviation");
    bench.wait_for("bands of hidden = ");
    let told = honesty(&bench, "Mean ± deviation of");
    assert!(told.contains(" · n = "), "{told}");
    let kinds: Vec<BandKind> = bench
        .asked()
        .into_iter()
        .filter_map(|request| match request {
            Request::GetBands(call) => Some(call.kind),
            _ => None,
        })
        .collect();
    assert_eq!(kinds, [BandKind::MeanStd; 4], "each chart asked once");
    option(&mut bench, "Median, quartiles");
    honesty(&bench, "Median, quartiles of");
    option(&mut bench, "Lines");
    assert!(!bench.shows("bands of"));
}

#[test]
fn x_can_be_a_metric_and_logarithmic() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Draw the first ten runs");
    option(&mut bench, "Over val/loss");
    bench.wait_for("Chart of val/accuracy: 10 runs, val/loss ");
    assert_eq!(
        curves(&bench)
            .last()
            .and_then(|call| call.options.x_metric.clone()),
        Some("val/loss".to_owned())
    );
    bench.click("Time");
    bench.wait_for("runs, time ");
    bench.click("Step");
    option(&mut bench, "Log x");
    assert!(curves(&bench).last().is_some_and(|call| call.options.log_x));
    // The crosshair stands on logged steps all the same.
    bench.press(egui::Key::ArrowRight);
    let heads = bench.labels(Role::Heading);
    let at = heads.iter().find(|head| head.starts_with("At step "));
    let at = at.unwrap_or_else(|| panic!("{heads:?}"));
    assert!(
        at["At step ".len()..]
            .chars()
            .all(|c| c.is_ascii_digit() || c == ','),
        "{at}"
    );
}

#[test]
fn resumed_runs_are_stitched_as_asked() {
    let log = "epoch,loss\n1,1.0\n2,0.9\n3,0.8\n4,0.7\n3,0.75\n4,0.65\n5,0.6\n";
    let mut bench = logs(ThemeChoice::Dark, &[("resumed.csv", log)]);
    bench.click("Draw the first ten runs");
    honesty(&bench, "1 run resumed: keep all");
    option(&mut bench, "Latest wins");
    assert_eq!(
        honesty(&bench, "1 run resumed: latest wins"),
        "all 5 points · 1 run resumed: latest wins · 2 left out"
    );
    option(&mut bench, "Split");
    assert_eq!(
        honesty(&bench, "1 run resumed: split"),
        "all 7 points · 1 run resumed: split"
    );
    let last = curves(&bench).pop().expect("a question");
    assert_eq!(last.options.resumed, Resumed::Split);
}

#[test]
fn reference_lines_and_noted_points_are_kept_with_a_view() {
    let mut bench = example(WIDE, ThemeChoice::Light);
    bench.click("Draw the first ten runs");
    bench.click("Menu of val/loss");
    bench.type_into("Reference line", "0.25 last release");
    bench.click("Add reference line");
    bench.press(egui::Key::Escape);
    bench.press(egui::Key::ArrowLeft);
    bench.click("Menu of val/loss");
    assert!(bench.shows("Remove line 0.25 last release"));
    bench.choose("Pin the best point at the crosshair");
    bench.click("Menu of val/loss");
    let note = bench
        .harness
        .get_all_by_role(Role::TextInput)
        .find_map(|node| {
            let label = node.accesskit_node().label()?;
            label.starts_with("Note on ").then_some(label)
        });
    let note = note.expect("the pin has a note");
    assert!(note.contains(" at step "), "{note}");
    bench.type_into(&note, "decay begins");
    bench.picture("compare-notes-light");
    bench.choose("Remove line 0.25 last release");
    bench.click("Menu of val/loss");
    assert!(!bench.shows("Remove line"));
}

#[test]
fn charts_move_grow_and_stand_under_their_prefix() {
    let mut bench = example(WIDE, ThemeChoice::Dark);
    bench.click("Draw the first ten runs");
    let order = |bench: &Bench| -> Vec<String> {
        let charts = bench.labels(Role::Image).into_iter();
        let names = charts.map(|chart| {
            let name = chart.trim_start_matches("Chart of ").split(':').next();
            name.unwrap_or_default().to_owned()
        });
        names.collect()
    };
    let before = order(&bench);
    assert_eq!(before.len(), 4);
    bench.click(&format!("Menu of {}", before[0]));
    bench.choose("Move back");
    let after = order(&bench);
    assert_eq!([&after[0], &after[1]], [&before[1], &before[0]]);

    // By the title, back to the front.
    let (to, from) = (
        place(&bench, &format!("Chart of {}", after[0])),
        place(&bench, &format!("Chart of {}", after[1])),
    );
    let title = |rect: egui::Rect| rect.center_top() - vec2(0.0, 18.0);
    bench.drag(title(from), title(to) - vec2(60.0, 0.0));
    assert_eq!(order(&bench), before);

    let narrow = place(&bench, "Chart of ").width();
    bench.click(&format!("Menu of {}", before[0]));
    bench.choose("Whole width");
    assert!(place(&bench, "Chart of ").width() > narrow * 1.8);
    let low = place(&bench, "Chart of ");
    let border = low.center_bottom() + vec2(0.0, 41.0);
    bench.drag(border, border + vec2(0.0, 90.0));
    assert!((place(&bench, "Chart of ").height() - low.height() - 90.0).abs() < 8.0);

    option(&mut bench, "Group charts by prefix");
    assert!(bench.shows("Charts of val"));
    bench.click("Charts of val");
    assert!(order(&bench).iter().all(|name| !name.starts_with("val/")));
    bench.click("Charts of val");
    bench.click(&format!("Maximise: {}", before[0]));
    assert_eq!(order(&bench).len(), 1);
    bench.click(&format!("Show all charts: {}", before[0]));
    assert_eq!(order(&bench).len(), 4);
}

#[test]
fn a_zoomed_view_stays_unless_it_follows() {
    let mut bench = logs(ThemeChoice::Dark, &[("live.csv", LIVE)]);
    bench.click("Draw the first ten runs");
    let chart = place(&bench, "Chart of loss");
    bench.drag(chart.center(), chart.right_center() - vec2(1.0, 0.0));
    let zoomed = seen(&bench).expect("a part is seen");
    append(&mut bench, "live.csv", "7,0.4\n8,0.3\n");
    bench.wait_for("step 1 to 8; ");
    assert_eq!(seen(&bench), Some(zoomed), "it does not jump");

    option(&mut bench, "Follow the newest steps");
    let followed = seen(&bench).expect("a part is seen");
    assert!((followed.1 - 8.0).abs() < 1e-9, "{followed:?}");
    let width = |(low, high): (f64, f64)| high - low;
    assert!((width(followed) - width(zoomed)).abs() < 1e-9);
    append(&mut bench, "live.csv", "9,0.2\n");
    bench.wait_for("step 1 to 9; ");
    bench.settle();
    assert!(seen(&bench).is_some_and(|(_, high)| (high - 9.0).abs() < 1e-9));
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_drags_move_the_view() {
    let mut bench = logs(ThemeChoice::Dark, &[("hundred.csv", &hundred())]);
    bench.click("Draw the first ten runs");
    let chart = place(&bench, "Chart of loss");
    let middle = chart.center();
    let wheel = |bench: &mut Bench, delta: egui::Vec2, modifiers: egui::Modifiers| {
        bench.harness.hover_at(middle);
        bench.harness.event_modifiers(
            egui::Event::MouseWheel {
                unit: egui::MouseWheelUnit::Point,
                source: egui::MouseWheelSource::Wheel,
                delta,
                phase: egui::TouchPhase::Move,
                modifiers,
            },
            modifiers,
        );
        bench.settle();
    };
    wheel(&mut bench, vec2(0.0, 160.0), egui::Modifiers::NONE);
    let (low, high) = seen(&bench).expect("a part is seen");
    assert!(
        (high - low - 49.5).abs() < 0.5,
        "twice as close: {low} {high}"
    );
    assert!(
        ((low + high) / 2.0 - 50.5).abs() < 1.0,
        "at the pointer: {low} {high}"
    );

    // Sideways it moves the view, and so do the middle button and `Shift`.
    wheel(
        &mut bench,
        vec2(-chart.width() / 4.0, 0.0),
        egui::Modifiers::NONE,
    );
    let right = seen(&bench).expect("a part is seen");
    assert!((right.0 - low - 12.4).abs() < 0.7, "{right:?}");
    bench.drag_with(
        middle,
        middle + vec2(chart.width() / 4.0, 0.0),
        egui::PointerButton::Middle,
        egui::Modifiers::NONE,
    );
    let back = seen(&bench).expect("a part is seen");
    assert!((back.0 - low).abs() < 0.7, "{back:?}");
    assert!(
        (back.1 - back.0 - (high - low)).abs() < 1e-6,
        "as wide as before"
    );
    bench.drag_with(
        middle,
        middle - vec2(chart.width() / 4.0, 0.0),
        egui::PointerButton::Primary,
        egui::Modifiers::SHIFT,
    );
    assert!(seen(&bench).is_some_and(|(low, _)| (low - right.0).abs() < 0.7));

    // Beyond the curves there is nothing to see; far enough out all is shown.
    wheel(
        &mut bench,
        vec2(-4.0 * chart.width(), 0.0),
        egui::Modifiers::NONE,
    );
    assert!(seen(&bench).is_some_and(|(_, high)| (high - 100.0).abs() < 1e-9));
    wheel(&mut bench, vec2(0.0, -900.0), egui::Modifiers::COMMAND);
    assert_eq!(seen(&bench), None);
}

#[test]
fn keys_zoom_and_move_a_chart_that_has_the_focus() {
    let mut bench = logs(ThemeChoice::Light, &[("hundred.csv", &hundred())]);
    bench.click("Draw the first ten runs");
    let chart = place(&bench, "Chart of loss");
    // A click that is on no curve.
    bench.harness.drag_at(chart.right_top() + vec2(-12.0, 8.0));
    bench.harness.step();
    bench.harness.drop_at(chart.right_top() + vec2(-12.0, 8.0));
    bench.settle();
    for _ in 0..4 {
        bench.press(egui::Key::Plus);
    }
    let (low, high) = seen(&bench).expect("a part is seen");
    assert!(high - low < 45.0, "{low} {high}");
    bench
        .harness
        .key_press_modifiers(egui::Modifiers::SHIFT, egui::Key::ArrowLeft);
    bench.settle();
    let moved = seen(&bench).expect("a part is seen");
    assert!(
        (low - moved.0 - (high - low) / 8.0).abs() < 1e-6,
        "{moved:?}"
    );
    bench.press(egui::Key::Minus);
    assert!(seen(&bench).is_some_and(|(from, to)| to - from > high - low));
    bench.press(egui::Key::Home);
    assert_eq!(seen(&bench), None);
}

#[test]
fn what_is_left_outside_is_counted_under_the_chart() {
    let rows = (1..=100).map(|step| match step {
        70 => "70,1e30\n".to_owned(),
        step => format!("{step},{}\n", 1.0 - f64::from(step) / 200.0),
    });
    let log: String = std::iter::once("step,loss\n".to_owned())
        .chain(rows)
        .collect();
    let mut bench = logs(ThemeChoice::Dark, &[("explodes.csv", &log)]);
    bench.click("Draw the first ten runs");
    honesty(&bench, "all 100 points · 1 beyond the shown range");
    option(&mut bench, "Leave far outliers outside");
    assert!(!bench.shows("beyond the shown range"));
}
