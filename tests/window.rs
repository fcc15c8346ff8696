//! The real window, driven through its accessibility mirror.

use anyhow::Result;
use kitbench_protocol::{GetSettings, ThemeChoice};
use kitbench_tests::home::Home;
use kitbench_tests::mirror::containing;
use kitbench_tests::wait;
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

#[test]
fn commands_are_run_by_name_and_settings_survive_a_restart() -> Result<()> {
    let home = Home::new()?;
    {
        let workbench = Workbench::window(&home, &Options::default())?;
        workbench.command("Light theme")?;
        wait::until("the theme to be stored", wait::STEP, || {
            let theme = workbench.call(GetSettings)?.theme;
            Ok((theme == ThemeChoice::Light).then_some(()))
        })?;
    }
    let workbench = Workbench::window(&home, &Options::default())?;
    assert_eq!(workbench.call(GetSettings)?.theme, ThemeChoice::Light);
    Ok(())
}
