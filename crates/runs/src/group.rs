//! Bands over several runs: put on one x grid first, then summed up per x.

use serde::{Deserialize, Serialize};

use crate::reduce::View;
use crate::series::is_plain;

/// How runs whose points lie at different x are brought together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Grid {
    /// Only the points a run has at exactly this x.
    Exact,
    /// A run's last value at or before this x, from its first to its last point.
    #[default]
    Held,
    /// Straight between a run's neighbours, from its first to its last point.
    Linear,
}

/// What is drawn of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Band {
    /// Mean with one standard deviation (of the sample, n − 1) to each side.
    #[default]
    MeanStd,
    /// Mean with smallest and largest.
    MinMax,
    /// Median with lower and upper quartile.
    Quartiles,
}

/// A group at one x.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandPoint {
    /// Where.
    pub x: f64,
    /// Mean or median.
    pub middle: f64,
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// How many runs have a finite value here.
    pub n: usize,
}

/// Sums up several runs' lines `(x, y)`. Non-finite points are left out; of repeated x in a
/// run the last counts. The grid is every x that occurs, so it does not depend on which
/// other groups are shown.
pub fn band(runs: &[(&[f64], &[f64])], grid: Grid, band: Band) -> Vec<BandPoint> {
    let lines: Vec<Vec<(f64, f64)>> = runs.iter().map(|(x, y)| line(x, y)).collect();
    let mut xs: Vec<f64> = lines.iter().flatten().map(|p| p.0).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let mut cursors = vec![0; lines.len()];
    let mut values = Vec::with_capacity(lines.len());
    xs.into_iter()
        .filter_map(|x| {
            values.clear();
            for (line, cursor) in lines.iter().zip(&mut cursors) {
                while line.get(*cursor + 1).is_some_and(|p| p.0 <= x) {
                    *cursor += 1;
                }
                values.extend(at(line, *cursor, x, grid));
            }
            summary(x, &mut values, band)
        })
        .collect()
}

/// What is drawn of a band in a view: per pixel column its first and last place and those where
/// it reaches furthest down and up, and the places just outside. Answers those, and how many
/// places lie inside the view.
pub fn reduce(points: &[BandPoint], view: &View) -> (Vec<BandPoint>, usize) {
    let place = |x: f64| if view.log_x { x.log10() } else { x };
    let (from, to) = (place(view.from), place(view.to));
    let columns = view.columns.max(1) as f64;
    let column_of = |x: f64| ((place(x) - from) / (to - from) * columns).floor() as i64;
    let inside = |p: &BandPoint| p.x >= view.from && p.x <= view.to && (!view.log_x || p.x > 0.0);
    let first = points.partition_point(|p| p.x < view.from);
    let last = first
        + points[first..]
            .iter()
            .take_while(|p| p.x <= view.to)
            .count();
    let mut kept: Vec<BandPoint> = points[..first]
        .last()
        .copied()
        .filter(|p| !view.log_x || p.x > 0.0)
        .into_iter()
        .collect();
    let placed: Vec<&BandPoint> = points[first..last].iter().filter(|p| inside(p)).collect();
    for column in placed.chunk_by(|a, b| column_of(a.x) == column_of(b.x)) {
        let low = (0..column.len()).min_by(|a, b| column[*a].low.total_cmp(&column[*b].low));
        let high = (0..column.len()).max_by(|a, b| column[*a].high.total_cmp(&column[*b].high));
        let mut places = vec![0, low.unwrap_or(0), high.unwrap_or(0), column.len() - 1];
        places.sort_unstable();
        places.dedup();
        kept.extend(places.into_iter().map(|at| *column[at]));
    }
    kept.extend(points[last..].first());
    (kept, placed.len())
}

fn line(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = x
        .iter()
        .copied()
        .zip(y.iter().copied())
        .filter(|p| p.0.is_finite() && is_plain(p.1))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Stable sort: of equal x the last logged is the last here.
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(points.len());
    for point in points {
        match kept.last_mut() {
            Some(last) if last.0 == point.0 => *last = point,
            _ => kept.push(point),
        }
    }
    kept
}

