//! The types of scalars, as yaml.v3's `resolve` gives them.

use super::time;

pub(crate) const NULL: &str = "!!null";
pub(crate) const BOOL: &str = "!!bool";
pub(crate) const STR: &str = "!!str";
pub(crate) const INT: &str = "!!int";
pub(crate) const FLOAT: &str = "!!float";
pub(crate) const TIMESTAMP: &str = "!!timestamp";
pub(crate) const SEQ: &str = "!!seq";
pub(crate) const MAP: &str = "!!map";
pub(crate) const BINARY: &str = "!!binary";
pub(crate) const MERGE: &str = "!!merge";

pub(crate) const LONG_PREFIX: &str = "tag:yaml.org,2002:";

/// A scalar with its type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// In the form in which Go prints it, see [`time::parse`].
    Time(String),
    Text,
}

impl Resolved {
    pub fn tag(&self) -> &'static str {
        match self {
            Resolved::Null => NULL,
            Resolved::Bool(_) => BOOL,
            Resolved::Int(_) | Resolved::UInt(_) => INT,
            Resolved::Float(_) => FLOAT,
            Resolved::Time(_) => TIMESTAMP,
            Resolved::Text => STR,
        }
    }
}

/// `!!x` for the long form of a tag of YAML's own, other tags unchanged.
pub(crate) fn short_tag(tag: &str) -> String {
    match tag.strip_prefix(LONG_PREFIX) {
        Some(rest) => format!("!!{rest}"),
        None => tag.to_owned(),
    }
}

/// The type of a plain scalar without a tag.
pub(crate) fn plain(text: &str) -> Resolved {
    resolve(text, true)
}

/// The type of a scalar that carries `tag`. `None` if the text does not fit the tag.
pub(crate) fn tagged(tag: &str, text: &str) -> Option<Resolved> {
    if !matches!(tag, BOOL | INT | FLOAT | NULL | TIMESTAMP) {
        return Some(Resolved::Text);
    }
    let resolved = resolve(text, tag == TIMESTAMP);
    match resolved {
        Resolved::Int(int) if tag == FLOAT => Some(Resolved::Float(int as f64)),
        _ if resolved.tag() == tag => Some(resolved),
        _ => None,
    }
}

fn resolve(text: &str, dates: bool) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "true" | "True" | "TRUE" => return Resolved::Bool(true),
        "false" | "False" | "FALSE" => return Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            return Resolved::Float(f64::INFINITY);
        }
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    match text.as_bytes().first() {
        Some(b'.') => float(text).unwrap_or(Resolved::Text),
        Some(b'0'..=b'9' | b'+' | b'-') => number(text, dates),
        _ => Resolved::Text,
    }
}

fn number(text: &str, dates: bool) -> Resolved {
    if dates && let Some(time) = time::parse(text) {
        return Resolved::Time(time);
    }
    let plain = text.replace('_', "");
    if let Some(int) = go_int(&plain) {
        return int;
    }
    if let Some(float) = float(&plain) {
        return float;
    }
    // yaml.v3 tries these prefixes again without their prefix, and so allows a sign behind it.
    let (sign, rest) = match plain.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", plain.as_str()),
    };
    let again = match (rest.strip_prefix("0b"), rest.strip_prefix("0o")) {
        (Some(digits), _) => signed(&format!("{sign}{digits}"), 2),
        (_, Some(digits)) => signed(&format!("{sign}{digits}"), 8),
        _ => None,
    };
    again.map_or(Resolved::Text, Resolved::Int)
}

/// Go's `strconv.ParseInt` and `ParseUint` with base 0, of a text without underscores.
fn go_int(text: &str) -> Option<Resolved> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', _, ..] => (8, &unsigned[1..]),
        _ => (10, unsigned),
    };
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(magnitude).map(Resolved::Int);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Resolved::Int(int)),
        // An explicit plus is for signed numbers only.
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Resolved::UInt(magnitude)),
    }
}

/// Go's `strconv.ParseInt` with a given base.
fn signed(text: &str, radix: u32) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(text, radix).ok()
}

/// A decimal number with a point or an exponent, or too long for an integer:
/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`. One that overflows is text.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    if !mantissa_fits || !exponent_fits {
        return None;
    }
    let float: f64 = text.parse().ok()?;
    float.is_finite().then_some(Resolved::Float(float))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i64) -> Resolved {
        Resolved::Int(value)
    }

    fn check(text: &str, expected: Resolved) {
        assert_eq!(plain(text), expected, "{text}");
    }

    #[test]
    fn integers_in_all_bases() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("+7", 7),
            ("0x1F", 31),
            ("-0X1f", -31),
            ("0o14", 12),
            ("014", 12),
            ("0b101", 5),
            ("1_000", 1000),
            ("0x_ff", 255),
            ("1_", 1),
            ("-9223372036854775808", i64::MIN),
            ("0b-1", -1),
            ("0o+7", 7),
            ("-0o17", -15),
        ] {
            check(text, int(value));
        }
        check("18446744073709551615", Resolved::UInt(u64::MAX));
    }

    #[test]
    fn floats() {
        check("08", Resolved::Float(8.0));
        check("1.", Resolved::Float(1.0));
        check(".5", Resolved::Float(0.5));
        check("+.5e1", Resolved::Float(5.0));
        check("1e3", Resolved::Float(1000.0));
        check(
            "18446744073709551616",
            Resolved::Float(18446744073709551616.0),
        );
        check(
            "-9223372036854775809",
            Resolved::Float(-9223372036854775808.0),
        );
        check("1_000.5", Resolved::Float(1000.5));
    }

    #[test]
    fn texts_that_look_like_numbers() {
        for text in [
            "yes",
            "on",
            "n",
            "1e999",
            ".",
            "-",
            "+",
            "0x",
            "0xg",
            "0b2",
            "1e",
            "e1",
            ".e1",
            "._5",
            "1:30",
            "0x1p-2",
            "--1",
            "1.2.3",
            "v1",
            "_1",
            "-0b-1",
            "0xFFFFFFFFFFFFFFFFF",
        ] {
            check(text, Resolved::Text);
        }
    }

    #[test]
    fn tags_must_fit() {
        assert_eq!(tagged(FLOAT, "5"), Some(Resolved::Float(5.0)));
        assert_eq!(tagged(INT, "1.5"), None);
        assert_eq!(tagged(BOOL, "yes"), None);
        assert_eq!(tagged(NULL, ""), Some(Resolved::Null));
        assert_eq!(tagged("!own", "5"), Some(Resolved::Text));
        assert_eq!(tagged(INT, "2024-01-02"), None);
    }
}
