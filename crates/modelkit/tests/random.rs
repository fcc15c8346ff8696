//! Whatever the input, the answer is a value or an error, never a panic.

use std::io::{Cursor, Read as _};

use kitbench_modelkit::ignore::IgnoreRules;
use kitbench_modelkit::inspect::content::inspect;
use kitbench_modelkit::manifest::Manifest;
use kitbench_modelkit::tar::{Header, Kind, Limits, Reader, header_bytes, padding};
use kitbench_modelkit::{Reference, unpack::Filter};
use proptest::prelude::*;

const NAMES: [&str; 10] = [
    "x.safetensors",
    "x.onnx",
    "x.gguf",
    "x.npy",
    "x.csv",
    "x.tsv",
    "x.ipynb",
    "x.pkl",
    "x.parquet",
    "x",
];
const MARKS: [&[u8]; 6] = [
    b"",
    b"GGUF\x03\0\0\0",
    b"\x93NUMPY\x01\0",
    b"PAR1",
    b"\x80\x04",
    b"{\"a\":",
];

proptest! {
    #[test]
    fn files(mark in 0..MARKS.len(), mut bytes in prop::collection::vec(any::<u8>(), 0..600), length in any::<u16>()) {
        let mut file = MARKS[mark].to_vec();
        file.append(&mut bytes);
        if mark == 3 {
            file.extend(u32::from(length % 600).to_le_bytes());
            file.extend(b"PAR1");
        }
        for name in NAMES {
            // A size that lies must do no harm either.
            for size in [file.len() as u64, u64::from(length), u64::MAX] {
                let _ = inspect(name, &mut Cursor::new(&file), size);
            }
        }
    }

    #[test]
    fn archives(changes in prop::collection::vec((any::<u16>(), any::<u8>()), 0..8), cut in any::<u16>()) {
        let mut archive = Vec::new();
        for (name, data) in [("d/ü", &b"12345"[..]), ("plain", &[7; 700])] {
            let header = Header { name: name.into(), kind: Kind::File, mode: 0o644, size: data.len() as u64 };
            archive.extend(header_bytes(&header).unwrap_or_default());
            archive.extend(data);
            archive.resize(archive.len() + padding(data.len() as u64), 0);
        }
        for (at, value) in changes {
            let at = usize::from(at) % archive.len();
            archive[at] = value;
        }
        archive.truncate(usize::from(cut).max(512));
        let mut reader = Reader::new(Cursor::new(&archive), Limits::default());
        while let Ok(Some(_)) = reader.next_member() {
            let mut data = Vec::new();
            if reader.read_to_end(&mut data).is_err() {
                break;
            }
        }
    }

    #[test]
    fn texts(text in "\\PC{0,60}", pattern in "[a-c*?!/\\\\\\[\\]\\-^{}|,0-9.$+() ]{0,14}", path in "[a-c/.]{1,12}") {
        let _ = text.parse::<Reference>();
        let _ = text.parse::<Filter>();
        let _ = Manifest::parse(text.as_bytes(), "it");
        let _ = IgnoreRules::parse(text.as_bytes());
        if let Ok(rules) = IgnoreRules::parse(pattern.as_bytes()) {
            let _ = rules.ignored_by(&path);
        }
    }

    #[test]
    fn references_that_parse_are_shown_as_they_parse(text in "([a-z.]{1,6}(:[0-9]{1,4})?/)?[a-z0-9._/-]{1,12}(:[a-zA-Z0-9._-]{1,6})?") {
        if let Ok(reference) = text.parse::<Reference>() {
            let shown = reference.to_string();
            prop_assert_eq!(shown.parse::<Reference>(), Ok(reference));
        }
    }
}
