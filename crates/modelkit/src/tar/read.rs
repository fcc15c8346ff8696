//! Reads archives that may come from anywhere: ustar and PAX, GNU long names, bounded in every
//! respect. Anything but files and folders is an error.

use std::io::{self, BufRead, Read, Seek};

use super::BLOCK;
use super::header::{Header, Kind, padding};

/// Bounds on an archive.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an extended header or a long name.
    pub extended: u64,
    /// Members.
    pub members: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            extended: 1 << 20,
            members: 5_000_000,
        }
    }
}

/// Reads the members of an archive one after the other.
pub struct Reader<R> {
    inner: R,
    limits: Limits,
    members: u64,
    /// Data and padding of the current member still to be read.
    data_left: u64,
    padding_left: u64,
    /// Bytes consumed so far.
    offset: u64,
    ended: bool,
}

fn invalid(problem: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, problem.into())
}

impl<R: Read> Reader<R> {
    /// Reads from `inner`, which stands at the start of an archive.
    pub fn new(inner: R, limits: Limits) -> Reader<R> {
        Reader {
            inner,
            limits,
            members: 0,
            data_left: 0,
            padding_left: 0,
            offset: 0,
            ended: false,
        }
    }

    /// The next member, `None` at the end. What is left of the current one is skipped.
    ///
    /// # Errors
    /// Of kind `InvalidData` with a sentence if the archive breaks the rules or the bounds;
    /// `UnexpectedEof` if it stops early; others from the underlying reader.
    pub fn next_member(&mut self) -> io::Result<Option<Header>> {
        self.skip_member()?;
        if self.ended {
            return Ok(None);
        }
        let (mut path, mut size): (Option<Vec<u8>>, Option<u64>) = (None, None);
        let mut extended = 0;
        loop {
            let Some(block) = self.block()? else {
                self.ended = true;
                if extended > 0 {
                    return Err(invalid("it ends after an extended header"));
                }
                return Ok(None);
            };
            if block.iter().all(|b| *b == 0) {
                if extended > 0 {
                    return Err(invalid("it ends after an extended header"));
                }
                self.ended = true;
                return Ok(None);
            }
            check_sum(&block)?;
            let declared = number(&block, 124, 12, "size")?;
            match block.get(156).copied().unwrap_or_default() {
                b'x' | b'L' if extended >= 4 => {
                    return Err(invalid("one member has too many extended headers"));
                }
                b'x' => {
                    extended += 1;
                    let records = self.special(declared)?;
                    pax(&records, &mut path, &mut size)?;
                }
                b'g' => {
                    self.special(declared)?;
                }
                b'L' => {
                    extended += 1;
                    let mut name = self.special(declared)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    path = Some(name);
                }
                typeflag => {
                    self.members += 1;
                    if self.members > self.limits.members {
                        return Err(invalid(format!(
                            "it has more than {} members",
                            self.limits.members
                        )));
                    }
                    let name = path.unwrap_or_else(|| ustar_name(&block));
                    return self
                        .member(name, typeflag, &block, size.unwrap_or(declared))
                        .map(Some);
                }
            }
        }
    }

    fn member(
        &mut self,
        mut name: Vec<u8>,
        typeflag: u8,
        block: &[u8; BLOCK],
        size: u64,
    ) -> io::Result<Header> {
        if name.contains(&0) {
            return Err(invalid("a name contains a NUL byte"));
        }
        let slashed = name.last() == Some(&b'/');
        let kind = match typeflag {
            b'5' => Kind::Folder,
            b'0' | 0 | b'7' if slashed => Kind::Folder,
            b'0' | 0 | b'7' => Kind::File,
            other => {
                let what = match other {
                    b'1' => "a hard link",
                    b'2' => "a symbolic link",
                    b'3' | b'4' => "a device",
                    b'6' => "a pipe",
                    _ => "an unknown kind of member",
                };
                return Err(invalid(format!(
                    "“{}” is {what}; ModelKits hold files and folders only",
                    String::from_utf8_lossy(&name)
                )));
            }
        };
        while name.len() > 1 && name.last() == Some(&b'/') {
            name.pop();
        }
        if kind == Kind::Folder && size != 0 {
            return Err(invalid(format!(
                "the folder “{}” claims to have data",
                String::from_utf8_lossy(&name)
            )));
        }
        if size > i64::MAX as u64 {
            return Err(invalid(format!(
                "“{}” claims an impossible size",
                String::from_utf8_lossy(&name)
            )));
        }
        let mode = (number(block, 100, 8, "mode")? & 0o7777) as u32;
        self.data_left = size;
        self.padding_left = padding(size) as u64;
        Ok(Header {
            name,
            kind,
            mode,
            size,
        })
    }

