//! Following a file that grows: read only what is new, notice when it was written anew.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::formats::listing::Stamp;

/// How much is read at once; a larger record enlarges the buffer.
const CHUNK: usize = 4 << 20;
/// Bytes remembered from the beginning and before the offset, to recognise a rewrite.
const MARK: usize = 48;

thread_local! {
    /// The buffer of the last file read, for the next one: stores have thousands of small ones.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// What a look at the file showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Size and time of change are as they were.
    None,
    /// The bytes read so far are still there; there may be more behind them.
    Grown,
    /// Shorter, or other bytes: the offset was set back to 0 and all must be read anew.
    Rewritten,
    /// The file is gone.
    Gone,
}

/// A file and how far it was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tail {
    #[serde(skip)]
    path: PathBuf,
    offset: u64,
    len: u64,
    modified: Option<SystemTime>,
    /// The file's number in its file system, 0 where there are none.
    number: u64,
    /// When the file was looked at.
    looked: Option<SystemTime>,
    head: Vec<u8>,
    before: Vec<u8>,
}

/// File systems tell times of change in ticks: what was written this shortly before a look may
/// be written again without another time.
const TICK: Duration = Duration::from_millis(100);

/// Whether what changed at `modified` was looked at so much later that another change since
/// then shows.
pub(crate) fn is_settled(modified: Option<SystemTime>, looked: Option<SystemTime>) -> bool {
    looked
        .zip(modified)
        .and_then(|(looked, modified)| looked.duration_since(modified).ok())
        .is_some_and(|age| age > TICK)
}

impl Tail {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            offset: 0,
            len: 0,
            modified: None,
            number: 0,
            looked: None,
            head: Vec::new(),
            before: Vec::new(),
        }
    }

    /// After being kept for another process: this is the file at `path`. What was looked at
    /// right after a change is not trusted by its size and time alone.
    pub(crate) fn restore(&mut self, path: PathBuf) {
        self.path = path;
        if !is_settled(self.modified, self.looked) {
            self.modified = self.modified.map(|_| UNIX_EPOCH);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the next unread record begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Size of the file at the last look.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Last change, Unix ms.
    pub(crate) fn modified_ms(&self) -> Option<i64> {
        self.modified.and_then(unix_ms)
    }

    /// Whether the file was looked at as it is now.
    pub(crate) fn is_at(&self, stamp: &Stamp) -> bool {
        stamp.is_file
            && (self.modified, self.len) == (Some(stamp.modified), stamp.len)
            && self.number == stamp.number
    }

    /// Compares the file with what was read before.
    ///
    /// A file that grew has its old bytes still, if its first ones and those before the place
    /// reached are as they were. One that only has another time of change, or is another file
    /// under the same name, may have other bytes anywhere: it is read anew.
    pub(crate) fn check(&mut self) -> io::Result<Change> {
        let meta = match std::fs::metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Change::Gone),
            Err(error) => return Err(error),
        };
        let (len, modified, number) = (meta.len(), meta.modified().ok(), file_number(&meta));
        let known = self.modified.is_some() && number == self.number;
        if known && len == self.len && modified == self.modified {
            return Ok(Change::None);
        }
        let grown = self.offset == 0 || (known && len > self.len && self.marks_hold()?);
        (self.len, self.modified, self.number) = (len, modified, number);
        self.looked = Some(SystemTime::now());
        if grown {
            return Ok(Change::Grown);
        }
        self.offset = 0;
        self.head.clear();
        self.before.clear();
        Ok(Change::Rewritten)
    }

    fn marks_hold(&self) -> io::Result<bool> {
        let mut file = File::open(&self.path)?;
        let mut buffer = vec![0; self.head.len()];
        let ok = file.read_exact(&mut buffer).is_ok() && buffer == self.head;
        if !ok {
            return Ok(false);
        }
        let mut buffer = vec![0; self.before.len()];
        file.seek(SeekFrom::Start(self.offset - self.before.len() as u64))?;
        Ok(file.read_exact(&mut buffer).is_ok() && buffer == self.before)
    }

    /// Hands the unread bytes to `take` in pieces that begin at the given file offset.
    /// `take` says how many bytes it has used up; what is left comes again with more behind
    /// it, and stays unread when the file ends.
    pub(crate) fn read(&mut self, mut take: impl FnMut(&[u8], u64) -> usize) -> io::Result<()> {
        let mut file = File::open(&self.path)?;
        if self.offset > 0 {
            file.seek(SeekFrom::Start(self.offset))?;
        }
        // Never beyond the length seen by `check`, so that state and marks agree.
        let mut left = self.len.saturating_sub(self.offset);
        let mut buffer = BUFFER.take();
        buffer.clear();
        let mut want = CHUNK;
        while left > 0 {
            let now = left.min(want as u64);
            buffer.reserve(usize::try_from(now).unwrap_or(CHUNK) + 1);
            let read = (&mut file).take(now).read_to_end(&mut buffer)?;
            if read == 0 {
                break;
            }
            left -= read as u64;
            let used = take(&buffer, self.offset).min(buffer.len());
            self.mark(&buffer, used);
            self.offset += used as u64;
            buffer.drain(..used);
            want = if used == 0 {
                buffer.len().max(CHUNK)
            } else {
                CHUNK
            };
        }
        if buffer.capacity() <= 2 * CHUNK {
            BUFFER.set(buffer);
        }
        Ok(())
    }

    fn mark(&mut self, buffer: &[u8], used: usize) {
        if self.head.len() < MARK {
            let missing = (MARK - self.head.len()).min(used);
            self.head.extend_from_slice(&buffer[..missing]);
        }
        self.before
            .extend_from_slice(&buffer[used.saturating_sub(MARK)..used]);
        let surplus = self.before.len().saturating_sub(MARK);
        self.before.drain(..surplus);
    }

    /// Hands every new complete line (without its end) and its offset to `line`.
    pub(crate) fn read_lines(&mut self, mut line: impl FnMut(&[u8], u64)) -> io::Result<()> {
        self.read(|bytes, offset| {
            let mut start = 0;
            while let Some(end) = memchr::memchr(b'\n', &bytes[start..]) {
                let text = &bytes[start..start + end];
                line(
                    text.strip_suffix(b"\r").unwrap_or(text),
                    offset + start as u64,
                );
                start += end + 1;
            }
            start
        })
    }
}

