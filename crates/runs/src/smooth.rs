//! Smoothing, exactly as the trackers define it (section 8 of the format notes).
//!
//! Always on the full series, before any reduction. NaN and infinities pass through and
//! change nothing. Tables never show smoothed numbers.

use serde::{Deserialize, Serialize};

use crate::series::is_plain;

/// How a line is smoothed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Smoothing {
    /// Not at all.
    None,
    /// TensorBoard's exponential moving average with bias correction; weight in [0, 1].
    Ema {
        /// 0 is no smoothing, 1 a flat line; TensorBoard's default is 0.6.
        weight: f64,
    },
    /// W&B's time-weighted exponential average: equal smoothing at unequal density of points.
    TimeWeightedEma {
        /// 0 is no smoothing; enters as min(√weight, 0.999).
        weight: f64,
        /// The viewport constant V: the effect is about one step per 1/V of the x range.
        viewport: f64,
    },
    /// Mean of the points in a window centred on each point, shorter at the ends.
    RunningMean {
        /// Points in the window; even numbers count as the next odd one.
        window: usize,
    },
    /// Mean of all points weighted by distance in x.
    Gaussian {
        /// Standard deviation in units of x.
        sigma: f64,
    },
}

impl Smoothing {
    /// W&B's viewport constant as used here; W&B does not publish its own.
    pub const VIEWPORT: f64 = 1000.0;

    /// Method and parameter, as charts and exports name them; empty for none.
    pub fn label(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Ema { weight } => format!("EMA {weight}, bias-corrected"),
            Self::TimeWeightedEma { weight, .. } => format!("time-weighted EMA {weight}"),
            Self::RunningMean { window } => format!("running mean of {}", window.max(1) | 1),
            Self::Gaussian { sigma } => format!("Gaussian, σ = {sigma}"),
        }
    }

    /// Smooths `y` over `x` (equal length, in drawn order).
    pub fn apply(self, x: &[f64], y: &[f64]) -> Vec<f64> {
        match self {
            Self::None => y.to_vec(),
            Self::Ema { weight } => ema(y, weight),
            Self::TimeWeightedEma { weight, viewport } => time_weighted_ema(x, y, weight, viewport),
            Self::RunningMean { window } => running_mean(y, window),
            Self::Gaussian { sigma } => gaussian(x, y, sigma),
        }
    }
}

/// TensorBoard: `last = s·last + (1−s)·y`, divided by `1 − s^n` over the finite points so
/// far (by 1 when s = 1). A series of equal values is left alone.
pub fn ema(y: &[f64], weight: f64) -> Vec<f64> {
    let s = weight.clamp(0.0, 1.0);
    let mut finite = y.iter().filter(|v| is_plain(**v));
    let first = finite.next();
    if first.is_none_or(|first| finite.all(|v| v == first)) {
        return y.to_vec();
    }
    let (mut last, mut power) = (0.0, 1.0);
    y.iter()
        .map(|&value| {
            if !is_plain(value) {
                return value;
            }
            last = s * last + (1.0 - s) * value;
            power *= s;
            let divisor = if s == 1.0 { 1.0 } else { 1.0 - power };
            last / divisor
        })
        .collect()
}

/// W&B: `a = w^Δ` with `w = min(√p, 0.999)` and Δ the distance to the previous point as a
/// part of the x range times the viewport constant; `last = last·a + y`, `d = d·a + 1`,
/// output `last / d`.
pub fn time_weighted_ema(x: &[f64], y: &[f64], weight: f64, viewport: f64) -> Vec<f64> {
    let w = weight.max(0.0).sqrt().min(0.999);
    let range = crate::reduce::limits(x).map_or(0.0, |(low, high)| high - low);
    let (mut last, mut d) = (0.0, 0.0);
    let mut previous: Option<f64> = None;
    x.iter()
        .zip(y)
        .map(|(&x, &value)| {
            if !is_plain(value) || !x.is_finite() {
                return value;
            }
            let delta = match previous {
                Some(previous) if range > 0.0 => (x - previous) / range * viewport,
                _ => 0.0,
            };
            previous = Some(x);
            // A line that runs backwards must not make older points weigh more than new ones.
            let a = w.powf(delta.max(0.0));
            last = last * a + value;
            d = d * a + 1.0;
            last / d
        })
        .collect()
}

/// Mean of the finite points at most `window / 2` places away; shorter at the ends.
pub fn running_mean(y: &[f64], window: usize) -> Vec<f64> {
    let half = window.max(1) / 2;
    (0..y.len())
        .map(|i| {
            if !is_plain(y[i]) {
                return y[i];
            }
            let part = &y[i.saturating_sub(half)..(i + half + 1).min(y.len())];
            let (sum, n) = part
                .iter()
                .filter(|v| is_plain(**v))
                .fold((0.0, 0u32), |(sum, n), v| (sum + v, n + 1));
            sum / f64::from(n)
        })
        .collect()
}

