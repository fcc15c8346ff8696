//! The design tokens: one table, two themes.
//!
//! Views take colours from here and nowhere else. A token says what a colour is
//! *for*, never what it looks like. Every colour is a flat fill; the few
//! translucent paints have methods of their own.

use egui::Color32;

/// All colours of one theme. `Tokens::of(ui)` gives the one in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokens {
    /// Whether this is the dark theme.
    pub dark: bool,
    /// Rail, top bar, status bar; the frame around the work.
    pub bg_app: Color32,
    /// Work area, cards, dialogs.
    pub bg_panel: Color32,
    /// Table heads, card heads, group rows, neutral buttons, dialog foot.
    pub bg_raised: Color32,
    /// Row and button under the pointer.
    pub bg_hover: Color32,
    /// Pressed, current rail item, neutral pill, scroll thumb.
    pub bg_active: Color32,
    /// Text fields, code and text areas.
    pub bg_input: Color32,
    /// Hairlines between rows and panels, card outline (decorative).
    pub line: Color32,
    /// Neutral buttons, axes, dialog outline, splitter.
    pub line_strong: Color32,
    /// Fields, checkboxes, radios, switches.
    pub line_input: Color32,
    /// Primary text.
    pub text: Color32,
    /// Labels, secondary cells.
    pub text_2: Color32,
    /// Hints in empty fields, counts; never for something one must read to act.
    pub text_3: Color32,
    /// Fill of the one primary button per screen, checked boxes, count badge.
    pub accent: Color32,
    /// The same under the pointer.
    pub accent_hover: Color32,
    /// Text and icons on both.
    pub on_accent: Color32,
    /// Links, active segment, keys in YAML and JSON.
    pub accent_text: Color32,
    /// Selected row, active segment, next-action banner.
    pub accent_bg: Color32,
    /// Focus ring, active tab, progress, slider.
    pub accent_line: Color32,
    /// Verified, same, valid, best value.
    pub ok: Color32,
    /// Its pill or cell.
    pub ok_bg: Color32,
    /// Needs a decision, behind, expired.
    pub warn: Color32,
    /// Its pill or strip.
    pub warn_bg: Color32,
    /// Blocks the action, failed, diverged.
    pub err: Color32,
    /// Its pill or strip.
    pub err_bg: Color32,
    /// Changed, ahead, hashing.
    pub info: Color32,
    /// Its pill or strip.
    pub info_bg: Color32,
    /// Added line in a text, with a `+` and an `ok` edge.
    pub add_bg: Color32,
    /// Changed line, with a `~` and an `info` edge.
    pub chg_bg: Color32,
    /// Empty part of any bar.
    pub bar_track: Color32,
    /// Bytes that need not move.
    pub bar_reuse: Color32,
    /// Icon, swatch or stroke of each layer kind, in the order of [`LayerKind::ALL`].
    pub layer_line: [Color32; 8],
    /// Treemap area of each layer kind.
    pub layer_fill: [Color32; 8],
    /// Ten run colours.
    pub runs: [Color32; 10],
    /// What dims the page behind a dialog.
    scrim: Color32,
}

/// What a layer holds; decides its colour and icon everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LayerKind {
    /// The model itself.
    Model,
    /// A part of a model.
    Part,
    /// A dataset.
    Dataset,
    /// Code.
    Code,
    /// Documentation.
    Docs,
    /// Prompts.
    Prompts,
    /// MCP servers.
    McpServers,
    /// Kitfile, config, manifest.
    Config,
    /// Files that no layer covers: drawn dashed in `text_3`.
    None,
}

impl LayerKind {
    /// The kinds that have a colour, in the order of the token table.
    pub const ALL: [Self; 8] = [
        Self::Model,
        Self::Part,
        Self::Dataset,
        Self::Code,
        Self::Docs,
        Self::Prompts,
        Self::McpServers,
        Self::Config,
    ];

    /// The word for it, as in a legend.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Part => "Part",
            Self::Dataset => "Dataset",
            Self::Code => "Code",
            Self::Docs => "Docs",
            Self::Prompts => "Prompts",
            Self::McpServers => "MCP servers",
            Self::Config => "Kitfile",
            Self::None => "In no layer",
        }
    }

    /// Its icon.
    #[must_use]
    pub fn icon(self) -> &'static str {
        use super::icons;
        match self {
            Self::Model => icons::CUBE,
            Self::Part => icons::PUZZLE_PIECE,
            Self::Dataset => icons::DATABASE,
            Self::Code => icons::CODE,
            Self::Docs => icons::BOOK_OPEN,
            Self::Prompts => icons::CHAT_TEXT,
            Self::McpServers => icons::PLUGS,
            Self::Config => icons::FILE_TEXT,
            Self::None => icons::CIRCLE_DASHED,
        }
    }

    fn slot(self) -> Option<usize> {
        Self::ALL.iter().position(|kind| *kind == self)
    }
}

