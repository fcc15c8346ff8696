//! JSON as trackers write it: strict JSON plus bare `NaN`, `Infinity`, `-Infinity`.

use serde_json::{Map, Number, Value};

/// Deepest nesting accepted; deeper input is refused, not recursed into.
const MAX_DEPTH: usize = 128;

/// A parsed value. Keys keep their order; of repeated keys the last counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Why and where (byte offset) parsing stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
    /// The input ended too early: it may still be being written.
    pub(crate) cut: bool,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl Json {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries
                .iter()
                .rev()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The object's entries, none for other values.
    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The list's items, none for other values.
    pub(crate) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number; true and false are none.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Float(value) => crate::Step::from_f64(*value)
                .filter(|s| s.micro == 0)
                .map(|s| s.whole),
            _ => None,
        }
    }

    /// As a step; fractions are kept to the millionth.
    pub(crate) fn step(&self) -> Option<crate::Step> {
        match self {
            Self::Int(value) => Some((*value).into()),
            Self::Float(value) => crate::Step::from_f64(*value),
            _ => None,
        }
    }

    /// Hands everything in the object that is no object to `take`, with its path: names joined
    /// by `separator`. Objects that `enter` does not let in are handed over whole.
    pub(crate) fn each_leaf(
        &self,
        separator: &str,
        enter: impl Fn(&Self) -> bool + Copy,
        take: &mut impl FnMut(&str, &Self),
    ) {
        self.leaves_below(&mut String::new(), separator, enter, take);
    }

    fn leaves_below(
        &self,
        path: &mut String,
        separator: &str,
        enter: impl Fn(&Self) -> bool + Copy,
        take: &mut impl FnMut(&str, &Self),
    ) {
        let above = path.len();
        for (key, value) in self.entries() {
            if above > 0 {
                path.push_str(separator);
            }
            path.push_str(key);
            match value {
                Self::Object(_) if enter(value) => {
                    value.leaves_below(path, separator, enter, take);
                }
                other => take(path, other),
            }
            path.truncate(above);
        }
    }

    /// As strict JSON: non-finite numbers become texts.
    pub(crate) fn strict(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::from(*value),
            Self::Float(value) => strict_float(*value),
            Self::Text(text) => Value::from(text.as_str()),
            Self::List(items) => items.iter().map(Self::strict).collect(),
            Self::Object(_) => Value::Object(self.strict_map()),
        }
    }

    /// The object's entries as strict JSON.
    pub(crate) fn strict_map(&self) -> Map<String, Value> {
        self.entries()
            .iter()
            .map(|(name, value)| (name.clone(), value.strict()))
            .collect()
    }
}

/// A float as strict JSON: non-finite numbers become texts.
pub(crate) fn strict_float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::from(float_text(value)), Value::Number)
}

/// The text of a non-finite number in exports.
pub(crate) fn float_text(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Parses one document that must fill `bytes`, apart from white space.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    let (value, used) = parse_prefix(bytes)?;
    let mut parser = Parser { bytes, at: used };
    parser.space();
    if parser.at < bytes.len() {
        return Err(parser.error("more after the end of the value"));
    }
    Ok(value)
}

/// The number that `bytes` are from end to end, as [`parse`] and [`Json::number`] give it;
/// `None` for numbers in another form as well, which those have to read.
pub(crate) fn plain_number(bytes: &[u8]) -> Option<f64> {
    let mut float = false;
    for byte in bytes {
        match byte {
            b'0'..=b'9' | b'-' | b'+' => {}
            b'.' | b'e' | b'E' => float = true,
            _ => return None,
        }
    }
    let first = bytes.iter().find(|byte| **byte != b'-')?;
    if !first.is_ascii_digit() {
        return None;
    }
    if float {
        return fast_float2::parse(bytes).ok();
    }
    super::number::int(bytes).map(|value| value as f64)
}

