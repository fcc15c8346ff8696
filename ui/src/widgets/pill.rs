//! Pills, state marks, counts, swatches.

use egui::{Align2, Color32, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::paint::{Tone, boxed, place};
use crate::theme::{self, LayerKind, Marker, Tokens, Type, icons, sizes};

/// A sign with a fixed meaning: icon, tone and word go together, the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `=` same or reused.
    Same,
    /// Reused bytes, quietly.
    Reused,
    /// Pencil: changed.
    Changed,
    /// Up arrow: ahead or not pushed.
    Ahead,
    /// Down arrow: behind.
    Behind,
    /// Down arrow: to download.
    Download,
    /// Up tray: uploading.
    Upload,
    /// Fork: diverged.
    Diverged,
    /// Dashed circle: in no layer.
    NoLayer,
    /// Filled cross: blocks.
    Blocks,
    /// A cross in a circle, for a state in a row: failed.
    Failed,
    /// Filled triangle: needs a decision.
    Decide,
    /// Triangle outline, for a state in a row.
    Attention,
    /// Seal: verified.
    Verified,
    /// A tick: done, valid.
    Done,
    /// A clock: waiting.
    Waiting,
    /// A fingerprint: hashing.
    Hashing,
    /// A barred cloud: not reachable.
    Offline,
    /// A sparkle: never packed, new.
    New,
    /// A link: mounted from another repository.
    Mounted,
    /// Two bars: paused.
    Paused,
    /// A barred circle: cancelled.
    Cancelled,
    /// Only on this computer.
    Local,
    /// Not pulled.
    NotPulled,
    /// Something to know.
    Note,
}

impl Mark {
    /// The icon and whether it is of the filled cut.
    #[must_use]
    pub fn icon(self) -> (&'static str, bool) {
        match self {
            Self::Same | Self::Reused => (icons::EQUALS, false),
            Self::Changed => (icons::PENCIL_SIMPLE, false),
            Self::Ahead => (icons::ARROW_UP, false),
            Self::Behind | Self::Download => (icons::ARROW_DOWN, false),
            Self::Upload => (icons::UPLOAD_SIMPLE, false),
            Self::Diverged => (icons::GIT_FORK, false),
            Self::NoLayer => (icons::CIRCLE_DASHED, false),
            Self::Blocks => (icons::X_CIRCLE, true),
            Self::Failed => (icons::X_CIRCLE, false),
            Self::Decide => (icons::WARNING, true),
            Self::Attention => (icons::WARNING, false),
            Self::Verified => (icons::SEAL_CHECK, false),
            Self::Done => (icons::CHECK, false),
            Self::Waiting => (icons::CLOCK, false),
            Self::Hashing => (icons::FINGERPRINT, false),
            Self::Offline => (icons::CLOUD_SLASH, false),
            Self::New => (icons::SPARKLE, false),
            Self::Mounted => (icons::LINK, false),
            Self::Paused => (icons::PAUSE, false),
            Self::Cancelled => (icons::PROHIBIT, false),
            Self::Local => (icons::HARD_DRIVE, false),
            Self::NotPulled => (icons::DOWNLOAD_SIMPLE, false),
            Self::Note => (icons::INFO, false),
        }
    }

    /// Its tone.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Same | Self::Verified | Self::Done => Tone::Ok,
            Self::Changed | Self::Ahead | Self::Hashing | Self::Upload | Self::Note => Tone::Info,
            Self::Download => Tone::Accent,
            Self::Behind | Self::Decide | Self::Attention | Self::NoLayer => Tone::Warn,
            Self::Diverged | Self::Blocks | Self::Failed => Tone::Err,
            Self::Mounted | Self::NotPulled | Self::Local => Tone::Neutral,
            Self::Reused
            | Self::Waiting
            | Self::Offline
            | Self::New
            | Self::Paused
            | Self::Cancelled => Tone::Quiet,
        }
    }
}

/// Paint a mark's icon with its centre at `center`.
pub fn paint_mark(ui: &Ui, center: egui::Pos2, mark: Mark, size: f32) {
    let color = mark.tone().color(Tokens::of(ui));
    match mark.icon() {
        (icon, true) => theme::icon_fill(ui.painter(), center, icon, size, color),
        (icon, false) => theme::icon(ui.painter(), center, icon, size, color),
    }
}

/// A mark with its words: "pencil 15 changed".
pub fn mark(ui: &mut Ui, mark: Mark, words: &str) -> Response {
    let t = Tokens::of(ui);
    let galley = Type::Small.galley(ui, words, mark.tone().color(t), ui.available_width() - 18.0);
    let (rect, response) = ui.allocate_exact_size(
        vec2(18.0 + galley.size().x, galley.size().y),
        Sense::hover(),
    );
    paint_mark(
        ui,
        pos2(rect.left() + 7.0, rect.center().y),
        mark,
        sizes::ICON_S,
    );
    place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 18.0),
        Align2::LEFT_CENTER,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response
}

/// A small fact: icon and words in `text_2`, for the line under a title.
pub fn fact(ui: &mut Ui, icon: &str, words: &str) -> Response {
    let t = Tokens::of(ui);
    fact_in(ui, icon, t.text_3, words)
}

