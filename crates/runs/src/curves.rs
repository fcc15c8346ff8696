//! Curves ready to be drawn: a series on an axis, perhaps smoothed, with its extremes.
//!
//! [`Held`] keeps what was drawn last, up to a number of bytes; the rest is made again from the
//! reader, which has its points on disk.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::reduce::{self, Pyramid, Reduced, View};
use crate::series::{Series, XAxis};
use crate::smooth::Smoothing;

/// Bytes of curves that are worth holding: ten million points on even steps, the largest
/// chart the program is made for. The others are on disk, in the trackers' files or an index.
pub const BUDGET: usize = 88 << 20;

/// The x coordinates of a curve.
#[derive(Clone, Debug)]
pub enum Places {
    /// Whole numbers at equal distances, the usual steps: no memory.
    Even {
        /// The first one.
        first: i64,
        /// The distance, above 0.
        by: i64,
        /// How many.
        len: usize,
    },
    /// All others; NaN where a point has no time.
    Listed(Vec<f64>),
}

/// One curve.
#[derive(Clone, Debug)]
pub struct Curve {
    x: Places,
    y: Vec<f64>,
    /// None where x runs backwards or is missing.
    pyramid: Option<Pyramid>,
    /// Values that are not above 0.
    not_positive: usize,
    unordered: bool,
}

/// The things used last, up to a number of bytes.
#[derive(Debug)]
pub struct Held<K, V> {
    held: HashMap<K, Entry<V>>,
    bytes: usize,
    budget: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl Places {
    /// The x coordinates of a series, as [`Series::x_values`] gives them.
    pub fn of(series: &Series, axis: XAxis, start_ms: Option<i64>) -> Self {
        let even = (axis == XAxis::Step).then(|| even(series)).flatten();
        even.unwrap_or_else(|| Self::Listed(series.x_values(axis, start_ms)))
    }

    /// The x coordinate of a point; `index` must be below [`Places::len`].
    #[inline]
    pub fn at(&self, index: usize) -> f64 {
        match self {
            Self::Even { first, by, .. } => (first + by * index as i64) as f64,
            Self::Listed(x) => x[index],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Even { len, .. } => *len,
            Self::Listed(x) => x.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.len()).map(|i| self.at(i))
    }
}

/// Steps at equal distances whose last one, and so each, is a whole 64-bit number.
fn even(series: &Series) -> Option<Places> {
    let (whole, micro) = series.steps.parts();
    let (&first, &second) = (whole.first()?, whole.get(1)?);
    let by = second.checked_sub(first).filter(|by| *by > 0)?;
    let same = |pair: &[i64]| pair[1].wrapping_sub(pair[0]) == by && pair[1] > pair[0];
    (micro.is_empty() && whole.windows(2).all(same)).then_some(Places::Even {
        first,
        by,
        len: whole.len(),
    })
}

impl Curve {
    /// A series on an axis. Smoothing is computed on all its points.
    pub fn new(series: &Series, axis: XAxis, start_ms: Option<i64>, smoothing: Smoothing) -> Self {
        let x = Places::of(series, axis, start_ms);
        let y = match smoothing {
            Smoothing::None => series.values.clone(),
            smoothing => {
                let listed: Vec<f64> = x.iter().collect();
                smoothing.apply(&listed, &series.values)
            }
        };
        Self::of(x, y)
    }

    /// From coordinates of equal number.
    pub fn of(x: Places, y: Vec<f64>) -> Self {
        let pyramid = match &x {
            Places::Even { .. } => Pyramid::over(&y),
            Places::Listed(x) => Pyramid::new(x, &y),
        };
        let unordered = match &x {
            Places::Even { .. } => false,
            Places::Listed(x) => x.windows(2).any(|pair| pair[1] <= pair[0]),
        };
        Self {
            not_positive: y.iter().filter(|y| **y <= 0.0).count(),
            x,
            y,
            pyramid,
            unordered,
        }
    }

    /// The x coordinates.
    pub fn x(&self) -> &Places {
        &self.x
    }

    /// The values.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// Whether a point stands at or before the x of the one before it.
    pub fn is_unordered(&self) -> bool {
        self.unordered
    }