    /// Bytes consumed from the start of the archive: after [`Reader::next_member`], where the
    /// member's data begin.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The underlying reader, e.g. to drain it after the end.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.inner.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "it stops in the middle of a header",
                    ));
                }
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.offset += BLOCK as u64;
        Ok(Some(block))
    }

    /// The data of an extended header.
    fn special(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > self.limits.extended {
            return Err(invalid(format!(
                "an extended header has {size} bytes, the limit is {}",
                self.limits.extended
            )));
        }
        let mut data = vec![0; size as usize + padding(size)];
        self.inner.read_exact(&mut data).map_err(early)?;
        self.offset += data.len() as u64;
        data.truncate(size as usize);
        Ok(data)
    }

    fn skip_member(&mut self) -> io::Result<()> {
        let left = self.data_left + self.padding_left;
        let skipped = io::copy(&mut self.inner.by_ref().take(left), &mut io::sink())?;
        self.offset += skipped;
        (self.data_left, self.padding_left) = (0, 0);
        if skipped < left {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it stops in the middle of a file",
            ));
        }
        Ok(())
    }
}

impl<R: Read + Seek> Reader<R> {
    /// As [`Reader::next_member`], but seeks over what is left of the current member.
    ///
    /// # Errors
    /// As [`Reader::next_member`].
    pub fn seek_next_member(&mut self) -> io::Result<Option<Header>> {
        let left = self.data_left + self.padding_left;
        if left > 0 {
            let distance =
                i64::try_from(left).map_err(|_| invalid("a member has an impossible size"))?;
            self.inner.seek_relative(distance)?;
            self.offset += left;
            (self.data_left, self.padding_left) = (0, 0);
        }
        self.next_member()
    }
}

/// Reads the data of the current member.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.data_left)
            .unwrap_or(usize::MAX)
            .min(buf.len());
        if want == 0 {
            return Ok(0);
        }
        let n = self.inner.read(buf.get_mut(..want).unwrap_or_default())?;
        if n == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it stops in the middle of a file",
            ));
        }
        self.data_left -= n as u64;
        self.offset += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Reader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.data_left == 0 {
            return Ok(&[]);
        }
        let ready = self.inner.fill_buf()?;
        if ready.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it stops in the middle of a file",
            ));
        }
        let n = usize::try_from(self.data_left)
            .unwrap_or(usize::MAX)
            .min(ready.len());
        Ok(ready.get(..n).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.data_left = self.data_left.saturating_sub(amount as u64);
        self.offset += amount as u64;
    }
}

fn early(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "it stops in the middle of an extended header",
        )
    } else {
        error
    }
}

fn check_sum(block: &[u8; BLOCK]) -> io::Result<()> {
    let stated = number(block, 148, 8, "checksum")?;
    let sum = |signed: bool| -> i64 {
        block
            .iter()
            .enumerate()
            .map(|(at, b)| match (at, signed) {
                (148..156, _) => i64::from(b' '),
                (_, false) => i64::from(*b),
                (_, true) => i64::from(*b as i8),
            })
            .sum()
    };
    if i64::try_from(stated).is_ok_and(|stated| stated == sum(false) || stated == sum(true)) {
        Ok(())
    } else {
        Err(invalid(
            "a header's checksum is wrong; it is not a tar archive or it is damaged",
        ))
    }
}

/// A number field: octal digits, or base 256 as GNU tar writes large ones.
fn number(block: &[u8; BLOCK], at: usize, length: usize, what: &str) -> io::Result<u64> {
    let field = block.get(at..at + length).unwrap_or_default();
    let error = || invalid(format!("a header's {what} is not a number"));
    if let Some((first, rest)) = field.split_first()
        && first & 0x80 != 0
    {
        if *first != 0x80 {
            return Err(error());
        }
        return rest.iter().try_fold(0u64, |sum, b| {
            sum.checked_mul(256)
                .and_then(|sum| sum.checked_add(u64::from(*b)))
                .ok_or_else(error)
        });
    }
    let text = field
        .split(|b| *b == 0)
        .next()
        .unwrap_or_default()
        .trim_ascii();
    text.iter().try_fold(0u64, |sum, b| match b {
        b'0'..=b'7' => sum
            .checked_mul(8)
            .and_then(|sum| sum.checked_add(u64::from(b - b'0')))
            .ok_or_else(error),
        _ => Err(error()),
    })
}

