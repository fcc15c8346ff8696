//! Pickles: looked into without running anything.
#![no_main]

kitbench_fuzz::inspect_target!("x.pkl");
