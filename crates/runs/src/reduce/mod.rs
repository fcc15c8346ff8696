//! What to draw of a series: the same picture as all points, with few of them.
//!
//! Per pixel column the smallest and the largest point are kept, in the order logged, so no
//! spike disappears, a line that runs backwards stays as it is, and noise costs no more than
//! a smooth curve: two points per column. The first and the last point of a column are kept
//! too where the line begins, ends or comes from further away than the next column, since its
//! slope shows there. As many points as twice the columns are all drawn. A [`Pyramid`] answers
//! repeated zooms over a series without touching every point.

mod pyramid;

pub use pyramid::Pyramid;

use crate::series::is_plain;

/// The part of a chart that is to be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Left border, in the units of x.
    pub from: f64,
    /// Right border, above `from`; a point right on it belongs to the last column.
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
        if self.log_x { power(border) } else { border }
    }

    /// The pixel column of `x`: -1 left of the view, `columns` right of it. Both borders are
    /// inside.
    fn column(&self, (from, width): (f64, f64), x: f64) -> i64 {
        let columns = self.columns.max(1) as i64;
        if x < self.from {
            return -1;
        }
        if x > self.to {
            return columns;
        }
        let x = if self.log_x { logarithm(x) } else { x };
        // Not below 0, so cutting off is rounding down; this runs for every point.
        (((x - from) * width) as i64).clamp(0, columns - 1)
    }
}

/// Not inlined: the compiler would compute it for every point and then throw it away.
#[inline(never)]
fn logarithm(x: f64) -> f64 {
    x.log10()
}

#[inline(never)]
fn power(x: f64) -> f64 {
    10.0_f64.powf(x)
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

/// Points per pixel column that are drawn without leaving any out.
const PER_COLUMN: usize = 2;

/// Reduces `x` and `y` (of equal length) for a view by looking at every point.
pub fn min_max(x: &[f64], y: &[f64], view: &View) -> Reduced {
    let mut out = Reduced::default();
    let Some(scale) = view.scale() else {
        return out;
    };
    let has_place = |x: f64| x.is_finite() && (!view.log_x || x > 0.0);
    let inside = |x: &&f64| **x >= view.from && **x <= view.to && has_place(**x);
    let all = x.iter().filter(inside).count() <= PER_COLUMN * view.columns.max(1);
    let mut builder = Builder::new(&mut out, view, all, |i| [x[i], y[i]]);
    for (i, &x) in x.iter().enumerate() {
        if !has_place(x) {
            builder.out.no_x += 1;
            continue;
        }
        builder.point(view.column(scale, x), i);
    }
    builder.finish();
    out
}

/// Collects runs of consecutive points that share a pixel column.
struct Builder<'a, At> {
    out: &'a mut Reduced,
    /// Gives a point by its index.
    at: At,
    columns: i64,
    /// No point is left out.
    all: bool,
    column: Option<i64>,
    /// The line does not come from the next column, so its first point in this one is kept.
    from_afar: bool,
    /// Of the column so far.
    kept: Kept,
    line: Vec<[f64; 2]>,
    /// A point outside the view that leads into it.
    before: Option<[f64; 2]>,
    /// The line has just left the view and its first outside point is already in it.
    left: bool,
    mark: Option<(i64, [bool; 3])>,
}

/// Indices of a column's first, smallest, largest and last point.
#[derive(Clone, Copy, Default)]
struct Kept {
    first: usize,
    low: usize,
    high: usize,
    last: usize,
}

impl<'a, At: Fn(usize) -> [f64; 2]> Builder<'a, At> {
    fn new(out: &'a mut Reduced, view: &View, all: bool, at: At) -> Self {
        Self {
            out,
            at,
            columns: view.columns.max(1) as i64,
            all,
            column: None,
            from_afar: true,
            kept: Kept::default(),
            line: Vec::with_capacity(PER_COLUMN * view.columns.min(4096) + 4),
            before: None,
            left: true,
            mark: None,
        }
    }

    fn inside(&self, column: i64) -> bool {
        (0..self.columns).contains(&column)
    }

    fn point(&mut self, column: i64, index: usize) {
        let [x, y] = (self.at)(index);
        if !is_plain(y) {
            if self.inside(column) {
                self.out.logged += 1;
                self.mark(column, x, y);
            }
            self.gap();
            return;
        }
        if !self.inside(column) {
            self.flush(true);
            if !self.left {
                self.line.push([x, y]);
                self.left = true;
            }
            self.end_line();
            self.before = Some([x, y]);
            return;
        }
        if self.column == Some(column) && !self.all {
            self.out.logged += 1;
            if y < (self.at)(self.kept.low)[1] {
                self.kept.low = index;
            }
            if y > (self.at)(self.kept.high)[1] {
                self.kept.high = index;
            }
            self.kept.last = index;
        } else {
            let (first, low, high, last) = (index, index, index, index);
            let kept = Kept {
                first,
                low,
                high,
                last,
            };
            self.column_of(column, kept, 1);
        }
    }

    /// A column all of whose points are finite and inside the view; or the beginning of one.
    #[inline]
    fn column_of(&mut self, column: i64, kept: Kept, points: usize) {
        let near = self.column.is_some_and(|known| (known - column).abs() == 1);
        self.flush(!near);
        self.from_afar = !near;
        self.out.logged += points;
        if let Some(before) = self.before.take() {
            self.line.push(before);
        }
        self.left = false;
        self.column = Some(column);
        self.kept = kept;
    }

    /// Writes the finished column's points, each once, in order.
    #[inline]
    fn flush(&mut self, keep_last: bool) {
        if self.column.take().is_none() {
            return;
        }
        let Kept {
            first,
            low,
            high,
            last,
        } = self.kept;
        // The first and the last are where they are; only the extremes may be either way.
        let (one, other) = (low.min(high), low.max(high));
        let before = self.line.len();
        if self.from_afar && first != one {
            self.line.push((self.at)(first));
        }
        self.line.push((self.at)(one));
        if other != one {
            self.line.push((self.at)(other));
        }
        if keep_last && last != other {
            self.line.push((self.at)(last));
        }
        self.out.drawn += self.line.len() - before;
    }

    fn end_line(&mut self) {
        if !self.line.is_empty() {
            self.out.lines.push(std::mem::take(&mut self.line));
        }
    }

    fn gap(&mut self) {
        self.flush(true);
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
        self.flush(true);
        self.end_line();
    }
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
mod tests;