    /// The first index from which on `before` does not hold, of coordinates in order.
    fn first_not(&self, before: impl Fn(f64) -> bool) -> usize {
        match &self.x {
            Places::Even { len, .. } => {
                let (mut low, mut high) = (0, *len);
                while low < high {
                    let middle = usize::midpoint(low, high);
                    if before(self.x.at(middle)) {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                low
            }
            Places::Listed(x) => x.partition_point(|x| before(*x)),
        }
    }

    /// Smallest and largest x that has a place on the axis: finite, and above 0 on a
    /// logarithmic one. `None` without any.
    pub fn extent(&self, log_x: bool) -> Option<(f64, f64)> {
        if self.pyramid.is_some() {
            // In order and finite.
            let last = self.x.len().checked_sub(1)?;
            let first = if log_x {
                self.first_not(|x| x <= 0.0)
            } else {
                0
            };
            return (first <= last).then(|| (self.x.at(first), self.x.at(last)));
        }
        let placed: Vec<f64> = self.x.iter().filter(|x| !log_x || *x > 0.0).collect();
        reduce::limits(&placed)
    }

    /// How many values from one x to another are not above 0, and so have no place on a
    /// logarithmic axis.
    pub fn not_positive(&self, from: f64, to: f64) -> usize {
        if self.not_positive == 0 {
            return 0;
        }
        if self.pyramid.is_some() {
            let seen = self.first_not(|x| x < from)..self.first_not(|x| x <= to);
            let seen = self.y.get(seen).unwrap_or_default();
            return seen.iter().filter(|y| **y <= 0.0).count();
        }
        let seen = |x: f64| x >= from && x <= to;
        let all = self.x.iter().zip(&self.y);
        all.filter(|(x, y)| seen(*x) && **y <= 0.0).count()
    }

    /// The point with the greatest x not above `x`; of several the last logged one.
    pub fn at_or_before(&self, x: f64) -> Option<(f64, f64)> {
        if self.pyramid.is_some() {
            let index = self.first_not(|other| other <= x).checked_sub(1)?;
            return Some((self.x.at(index), *self.y.get(index)?));
        }
        let points = self.x.iter().zip(self.y.iter().copied());
        points
            .filter(|(other, _)| *other <= x)
            .reduce(|best, point| if point.0 >= best.0 { point } else { best })
    }

    /// What to draw in a view.
    pub fn reduce(&self, view: &View) -> Reduced {
        match (&self.pyramid, &self.x) {
            (Some(pyramid), Places::Even { first, by, .. }) => {
                let (first, by) = (*first, *by);
                let at = |i| (first + by * i as i64) as f64;
                let (start, per) = (first as f64, 1.0 / by as f64);
                // The first index that is not left of the coordinate.
                let index = |x: f64| {
                    let place = (x - start) * per;
                    let below = place as usize;
                    Some(below + usize::from((below as f64) < place))
                };
                pyramid.reduce_with(at, index, &self.y, view)
            }
            (Some(pyramid), Places::Listed(x)) => pyramid.reduce(x, &self.y, view),
            (None, x) => reduce::min_max(&x.iter().collect::<Vec<_>>(), &self.y, view),
        }
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let x = match &self.x {
            Places::Even { .. } => 0,
            Places::Listed(x) => 8 * x.len(),
        };
        x + 8 * self.y.len() + self.pyramid.as_ref().map_or(0, Pyramid::bytes)
    }
}

impl<K: Hash + Eq + Clone, V> Held<K, V> {
    /// Holds at most `budget` bytes, but always what was put last.
    pub fn new(budget: usize) -> Self {
        Self {
            held: HashMap::new(),
            bytes: 0,
            budget,
            clock: 0,
        }
    }

    /// What is held under a key.
    pub fn get<Q>(&mut self, key: &Q) -> Option<Arc<V>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.clock += 1;
        let entry = self.held.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.value.clone())
    }

