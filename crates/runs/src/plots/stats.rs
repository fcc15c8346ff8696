//! The figures behind box plots, violins and correlations.

use crate::group::{mean_std, quantile};

/// A distribution in a few numbers; whiskers as Tukey draws them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Lower quartile, linear between neighbours (numpy's default).
    pub q1: f64,
    /// The middle value.
    pub median: f64,
    /// Upper quartile.
    pub q3: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// The smallest value at most 1.5 times the box below it.
    pub low: f64,
    /// The largest value at most 1.5 times the box above it.
    pub high: f64,
}

/// Sums up finite values; `None` without any.
pub fn summary(values: &[f64]) -> Option<Summary> {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| quantile(&sorted, q);
    let (q1, median, q3) = (at(0.25)?, at(0.5)?, at(0.75)?);
    let reach = 1.5 * (q3 - q1);
    let low = sorted.iter().copied().find(|v| *v >= q1 - reach);
    let high = sorted.iter().rev().copied().find(|v| *v <= q3 + reach);
    let (mean, _) = mean_std(&sorted)?;
    Some(Summary {
        q1,
        median,
        q3,
        mean,
        low: low?,
        high: high?,
    })
}

/// Points of a density curve.
const DENSITY_POINTS: usize = 64;

/// How dense values lie, as a sum of normal curves, scaled to a largest of 1: `(value, density)`
/// from three bandwidths below the smallest to three above the largest. The bandwidth is
/// Silverman's rule of thumb, `0.9 · min(s, IQR / 1.34) · n^(-1/5)` (Density Estimation for
/// Statistics and Data Analysis, 1986, eq. 3.31). Empty for fewer than three values and for
/// values that are all the same.
pub fn density(values: &[f64]) -> Vec<(f64, f64)> {
    let Some(width) = bandwidth(values).filter(|_| values.len() >= 3) else {
        return Vec::new();
    };
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(*v), h.max(*v))
        });
    let (from, to) = (low - 3.0 * width, high + 3.0 * width);
    let step = (to - from) / (DENSITY_POINTS - 1) as f64;
    let mut curve: Vec<(f64, f64)> = (0..DENSITY_POINTS)
        .map(|i| {
            let at = from + step * i as f64;
            let sum: f64 = values
                .iter()
                .map(|v| (-0.5 * ((at - v) / width).powi(2)).exp())
                .sum();
            (at, sum)
        })
        .collect();
    let most = curve.iter().map(|p| p.1).fold(0.0, f64::max);
    curve.iter_mut().for_each(|p| p.1 /= most);
    curve
}

/// Silverman's bandwidth; `None` when values do not differ.
pub fn bandwidth(values: &[f64]) -> Option<f64> {
    let (_, std) = mean_std(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let box_width = (quantile(&sorted, 0.75)? - quantile(&sorted, 0.25)?) / 1.34;
    // Half of the values being equal makes no width: the deviation alone counts then.
    let spread = if box_width > 0.0 {
        std.min(box_width)
    } else {
        std
    };
    let width = 0.9 * spread * (values.len() as f64).powf(-0.2);
    (width.is_finite() && width > 0.0).then_some(width)
}

/// Pearson's coefficient of paired values: how close they are to a straight line. `None` for
/// fewer than three pairs or when one side does not vary.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || x.len() < 3 {
        return None;
    }
    let (mean_x, _) = mean_std(x)?;
    let (mean_y, _) = mean_std(y)?;
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        let (a, b) = (a - mean_x, b - mean_y);
        xy += a * b;
        xx += a * a;
        yy += b * b;
    }
    // One root is more exact; two do not overflow.
    let product = xx * yy;
    let r = if product.is_normal() {
        xy / product.sqrt()
    } else {
        xy / (xx.sqrt() * yy.sqrt())
    };
    r.is_finite().then_some(r.clamp(-1.0, 1.0))
}

/// Spearman's coefficient: Pearson's over ranks, equal values sharing their mean rank.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&ranks(x), &ranks(y))
}

/// Ranks from 1; equal values share the mean of theirs.
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let value = values[order[from]];
        let mut to = from;
        while to + 1 < order.len() && values[order[to + 1]] == value {
            to += 1;
        }
        let rank = (from + to) as f64 / 2.0 + 1.0;
        order[from..=to].iter().for_each(|i| ranks[*i] = rank);
        from = to + 1;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: Option<f64>, wanted: f64) {
        assert!(
            got.is_some_and(|got| (got - wanted).abs() < 1e-12),
            "{got:?}, not {wanted}"
        );
    }

    #[test]
    fn anscombe_has_the_published_coefficient() {
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ];
        // Anscombe's first set, published with 0.816; the digits are those of numpy's corrcoef.
        near(pearson(&x, &y), 0.816_420_516_344_84);
        near(spearman(&x, &y), 9.0 / 11.0);
        near(pearson(&x, &x.map(|v| 3.0 - v)), -1.0);
    }

    #[test]
    fn equal_values_share_ranks() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // Ranks 1, 2.5, 2.5, 4 against 1, 3, 2, 4: 4.5 / sqrt(4.5 · 5).
        near(
            spearman(&[1.0, 2.0, 2.0, 3.0], &[1.0, 3.0, 2.0, 4.0]),
            4.5 / 22.5_f64.sqrt(),
        );
        // Monotonous but bent: ranks say all, values less.
        let x: Vec<f64> = (1..=20).map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|v| v.exp()).collect();
        near(spearman(&x, &y), 1.0);
        assert!(pearson(&x, &y).is_some_and(|r| r < 0.6));
    }

    #[test]
    fn what_does_not_vary_has_no_coefficient() {
        assert_eq!(pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(pearson(&[1.0, 2.0, 3.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn whiskers_end_at_values() {
        let got = summary(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0]).expect("values");
        assert_eq!((got.q1, got.median, got.q3), (3.0, 5.0, 7.0));
        assert_eq!((got.low, got.high), (1.0, 8.0));
        assert_eq!(got.mean, 136.0 / 9.0);
        assert_eq!(summary(&[]), None);
        let one = summary(&[2.0]).expect("a value");
        assert_eq!((one.low, one.median, one.high), (2.0, 2.0, 2.0));
    }

    #[test]
    fn density_is_that_of_the_formula() {
        let values = [1.0, 2.0, 4.0, 4.5, 7.0];
        // s = 2.334523506..., IQR / 1.34 = 2.5 / 1.34, n^(-1/5) = 0.7247796636776955.
        near(
            bandwidth(&values),
            0.9 * (2.5 / 1.34) * 0.724_779_663_677_695_5,
        );
        let curve = density(&values);
        assert_eq!(curve.len(), DENSITY_POINTS);
        assert!(curve.iter().all(|p| (0.0..=1.0).contains(&p.1)));
        assert!(curve.iter().any(|p| p.1 == 1.0));
        let (width, first) = (bandwidth(&values).expect("a width"), curve[0]);
        assert!((first.0 - (1.0 - 3.0 * width)).abs() < 1e-12);
        assert!(density(&[1.0, 2.0]).is_empty() && density(&[3.0; 5]).is_empty());
    }
}
