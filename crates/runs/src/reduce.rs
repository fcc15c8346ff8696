//! What to draw of a series: the same picture as all points, with few of them.
//!
//! Per pixel column the first, smallest, largest and last point are kept (M4), in the order
//! logged, so no spike disappears and a line that runs backwards stays as it is. A
//! [`Pyramid`] answers repeated zooms over a series without touching every point.

use crate::series::is_plain;

/// Points per leaf block of a pyramid.
const BLOCK: usize = 16;
/// Blocks per block of the next level.
const FAN: usize = 8;

/// The part of a chart that is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Left border, in the units of x.
    pub from: f64,
    /// Right border, above `from`.
    pub to: f64,
    /// Width in pixels; at least 1.
    pub columns: usize,
    /// Columns are equal steps of log10(x) instead of x.
    pub log_x: bool,
}

impl View {
    fn scale(&self) -> Option<(f64, f64)> {
        let (from, to) = if self.log_x {
            (self.from.log10(), self.to.log10())
        } else {
            (self.from, self.to)
        };
        let width = self.columns.max(1) as f64 / (to - from);
        (from.is_finite() && width.is_finite() && width > 0.0).then_some((from, width))
    }

    /// Where a pixel column begins, to the last bits.
    fn border(&self, (from, width): (f64, f64), column: i64) -> f64 {
        let border = from + column as f64 / width;
        if self.log_x {
            10.0_f64.powf(border)
        } else {
            border
        }
    }

    /// The pixel column of `x`: negative left of the view, `columns` and above right of it.
    fn column(&self, (from, width): (f64, f64), x: f64) -> i64 {
        let x = if self.log_x { x.log10() } else { x };
        let place = ((x - from) * width).clamp(-1.0, self.columns as f64);
        // `floor` without a call: this runs for every point.
        let whole = place as i64;
        if (whole as f64) > place {
            whole - 1
        } else {
            whole
        }
    }
}

/// A point that cannot be drawn as part of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Where on the x axis.
    pub x: f64,
    /// NaN, or an infinity.
    pub value: f64,
}

/// A series made ready for one view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reduced {
    /// Lines: a gap at every NaN and infinity. Points are `[x, y]`, in the order logged.
    /// The neighbours just outside the view are included, so lines run to its borders.
    pub lines: Vec<Vec<[f64; 2]>>,
    /// NaN and infinities inside the view; at most one of each kind per pixel column.
    pub marks: Vec<Mark>,
    /// How many points lie inside the view, non-finite ones included.
    pub logged: usize,
    /// How many of them are in `lines`.
    pub drawn: usize,
    /// Points left out because they have no x (no time), or no place on a logarithmic axis.
    pub no_x: usize,
}

/// Reduces `x` and `y` (of equal length) for a view by looking at every point.
pub fn m4(x: &[f64], y: &[f64], view: &View) -> Reduced {
    let mut out = Reduced::default();
    let Some(scale) = view.scale() else {
        return out;
    };
    let mut builder = Builder::new(&mut out, view);
    for (i, (&x, &y)) in x.iter().zip(y).enumerate() {
        if !x.is_finite() || (view.log_x && x <= 0.0) {
            builder.out.no_x += 1;
            continue;
        }
        builder.point(view.column(scale, x), i, x, y);
    }
    builder.finish();
    out
}

/// Collects runs of consecutive points that share a pixel column.
struct Builder<'a> {
    out: &'a mut Reduced,
    columns: i64,
    column: Option<i64>,
    first: Place,
    low: Place,
    high: Place,
    last: Place,
    line: Vec<[f64; 2]>,
    /// A point outside the view that leads into it.
    before: Option<[f64; 2]>,
    /// The line has just left the view and its first outside point is already in it.
    left: bool,
    mark: Option<(i64, [bool; 3])>,
}

type Place = (usize, [f64; 2]);

impl<'a> Builder<'a> {
    fn new(out: &'a mut Reduced, view: &View) -> Self {
        let none = (0, [0.0; 2]);
        Self {
            out,
            columns: view.columns.max(1) as i64,
            column: None,
            first: none,
            low: none,
            high: none,
            last: none,
            line: Vec::with_capacity(4 * view.columns.min(4096)),
            before: None,
            left: true,
            mark: None,
        }
    }

    fn inside(&self, column: i64) -> bool {
        (0..self.columns).contains(&column)
    }