fn ustar_name(block: &[u8; BLOCK]) -> Vec<u8> {
    let text = |at: usize, length: usize| {
        let field = block.get(at..at + length).unwrap_or_default();
        field.split(|b| *b == 0).next().unwrap_or_default()
    };
    let name = text(0, 100).to_vec();
    // GNU archives use the prefix field for other things.
    let prefix = if block.get(257..263) == Some(b"ustar\0") {
        text(345, 155)
    } else {
        b""
    };
    if prefix.is_empty() {
        name
    } else {
        [prefix, b"/", &name].concat()
    }
}

fn pax(records: &[u8], path: &mut Option<Vec<u8>>, size: &mut Option<u64>) -> io::Result<()> {
    let broken = || invalid("an extended header is broken");
    let mut rest = records;
    while !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ').ok_or_else(broken)?;
        let digits = rest
            .get(..space)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .ok_or_else(broken)?;
        let length: usize = digits.parse().map_err(|_| broken())?;
        let record = rest.get(space + 1..length).ok_or_else(broken)?;
        let record = record.strip_suffix(b"\n").ok_or_else(broken)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or_else(broken)?;
        let (key, value) = record.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" => *path = Some(value.to_vec()),
            b"size" => {
                let text = std::str::from_utf8(value).map_err(|_| broken())?;
                *size = Some(text.parse().map_err(|_| broken())?);
            }
            _ if key.starts_with(b"GNU.sparse.") => {
                return Err(invalid(
                    "it holds a sparse file, which ModelKits do not know",
                ));
            }
            _ => {}
        }
        rest = rest.get(length..).ok_or_else(broken)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{END, header_bytes};
    use super::*;

    fn archive(members: &[(&str, Kind, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, kind, data) in members {
            let header = Header {
                name: name.as_bytes().to_vec(),
                kind: *kind,
                mode: 0o640,
                size: data.len() as u64,
            };
            out.extend(header_bytes(&header).unwrap());
            out.extend_from_slice(data);
            out.resize(out.len() + padding(data.len() as u64), 0);
        }
        out.extend(END);
        out
    }

    #[test]
    fn what_is_written_reads_back() {
        let long = "ü".repeat(90);
        let bytes = archive(&[
            ("d", Kind::Folder, b""),
            ("d/f", Kind::File, b"hello"),
            (&long, Kind::File, &[7; 600]),
        ]);
        let mut reader = Reader::new(bytes.as_slice(), Limits::default());
        let mut seen = Vec::new();
        while let Some(header) = reader.next_member().unwrap() {
            let mut data = Vec::new();
            reader.read_to_end(&mut data).unwrap();
            assert_eq!(header.mode, 0o640);
            seen.push((String::from_utf8(header.name).unwrap(), data.len()));
        }
        assert_eq!(seen, [("d".into(), 0), ("d/f".into(), 5), (long, 600)]);
    }

    #[test]
    fn every_truncation_is_noticed() {
        let bytes = archive(&[("a", Kind::File, &[1; 700]), ("é", Kind::File, b"x")]);
        let total = bytes.len() - END.len();
        for length in 1..total {
            let mut reader = Reader::new(&bytes[..length], Limits::default());
            let result = loop {
                match reader.next_member() {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            // Only a cut between members looks like an end; the caller checks the digest as well.
            let between = length == 512 + 1024;
            assert_eq!(result.is_ok(), between, "{length}");
        }
    }

    #[test]
    fn links_and_devices_are_refused_by_name() {
        for typeflag in [b'1', b'2', b'3', b'4', b'6', b'S'] {
            let mut bytes = archive(&[("x", Kind::File, b"")]);
            bytes[156] = typeflag;
            bytes[148..156].fill(b' ');
            let sum: u64 = bytes[..512].iter().map(|b| u64::from(*b)).sum();
            bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
            let error = Reader::new(bytes.as_slice(), Limits::default())
                .next_member()
                .unwrap_err();
            assert!(error.to_string().contains("“x”"), "{error}");
        }
    }

    #[test]
    fn bounds_hold() {
        let bytes = archive(&[("a", Kind::File, b""), ("b", Kind::File, b"")]);
        let mut reader = Reader::new(
            bytes.as_slice(),
            Limits {
                members: 1,
                ..Limits::default()
            },
        );
        assert!(reader.next_member().unwrap().is_some());
        assert!(reader.next_member().is_err());
        let long = "x".repeat(3000);
        let bytes = archive(&[(&long, Kind::File, b"")]);
        let mut reader = Reader::new(
            bytes.as_slice(),
            Limits {
                extended: 2000,
                ..Limits::default()
            },
        );
        assert!(reader.next_member().is_err());
    }
}
