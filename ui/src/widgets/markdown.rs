//! Markdown drawn by us: headings, paragraphs, lists, tables, code. Links show their address and
//! open nothing.

use std::sync::Arc;

use egui::{Align2, Galley, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use kitbench_protocol::MarkdownBlock;

use super::{code, label, named, paragraph, place, rule};
use crate::theme::{self, Tokens, Type, sizes};

/// Space within a cell, left and right, above and below.
const CELL: egui::Vec2 = vec2(10.0, 6.0);
/// No column of a table is made narrower than this.
const NARROWEST: f32 = 56.0;
/// Rows of a table that are drawn; the number of the others is told.
const ROWS: usize = 400;

/// Draw a document.
pub fn markdown(ui: &mut Ui, blocks: &[MarkdownBlock]) {
    let t = Tokens::of(ui);
    for block in blocks {
        match block {
            MarkdownBlock::Heading { level, text } => {
                ui.add_space(if *level <= 2 { 12.0 } else { 8.0 });
                let role = match level {
                    1 => Type::Title,
                    2 => Type::DialogTitle,
                    3 => Type::Heading,
                    _ => Type::BodyBold,
                };
                named(ui, Role::Heading, role, t.text, &text.replace('`', ""));
                ui.add_space(6.0);
            }
            MarkdownBlock::Paragraph(text) => {
                paragraph(ui, Type::Body, t.text_2, text);
                ui.add_space(8.0);
            }
            MarkdownBlock::Quote(text) => {
                quote(ui, text);
                ui.add_space(8.0);
            }
            MarkdownBlock::Item { depth, mark, text } => {
                ui.horizontal_top(|ui| {
                    ui.add_space(8.0 + f32::from((*depth).min(6)) * 14.0);
                    if mark.is_empty() {
                        ui.add_space(14.0);
                    } else {
                        label(ui, Type::Body, t.text_3, mark);
                    }
                    paragraph(ui, Type::Body, t.text_2, text);
                });
                ui.add_space(3.0);
            }
            MarkdownBlock::Code { text, .. } => {
                code::code_block(ui, text, &[]);
                ui.add_space(8.0);
            }
            MarkdownBlock::Table { head, rows } => {
                table(ui, head, rows);
                ui.add_space(10.0);
            }
            MarkdownBlock::Rule => {
                ui.add_space(6.0);
                rule(ui);
                ui.add_space(6.0);
            }
        }
    }
}

fn quote(ui: &mut Ui, text: &str) {
    let t = Tokens::of(ui);
    let before = ui.cursor().min;
    ui.horizontal_top(|ui| {
        ui.add_space(14.0);
        paragraph(ui, Type::Body, t.text_3, text);
    });
    let bar = egui::Rect::from_min_max(before, pos2(before.x + 3.0, ui.min_rect().bottom()));
    ui.painter().rect_filled(bar, 1.5, t.line);
}

fn table(ui: &mut Ui, head: &[String], rows: &[Vec<String>]) {
    let t = Tokens::of(ui);
    let shown = rows.get(..rows.len().min(ROWS)).unwrap_or_default();
    let wanted = natural_widths(ui, head, shown);
    let room = ui.available_width() - 2.0 * CELL.x * wanted.len() as f32;
    let widths = fit(&wanted, room);
    let top = ui.cursor().min;
    line(ui, head, &widths, true);
    for row in shown {
        line(ui, row, &widths, false);
    }
    let right = top.x + widths.iter().map(|width| width + 2.0 * CELL.x).sum::<f32>();
    let frame = egui::Rect::from_min_max(top, pos2(right, ui.cursor().min.y));
    let stroke = Stroke::new(sizes::STROKE, t.line);
    ui.painter()
        .rect_stroke(frame, 4.0, stroke, egui::StrokeKind::Inside);
    if rows.len() > shown.len() {
        ui.add_space(4.0);
        let more = format!("{} more rows", rows.len() - shown.len());
        label(ui, Type::Small, t.text_3, &more);
    }
}

fn layout(ui: &Ui, text: &str, is_head: bool, width: f32) -> Arc<Galley> {
    let t = Tokens::of(ui);
    let (role, color) = if is_head {
        (Type::SmallStrong, t.text)
    } else {
        (Type::Small, t.text_2)
    };
    let mut job = theme::Pieces::marked(role, color, text).job();
    job.wrap.max_width = width;
    ui.painter().layout_job(job)
}

fn natural_widths(ui: &Ui, head: &[String], rows: &[Vec<String>]) -> Vec<f32> {
    let mut widths = vec![0.0_f32; head.len()];
    for (row, is_head) in
        std::iter::once((head, true)).chain(rows.iter().map(|row| (row.as_slice(), false)))
    {
        for (width, cell) in widths.iter_mut().zip(row) {
            let cell = layout(ui, cell, is_head, f32::INFINITY);
            *width = width.max(cell.size().x.ceil());
        }
    }
    widths
}

/// Widths that fit into `room`: what the widest columns have too much is taken from them alone, so
/// that a column of numbers stays whole beside one of sentences.
fn fit(wanted: &[f32], room: f32) -> Vec<f32> {
    let over = |limit: f32| wanted.iter().map(|width| width.min(limit)).sum::<f32>() > room;
    let widest = wanted.iter().copied().fold(0.0, f32::max);
    if !over(widest) {
        return wanted.to_vec();
    }
    let (mut low, mut high) = (NARROWEST, widest.max(NARROWEST));
    for _ in 0..24 {
        let middle = f32::midpoint(low, high);
        if over(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    wanted.iter().map(|width| width.min(low).floor()).collect()
}

fn line(ui: &mut Ui, cells: &[String], widths: &[f32], is_head: bool) {
    let t = Tokens::of(ui);
    let galleys: Vec<Arc<Galley>> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| layout(ui, cell, is_head, *width))
        .collect();
    let height = galleys
        .iter()
        .map(|galley| galley.size().y)
        .fold(14.0, f32::max)
        + 2.0 * CELL.y;
    let width = widths.iter().map(|width| width + 2.0 * CELL.x).sum();
    let spacing = std::mem::take(&mut ui.spacing_mut().item_spacing.y);
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    ui.spacing_mut().item_spacing.y = spacing;
    let spoken = cells.join(", ").replace('`', "");
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &spoken));
    if is_head {
        ui.painter().rect_filled(rect, 4.0, t.bg_raised);
    } else {
        ui.painter().hline(
            rect.x_range(),
            rect.top(),
            Stroke::new(sizes::STROKE, t.line),
        );
    }
    let mut left = rect.left();
    for (galley, width) in galleys.into_iter().zip(widths) {
        let cell =
            egui::Rect::from_min_size(pos2(left, rect.top()), vec2(width + 2.0 * CELL.x, height));
        place(ui.painter(), galley, cell.shrink2(CELL), Align2::LEFT_TOP);
        left = cell.right();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_columns_give_way_alone() {
        assert_eq!(fit(&[40.0, 60.0], 200.0), [40.0, 60.0]);
        let fitted = fit(&[40.0, 900.0, 400.0], 500.0);
        assert_eq!(fitted[0], 40.0);
        assert!((fitted[1] - 230.0).abs() < 2.0 && (fitted[2] - 230.0).abs() < 2.0);
        // Where nothing helps, a column stays readable and the table is cut by its panel.
        assert_eq!(fit(&[300.0, 300.0], 20.0), [NARROWEST, NARROWEST]);
    }
}
