//! The header of an archive member, byte for byte as `kit` writes it: ustar where the name fits,
//! else preceded by a PAX extended header. Owner 1000:0, time 0; no user names.

use super::BLOCK;

/// What a member is; ModelKits hold nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
}

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Path with `/` between elements; no trailing slash, also for folders.
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Permission, set-id and sticky bits.
    pub mode: u32,
    /// Bytes of a file; 0 for a folder.
    pub size: u64,
}

/// The end of an archive: two zero blocks.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// The largest size that eleven octal digits hold.
const MAX_OCTAL_SIZE: u64 = 0o77_777_777_777;
const NAME: usize = 100;
const PREFIX: usize = 155;

/// Zero bytes that follow `size` bytes of data.
pub fn padding(size: u64) -> usize {
    let rest = (size % BLOCK as u64) as usize;
    if rest == 0 { 0 } else { BLOCK - rest }
}

/// All header blocks of `header`; `None` if the name holds a NUL byte or nothing.
pub fn header_bytes(header: &Header) -> Option<Vec<u8>> {
    let name = header.name.as_slice();
    if name.is_empty() || name.contains(&0) {
        return None;
    }
    let size = match header.kind {
        Kind::File => header.size,
        Kind::Folder => 0,
    };
    let ascii = name.is_ascii();
    let long = name.len() > NAME;
    let too_large = size > MAX_OCTAL_SIZE;
    let typeflag = match header.kind {
        Kind::File => b'0',
        Kind::Folder => b'5',
    };
    let mut out = Vec::with_capacity(BLOCK);
    let split = if ascii && long {
        split_name(name)
    } else {
        None
    };
    if ascii && !too_large && (!long || split.is_some()) {
        let (prefix, rest) = split.unwrap_or((b"", name));
        let mut block = member(rest, typeflag, header.mode, size);
        put(&mut block, 345, prefix);
        seal(&mut block);
        out.extend_from_slice(&block);
        return Some(out);
    }
    let mut records = Vec::new();
    if !ascii || long {
        record(&mut records, b"path", name);
    }
    if too_large {
        record(&mut records, b"size", size.to_string().as_bytes());
    }
    out.extend_from_slice(&pax_header(name, records.len() as u64));
    out.extend_from_slice(&records);
    out.resize(out.len() + padding(records.len() as u64), 0);
    let mut block = member(
        &cut(ascii_only(name)),
        typeflag,
        header.mode,
        if too_large { 0 } else { size },
    );
    seal(&mut block);
    out.extend_from_slice(&block);
    Some(out)
}

/// Bytes of [`header_bytes`], told without making them where one look is enough.
pub fn header_size(name: &[u8], kind: Kind, size: u64) -> Option<u64> {
    let short = !name.is_empty() && name.len() <= NAME && name.is_ascii() && !name.contains(&0);
    if short && (kind == Kind::Folder || size <= MAX_OCTAL_SIZE) {
        return Some(BLOCK as u64);
    }
    let header = Header {
        name: name.to_vec(),
        kind,
        mode: 0,
        size,
    };
    header_bytes(&header).map(|bytes| bytes.len() as u64)
}

/// The block of a member, all but the checksum.
fn member(name: &[u8], typeflag: u8, mode: u32, size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put(&mut block, 0, name);
    octal(&mut block, 100, 7, u64::from(mode));
    octal(&mut block, 108, 7, 1000);
    octal(&mut block, 116, 7, 0);
    octal(&mut block, 124, 11, size);
    octal(&mut block, 136, 11, 0);
    put(&mut block, 156, &[typeflag]);
    octal(&mut block, 329, 7, 0);
    octal(&mut block, 337, 7, 0);
    block
}

/// The block before the records of an extended header. Its device fields stay empty.
fn pax_header(name: &[u8], size: u64) -> [u8; BLOCK] {
    let (folder, base) = match name.iter().rposition(|b| *b == b'/') {
        Some(slash) => name.split_at(slash + 1),
        None => (&b""[..], name),
    };
    let mut full = folder.to_vec();
    full.extend_from_slice(b"PaxHeaders.0/");
    full.extend_from_slice(base);
    let mut full = ascii_only(&full);
    full.truncate(NAME);
    while full.last() == Some(&b'/') {
        full.pop();
    }
    let mut block = [0; BLOCK];
    put(&mut block, 0, &full);
    for (at, digits) in [(100, 7), (108, 7), (116, 7), (136, 11)] {
        octal(&mut block, at, digits, 0);
    }
    octal(&mut block, 124, 11, size);
    put(&mut block, 156, b"x");
    seal(&mut block);
    block
}

/// Adds magic, version and checksum.
fn seal(block: &mut [u8; BLOCK]) {
    put(block, 257, b"ustar\x0000");
    put(block, 148, b"        ");
    let sum: u64 = block.iter().map(|b| u64::from(*b)).sum();
    octal(block, 148, 6, sum);
    put(block, 154, b"\0 ");
}

