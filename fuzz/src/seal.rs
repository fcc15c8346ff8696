//! Makes checksums right again, so that what lies behind them is reached.

/// CRC of the reflected polynomial `poly`, as zlib computes it.
fn crc(poly: u32, bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { poly } else { 0 }
        })
    })
}

/// The framing of TensorBoard event files: length, its checksum, data, their checksum.
pub fn records(bytes: &mut [u8]) {
    let masked = |bytes: &[u8]| {
        crc(0x82f6_3b78, bytes.iter().copied())
            .rotate_right(15)
            .wrapping_add(0xa282_ead8)
            .to_le_bytes()
    };
    let mut rest = bytes;
    while let Some((head, data)) = rest.split_first_chunk_mut::<12>() {
        let (length, check) = head.split_at_mut(8);
        check.copy_from_slice(&masked(length));
        let mut size = [0; 8];
        size.copy_from_slice(length);
        let size = usize::try_from(u64::from_le_bytes(size)).unwrap_or(usize::MAX);
        let Some((data, behind)) = data.split_at_mut_checked(size) else {
            return;
        };
        let Some((check, behind)) = behind.split_first_chunk_mut::<4>() else {
            return;
        };
        check.copy_from_slice(&masked(data));
        rest = behind;
    }
}

/// The framing of W&B run files: blocks of 32 KiB with chunks of checksum, length, kind, data; the
/// first one begins behind the head of the file.
pub fn chunks(bytes: &mut [u8]) {
    const BLOCK: usize = 32_768;
    const HEAD: usize = 7;
    let mut at = HEAD;
    loop {
        let left = BLOCK - at % BLOCK;
        if left < HEAD {
            at += left;
            continue;
        }
        let Some((head, rest)) = bytes
            .get_mut(at..)
            .and_then(|bytes| bytes.split_first_chunk_mut::<HEAD>())
        else {
            return;
        };
        let length = usize::from(u16::from_le_bytes([head[4], head[5]]));
        if HEAD + length > left {
            at += left;
            continue;
        }
        let Some(data) = rest.get(..length) else {
            return;
        };
        let kind = head[6];
        let check = crc(
            0xedb8_8320,
            std::iter::once(kind).chain(data.iter().copied()),
        );
        head[..4].copy_from_slice(&check.to_le_bytes());
        at += HEAD + length;
    }
}

/// The headers of a tar archive, as far as its sizes lead from one to the next.
pub fn headers(bytes: &mut [u8]) {
    let mut at = 0usize;
    while let Some(block) = bytes.get_mut(at..).and_then(|b| b.get_mut(..512)) {
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = block[124..135]
            .iter()
            .take_while(|digit| (b'0'..=b'7').contains(digit))
            .fold(0usize, |size, digit| size * 8 + usize::from(digit - b'0'));
        at += 512 + size.next_multiple_of(512);
    }
}
