//! Checks what is embedded, then lets Tauri prepare its configuration.

use std::path::Path;

fn main() {
    // Paths are relative to the manifest's folder, which is the root of the checkout.
    println!("cargo:rerun-if-changed=dist/web");
    if !Path::new("dist/web/index.html").is_file() {
        println!(
            "cargo::error=dist/web is not built yet, and the window embeds it; run `cargo xtask web`"
        );
        return;
    }
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/*.json");
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
