//! A ModelKit reference as the model's path: the layers of its ancestors are not packed again.

use kitbench_kitfile::Kitfile;
use kitbench_kitfile::paths::{clean_path, is_kit_reference};

use super::PackOptions;
use crate::error::{Error, Result};
use crate::inspect::Kit;
use crate::plan::layer_paths as paths_of;
use crate::reference::Reference;
use crate::source::KitResolver;

/// The longest line of ancestors.
pub const MAX_PARENTS: usize = 10;

/// The layer paths of all ancestors; none if the model is a file or folder.
///
/// # Errors
/// [`Error::Parent`] if an ancestor cannot be read, or the line is circular or too long;
/// [`Error::Kitfile`] if two of them use the same path.
pub(super) fn layer_paths(
    kitfile: &Kitfile,
    options: &PackOptions,
    resolver: &dyn KitResolver,
) -> Result<Vec<String>> {
    let mut next = parent_of(kitfile);
    let mut line = vec![options.reference.to_string()];
    let mut found = Vec::new();
    while let Some(text) = next {
        let problem = |problem: String| Error::Parent {
            reference: text.clone(),
            problem,
        };
        if line.contains(&text) {
            return Err(problem(format!(
                "it refers back to itself ({})",
                line.join(" → ")
            )));
        }
        if line.len() > MAX_PARENTS {
            return Err(problem(format!(
                "there are more than {MAX_PARENTS} kits in a line ({})",
                line.join(" → ")
            )));
        }
        line.push(text.clone());
        let reference: Reference = text.parse().map_err(|error| problem(format!("{error}")))?;
        let source = resolver
            .find(&reference.or_latest())
            .map_err(|error| problem(error.to_string()))?;
        let parent = Kit::read(source.as_ref())
            .map_err(|error| problem(error.to_string()))?
            .kitfile;
        found.extend(paths_of(&parent, options.compat));
        next = parent_of(&parent);
    }
    let mut seen = paths_of(kitfile, options.compat);
    for path in &found {
        let path = clean_path(path);
        if seen.contains(&path) {
            return Err(Error::Kitfile(vec![format!(
                "the layer path “{path}” is used by this project and by its parent ModelKit, or by two of its parents"
            )]));
        }
        seen.push(path);
    }
    Ok(found)
}

fn parent_of(kitfile: &Kitfile) -> Option<String> {
    let path = &kitfile.model.as_ref()?.path;
    is_kit_reference(path).then(|| path.clone())
}
