//! Finding kits: in the local store, in a registry, or wherever they are.

use kitbench_modelkit::inspect::Kit;
use kitbench_modelkit::reference::Reference;
use kitbench_modelkit::source::{KitResolver, KitSource};
use kitbench_modelkit::store::Store;
use kitbench_modelkit::{Error, Result};

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::network::Network;

/// Where to look for a kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Local,
    Remote,
    /// The local store first, then the registry if the reference names one.
    Anywhere,
}

/// Looks in the local store, then in the registry that the reference names.
pub struct Anywhere<R> {
    pub store: Store,
    pub remote: R,
}

impl<R: KitResolver> Anywhere<R> {
    /// The kit that `reference` names, looked for in `place`.
    pub fn find_in(&self, reference: &Reference, place: Place) -> Result<Box<dyn KitSource + '_>> {
        match place {
            Place::Local => Ok(Box::new(self.store.kit(reference)?)),
            Place::Remote => self.remote.find(reference),
            Place::Anywhere => self.find(reference),
        }
    }
}

impl<R: KitResolver> KitResolver for Anywhere<R> {
    fn find(&self, reference: &Reference) -> Result<Box<dyn KitSource + '_>> {
        match self.store.kit(reference) {
            Ok(kit) => Ok(Box::new(kit)),
            Err(Error::NotFound(_)) if reference.has_registry() => self.remote.find(reference),
            Err(error) => Err(error),
        }
    }
}

/// A finder of kits for packing and unpacking.
pub fn anywhere(context: &Context, network: &Network) -> Anywhere<impl KitResolver + use<>> {
    Anywhere {
        store: context.store.clone(),
        remote: network.resolver(context),
    }
}

/// Reads what a kit says of itself.
pub async fn read(
    context: &Context,
    network: &Network,
    reference: &Reference,
    place: Place,
) -> Outcome<Kit> {
    if place == Place::Remote {
        remote_only(reference)?;
    }
    let finder = anywhere(context, network);
    let reference = reference.clone();
    context
        .blocking(move || {
            let source = finder.find_in(&reference, place)?;
            Ok(Kit::read(source.as_ref())?)
        })
        .await
}

/// Refuses a reference without a registry.
pub fn remote_only(reference: &Reference) -> Outcome {
    if reference.has_registry() {
        return Ok(());
    }
    Err(Failure::misuse(
        format!("`{reference}` names no registry."),
        format!(
            "Write the registry first, as in ghcr.io/{reference}; a kit gets a further name with `kitbench tag`."
        ),
    ))
}

/// Parses a reference without further tags.
pub fn reference(text: &str) -> Outcome<Reference> {
    Ok(text.parse::<Reference>()?)
}
