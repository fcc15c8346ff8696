//! Byte-level pieces the readers share. Everything here takes foreign bytes and never panics.

pub(crate) mod crc;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod listing;
pub(crate) mod number;
pub(crate) mod proto;
pub(crate) mod sqlite;
pub(crate) mod tail;
pub(crate) mod time;
pub(crate) mod toml;
pub(crate) mod yaml;