    fn point(&mut self, column: i64, index: usize, x: f64, y: f64) {
        // The right border itself belongs to the last column.
        if !is_plain(y) {
            if self.inside(column) {
                self.out.logged += 1;
                self.mark(column, x, y);
            }
            self.gap();
            return;
        }
        if !self.inside(column) {
            self.flush();
            if self.left {
                self.before = Some([x, y]);
                self.end_line();
            } else {
                self.line.push([x, y]);
                self.left = true;
                self.end_line();
                self.before = Some([x, y]);
            }
            return;
        }
        self.out.logged += 1;
        if let Some(before) = self.before.take() {
            self.line.push(before);
        }
        self.left = false;
        let place = (index, [x, y]);
        if self.column == Some(column) {
            if y < self.low.1[1] {
                self.low = place;
            }
            if y > self.high.1[1] {
                self.high = place;
            }
            self.last = place;
        } else {
            self.flush();
            self.column = Some(column);
            (self.first, self.low, self.high, self.last) = (place, place, place, place);
        }
    }

    /// A column all of whose points are finite, inside the view and known by their first,
    /// smallest, largest and last.
    fn whole_column(&mut self, column: i64, [first, low, high, last]: [Place; 4], points: usize) {
        self.flush();
        self.out.logged += points;
        if let Some(before) = self.before.take() {
            self.line.push(before);
        }
        self.left = false;
        self.column = Some(column);
        (self.first, self.low, self.high, self.last) = (first, low, high, last);
    }

    /// Writes the finished column's points, each once, in order.
    fn flush(&mut self) {
        if self.column.take().is_none() {
            return;
        }
        // The first and the last are where they are; only the extremes may be either way.
        let places = if self.low.0 <= self.high.0 {
            [self.first, self.low, self.high, self.last]
        } else {
            [self.first, self.high, self.low, self.last]
        };
        let mut previous = None;
        for (index, point) in places {
            if previous != Some(index) {
                self.line.push(point);
                self.out.drawn += 1;
                previous = Some(index);
            }
        }
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.out.lines.push(std::mem::take(&mut self.line));
        }
    }

    fn gap(&mut self) {
        self.flush();
        self.end_line();
        self.before = None;
        self.left = true;
    }

    fn mark(&mut self, column: i64, x: f64, value: f64) {
        let kind = if value.is_nan() {
            0
        } else if value > 0.0 {
            1
        } else {
            2
        };
        let mut seen = match self.mark {
            Some((known, seen)) if known == column => seen,
            _ => [false; 3],
        };
        if !seen[kind] {
            self.out.marks.push(Mark { x, value });
        }
        seen[kind] = true;
        self.mark = Some((column, seen));
    }

    fn finish(mut self) {
        self.flush();
        self.end_line();
    }
}

/// Smallest and largest value per block of points, per block of blocks, and so on: about
/// 0.6 bytes per point. Only for series whose x never decreases.
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// Per level: indices of the smallest and the largest finite value of each block.
    levels: Vec<Vec<(u32, u32)>>,
    /// Indices of points that are not finite, ascending.
    odd: Vec<u32>,
    len: usize,
}

impl Pyramid {
    /// Builds one in O(n); `None` when x decreases somewhere, is not finite, or there are
    /// more than 2^32 points: use [`m4`] then.
    pub fn new(x: &[f64], y: &[f64]) -> Option<Self> {
        let len = x.len();
        if len != y.len()
            || u32::try_from(len).is_err()
            || !x.is_sorted()
            || !x.iter().all(|x| x.is_finite())
        {
            return None;
        }
        let odd = (0..len)
            .filter(|&i| !is_plain(y[i]))
            .map(|i| i as u32)
            .collect();
        let leaf = |start: usize| {
            extremes(
                y,
                start..(start + BLOCK).min(len),
                (start as u32, start as u32),
            )
        };
        let mut levels = vec![(0..len).step_by(BLOCK).map(leaf).collect::<Vec<_>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > FAN) {
            let next = below.chunks(FAN).map(|chunk| join(y, chunk)).collect();
            levels.push(next);
        }
        Some(Self { levels, odd, len })
    }

