//! The line of kits that a model's path leads to: a ModelKit reference as path names the parent,
//! whose model may in turn come from another kit.

use crate::error::{Error, Result};
use crate::inspect::Kit;
use crate::reference::Reference;
use crate::source::{KitResolver, KitSource};

/// The longest line of ancestors.
pub const MAX_PARENTS: usize = 10;

/// An ancestor and where it lies.
pub(crate) struct Ancestor<'r> {
    pub source: Box<dyn KitSource + 'r>,
    pub kit: Kit,
}

/// The ancestors of the kit called `child`, whose model refers to `parent`; nearest first.
///
/// # Errors
/// [`Error::Parent`] if one cannot be read, or the line is circular or too long.
pub(crate) fn ancestors<'r>(
    child: &Reference,
    parent: Option<&str>,
    resolver: &'r dyn KitResolver,
) -> Result<Vec<Ancestor<'r>>> {
    let mut line = vec![child.to_string()];
    let mut found = Vec::new();
    let mut next = parent.map(str::to_owned);
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
        let kit = Kit::read(source.as_ref()).map_err(|error| problem(error.to_string()))?;
        next = kit.parent().map(str::to_owned);
        found.push(Ancestor { source, kit });
    }
    Ok(found)
}