fn at(line: &[(f64, f64)], cursor: usize, x: f64, grid: Grid) -> Option<f64> {
    let here = line.get(cursor)?;
    if here.0 == x {
        return Some(here.1);
    }
    let next = line.get(cursor + 1);
    match (grid, next) {
        (Grid::Held, Some(_)) if here.0 < x => Some(here.1),
        (Grid::Linear, Some(next)) if here.0 < x => {
            Some(here.1 + (next.1 - here.1) * (x - here.0) / (next.0 - here.0))
        }
        _ => None,
    }
}

/// Mean and sample standard deviation (0 for a single value); `None` without values.
pub fn mean_std(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((
        mean,
        if values.len() > 1 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        },
    ))
}

/// A quantile of sorted values, linear between neighbours (as numpy's default).
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    Some(a + (b - a) * (place - below as f64))
}

fn summary(x: f64, values: &mut [f64], band: Band) -> Option<BandPoint> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let (mean, std) = mean_std(values)?;
    let (middle, low, high) = match band {
        Band::MeanStd => (mean, mean - std, mean + std),
        Band::MinMax => (mean, *values.first()?, *values.last()?),
        Band::Quartiles => (
            quantile(values, 0.5)?,
            quantile(values, 0.25)?,
            quantile(values, 0.75)?,
        ),
    };
    Some(BandPoint {
        x,
        middle,
        low,
        high,
        n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_falls_where_runs_end() {
        let a: (&[f64], &[f64]) = (&[0.0, 1.0, 2.0], &[1.0, 2.0, 3.0]);
        let b: (&[f64], &[f64]) = (&[0.0, 2.0, 4.0], &[3.0, 5.0, 7.0]);
        let held = band(&[a, b], Grid::Held, Band::MinMax);
        let seen: Vec<_> = held
            .iter()
            .map(|p| (p.x, p.middle, p.low, p.high, p.n))
            .collect();
        assert_eq!(
            seen,
            [
                (0.0, 2.0, 1.0, 3.0, 2),
                (1.0, 2.5, 2.0, 3.0, 2),
                (2.0, 4.0, 3.0, 5.0, 2),
                (4.0, 7.0, 7.0, 7.0, 1)
            ]
        );
        let exact = band(&[a, b], Grid::Exact, Band::MeanStd);
        assert_eq!((exact[1].n, exact[1].middle), (1, 2.0));
        let linear = band(&[a, b], Grid::Linear, Band::MeanStd);
        assert_eq!((linear[1].n, linear[1].middle), (2, 3.0));
        assert!((linear[1].high - (3.0 + 2.0_f64.sqrt())).abs() < 1e-12);
    }

    #[test]
    fn a_band_keeps_its_reach_in_every_column() {
        let points: Vec<BandPoint> = (0..1000)
            .map(|i| BandPoint {
                x: f64::from(i),
                middle: 0.0,
                low: if i == 333 { -9.0 } else { -1.0 },
                high: if i == 777 { 9.0 } else { 1.0 },
                n: 2,
            })
            .collect();
        let view = View {
            from: 100.0,
            to: 900.0,
            columns: 10,
            log_x: false,
        };
        let (kept, inside) = reduce(&points, &view);
        assert_eq!(inside, 801);
        assert!(kept.len() <= 11 * 4 + 2, "{}", kept.len());
        assert!(kept.is_sorted_by(|a, b| a.x < b.x));
        assert!(kept.iter().any(|p| p.low == -9.0) && kept.iter().any(|p| p.high == 9.0));
        assert_eq!((kept[0].x, kept[1].x), (99.0, 100.0));
        assert_eq!(kept.last().map(|p| p.x), Some(901.0));
    }

    #[test]
    fn odd_points_are_left_out() {
        let a: (&[f64], &[f64]) = (&[0.0, 1.0, 1.0], &[f64::NAN, f64::INFINITY, 4.0]);
        let points = band(&[a], Grid::Held, Band::Quartiles);
        assert_eq!(points.len(), 1);
        assert_eq!((points[0].x, points[0].middle, points[0].n), (1.0, 4.0, 1));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), Some(1.75));
    }
}
