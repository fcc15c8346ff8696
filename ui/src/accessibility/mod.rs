//! The accessibility mirror.
