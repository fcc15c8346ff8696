//! Separated tables as training writes them.

use crate::scan::names;

/// One record: its cells, unquoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) cells: Vec<String>,
    /// A quote was opened and never closed.
    pub(crate) broken_quote: bool,
}

/// Most lines a quoted cell may span before its opening quote counts as a mistake.
const MAX_QUOTED_LINES: usize = 200;

/// Splits the complete records off `bytes`; hands each with its offset to `record` and
/// returns how many bytes were used. Bytes after the last line end are left.
///
/// A quoted cell may hold line ends. A quote is taken for a mistake, and spoils its own line
/// only, when a line behind it is a whole record of `columns` cells by itself or when it is
/// still open after [`MAX_QUOTED_LINES`].
pub(crate) fn split(
    bytes: &[u8],
    delimiter: u8,
    columns: usize,
    mut record: impl FnMut(Record, usize),
) -> usize {
    let mut start = 0;
    while let Some(mut end) = line_end(bytes, start) {
        let first = end;
        let mut lines = 1;
        while quote_open(&bytes[start..end], delimiter) {
            match line_end(bytes, end + 1) {
                Some(next)
                    if lines < MAX_QUOTED_LINES
                        && !is_record(&bytes[end + 1..next], delimiter, columns) =>
                {
                    end = next;
                    lines += 1;
                }
                None if lines < MAX_QUOTED_LINES => return start,
                _ => {
                    end = first;
                    break;
                }
            }
        }
        let line = &bytes[start..end];
        record(
            cells(line.strip_suffix(b"\r").unwrap_or(line), delimiter),
            start,
        );
        start = end + 1;
    }
    start
}

fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    bytes
        .get(from..)?
        .iter()
        .position(|&b| b == b'\n')
        .map(|i| from + i)
}

/// Whether a line without quotes has as many cells as the header.
fn is_record(line: &[u8], delimiter: u8, columns: usize) -> bool {
    columns > 1
        && !line.contains(&b'"')
        && line.iter().filter(|&&byte| byte == delimiter).count() + 1 == columns
}

/// Whether a quoted cell is still open at the end of `line`.
fn quote_open(line: &[u8], delimiter: u8) -> bool {
    if !line.contains(&b'"') {
        return false;
    }
    let mut open = false;
    let mut at_start = true;
    let mut i = 0;
    while i < line.len() {
        let byte = line[i];
        if open {
            if byte == b'"' {
                if line.get(i + 1) == Some(&b'"') {
                    i += 1;
                } else {
                    open = false;
                }
            }
        } else if byte == b'"' && at_start {
            open = true;
            at_start = false;
        } else {
            at_start = byte == delimiter || (at_start && byte == b' ');
        }
        i += 1;
    }
    open
}

/// The cells of one record. A quote counts only at the beginning of a cell.
pub(crate) fn cells(line: &[u8], delimiter: u8) -> Record {
    let text = String::from_utf8_lossy(line);
    let delimiter = char::from(delimiter);
    if !text.contains('"') {
        let cells = text.split(delimiter).map(str::to_owned).collect();
        return Record {
            cells,
            broken_quote: false,
        };
    }
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut open = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if open && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if open => open = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                open = true;
            }
            c if c == delimiter && !open => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    Record {
        cells,
        broken_quote: open,
    }
}

/// The separator of a header line: one that makes a step-like cell, of those the one that
/// splits it most; a comma in doubt.
pub(crate) fn guess_delimiter(header: &[u8]) -> u8 {
    let rank = |delimiter: u8| {
        let cells = cells(header, delimiter).cells;
        let steps = cells.iter().any(|cell| names::STEP.contains(&cell.trim()));
        (steps && cells.len() > 1, cells.len())
    };
    let mut best = (rank(b','), b',');
    for candidate in [b';', b'\t', b'|'] {
        let rank = rank(candidate);
        if rank > best.0 {
            best = (rank, candidate);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, columns: usize) -> (Vec<Vec<String>>, usize) {
        let mut rows = Vec::new();
        let used = split(text.as_bytes(), b',', columns, |r, _| rows.push(r.cells));
        (rows, used)
    }

    #[test]
    fn quotes() {
        let (rows, used) = all(
            "a,\"[1, 2]\",\"say \"\"x\"\"\"\r\n1,\"two\nlines\",3\n4,5",
            3,
        );
        assert_eq!(
            rows,
            [
                vec!["a", "[1, 2]", "say \"x\""],
                vec!["1", "two\nlines", "3"]
            ]
        );
        assert_eq!(used, 40);
    }

    #[test]
    fn a_broken_quote_spoils_one_line() {
        let (rows, _) = all("1,\"oops,2\n3,4\n5,6\n", 2);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1], ["3", "4"]);
        let (rows, used) = all("1,2\n3,\"still\n4\n", 2);
        assert_eq!((rows.len(), used), (1, 4), "it may still be closed");
        let long = format!("1,\"oops\n{}", "3,4\n".repeat(300));
        let (rows, _) = all(&long, 3);
        assert_eq!(rows.len(), 301);
    }

    #[test]
    fn separators() {
        assert_eq!(guess_delimiter(b"epoch,loss"), b',');
        assert_eq!(guess_delimiter(b"epoch;loss;\"a,b\""), b';');
        assert_eq!(guess_delimiter(b"step\tlr"), b'\t');
        assert_eq!(guess_delimiter(b"one"), b',');
        assert_eq!(guess_delimiter(b"epoch|loss"), b'|');
        // Names may hold what separates elsewhere.
        assert_eq!(guess_delimiter(b"global_step\tx;y\ta,b"), b'\t');
        assert_eq!(guess_delimiter(b"step,a;b;c;d"), b',');
    }
}