    /// The same result as [`m4`], touching only the pixel columns' borders. `x` and `y` must
    /// be those the pyramid was built from.
    pub fn reduce(&self, x: &[f64], y: &[f64], view: &View) -> Reduced {
        let mut out = Reduced::default();
        let Some(scale) = view.scale() else {
            return out;
        };
        if x.len() != self.len || y.len() != self.len {
            return m4(x, y, view);
        }
        let mut start = 0;
        if view.log_x {
            start = x.partition_point(|&x| x <= 0.0);
            out.no_x = start;
        }
        let column = |i: usize| view.column(scale, x[i]);
        let positive = start;
        start += x[start..].partition_point(|&x| view.column(scale, x) < 0);
        let mut builder = Builder::new(&mut out, view);
        if let Some(i) = start.checked_sub(1).filter(|&i| i >= positive) {
            builder.point(-1, i, x[i], y[i]);
        }
        let columns = view.columns.max(1) as i64;
        while start < self.len {
            let at = column(start);
            if at >= columns {
                builder.point(at, start, x[start], y[start]);
                break;
            }
            // The border as a number first, then exactly as `column` rounds.
            let edge = view.border(scale, at + 1);
            let mut end = gallop(start, self.len, |i| x[i] < edge);
            while end < self.len && column(end) <= at {
                end += 1;
            }
            while end > start + 1 && column(end - 1) > at {
                end -= 1;
            }
            self.column(&mut builder, at, start..end, x, y);
            start = end;
        }
        builder.finish();
        out
    }

    fn column(
        &self,
        builder: &mut Builder<'_>,
        at: i64,
        range: std::ops::Range<usize>,
        x: &[f64],
        y: &[f64],
    ) {
        let odd = self.odd.partition_point(|&i| (i as usize) < range.start);
        let clean = self.odd.get(odd).is_none_or(|&i| i as usize >= range.end);
        if !clean {
            for i in range {
                builder.point(at, i, x[i], y[i]);
            }
            return;
        }
        let best = self.extremes(range.clone(), y);
        let place = |i: usize| (i, [x[i], y[i]]);
        builder.whole_column(
            at,
            [
                place(range.start),
                place(best.low),
                place(best.high),
                place(range.end - 1),
            ],
            range.len(),
        );
    }

    /// First smallest and first largest value in a range of finite points.
    fn extremes(&self, range: std::ops::Range<usize>, y: &[f64]) -> Best {
        let first = y[range.start];
        let mut best = Best {
            low: range.start,
            high: range.start,
            least: first,
            most: first,
        };
        let (mut from, mut to) = (range.start.div_ceil(BLOCK), range.end / BLOCK);
        if to <= from {
            best.scan(y, range);
            return best;
        }
        best.scan(y, range.start..from * BLOCK);
        best.scan(y, to * BLOCK..range.end);
        for level in &self.levels {
            let inner = (from.next_multiple_of(FAN), to / FAN * FAN);
            if inner.1 <= inner.0 || level.len() <= FAN {
                level[from..to]
                    .iter()
                    .for_each(|&block| best.block(y, block));
                break;
            }
            level[from..inner.0]
                .iter()
                .chain(&level[inner.1..to])
                .for_each(|&block| best.block(y, block));
            (from, to) = (inner.0 / FAN, inner.1 / FAN);
        }
        best
    }
}

/// The extremes found so far; of equal values the earlier.
struct Best {
    low: usize,
    high: usize,
    least: f64,
    most: f64,
}

impl Best {
    fn low(&mut self, i: usize, value: f64) {
        if value < self.least || (value == self.least && i < self.low) {
            (self.low, self.least) = (i, value);
        }
    }

    fn high(&mut self, i: usize, value: f64) {
        if value > self.most || (value == self.most && i < self.high) {
            (self.high, self.most) = (i, value);
        }
    }

    fn block(&mut self, y: &[f64], (low, high): (u32, u32)) {
        self.low(low as usize, y[low as usize]);
        self.high(high as usize, y[high as usize]);
    }

    /// Looks at every point of a range without NaN: values first, four at a time, places
    /// only where something was found.
    fn scan(&mut self, y: &[f64], range: std::ops::Range<usize>) {
        let part = &y[range.clone()];
        let Some(&first) = part.first() else { return };
        let (mut least, mut most) = ([first; 4], [first; 4]);
        let (chunks, rest) = part.as_chunks::<4>();
        for chunk in chunks {
            for lane in 0..4 {
                least[lane] = if chunk[lane] < least[lane] {
                    chunk[lane]
                } else {
                    least[lane]
                };
                most[lane] = if chunk[lane] > most[lane] {
                    chunk[lane]
                } else {
                    most[lane]
                };
            }
        }
        let least = least
            .into_iter()
            .chain(rest.iter().copied())
            .fold(first, f64::min);
        let most = most
            .into_iter()
            .chain(rest.iter().copied())
            .fold(first, f64::max);
        if least <= self.least
            && let Some(i) = part.iter().position(|v| *v == least)
        {
            self.low(range.start + i, least);
        }
        if most >= self.most
            && let Some(i) = part.iter().position(|v| *v == most)
        {
            self.high(range.start + i, most);
        }
    }
}

