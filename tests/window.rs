//! The real window, driven through its accessibility mirror.

use anyhow::Result;
use kitbench_tests::home::Home;
use kitbench_tests::mirror::containing;
use kitbench_tests::workbench::{Options, Workbench};

#[test]
fn the_first_start_offers_to_open_a_folder() -> Result<()> {
    let home = Home::new()?;
    let workbench = Workbench::window(&home, &Options::default())?;
    workbench.step("first start", |mirror| {
        let button = mirror.find(&containing("button", "Open folder"))?;
        assert!(!button.disabled);
        let (x, y) = button.center();
        assert!((0.0..1440.0).contains(&x) && (0.0..900.0).contains(&y));
        Ok(())
    })
}
