//! Protocol buffers, just enough to walk a message's fields.

/// A field's value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Wire<'a> {
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(crate) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn int(self) -> Option<i64> {
        match self {
            Self::Varint(value) => Some(value as i64),
            _ => None,
        }
    }

    pub(crate) fn double(self) -> Option<f64> {
        match self {
            Self::Fixed64(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub(crate) fn float(self) -> Option<f32> {
        match self {
            Self::Fixed32(bits) => Some(f32::from_bits(bits)),
            _ => None,
        }
    }
}

/// The fields of a message in order. Ends early, with [`Fields::broken`] set, where the
/// bytes are no message.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    pub(crate) broken: bool,
}

/// Walks the fields of a message.
pub(crate) fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields {
        bytes,
        broken: false,
    }
}

/// Whether `bytes` are a message from end to end.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let mut all = fields(bytes);
    all.by_ref().for_each(drop);
    !all.broken
}

/// The last value of a field, as protobuf has it for fields that are not repeated.
pub(crate) fn field(bytes: &[u8], number: u32) -> Option<Wire<'_>> {
    fields(bytes)
        .filter(|(n, _)| *n == number)
        .last()
        .map(|(_, value)| value)
}

/// A variable-length integer at the beginning of `bytes`, and what follows it.
pub(crate) fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (i, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Some((value, &bytes[i + 1..]));
        }
    }
    None
}

impl<'a> Fields<'a> {
    fn step(&mut self) -> Option<(u32, Wire<'a>)> {
        let (key, rest) = varint(self.bytes)?;
        let number = u32::try_from(key >> 3).ok().filter(|n| *n > 0)?;
        let (value, rest) = match key & 7 {
            0 => {
                let (value, rest) = varint(rest)?;
                (Wire::Varint(value), rest)
            }
            1 => {
                let (value, rest) = rest.split_first_chunk::<8>()?;
                (Wire::Fixed64(u64::from_le_bytes(*value)), rest)
            }
            2 => {
                let (len, rest) = varint(rest)?;
                let (value, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
                (Wire::Bytes(value), rest)
            }
            5 => {
                let (value, rest) = rest.split_first_chunk::<4>()?;
                (Wire::Fixed32(u32::from_le_bytes(*value)), rest)
            }
            _ => return None,
        };
        self.bytes = rest;
        Some((number, value))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Wire<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() || self.broken {
            return None;
        }
        let next = self.step();
        self.broken = next.is_none();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wire_type_and_every_cut() {
        let message = [
            0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f, 0x21, 0, 0, 0, 0, 0,
            0, 0xf0, 0x3f,
        ];
        let all: Vec<_> = fields(&message).collect();
        assert_eq!(all[0], (1, Wire::Varint(150)));
        assert_eq!(all[1].1.text(), Some("hi"));
        assert_eq!(all[2].1.float(), Some(1.0));
        assert_eq!(all[3].1.double(), Some(1.0));
        for end in 1..message.len() {
            let whole = [3, 7, 12].contains(&end);
            assert_eq!(is_whole(&message[..end]), whole, "{end}");
        }
        assert!(!is_whole(&[0xff; 20]));
        assert!(!is_whole(&[0x0b]), "groups are not read");
    }
}
