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

/// MessagePack, structs as arrays.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Fails only for types without a known length or for a failing writer, neither
    // of which exists here; an empty message is refused by `decode` on the other side.
    rmp_serde::to_vec(value).unwrap_or_default()
}

/// The inverse of [`encode`].
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    rmp_serde::from_slice(bytes).map_err(|error| WireError(error.to_string()))
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
}
