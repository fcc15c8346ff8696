//! A chart of a review: lines as they were drawn when it was saved. It needs neither runs nor engine.

use egui::{Align2, Color32, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::{ExportRun, PackedF64, ReviewChart, SeriesView, XAxis};

use crate::theme::{Tokens, Type};
use crate::views::compare::numbers;
use crate::widgets;

/// Room for labels under and beside the plot.
const UNDER: f32 = 18.0;

/// Draws the curves into `rect`.
pub fn show(
    ui: &mut Ui,
    rect: Rect,
    chart: &ReviewChart,
    curves: &[SeriesView],
    runs: &[ExportRun],
) {
    let t = Tokens::of(ui);
    let response = ui.interact(
        rect,
        egui::Id::unique(("review-chart", &chart.metric, chart.log_y)),
        Sense::hover(),
    );
    let summary = summary(chart, curves, runs);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &summary));
    let Some(range) = Range::of(chart, curves) else {
        let words = "No points";
        widgets::line(
            ui,
            rect,
            Type::Small,
            t.text_3,
            words,
            Align2::CENTER_CENTER,
        );
        return;
    };
    let (ys, labels) = range.y_ticks(((rect.height() / 40.0) as usize).max(2));
    let wide = labels
        .iter()
        .map(|text| Type::Caption.galley(ui, text, t.text_3, 90.0).size().x)
        .fold(20.0, f32::max);
    let area = Rect::from_min_max(
        pos2((rect.left() + wide + 8.0).round(), rect.top() + 4.0),
        pos2(rect.right() - 8.0, rect.bottom() - UNDER),
    );
    if area.width() < 40.0 || area.height() < 30.0 {
        return;
    }
    for (y, text) in ys.iter().zip(&labels) {
        let at = range.place(area, [range.x.0, *y]).y;
        ui.painter()
            .hline(area.x_range(), at, Stroke::new(1.0, t.line));
        let place = Rect::from_min_max(
            pos2(rect.left(), at - 8.0),
            pos2(area.left() - 6.0, at + 8.0),
        );
        widgets::line(
            ui,
            place,
            Type::Caption,
            t.text_3,
            text,
            Align2::RIGHT_CENTER,
        );
    }
    for (x, text) in range.x_ticks(chart, ((area.width() / 90.0) as usize).max(2)) {
        let at = range.place(area, [x, range.y.0]).x;
        let place = Rect::from_center_size(pos2(at, area.bottom() + 10.0), vec2(88.0, 14.0));
        widgets::line(
            ui,
            place,
            Type::Caption,
            t.text_3,
            &text,
            Align2::CENTER_CENTER,
        );
    }
    let painter = ui
        .painter()
        .with_clip_rect(area.expand(2.0).intersect(ui.clip_rect()));
    for curve in curves {
        let color = color_of(curve, runs, t);
        let smoothed = !curve.smooth_x.is_empty();
        let raw = if smoothed {
            color.gamma_multiply(0.35)
        } else {
            color
        };
        for line in lines(&curve.x, &curve.y, chart.log_y) {
            stroke(&painter, &range, area, &line, Stroke::new(1.3, raw));
        }
        for line in lines(&curve.smooth_x, &curve.smooth_y, chart.log_y) {
            stroke(&painter, &range, area, &line, Stroke::new(1.6, color));
        }
        let odd = [
            (&curve.nan_x, area.bottom() - 4.0),
            (&curve.neg_inf_x, area.bottom() - 4.0),
            (&curve.pos_inf_x, area.top() + 4.0),
        ];
        for (places, y) in odd {
            for x in places.iter() {
                let at = pos2(range.place(area, [x, range.y.0]).x, y);
                painter.line_segment(
                    [at - vec2(3.0, 3.0), at + vec2(3.0, 3.0)],
                    Stroke::new(1.2, color),
                );
                painter.line_segment(
                    [at - vec2(3.0, -3.0), at + vec2(3.0, -3.0)],
                    Stroke::new(1.2, color),
                );
            }
        }
    }
}

fn stroke(painter: &egui::Painter, range: &Range, area: Rect, line: &[[f64; 2]], stroke: Stroke) {
    let points: Vec<Pos2> = line.iter().map(|point| range.place(area, *point)).collect();
    match points.as_slice() {
        [one] => {
            painter.circle_filled(*one, 2.0, stroke.color);
        }
        _ => {
            painter.line(points, stroke);
        }
    }
}

/// The colour a run had when the review was saved, as far as the theme can show it.
pub fn color_of(curve: &SeriesView, runs: &[ExportRun], t: &Tokens) -> Color32 {
    let run = runs.iter().find(|run| run.id == curve.run);
    run.map_or(t.text_3, |run| run_color(run.color, t))
}

