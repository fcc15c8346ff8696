//! The widgets: everything that is drawn more than once.
//!
//! All of it takes its colours from [`crate::theme::Tokens`], has an accessible name and role,
//! and shows a focus ring. The gallery ([`crate::gallery`]) shows each one in every state; add a
//! new widget there too.

mod bars;
mod button;
mod chrome;
pub mod code;
mod dialog;
mod field;
mod list;
mod markdown;
mod menu;
mod paint;
mod picture;
mod pill;
mod select;
mod split;
mod states;
mod strips;
pub mod table;
mod tabs;
mod toast;
mod toggles;
mod tree_row;
pub mod treemap;

pub use bars::{key_value, paint_bar, progress};
pub use button::{Button, key_cap};
pub use chrome::{bar_row, breadcrumb, card, inset, outlined, paint_section, panel_head, section};
pub use dialog::{Answer, DialogFrame, confirm, dialog, dialog_with};
pub use field::{FieldResponse, TextField, text_area};
pub use list::ListRow;
pub use markdown::markdown;
pub use menu::{MenuItem, menu, menu_frame, menu_rule, row_menu};
pub use paint::{
    Tone, boxed, describe, focus_ring, hairline_below, label, line, named, paragraph, pieces,
    place, rule,
};
pub use picture::picture;
pub use pill::{
    Mark, badge, fact, fact_in, legend, legend_color, mark, paint_count_badge, paint_mark,
    paint_marker, pill,
};
pub use select::{combobox, labeled_select, select};
pub use split::{Side, over_content, split, split_with, take_regions};
pub use states::{FailureAction, empty, failed, failed_strip, failed_with, no_match, skeleton};
pub use strips::{banner, boxed_failure, boxed_strip, line_marked, strip};
pub use table::{Cell, Column, Line, Table, TableOutput, TableState};
pub use tabs::tabs;
pub use toast::{Toast, Toasts};
pub use toggles::{
    Segment, Tick, checkbox, faded, paint_radio, paint_tick, radio, segments, switch, tick_row,
};
pub use tree_row::{TreeRow, TreeRowResponse};
