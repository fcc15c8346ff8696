//! YAML as Go's yaml.v3 reads it: the layer below the Kitfile.
//!
//! `kit` accepts exactly what yaml.v3 accepts, so this follows yaml.v3's grammar (libyaml's, with
//! its own deviations) rather than the letter of YAML 1.2. Byte positions are kept everywhere,
//! because diagnostics point at the text and edits change it in place.
//!
//! - [`scan`] cuts the text into tokens; [`scalar`] reads the scalars among them, [`tag`] the tags,
//!   anchors and directives;
//! - [`compose`] builds the tree of [`node`]s of the first document;
//! - [`resolve`] and [`time`] give plain scalars their types.

mod compose;
mod cursor;
mod node;
pub(crate) mod resolve;
mod scalar;
mod scan;
mod tag;
pub(crate) mod time;
mod token;

pub(crate) use compose::compose;
pub(crate) use node::{Document, Kind, Node, NodeId};
pub(crate) use token::{Style, SyntaxError};

/// How deeply collections may be nested. yaml.v3 stops at 10,000; no real Kitfile comes near
/// this, and a bound this small keeps recursion safe on any stack.
pub(crate) const MAX_DEPTH: usize = 200;
