//! Results on standard output.

use std::io::{self, Write};

use kitbench_protocol::ErrorKind;
use serde::Serialize;

use crate::failure::{Failure, Outcome};

/// Where results go, as text or as one JSON document.
#[derive(Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Output {
        Output { json }
    }

    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints `value` with `--json`, else what `text` writes.
    pub fn show<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Outcome {
        if self.json {
            self.json(value)
        } else {
            self.text(text)
        }
    }

    /// Prints one JSON document, indented.
    pub fn json<T: Serialize>(self, value: &T) -> Outcome {
        self.text(|out| {
            serde_json::to_writer_pretty(&mut *out, value).map_err(io::Error::from)?;
            out.write_all(b"\n")
        })
    }

    /// Prints what `write` writes.
    pub fn text(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Outcome {
        let mut out = io::BufWriter::new(io::stdout().lock());
        finish(write(&mut out).and_then(|()| out.flush()))
    }
}

/// A reader that has seen enough (`| head`) is no failure.
pub fn finish(written: io::Result<()>) -> Outcome {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::failed(
            ErrorKind::Io,
            format!("The result could not be written: {error}."),
            "Check the free space where the output goes.",
        )),
        _ => Ok(()),
    }
}

/// Rows in columns three spaces apart, each as wide as its widest cell; the last as it is.
pub fn table(out: &mut dyn Write, rows: &[Vec<String>]) -> io::Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 3));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let mut out = Vec::new();
        let rows = [row(["TAG", "NAME", "SIZE"]), row(["v1", "größer", "1 B"])];
        table(&mut out, &rows).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "TAG   NAME     SIZE\nv1    größer   1 B\n");
    }
}
