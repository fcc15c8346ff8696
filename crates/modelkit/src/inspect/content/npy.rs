//! NumPy's `.npy`: a header that is a Python dictionary literal.

use std::io::{Read, Seek};

use super::Content;
use super::bytes::{Input, Tensor, broken};
use crate::error::Result;

const FORMAT: &str = "NumPy";
const MAX_HEADER: u64 = 1 << 20;

/// Reads the header.
pub(super) fn read(reader: &mut (impl Read + Seek)) -> Result<Content> {
    let mut input = Input::new(reader, MAX_HEADER, FORMAT);
    input.bytes(6)?;
    let (major, _minor) = (input.u8()?, input.u8()?);
    let length = if major == 1 {
        u64::from(input.u16()?)
    } else {
        u64::from(input.u32()?)
    };
    let header = input.bytes(length)?;
    let text = String::from_utf8_lossy(&header);
    let descr =
        value(&text, "descr").ok_or_else(|| broken(FORMAT, "its header has no element type"))?;
    let shape = value(&text, "shape").ok_or_else(|| broken(FORMAT, "its header has no shape"))?;
    let shape = shape
        .trim_matches(['(', ')'])
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            part.trim_end_matches('L')
                .parse::<u64>()
                .map_err(|_| broken(FORMAT, "its shape is not made of numbers"))
        })
        .collect::<Result<Vec<u64>>>()?;
    let fortran = value(&text, "fortran_order").unwrap_or("False");
    let order = if fortran == "True" {
        "column-major"
    } else {
        "row-major"
    };
    let mut tensor = Tensor {
        name: "array".into(),
        dtype: descr.trim_matches(['\'', '"']).to_owned(),
        shape,
        bytes: None,
    };
    // `<f4`: byte order, kind, bytes.
    let width = tensor
        .dtype
        .get(2..)
        .and_then(|digits| digits.parse::<u64>().ok());
    tensor.bytes = width
        .zip(tensor.elements())
        .and_then(|(width, elements)| width.checked_mul(elements));
    Ok(Content::Tensors {
        format: FORMAT,
        metadata: vec![("order".into(), order.into())],
        tensors: vec![tensor],
    })
}

/// The text of the value of `key`: up to the comma that ends it.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let after = ["'", "\""]
        .iter()
        .find_map(|quote| text.split_once(&format!("{quote}{key}{quote}")))?
        .1;
    let rest = after.trim_start().strip_prefix(':')?.trim_start();
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => return rest.get(..at).map(str::trim),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn open(header: &str) -> Result<Content> {
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        let size = bytes.len() as u64;
        super::super::inspect("a.npy", &mut Cursor::new(bytes), size)
    }

    #[test]
    fn type_and_shape_are_read() {
        let Content::Tensors {
            tensors, metadata, ..
        } = open("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n").unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (
                tensors[0].dtype.as_str(),
                tensors[0].shape.as_slice(),
                tensors[0].bytes
            ),
            ("<f4", [3, 4].as_slice(), Some(48))
        );
        assert_eq!(metadata[0].1, "row-major");
        let Content::Tensors { tensors, .. } =
            open("{'descr': [('a', '<i8'), ('b', '|S3')], 'fortran_order': True, 'shape': ()}")
                .unwrap()
        else {
            panic!()
        };
        assert_eq!((tensors[0].shape.len(), tensors[0].bytes), (0, None));
        assert!(open("{'descr': '<f4'}").is_err());
        assert!(open("{'descr': '<f4', 'shape': (x,)}").is_err());
    }
}
