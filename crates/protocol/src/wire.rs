//! Frames and their encoding.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{ErrorView, Event, Request};

/// Version of this protocol. The two sides come from one build; a browser tab that
/// outlived an upgrade sees another number in [`crate::AppInfo`] and reloads.
pub const PROTOCOL_VERSION: u32 = 1;

/// From the front end, over a connection that carries many calls at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientFrame {
    /// Chosen by the front end, repeated in the answer.
    pub id: u64,
    pub request: Request,
}

/// From the engine, over a connection that carries answers and events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The answer to [`ClientFrame::id`]: an encoded [`Answer`].
    Reply {
        id: u64,
        #[serde(with = "serde_bytes")]
        answer: Vec<u8>,
    },
    Event(Event),
}

/// What an answer decodes to: the call's reply, or why there is none.
pub type Answer<T> = Result<T, ErrorView>;

/// The bytes could not be understood; the two sides are of different builds.
#[derive(Debug, thiserror::Error)]
#[error("the message could not be read ({0}); reload the page or restart Kitbench")]
pub struct WireError(String);

/// What each message starts with: a hash of this crate's sources, as the encoding does not
/// describe itself.
const STAMP: [u8; 4] = stamp(env!("KITBENCH_PROTOCOL_HASH")).to_le_bytes();

/// Postcard (<https://postcard.jamesmunns.com/wire-format>) after the [`STAMP`]: fields in order
/// without their names. Nothing in it is self-describing, so types here must not use serde's
/// `untagged`, `flatten` or `skip_serializing_if`.
///
/// Its decoders are a fifth of MessagePack's in the front end's WebAssembly, because they never
/// have to be ready for a value of any type.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Fails only for sequences of unknown length, of which there are none here; an empty
    // message is refused by `decode` on the other side.
    postcard::to_extend(value, STAMP.to_vec()).unwrap_or_default()
}

/// The inverse of [`encode`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let body = bytes
        .strip_prefix(&STAMP)
        .ok_or_else(|| WireError("it is of another build".to_owned()))?;
    match postcard::take_from_bytes(body) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(WireError(format!("{} bytes too many", rest.len()))),
        Err(error) => Err(WireError(error.to_string())),
    }
}

/// A decimal number, at compile time.
const fn stamp(digits: &str) -> u32 {
    let digits = digits.as_bytes();
    let (mut value, mut at) = (0_u32, 0);
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as u32;
        at += 1;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::*;

    #[test]
    fn a_request_survives_the_wire() {
        let frame = ClientFrame {
            id: 7,
            request: StartPack {
                project: ProjectId(3),
                reference: "localhost:5000/wine".into(),
                tags: vec!["v1".into(), "latest".into()],
                compression: Compression::Gzip,
                format: PackFormat::ModelKit,
                note: String::new(),
                attached_run: None,
                push: true,
            }
            .into(),
        };
        let back: ClientFrame = decode(&encode(&frame)).unwrap();
        assert_eq!(back, frame);
        assert_eq!(back.request.name(), "StartPack");
    }

    #[test]
    fn packed_numbers_keep_every_bit() {
        let values = vec![0.1, f64::INFINITY, -0.0, f64::MIN_POSITIVE];
        let packed = PackedF64::from(values.as_slice());
        let back: PackedF64 = decode(&encode(&packed)).unwrap();
        assert_eq!(back.to_vec(), values);
        let nan: PackedF64 = decode(&encode(&PackedF64::from([f64::NAN].as_slice()))).unwrap();
        assert!(nan.get(0).is_some_and(f64::is_nan));
    }

    #[test]
    fn nonsense_is_refused_with_advice() {
        let error = decode::<ClientFrame>(&[0xc1, 2, 3]).unwrap_err();
        assert!(error.to_string().contains("reload"));
    }

    #[test]
    fn a_message_cut_or_lengthened_is_refused() {
        let whole = encode(&vec!["wine".to_owned(), "files".to_owned()]);
        for length in 0..whole.len() {
            assert!(decode::<Vec<String>>(&whole[..length]).is_err(), "{length}");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(decode::<Vec<String>>(&longer).is_err());
        assert!(decode::<Vec<String>>(&whole).is_ok());
    }

    #[test]
    fn a_message_of_another_build_is_refused() {
        let mut other = encode(&7_u64);
        other[0] ^= 1;
        let error = decode::<u64>(&other).unwrap_err();
        assert!(error.to_string().contains("another build"), "{error}");
    }

    #[test]
    fn a_length_that_lies_allocates_nothing_for_it() {
        let mut lie = STAMP.to_vec();
        lie.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
        assert!(decode::<Vec<u64>>(&lie).is_err());
        assert!(decode::<PackedF64>(&lie).is_err());
    }
}
