//! A dense line as one strip: where more points stand than there are pixel columns, only the
//! highest and the lowest place that the line reaches in each column can be seen.
//!
//! A line through four points a column is a few thousand triangles that lie on each other; the
//! strip that covers the same pixels has two (with soft edges six) a column.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, Pos2, Rect, pos2};

/// What one pixel column of a line covers: its place and the highest and lowest pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Where the strip has its corner.
    pub x: f32,
    /// Smallest y, which is the top of the screen.
    pub top: f32,
    /// Largest y.
    pub bottom: f32,
}

/// How a strip is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    /// Of the line that the strip stands for, in pixels.
    pub width: f32,
    /// Its colour.
    pub color: Color32,
    /// Width of the soft edge; 0 for a hard one, with a third of the triangles.
    pub soft: f32,
    /// Lengths drawn and left out along x, in turn.
    pub dashes: Option<(&'static [f32], &'static [f32])>,
}

/// The columns of `step` pixels that a line covers within `area`. `None` when it turns back in x: it
/// is no line over x then.
#[must_use]
pub fn columns(points: impl Iterator<Item = Pos2>, area: Rect, step: f32) -> Option<Vec<Column>> {
    let mut out: Vec<Column> = Vec::with_capacity((area.width() / step) as usize + 2);
    // The column before the first one is of no use and never reached.
    let mut at = i64::MIN;
    let mut grow = |column: i64, from: Pos2, to: Pos2| {
        let (top, bottom) = (from.y.min(to.y), from.y.max(to.y));
        if column == at {
            if let Some(last) = out.last_mut() {
                last.top = last.top.min(top);
                last.bottom = last.bottom.max(bottom);
                last.x = last.x.max(to.x.min(middle(area, step, column)));
            }
        } else {
            at = column;
            let x = middle(area, step, column);
            out.push(Column {
                x: x.clamp(from.x.min(to.x), to.x.max(from.x)),
                top,
                bottom,
            });
        }
    };
    let mut before: Option<Pos2> = None;
    for point in points {
        let Some(from) = before.replace(point) else {
            continue;
        };
        if point.x < from.x {
            return None;
        }
        if point.x < area.left() || from.x > area.right() {
            continue;
        }
        let (first, last) = (
            column_of(area, step, from.x.max(area.left())),
            column_of(area, step, point.x.min(area.right())),
        );
        if first == last {
            grow(first, cut(from, point, area.left()), point);
            continue;
        }
        let slope = (point.y - from.y) / (point.x - from.x);
        let on = |x: f32| pos2(x, from.y + slope * (x - from.x));
        for column in first..=last {
            let left = area.left() + column as f32 * step;
            let start = if left > from.x { on(left) } else { from };
            let end = if left + step < point.x {
                on(left + step)
            } else {
                point
            };
            grow(column, start, end);
        }
    }
    Some(out)
}

fn column_of(area: Rect, step: f32, x: f32) -> i64 {
    ((x - area.left()) / step).floor() as i64
}

fn middle(area: Rect, step: f32, column: i64) -> f32 {
    area.left() + (column as f32 + 0.5) * step
}

/// The start of a line that begins left of `left`, at `left`.
fn cut(from: Pos2, to: Pos2, left: f32) -> Pos2 {
    if from.x >= left || to.x <= from.x {
        return from;
    }
    pos2(
        left,
        from.y + (to.y - from.y) * (left - from.x) / (to.x - from.x),
    )
}

/// Add the strip over these columns to a mesh.
pub fn add_strip(out: &mut Mesh, columns: &[Column], pen: Pen) {
    let rows: u32 = if pen.soft > 0.0 { 4 } else { 2 };
    let first = out.vertices.len() as u32;
    out.vertices.reserve(columns.len() * rows as usize);
    let mut corner = |x: f32, y: f32, color: Color32| {
        out.vertices.push(Vertex {
            pos: pos2(x, y),
            uv: WHITE_UV,
            color,
        });
    };
    let (half, edge) = (pen.width / 2.0, pen.soft / 2.0);
    for column in columns {
        let (top, bottom) = (column.top - half, column.bottom + half);
        if rows == 4 {
            corner(column.x, top - edge, Color32::TRANSPARENT);
            corner(column.x, top + edge, pen.color);
            corner(column.x, bottom - edge, pen.color);
            corner(column.x, bottom + edge, Color32::TRANSPARENT);
        } else {
            corner(column.x, top, pen.color);
            corner(column.x, bottom, pen.color);
        }
    }
    out.indices.reserve(columns.len() * 6 * (rows as usize - 1));
    let start = columns.first().map_or(0.0, |column| column.x);
    for (at, pair) in columns.windows(2).enumerate() {
        if !drawn_at(pen.dashes, pair[0].x - start) {
            continue;
        }
        let (left, right) = (first + at as u32 * rows, first + (at as u32 + 1) * rows);
        for row in 0..rows - 1 {
            out.add_triangle(left + row, left + row + 1, right + row);
            out.add_triangle(left + row + 1, right + row, right + row + 1);
        }
    }
}

