//! The browser door as a browser meets it: over real connections, before a real engine.

mod assets;
mod common;
mod refusals;
mod socket;
