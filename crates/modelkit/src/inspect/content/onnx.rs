//! ONNX: what a graph takes and gives, by reading the Protocol Buffers fields that say so and
//! seeking over the weights.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use super::bytes::{Tensor, broken, reading};
use crate::error::Result;

const FORMAT: &str = "ONNX";
/// The most bytes of a text.
const MAX_TEXT: u64 = 1 << 20;
const MAX_ITEMS: usize = 200_000;

/// What an ONNX model says about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Onnx {
    pub ir_version: u64,
    pub producer: String,
    pub producer_version: String,
    pub graph: String,
    /// Operator sets as (domain, version); the empty domain is ONNX's own.
    pub opsets: Vec<(String, u64)>,
    pub inputs: Vec<Port>,
    pub outputs: Vec<Port>,
    /// Weights within the file.
    pub initialisers: Vec<Tensor>,
    /// How many nodes of which operator, most frequent first.
    pub operators: Vec<(String, usize)>,
    pub metadata: Vec<(String, String)>,
}

/// An input or output of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Port {
    pub name: String,
    pub dtype: String,
    /// Numbers, or names of free dimensions; `?` where neither is given.
    pub shape: Vec<String>,
}

/// Reads the description.
pub(super) fn read(reader: &mut (impl Read + Seek), size: u64) -> Result<Onnx> {
    let mut proto = Proto {
        reader: std::io::BufReader::with_capacity(16 << 10, reader),
        at: 0,
    };
    let mut model = Onnx::default();
    let mut has_graph = false;
    proto.message(size, &mut |proto, field| {
        match (field.number, field.value) {
            (1, Value::Number(version)) => model.ir_version = version,
            (2, Value::Bytes(length)) => model.producer = proto.text(length)?,
            (3, Value::Bytes(length)) => model.producer_version = proto.text(length)?,
            (7, Value::Bytes(length)) => {
                has_graph = true;
                graph(proto, length, &mut model)?;
            }
            (8, Value::Bytes(length)) => {
                let (mut domain, mut version) = (String::new(), 0);
                proto.message(length, &mut |proto, field| {
                    match (field.number, field.value) {
                        (1, Value::Bytes(length)) => domain = proto.text(length)?,
                        (2, Value::Number(number)) => version = number,
                        _ => {}
                    }
                    Ok(())
                })?;
                model.opsets.push((domain, version));
            }
            (14, Value::Bytes(length)) => {
                let pair = proto.pair(length)?;
                model.metadata.push(pair);
            }
            _ => {}
        }
        Ok(())
    })?;
    if !has_graph || model.ir_version == 0 {
        return Err(broken(FORMAT, "it has no graph"));
    }
    // What has a value within the file is no input that a caller gives.
    model.inputs.retain(|port| {
        !model
            .initialisers
            .iter()
            .any(|tensor| tensor.name == port.name)
    });
    model
        .operators
        .sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    Ok(model)
}

fn graph<R: Read + Seek>(proto: &mut Proto<R>, length: u64, model: &mut Onnx) -> Result<()> {
    let mut operators: BTreeMap<String, usize> = BTreeMap::new();
    proto.message(length, &mut |proto, field| {
        let Value::Bytes(length) = field.value else {
            return Ok(());
        };
        match field.number {
            1 => proto.message(length, &mut |proto, field| {
                if let (4, Value::Bytes(length)) = (field.number, field.value) {
                    *operators.entry(proto.text(length)?).or_default() += 1;
                }
                Ok(())
            })?,
            2 => model.graph = proto.text(length)?,
            5 => {
                let tensor = initialiser(proto, length)?;
                push(&mut model.initialisers, tensor)?;
            }
            11 => {
                let port = port(proto, length)?;
                push(&mut model.inputs, port)?;
            }
            12 => {
                let port = port(proto, length)?;
                push(&mut model.outputs, port)?;
            }
            _ => {}
        }
        Ok(())
    })?;
    model.operators.extend(operators);
    Ok(())
}

fn push<T>(list: &mut Vec<T>, item: T) -> Result<()> {
    if list.len() >= MAX_ITEMS {
        return Err(broken(FORMAT, "its graph is too large to list"));
    }
    list.push(item);
    Ok(())
}

