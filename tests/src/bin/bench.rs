//! `cargo xtask bench NAME`: measurements as tables. One module per name in `src/bench/`.

use anyhow::{Result, bail};
use kitbench_tests::bench;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let table = match arguments.first().map(String::as_str) {
        Some("ui") => bench::ui::measure()?,
        Some("pack") => bench::pack::measure()?,
        _ => bail!("usage: bench ui|pack"),
    };
    print!("{table}");
    if table.missed() {
        bail!("not every target is met");
    }
    Ok(())
}
