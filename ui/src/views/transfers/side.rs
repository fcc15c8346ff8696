//! The side panel: speed of the last minutes, sums of the chosen job, finished ones.

use egui::{Rect, ScrollArea, Sense, Shape, Stroke, Ui, pos2, vec2};
use kitbench_protocol::{JobKind, JobState, JobView};

use super::Ask;
use super::model::{self, Speeds};
use crate::app::ViewCtx;
use crate::clock;
use crate::format;
use crate::theme::{Tokens, Type};
use crate::widgets::{
    ListRow, inset, key_value, legend_color, paint_bar, panel_head, paragraph, rule,
};

/// Finished jobs listed here; all are in the list.
const MAX_FINISHED: usize = 12;

pub fn side(
    ui: &mut Ui,
    chosen: Option<&JobView>,
    jobs: &[JobView],
    speeds: &Speeds,
    ctx: &ViewCtx<'_>,
) -> Option<Ask> {
    let t = Tokens::of(ui);
    let mut ask = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let (up, down) = speeds.last();
        panel_head(ui, "Speed", None, |ui| {
            let down_words = format!("In {}", format::speed(Some(down)));
            let up_words = format!("Out {}", format::speed(Some(up)));
            legend_color(
                ui,
                t.layer(crate::theme::LayerKind::Dataset),
                &down_words,
                false,
            );
            legend_color(ui, t.accent_line, &up_words, false);
        });
        inset(ui, 14.0, |ui| graph(ui, speeds, ctx.now));
        rule(ui);
        if let Some(job) = chosen {
            sums(ui, job);
            rule(ui);
        }
        let finished: Vec<&JobView> = jobs.iter().filter(|job| job.ended_ms.is_some()).collect();
        panel_head(ui, "Ended", Some(&finished.len().to_string()), |_| {});
        for job in finished.iter().take(MAX_FINISHED) {
            let (sign, word) = model::end_mark(&job.state);
            let when = job.ended_ms.map(clock::when).unwrap_or_default();
            let note = format!("{word}, {when}");
            let bytes = format::bytes(job.total_bytes + job.saved_bytes);
            let row = ListRow::new(&job.subject)
                .mark(sign, &note)
                .note_right(&bytes);
            if row
                .show(ui, egui::Id::unique(("finished", job.id.0)))
                .clicked()
            {
                ask = Some(Ask::Select(job.id));
            }
        }
        if finished.is_empty() {
            inset(ui, 14.0, |ui| {
                paragraph(ui, Type::Small, t.text_3, "Nothing has ended yet.");
            });
        }
    });
    ask
}

fn graph(ui: &mut Ui, speeds: &Speeds, now: f64) {
    let t = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 96.0), Sense::hover());
    let (last_up, last_down) = speeds.last();
    response.widget_info(|| {
        let spoken = format!(
            "Speed of five minutes, now {} out and {} in",
            format::speed(Some(last_up)),
            format::speed(Some(last_down))
        );
        egui::WidgetInfo::labeled(egui::Role::Image, true, spoken)
    });
    let plot = Rect::from_min_max(rect.min, pos2(rect.right(), rect.bottom() - 16.0));
    let (up, down) = speeds.curves(now);
    let top = up
        .iter()
        .chain(&down)
        .map(|point| point.1)
        .fold(1_000_000.0, f64::max);
    for step in 0..=2 {
        let y = plot.bottom() - plot.height() * step as f32 / 2.0;
        ui.painter()
            .hline(plot.x_range(), y, Stroke::new(1.0, t.line));
    }
    for (curve, color) in [
        (up, t.accent_line),
        (down, t.layer(crate::theme::LayerKind::Dataset)),
    ] {
        let points: Vec<_> = curve
            .iter()
            .map(|(x, speed)| {
                let y = (speed / top) as f32;
                pos2(
                    plot.left() + plot.width() * x.clamp(0.0, 1.0),
                    plot.bottom() - plot.height() * y,
                )
            })
            .collect();
        ui.painter()
            .add(Shape::line(points, Stroke::new(1.5, color)));
    }
    let painter = ui.painter();
    let caption = |x: f32, align, text: &str| {
        painter.text(
            pos2(x, rect.bottom()),
            align,
            text,
            Type::Caption.font(),
            t.text_3,
        );
    };
    caption(plot.left(), egui::Align2::LEFT_BOTTOM, "5 min ago");
    caption(plot.right(), egui::Align2::RIGHT_BOTTOM, "now");
    painter.text(
        plot.left_top(),
        egui::Align2::LEFT_TOP,
        format::speed(Some(top)),
        Type::Caption.font(),
        t.text_3,
    );
}

fn sums(ui: &mut Ui, job: &JobView) {
    let t = Tokens::of(ui);
    let title = match job.kind {
        JobKind::Pack => "This pack",
        JobKind::Push => "This push",
        JobKind::Pull => "This pull",
        JobKind::Unpack => "This unpack",
        JobKind::Verify => "This check",
    };
    panel_head(ui, title, None, |_| {});
    inset(ui, 14.0, |ui| {
        let whole = job.total_bytes + job.saved_bytes;
        key_value(ui, "In all", &format::bytes(whole));
        key_value(ui, "Need not move", &format::bytes(job.saved_bytes));
        key_value(ui, "To move", &format::bytes(job.total_bytes));
        key_value(ui, "Moved", &format::bytes(job.done_bytes));
        if let Some(seconds) = model::took(job) {
            key_value(ui, "Took", &format::duration(seconds));
        }
        if let Some(digest) = &job.digest {
            key_value(ui, "Digest", &format::digest(digest));
        }
        ui.add_space(6.0);
        let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), 6.0), Sense::hover());
        let parts = [
            (model::share(job.saved_bytes, whole), t.bar_reuse),
            (model::share(job.done_bytes, whole), t.accent_line),
        ];
        paint_bar(ui, bar, &parts);
        for warning in &job.warnings {
            ui.add_space(6.0);
            paragraph(ui, Type::Small, t.warn, warning);
        }
        if let JobState::Failed(error) = &job.state {
            ui.add_space(6.0);
            paragraph(ui, Type::BodyStrong, t.err, &error.message);
            paragraph(ui, Type::Small, t.text_2, &error.hint);
        }
    });
}
