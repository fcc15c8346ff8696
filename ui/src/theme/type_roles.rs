//! The type scale: roles instead of sizes.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Color32, FontFamily, FontId, Galley, RichText, Ui};

use super::fonts;

/// A role in the type scale. A role fixes family, weight, size and line height;
/// the colour is chosen where it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// First run only. Inter 600, 26/34.
    Display,
    /// Name of the open thing. Inter 600, 20/26.
    Title,
    /// The weak part of a title, such as a registry before a name. Inter 400, 20/26.
    TitleWeak,
    /// Dialogs. Inter 600, 16/22.
    DialogTitle,
    /// Figures in the summary strip, card titles on first run. Inter 600, 15/22.
    Lead,
    /// Panel heads. Inter 600, 14/20.
    Heading,
    /// The default. Inter 400, 13/18.
    Body,
    /// Names, buttons. Inter 500, 13/18.
    BodyStrong,
    /// Card heads. Inter 600, 13/18.
    BodyBold,
    /// Field labels, hints, table heads. Inter 400, 12/16.
    Small,
    /// The same, 500.
    SmallStrong,
    /// Rail labels, pills, axis labels, status bar. Inter 400, 11/14.
    Caption,
    /// The same, 500.
    CaptionStrong,
    /// References, digests, paths, figures, text editor. JetBrains Mono 400, 12/18.
    Mono,
    /// The same, 600.
    MonoStrong,
    /// Sizes in trees, line numbers. JetBrains Mono 400, 11/14.
    MonoSmall,
    /// Figures of the summary strip in the mono face. JetBrains Mono 600, 14/22.
    MonoLead,
}

impl Type {
    /// Every role, for the gallery and the tests.
    pub const ALL: [Self; 17] = [
        Self::Display,
        Self::Title,
        Self::TitleWeak,
        Self::DialogTitle,
        Self::Lead,
        Self::Heading,
        Self::Body,
        Self::BodyStrong,
        Self::BodyBold,
        Self::Small,
        Self::SmallStrong,
        Self::Caption,
        Self::CaptionStrong,
        Self::Mono,
        Self::MonoStrong,
        Self::MonoSmall,
        Self::MonoLead,
    ];

    /// Size of the letters and height of a line.
    #[must_use]
    pub fn size_line(self) -> (f32, f32) {
        match self {
            Self::Display => (26.0, 34.0),
            Self::Title | Self::TitleWeak => (20.0, 26.0),
            Self::DialogTitle => (16.0, 22.0),
            Self::Lead => (15.0, 22.0),
            Self::MonoLead => (14.0, 22.0),
            Self::Heading => (14.0, 20.0),
            Self::Body | Self::BodyStrong | Self::BodyBold => (13.0, 18.0),
            Self::Small | Self::SmallStrong => (12.0, 16.0),
            Self::Caption | Self::CaptionStrong | Self::MonoSmall => (11.0, 14.0),
            Self::Mono | Self::MonoStrong => (12.0, 18.0),
        }
    }

    /// The registered family that has this role's weight.
    #[must_use]
    pub fn family(self) -> FontFamily {
        match self {
            Self::Body | Self::Small | Self::Caption | Self::TitleWeak => FontFamily::Proportional,
            Self::BodyStrong | Self::SmallStrong | Self::CaptionStrong => fonts::inter_500(),
            Self::Display
            | Self::Title
            | Self::DialogTitle
            | Self::Lead
            | Self::Heading
            | Self::BodyBold => fonts::inter_600(),
            Self::Mono | Self::MonoSmall => FontFamily::Monospace,
            Self::MonoStrong | Self::MonoLead => fonts::mono_600(),
        }
    }

    /// Family and size.
    #[must_use]
    pub fn font(self) -> FontId {
        FontId::new(self.size_line().0, self.family())
    }

    /// A text format of this role, to be appended to a [`LayoutJob`].
    #[must_use]
    pub fn format(self, color: Color32) -> TextFormat {
        TextFormat {
            font_id: self.font(),
            color,
            line_height: Some(self.size_line().1),
            extra_letter_spacing: if matches!(self, Self::Title | Self::TitleWeak | Self::Display) {
                -0.2
            } else {
                0.0
            },
            valign: egui::Align::Center,
            ..TextFormat::default()
        }
    }

    /// A rich text of this role, for egui's own labels.
    #[must_use]
    pub fn rich(self, text: impl Into<String>, color: Color32) -> RichText {
        RichText::new(text)
            .font(self.font())
            .color(color)
            .line_height(Some(self.size_line().1))
    }

    /// A layout job with one piece of text, without wrapping.
    #[must_use]
    pub fn job(self, text: &str, color: Color32) -> LayoutJob {
        let mut job = LayoutJob::default();
        job.append(text, 0.0, self.format(color));
        job
    }

    /// Lay out one line; what is longer than `max_width` is cut with an ellipsis.
    #[must_use]
    pub fn galley(self, ui: &Ui, text: &str, color: Color32, max_width: f32) -> Arc<Galley> {
        ellipsis(ui, self.job(text, color), max_width)
    }

    /// Lay out as many lines as are needed within `width`.
    #[must_use]
    pub fn wrapped(self, ui: &Ui, text: &str, color: Color32, width: f32) -> Arc<Galley> {
        let mut job = self.job(text, color);
        job.wrap = TextWrapping {
            max_width: width.max(1.0),
            ..TextWrapping::default()
        };
        ui.painter().layout_job(job)
    }
}

/// Lay a job out on one line and cut it with an ellipsis at `max_width`.
#[must_use]
pub fn ellipsis(ui: &Ui, mut job: LayoutJob, max_width: f32) -> Arc<Galley> {
    job.wrap = TextWrapping {
        max_width: max_width.max(1.0),
        max_rows: 1,
        break_anywhere: true,
        overflow_character: Some('…'),
    };
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Text made of pieces in different roles, such as a sentence with a path in the mono face.
///
/// In [`Pieces::marked`] a span between backticks is set in the mono face.
#[derive(Debug, Clone, Default)]
pub struct Pieces(pub Vec<(Type, Color32, String)>);

impl Pieces {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Append a piece.
    #[must_use]
    pub fn then(mut self, role: Type, color: Color32, text: impl Into<String>) -> Self {
        self.0.push((role, color, text.into()));
        self
    }

    /// A sentence in `role`, where spans between backticks are set in the mono face.
    #[must_use]
    pub fn marked(role: Type, color: Color32, text: &str) -> Self {
        let mono = if matches!(
            role,
            Type::Caption | Type::CaptionStrong | Type::Small | Type::SmallStrong
        ) {
            Type::MonoSmall
        } else {
            Type::Mono
        };
        let mut pieces = Self::new();
        for (i, part) in text.split('`').enumerate() {
            if !part.is_empty() {
                pieces = pieces.then(if i % 2 == 1 { mono } else { role }, color, part);
            }
        }
        pieces
    }

    /// The letters alone, as a screen reader says them.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|(_, _, text)| text.as_str()).collect()
    }

    /// As a layout job.
    #[must_use]
    pub fn job(&self) -> LayoutJob {
        let mut job = LayoutJob::default();
        // One line height for the whole line, so that a mono span does not push its row apart.
        let line = self
            .0
            .iter()
            .map(|(role, _, _)| role.size_line().1)
            .fold(0.0, f32::max);
        for (role, color, text) in &self.0 {
            let mut format = role.format(*color);
            format.line_height = Some(line);
            job.append(text, 0.0, format);
        }
        job
    }
}
