//! Parameters between their YAML text in the form and their typed value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kitbench_kitfile::{Rules, Value, parse};
use kitbench_protocol::{ErrorKind, ErrorView};

/// Reads a value as it would be read in a Kitfile's `parameters`.
pub fn from_yaml(yaml: &str) -> Result<Value, ErrorView> {
    if yaml.trim().is_empty() {
        return Ok(Value::Null);
    }
    let mut text = String::from("model:\n  parameters:\n    value:\n");
    for line in yaml.lines() {
        text.push_str("      ");
        text.push_str(line);
        text.push('\n');
    }
    let parsed = parse(&text, Rules::Current);
    let error = parsed
        .errors()
        .next()
        .map(|problem| problem.message.clone());
    let value = parsed
        .kitfile
        .and_then(|kitfile| kitfile.model)
        .and_then(|model| model.parameters)
        .and_then(|parameters| parameters.get("value").cloned());
    match (value, error) {
        (Some(value), None) => Ok(value),
        (_, error) => Err(ErrorView::new(
            ErrorKind::Invalid,
            format!("`{yaml}` is not a YAML value."),
            error.unwrap_or_else(|| "Quote the text if it holds special characters.".into()),
        )),
    }
}

/// A value on one line, written so that it reads back the same.
pub fn to_yaml(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::UInt(value) => value.to_string(),
        Value::Float(value) if value.is_nan() => ".nan".into(),
        Value::Float(value) if value.is_infinite() => {
            if *value > 0.0 {
                ".inf".into()
            } else {
                "-.inf".into()
            }
        }
        Value::Float(value) => format!("{value:?}"),
        Value::Time(text) => text.clone(),
        Value::Binary(bytes) => format!("!!binary {}", STANDARD.encode(bytes)),
        Value::String(text) => string(text),
        Value::Seq(items) => {
            let items: Vec<_> = items.iter().map(to_yaml).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", string(key), to_yaml(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// Plain where plain reads back as this text even inside brackets, else quoted.
fn string(text: &str) -> String {
    let simple = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '+'));
    if simple
        && !text.starts_with([' ', '-', '.'])
        && !text.ends_with(' ')
        && from_yaml(text).is_ok_and(|value| value == Value::String(text.to_owned()))
    {
        return text.to_owned();
    }
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_as_written() {
        for yaml in [
            "0.5",
            "1000",
            "true",
            "[1, two, {a: null}]",
            "\"yes: no\"",
            "adam",
            "\"1e3\"",
        ] {
            let value = from_yaml(yaml).unwrap();
            assert_eq!(from_yaml(&to_yaml(&value)).unwrap(), value, "{yaml}");
        }
        assert_eq!(to_yaml(&Value::String("12".into())), "\"12\"");
        assert_eq!(to_yaml(&Value::Float(1.0)), "1.0");
    }

    #[test]
    fn broken_yaml_is_told() {
        assert_eq!(from_yaml("[1, 2").unwrap_err().kind, ErrorKind::Invalid);
    }
}
