//! What is inside an event: scalars of both kinds, hyperparameters, and what else there is.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::formats::json::strict_float;
use crate::formats::proto::{self, Wire};
use crate::formats::time::seconds_ms;
use crate::model::{Run, RunState};
use crate::readers::units::Columns;
use crate::series::Step;

/// What a tag holds, as its first value's metadata says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scalar,
    Other(&'static str),
}

/// What is known of a run's tags and hyperparameters.
#[derive(Default)]
pub(super) struct Tags {
    kinds: HashMap<String, Kind>,
    others: BTreeMap<&'static str, Vec<String>>,
    hparams: serde_json::Map<String, Value>,
    hparams_seen: bool,
    group: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    status: Option<i64>,
}

/// [`Tags`] as they are kept for the next process.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptTags {
    /// `None` for scalars.
    kinds: Vec<(String, Option<String>)>,
    others: Vec<(String, Vec<String>)>,
    hparams: String,
    hparams_seen: bool,
    group: Option<String>,
    start_ms: Option<i64>,
    end_ms: Option<i64>,
    status: Option<i64>,
}

/// What a tag that is no scalar can hold.
const OTHERS: [&str; 6] = ["image", "histogram", "audio", "text", "tensor", "hparams"];

fn other(name: &str) -> Option<&'static str> {
    OTHERS.into_iter().find(|other| *other == name)
}

impl Tags {
    pub(super) fn keep(&self) -> KeptTags {
        let kind = |kind: &Kind| match kind {
            Kind::Scalar => None,
            Kind::Other(name) => Some((*name).to_owned()),
        };
        KeptTags {
            kinds: self
                .kinds
                .iter()
                .map(|(tag, known)| (tag.clone(), kind(known)))
                .collect(),
            others: self
                .others
                .iter()
                .map(|(name, tags)| ((*name).to_owned(), tags.clone()))
                .collect(),
            hparams: Value::Object(self.hparams.clone()).to_string(),
            hparams_seen: self.hparams_seen,
            group: self.group.clone(),
            start_ms: self.start_ms,
            end_ms: self.end_ms,
            status: self.status,
        }
    }

    /// `None` when another version kept kinds that this one does not know.
    pub(super) fn restore(kept: KeptTags) -> Option<Self> {
        let kind = |(tag, name): (String, Option<String>)| match name {
            None => Some((tag, Kind::Scalar)),
            Some(name) => Some((tag, Kind::Other(other(&name)?))),
        };
        Some(Self {
            kinds: kept.kinds.into_iter().map(kind).collect::<Option<_>>()?,
            others: kept
                .others
                .into_iter()
                .map(|(name, tags)| Some((other(&name)?, tags)))
                .collect::<Option<_>>()?,
            hparams: serde_json::from_str(&kept.hparams).ok()?,
            hparams_seen: kept.hparams_seen,
            group: kept.group,
            start_ms: kept.start_ms,
            end_ms: kept.end_ms,
            status: kept.status,
        })
    }

    pub(super) fn has_hparams(&self) -> bool {
        self.hparams_seen
    }

    /// The end that the hyperparameter plugin noted.
    pub(super) fn ended(&self) -> Option<RunState> {
        match self.status {
            Some(1) => Some(RunState::Finished),
            Some(2) => Some(RunState::Failed),
            _ => None,
        }
    }

    /// Writes what is known to the run.
    pub(super) fn describe(&self, run: &mut Run) {
        run.params.clone_from(&self.hparams);
        run.start_ms = self.start_ms.or(run.start_ms);
        run.end_ms = self.end_ms;
        if let Some(group) = self.group.as_ref().filter(|g| !g.is_empty()) {
            run.tags.insert("group".into(), group.clone());
        }
        run.other = self
            .others
            .iter()
            .map(|(kind, names)| ((*kind).to_owned(), names.clone()))
            .collect();
    }

    /// Takes one event; false when the bytes are no event.
    pub(super) fn event(&mut self, data: &[u8], columns: &mut Columns, _run: &mut Run) -> bool {
        let (mut wall, mut step, mut summary) = (None, 0, None);
        let mut fields = proto::fields(data);
        for (number, wire) in fields.by_ref() {
            match number {
                1 => wall = wire.double(),
                2 => step = wire.int().unwrap_or(0),
                5 => summary = wire.bytes(),
                _ => {}
            }
        }
        if fields.broken {
            return false;
        }
        let time = wall.and_then(seconds_ms);
        let Some(summary) = summary else { return true };
        let mut values = proto::fields(summary);
        for (number, wire) in values.by_ref() {
            if number == 1
                && let Some(value) = wire.bytes()
            {
                self.value(value, Step::from(step), time, columns);
            }
        }
        !values.broken
    }

