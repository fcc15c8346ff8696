//! `cargo xtask bench NAME`: measurements as tables. One module per name in `src/bench/`.

use anyhow::{Result, bail};
use kitbench_tests::bench;
use kitbench_tests::bench::table::Table;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut table = Table::default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("ui") => bench::ui::measure(&mut table),
        Some("pack") => bench::pack::measure(&mut table),
        Some("runs") => bench::runs::measure(&mut table),
        // What `runs` starts for each job of ours.
        Some("runs-job") => return bench::runs::jobs::run(&arguments[1..]),
        _ => bail!("usage: bench ui|pack|runs"),
    };
    match arguments.first().map(String::as_str) {
        Some("pack" | "runs") => print!("{}", table.markdown()),
        _ => print!("{table}"),
    }
    outcome?;
    if table.missed() {
        bail!("not every target is met");
    }
    Ok(())
}
