//! Stamps the encoding with a hash of this crate's sources, so that a front end of another build is
//! told apart at its first message.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, Result};

/// FNV-1a, 64 bits, as published by its authors (<http://www.isthe.com/chongo/tech/comp/fnv/>): stable over compilers, unlike std's hasher.
fn fnv1a(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=src");
    let mut sources = BTreeMap::new();
    for entry in fs::read_dir("src")? {
        let path = entry?.path();
        if path.is_dir() {
            return Err(Error::other(
                "folders in src are not hashed yet: add them here",
            ));
        }
        sources.insert(path.clone(), fs::read(path)?);
    }
    let hash = sources
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, (path, text)| {
            fnv1a(fnv1a(hash, path.as_os_str().as_encoded_bytes()), text)
        });
    println!("cargo::rustc-env=KITBENCH_PROTOCOL_HASH={}", hash as u32);
    Ok(())
}
