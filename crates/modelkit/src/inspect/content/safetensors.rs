//! safetensors: eight bytes of length, a JSON header, the data.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use serde::Deserialize;

use super::Content;
use super::bytes::{Input, Tensor, broken};
use crate::error::Result;

const FORMAT: &str = "safetensors";
/// The most bytes of a header; the format itself allows 100 MB.
const MAX_HEADER: u64 = 32 << 20;

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Tensor {
        dtype: String,
        shape: Vec<u64>,
        data_offsets: (u64, u64),
    },
    Metadata(BTreeMap<String, String>),
}

/// Reads the header and checks it against the file's size.
pub(super) fn read(reader: &mut (impl Read + Seek), size: u64) -> Result<Content> {
    let mut input = Input::new(reader, MAX_HEADER + 8, FORMAT);
    let length = input.u64()?;
    if length > MAX_HEADER {
        return Err(broken(
            FORMAT,
            format!("its header claims {length} bytes, the limit is {MAX_HEADER}"),
        ));
    }
    let header = input.bytes(length)?;
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(&header).map_err(|error| {
        broken(
            FORMAT,
            format!("its header is not the JSON it should be ({error})"),
        )
    })?;
    let data = size.saturating_sub(8 + length);
    let mut metadata = Vec::new();
    let mut tensors = Vec::new();
    for (name, entry) in entries {
        match entry {
            Entry::Metadata(map) if name == "__metadata__" => metadata.extend(map),
            Entry::Metadata(_) => {
                return Err(broken(
                    FORMAT,
                    format!(
                        "the tensor “{}” is not described",
                        crate::error::shorten(&name)
                    ),
                ));
            }
            Entry::Tensor {
                dtype,
                shape,
                data_offsets: (begin, end),
            } => {
                let bytes = end.checked_sub(begin).filter(|_| end <= data);
                let Some(bytes) = bytes else {
                    return Err(broken(
                        FORMAT,
                        format!(
                            "the tensor “{}” lies outside of the file",
                            crate::error::shorten(&name)
                        ),
                    ));
                };
                tensors.push((
                    begin,
                    Tensor {
                        name,
                        dtype,
                        shape,
                        bytes: Some(bytes),
                    },
                ));
            }
        }
    }
    tensors.sort_by_key(|(begin, _)| *begin);
    Ok(Content::Tensors {
        format: FORMAT,
        metadata,
        tensors: tensors.into_iter().map(|(_, tensor)| tensor).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::error::Error;

    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    fn open(bytes: Vec<u8>) -> Result<Content> {
        let size = bytes.len() as u64;
        super::super::inspect("m.safetensors", &mut Cursor::new(bytes), size)
    }

    #[test]
    fn tensors_come_in_the_order_of_their_data() {
        let header = r#"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},"z":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#;
        let Content::Tensors {
            metadata, tensors, ..
        } = open(file(header, 24)).unwrap()
        else {
            panic!()
        };
        assert_eq!(metadata, [("format".to_owned(), "pt".to_owned())]);
        assert_eq!(
            tensors
                .iter()
                .map(|t| (t.name.as_str(), t.bytes))
                .collect::<Vec<_>>(),
            [("z", Some(8)), ("a", Some(16))]
        );
        assert_eq!(tensors[1].elements(), Some(4));
    }

    #[test]
    fn lies_are_refused() {
        let header = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9]}}"#;
        let mut huge = file("{}", 0);
        huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        for bytes in [
            file(header, 8),
            huge,
            b"1234".to_vec(),
            file("[", 0),
            file(r#"{"a":{"b":"c"}}"#, 0),
        ] {
            assert!(matches!(open(bytes), Err(Error::Content { .. })));
        }
    }
}
