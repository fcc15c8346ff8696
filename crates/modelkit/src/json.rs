//! JSON exactly as Go's `encoding/json` writes it, and bounded reading of foreign JSON.
//!
//! Manifests are addressed by the digest of their text, so the text must match `kit`'s byte for
//! byte: compact, struct order, and `<`, `>`, `&`, U+2028 and U+2029 escaped.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::Formatter;

use crate::error::{Error, Result};

/// The most bytes a manifest may have; registries enforce the same limit (OCI distribution).
pub const MAX_MANIFEST_BYTES: u64 = 4 << 20;
/// The most bytes a config blob may have.
pub const MAX_CONFIG_BYTES: u64 = 8 << 20;
/// The most bytes an index of the store may have: about 400,000 kits.
pub const MAX_INDEX_BYTES: u64 = 64 << 20;

/// `value` as compact JSON in Go's escaping.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Go);
    value
        .serialize(&mut serializer)
        .map_err(|error| Error::Malformed {
            what: "a JSON document to be written".into(),
            problem: error.to_string(),
        })?;
    Ok(out)
}

/// Parses foreign JSON. `what` names it in errors. Nesting is limited by the parser (128 levels).
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::Malformed {
        what: what.to_owned(),
        problem: format!("it is not the JSON expected here ({error})"),
    })
}

struct Go;

impl Formatter for Go {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            let escape: &[u8] = match c {
                '<' => b"\\u003c",
                '>' => b"\\u003e",
                '&' => b"\\u0026",
                '\u{2028}' => b"\\u2028",
                '\u{2029}' => b"\\u2029",
                _ => continue,
            };
            writer.write_all(fragment.as_bytes().get(plain..at).unwrap_or_default())?;
            writer.write_all(escape)?;
            plain = at + c.len_utf8();
        }
        writer.write_all(fragment.as_bytes().get(plain..).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_as_go_does() {
        let json = to_vec(&"a<b>&\u{2028}\u{2029}\"\\\n\r\t\u{8}\u{c}\u{1}\u{7f}é😀").unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n\\r\\t\\b\\f\\u0001\u{7f}é😀\""
        );
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert!(matches!(
            from_slice::<serde_json::Value>(deep.as_bytes(), "a manifest"),
            Err(Error::Malformed { .. })
        ));
    }
}
