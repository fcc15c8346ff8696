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

/// The text of a Kitfile: UTF-8, or UTF-16 of either byte order with its mark, which some editors
/// and shells on Windows write and `kit` reads.
///
/// # Errors
/// [`TextError`] if it is neither.
pub fn decode_text(bytes: Vec<u8>) -> Result<String, TextError> {
    let little = match bytes.get(..2) {
        Some([0xff, 0xfe]) => true,
        Some([0xfe, 0xff]) => false,
        _ => {
            return String::from_utf8(bytes)
                .map_err(|error| TextError::Utf8(error.utf8_error().valid_up_to()));
        }
    };
    let (pairs, rest) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
    let units = pairs.iter().map(|pair| match little {
        true => u16::from_le_bytes(*pair),
        false => u16::from_be_bytes(*pair),
    });
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match (text, rest) {
        (Ok(text), []) => Ok(text),
        _ => Err(TextError::Utf16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_told_by_its_mark() {
        let text = "package: {name: é🎉}\n";
        assert_eq!(decode_text(text.into()).as_deref(), Ok(text));
        for (mark, order) in [
            ([0xff, 0xfe], u16::to_le_bytes as fn(u16) -> [u8; 2]),
            ([0xfe, 0xff], u16::to_be_bytes),
        ] {
            let mut bytes = mark.to_vec();
            bytes.extend(text.encode_utf16().flat_map(order));
            assert_eq!(decode_text(bytes.clone()).as_deref(), Ok(text));
            bytes.pop();
            assert_eq!(decode_text(bytes), Err(TextError::Utf16));
        }
        // Half of a pair.
        assert_eq!(
            decode_text(vec![0xff, 0xfe, 0, 0xd8]),
            Err(TextError::Utf16)
        );
        assert_eq!(decode_text(vec![b'a', 0xff]), Err(TextError::Utf8(1)));
    }
}
