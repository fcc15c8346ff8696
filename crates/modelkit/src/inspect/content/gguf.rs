//! GGUF: metadata and tensors of quantised models (llama.cpp).

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::bytes::{Input, Tensor, broken};
use crate::error::Result;

const FORMAT: &str = "GGUF";
/// The most bytes that metadata and tensor list may have; vocabularies take some ten MB.
const MAX_DESCRIPTION: u64 = 256 << 20;
const MAX_STRING: u64 = 16 << 20;
const MAX_TENSORS: u64 = 1_000_000;
/// Elements of an array that are shown.
const SHOWN: usize = 8;

/// What a GGUF file says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Gguf {
    pub version: u32,
    /// `general.architecture`, if stated.
    pub architecture: Option<String>,
    /// Keys and values in the order of the file; long arrays are abbreviated.
    pub metadata: Vec<(String, String)>,
    pub tensors: Vec<Tensor>,
    /// How many tensors have which type, most frequent first.
    pub quantisation: Vec<(String, usize)>,
}

/// Reads metadata and tensor list.
pub(super) fn read(reader: &mut (impl Read + Seek), size: u64) -> Result<Gguf> {
    let limit = MAX_DESCRIPTION.min(size);
    let mut input = Input::new(
        std::io::BufReader::with_capacity(64 << 10, reader),
        limit,
        FORMAT,
    );
    input.bytes(4)?;
    let version = input.u32()?;
    if !(2..=3).contains(&version) {
        return Err(broken(
            FORMAT,
            format!("it is of version {version}; versions 2 and 3 are known"),
        ));
    }
    let (tensor_count, pairs) = (input.u64()?, input.u64()?);
    if tensor_count > MAX_TENSORS || pairs > MAX_TENSORS {
        return Err(broken(
            FORMAT,
            "it claims an impossible number of tensors or keys",
        ));
    }
    let mut metadata = Vec::new();
    for _ in 0..pairs {
        let key = string(&mut input)?;
        let kind = input.u32()?;
        metadata.push((key, value(&mut input, kind, 0)?));
    }
    let mut tensors = Vec::new();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..tensor_count {
        let name = string(&mut input)?;
        let dimensions = input.u32()?;
        if dimensions > 8 {
            return Err(broken(
                FORMAT,
                format!(
                    "the tensor “{}” has {dimensions} dimensions",
                    crate::error::shorten(&name)
                ),
            ));
        }
        let shape = (0..dimensions)
            .map(|_| input.u64())
            .collect::<Result<Vec<u64>>>()?;
        let (dtype, block, bytes) = tensor_type(input.u32()?);
        input.u64()?;
        let mut tensor = Tensor {
            name,
            dtype: dtype.clone(),
            shape,
            bytes: None,
        };
        tensor.bytes = tensor
            .elements()
            .and_then(|n| (n / block).checked_mul(bytes))
            .filter(|_| bytes > 0);
        *count.entry(dtype).or_default() += 1;
        tensors.push(tensor);
    }
    let mut quantisation: Vec<_> = count.into_iter().collect();
    quantisation.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let architecture = metadata
        .iter()
        .find(|(key, _)| key == "general.architecture")
        .map(|(_, value)| value.clone());
    Ok(Gguf {
        version,
        architecture,
        metadata,
        tensors,
        quantisation,
    })
}

fn string<R: Read>(input: &mut Input<R>) -> Result<String> {
    let length = input.u64()?;
    if length > MAX_STRING {
        return Err(broken(FORMAT, "it holds a text of impossible length"));
    }
    Ok(String::from_utf8_lossy(&input.bytes(length)?).into_owned())
}