/// Parses one value at the beginning of `bytes`; also says how many bytes it took.
pub(crate) fn parse_prefix(bytes: &[u8]) -> Result<(Json, usize), JsonError> {
    let start = if bytes.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let mut parser = Parser { bytes, at: start };
    let value = parser.value(0)?;
    Ok((value, parser.at))
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: &'static str) -> JsonError {
        JsonError {
            at: self.at,
            what,
            cut: self.at >= self.bytes.len(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => Ok(Json::Text(self.string()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'N') => self.word("NaN", Json::Float(f64::NAN)),
            Some(b'I') => self.word("Infinity", Json::Float(f64::INFINITY)),
            Some(b'-') if self.bytes.get(self.at + 1) == Some(&b'I') => {
                self.word("-Infinity", Json::Float(f64::NEG_INFINITY))
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.error("not a JSON value")),
            None => Err(self.error("the value is cut off")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, JsonError> {
        let rest = &self.bytes[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        let cut = word.as_bytes().starts_with(rest);
        Err(JsonError {
            at: self.at,
            what: "not a JSON value",
            cut,
        })
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        let mut float = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'0'..=b'9' | b'-' | b'+' => {}
                b'.' | b'e' | b'E' => float = true,
                _ => break,
            }
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).unwrap_or("");
        if !float && let Ok(value) = text.parse::<i64>() {
            return Ok(Json::Int(value));
        }
        match text.parse::<f64>() {
            Ok(value) => Ok(Json::Float(value)),
            Err(_) => {
                let cut = self.at >= self.bytes.len();
                Err(JsonError {
                    at: start,
                    what: "not a number",
                    cut,
                })
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let start = self.at;
            while let Some(byte) = self.peek() {
                if byte == b'"' || byte == b'\\' {
                    break;
                }
                self.at += 1;
            }
            out.extend_from_slice(&self.bytes[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return String::from_utf8(out).map_err(|_| self.error("text is not UTF-8"));
                }
                Some(_) => {
                    let c = self.escape()?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                None => return Err(self.error("the text is cut off")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let byte = self
            .peek()
            .ok_or_else(|| self.error("the text is cut off"))?;
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
                    }
                    self.at = back;
                }
                // Python writes lone surrogates for undecodable bytes.
                char::from_u32(high).unwrap_or('\u{fffd}')
            }
            _ => return Err(self.error("unknown escape in text")),
        })
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or(JsonError {
            at: self.bytes.len(),
            what: "the text is cut off",
            cut: true,
        })?;
        let code = std::str::from_utf8(digits)
            .ok()
            .and_then(|d| u32::from_str_radix(d, 16).ok());
        let code = code.ok_or_else(|| self.error("bad \\u escape in text"))?;
        self.at += 4;
        Ok(code)
    }

    fn list(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::List(items));
                }
                _ => return Err(self.error("a list needs , or ]")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut entries = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(entries));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.error("an object needs a quoted key"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.error("an object needs : after the key"));
            }
            self.at += 1;
            entries.push((key, self.value(depth + 1)?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(entries));
                }
                _ => return Err(self.error("an object needs , or }")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trackers_write() {
        let json = parse(
            br#" {"a": NaN, "b": [-Infinity, 1, 2.5e-3, "x\u00e9\ud83d\ude00\n"], "a": null} "#,
        )
        .unwrap();
        assert_eq!(json.get("a"), Some(&Json::Null));
        let items = json.get("b").unwrap().items();
        assert_eq!(items[0].number(), Some(f64::NEG_INFINITY));
        assert_eq!(items[1], Json::Int(1));
        assert_eq!(items[2], Json::Float(2.5e-3));
        assert_eq!(items[3].text(), Some("xé😀\n"));
        assert_eq!(json.strict()["b"][0], "-Infinity");
        assert_eq!(
            parse(b"18446744073709551615").unwrap(),
            Json::Float(18_446_744_073_709_551_615.0)
        );
    }

    #[test]
    fn cut_input_is_told_from_wrong_input() {
        let text = br#"{"k": [1.5, NaN, true, "a\u00e9"], "m": {"x": -2}}"#;
        for end in 0..text.len() {
            assert!(parse(&text[..end]).unwrap_err().cut, "cut at {end}");
        }
        for wrong in ["{k: 1}", "[1 2]", "nul1", "{\"a\" 1}", "\"\\q\"", "1 2"] {
            assert!(!parse(wrong.as_bytes()).unwrap_err().cut, "{wrong}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn plain_numbers_are_what_the_parser_says() {
        for text in [
            "0.1",
            "-0",
            "-0.0",
            "0",
            "7",
            "1e5",
            "1E-05",
            "1.",
            "00.5",
            "9007199254740993",
            "9223372036854775808",
            "123456789.123456789e-20",
            "1e999",
            "5e-324",
            "--1",
            "-",
            "",
            "+1",
            "1+1",
            "1e",
            "1.2.3",
            "NaN",
            "true",
            " 1",
            "1 ",
            "-.5",
            ".5",
            "1e+3",
        ] {
            let number = parse(text.as_bytes()).ok().and_then(|value| value.number());
            if let Some(plain) = plain_number(text.as_bytes()) {
                assert_eq!(Some(plain.to_bits()), number.map(f64::to_bits), "{text:?}");
            }
        }
        assert!(plain_number(b"0.25").is_some() && plain_number(b"-3").is_some());
    }
}
