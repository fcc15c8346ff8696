//! The exported picture as text. Run with `UPDATE_SNAPSHOTS=1` after an intended change.

use kitbench_runs::chart::{Chart, Line};
use kitbench_runs::smooth::Smoothing;

#[test]
fn the_picture_is_as_recorded() {
    let steps: Vec<f64> = (0..12).map(f64::from).collect();
    let losses = |scale: f64| {
        steps
            .iter()
            .map(|step| scale / (1.0 + step))
            .collect::<Vec<f64>>()
    };
    let mut second = losses(2.0);
    second[4] = f64::NAN;
    second[9] = f64::INFINITY;
    let line = |label: &str, colour, y| Line {
        label: label.into(),
        colour,
        x: steps.clone(),
        y,
    };
    let chart = Chart {
        title: "train/loss".into(),
        y_label: "loss".into(),
        lines: vec![
            line("baseline", [78, 121, 167], losses(1.0)),
            line("adam", [242, 142, 43], second),
        ],
        smoothing: Smoothing::Ema { weight: 0.5 },
        note: "run adam: 1 record damaged".into(),
        width: 480,
        height: 300,
        ..Chart::default()
    };
    let svg = chart.svg().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/chart.svg");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &svg).unwrap();
    }
    let recorded = std::fs::read_to_string(path).unwrap();
    assert!(
        svg == recorded,
        "the picture changed; look at it and record it anew:\n{svg}"
    );
}
