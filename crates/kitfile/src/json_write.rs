//! The config blob: the Kitfile as JSON, byte for byte as Go writes it.

use std::fmt::Write;

use crate::field_path::{FieldPath, Step};
use crate::model::Kitfile;
use crate::record::{FieldRef, Record};
use crate::value::Value;
use crate::yaml::time;

/// A value that JSON cannot express.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{path}` cannot be written as JSON: {reason}")]
pub struct ToJsonError {
    /// Where the value is.
    pub path: FieldPath,
    /// What it is.
    pub reason: &'static str,
}

/// Writes the config JSON: compact, fields in their order, map keys sorted by bytes, `<`, `>` and
/// `&` escaped, numbers in Go's shortest form.
///
/// Fails for infinity, NaN and offsets of 24 hours within `parameters`.
pub fn to_config_json(kitfile: &Kitfile) -> Result<Vec<u8>, ToJsonError> {
    let mut writer = Writer {
        out: String::new(),
        path: FieldPath::root(),
    };
    writer.record(kitfile)?;
    Ok(writer.out.into_bytes())
}

struct Writer {
    out: String,
    path: FieldPath,
}

impl Writer {
    fn record(&mut self, record: &dyn Record) -> Result<(), ToJsonError> {
        self.out.push('{');
        let mut first = true;
        for (index, spec) in record.specs().iter().enumerate() {
            let field = record.get(index);
            if field.is_empty() && !spec.json_always {
                continue;
            }
            self.key(spec.key, &mut first);
            self.path.push(Step::Key(spec.key.to_owned()));
            self.field(field)?;
            self.path.pop();
        }
        if let Some(layer) = record.layer() {
            for (key, value) in [("digest", &layer.digest), ("diffId", &layer.diff_id)] {
                if !value.is_empty() {
                    self.key(key, &mut first);
                    write_string(&mut self.out, value);
                }
            }
        }
        self.out.push('}');
        Ok(())
    }

    fn key(&mut self, key: &str, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        write_string(&mut self.out, key);
        self.out.push(':');
    }

    fn field(&mut self, field: FieldRef<'_>) -> Result<(), ToJsonError> {
        match field {
            FieldRef::Text(text) => write_string(&mut self.out, text),
            FieldRef::Texts(texts) => {
                self.out.push('[');
                for (at, text) in texts.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    write_string(&mut self.out, text);
                }
                self.out.push(']');
            }
            FieldRef::Any(value) => self.value(value.unwrap_or(&Value::Null))?,
            FieldRef::Record(record) => self.record(record)?,
            FieldRef::Optional(None) => self.out.push_str("null"),
            FieldRef::Optional(Some(record)) => self.record(record)?,
            FieldRef::Records(records) => {
                self.out.push('[');
                for (at, record) in records.into_iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.path.push(Step::Index(at));
                    self.record(record)?;
                    self.path.pop();
                }
                self.out.push(']');
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), ToJsonError> {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => push_display(&mut self.out, value),
            Value::UInt(value) => push_display(&mut self.out, value),
            Value::Float(value) if value.is_finite() => self.out.push_str(&float(*value)),
            Value::Float(_) => return Err(self.fail("infinity and NaN have no JSON form")),
            Value::String(text) => write_string(&mut self.out, text),
            Value::Binary(bytes) => {
                self.out.push('"');
                for chunk in bytes.utf8_chunks() {
                    write_escaped(&mut self.out, chunk.valid());
                    for _ in chunk.invalid() {
                        self.out.push_str("\\ufffd");
                    }
                }
                self.out.push('"');
            }
            Value::Time(time) if time::fits_json(time) => write_string(&mut self.out, time),
            Value::Time(_) => return Err(self.fail("its offset is 24 hours or more")),
            Value::Seq(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.path.push(Step::Index(at));
                    self.value(item)?;
                    self.path.pop();
                }
                self.out.push(']');
            }
            Value::Map(entries) => {
                self.out.push('{');
                let mut first = true;
                for (key, value) in Value::sorted(entries) {
                    self.key(key, &mut first);
                    self.path.push(Step::Key(key.clone()));
                    self.value(value)?;
                    self.path.pop();
                }
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn fail(&self, reason: &'static str) -> ToJsonError {
        ToJsonError {
            path: self.path.clone(),
            reason,
        }
    }
}

fn push_display(out: &mut String, value: &dyn std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// Go's form of a finite float: shortest digits that read back the same, plain for exponents in
/// [-6, 21), else with exponent.
pub(crate) fn float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-6..1e21).contains(&magnitude) {
        return format!("{value}");
    }
    // Rust writes `1e21` and `1e-7` where Go's JSON writes `1e+21` and `1e-7`.
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// Appends a JSON string with Go's escapes.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    write_escaped(out, text);
    out.push('"');
}

fn write_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_writes_them() {
        for (value, text) in [
            (1000.0, "1000"),
            (1.0, "1"),
            (1e-7, "1e-7"),
            (1e-6, "0.000001"),
            (1.5e-9, "1.5e-9"),
            (1e-100, "1e-100"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (-2.5e22, "-2.5e+22"),
            (-0.0, "-0"),
            (123456789012345678.5, "123456789012345680"),
            (0.1, "0.1"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn strings_as_go_escapes_them() {
        let mut out = String::new();
        write_string(
            &mut out,
            "a<b>&\"\\\n\t\r\u{8}\u{c}\u{1}\u{7f}\u{2028}é\u{fffd}",
        );
        assert_eq!(
            out,
            "\"a\\u003cb\\u003e\\u0026\\\"\\\\\\n\\t\\r\\b\\f\\u0001\u{7f}\\u2028é\u{fffd}\""
        );
    }
}