    fn value(&mut self, value: &[u8], step: Step, time: Option<i64>, columns: &mut Columns) {
        let (mut tag, mut node, mut simple, mut tensor, mut metadata) =
            (None, None, None, None, None);
        let mut media = None;
        for (number, wire) in proto::fields(value) {
            match number {
                1 => tag = wire.text(),
                2 => simple = wire.float(),
                4 => media = Some("image"),
                5 => media = Some("histogram"),
                6 => media = Some("audio"),
                7 => node = wire.text(),
                8 => tensor = wire.bytes(),
                9 => metadata = wire.bytes(),
                _ => {}
            }
        }
        let Some(tag) = tag.or(node) else { return };
        if let Some(number) = simple {
            columns.push(tag, step, time, f64::from(number));
            return;
        }
        if let Some(metadata) = metadata
            && !self.kinds.contains_key(tag)
        {
            let kind = self.kind(metadata);
            self.kinds.insert(tag.to_owned(), kind);
        }
        if let Some(kind) = media {
            self.note(kind, tag);
            return;
        }
        match (self.kinds.get(tag).copied(), tensor) {
            (Some(Kind::Scalar), Some(tensor)) => {
                if let Some(number) = scalar(tensor) {
                    columns.push(tag, step, time, number);
                }
            }
            (Some(Kind::Other(kind)), _) => self.note(kind, tag),
            (None, Some(_)) => self.note("tensor", tag),
            _ => {}
        }
    }

    fn note(&mut self, kind: &'static str, tag: &str) {
        if kind == "hparams" {
            return;
        }
        let names = self.others.entry(kind).or_default();
        if !names.iter().any(|name| name == tag) {
            names.push(tag.to_owned());
        }
    }

    fn kind(&mut self, metadata: &[u8]) -> Kind {
        let plugin = proto::field(metadata, 1)
            .and_then(Wire::bytes)
            .unwrap_or_default();
        let name = proto::field(plugin, 1)
            .and_then(Wire::text)
            .unwrap_or_default();
        let class = proto::field(metadata, 4).and_then(Wire::int);
        if name == "hparams" {
            self.hparams(
                proto::field(plugin, 2)
                    .and_then(Wire::bytes)
                    .unwrap_or_default(),
            );
            return Kind::Other("hparams");
        }
        match (name, class) {
            ("scalars", _) | (_, Some(1)) => Kind::Scalar,
            ("images", _) => Kind::Other("image"),
            ("histograms", _) => Kind::Other("histogram"),
            ("audio", _) => Kind::Other("audio"),
            ("text", _) => Kind::Other("text"),
            _ => Kind::Other("tensor"),
        }
    }

    /// `HParamsPluginData`: 2 experiment, 3 start, 4 end.
    fn hparams(&mut self, data: &[u8]) {
        self.hparams_seen = true;
        for (number, wire) in proto::fields(data) {
            let Some(message) = wire.bytes() else {
                continue;
            };
            match number {
                3 => {
                    for (number, wire) in proto::fields(message) {
                        match (number, wire) {
                            (1, Wire::Bytes(entry)) => self.hparam(entry),
                            (4, wire) => self.group = wire.text().map(str::to_owned),
                            (5, wire) => self.start_ms = wire.double().and_then(seconds_ms),
                            _ => {}
                        }
                    }
                }
                4 => {
                    self.status = proto::field(message, 1).and_then(Wire::int);
                    self.end_ms = proto::field(message, 2)
                        .and_then(Wire::double)
                        .and_then(seconds_ms);
                }
                _ => {}
            }
        }
    }

    fn hparam(&mut self, entry: &[u8]) {
        let Some(name) = proto::field(entry, 1).and_then(Wire::text) else {
            return;
        };
        let value = proto::field(entry, 2)
            .and_then(Wire::bytes)
            .unwrap_or_default();
        let value = match proto::fields(value).last() {
            Some((2, Wire::Fixed64(bits))) => strict_float(f64::from_bits(bits)),
            Some((3, wire)) => wire.text().map_or(Value::Null, Value::from),
            Some((4, Wire::Varint(value))) => Value::Bool(value != 0),
            _ => Value::Null,
        };
        self.hparams.insert(name.to_owned(), value);
    }
}

