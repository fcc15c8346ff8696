//! Tar archives: the reader, and unpacking as a layer of every packaging and compression, which
//! must not write outside its folder.
#![no_main]

use std::io::{Cursor, Read as _, Write as _};

use kitbench_fuzz::{MemoryKit, NoParents, scratch, seal};
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::tar::{Limits, Reader};
use kitbench_modelkit::unpack::{Existing, UnpackOptions, unpack};
use libfuzzer_sys::fuzz_target;

const TAR: &str = "application/vnd.kitops.modelkit.code.v1.tar";

fn names(bytes: &[u8], seek: bool) -> Vec<(Vec<u8>, u64)> {
    let mut reader = Reader::new(Cursor::new(bytes), Limits::default());
    let mut found = Vec::new();
    loop {
        let member = if seek {
            reader.seek_next_member()
        } else {
            reader.next_member()
        };
        let Ok(Some(header)) = member else {
            return found;
        };
        found.push((header.name, header.size));
        if !seek && found.len() % 2 == 0 {
            let mut data = Vec::new();
            if reader.read_to_end(&mut data).is_err() {
                return found;
            }
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((selector, input)) = input.split_first() else {
        return;
    };
    let mut sealed = input.to_vec();
    if selector & 0x20 == 0 {
        seal::headers(&mut sealed);
    }
    let input = sealed.as_slice();
    let read = names(input, false);
    let sought = names(input, true);
    assert!(sought.starts_with(&read), "{read:?} {sought:?}");

    let (media_type, blob) = match selector % 6 {
        0 | 1 => (TAR.to_owned(), input.to_vec()),
        2 => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(input).expect("memory takes it");
            (
                format!("{TAR}+gzip"),
                encoder.finish().expect("memory takes it"),
            )
        }
        3 => (
            format!("{TAR}+zstd"),
            zstd::bulk::compress(input, 1).expect("it can be compressed"),
        ),
        // Streams that are no such streams.
        4 => (format!("{TAR}+gzip"), input.to_vec()),
        _ => (format!("{TAR}+zstd"), input.to_vec()),
    };
    let around = scratch().join("around");
    let target = around.join("target");
    let _ = std::fs::remove_dir_all(&around);
    std::fs::create_dir_all(&target).expect("a folder");
    std::os::unix::fs::symlink("..", target.join("up")).expect("a link");
    std::os::unix::fs::symlink("/dev/shm", target.join("away")).expect("a link");
    let kit = MemoryKit::of_layer(&media_type, blob);
    let mut options = UnpackOptions::new(&target);
    options.free_expansion = 1 << 20;
    if selector & 0x40 != 0 {
        options.existing = Existing::Overwrite;
    }
    if selector & 0x80 != 0 {
        options.existing = Existing::Keep;
    }
    let _ = unpack(
        &kit,
        &options,
        &NoParents,
        &Silent,
        &CancellationToken::new(),
    );
    let beside: Vec<_> = std::fs::read_dir(&around)
        .expect("it is still there")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(beside, ["target"]);
});