/// A [`fact`] whose icon has a colour with a meaning.
pub fn fact_in(ui: &mut Ui, icon: &str, color: egui::Color32, words: &str) -> Response {
    let t = Tokens::of(ui);
    let pieces = theme::Pieces::marked(Type::Small, t.text_2, words);
    let galley = theme::ellipsis(ui, pieces.job(), ui.available_width() - 19.0);
    let (rect, response) =
        ui.allocate_exact_size(vec2(19.0 + galley.size().x, 18.0), Sense::hover());
    theme::icon(
        ui.painter(),
        pos2(rect.left() + 7.0, rect.center().y),
        icon,
        sizes::ICON_S,
        color,
    );
    place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 19.0),
        Align2::LEFT_CENTER,
    );
    let plain = pieces.plain();
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &plain));
    response
}

/// A pill: a word on a tinted ground, with an icon if the tone has a meaning.
pub fn pill(ui: &mut Ui, tone: Tone, icon: Option<&str>, words: &str) -> Response {
    let t = Tokens::of(ui);
    let color = if tone == Tone::Neutral {
        t.text_2
    } else {
        tone.color(t)
    };
    let galley = Type::CaptionStrong.galley(ui, words, color, ui.available_width() - 12.0);
    let icon_width = if icon.is_some() { 17.0 } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(
        vec2(galley.size().x + 12.0 + icon_width, 18.0),
        Sense::hover(),
    );
    ui.painter()
        .rect_filled(rect, sizes::RADIUS_XS, tone.back(t));
    if let Some(icon) = icon {
        theme::icon(
            ui.painter(),
            pos2(rect.left() + 13.0, rect.center().y),
            icon,
            13.0,
            color,
        );
    }
    place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 6.0 + icon_width),
        Align2::LEFT_CENTER,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response
}

/// A pill with an outline, in the mono face: the source of a run, a tag name.
pub fn badge(ui: &mut Ui, words: &str) -> Response {
    let t = Tokens::of(ui);
    let galley = Type::MonoSmall.galley(ui, words, t.text_2, ui.available_width() - 12.0);
    let (rect, response) =
        ui.allocate_exact_size(vec2(galley.size().x + 12.0, 18.0), Sense::hover());
    boxed(
        ui.painter(),
        rect,
        sizes::RADIUS_XS,
        Color32::TRANSPARENT,
        t.line_strong,
    );
    place(ui.painter(), galley, rect, Align2::CENTER_CENTER);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    response
}

/// Paint a round count badge with its centre at `center`.
pub fn paint_count_badge(ui: &Ui, center: egui::Pos2, count: u64) {
    let t = Tokens::of(ui);
    let text = if count > 99 {
        "99+".to_owned()
    } else {
        count.to_string()
    };
    let galley = Type::CaptionStrong.galley(ui, &text, t.on_accent, f32::INFINITY);
    let size = vec2((galley.size().x + 9.0).max(16.0), 16.0);
    let rect = Rect::from_center_size(center, size);
    ui.painter().rect_filled(rect, 8.0, t.accent);
    place(ui.painter(), galley, rect, Align2::CENTER_CENTER);
}

/// A swatch and the word for a layer kind, as in a legend.
pub fn legend(ui: &mut Ui, kind: LayerKind) -> Response {
    legend_color(
        ui,
        Tokens::of(ui).layer(kind),
        kind.word(),
        kind == LayerKind::None,
    )
}

/// A swatch and a word; `dashed` draws an outline instead of a fill.
pub fn legend_color(ui: &mut Ui, color: Color32, word: &str, dashed: bool) -> Response {
    let t = Tokens::of(ui);
    let galley = Type::Small.galley(ui, word, t.text_2, f32::INFINITY);
    let (rect, response) =
        ui.allocate_exact_size(vec2(16.0 + galley.size().x, 16.0), Sense::hover());
    let swatch = Rect::from_min_size(pos2(rect.left(), rect.center().y - 5.0), vec2(10.0, 10.0));
    if dashed {
        let c = [
            swatch.left_top(),
            swatch.right_top(),
            swatch.right_bottom(),
            swatch.left_bottom(),
            swatch.left_top(),
        ];
        ui.painter().extend(egui::Shape::dashed_line(
            &c,
            Stroke::new(1.0, t.text_3),
            2.0,
            2.0,
        ));
    } else {
        ui.painter().rect_filled(swatch, 2.0, color);
    }
    place(
        ui.painter(),
        galley,
        rect.with_min_x(rect.left() + 16.0),
        Align2::LEFT_CENTER,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    response
}

/// Paint a run's marker, 8 wide, in its colour; hollow when the run is not ticked.
pub fn paint_marker(ui: &Ui, center: egui::Pos2, marker: Marker, color: Color32, filled: bool) {
    let r = 4.0;
    let (fill, stroke) = if filled {
        (color, Stroke::NONE)
    } else {
        (Color32::TRANSPARENT, Stroke::new(1.0, color))
    };
    match marker {
        Marker::Circle => {
            ui.painter().circle(center, r, fill, stroke);
        }
        Marker::Square => {
            let rect = Rect::from_center_size(center, vec2(7.0, 7.0));
            ui.painter()
                .rect(rect, 0.0, fill, stroke, egui::StrokeKind::Inside);
        }
        Marker::Triangle => {
            let points = vec![
                center + vec2(0.0, -r),
                center + vec2(r, r - 0.5),
                center + vec2(-r, r - 0.5),
            ];
            ui.painter()
                .add(egui::Shape::convex_polygon(points, fill, stroke));
        }
        Marker::Diamond => {
            let r = 4.5;
            let points = vec![
                center + vec2(0.0, -r),
                center + vec2(r, 0.0),
                center + vec2(0.0, r),
                center + vec2(-r, 0.0),
            ];
            ui.painter()
                .add(egui::Shape::convex_polygon(points, fill, stroke));
        }
    }
}
