//! Curves as plain data, on small series.

use kitbench_protocol::Better;

use super::super::honesty::{Drawing, note_of};
use super::*;

fn packed(values: &[f64]) -> PackedF64 {
    PackedF64::from(values)
}

fn view(run: &str, x: &[f64], y: &[f64]) -> SeriesView {
    SeriesView {
        run: run.to_owned(),
        session: 0,
        sessions: 1,
        left_out: 0,
        x: packed(x),
        y: packed(y),
        smooth_x: packed(&[]),
        smooth_y: packed(&[]),
        nan_x: packed(&[2.5]),
        pos_inf_x: packed(&[]),
        neg_inf_x: packed(&[]),
        drawn: 4,
        logged: 5000,
        non_positive: 1,
        unordered: false,
        x_min: 1.0,
        x_max: 9.0,
    }
}

#[test]
fn gaps_stay_gaps_and_logs_leave_out_what_they_cannot_show() {
    let series = [view(
        "a",
        &[1.0, 2.0, f64::NAN, 3.0, 4.0],
        &[1.0, 10.0, f64::NAN, 0.0, 100.0],
    )];
    let lengths = |log| {
        ChartData::new(&series, false, log).curves[0]
            .raw
            .iter()
            .map(Vec::len)
            .collect::<Vec<_>>()
    };
    assert_eq!(lengths(false), [2, 2]);
    assert_eq!(lengths(true), [2, 1]);
    let log = ChartData::new(&series, false, true);
    assert_eq!(log.curves[0].raw[0][1].y, 1.0);
    assert_eq!(log.curves[0].last, Some(100.0));
    assert_eq!(
        note_of(Better::Lower, true, log.non_positive()),
        "log scale, 1 not positive left out"
    );
}

#[test]
fn the_crosshair_takes_the_nearest_at_or_before() {
    let chart = ChartData::new(
        &[view("a", &[1.0, 2.0, 2.0, 4.0], &[1.0, 5.0, 6.0, 7.0])],
        false,
        false,
    );
    let y = |x| chart.curves[0].at(x).map(|point| point.y);
    assert_eq!(
        [y(0.5), y(2.0), y(3.9), y(9.0)],
        [None, Some(6.0), Some(6.0), Some(7.0)]
    );
    assert_eq!(next_x([&chart], Some(2.0), true), Some(4.0));
    assert_eq!(next_x([&chart], Some(1.0), false), None);
    assert_eq!(next_x([&chart], None, false), Some(4.0));
    assert_eq!(snapped(&chart, 3.2), 4.0);
}

#[test]
fn a_chart_says_what_it_hides() {
    let chart = ChartData::new(&[view("a", &[1.0, 2.0], &[1.0, 5.0])], false, false);
    let setup = ChartSetup::default();
    let drawing = Drawing {
        smoothing: "smoothed 0.60".into(),
        beyond: 2,
        damaged: &["b".to_owned()],
        ..Drawing::default()
    };
    assert_eq!(
        chart.honesty(&drawing),
        "5 of 5,000 points, highest and lowest per pixel kept · smoothed 0.60 · 2 beyond the shown range · 1 NaN · damaged: b"
    );
    let runs = [Drawn {
        id: "a".into(),
        name: "base".into(),
        slot: 0,
        state: RunState::Finished,
        damaged: false,
    }];
    assert_eq!(
        chart.summary("loss", &setup, &runs),
        "Chart of loss: 1 run, step 1 to 9; last values base 5"
    );
    assert_eq!(
        ChartData::default().summary("loss", &setup, &[]),
        "Chart of loss: no points"
    );
}

#[test]
fn a_flat_line_has_a_range() {
    let chart = ChartData::new(&[view("a", &[1.0], &[3.0])], false, false);
    let ((low, high), _) = chart
        .y_range((0.0, 2.0), true)
        .expect("a point is in sight");
    assert!(low < 3.0 && high > 3.0);
    assert_eq!(chart.y_range((5.0, 6.0), true), None);
}

#[test]
fn one_explosion_does_not_flatten_the_rest() {
    let x: Vec<f64> = (0..100).map(f64::from).collect();
    let mut y: Vec<f64> = x.iter().map(|x| x / 100.0).collect();
    y[70] = 1e300;
    let chart = ChartData::new(&[view("a", &x, &y)], false, false);
    let ((low, high), beyond) = chart.y_range((0.0, 99.0), true).expect("points");
    assert!(low <= 0.0 && high > 0.99 && high < 3.0, "{low} {high}");
    assert_eq!(beyond, 1);
}
