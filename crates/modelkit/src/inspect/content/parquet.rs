//! Parquet: the schema and number of rows, from the footer (Thrift's compact protocol).

use std::io::{Read, Seek, SeekFrom};

use super::bytes::{broken, reading};
use crate::error::Result;

const FORMAT: &str = "Parquet";
/// The most bytes of a footer; very wide files reach some ten MB.
const MAX_FOOTER: u64 = 64 << 20;
const MAX_COLUMNS: usize = 100_000;
const MAX_DEPTH: u32 = 64;

/// What a Parquet file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parquet {
    pub rows: u64,
    pub row_groups: usize,
    /// Columns that hold values; those of nested fields with dotted names.
    pub columns: Vec<Column>,
    pub created_by: String,
    pub metadata: Vec<(String, String)>,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Physical type, and what it means where stated: `BYTE_ARRAY (UTF8)`.
    pub dtype: String,
    /// `required`, `optional` or `repeated`.
    pub repetition: &'static str,
}

/// Reads the footer.
pub(super) fn read(reader: &mut (impl Read + Seek), size: u64) -> Result<Parquet> {
    let io = reading(FORMAT);
    let end = size
        .checked_sub(8)
        .ok_or_else(|| broken(FORMAT, "it ends too early"))?;
    reader.seek(SeekFrom::Start(end)).map_err(io)?;
    let mut tail = [0; 8];
    reader.read_exact(&mut tail).map_err(io)?;
    let [a, b, c, d, mark @ ..] = tail;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if mark == *b"PARE" {
        return Err(broken(FORMAT, "its footer is encrypted"));
    }
    if mark != *b"PAR1" {
        return Err(broken(FORMAT, "it does not end as such a file does"));
    }
    let start = end.checked_sub(length).filter(|_| length <= MAX_FOOTER);
    let start = start.ok_or_else(|| broken(FORMAT, "its footer claims an impossible size"))?;
    reader.seek(SeekFrom::Start(start)).map_err(io)?;
    let mut footer = vec![0; length as usize];
    reader.read_exact(&mut footer).map_err(io)?;
    let mut thrift = Thrift { rest: &footer };
    let mut file = Parquet::default();
    let mut elements = Vec::new();
    thrift.fields(0, &mut |thrift, number, kind| {
        match (number, kind) {
            (2, LIST) => {
                for _ in 0..thrift.list(STRUCT)? {
                    elements.push(element(thrift)?);
                    if elements.len() > MAX_COLUMNS {
                        return Err(broken(FORMAT, "it has too many columns"));
                    }
                }
            }
            (3, I64) => {
                file.rows = u64::try_from(thrift.integer()?)
                    .map_err(|_| broken(FORMAT, "it claims a negative number of rows"))?
            }
            (4, LIST) => {
                file.row_groups = thrift.list(STRUCT)?;
                for _ in 0..file.row_groups {
                    thrift.skip(STRUCT, 1)?;
                }
            }
            (5, LIST) => {
                for _ in 0..thrift.list(STRUCT)? {
                    let mut pair = (String::new(), String::new());
                    thrift.fields(1, &mut |thrift, number, kind| match (number, kind) {
                        (1, BINARY) => thrift.text().map(|text| pair.0 = text),
                        (2, BINARY) => thrift.text().map(|text| pair.1 = text),
                        _ => thrift.skip(kind, 2),
                    })?;
                    file.metadata.push(pair);
                }
            }
            (6, BINARY) => file.created_by = thrift.text()?,
            _ => thrift.skip(kind, 1)?,
        }
        Ok(())
    })?;
    let mut elements = elements.into_iter();
    let root = elements
        .next()
        .ok_or_else(|| broken(FORMAT, "it has no schema"))?;
    columns(&mut elements, root.children, "", 0, &mut file.columns)?;
    Ok(file)
}

#[derive(Default)]
struct Element {
    name: String,
    physical: Option<i64>,
    converted: Option<i64>,
    repetition: i64,
    children: u64,
}