fn initialiser<R: Read + Seek>(proto: &mut Proto<R>, length: u64) -> Result<Tensor> {
    let mut tensor = Tensor {
        name: String::new(),
        dtype: String::new(),
        shape: Vec::new(),
        bytes: None,
    };
    let mut stored = 0;
    proto.message(length, &mut |proto, field| {
        match (field.number, field.value) {
            (1, Value::Number(dimension)) => push(&mut tensor.shape, dimension)?,
            (1, Value::Bytes(length)) => {
                let end = proto.at + length;
                while proto.at < end {
                    let dimension = proto.varint()?;
                    push(&mut tensor.shape, dimension)?;
                }
            }
            (2, Value::Number(kind)) => tensor.dtype = element_type(kind),
            (8, Value::Bytes(length)) => tensor.name = proto.text(length)?,
            // raw, float, int32, int64, double, uint64 data
            (4 | 5 | 7 | 9 | 10 | 11, Value::Bytes(length)) => stored += length,
            _ => {}
        }
        Ok(())
    })?;
    tensor.bytes = (stored > 0).then_some(stored);
    Ok(tensor)
}

fn port<R: Read + Seek>(proto: &mut Proto<R>, length: u64) -> Result<Port> {
    let mut port = Port::default();
    proto.message(length, &mut |proto, field| {
        match (field.number, field.value) {
            (1, Value::Bytes(length)) => port.name = proto.text(length)?,
            (2, Value::Bytes(length)) => proto.message(length, &mut |proto, field| {
                if let (1, Value::Bytes(length)) = (field.number, field.value) {
                    tensor_type(proto, length, &mut port)?;
                }
                Ok(())
            })?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(port)
}

fn tensor_type<R: Read + Seek>(proto: &mut Proto<R>, length: u64, port: &mut Port) -> Result<()> {
    proto.message(length, &mut |proto, field| {
        match (field.number, field.value) {
            (1, Value::Number(kind)) => port.dtype = element_type(kind),
            (2, Value::Bytes(length)) => proto.message(length, &mut |proto, field| {
                let (1, Value::Bytes(length)) = (field.number, field.value) else {
                    return Ok(());
                };
                let mut dimension = "?".to_owned();
                proto.message(length, &mut |proto, field| {
                    match (field.number, field.value) {
                        (1, Value::Number(number)) => dimension = number.cast_signed().to_string(),
                        (2, Value::Bytes(length)) => dimension = proto.text(length)?,
                        _ => {}
                    }
                    Ok(())
                })?;
                push(&mut port.shape, dimension)
            })?,
            _ => {}
        }
        Ok(())
    })
}

fn element_type(kind: u64) -> String {
    const NAMES: [&str; 17] = [
        "undefined",
        "float32",
        "uint8",
        "int8",
        "uint16",
        "int16",
        "int32",
        "int64",
        "string",
        "bool",
        "float16",
        "float64",
        "uint32",
        "uint64",
        "complex64",
        "complex128",
        "bfloat16",
    ];
    let name = usize::try_from(kind).ok().and_then(|kind| NAMES.get(kind));
    name.map_or_else(|| format!("type {kind}"), |name| (*name).to_owned())
}

/// The value of a field; of counted bytes only their number, they lie ahead.
#[derive(Clone, Copy)]
enum Value {
    Number(u64),
    Bytes(u64),
    Fixed,
}

#[derive(Clone, Copy)]
struct Field {
    number: u64,
    value: Value,
}

struct Proto<R> {
    reader: R,
    at: u64,
}

type Visitor<'v, R> = dyn FnMut(&mut Proto<R>, Field) -> Result<()> + 'v;

impl<R: Read + Seek> Proto<R> {
    /// Visits the fields of a message of `length` bytes. What a visitor does not read is skipped.
    fn message(&mut self, length: u64, visit: &mut Visitor<'_, R>) -> Result<()> {
        let outside = || broken(FORMAT, "a part of it claims to be larger than the whole");
        let end = self.at.checked_add(length).ok_or_else(outside)?;
        while self.at < end {
            let key = self.varint()?;
            let value = match key & 7 {
                0 => Value::Number(self.varint()?),
                1 => Value::Fixed,
                2 => Value::Bytes(self.varint()?),
                5 => Value::Fixed,
                other => {
                    return Err(broken(
                        FORMAT,
                        format!("it holds a field of unknown kind {other}"),
                    ));
                }
            };
            let size = match (value, key & 7) {
                (Value::Bytes(length), _) => length,
                (_, 1) => 8,
                (_, 5) => 4,
                _ => 0,
            };
            let next = self
                .at
                .checked_add(size)
                .filter(|next| *next <= end)
                .ok_or_else(outside)?;
            visit(
                self,
                Field {
                    number: key >> 3,
                    value,
                },
            )?;
            let rest = next.checked_sub(self.at).ok_or_else(outside)?;
            if rest > 0 {
                let rest = i64::try_from(rest).map_err(|_| outside())?;
                self.reader.seek_relative(rest).map_err(reading(FORMAT))?;
                self.at = next;
            }
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            self.reader.read_exact(&mut byte).map_err(reading(FORMAT))?;
            self.at += 1;
            let [byte] = byte;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(broken(FORMAT, "a number in it does not end"))
    }

    fn text(&mut self, length: u64) -> Result<String> {
        if length > MAX_TEXT {
            return Err(broken(FORMAT, "it holds a text of impossible length"));
        }
        let mut bytes = vec![0; length as usize];
        self.reader
            .read_exact(&mut bytes)
            .map_err(reading(FORMAT))?;
        self.at += length;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A message of a key (1) and a value (2).
    fn pair(&mut self, length: u64) -> Result<(String, String)> {
        let mut pair = (String::new(), String::new());
        self.message(length, &mut |proto, field| {
            match (field.number, field.value) {
                (1, Value::Bytes(length)) => pair.0 = proto.text(length)?,
                (2, Value::Bytes(length)) => pair.1 = proto.text(length)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(pair)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{Content, inspect};
    use super::*;

    fn number(field: u8, value: u8) -> Vec<u8> {
        vec![field << 3, value]
    }

    fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
        [&[field << 3 | 2, content.len() as u8], content].concat()
    }

    fn sample() -> Vec<u8> {
        let dimension = |content: Vec<u8>| bytes(1, &content);
        let shape = [dimension(bytes(2, b"batch")), dimension(number(1, 13))].concat();
        let tensor = [number(1, 1), bytes(2, &shape)].concat();
        let port = |name: &[u8]| [bytes(1, name), bytes(2, &bytes(1, &tensor))].concat();
        let weight = [
            bytes(1, &[13, 3]),
            number(2, 1),
            bytes(8, b"w"),
            bytes(9, &[0; 100]),
        ]
        .concat();
        let graph = [
            bytes(1, &bytes(4, b"Gemm")),
            bytes(2, b"main"),
            bytes(5, &weight),
            bytes(11, &port(b"x")),
            bytes(11, &port(b"w")),
            bytes(12, &port(b"y")),
        ]
        .concat();
        let mut model = [number(1, 8), bytes(2, b"test"), bytes(8, &number(2, 17))].concat();
        model.extend([
            7 << 3 | 2,
            (graph.len() & 0x7f) as u8 | 0x80,
            (graph.len() >> 7) as u8,
        ]);
        model.extend(graph);
        model
    }

    #[test]
    fn ports_weights_and_operators_are_read() {
        let file = sample();
        let Content::Onnx(model) =
            inspect("m.onnx", &mut Cursor::new(&file), file.len() as u64).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            (
                model.ir_version,
                model.producer.as_str(),
                model.opsets.as_slice()
            ),
            (8, "test", [(String::new(), 17)].as_slice())
        );
        assert_eq!(
            model.inputs,
            [Port {
                name: "x".into(),
                dtype: "float32".into(),
                shape: vec!["batch".into(), "13".into()]
            }]
        );
        assert_eq!(model.outputs[0].name, "y");
        assert_eq!(
            (
                model.initialisers[0].shape.as_slice(),
                model.initialisers[0].bytes
            ),
            ([13, 3].as_slice(), Some(100))
        );
        assert_eq!(model.operators, [("Gemm".to_owned(), 1)]);
    }

    #[test]
    fn broken_models_are_refused() {
        let file = sample();
        for length in 1..file.len() {
            assert!(
                inspect("m.onnx", &mut Cursor::new(&file[..length]), length as u64).is_err(),
                "{length}"
            );
        }
        assert!(inspect("m.onnx", &mut Cursor::new([0xff; 40]), 40).is_err());
    }
}
