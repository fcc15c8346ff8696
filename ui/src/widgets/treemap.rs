//! The treemap: a squarified layout as plain data, and its painter.
//!
//! Layout after Bruls, Huizing and van Wijk, "Squarified treemaps" (2000).

use egui::{
    Align2, Color32, CursorIcon, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::paint;
use crate::format;
use crate::theme::{LayerKind, Tokens, Type, sizes};

/// One box per layer, inside it one per file.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The layer's name.
    pub name: String,
    /// What it holds.
    pub kind: LayerKind,
    /// Whether it changed since the last pack.
    pub changed: bool,
    /// What stands at the right of its head: its size, new bytes or count.
    pub figure: String,
    /// Its files; `weight` decides the area.
    pub items: Vec<Item>,
}

/// One file.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Its area: bytes, new bytes or 1.
    pub weight: f64,
    /// What stands under the name.
    pub figure: String,
    /// Whether it changed since the last pack.
    pub changed: bool,
}

/// Split `area` into one rect per weight, in the order of `weights`; the shapes are close to squares.
/// Weights that are not positive get an empty rect.
#[must_use]
pub fn squarify(weights: &[f64], area: Rect) -> Vec<Rect> {
    let mut out = vec![Rect::from_min_size(area.min, vec2(0.0, 0.0)); weights.len()];
    let mut order: Vec<usize> = (0..weights.len())
        .filter(|i| weights[*i].is_finite() && weights[*i] > 0.0)
        .collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let total: f64 = order.iter().map(|i| weights[*i]).sum();
    if total <= 0.0 || !area.is_positive() {
        return out;
    }
    let scale = f64::from(area.width()) * f64::from(area.height()) / total;
    let mut rest = area;
    let mut from = 0;
    while from < order.len() {
        let side = f64::from(rest.width().min(rest.height())).max(1e-6);
        let mut to = from + 1;
        let mut sum = weights[order[from]] * scale;
        let mut worst = worst_ratio(&order[from..to], weights, scale, sum, side);
        while to < order.len() {
            let wider = sum + weights[order[to]] * scale;
            let ratio = worst_ratio(&order[from..=to], weights, scale, wider, side);
            if ratio > worst {
                break;
            }
            (sum, worst) = (wider, ratio);
            to += 1;
        }
        rest = lay_strip(&order[from..to], weights, scale, sum, rest, &mut out);
        from = to;
    }
    out
}

fn worst_ratio(strip: &[usize], weights: &[f64], scale: f64, sum: f64, side: f64) -> f64 {
    let thick = sum / side;
    strip
        .iter()
        .map(|i| {
            let long = weights[*i] * scale / thick.max(1e-9);
            (long / thick).max(thick / long.max(1e-9))
        })
        .fold(1.0, f64::max)
}

fn lay_strip(
    strip: &[usize],
    weights: &[f64],
    scale: f64,
    sum: f64,
    rest: Rect,
    out: &mut [Rect],
) -> Rect {
    let across = rest.width() >= rest.height();
    let side = if across { rest.height() } else { rest.width() };
    let thick = (sum / f64::from(side).max(1e-6)) as f32;
    let mut at = if across { rest.top() } else { rest.left() };
    for i in strip {
        let long = (weights[*i] * scale / sum * f64::from(side)) as f32;
        out[*i] = if across {
            Rect::from_min_size(pos2(rest.left(), at), vec2(thick, long))
        } else {
            Rect::from_min_size(pos2(at, rest.top()), vec2(long, thick))
        };
        at += long;
    }
    if across {
        rest.with_min_x((rest.left() + thick).min(rest.right()))
    } else {
        rest.with_min_y((rest.top() + thick).min(rest.bottom()))
    }
}

/// What the user did: group and item by index.
#[derive(Debug, Default)]
pub struct TreemapOutput {
    /// A box was clicked; `None` for a group's head.
    pub clicked: Option<(usize, Option<usize>)>,
    /// A box was double-clicked: zoom.
    pub opened: Option<(usize, Option<usize>)>,
    /// The file boxes that are large enough to see, for menus.
    pub boxes: Vec<((usize, Option<usize>), Response)>,
}

/// Height of a group's head.
const HEAD: f32 = 17.0;

/// Draw a treemap over the size at hand. `selected` is outlined.
pub fn treemap(
    ui: &mut Ui,
    name: &str,
    groups: &[Group],
    selected: Option<(usize, Option<usize>)>,
) -> TreemapOutput {
    let t = Tokens::of(ui);
    let mut out = TreemapOutput::default();
    let (area, response) = ui.allocate_exact_size(ui.available_size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, name));
    let weights: Vec<f64> = groups
        .iter()
        .map(|group| group.items.iter().map(|item| item.weight.max(0.0)).sum())
        .collect();
    let id = response.id;
    for (g, (group, rect)) in groups.iter().zip(squarify(&weights, area)).enumerate() {
        let rect = rect.shrink(1.5);
        if rect.width() < 2.0 || rect.height() < 2.0 {
            continue;
        }
        group_ui(ui, t, id, g, group, rect, selected, &mut out);
    }
    out
}

