//! What the end-to-end tests, the screenshots and the benches stand on: a display, the programs as a
//! user starts them, and the accessibility mirror to drive them by.
//!
//! The user interface is a canvas. Beside it, the page carries a mirror of its accessibility tree as
//! hidden DOM nodes with role, name, state and value. A test finds "the button named Pack" there, as a
//! screen reader does, and acts on it.

pub mod bench;
pub mod charts;
pub mod display;
pub mod driver;
pub mod home;
pub mod main_job;
pub mod mirror;
pub mod native;
pub mod process;
pub mod programs;
pub mod screens;
pub mod wait;
pub mod webdriver;
pub mod workbench;
