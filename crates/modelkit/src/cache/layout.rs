//! What stands where in the blob that a layer was last time.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use super::is_settled_entry;
use crate::digest::{Digest, Hasher};
use crate::error::Result;
use crate::layer::member_size;
use crate::plan::PlannedLayer;
use crate::tar;

/// The members of an uncompressed archive in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The blob.
    pub digest: Digest,
    /// Its bytes.
    pub size: u64,
    /// What each member was made from, and its bytes: headers, data and padding.
    pub members: Vec<Member>,
}

/// A member of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// A digest of what the file system said about the file: path, kind, mode, size, times, inode.
    /// `None` if that does not tell its content, because it had only just changed.
    pub stamp: Option<Digest>,
    pub bytes: u64,
}

/// The first bytes of a layout's file.
const MAGIC: &[u8] = b"kitbench layout 1\n";
/// Bytes of a digest, and of a member's record: digest and size.
const DIGEST: usize = 32;
const RECORD: usize = DIGEST + 8;

impl Layout {
    /// The layout of the blob just built from `layer`, whose entries have the digests `stamps` and whose
    /// folder was listed at `listed_at`.
    /// `unsettled` are the numbers, ascending, of entries that were no longer, at the end, what they
    /// were when listed.
    ///
    /// # Errors
    /// [`crate::Error::Name`].
    pub(crate) fn of(
        layer: &PlannedLayer,
        stamps: &[Digest],
        (digest, size): (Digest, u64),
        unsettled: &[usize],
        listed_at: i128,
    ) -> Result<Layout> {
        let mut members = Vec::with_capacity(layer.entries.len());
        for (number, (entry, stamp)) in layer.entries.iter().zip(stamps).enumerate() {
            let known = entry.is_folder
                || is_settled_entry(entry, listed_at) && unsettled.binary_search(&number).is_err();
            members.push(Member {
                stamp: known.then_some(*stamp),
                bytes: member_size(entry)?,
            });
        }
        Ok(Layout {
            digest,
            size,
            members,
        })
    }

    /// Where the members lie that are known by their stamp.
    pub(crate) fn places(&self) -> HashMap<Digest, Range<u64>> {
        let mut at = 0;
        let mut places = HashMap::new();
        for member in &self.members {
            let start = at;
            at += member.bytes;
            if let Some(stamp) = member.stamp {
                places.insert(stamp, start..at);
            }
        }
        places
    }

    /// As the bytes of a file, which end with their own digest.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(MAGIC.len() + RECORD * (self.members.len() + 2));
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(self.digest.bytes());
        out.extend_from_slice(&self.size.to_le_bytes());
        for member in &self.members {
            match &member.stamp {
                Some(stamp) => out.extend_from_slice(stamp.bytes()),
                None => out.extend_from_slice(&[0; DIGEST]),
            }
            out.extend_from_slice(&member.bytes.to_le_bytes());
        }
        let own = Digest::of(&out);
        out.extend_from_slice(own.bytes());
        out
    }

    /// The layout in `bytes`, unless they are broken in any way.
    pub(super) fn parse(bytes: &[u8]) -> Option<Layout> {
        let (rest, own) = bytes.split_last_chunk::<DIGEST>()?;
        if Digest::of(rest) != Digest::from_bytes(*own) {
            return None;
        }
        let mut records = rest.strip_prefix(MAGIC)?.chunks_exact(RECORD).map(record);
        let (digest, size) = records.next()??;
        let mut total = tar::END.len() as u64;
        let mut members = Vec::new();
        for record in records {
            let (stamp, bytes) = record?;
            total = total.checked_add(bytes)?;
            let stamp = (stamp != Digest::from_bytes([0; DIGEST])).then_some(stamp);
            members.push(Member { stamp, bytes });
        }
        (total == size).then_some(Layout {
            digest,
            size,
            members,
        })
    }
}

fn record(bytes: &[u8]) -> Option<(Digest, u64)> {
    let (digest, size) = bytes.split_first_chunk::<DIGEST>()?;
    Some((
        Digest::from_bytes(*digest),
        u64::from_le_bytes(size.try_into().ok()?),
    ))
}

/// What the layout of the layer at `path` in the project `context` is kept under.
pub(crate) fn layout_key(context: &Path, path: &str) -> Digest {
    let context = std::fs::canonicalize(context).unwrap_or_else(|_| context.to_path_buf());
    let mut hasher = Hasher::new();
    hasher.update(context.as_os_str().as_encoded_bytes());
    hasher.update(&[0]);
    hasher.update(path.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        Layout {
            digest: Digest::of(b"blob"),
            size: 1024 + 512 + 1024,
            members: vec![
                Member {
                    stamp: None,
                    bytes: 512,
                },
                Member {
                    stamp: Some(Digest::of(b"file")),
                    bytes: 1024,
                },
            ],
        }
    }

    #[test]
    fn a_layout_survives_and_a_broken_one_is_none() {
        let layout = layout();
        let bytes = layout.to_bytes();
        assert_eq!(Layout::parse(&bytes), Some(layout.clone()));
        assert_eq!(layout.places().len(), 1);
        assert_eq!(layout.places()[&Digest::of(b"file")], 512..1536);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert_eq!(Layout::parse(&broken), None, "byte {at}");
            assert_eq!(Layout::parse(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn members_must_fill_the_blob() {
        let mut layout = layout();
        layout.size += 512;
        assert_eq!(Layout::parse(&layout.to_bytes()), None);
    }
}
