//! Kitbench's front end: egui, compiled to WebAssembly for the window and the browser, and natively
//! for tests.
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`theme`] | tokens, type scale, icons, sizes: the only place with colours |
//! | [`widgets`] | everything that is drawn more than once |
//! | [`gallery`] | each widget in every state, tested by picture |
//! | [`commands`] | the one list behind menus, buttons, shortcuts and the palette |
//! | [`app`] | shell, navigation, dialogs; what views are given |
//! | [`views`] | the screens |
//! | [`backend`] | typed calls to the engine over a window's bridge, a WebSocket, or in process |
//! | [`accessibility`] | the mirror of the interface as hidden ARIA nodes |
//! | [`format`](mod@format), [`clock`] | sizes, times, digests, foreign text |
//!
//! # Where a newcomer adds …
//!
//! * **a screen**: a folder in `views/` with `model.rs` (plain data, tested as text) and `ui.rs`, a
//!   variant of [`app::Screen`] and [`app::Place`], a line in [`views::all`].
//! * **a panel in a screen**: a function that takes the model and a ui; separate panels with
//!   [`widgets::split`], so that the line can be dragged and `F6` finds it.
//! * **a widget**: a file in `widgets/`, colours from [`theme::Tokens`], a `widget_info` for the
//!   accessibility tree, [`widgets::focus_ring`], and its states in the gallery.
//! * **a command**: a variant and a line in [`commands::CommandId`]; the arm that runs it in
//!   `app/run.rs` or in its view's [`app::View::run`].
//! * **a call to the engine**: its types in the protocol; then `Remote::ask` for what is shown,
//!   [`app::ViewCtx::act`] for what changes something.
//!
//! # Rules
//!
//! Views read and send commands; nothing blocks a frame; nothing asks for a repaint without a
//! reason, so an idle window paints nothing.

pub mod accessibility;
pub mod app;
pub mod backend;
pub mod clock;
pub mod commands;
pub mod format;
pub mod gallery;
#[cfg(target_arch = "wasm32")]
mod pacer;
pub mod theme;
pub mod views;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod widgets;

pub use app::App;
