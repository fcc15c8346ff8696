//! The two checksums of the trackers' record files.

type Tables = [[u32; 256]; 8];

/// Tables to take eight bytes at a time, for a reflected polynomial.
const fn tables(polynomial: u32) -> Tables {
    let mut tables = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut value = i as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                (value >> 1) ^ polynomial
            } else {
                value >> 1
            };
            bit += 1;
        }
        tables[0][i] = value;
        i += 1;
    }
    let mut level = 1;
    while level < 8 {
        let mut i = 0;
        while i < 256 {
            let before = tables[level - 1][i];
            tables[level][i] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            i += 1;
        }
        level += 1;
    }
    tables
}

static CASTAGNOLI: Tables = tables(0x82f6_3b78);
static IEEE: Tables = tables(0xedb8_8320);

fn update(tables: &Tables, mut crc: u32, bytes: &[u8]) -> u32 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let at = |level: usize, byte: u32| tables[level][(byte & 0xff) as usize];
    for chunk in chunks {
        let low = crc ^ u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        let high = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        crc = at(7, low)
            ^ at(6, low >> 8)
            ^ at(5, low >> 16)
            ^ at(4, low >> 24)
            ^ at(3, high)
            ^ at(2, high >> 8)
            ^ at(1, high >> 16)
            ^ at(0, high >> 24);
    }
    rest.iter()
        .fold(crc, |crc, &byte| (crc >> 8) ^ at(0, crc ^ u32::from(byte)))
}

/// TensorBoard's checksum: CRC-32C, rotated and shifted.
pub(crate) fn masked_crc32c(bytes: &[u8]) -> u32 {
    (!update(&CASTAGNOLI, !0, bytes))
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

/// CRC-32 as zlib has it, over two pieces.
pub(crate) fn crc32(first: &[u8], second: &[u8]) -> u32 {
    !update(&IEEE, update(&IEEE, !0, first), second)
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
