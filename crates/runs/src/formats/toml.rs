//! TOML, in which DVC projects may write parameters and metrics.

use serde_json::{Map, Value};
use toml::{Table, Value as Toml};

use super::json::strict_float;

/// Parses a document into strict JSON. Dates are texts.
///
/// # Errors
/// What is wrong and where, as the TOML library says it, in one line.
pub(crate) fn params(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("not UTF-8: {e}"))?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let begin = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(begin).filter(|b| *b == b'\n').count();
        format!("line {line}: {}", error.message())
    })?;
    Ok(strict_map(&table))
}

fn strict_map(table: &Table) -> Map<String, Value> {
    let entries = table.iter();
    entries
        .map(|(key, value)| (key.clone(), strict(value)))
        .collect()
}

fn strict(value: &Toml) -> Value {
    match value {
        Toml::String(text) => Value::from(text.as_str()),
        Toml::Integer(whole) => Value::from(*whole),
        Toml::Float(number) => strict_float(*number),
        Toml::Boolean(yes) => Value::from(*yes),
        Toml::Datetime(when) => Value::from(when.to_string()),
        Toml::Array(items) => items.iter().map(strict).collect(),
        Toml::Table(table) => Value::Object(strict_map(table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_of_value() {
        let text = b"lr = 1e-5\nbest = inf\n[train]\nday = 2026-01-02\nsizes = [1, 2]\non = true\n";
        assert_eq!(
            Value::Object(params(text).unwrap()),
            json!({"lr": 1e-5, "best": "Infinity",
                "train": {"day": "2026-01-02", "sizes": [1, 2], "on": true}})
        );
        let error = params(b"a = 1\nb = = 2\n").unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
