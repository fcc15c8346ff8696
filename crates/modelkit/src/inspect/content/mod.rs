//! What a file holds: tensors, a graph, a table, a notebook, a pickle.
//!
//! Formats are told by the first bytes where they have a mark, else by the name. Readers take no
//! more than they need and never run anything.

mod bytes;
mod csv;
mod gguf;
mod markdown;
mod notebook;
mod npy;
mod onnx;
mod parquet;
mod pickle;
mod safetensors;

use std::io::{Read, Seek, SeekFrom};

use crate::error::{Error, Result};

pub use bytes::Tensor;
pub use csv::Table;
pub use gguf::Gguf;
pub use markdown::{Block, markdown};
pub use notebook::{Cell, Notebook};
pub use onnx::{Onnx, Port};
pub use parquet::{Column, Parquet};
pub use pickle::{Callable, Pickle};

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// safetensors or NumPy: named arrays and free metadata.
    Tensors {
        format: &'static str,
        metadata: Vec<(String, String)>,
        tensors: Vec<Tensor>,
    },
    Gguf(Gguf),
    Onnx(Onnx),
    Parquet(Parquet),
    Table(Table),
    Notebook(Notebook),
    Pickle(Pickle),
    /// Text, at most [`MAX_TEXT`] bytes of it.
    Text {
        text: String,
        truncated: bool,
    },
    /// None of these.
    Binary,
}

/// The most bytes of a text file that are read.
pub const MAX_TEXT: u64 = 256 << 10;

/// Says what `reader` holds. `name` is the file's name or path, `size` its bytes.
///
/// # Errors
/// [`Error::Content`] if the file claims a format and breaks it, [`Error::Io`].
pub fn inspect(name: &str, reader: &mut (impl Read + Seek), size: u64) -> Result<Content> {
    let io = |error| Error::io("read", name)(error);
    let mut head = Vec::new();
    reader.seek(SeekFrom::Start(0)).map_err(io)?;
    reader
        .by_ref()
        .take(16)
        .read_to_end(&mut head)
        .map_err(io)?;
    reader.seek(SeekFrom::Start(0)).map_err(io)?;
    let lower = name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| lower.ends_with(suffix));
    if head.starts_with(b"GGUF") {
        return gguf::read(reader, size).map(Content::Gguf);
    }
    if head.starts_with(b"\x93NUMPY") {
        return npy::read(reader);
    }
    if head.starts_with(b"PAR1") {
        return parquet::read(reader, size).map(Content::Parquet);
    }
    if ends(&[".safetensors"]) {
        return safetensors::read(reader, size);
    }
    if ends(&[".onnx"]) {
        return onnx::read(reader, size).map(Content::Onnx);
    }
    if ends(&[".ipynb"]) {
        return notebook::read(reader).map(Content::Notebook);
    }
    if ends(&[".csv", ".tsv"]) {
        return csv::read(reader, lower.ends_with(".tsv")).map(Content::Table);
    }
    // A pickle of protocol 2 and later begins with PROTO and the number.
    let marked = matches!(head.as_slice(), [0x80, 2..=5, ..]);
    if marked || ends(&[".pkl", ".pickle"]) {
        return pickle::read(reader).map(Content::Pickle);
    }
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(MAX_TEXT)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    let truncated = size > bytes.len() as u64;
    let valid = match std::str::from_utf8(&bytes) {
        Ok(_) => bytes.len(),
        // Cut in the middle of a character.
        Err(error) if truncated && error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return Ok(Content::Binary),
    };
    bytes.truncate(valid);
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Content::Text { text, truncated }),
        _ => Ok(Content::Binary),
    }
}
