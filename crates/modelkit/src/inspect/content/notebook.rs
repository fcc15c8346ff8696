//! Jupyter notebooks: the outline, without outputs.

use std::io::{Read, Seek};

use serde::Deserialize;

use super::bytes::{broken, reading};
use crate::error::Result;

const FORMAT: &str = "notebook";
/// The most bytes of a notebook; outputs with pictures make some large.
const MAX: u64 = 64 << 20;
/// Characters of a cell that are kept.
const SHOWN: usize = 2_000;
const MAX_CELLS: usize = 5_000;

/// A notebook's outline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notebook {
    /// Name of the kernel, e.g. `Python 3`.
    pub kernel: String,
    /// Programming language, e.g. `python`.
    pub language: String,
    pub cells: Vec<Cell>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// `markdown`, `code` or `raw`.
    pub kind: String,
    /// At most 2,000 characters.
    pub source: String,
    /// Number of outputs.
    pub outputs: usize,
}

#[derive(Deserialize)]
struct File {
    cells: Vec<FileCell>,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct FileCell {
    cell_type: String,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    outputs: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Lines(Vec<String>),
}

impl Default for Source {
    fn default() -> Source {
        Source::Text(String::new())
    }
}

/// Reads the outline.
pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Notebook> {
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(reading(FORMAT))?;
    if bytes.len() as u64 > MAX {
        return Err(broken(FORMAT, format!("it has more than {MAX} bytes")));
    }
    let file: File = serde_json::from_slice(&bytes).map_err(|error| {
        broken(
            FORMAT,
            format!("it is not a notebook of format 4 ({error})"),
        )
    })?;
    let text = |pointer: &str| {
        file.metadata
            .pointer(pointer)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let kernel = text("/kernelspec/display_name");
    let language = Some(text("/language_info/name"))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| text("/kernelspec/language"));
    let cells = file.cells.into_iter().take(MAX_CELLS).map(|cell| {
        let source = match cell.source {
            Source::Text(text) => text,
            Source::Lines(lines) => lines.concat(),
        };
        Cell {
            kind: cell.cell_type,
            source: source.chars().take(SHOWN).collect(),
            outputs: cell.outputs.len(),
        }
    });
    Ok(Notebook {
        kernel,
        language,
        cells: cells.collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn cells_are_listed_without_outputs() {
        let text = r##"{"cells":[{"cell_type":"markdown","source":["# A\n","b"]},{"cell_type":"code","source":"1+1","outputs":[{"x":1}]}],"metadata":{"kernelspec":{"display_name":"Python 3"},"language_info":{"name":"python"}}}"##;
        let notebook = read(&mut Cursor::new(text)).unwrap();
        assert_eq!(
            (notebook.kernel.as_str(), notebook.language.as_str()),
            ("Python 3", "python")
        );
        assert_eq!(notebook.cells[0].source, "# A\nb");
        assert_eq!(notebook.cells[1].outputs, 1);
        assert!(read(&mut Cursor::new("{}")).is_err());
        assert!(read(&mut Cursor::new("x")).is_err());
    }
}