/// A stored colour in this theme: slot for slot where it is one of the light theme's.
pub fn run_color(color: u32, t: &Tokens) -> Color32 {
    let [_, red, green, blue] = color.to_be_bytes();
    let stored = Color32::from_rgb(red, green, blue);
    let light = Tokens::for_dark(false);
    match light.runs.iter().position(|known| *known == stored) {
        Some(slot) => t.runs[slot],
        None => stored,
    }
}

/// Lines without gaps; what has no place on a logarithmic axis leaves one.
fn lines(x: &PackedF64, y: &PackedF64, log_y: bool) -> Vec<Vec<[f64; 2]>> {
    let mut lines = vec![Vec::new()];
    for (x, y) in x.iter().zip(y.iter()) {
        if x.is_nan() || (log_y && y <= 0.0) {
            lines.push(Vec::new());
        } else if let Some(line) = lines.last_mut() {
            line.push([x, if log_y { y.log10() } else { y }]);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// The seen part; y as powers of ten on a logarithmic axis.
struct Range {
    x: (f64, f64),
    y: (f64, f64),
    log_y: bool,
}

impl Range {
    fn of(chart: &ReviewChart, curves: &[SeriesView]) -> Option<Self> {
        let all: Vec<[f64; 2]> = curves
            .iter()
            .flat_map(|curve| lines(&curve.x, &curve.y, chart.log_y))
            .flatten()
            .collect();
        let ends = |at: usize| {
            let values = all
                .iter()
                .map(|point| point[at])
                .filter(|value| value.is_finite());
            values.fold(None, |ends: Option<(f64, f64)>, value| {
                Some(ends.map_or((value, value), |(a, b)| (a.min(value), b.max(value))))
            })
        };
        let widen = |(from, to): (f64, f64), share: f64| {
            let by = if to > from {
                (to - from) * share
            } else {
                (from.abs() * 0.05).max(0.5e-6)
            };
            (from - by, to + by)
        };
        let x = match chart.x_range {
            Some(range) => range,
            None => {
                let (from, to) = ends(0)?;
                if to > from {
                    (from, to)
                } else {
                    (from - 0.5, to + 0.5)
                }
            }
        };
        Some(Self {
            x,
            y: widen(ends(1)?, 0.05),
            log_y: chart.log_y,
        })
    }

    fn place(&self, area: Rect, [x, y]: [f64; 2]) -> Pos2 {
        let share = |value: f64, (from, to): (f64, f64)| ((value - from) / (to - from)) as f32;
        pos2(
            area.left() + area.width() * share(x, self.x).clamp(-1.0, 2.0),
            area.bottom() - area.height() * share(y, self.y).clamp(-1.0, 2.0),
        )
    }

    fn y_ticks(&self, most: usize) -> (Vec<f64>, Vec<String>) {
        let (low, high) = self.y;
        if self.log_y {
            let ticks = numbers::log_ticks(low, high, most);
            let labels = ticks.iter().map(|at| numbers::log_label(*at)).collect();
            return (ticks, labels);
        }
        let ticks = numbers::ticks(low, high, most);
        let step = ticks
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .next()
            .unwrap_or(1.0);
        let labels = ticks
            .iter()
            .map(|at| numbers::tick_label(*at, step))
            .collect();
        (ticks, labels)
    }

    fn x_ticks(&self, chart: &ReviewChart, most: usize) -> Vec<(f64, String)> {
        let (low, high) = self.x;
        let axis = match chart.options.x_metric {
            Some(_) => XAxis::Step,
            None => chart.x_axis,
        };
        let offset = crate::clock::offset_seconds();
        let ticks = match axis {
            XAxis::Step => numbers::ticks(low, high, most),
            XAxis::Time => numbers::time_ticks(low, high, most, offset as f64),
            XAxis::Relative => numbers::time_ticks(low, high, most, 0.0),
        };
        let step = ticks
            .windows(2)
            .map(|pair| pair[1] - pair[0])
            .next()
            .unwrap_or(1.0);
        let label = |at: f64| match axis {
            XAxis::Step => numbers::tick_label(at, step),
            XAxis::Time => numbers::moment_label(at, step, offset),
            XAxis::Relative => numbers::length_label(at),
        };
        ticks.into_iter().map(|at| (at, label(at))).collect()
    }
}

/// What a screen reader says of it.
fn summary(chart: &ReviewChart, curves: &[SeriesView], runs: &[ExportRun]) -> String {
    let ends: Vec<String> = curves
        .iter()
        .take(10)
        .filter_map(|curve| {
            let run = runs.iter().find(|run| run.id == curve.run)?;
            let last = curve.y.iter().filter(|value| value.is_finite()).last()?;
            Some(format!("{} {}", run.label, numbers::figure(last)))
        })
        .collect();
    format!(
        "Chart of {}: {}; last values {}",
        chart.metric,
        crate::format::count(curves.len() as u64, "run", "runs"),
        ends.join(", ")
    )
}