/// Weighted mean of all points, weights `exp(−(x−x_i)²/2σ²)`. Where x is sorted, points
/// beyond 9σ are passed over: their weight is below 1e-17.
pub fn gaussian(x: &[f64], y: &[f64], sigma: f64) -> Vec<f64> {
    if sigma.is_nan() || sigma <= 0.0 || x.len() != y.len() {
        return y.to_vec();
    }
    let sorted = x.is_sorted();
    (0..y.len())
        .map(|i| {
            if !is_plain(y[i]) || !x[i].is_finite() {
                return y[i];
            }
            let range = if sorted {
                x.partition_point(|&v| v < x[i] - 9.0 * sigma)
                    ..x.partition_point(|&v| v <= x[i] + 9.0 * sigma)
            } else {
                0..y.len()
            };
            let (mut sum, mut weights) = (0.0, 0.0);
            for j in range {
                if is_plain(y[j]) && x[j].is_finite() {
                    let z = (x[i] - x[j]) / sigma;
                    let weight = (-0.5 * z * z).exp();
                    sum += weight * y[j];
                    weights += weight;
                }
            }
            sum / weights
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const Y: [f64; 7] = [1.0, 2.0, f64::NAN, 4.0, 3.0, f64::INFINITY, 0.5];

    fn near(got: &[f64], wanted: &[f64]) {
        assert_eq!(got.len(), wanted.len());
        for (g, w) in got.iter().zip(wanted) {
            assert!(
                g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() < 1e-9,
                "{got:?} {wanted:?}"
            );
        }
    }

    #[test]
    fn tensorboard_formula() {
        let s: f64 = 0.6;
        let weights = |n: i32| 1.0 - s.powi(n);
        let l1 = 0.4 * 1.0;
        let l2 = s * l1 + 0.4 * 2.0;
        let l3 = s * l2 + 0.4 * 4.0;
        let l4 = s * l3 + 0.4 * 3.0;
        let l5 = s * l4 + 0.4 * 0.5;
        near(
            &ema(&Y, s),
            &[
                l1 / weights(1),
                l2 / weights(2),
                f64::NAN,
                l3 / weights(3),
                l4 / weights(4),
                f64::INFINITY,
                l5 / weights(5),
            ],
        );
        assert_eq!(
            ema(&[3.0, f64::NAN, 3.0], 0.9)[2],
            3.0,
            "equal values are left alone"
        );
        near(&ema(&[1.0, 5.0], 1.0), &[0.0, 0.0]);
        near(&ema(&[1.0, 5.0], 0.0), &[1.0, 5.0]);
    }

    #[test]
    fn wandb_formula() {
        let x = [0.0, 1.0, 4.0];
        let y = [2.0, 4.0, 1.0];
        let (w, v) = (0.5_f64.sqrt(), 8.0);
        let a1 = w.powf(1.0 / 4.0 * v);
        let a2 = w.powf(3.0 / 4.0 * v);
        let (l1, d1) = (2.0 * a1 + 4.0, a1 + 1.0);
        let (l2, d2) = (l1 * a2 + 1.0, d1 * a2 + 1.0);
        near(&time_weighted_ema(&x, &y, 0.5, v), &[2.0, l1 / d1, l2 / d2]);
        near(
            &time_weighted_ema(&[1.0, 1.0], &[1.0, 3.0], 0.9, 1000.0),
            &[1.0, 2.0],
        );
        let w: f64 = 0.999;
        let a = w.powf(1000.0);
        near(
            &time_weighted_ema(&[0.0, 1.0], &[1.0, 3.0], 1.0, 1000.0),
            &[1.0, (a + 3.0) / (a + 1.0)],
        );
    }

    #[test]
    fn windows_leave_odd_values_out() {
        near(
            &running_mean(&Y, 3),
            &[1.5, 1.5, f64::NAN, 3.5, 3.5, f64::INFINITY, 0.5],
        );
        near(&running_mean(&[1.0, 2.0], 0), &[1.0, 2.0]);
    }

    #[test]
    fn gaussian_is_the_weighted_mean() {
        let x: Vec<f64> = (0..200).map(|i| f64::from(i) * 0.5).collect();
        let y: Vec<f64> = x.iter().map(|x| (x * 0.7).sin()).collect();
        let sigma = 2.0;
        let wanted: Vec<f64> = x
            .iter()
            .map(|a| {
                let weights: Vec<f64> = x
                    .iter()
                    .map(|b| (-(a - b) * (a - b) / (2.0 * sigma * sigma)).exp())
                    .collect();
                let sum: f64 = weights.iter().zip(&y).map(|(w, y)| w * y).sum();
                sum / weights.iter().sum::<f64>()
            })
            .collect();
        near(&gaussian(&x, &y, sigma), &wanted);
        near(
            &gaussian(&[2.0, 0.0, 1.0], &[1.0, 1.0, f64::NAN], 1.0),
            &[1.0, 1.0, f64::NAN],
        );
    }
}