/// The number in a tensor of rank 0, of any numeric type; `None` for other tensors.
fn scalar(tensor: &[u8]) -> Option<f64> {
    let (mut dtype, mut content, mut first) = (0, None, None);
    for (number, wire) in proto::fields(tensor) {
        match number {
            1 => dtype = wire.int()?,
            // Rank 0 has no dimensions.
            2 if proto::fields(wire.bytes()?).any(|(number, _)| number == 2) => return None,
            4 => content = wire.bytes().filter(|bytes| !bytes.is_empty()),
            5 => first = first.or(listed(wire, |w| w.float().map(f64::from))),
            6 => first = first.or(listed(wire, |w| w.double())),
            7 | 10 | 11 => first = first.or(listed(wire, |w| w.int().map(|v| v as f64))),
            13 => {
                first = first.or(listed(wire, |w| {
                    w.int().map(|bits| short_float(dtype, bits as u16))
                }))
            }
            16 | 17 => first = first.or(listed(wire, |w| w.int().map(|v| v as u64 as f64))),
            _ => {}
        }
    }
    match content {
        Some(bytes) => raw(dtype, bytes),
        None => first,
    }
}

/// The first number of a packed or unpacked list.
fn listed(wire: Wire<'_>, number: impl Fn(Wire<'_>) -> Option<f64>) -> Option<f64> {
    let Wire::Bytes(bytes) = wire else {
        return number(wire);
    };
    let tries = [
        bytes
            .first_chunk::<4>()
            .map(|b| Wire::Fixed32(u32::from_le_bytes(*b))),
        bytes
            .first_chunk::<8>()
            .map(|b| Wire::Fixed64(u64::from_le_bytes(*b))),
        proto::varint(bytes).map(|(value, _)| Wire::Varint(value)),
    ];
    // Each list type accepts one wire type only.
    tries.into_iter().flatten().find_map(number)
}

fn raw(dtype: i64, bytes: &[u8]) -> Option<f64> {
    let two = || bytes.first_chunk::<2>().copied();
    let four = || bytes.first_chunk::<4>().copied();
    let eight = || bytes.first_chunk::<8>().copied();
    match dtype {
        1 => four().map(|b| f64::from(f32::from_le_bytes(b))),
        2 => eight().map(f64::from_le_bytes),
        3 => four().map(|b| f64::from(i32::from_le_bytes(b))),
        4 => bytes.first().map(|b| f64::from(*b)),
        5 => two().map(|b| f64::from(i16::from_le_bytes(b))),
        6 => bytes.first().map(|b| f64::from(*b as i8)),
        9 => eight().map(|b| i64::from_le_bytes(b) as f64),
        10 => bytes.first().map(|b| f64::from(u8::from(*b != 0))),
        14 | 19 => two().map(|b| short_float(dtype, u16::from_le_bytes(b))),
        22 => four().map(|b| f64::from(u32::from_le_bytes(b))),
        23 => eight().map(|b| u64::from_le_bytes(b) as f64),
        _ => None,
    }
}

/// bfloat16 (14) and half precision (19).
fn short_float(dtype: i64, bits: u16) -> f64 {
    if dtype == 14 {
        return f64::from(f32::from_bits(u32::from(bits) << 16));
    }
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    match exponent {
        0 => sign * fraction * 2.0_f64.powi(-24),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2.0_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_type() {
        assert_eq!(
            scalar(b"\x08\x01\x12\x00\x22\x04\x00\x00\x80\x3f"),
            Some(1.0),
            "float content"
        );
        assert_eq!(
            scalar(b"\x08\x01\x2a\x04\x00\x00\x80\x3f"),
            Some(1.0),
            "packed float_val"
        );
        assert_eq!(
            scalar(b"\x08\x01\x2d\x00\x00\x80\x3f"),
            Some(1.0),
            "unpacked float_val"
        );
        assert_eq!(
            scalar(b"\x08\x02\x32\x08\x00\x00\x00\x00\x00\x00\xf0\x3f"),
            Some(1.0),
            "double_val"
        );
        assert_eq!(
            scalar(b"\x08\x09\x52\x02\x96\x01"),
            Some(150.0),
            "int64_val"
        );
        assert_eq!(
            scalar(b"\x08\x13\x6a\x03\x80\xf8\x01"),
            Some(-0.0 + short_float(19, 0x7c00)),
            "half_val"
        );
        assert_eq!(
            scalar(b"\x08\x01\x12\x04\x12\x02\x08\x02\x2a\x04\x00\x00\x80\x3f"),
            None,
            "a vector"
        );
        assert_eq!(short_float(14, 0x3f80), 1.0);
        assert_eq!(short_float(19, 0x3555), 0.333251953125);
        assert_eq!(short_float(19, 0x0001), 5.960464477539063e-8);
    }
}
