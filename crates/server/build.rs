//! Lets Cargo notice when `cargo xtask web` has written the user interface.

use std::path::Path;

fn main() {
    // The bundle is embedded if it is there. The folder must exist for Cargo to watch it;
    // a missing path would mean building this crate anew every time.
    let web = Path::new("../../dist/web");
    if !web.is_dir()
        && Path::new("../../Cargo.toml").is_file()
        && let Err(error) = std::fs::create_dir_all(web)
    {
        println!("cargo::warning=could not make {}: {error}", web.display());
    }
    println!("cargo::rerun-if-changed=../../dist/web");
}