/// What tells a file from another one that took its name.
#[cfg(unix)]
pub(crate) fn file_number(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

/// What tells a file from another one that took its name: nothing that is told here.
#[cfg(not(unix))]
pub(crate) fn file_number(_meta: &std::fs::Metadata) -> u64 {
    0
}

/// A system time as Unix milliseconds.
pub(crate) fn unix_ms(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => i64::try_from(before.duration().as_millis())
            .ok()
            .map(|ms| -ms),
    }
}

/// Now, as Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    unix_ms(SystemTime::now()).unwrap_or(0)
}

/// Last change of a file, Unix ms.
pub(crate) fn modified_ms(path: &Path) -> Option<i64> {
    unix_ms(std::fs::metadata(path).ok()?.modified().ok()?)
}

/// Reads a whole file that should be small, refusing one above `limit` bytes.
pub(crate) fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than the {limit} bytes expected of such a file"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(tail: &mut Tail) -> (Change, Vec<String>) {
        let change = tail.check().unwrap();
        let mut seen = Vec::new();
        if !matches!(change, Change::None | Change::Gone) {
            tail.read_lines(|line, at| {
                seen.push(format!("{at}:{}", String::from_utf8_lossy(line)))
            })
            .unwrap();
        }
        (change, seen)
    }

    #[test]
    fn only_new_complete_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut tail = Tail::new(&path);
        assert_eq!(tail.check().unwrap(), Change::Gone);
        std::fs::write(&path, "a\r\nb\nhal").unwrap();
        assert_eq!(
            lines(&mut tail),
            (Change::Grown, vec!["0:a".into(), "3:b".into()])
        );
        std::fs::write(&path, "a\r\nb\nhalf\n").unwrap();
        assert_eq!(lines(&mut tail), (Change::Grown, vec!["5:half".into()]));
        assert_eq!(lines(&mut tail), (Change::None, vec![]));
        std::fs::write(&path, "x\r\nb\nhalf\nmore\n").unwrap();
        assert_eq!(lines(&mut tail).0, Change::Rewritten);
        std::fs::write(&path, "x\n").unwrap();
        assert_eq!(lines(&mut tail), (Change::Rewritten, vec!["0:x".into()]));
    }

    #[test]
    fn a_record_larger_than_the_buffer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut content = vec![b'x'; CHUNK * 2 + 17];
        content.extend_from_slice(b"\nshort\n");
        std::fs::write(&path, &content).unwrap();
        let mut tail = Tail::new(&path);
        tail.check().unwrap();
        let mut sizes = Vec::new();
        tail.read_lines(|line, _| sizes.push(line.len())).unwrap();
        assert_eq!(sizes, [CHUNK * 2 + 17, 5]);
        assert_eq!(tail.offset(), content.len() as u64);
    }
}
