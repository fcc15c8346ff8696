//! Tables as text: columns, their types by what the first rows hold, and those rows.

use std::io::{Read, Seek};

use super::bytes::reading;
use crate::error::Result;

const FORMAT: &str = "table";
/// Bytes that are looked at.
const HEAD: u64 = 256 << 10;
/// Rows that are kept.
const ROWS: usize = 100;
const MAX_COLUMNS: usize = 10_000;

/// The head of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub delimiter: char,
    /// Names of the first row, or `column 1` … where that holds numbers.
    pub columns: Vec<String>,
    /// `integer`, `number`, `text` or `empty`, per column.
    pub types: Vec<&'static str>,
    /// At most 100 rows.
    pub rows: Vec<Vec<String>>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Reads the first rows.
pub(super) fn read(reader: &mut (impl Read + Seek), tabs: bool) -> Result<Table> {
    let mut head = Vec::new();
    reader
        .by_ref()
        .take(HEAD + 1)
        .read_to_end(&mut head)
        .map_err(reading(FORMAT))?;
    let cut = head.len() as u64 > HEAD;
    let text = String::from_utf8_lossy(&head);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let delimiter = if tabs { '\t' } else { guess(text) };
    let (mut rows, complete) = parse(text, delimiter);
    // The last row of a cut text is probably half a row.
    if cut || !complete {
        rows.pop();
    }
    let truncated = cut || rows.len() > ROWS + 1;
    rows.truncate(ROWS + 1);
    let width = rows
        .iter()
        .map(Vec::len)
        .max()
        .unwrap_or_default()
        .min(MAX_COLUMNS);
    let named = rows
        .first()
        .is_some_and(|first| first.iter().all(|cell| cell.trim().parse::<f64>().is_err()));
    let mut columns: Vec<String> = if named && !rows.is_empty() {
        rows.remove(0)
    } else {
        Vec::new()
    };
    columns.truncate(width);
    for number in columns.len()..width {
        columns.push(format!("column {}", number + 1));
    }
    rows.truncate(ROWS);
    let types = (0..width)
        .map(|column| kind(rows.iter().filter_map(|row| row.get(column))))
        .collect();
    Ok(Table {
        delimiter,
        columns,
        types,
        rows,
        truncated,
    })
}

/// The delimiter that occurs most in the first line, outside of quotes.
fn guess(text: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0), ('|', 0)];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '\n' if !quoted => break,
            _ if !quoted => counts
                .iter_mut()
                .filter(|(d, _)| *d == c)
                .for_each(|(_, n)| *n += 1),
            _ => {}
        }
    }
    // The first of equals, and a comma if there is none at all.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .map_or(',', |(d, _)| *d)
}

/// Rows by RFC 4180, and whether the last one is complete.
fn parse(text: &str, delimiter: char) -> (Vec<Vec<String>>, bool) {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            '\n' if !quoted => {
                if cell.ends_with('\r') {
                    cell.pop();
                }
                row.push(std::mem::take(&mut cell));
                // Empty lines are no rows.
                if row.len() > 1 || row.first().is_some_and(|cell| !cell.is_empty()) {
                    rows.push(std::mem::take(&mut row));
                }
                row.clear();
                if rows.len() > ROWS + 1 {
                    return (rows, true);
                }
            }
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    (rows, !quoted)
}

fn kind<'c>(cells: impl Iterator<Item = &'c String>) -> &'static str {
    let mut kind = "empty";
    for cell in cells
        .map(|cell| cell.trim())
        .filter(|cell| !cell.is_empty())
    {
        kind = match kind {
            "empty" | "integer" if cell.parse::<i64>().is_ok() => "integer",
            "empty" | "integer" | "number" if cell.parse::<f64>().is_ok() => "number",
            _ => return "text",
        };
    }
    kind
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn table(text: &str) -> Table {
        read(&mut Cursor::new(text), false).unwrap()
    }

    #[test]
    fn columns_types_and_rows() {
        let t = table("\u{feff}a;b;c\r\n1;2.5;\"x; \"\"y\"\"\"\r\n2;3;\r\n\r\n");
        assert_eq!(t.columns, ["a", "b", "c"]);
        assert_eq!(t.types, ["integer", "number", "text"]);
        assert_eq!(t.rows, [["1", "2.5", "x; \"y\""], ["2", "3", ""]]);
        assert!(!t.truncated);
        let t = table("1,2\n3,4");
        assert_eq!(t.columns, ["column 1", "column 2"]);
        assert_eq!(t.rows.len(), 2);
        assert_eq!(table("").columns.len(), 0);
    }

    #[test]
    fn only_the_head_is_kept() {
        let t = table(&"12345,6\n".repeat(100_000));
        assert_eq!(t.rows.len(), ROWS);
        assert!(t.truncated);
        assert!(table(&"x".repeat(1 << 20)).rows.len() <= 1);
    }
}
