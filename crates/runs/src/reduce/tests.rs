//! Both ways of reducing, against the points themselves and each other.

use super::*;

fn noise(n: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..n)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect()
}

#[test]
fn every_column_keeps_its_extremes() {
    let n = 10_000;
    let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
    let mut y = noise(n, 3);
    y[4321] = 99.0;
    y[777] = -99.0;
    let view = View {
        from: 0.0,
        to: n as f64,
        columns: 100,
        log_x: false,
    };
    let reduced = min_max(&x, &y, &view);
    assert_eq!(reduced.logged, n);
    assert_eq!(reduced.lines.len(), 1);
    // Two per column, and where the line begins and ends.
    assert!((150..=202).contains(&reduced.drawn), "{}", reduced.drawn);
    let line = &reduced.lines[0];
    assert_eq!((line[0][1], line[line.len() - 1][1]), (y[0], y[n - 1]));
    for column in 0..100 {
        let part = &y[column * 100..(column + 1) * 100];
        let drawn: Vec<f64> = reduced.lines[0]
            .iter()
            .filter(|p| (p[0] as usize) / 100 == column)
            .map(|p| p[1])
            .collect();
        assert_eq!(limits(part), limits(&drawn));
    }
}

#[test]
fn pyramid_agrees_with_the_plain_way() {
    for (n, seed) in [(0, 1), (1, 1), (31, 2), (33, 3), (5000, 4), (70_001, 5)] {
        let gaps = noise(n, seed + 100);
        let mut sum = 0.0;
        let x: Vec<f64> = gaps
            .iter()
            .map(|g| {
                sum += if *g < 0.2 { 0.0 } else { *g };
                sum
            })
            .collect();
        let mut y = noise(n, seed);
        for i in (0..n).filter(|i| i % 997 == 5) {
            y[i] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][i % 3];
        }
        let pyramid = Pyramid::new(&x, &y).unwrap();
        for (a, b) in [
            (0.0, 1.0),
            (0.3, 0.4),
            (0.5, 0.5001),
            (-1.0, 2.0),
            (0.999, 1.5),
        ] {
            for columns in [1, 7, 300, 5000] {
                for log_x in [false, true] {
                    let view = View {
                        from: a * sum + f64::from(u8::from(log_x)),
                        to: b * sum + 2.0,
                        columns,
                        log_x,
                    };
                    let (fast, plain) = (pyramid.reduce(&x, &y, &view), min_max(&x, &y, &view));
                    assert_eq!(format!("{fast:?}"), format!("{plain:?}"), "{n} {view:?}");
                }
            }
        }
    }
    assert!(Pyramid::new(&[1.0, 0.0], &[0.0, 0.0]).is_none());
    assert!(Pyramid::new(&[f64::NAN], &[0.0]).is_none());
}

#[test]
fn gaps_marks_and_neighbours() {
    let x = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let y = [0.0, 1.0, f64::NAN, 3.0, f64::INFINITY, 5.0];
    let view = View {
        from: 0.5,
        to: 3.5,
        columns: 300,
        log_x: false,
    };
    let reduced = min_max(&x, &y, &view);
    assert_eq!(
        reduced.lines,
        vec![vec![[0.0, 0.0], [1.0, 1.0]], vec![[3.0, 3.0]]]
    );
    assert_eq!(
        (reduced.logged, reduced.drawn, reduced.marks.len()),
        (3, 2, 1)
    );
    let reduced = min_max(&[1.0, f64::NAN], &[1.0, 2.0], &view);
    assert_eq!(reduced.no_x, 1);
}

#[test]
fn both_borders_are_inside() {
    let x = [0.0, 1.0, 2.0, 3.0, 3.0, 3.5];
    let y = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    for (log_x, from, points) in [(false, 0.0, 5), (true, 1.0, 4)] {
        for columns in [1, 2, 3, 700] {
            let view = View {
                from,
                to: 3.0,
                columns,
                log_x,
            };
            let reduced = min_max(&x, &y, &view);
            assert_eq!(reduced.logged, points, "{view:?}");
            let again = Pyramid::new(&x, &y).unwrap().reduce(&x, &y, &view);
            assert_eq!(reduced, again, "{view:?}");
        }
    }
}

#[test]
fn few_points_are_all_drawn() {
    let x: Vec<f64> = (0..200).map(f64::from).collect();
    let y = noise(200, 9);
    let view = |columns| View {
        from: 0.0,
        to: 199.0,
        columns,
        log_x: false,
    };
    let points = x.iter().zip(&y).map(|(x, y)| [*x, *y]);
    let all = min_max(&x, &y, &view(100));
    assert_eq!(all.lines, [points.collect::<Vec<_>>()]);
    assert_eq!((all.drawn, all.logged), (200, 200));
    let fewer = min_max(&x, &y, &view(50));
    assert!(fewer.drawn < 200, "{}", fewer.drawn);
}

/// A line that comes from far away keeps its slope: the first and last points beside an empty
/// stretch are those logged.
#[test]
fn slopes_beside_an_empty_stretch_stay() {
    let mut x: Vec<f64> = (0..1000).map(|i| f64::from(i) / 1000.0).collect();
    x.extend((0..1000).map(|i| 90.0 + f64::from(i) / 1000.0));
    let y = noise(2000, 7);
    let view = View {
        from: 0.0,
        to: 100.0,
        columns: 100,
        log_x: false,
    };
    let reduced = min_max(&x, &y, &view);
    let line = &reduced.lines[0];
    let before = line.iter().rposition(|p| p[0] < 50.0).unwrap();
    assert_eq!(
        line[before..before + 2],
        [[x[999], y[999]], [x[1000], y[1000]]]
    );
    assert_eq!(reduced, Pyramid::new(&x, &y).unwrap().reduce(&x, &y, &view));
}

#[test]
fn lines_that_run_backwards_stay() {
    let x = [0.0, 10.0, 5.0, 10.0];
    let y = [0.0, 1.0, 2.0, 3.0];
    let view = View {
        from: 0.0,
        to: 11.0,
        columns: 11,
        log_x: false,
    };
    assert_eq!(min_max(&x, &y, &view).lines[0].len(), 4);
}

#[test]
fn outliers_are_counted() {
    let mut y: Vec<f64> = (0..100).map(f64::from).collect();
    y.push(f64::NAN);
    assert_eq!(clipped_limits(&y, 0.05, 0.95), Some((5.0, 94.0, 10)));
    assert_eq!(clipped_limits(&[f64::NAN], 0.0, 1.0), None);
}
