//! Registries that fail, lie or break off: every byte is checked, every answer bounded, every failure explained.

mod answers;
mod blobs;
mod fake;
mod sign_in;
mod support;
mod uploads;
