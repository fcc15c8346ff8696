//! Decoding without a type to go by: `parameters`.

use super::{Decoded, Decoder, Fill};
use crate::field_path::Step;
use crate::problem::ProblemCode;
use crate::value::Value;
use crate::yaml::resolve::{self, Resolved};
use crate::yaml::{Kind, NodeId, time};

impl Decoder<'_> {
    pub(super) fn any(&mut self, id: NodeId, out: &mut Value) -> Decoded<()> {
        self.unalias(id, |this, id| {
            let document = this.document;
            let node = document.node(id);
            *out = match &node.kind {
                Kind::Scalar { .. } => this.scalar(id)?,
                Kind::Sequence { items, .. } => {
                    let mut list = Vec::new();
                    for (at, item) in items.iter().enumerate() {
                        let mut value = Value::Null;
                        this.within(Step::Index(at), |this| this.any(*item, &mut value))?;
                        list.push(value);
                    }
                    Value::Seq(list)
                }
                Kind::Mapping { entries, .. } => {
                    let odd = entries.iter().map(|(key, _)| *key).find(|key| {
                        !matches!(document.short_tag(*key), resolve::STR | resolve::MERGE)
                    });
                    if let Some(key) = odd {
                        this.key_not_text(key);
                    }
                    let mut map = Vec::new();
                    this.mapping(id, &mut Fill::Map(&mut map))?;
                    Value::Map(map)
                }
                Kind::Alias { .. } => Value::Null,
            };
            Ok(())
        })
    }

    fn scalar(&mut self, id: NodeId) -> Decoded<Value> {
        let node = self.document.node(id);
        let text = node.value();
        if node.tag == resolve::BINARY {
            let bytes = self.binary(id)?;
            return Ok(match String::from_utf8(bytes) {
                Ok(text) => Value::String(text),
                Err(error) => Value::Binary(error.into_bytes()),
            });
        }
        Ok(match self.resolve(id)? {
            Resolved::Null => Value::Null,
            Resolved::Bool(value) => Value::Bool(value),
            Resolved::Int(value) => Value::Int(value),
            Resolved::UInt(value) => Value::UInt(value),
            Resolved::Float(value) => {
                if !value.is_finite() {
                    self.push(
                        ProblemCode::NotJson,
                        id,
                        format!(
                            "`{text}` cannot be kept: a kit's config has no infinity and no NaN."
                        ),
                        "Write a text in quotes, or null.",
                    );
                }
                Value::Float(value)
            }
            Resolved::Time(value) => {
                if !time::fits_json(&value) {
                    self.push(
                        ProblemCode::NotJson,
                        id,
                        format!(
                            "`{text}` has an offset of 24 hours, which a kit's config cannot hold."
                        ),
                        "Put it in quotes to keep it as text.",
                    );
                }
                Value::Time(value)
            }
            Resolved::Text => Value::String(text.to_owned()),
        })
    }

    /// The bytes of a `!!binary` scalar.
    pub(super) fn binary(&self, id: NodeId) -> Decoded<Vec<u8>> {
        base64(self.document.node(id).value()).ok_or_else(|| {
            Box::new(self.problem(
                ProblemCode::BadTag,
                id,
                "This `!!binary` value is not base64.".to_owned(),
                "Correct it, or remove the tag.",
            ))
        })
    }
}

/// Bytes as text, each byte that is no UTF-8 replaced, as Go's JSON does.
pub(super) fn text_of(bytes: Vec<u8>) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// Standard base64 with padding; line breaks are passed over.
fn base64(text: &str) -> Option<Vec<u8>> {
    let bytes: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect();
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let groups = bytes.len() / 4;
    let mut out = Vec::with_capacity(groups * 3);
    for (number, group) in bytes.chunks_exact(4).enumerate() {
        let padding = match group {
            [.., b'=', b'='] => 2,
            [.., b'='] => 1,
            _ => 0,
        };
        if padding > 0 && number + 1 < groups {
            return None;
        }
        let mut bits: u32 = 0;
        for byte in &group[..4 - padding] {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = (bits << 6) | u32::from(digit);
        }
        bits <<= 6 * padding;
        out.extend_from_slice(&bits.to_be_bytes()[1..4 - padding]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_as_go_reads_it() {
        assert_eq!(base64("aGk="), Some(b"hi".to_vec()));
        assert_eq!(base64("aG\nk=\n"), Some(b"hi".to_vec()));
        assert_eq!(base64("/w=="), Some(vec![0xff]));
        assert_eq!(base64(""), Some(vec![]));
        for bad in ["aGk", "aGk=aGk=", "a=k=", "a===", "aG k", "====", "aGk*"] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }
}
