//! Numbers as one byte string instead of a list of tagged values.

use serde::{Deserialize, Serialize};

/// `f64` values, little endian, eight bytes each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedF64(#[serde(with = "serde_bytes")] Vec<u8>);

impl PackedF64 {
    pub fn len(&self) -> usize {
        self.0.len() / 8
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `index`, or `None` past the end.
    pub fn get(&self, index: usize) -> Option<f64> {
        let bytes = self.0.get(index * 8..index * 8 + 8)?;
        Some(f64::from_le_bytes(bytes.try_into().ok()?))
    }

    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.0
            .as_chunks::<8>()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
    }

    pub fn to_vec(&self) -> Vec<f64> {
        self.iter().collect()
    }
}

impl From<&[f64]> for PackedF64 {
    fn from(values: &[f64]) -> Self {
        PackedF64(
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
        )
    }
}