impl From<kitbench_protocol::LayerKind> for LayerKind {
    fn from(kind: kitbench_protocol::LayerKind) -> Self {
        use kitbench_protocol::LayerKind as P;
        match kind {
            P::Model => Self::Model,
            P::ModelPart => Self::Part,
            P::Dataset => Self::Dataset,
            P::Code => Self::Code,
            P::Docs => Self::Docs,
            P::Prompt => Self::Prompts,
            P::McpServer => Self::McpServers,
        }
    }
}

const fn hex(rgb: u32) -> Color32 {
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const fn hexes<const N: usize>(rgb: [u32; N]) -> [Color32; N] {
    let mut out = [Color32::BLACK; N];
    let mut i = 0;
    while i < N {
        out[i] = hex(rgb[i]);
        i += 1;
    }
    out
}

/// The dark theme.
pub static DARK: Tokens = Tokens {
    dark: true,
    bg_app: hex(0x0F1115),
    bg_panel: hex(0x16181D),
    bg_raised: hex(0x1C1F26),
    bg_hover: hex(0x232730),
    bg_active: hex(0x2C313B),
    bg_input: hex(0x101217),
    line: hex(0x272B34),
    line_strong: hex(0x3A404C),
    line_input: hex(0x687183),
    text: hex(0xE7E9EE),
    text_2: hex(0xAEB4C0),
    text_3: hex(0x8B93A2),
    accent: hex(0x3F68D8),
    accent_hover: hex(0x456EDC),
    on_accent: hex(0xFFFFFF),
    accent_text: hex(0x93B2FF),
    accent_bg: hex(0x1C2640),
    accent_line: hex(0x5F87F0),
    ok: hex(0x56C288),
    ok_bg: hex(0x142A20),
    warn: hex(0xE5B04B),
    warn_bg: hex(0x2E2512),
    err: hex(0xF58078),
    err_bg: hex(0x341A1B),
    info: hex(0x8FB8E8),
    info_bg: hex(0x182636),
    add_bg: hex(0x15291F),
    chg_bg: hex(0x1E2740),
    bar_track: hex(0x2A2F39),
    bar_reuse: hex(0x6B7585),
    layer_line: hexes([
        0xA78BFA, 0xD495E6, 0x3BBBAA, 0x5CB0E8, 0xCBB07A, 0xEC8AA0, 0xA9C15F, 0x9BA4B4,
    ]),
    layer_fill: hexes([
        0x352C63, 0x492B57, 0x14463F, 0x173F5C, 0x473B22, 0x552838, 0x3A451B, 0x343A45,
    ]),
    runs: hexes([
        0x67CCFE, 0xF2B430, 0x3FAE85, 0xDB8FC0, 0xF0EB96, 0xE0632A, 0x5C8FF2, 0xDFE5EE, 0x8768C8,
        0x97664E,
    ]),
    // #06080B at 68 %
    scrim: Color32::from_rgba_unmultiplied_const(0x06, 0x08, 0x0B, 173),
};

/// The light theme.
pub static LIGHT: Tokens = Tokens {
    dark: false,
    bg_app: hex(0xEEF0F3),
    bg_panel: hex(0xFFFFFF),
    bg_raised: hex(0xF7F8FA),
    bg_hover: hex(0xEEF0F4),
    bg_active: hex(0xE3E6EC),
    bg_input: hex(0xFFFFFF),
    line: hex(0xE0E3E9),
    line_strong: hex(0xC3C9D3),
    line_input: hex(0x7F8898),
    text: hex(0x14171D),
    text_2: hex(0x464D5B),
    text_3: hex(0x626B7B),
    accent: hex(0x2F57CC),
    accent_hover: hex(0x264AB3),
    on_accent: hex(0xFFFFFF),
    accent_text: hex(0x2450C4),
    accent_bg: hex(0xE6EDFD),
    accent_line: hex(0x5B81E8),
    ok: hex(0x15733F),
    ok_bg: hex(0xE2F4E9),
    warn: hex(0x8A5600),
    warn_bg: hex(0xFDF1D8),
    err: hex(0xB3261E),
    err_bg: hex(0xFDE9E7),
    info: hex(0x2A5F9E),
    info_bg: hex(0xE6F0FA),
    add_bg: hex(0xE4F5EA),
    chg_bg: hex(0xE8EEFC),
    bar_track: hex(0xE1E5EB),
    bar_reuse: hex(0xA3ACBA),
    layer_line: hexes([
        0x6A45D1, 0x9A3FB8, 0x0B7A6D, 0x1C6CB0, 0x7F6226, 0xB53358, 0x566F14, 0x5A6372,
    ]),
    layer_fill: hexes([
        0xDED6FA, 0xF0DAF7, 0xC8ECE5, 0xCFE5F7, 0xEFE4CC, 0xFADAE3, 0xE2ECC6, 0xE2E6EC,
    ]),
    runs: hexes([
        0x2591CE, 0xBC8518, 0x2F8A69, 0xBE5F9D, 0x767200, 0x863A26, 0x233F86, 0x5C606A, 0x6357DB,
        0x44270B,
    ]),
    // #14171D at 45 %
    scrim: Color32::from_rgba_unmultiplied_const(0x14, 0x17, 0x1D, 115),
};

impl Tokens {
    /// The tokens in force where `ui` draws.
    #[must_use]
    pub fn of(ui: &egui::Ui) -> &'static Self {
        Self::for_dark(ui.visuals().dark_mode)
    }

    /// The tokens of the theme of a context.
    #[must_use]
    pub fn of_ctx(ctx: &egui::Context) -> &'static Self {
        Self::for_dark(ctx.theme() == egui::Theme::Dark)
    }

    /// Dark or light.
    #[must_use]
    pub fn for_dark(dark: bool) -> &'static Self {
        if dark { &DARK } else { &LIGHT }
    }

    /// Icon, swatch and stroke colour of a layer kind.
    #[must_use]
    pub fn layer(&self, kind: LayerKind) -> Color32 {
        kind.slot()
            .map_or(self.text_3, |slot| self.layer_line[slot])
    }

    /// Treemap fill of a layer kind.
    #[must_use]
    pub fn fill(&self, kind: LayerKind) -> Color32 {
        kind.slot()
            .map_or(self.bg_panel, |slot| self.layer_fill[slot])
    }

    /// The colour of a run's slot, counted from 0; it repeats after ten (see [`RunStroke`]).
    #[must_use]
    pub fn run(&self, slot: usize) -> Color32 {
        self.runs[slot % self.runs.len()]
    }

    /// What dims the page behind a dialog.
    #[must_use]
    pub fn scrim(&self) -> Color32 {
        self.scrim
    }

    /// The veil over a file box of the treemap.
    #[must_use]
    pub fn treemap_veil(&self) -> Color32 {
        self.bg_panel.gamma_multiply(0.28)
    }

    /// The plate under a label on a chart.
    #[must_use]
    pub fn label_plate(&self) -> Color32 {
        self.bg_panel.gamma_multiply(0.85)
    }

    /// Inside of a range brush; its outline is `accent_line`.
    #[must_use]
    pub fn brush(&self) -> Color32 {
        self.accent_line.gamma_multiply(0.30)
    }

    /// Raw values under a smoothed curve of this colour.
    #[must_use]
    pub fn raw_curve(&self, run: Color32) -> Color32 {
        run.gamma_multiply(0.30)
    }

    /// From the smallest value (0) to the largest (1): cold over green to warm, each step at
    /// least 3:1 on `bg_panel`.
    #[must_use]
    pub fn scale(&self, share: f32) -> Color32 {
        let stops = if self.dark {
            [0x5C8FF2, 0x3FB79F, 0xF2C14E]
        } else {
            [0x2B4FA8, 0x1E7F74, 0xA8660F]
        };
        let [cold, middle, warm] = stops.map(hex);
        let share = share.clamp(0.0, 1.0) * 2.0;
        if share < 1.0 {
            cold.lerp_to_gamma(middle, share)
        } else {
            middle.lerp_to_gamma(warm, share - 1.0)
        }
    }

    /// The area of a band over a group whose line has this colour.
    #[must_use]
    pub fn band(&self, run: Color32) -> Color32 {
        run.gamma_multiply(0.20)
    }

    /// A run outside the brushed range.
    #[must_use]
    pub fn faded_run(&self, run: Color32) -> Color32 {
        run.gamma_multiply(0.22)
    }
}

