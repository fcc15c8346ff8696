//! The two checksums of the trackers' record files.

/// TensorBoard's checksum: CRC-32C, rotated and shifted.
pub(crate) fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// CRC-32 as zlib has it, over two pieces.
pub(crate) fn crc32(first: &[u8], second: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(first);
    crc.update(second);
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(masked_crc32c(b"\x1a\x11CRC test, one two"), 0x5794_d08a);
        assert_eq!(crc32(b"1234", b"56789"), 0xcbf4_3926);
        assert_eq!(crc32(b"", b"123456789"), 0xcbf4_3926);
    }
}