fn value<R: Read>(input: &mut Input<R>, kind: u32, depth: u8) -> Result<String> {
    Ok(match kind {
        0 => input.u8()?.to_string(),
        1 => input.u8()?.cast_signed().to_string(),
        2 => input.u16()?.to_string(),
        3 => input.u16()?.cast_signed().to_string(),
        4 => input.u32()?.to_string(),
        5 => input.u32()?.cast_signed().to_string(),
        6 => f32::from_bits(input.u32()?).to_string(),
        7 => (input.u8()? != 0).to_string(),
        8 => string(input)?,
        9 if depth < 4 => {
            let (kind, length) = (input.u32()?, input.u64()?);
            let mut shown = Vec::new();
            for at in 0..length {
                let element = value(input, kind, depth + 1)?;
                if at < SHOWN as u64 {
                    shown.push(element);
                }
            }
            let rest = if length > SHOWN as u64 {
                format!(", … {length} in all")
            } else {
                String::new()
            };
            format!("[{}{rest}]", shown.join(", "))
        }
        10 => input.u64()?.to_string(),
        11 => input.u64()?.cast_signed().to_string(),
        12 => f64::from_bits(input.u64()?).to_string(),
        _ => {
            return Err(broken(
                FORMAT,
                format!("it holds a value of unknown type {kind}"),
            ));
        }
    })
}

/// Name, elements per block and bytes per block; 0 bytes if unknown.
fn tensor_type(kind: u32) -> (String, u64, u64) {
    let (name, block, bytes) = match kind {
        0 => ("F32", 1, 4),
        1 => ("F16", 1, 2),
        2 => ("Q4_0", 32, 18),
        3 => ("Q4_1", 32, 20),
        6 => ("Q5_0", 32, 22),
        7 => ("Q5_1", 32, 24),
        8 => ("Q8_0", 32, 34),
        9 => ("Q8_1", 32, 36),
        10 => ("Q2_K", 256, 84),
        11 => ("Q3_K", 256, 110),
        12 => ("Q4_K", 256, 144),
        13 => ("Q5_K", 256, 176),
        14 => ("Q6_K", 256, 210),
        15 => ("Q8_K", 256, 292),
        16 => ("IQ2_XXS", 256, 66),
        17 => ("IQ2_XS", 256, 74),
        18 => ("IQ3_XXS", 256, 98),
        19 => ("IQ1_S", 256, 50),
        20 => ("IQ4_NL", 32, 18),
        21 => ("IQ3_S", 256, 110),
        22 => ("IQ2_S", 256, 82),
        23 => ("IQ4_XS", 256, 136),
        24 => ("I8", 1, 1),
        25 => ("I16", 1, 2),
        26 => ("I32", 1, 4),
        27 => ("I64", 1, 8),
        28 => ("F64", 1, 8),
        29 => ("IQ1_M", 256, 56),
        30 => ("BF16", 1, 2),
        other => return (format!("type {other}"), 1, 0),
    };
    (name.into(), block, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Content, inspect};

    fn text(out: &mut Vec<u8>, text: &str) {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    }

    fn sample() -> Vec<u8> {
        let mut out = b"GGUF\x03\0\0\0".to_vec();
        out.extend(1u64.to_le_bytes());
        out.extend(2u64.to_le_bytes());
        text(&mut out, "general.architecture");
        out.extend(8u32.to_le_bytes());
        text(&mut out, "llama");
        text(&mut out, "tokens");
        out.extend(9u32.to_le_bytes());
        out.extend(4u32.to_le_bytes());
        out.extend(20u64.to_le_bytes());
        (0u32..20).for_each(|n| out.extend(n.to_le_bytes()));
        text(&mut out, "w");
        out.extend(2u32.to_le_bytes());
        out.extend(256u64.to_le_bytes());
        out.extend(2u64.to_le_bytes());
        out.extend(12u32.to_le_bytes());
        out.extend(0u64.to_le_bytes());
        out
    }

    #[test]
    fn metadata_and_tensors_are_read() {
        let bytes = sample();
        let Content::Gguf(gguf) =
            inspect("x", &mut Cursor::new(&bytes), bytes.len() as u64).unwrap()
        else {
            panic!()
        };
        assert_eq!(gguf.architecture.as_deref(), Some("llama"));
        assert_eq!(gguf.metadata[1].1, "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]");
        assert_eq!(
            (gguf.tensors[0].dtype.as_str(), gguf.tensors[0].bytes),
            ("Q4_K", Some(288))
        );
        assert_eq!(gguf.quantisation, [("Q4_K".to_owned(), 1)]);
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = sample();
        for length in 4..bytes.len() {
            assert!(
                inspect("x", &mut Cursor::new(&bytes[..length]), length as u64).is_err(),
                "{length}"
            );
        }
    }
}
