//! The Kitfile as YAML, as `kit` writes it into an unpacked project and prints it.

use crate::emit::{self, KIT_HABITS, Layout, Out};
use crate::model::Kitfile;
use crate::record::{FieldRef, Record};
use crate::value::Value;

/// Writes a Kitfile in `kit`'s style: block layout, two columns per level, authors in brackets,
/// quotes only where they are needed. Layer info is left out.
///
/// It differs from `kit` in two ways, both for the sake of what is read back: whole numbers from a
/// config stay whole numbers instead of turning into floats, and texts of several lines that begin
/// with a tab or a line break, or hold a Unicode line separator, are written in quotes.
pub fn to_yaml(kitfile: &Kitfile) -> String {
    write(&record(kitfile))
}

pub(crate) fn write(node: &Out) -> String {
    let mut out = String::new();
    emit::write_block(&mut out, node, 0, &KIT_HABITS);
    out.push('\n');
    out
}

pub(crate) fn record(record: &dyn Record) -> Out {
    let mut entries = Vec::new();
    for (index, spec) in record.specs().iter().enumerate() {
        let field = record.get(index);
        let empty = match &field {
            FieldRef::Record(record) => is_zero(*record),
            field => field.is_empty(),
        };
        if !empty || spec.yaml_always {
            entries.push((spec.key.to_owned(), self::field(&field)));
        }
    }
    Out::Map(entries, Layout::Block)
}

pub(crate) fn field(field: &FieldRef<'_>) -> Out {
    match field {
        FieldRef::Text(text) => text_value(text),
        FieldRef::Texts(texts) => Out::Seq(
            texts.iter().map(|text| text_value(text)).collect(),
            Layout::Flow,
        ),
        FieldRef::Any(None) | FieldRef::Optional(None) => Out::Raw("null".to_owned()),
        FieldRef::Any(Some(value)) => self::value(value),
        FieldRef::Record(inner) | FieldRef::Optional(Some(inner)) => record(*inner),
        FieldRef::Records(list) => Out::Seq(
            list.iter().map(|inner| record(*inner)).collect(),
            Layout::Block,
        ),
    }
}

/// A text as a value. yaml.v3 leaves `<<` plain there, where it merges nothing.
fn text_value(text: &str) -> Out {
    match text {
        "<<" => Out::Raw(text.to_owned()),
        _ => Out::text(text),
    }
}

fn is_zero(record: &dyn Record) -> bool {
    (0..record.specs().len()).all(|index| record.get(index).is_empty())
}

/// A value of `parameters`, map keys in yaml.v3's order.
pub(crate) fn value(value: &Value) -> Out {
    match value {
        Value::Null => Out::Raw("null".to_owned()),
        Value::Bool(value) => Out::Raw(value.to_string()),
        Value::Int(value) => Out::Raw(value.to_string()),
        Value::UInt(value) => Out::Raw(value.to_string()),
        Value::Float(value) => Out::Raw(float(*value)),
        Value::String(text) => text_value(text),
        Value::Binary(bytes) => Out::Raw(format!("!!binary {}", base64(bytes))),
        Value::Time(time) => Out::Raw(time.clone()),
        Value::Seq(items) => Out::Seq(items.iter().map(self::value).collect(), Layout::Block),
        Value::Map(entries) => {
            let mut entries: Vec<(String, Out)> = entries
                .iter()
                .map(|(key, value)| (key.clone(), self::value(value)))
                .collect();
            entries.sort_by(|a, b| natural_order(&a.0, &b.0));
            Out::Map(entries, Layout::Block)
        }
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent of at
/// least two digits when it is below -4 or above 5.
fn float(value: f64) -> String {
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    out
}

/// yaml.v3's order of map keys: letters after other characters, runs of digits by their number.
fn natural_order(a: &str, b: &str) -> std::cmp::Ordering {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut in_digits = false;
    for at in 0..a.len().min(b.len()) {
        let (ca, cb) = (a[at], b[at]);
        if ca == cb {
            in_digits = ca.is_numeric();
            continue;
        }
        let (la, lb) = (ca.is_alphabetic(), cb.is_alphabetic());
        if la && lb {
            return ca.cmp(&cb);
        }
        if la || lb {
            // A letter ends a number, so the shorter number is the smaller.
            return match in_digits == la {
                true => std::cmp::Ordering::Less,
                false => std::cmp::Ordering::Greater,
            };
        }
        let after_nonzero = (ca == '0' || cb == '0')
            && a[..at]
                .iter()
                .rev()
                .take_while(|c| c.is_ascii_digit())
                .any(|c| *c != '0');
        let number = |chars: &[char]| -> (u64, usize) {
            let digits = chars.iter().take_while(|c| c.is_ascii_digit());
            let start = u64::from(after_nonzero);
            digits.fold((start, 0), |(value, count), c| {
                let digit = u64::from(c.to_digit(10).unwrap_or(0));
                (value.wrapping_mul(10).wrapping_add(digit), count + 1)
            })
        };
        let (na, nb) = (number(&a[at..]), number(&b[at..]));
        return na.cmp(&nb).then(ca.cmp(&cb));
    }
    a.len().cmp(&b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_go_prints_them() {
        for (value, text) in [
            (1000.0, "1000"),
            (0.5, "0.5"),
            (1e6, "1e+06"),
            (1234567.5, "1.2345675e+06"),
            (1e21, "1e+21"),
            (1e-7, "1e-07"),
            (0.0001, "0.0001"),
            (-0.0, "-0"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn keys_sort_naturally() {
        let mut keys = vec!["a10", "a2", "1", "b", "A", "a", "_", "a1b", "a1", "ab"];
        keys.sort_by(|a, b| natural_order(a, b));
        assert_eq!(
            keys,
            ["_", "1", "A", "a", "a1", "a1b", "a2", "a10", "ab", "b"]
        );
    }

    #[test]
    fn bytes_as_base64() {
        assert_eq!(base64(b"hi"), "aGk=");
        assert_eq!(base64(&[0xff]), "/w==");
        assert_eq!(base64(b"abc"), "YWJj");
    }
}
