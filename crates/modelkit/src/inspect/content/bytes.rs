//! What the binary readers share.

use std::io::{self, Read};

use crate::error::Error;

/// An array by its description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    pub name: String,
    /// Element type in the words of its format, e.g. `F32`, `Q4_K`.
    pub dtype: String,
    /// Elements per dimension; none for a scalar.
    pub shape: Vec<u64>,
    /// Bytes of its data, if the format tells.
    pub bytes: Option<u64>,
}

impl Tensor {
    /// The number of elements; `None` if it is beyond 64 bits.
    pub fn elements(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1u64, |product, n| product.checked_mul(*n))
    }
}

/// An [`Error::Content`].
pub(super) fn broken(format: &'static str, problem: impl Into<String>) -> Error {
    Error::Content {
        format,
        problem: problem.into(),
    }
}

/// Turns a read error into a statement about the file.
pub(super) fn reading(format: &'static str) -> impl Fn(io::Error) -> Error + Copy {
    move |error| match error.kind() {
        io::ErrorKind::UnexpectedEof => broken(format, "it ends too early"),
        _ => Error::io("read", format!("the {format} file"))(error),
    }
}

/// Reads little-endian numbers and counted bytes, with a bound on the whole.
pub(super) struct Input<R> {
    inner: R,
    left: u64,
    format: &'static str,
}

impl<R: Read> Input<R> {
    /// Reads at most `limit` bytes of `inner`.
    pub fn new(inner: R, limit: u64, format: &'static str) -> Input<R> {
        Input {
            inner,
            left: limit,
            format,
        }
    }

    /// Exactly `count` bytes.
    pub fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Error> {
        self.left = self
            .left
            .checked_sub(count)
            .ok_or_else(|| broken(self.format, "its description is too large"))?;
        let mut bytes = Vec::new();
        self.inner
            .by_ref()
            .take(count)
            .read_to_end(&mut bytes)
            .map_err(reading(self.format))?;
        if (bytes.len() as u64) < count {
            return Err(broken(self.format, "it ends too early"));
        }
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut array = [0; N];
        self.left = self
            .left
            .checked_sub(N as u64)
            .ok_or_else(|| broken(self.format, "its description is too large"))?;
        self.inner
            .read_exact(&mut array)
            .map_err(reading(self.format))?;
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8, Error> {
        self.array().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Error> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }
}
