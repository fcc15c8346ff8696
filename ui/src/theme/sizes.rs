//! Spacing, radii, strokes and fixed sizes, in logical pixels.

/// Icon to word.
pub const SPACE_1: f32 = 4.0;
/// Between small buttons.
pub const SPACE_2: f32 = 6.0;
/// Inside a row.
pub const SPACE_3: f32 = 8.0;
/// Between cards, panel inset.
pub const SPACE_4: f32 = 12.0;
/// Table inset.
pub const SPACE_5: f32 = 16.0;
/// Between blocks.
pub const SPACE_6: f32 = 24.0;
/// Overview pages and dialogs.
pub const PAGE_INSET: f32 = 20.0;

/// Checkbox, pill, small button, key cap, treemap box.
pub const RADIUS_S: u8 = 4;
/// The tighter cut of [`RADIUS_S`].
pub const RADIUS_XS: u8 = 3;
/// Button, field, segment control.
pub const RADIUS_M: u8 = 5;
/// Card, banner.
pub const RADIUS_L: u8 = 6;
/// Dialog, first-run card.
pub const RADIUS_XL: u8 = 8;

/// Every outline.
pub const STROKE: f32 = 1.0;
/// Focus ring, drawn outside the shape.
pub const STROKE_FOCUS: f32 = 2.0;
/// Selected row and current rail item.
pub const EDGE: f32 = 2.0;
/// Layer membership in trees, diff edge in text.
pub const EDGE_WIDE: f32 = 3.0;

/// Height of the top bar.
pub const TOP_BAR: f32 = 40.0;
/// Height of the status bar.
pub const STATUS_BAR: f32 = 26.0;
/// Width of the rail.
pub const RAIL: f32 = 80.0;
/// Width of the rail once it shows icons only.
pub const RAIL_NARROW: f32 = 48.0;
/// First line of each panel.
pub const PANEL_HEAD: f32 = 44.0;
/// Card titles.
pub const CARD_HEAD: f32 = 34.0;
/// Group rows, collapsed groups.
pub const SECTION_ROW: f32 = 26.0;
/// Rows of tables.
pub const ROW: f32 = 28.0;
/// Tables with more than eight fixed rows.
pub const ROW_COMPACT: f32 = 26.0;
/// File trees, tensor table, value table.
pub const ROW_TREE: f32 = 24.0;
/// Text editor.
pub const ROW_TEXT: f32 = 18.0;
/// Two-line list items.
pub const LIST_2: f32 = 46.0;
/// Three-line list items.
pub const LIST_3: f32 = 64.0;
/// Buttons inside rows and cards.
pub const BUTTON_S: f32 = 24.0;
/// Buttons.
pub const BUTTON: f32 = 28.0;
/// The main action.
pub const BUTTON_L: f32 = 34.0;
/// Filter boxes.
pub const FIELD_S: f32 = 26.0;
/// Fields of forms.
pub const FIELD: f32 = 28.0;
/// Icons beside 12 px text.
pub const ICON_S: f32 = 14.0;
/// Icons.
pub const ICON: f32 = 16.0;
/// Icons of the rail.
pub const ICON_RAIL: f32 = 20.0;
/// Checkbox, radio, slider knob.
pub const CHECK: f32 = 14.0;
/// Width and height of a switch.
pub const SWITCH: egui::Vec2 = egui::Vec2::new(26.0, 14.0);
/// Height of a progress bar.
pub const BAR: f32 = 6.0;
/// Height of a bar in a table cell.
pub const BAR_CELL: f32 = 4.0;
/// No clickable thing is smaller.
pub const HIT_MIN: f32 = 24.0;

/// The window is never smaller.
pub const MIN_WINDOW: egui::Vec2 = egui::Vec2::new(960.0, 600.0);
/// Below this width right-hand panels become a toggle over the content.
pub const NARROW: f32 = 1280.0;
/// Below this width the rail shows icons only and list panels shrink.
pub const VERY_NARROW: f32 = 1100.0;
