//! Packs a folder and unpacks it again, saying how long each took:
//! `cargo run --release --example pack -- HOME FOLDER [COMPRESSION [TARGET]]`.

use std::time::Instant;

use kitbench_modelkit::cache::FileCache;
use kitbench_modelkit::pack::{PackOptions, pack};
use kitbench_modelkit::progress::{CancellationToken, Silent};
use kitbench_modelkit::store::{Home, Store};
use kitbench_modelkit::unpack::{UnpackOptions, unpack};
use kitbench_modelkit::{Compression, Reference};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let home = arguments.next().ok_or("HOME is missing")?;
    let folder = arguments.next().ok_or("FOLDER is missing")?;
    let store = Store::new(Home::at(home));
    let cache = FileCache::open(&store.home().cache());
    let cancel = CancellationToken::new();
    let mut options = PackOptions::new(folder, "example:latest".parse::<Reference>()?);
    if let Some(name) = arguments.next() {
        options.compression = Compression::from_name(&name).ok_or("unknown compression")?;
    }
    let start = Instant::now();
    let packed = pack(&store, &options, &store, &cache, &Silent, &cancel)?;
    println!(
        "packed {} in {:.3} s",
        packed.manifest.digest,
        start.elapsed().as_secs_f64()
    );
    if let Some(target) = arguments.next() {
        let start = Instant::now();
        let kit = store.kit(&packed.reference)?;
        let unpacked = unpack(&kit, &UnpackOptions::new(target), &store, &Silent, &cancel)?;
        println!(
            "unpacked {} files in {:.3} s",
            unpacked.files,
            start.elapsed().as_secs_f64()
        );
    }
    Ok(())
}
