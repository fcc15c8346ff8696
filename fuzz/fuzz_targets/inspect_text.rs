//! Tables, notebooks and plain texts: looked into without running anything.
#![no_main]

kitbench_fuzz::inspect_target!("x.csv", "x.tsv", "x.ipynb", "x.md");
