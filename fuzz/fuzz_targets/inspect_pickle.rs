//! Pickles: looked into without running anything.
#![no_main]

use std::io::Cursor;

use kitbench_modelkit::inspect::content::inspect;
use libfuzzer_sys::fuzz_target;

const NAMES: &[&str] = &["x.pkl"];

fuzz_target!(|input: &[u8]| {
    let Some((selector, input)) = input.split_first() else {
        return;
    };
    let name = NAMES[usize::from(*selector) % NAMES.len()];
    // A size that lies must do no harm either.
    let size = match selector >> 6 {
        0..=2 => input.len() as u64,
        _ => u64::MAX,
    };
    let _ = inspect(name, &mut Cursor::new(input), size);
});
