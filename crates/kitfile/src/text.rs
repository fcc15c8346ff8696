//! A Kitfile's bytes as text, by its byte order mark as the YAML specification has it.

/// Why bytes are no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Without a mark of UTF-16 it must be UTF-8.
    #[error("it is not UTF-8 text from byte {0} on; save it as UTF-8")]
    Utf8(usize),
    /// Half a character, or half of a pair.
    #[error("it is not whole UTF-16 text; save it as UTF-8")]
    Utf16,
}

/// How the text of a Kitfile is written as bytes. `kit` reads all of these; some editors and shells on
/// Windows write other ones than the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8 without a mark.
    #[default]
    Utf8,
    /// UTF-8 behind a byte order mark.
    Utf8Marked,
    /// UTF-16, the lower byte first, behind its mark.
    Utf16Little,
    /// UTF-16, the higher byte first, behind its mark.
    Utf16Big,
}

impl Encoding {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf8Marked => "UTF-8 with a byte order mark",
            Encoding::Utf16Little => "UTF-16, little-endian",
            Encoding::Utf16Big => "UTF-16, big-endian",
        }
    }

    fn mark(self) -> &'static [u8] {
        match self {
            Encoding::Utf8 => b"",
            Encoding::Utf8Marked => b"\xef\xbb\xbf",
            Encoding::Utf16Little => b"\xff\xfe",
            Encoding::Utf16Big => b"\xfe\xff",
        }
    }

    /// The bytes of `text`, mark and all.
    pub fn encode(self, text: &str) -> Vec<u8> {
        let mut bytes = self.mark().to_vec();
        match self {
            Encoding::Utf8 | Encoding::Utf8Marked => bytes.extend_from_slice(text.as_bytes()),
            Encoding::Utf16Little => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Encoding::Utf16Big => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
        }
        bytes
    }
}

/// The text of a Kitfile without its mark, and how it was written.
///
/// # Errors
/// [`TextError`] if it is neither UTF-8 nor UTF-16 with its mark.
pub fn decode(bytes: &[u8]) -> Result<(String, Encoding), TextError> {
    let marked = [
        Encoding::Utf8Marked,
        Encoding::Utf16Little,
        Encoding::Utf16Big,
    ];
    let encoding = marked
        .into_iter()
        .find(|encoding| bytes.starts_with(encoding.mark()))
        .unwrap_or_default();
    let rest = bytes.strip_prefix(encoding.mark()).unwrap_or(bytes);
    let order = match encoding {
        Encoding::Utf8 | Encoding::Utf8Marked => {
            let text = std::str::from_utf8(rest)
                .map_err(|error| TextError::Utf8(encoding.mark().len() + error.valid_up_to()))?;
            return Ok((text.to_owned(), encoding));
        }
        Encoding::Utf16Little => u16::from_le_bytes,
        Encoding::Utf16Big => u16::from_be_bytes,
    };
    let (pairs, half) = rest.as_chunks::<2>();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| order(*pair))).collect();
    match (text, half) {
        (Ok(text), []) => Ok((text, encoding)),
        _ => Err(TextError::Utf16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_told_by_the_mark_and_kept() {
        let text = "package: {name: é🎉}\n";
        for encoding in [
            Encoding::Utf8,
            Encoding::Utf8Marked,
            Encoding::Utf16Little,
            Encoding::Utf16Big,
        ] {
            let bytes = encoding.encode(text);
            assert_eq!(decode(&bytes), Ok((text.to_owned(), encoding)));
            let cut = decode(&bytes[..bytes.len() - 1]);
            match encoding {
                Encoding::Utf8 | Encoding::Utf8Marked => {
                    assert_eq!(cut, Ok((text.trim_end().to_owned(), encoding)));
                }
                _ => assert_eq!(cut, Err(TextError::Utf16)),
            }
        }
        // Half of a pair.
        assert_eq!(decode(&[0xff, 0xfe, 0, 0xd8]), Err(TextError::Utf16));
        assert_eq!(decode(b"a\xff"), Err(TextError::Utf8(1)));
        assert_eq!(decode(b"\xef\xbb\xbfa\xff"), Err(TextError::Utf8(4)));
        assert_eq!(decode(b""), Ok((String::new(), Encoding::Utf8)));
    }
}
