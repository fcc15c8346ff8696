//! Files of tensors in safetensors and NumPy form: looked into without running anything.
#![no_main]

kitbench_fuzz::inspect_target!("x.safetensors", "x.npy");