fn element(thrift: &mut Thrift<'_>) -> Result<Element> {
    let mut element = Element::default();
    thrift.fields(1, &mut |thrift, number, kind| {
        match (number, kind) {
            (1, I32) => element.physical = Some(thrift.integer()?),
            (3, I32) => element.repetition = thrift.integer()?,
            (4, BINARY) => element.name = thrift.text()?,
            (5, I32) => element.children = u64::try_from(thrift.integer()?).unwrap_or_default(),
            (6, I32) => element.converted = Some(thrift.integer()?),
            _ => thrift.skip(kind, 2)?,
        }
        Ok(())
    })?;
    Ok(element)
}

/// Turns the flat list of schema elements, parents before children, into columns.
fn columns(
    elements: &mut std::vec::IntoIter<Element>,
    count: u64,
    prefix: &str,
    depth: u32,
    out: &mut Vec<Column>,
) -> Result<()> {
    if depth > MAX_DEPTH {
        return Err(broken(FORMAT, "its schema is nested too deeply"));
    }
    for _ in 0..count {
        let element = elements
            .next()
            .ok_or_else(|| broken(FORMAT, "its schema ends too early"))?;
        let name = if prefix.is_empty() {
            element.name
        } else {
            format!("{prefix}.{}", element.name)
        };
        if element.children > 0 {
            columns(elements, element.children, &name, depth + 1, out)?;
            continue;
        }
        let repetition = match element.repetition {
            0 => "required",
            1 => "optional",
            _ => "repeated",
        };
        out.push(Column {
            name,
            dtype: dtype(element.physical, element.converted),
            repetition,
        });
    }
    Ok(())
}

fn dtype(physical: Option<i64>, converted: Option<i64>) -> String {
    const PHYSICAL: [&str; 8] = [
        "BOOLEAN",
        "INT32",
        "INT64",
        "INT96",
        "FLOAT",
        "DOUBLE",
        "BYTE_ARRAY",
        "FIXED_LEN_BYTE_ARRAY",
    ];
    const CONVERTED: [&str; 22] = [
        "UTF8",
        "MAP",
        "MAP_KEY_VALUE",
        "LIST",
        "ENUM",
        "DECIMAL",
        "DATE",
        "TIME_MILLIS",
        "TIME_MICROS",
        "TIMESTAMP_MILLIS",
        "TIMESTAMP_MICROS",
        "UINT_8",
        "UINT_16",
        "UINT_32",
        "UINT_64",
        "INT_8",
        "INT_16",
        "INT_32",
        "INT_64",
        "JSON",
        "BSON",
        "INTERVAL",
    ];
    let name = |names: &[&'static str], number: Option<i64>| {
        number.and_then(|number| names.get(usize::try_from(number).ok()?).copied())
    };
    let physical = name(&PHYSICAL, physical).unwrap_or("unknown");
    name(&CONVERTED, converted).map_or_else(
        || physical.to_owned(),
        |converted| format!("{physical} ({converted})"),
    )
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Thrift's compact protocol over bytes in memory.
struct Thrift<'b> {
    rest: &'b [u8],
}

