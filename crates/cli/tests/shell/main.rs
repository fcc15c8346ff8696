//! The real binary as a shell runs it: what it prints, what it leaves, how it ends.

mod cancel;
mod common;
mod key_store;
mod kits;
mod misuse;
mod pack;
mod registry;
mod runs;
mod serve;
mod start;