    /// Holds something of so many bytes, instead of what was not used for longest if there is
    /// no room.
    pub fn put(&mut self, key: K, value: Arc<V>, bytes: usize) {
        self.clock += 1;
        self.bytes += bytes;
        let entry = Entry {
            value,
            bytes,
            used: self.clock,
        };
        if let Some(old) = self.held.insert(key.clone(), entry) {
            self.bytes -= old.bytes;
        }
        if self.bytes <= self.budget {
            return;
        }
        // A tenth more than needed, so that not each one put looks for another to drop.
        let goal = self.budget - self.budget / 10;
        let mut by_use: Vec<(u64, K)> = self
            .held
            .iter()
            .map(|(key, entry)| (entry.used, key.clone()))
            .collect();
        by_use.sort_unstable_by_key(|(used, _)| *used);
        for (_, old) in by_use {
            if self.bytes <= goal || old == key {
                break;
            }
            if let Some(entry) = self.held.remove(&old) {
                self.bytes -= entry.bytes;
            }
        }
    }

    /// Keeps what is wanted.
    pub fn retain(&mut self, wanted: impl Fn(&K) -> bool) {
        self.held.retain(|key, _| wanted(key));
        self.bytes = self.held.values().map(|entry| entry.bytes).sum();
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Step;

    fn series(steps: impl IntoIterator<Item = i64>) -> Series {
        let mut series = Series::default();
        for step in steps {
            series.push(Step::from(step), Some(step / 3), (step as f64).sin());
        }
        series
    }

    #[test]
    fn even_steps_take_no_memory_and_draw_alike() {
        for (steps, is_even) in [
            ((0..5000).map(|i| i * 3 - 70).collect::<Vec<_>>(), true),
            ((0..5000).map(|i| i * i).collect(), false),
            (vec![1, 1, 1], false),
            (vec![5], false),
            (vec![3, 2, 1], false),
            (vec![i64::MIN, 0, i64::MAX], false),
            (vec![], false),
        ] {
            let series = series(steps);
            let x = series.x_values(XAxis::Step, None);
            let curve = Curve::new(&series, XAxis::Step, None, Smoothing::None);
            assert_eq!(matches!(curve.x(), Places::Even { .. }), is_even);
            assert_eq!(curve.x().iter().collect::<Vec<_>>(), x);
            assert_eq!(curve.extent(false), reduce::limits(&x));
            let placed: Vec<f64> = x.iter().copied().filter(|x| *x > 0.0).collect();
            assert_eq!(curve.extent(true), reduce::limits(&placed));
            let unordered = x.windows(2).any(|pair| pair[1] <= pair[0]);
            assert_eq!(curve.is_unordered(), unordered);
            for at in [-1e300, -50.0, 0.5, 17.0, 1e300] {
                let points = x.iter().copied().zip(series.values.iter().copied());
                let before = points.clone().filter(|(x, _)| *x <= at);
                let best = before.reduce(|a, b| if b.0 >= a.0 { b } else { a });
                assert_eq!(curve.at_or_before(at), best);
                let low = points.filter(|(x, y)| *x >= at && *x <= at + 99.0 && *y <= 0.0);
                assert_eq!(curve.not_positive(at, at + 99.0), low.count());
            }
            for columns in [1, 90, 3000] {
                let view = View {
                    from: -50.0,
                    to: 9000.0,
                    columns,
                    log_x: false,
                };
                let plain = reduce::min_max(&x, &series.values, &view);
                assert_eq!(curve.reduce(&view), plain, "{columns}");
            }
        }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut held = Held::new(400);
        for key in 0..4 {
            held.put(key, Arc::new(key), 100);
        }
        assert_eq!(held.bytes(), 400);
        assert!(held.get(&0).is_some());
        held.put(4, Arc::new(4), 100);
        assert!(held.get(&1).is_none() && held.get(&0).is_some());
        assert!(held.bytes() <= 400);
        held.put(4, Arc::new(5), 50);
        held.retain(|key| *key == 4);
        assert_eq!(held.bytes(), 50);
        assert_eq!(held.get(&4).as_deref(), Some(&5));
        held.put(5, Arc::new(5), 10_000);
        assert!(held.get(&5).is_some() && held.get(&4).is_none());
    }
}