type Visitor<'v, 'b> = dyn FnMut(&mut Thrift<'b>, i64, u8) -> Result<()> + 'v;

impl<'b> Thrift<'b> {
    fn early() -> crate::Error {
        broken(FORMAT, "its footer ends too early")
    }

    fn byte(&mut self) -> Result<u8> {
        let (first, rest) = self.rest.split_first().ok_or_else(Thrift::early)?;
        self.rest = rest;
        Ok(*first)
    }

    fn take(&mut self, count: u64) -> Result<&'b [u8]> {
        let count = usize::try_from(count).map_err(|_| Thrift::early())?;
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(Thrift::early)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken(FORMAT, "a number in its footer does not end"))
    }

    fn integer(&mut self) -> Result<i64> {
        let zigzag = self.varint()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn text(&mut self) -> Result<String> {
        let length = self.varint()?;
        Ok(String::from_utf8_lossy(self.take(length)?).into_owned())
    }

    /// The length of a list, whose elements must be of `kind`.
    fn list(&mut self, kind: u8) -> Result<usize> {
        let (length, found) = self.list_header()?;
        if length > 0 && found != kind {
            return Err(broken(
                FORMAT,
                "a list in its footer holds something unexpected",
            ));
        }
        Ok(length)
    }

    fn list_header(&mut self) -> Result<(usize, u8)> {
        let header = self.byte()?;
        let length = match header >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        // Every element takes a byte at least.
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.rest.len());
        Ok((length.ok_or_else(Thrift::early)?, header & 15))
    }

    /// Visits the fields of a struct; the visitor must read or skip each.
    fn fields(&mut self, depth: u32, visit: &mut Visitor<'_, 'b>) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(broken(FORMAT, "its footer is nested too deeply"));
        }
        let mut number = 0i64;
        loop {
            let header = self.byte()?;
            if header == 0 {
                return Ok(());
            }
            number = match header >> 4 {
                0 => self.integer()?,
                delta => number.saturating_add(i64::from(delta)),
            };
            visit(self, number, header & 15)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(broken(FORMAT, "its footer is nested too deeply"));
        }
        match kind {
            1 | 2 => {}
            3 => {
                self.byte()?;
            }
            4..=6 => {
                self.varint()?;
            }
            7 => {
                self.take(8)?;
            }
            BINARY => {
                let length = self.varint()?;
                self.take(length)?;
            }
            LIST | 10 => {
                let (length, element) = self.list_header()?;
                for _ in 0..length {
                    // A boolean in a list takes a byte, as a field it takes none.
                    self.skip(if element <= 2 { 3 } else { element }, depth + 1)?;
                }
            }
            11 => {
                let length = self.varint()?;
                if length > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..length {
                        for kind in [kinds >> 4, kinds & 15] {
                            self.skip(if kind <= 2 { 3 } else { kind }, depth + 1)?;
                        }
                    }
                }
            }
            STRUCT => self.fields(depth + 1, &mut |thrift, _, kind| {
                thrift.skip(kind, depth + 1)
            })?,
            other => {
                return Err(broken(
                    FORMAT,
                    format!("its footer holds a value of unknown kind {other}"),
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Content, inspect};

    /// A file with two columns, `a: INT64 required` and `b: BYTE_ARRAY optional, UTF8`, and 3 rows.
    fn sample() -> Vec<u8> {
        let root = [&[0x48, 4][..], b"root", &[0x15, 4, 0]].concat();
        let a = [&[0x15, 4, 0x25, 0, 0x18, 1][..], b"a", &[0]].concat();
        let b = [&[0x15, 12, 0x25, 2, 0x18, 1][..], b"b", &[0x25, 0, 0]].concat();
        let mut footer = vec![0x15, 2, 0x19, 0x3c];
        footer.extend([root, a, b].concat());
        footer.extend([0x16, 6, 0x19, 0x0c, 0x28, 4]);
        footer.extend(b"test");
        footer.push(0);
        let mut file = b"PAR1".to_vec();
        let length = footer.len() as u32;
        file.extend(footer);
        file.extend(length.to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    #[test]
    fn schema_and_rows_are_read() {
        let file = sample();
        let Content::Parquet(parquet) =
            inspect("x.parquet", &mut Cursor::new(&file), file.len() as u64).unwrap()
        else {
            panic!()
        };
        let columns: Vec<_> = parquet
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.dtype.as_str(), c.repetition))
            .collect();
        assert_eq!(
            columns,
            [
                ("a", "INT64", "required"),
                ("b", "BYTE_ARRAY (UTF8)", "optional")
            ]
        );
        assert_eq!((parquet.rows, parquet.created_by.as_str()), (3, "test"));
    }

    #[test]
    fn no_damage_makes_it_panic() {
        let file = sample();
        for at in 4..file.len() - 8 {
            for value in [0, 0x19, 0x7f, 0xff] {
                let mut damaged = file.clone();
                damaged[at] = value;
                let _ = inspect("x.parquet", &mut Cursor::new(damaged), file.len() as u64);
            }
        }
        for length in 4..file.len() {
            assert!(
                inspect(
                    "x.parquet",
                    &mut Cursor::new(&file[..length]),
                    length as u64
                )
                .is_err()
            );
        }
    }
}