#[expect(clippy::too_many_arguments, reason = "one box's own facts")]
fn group_ui(
    ui: &mut Ui,
    t: &Tokens,
    id: Id,
    g: usize,
    group: &Group,
    rect: Rect,
    selected: Option<(usize, Option<usize>)>,
    out: &mut TreemapOutput,
) {
    let line = t.layer(group.kind);
    ui.painter()
        .rect_filled(rect, sizes::RADIUS_XS, t.fill(group.kind));
    let tall = rect.height() > 40.0 && rect.width() > 34.0;
    let response = ui.interact(rect, id.with(g), Sense::CLICK);
    let spoken = format!(
        "{}, {}, {}",
        group.name,
        group.figure,
        format::count(group.items.len() as u64, "file", "files")
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let mut inner = rect.shrink(2.5);
    if tall {
        let head = Rect::from_min_size(rect.min + vec2(6.0, 1.0), vec2(rect.width() - 12.0, HEAD));
        let figure = if rect.width() > 120.0 {
            group.figure.as_str()
        } else {
            ""
        };
        let (placed, _) = paint::line(
            ui,
            head,
            Type::Caption,
            t.text_2,
            figure,
            Align2::RIGHT_CENTER,
        );
        let room = if figure.is_empty() {
            head
        } else {
            head.with_max_x(placed.left() - 6.0)
        };
        paint::line(
            ui,
            room,
            Type::CaptionStrong,
            t.text,
            &group.name,
            Align2::LEFT_CENTER,
        );
        inner.min.y = rect.top() + HEAD + 1.0;
    }
    let weights: Vec<f64> = group.items.iter().map(|item| item.weight).collect();
    for (i, (item, file)) in group
        .items
        .iter()
        .zip(squarify(&weights, inner))
        .enumerate()
    {
        let file = file.shrink(0.75);
        if file.width() < 3.0 || file.height() < 3.0 {
            continue;
        }
        let edge = line.gamma_multiply(if item.changed { 0.9 } else { 0.25 });
        let veil = if item.changed {
            Color32::TRANSPARENT
        } else {
            t.treemap_veil()
        };
        ui.painter()
            .rect(file, 2.0, veil, Stroke::new(1.0, edge), StrokeKind::Inside);
        let response = ui
            .interact(file, id.with((g, i)), Sense::CLICK)
            .on_hover_cursor(CursorIcon::PointingHand);
        let state = if item.changed { ", changed" } else { "" };
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::Button,
                true,
                format!("{}, {}{state}", item.name, item.figure),
            )
        });
        if file.width() > 48.0 && file.height() > 20.0 {
            let text =
                Rect::from_min_size(file.min + vec2(6.0, 3.0), vec2(file.width() - 12.0, 14.0));
            paint::line(
                ui,
                text,
                Type::Caption,
                t.text,
                &item.name,
                Align2::LEFT_CENTER,
            );
            if file.height() > 36.0 {
                let below = text.translate(vec2(0.0, 14.0));
                paint::line(
                    ui,
                    below,
                    Type::Caption,
                    t.text_2,
                    &item.figure,
                    Align2::LEFT_CENTER,
                );
            }
        }
        if item.changed && file.width() > 12.0 && file.height() > 12.0 {
            ui.painter()
                .circle_filled(file.right_top() + vec2(-7.0, 7.0), 2.5, line);
        }
        if selected == Some((g, Some(i))) {
            ui.painter().rect_stroke(
                file,
                2.0,
                Stroke::new(2.0, t.accent_line),
                StrokeKind::Inside,
            );
        }
        note(out, (g, Some(i)), &response);
        let whole = format!("{}  {}", format::printable(&item.name), item.figure);
        let response = response.on_hover_text(whole);
        out.boxes.push(((g, Some(i)), response));
    }
    if group.changed {
        ui.painter().rect_stroke(
            rect,
            sizes::RADIUS_XS,
            Stroke::new(1.0, line),
            StrokeKind::Inside,
        );
    }
    if selected == Some((g, None)) {
        ui.painter().rect_stroke(
            rect,
            sizes::RADIUS_XS,
            Stroke::new(2.0, t.accent_line),
            StrokeKind::Inside,
        );
    }
    note(out, (g, None), &response);
    out.boxes.push(((g, None), response));
}

fn note(out: &mut TreemapOutput, at: (usize, Option<usize>), response: &Response) {
    if response.clicked() {
        out.clicked = Some(at);
    }
    if response.double_clicked() {
        out.opened = Some(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_as_the_weights_and_fill_the_whole() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(600.0, 400.0));
        let weights = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let rects = squarify(&weights, area);
        let total: f64 = weights.iter().sum();
        for (weight, rect) in weights.iter().zip(&rects) {
            let share = f64::from(rect.area()) / f64::from(area.area());
            assert!((share - weight / total).abs() < 1e-3, "{rect:?}");
            assert!(area.expand(0.01).contains_rect(*rect));
            let ratio = (rect.width() / rect.height()).max(rect.height() / rect.width());
            assert!(ratio < 3.5, "{ratio}");
        }
    }

    #[test]
    fn odd_weights_do_no_harm() {
        let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(100.0, 100.0));
        let rects = squarify(&[0.0, -1.0, f64::NAN, f64::INFINITY, 5.0], area);
        assert_eq!(rects[4], area);
        assert!(rects[..4].iter().all(|rect| rect.area() == 0.0));
        assert!(squarify(&[], area).is_empty());
        assert!(squarify(&[1.0], Rect::NOTHING)[0].area() == 0.0);
    }
}
