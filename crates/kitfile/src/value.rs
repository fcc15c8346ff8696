//! Values of `parameters`: any YAML, kept exactly.

/// A decoded YAML or JSON value.
///
/// Numbers keep the type they had in the source, so nothing is lost above 2^53. Map entries keep
/// the order of the source; they are sorted when written as JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits in 64 bits with sign.
    Int(i64),
    /// An integer above `i64::MAX` that fits in 64 bits without sign.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(String),
    /// The bytes of a `!!binary` scalar that are not text in UTF-8.
    Binary(Vec<u8>),
    /// An unquoted date or timestamp, in the RFC 3339 form that Go writes, with nanoseconds
    /// trimmed of trailing zeros: `2024-01-02T00:00:00Z`.
    Time(String),
    /// A list.
    Seq(Vec<Value>),
    /// A map with text keys, each at most once.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// The value under `key`, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The entries of a map ordered by the bytes of their keys, as they are written.
    pub(crate) fn sorted(entries: &[(String, Value)]) -> Vec<&(String, Value)> {
        let mut sorted: Vec<&(String, Value)> = entries.iter().collect();
        sorted.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        sorted
    }
}
