//! Compression in independent pieces, so that all cores can work on one layer.
//!
//! gzip: one member of which every piece is a run of deflate blocks ended by a sync flush, as pigz
//! does. zstd: every piece is a frame. The result depends on the piece size alone, not on the
//! number of threads.

use std::io::{self, Read};

use flate2::{Compress, FlushCompress, Status};

use crate::error::{Error, Result};
use crate::media::Compression;

/// Compresses pieces; one per thread.
pub(super) enum PieceCompressor {
    Gzip(Compress),
    Zstd(Box<zstd::bulk::Compressor<'static>>),
}

/// zstd's default level, as klauspost's encoder's default.
const ZSTD_LEVEL: i32 = 3;

impl PieceCompressor {
    pub fn new(compression: Compression) -> Result<PieceCompressor> {
        Ok(match compression {
            Compression::Zstd => PieceCompressor::Zstd(Box::new(
                zstd::bulk::Compressor::new(ZSTD_LEVEL)
                    .map_err(Error::io("start zstd for", "a layer"))?,
            )),
            Compression::GzipFastest => {
                PieceCompressor::Gzip(Compress::new(flate2::Compression::fast(), false))
            }
            Compression::Gzip | Compression::None => {
                PieceCompressor::Gzip(Compress::new(flate2::Compression::default(), false))
            }
        })
    }

    /// The compressed form of one piece.
    pub fn piece(&mut self, data: &[u8], last: bool) -> io::Result<Vec<u8>> {
        match self {
            PieceCompressor::Zstd(compressor) => compressor.compress(data),
            PieceCompressor::Gzip(compress) => {
                compress.reset();
                let mut out = Vec::with_capacity(data.len() / 2 + 1024);
                let flush = if last {
                    FlushCompress::Finish
                } else {
                    FlushCompress::Sync
                };
                loop {
                    let before = compress.total_in() as usize;
                    let status = compress
                        .compress_vec(data.get(before..).unwrap_or_default(), &mut out, flush)
                        .map_err(io::Error::other)?;
                    let done = match status {
                        Status::StreamEnd => true,
                        // A sync flush is complete when it leaves room in the output.
                        _ => {
                            !last
                                && compress.total_in() as usize == data.len()
                                && out.len() < out.capacity()
                        }
                    };
                    if done {
                        return Ok(out);
                    }
                    out.reserve(64 << 10);
                }
            }
        }
    }
}

/// What precedes and follows the pieces.
pub(super) enum Framing {
    Gzip { crc: flate2::Crc },
    Zstd,
}

impl Framing {
    pub fn new(compression: Compression) -> Framing {
        if compression == Compression::Zstd {
            Framing::Zstd
        } else {
            Framing::Gzip {
                crc: flate2::Crc::new(),
            }
        }
    }

    /// The bytes before the first piece: for gzip the header Go writes, without time and name.
    pub fn start(&self, compression: Compression) -> &'static [u8] {
        match (self, compression) {
            (Framing::Zstd, _) => b"",
            (Framing::Gzip { .. }, Compression::GzipFastest) => b"\x1f\x8b\x08\0\0\0\0\0\x04\xff",
            (Framing::Gzip { .. }, _) => b"\x1f\x8b\x08\0\0\0\0\0\0\xff",
        }
    }

    /// Takes note of a piece before compression, in order.
    pub fn saw(&mut self, data: &[u8]) {
        if let Framing::Gzip { crc } = self {
            crc.update(data);
        }
    }

    /// The bytes after the last piece.
    pub fn end(&self) -> Vec<u8> {
        match self {
            Framing::Zstd => Vec::new(),
            Framing::Gzip { crc } => [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()].concat(),
        }
    }
}

/// Undoes `compression` while reading; accepts every level, several members and several frames.
///
/// # Errors
/// If the decompressor cannot be set up.
pub fn decoder<'a>(
    compression: Compression,
    blob: Box<dyn Read + Send + 'a>,
) -> io::Result<Box<dyn Read + Send + 'a>> {
    const BUFFER: usize = 256 << 10;
    Ok(match compression {
        Compression::None => blob,
        Compression::Gzip | Compression::GzipFastest => Box::new(
            flate2::bufread::MultiGzDecoder::new(io::BufReader::with_capacity(BUFFER, blob)),
        ),
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(
                io::BufReader::with_capacity(BUFFER, blob),
            )?;
            // 8 MiB, what readers must support (RFC 8878): bounds the memory a hostile frame costs.
            decoder.window_log_max(23)?;
            Box::new(decoder)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(compression: Compression, pieces: &[&[u8]]) -> Vec<u8> {
        let mut compressor = PieceCompressor::new(compression).unwrap();
        let mut framing = Framing::new(compression);
        let mut blob = framing.start(compression).to_vec();
        for (at, piece) in pieces.iter().enumerate() {
            framing.saw(piece);
            blob.extend(compressor.piece(piece, at + 1 == pieces.len()).unwrap());
        }
        blob.extend(framing.end());
        let mut out = Vec::new();
        decoder(compression, Box::new(io::Cursor::new(blob)))
            .unwrap()
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    #[test]
    fn pieces_join_into_one_stream() {
        let noise: Vec<u8> = (0u32..300_000)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let zeros = vec![0; 300_000];
        for compression in [
            Compression::Gzip,
            Compression::GzipFastest,
            Compression::Zstd,
        ] {
            for pieces in [
                vec![noise.as_slice(), &zeros, b"end"],
                vec![b"".as_slice()],
                vec![&zeros],
            ] {
                assert_eq!(
                    round_trip(compression, &pieces),
                    pieces.concat(),
                    "{compression:?}"
                );
            }
        }
    }

    #[test]
    fn the_gzip_header_is_that_of_go() {
        assert_eq!(
            Framing::new(Compression::Gzip).start(Compression::Gzip),
            [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
        );
    }
}