/// `key=value` preceded by the length of the whole record, its own digits included.
fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    loop {
        let next = rest + length.to_string().len();
        if next == length {
            break;
        }
        length = next;
    }
    out.extend_from_slice(length.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// Prefix and name of a long ASCII name, if there is a slash in the right place.
fn split_name(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let searched = name.get(..name.len().min(PREFIX + 1))?;
    let slash = searched.iter().rposition(|b| *b == b'/')?;
    let (prefix, rest) = (name.get(..slash)?, name.get(slash + 1..)?);
    let fits = (1..=PREFIX).contains(&prefix.len()) && (1..=NAME).contains(&rest.len());
    fits.then_some((prefix, rest))
}

fn ascii_only(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(u8::is_ascii).collect()
}

/// At most 100 bytes; a slash at the cut is dropped, since some readers take it for a folder's.
fn cut(mut name: Vec<u8>) -> Vec<u8> {
    if name.len() > NAME {
        name.truncate(NAME);
        while name.last() == Some(&b'/') {
            name.pop();
        }
    }
    name
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (to, from) in block.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

fn octal(block: &mut [u8; BLOCK], at: usize, digits: usize, value: u64) {
    put(block, at, format!("{value:0digits$o}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, kind: Kind, mode: u32, size: u64) -> Vec<u8> {
        header_bytes(&Header {
            name: name.into(),
            kind,
            mode,
            size,
        })
        .unwrap()
    }

    fn field(block: &[u8], at: usize, length: usize) -> String {
        String::from_utf8_lossy(&block[at..at + length]).into_owned()
    }

    #[test]
    fn the_checksum_of_the_reference_vector() {
        let block = header("model", Kind::Folder, 0o755, 0);
        assert_eq!(block.len(), BLOCK);
        assert_eq!(field(&block, 148, 8), "010243\0 ");
    }

    #[test]
    fn long_names_are_split_where_they_can_be() {
        let name = format!("{}/{}/x/file.bin", "a".repeat(60), "a".repeat(60));
        let block = header(&name, Kind::File, 0o644, 1);
        assert_eq!(block.len(), BLOCK);
        assert_eq!(field(&block, 0, 11), "file.bin\0\0\0");
        assert!(field(&block, 345, 155).starts_with(&"a".repeat(60)));
    }

    #[test]
    fn other_names_take_an_extended_header() {
        let block = header("dé/fü", Kind::File, 0o644, 0);
        assert_eq!(block.len(), 3 * BLOCK);
        assert_eq!(field(&block, 0, 18), "d/PaxHeaders.0/f\0\0");
        assert_eq!(block[156], b'x');
        assert_eq!(field(&block, 329, 8), "\0\0\0\0\0\0\0\0");
        assert_eq!(field(&block, BLOCK, 16), "16 path=dé/fü\n");
        assert_eq!(field(&block, 2 * BLOCK, 5), "d/f\0\0");
        let name = "c".repeat(120);
        let block = header(&name, Kind::File, 0o644, 0);
        assert_eq!(field(&block, BLOCK, 10), "130 path=c");
        assert_eq!(
            field(&block, 2 * BLOCK, 101),
            format!("{}0", "c".repeat(100))
        );
    }

    #[test]
    fn large_files_state_their_size_in_the_extended_header() {
        let block = header("big", Kind::File, 0o644, MAX_OCTAL_SIZE + 1);
        assert_eq!(field(&block, BLOCK, 19), "19 size=8589934592\n");
        assert_eq!(field(&block, 2 * BLOCK + 124, 12), "00000000000\0");
        assert_eq!(
            header("big", Kind::File, 0o644, MAX_OCTAL_SIZE).len(),
            BLOCK
        );
    }

    #[test]
    fn the_size_of_a_header_is_told_without_making_it() {
        let long = format!("{}/{}", "a".repeat(90), "b".repeat(90));
        for name in [
            "a",
            "a/b",
            "é",
            "",
            "a\0b",
            &"c".repeat(100),
            &"c".repeat(101),
            &long,
        ] {
            for kind in [Kind::File, Kind::Folder] {
                for size in [0, 1, MAX_OCTAL_SIZE, MAX_OCTAL_SIZE + 1] {
                    let made = header_bytes(&Header {
                        name: name.into(),
                        kind,
                        mode: 0o644,
                        size,
                    });
                    let told = header_size(name.as_bytes(), kind, size);
                    assert_eq!(told, made.map(|bytes| bytes.len() as u64), "{name} {size}");
                }
            }
        }
    }

    #[test]
    fn the_length_of_a_record_counts_itself() {
        for length in [1, 2, 86, 87, 88, 89, 90, 990, 991, 992] {
            let mut out = Vec::new();
            record(&mut out, b"path", &vec![b'x'; length]);
            let stated: usize = String::from_utf8_lossy(&out)
                .split(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap();
            assert_eq!(stated, out.len());
        }
    }

    #[test]
    fn names_that_tar_cannot_hold_are_refused() {
        for name in ["", "a\0b"] {
            assert_eq!(
                header_bytes(&Header {
                    name: name.into(),
                    kind: Kind::File,
                    mode: 0,
                    size: 0
                }),
                None
            );
        }
    }
}
