//! A ModelKit reference as the model's path: the layers of its ancestors are not packed again.

use kitbench_kitfile::Kitfile;
use kitbench_kitfile::paths::{clean_path, is_kit_reference};

use super::PackOptions;
use crate::Compat;
use crate::error::{Error, Result};
use crate::parents::ancestors;
use crate::plan::layer_paths as paths_of;
use crate::source::KitResolver;

/// The layer paths of all ancestors; none if the model is a file or folder.
///
/// # Errors
/// [`Error::Parent`] if an ancestor cannot be read, or the line is circular or too long;
/// [`Error::Kitfile`] if two of them use the same path, by the current rules also if one uses a path
/// of this project; `kit` up to 1.11 does not look at the project's own.
pub(super) fn layer_paths(
    kitfile: &Kitfile,
    options: &PackOptions,
    resolver: &dyn KitResolver,
) -> Result<Vec<String>> {
    let model = kitfile.model.as_ref().map(|model| model.path.as_str());
    let parent = model.filter(|path| is_kit_reference(path));
    let found: Vec<String> = ancestors(&options.reference, parent, resolver)?
        .iter()
        .flat_map(|ancestor| paths_of(&ancestor.kit.kitfile, options.compat))
        .collect();
    let mut seen = if options.compat >= Compat::Current {
        paths_of(kitfile, options.compat)
    } else {
        Vec::new()
    };
    for path in &found {
        let path = clean_path(path);
        if seen.contains(&path) {
            return Err(Error::Kitfile(vec![format!(
                "the layer path “{path}” is used twice among this project and its parent ModelKits"
            )]));
        }
        seen.push(path);
    }
    Ok(found)
}
