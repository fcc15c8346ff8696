//! YAML that trackers leave beside their data. Foreign tags are kept as text, never run.

use serde_json::{Map, Value};
use serde_yaml::Value as Yaml;

use super::json::strict_float;

/// Parses a mapping of parameters into strict JSON.
///
/// # Errors
/// What is wrong and where, as the YAML library says it.
pub(crate) fn params(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("not UTF-8: {e}"))?;
    // The library drops tags of the `!!` kind; as local tags they survive as text.
    let local = text
        .replace(": !!python/", ": !python/")
        .replace("- !!python/", "- !python/");
    let yaml: Yaml = serde_yaml::from_str(&local).map_err(|e| e.to_string())?;
    match strict(&yaml) {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err("not a mapping".into()),
    }
}

fn strict(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(*value),
        Yaml::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .unwrap_or_else(|| number.as_f64().map_or(Value::Null, strict_float)),
        Yaml::String(text) => Value::from(text.as_str()),
        Yaml::Sequence(items) => items.iter().map(strict).collect(),
        Yaml::Mapping(map) => Value::Object(map.iter().map(|(k, v)| (key(k), strict(v))).collect()),
        Yaml::Tagged(tagged) => match strict(&tagged.value) {
            // `!!python/name:torch.relu ''`: all the information is in the tag.
            Value::Null => Value::from(tagged.tag.to_string()),
            Value::String(text) if text.is_empty() => Value::from(tagged.tag.to_string()),
            other => other,
        },
    }
}

fn key(yaml: &Yaml) -> String {
    match strict(yaml) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A mapping's entry as text, whatever its YAML type; null counts as missing.
pub(crate) fn text(map: &Map<String, Value>, key: &str) -> Option<String> {
    match map.get(key)? {
        Value::Null => None,
        value => Some(crate::model::plain(value)),
    }
}

/// A mapping's entry as a whole number, also when written in quotes.
pub(crate) fn int(map: &Map<String, Value>, key: &str) -> Option<i64> {
    match map.get(key)? {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| crate::Step::from_f64(number.as_f64()?).map(|s| s.whole)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightning_hparams_with_python_tags() {
        let map = params(b"lr: 1e-05\nact: !!python/name:torch.nn.ReLU ''\nb: !!python/tuple\n- 1\n- 2\nn: .nan\n").unwrap();
        assert_eq!(map["lr"], 1e-5);
        assert_eq!(map["b"], serde_json::json!([1, 2]));
        assert!(map["act"].to_string().contains("torch.nn.ReLU"), "{map:?}");
        assert_eq!(map["n"], "NaN");
        assert!(params(b"- 1").is_err());
        assert!(params(b"a: [").is_err());
        assert!(params(b"").unwrap().is_empty());
    }
}