/// The end of the stretch from `start` for which `same` holds.
fn gallop(start: usize, len: usize, same: impl Fn(usize) -> bool) -> usize {
    let mut step = 1;
    let mut low = start;
    while low + step < len && same(low + step) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(len);
    while low + 1 < high {
        let middle = usize::midpoint(low, high);
        if same(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

fn extremes(y: &[f64], range: std::ops::Range<usize>, start: (u32, u32)) -> (u32, u32) {
    let mut best = start;
    for i in range {
        best = better(y, best, (i as u32, i as u32));
    }
    best
}

fn join(y: &[f64], blocks: &[(u32, u32)]) -> (u32, u32) {
    blocks
        .iter()
        .copied()
        .reduce(|a, b| better(y, a, b))
        .unwrap_or((0, 0))
}

/// The smaller low and the larger high; of equals the earlier, of odd ones neither.
fn better(y: &[f64], a: (u32, u32), b: (u32, u32)) -> (u32, u32) {
    let at = |i: u32| y[i as usize];
    let pick = |a: u32, b: u32, sign: f64| {
        let (va, vb) = (at(a) * sign, at(b) * sign);
        match (is_plain(va), is_plain(vb)) {
            (false, true) => b,
            (true, true) if vb < va || (vb == va && b < a) => b,
            _ => a,
        }
    };
    (pick(a.0, b.0, 1.0), pick(a.1, b.1, -1.0))
}

/// Limits of an axis over the finite values; `None` without any.
pub fn limits<'a>(values: impl IntoIterator<Item = &'a f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|v| is_plain(**v))
        .fold(None, |limits, &v| match limits {
            None => Some((v, v)),
            Some((low, high)) => Some((low.min(v), high.max(v))),
        })
}

/// Limits between two quantiles of the finite values (0.05 and 0.95 clip outliers as
/// TensorBoard does), and how many values lie outside; `None` without any.
pub fn clipped_limits(values: &[f64], low: f64, high: f64) -> Option<(f64, f64, usize)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| is_plain(*v)).collect();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let at = |q: f64| sorted[((q.clamp(0.0, 1.0) * last as f64).round() as usize).min(last)];
    let (low, high) = (at(low), at(high));
    let outside = sorted.iter().filter(|&&v| v < low || v > high).count();
    Some((low, high, outside))
}

#[cfg(test)]
mod tests {
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
        let reduced = m4(&x, &y, &view);
        assert_eq!(reduced.logged, n);
        assert!(reduced.drawn <= 400 && reduced.lines.len() == 1);
        for column in 0..100 {
            let part = &y[column * 100..(column + 1) * 100];
            let drawn: Vec<f64> = reduced.lines[0]
                .iter()
                .filter(|p| (p[0] as usize) / 100 == column)
                .map(|p| p[1])
                .collect();
            assert_eq!(limits(part), limits(&drawn));
            assert_eq!((part[0], part[99]), (drawn[0], drawn[drawn.len() - 1]));
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
                        let (fast, plain) = (pyramid.reduce(&x, &y, &view), m4(&x, &y, &view));
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
        let reduced = m4(&x, &y, &view);
        assert_eq!(
            reduced.lines,
            vec![vec![[0.0, 0.0], [1.0, 1.0]], vec![[3.0, 3.0]]]
        );
        assert_eq!(
            (reduced.logged, reduced.drawn, reduced.marks.len()),
            (3, 2, 1)
        );
        let reduced = m4(&[1.0, f64::NAN], &[1.0, 2.0], &view);
        assert_eq!(reduced.no_x, 1);
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
        assert_eq!(m4(&x, &y, &view).lines[0].len(), 4);
    }

    #[test]
    fn outliers_are_counted() {
        let mut y: Vec<f64> = (0..100).map(f64::from).collect();
        y.push(f64::NAN);
        assert_eq!(clipped_limits(&y, 0.05, 0.95), Some((5.0, 94.0, 10)));
        assert_eq!(clipped_limits(&[f64::NAN], 0.0, 1.0), None);
    }
}
