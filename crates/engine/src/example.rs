//! The example project, carried in the program so that it works offline and from any
//! place.

use std::path::Path;

use kitbench_protocol::ErrorView;

use crate::errors::io_error;

#[derive(rust_embed::Embed)]
#[folder = "../../assets/examples/wine"]
struct Wine;

/// Writes the example into `target`. Files that are there are left alone, so that
/// copying twice loses nobody's edits.
pub fn copy_to(target: &Path) -> Result<(), ErrorView> {
    for name in Wine::iter() {
        let Some(file) = Wine::get(&name) else {
            continue;
        };
        let path = target.join(name.as_ref());
        if path.exists() {
            continue;
        }
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|error| io_error("make the folder", parent, &error))?;
        }
        std::fs::write(&path, &file.data).map_err(|error| io_error("write", &path, &error))?;
    }
    Ok(())
}
