//! W&B run files with right checksums, also while they grow.
#![no_main]

use kitbench_fuzz::{read_growing, seal};
use kitbench_runs::SourceKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (selector, cut, bytes) = input;
    let mut bytes = bytes.to_vec();
    if !selector.is_multiple_of(8) {
        seal::chunks(&mut bytes);
    }
    let file = "wandb/offline-run-20260101_000000-x/run-x.wandb";
    read_growing(SourceKind::Wandb, "wandb", file, &bytes, cut.into());
});