/// The marker that goes with a run's colour, since colour is never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// Slots 1, 5, 9.
    Circle,
    /// Slots 2, 6, 10.
    Square,
    /// Slots 3, 7.
    Triangle,
    /// Slots 4, 8.
    Diamond,
}

/// How a run's line is drawn: the colours repeat dotted, then dash-dotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStroke {
    /// Slots 1 to 10.
    Solid,
    /// Slots 11 to 20: 2 on, 3 off.
    Dotted,
    /// Slots 21 to 30: 6, 3, 2, 3.
    DashDot,
    /// Above 30: thin `text_3` at 40 %.
    Rest,
}

impl Marker {
    /// The marker of a run's slot, counted from 0.
    #[must_use]
    pub fn of_slot(slot: usize) -> Self {
        match slot % 10 % 4 {
            0 => Self::Circle,
            1 => Self::Square,
            2 => Self::Triangle,
            _ => Self::Diamond,
        }
    }

    /// The word a screen reader says for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Square => "square",
            Self::Triangle => "triangle",
            Self::Diamond => "diamond",
        }
    }
}

impl RunStroke {
    /// The stroke of a run's slot, counted from 0.
    #[must_use]
    pub fn of_slot(slot: usize) -> Self {
        match slot / 10 {
            0 => Self::Solid,
            1 => Self::Dotted,
            2 => Self::DashDot,
            _ => Self::Rest,
        }
    }
}