/// Whether a dashed line is drawn so far from its start.
fn drawn_at(dashes: Option<(&[f32], &[f32])>, from_start: f32) -> bool {
    let Some((on, off)) = dashes else { return true };
    let whole: f32 = on.iter().chain(off).sum();
    if whole <= 0.0 {
        return true;
    }
    let mut rest = from_start.rem_euclid(whole);
    for (on, off) in on.iter().zip(off) {
        if rest < *on {
            return true;
        }
        rest -= on + off;
        if rest < 0.0 {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use egui::vec2;

    use super::*;

    fn area() -> Rect {
        Rect::from_min_size(pos2(10.0, 0.0), vec2(20.0, 100.0))
    }

    fn noisy() -> Vec<Pos2> {
        (0..200)
            .map(|i| pos2(10.0 + i as f32 / 10.0, if i % 3 == 1 { 5.0 } else { 60.0 }))
            .collect()
    }

    #[test]
    fn each_column_keeps_the_highest_and_lowest_place() {
        let columns = columns(noisy().into_iter(), area(), 1.0).expect("a line over x");
        assert_eq!(columns.len(), 20);
        for column in &columns {
            let off = (column.top - 5.0).abs().max((column.bottom - 60.0).abs());
            assert!(off < 1e-3, "{column:?}");
        }
        assert!(columns.windows(2).all(|pair| pair[0].x < pair[1].x));
    }

    #[test]
    fn one_spike_among_many_points_is_kept() {
        let mut points: Vec<Pos2> = (0..2000)
            .map(|i| pos2(10.0 + i as f32 / 100.0, 50.0))
            .collect();
        points[777].y = 1.0;
        let columns = columns(points.into_iter(), area(), 1.0).expect("a line over x");
        let highest = columns.iter().map(|column| column.top);
        assert_eq!(highest.fold(f32::INFINITY, f32::min), 1.0);
        let spikes = columns.iter().filter(|column| column.top < 40.0).count();
        assert_eq!(spikes, 1, "and it is as wide as a pixel");
    }

    #[test]
    fn a_gap_between_points_is_crossed_as_the_line_does() {
        let line = [pos2(0.0, 0.0), pos2(20.0, 50.0), pos2(40.0, 50.0)];
        let columns = columns(line.into_iter(), area(), 1.0).expect("a line over x");
        assert_eq!(columns.len(), 21);
        let first = columns[0];
        assert!((first.top - 25.0).abs() < 1e-3 && (first.bottom - 27.5).abs() < 1e-3);
        assert!(
            columns
                .windows(2)
                .all(|pair| pair[0].bottom >= pair[1].top - 1e-3)
        );
    }

    #[test]
    fn what_turns_back_is_no_line_over_x() {
        let back = [pos2(12.0, 0.0), pos2(15.0, 5.0), pos2(13.0, 9.0)];
        assert_eq!(columns(back.into_iter(), area(), 1.0), None);
        assert_eq!(columns(std::iter::empty(), area(), 1.0), Some(Vec::new()));
    }

    #[test]
    fn a_strip_has_few_triangles_and_gaps_where_it_is_dashed() {
        let columns = columns(noisy().into_iter(), area(), 1.0).expect("a line over x");
        let pen = Pen {
            width: 1.5,
            color: Color32::RED,
            soft: 0.0,
            dashes: None,
        };
        let mesh = |pen| {
            let mut mesh = Mesh::default();
            add_strip(&mut mesh, &columns, pen);
            assert!(mesh.is_valid());
            mesh
        };
        assert_eq!(mesh(pen).indices.len(), 19 * 6);
        assert_eq!(mesh(Pen { soft: 1.0, ..pen }).indices.len(), 19 * 18);
        let dotted = Some((&[2.0][..], &[3.0][..]));
        let gaps = mesh(Pen {
            dashes: dotted,
            ..pen
        });
        assert_eq!(gaps.indices.len(), 8 * 6, "two of five columns");
        let bounds = gaps.calc_bounds();
        assert!((bounds.top() - 4.25).abs() < 1e-3 && (bounds.bottom() - 60.75).abs() < 1e-3);
    }
}
