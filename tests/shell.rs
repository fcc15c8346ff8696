//! The desktop shell around the page: what the page may do, and what happens outside of it.

use std::process::Command;

use anyhow::{Context, Result};
use kitbench_protocol::{AddProject, Door, GetApp, ListProjects};
use kitbench_tests::home::Home;
use kitbench_tests::workbench::{Options, Workbench};
use kitbench_tests::{programs, wait};

#[test]
fn the_bridge_reaches_the_engine_and_nothing_else_does() -> Result<()> {
    let home = Home::new()?;
    let workbench = Workbench::window(&home, &Options::default())?;

    let app = workbench.call(GetApp)?;
    assert_eq!(app.door, Door::Window);
    assert_eq!(app.kit_home, home.kitops().to_string_lossy());

    let script = "return await window.__TAURI__.core.invoke(arguments[0], arguments[1])";
    for command in [
        "plugin:dialog|open",
        "plugin:event|listen",
        "plugin:window|close",
    ] {
        let refused = workbench
            .session()
            .promise(script, &[command.into(), serde_json::json!({})]);
        let error = refused
            .err()
            .with_context(|| format!("{command} was allowed"))?;
        assert!(
            error.to_string().contains("not allowed"),
            "{command}: {error}"
        );
    }
    let json = workbench
        .session()
        .promise(script, &["bridge".into(), serde_json::json!({"a": 1})]);
    assert!(json.is_err_and(|error| error.to_string().contains("bytes")));
    let nonsense = workbench.session().promise(
        "const answer = await window.__TAURI__.core.invoke('bridge', new Uint8Array([0xc1])); \
         return answer.byteLength",
        &[],
    )?;
    assert!(
        nonsense.as_u64() > Some(0),
        "nonsense is answered with an error"
    );
    Ok(())
}

#[test]
fn a_folder_on_the_command_line_is_opened_and_remembered() -> Result<()> {
    let home = Home::new()?;
    let project = home.path().join("my project");
    std::fs::create_dir(&project)?;
    std::fs::write(project.join("model.bin"), b"weights")?;
    let folder = project.to_string_lossy().into_owned();
    {
        let options = Options {
            arguments: vec![folder.clone()],
            ..Options::default()
        };
        let workbench = Workbench::window(&home, &options)?;
        let opened = workbench.call(GetApp)?.open_project;
        let projects = workbench.call(ListProjects)?;
        assert_eq!(projects.len(), 1);
        assert_eq!(projects[0].path, folder);
        assert_eq!(opened, Some(projects[0].id));
    }
    let workbench = Workbench::window(&home, &Options::default())?;
    let projects = workbench.call(ListProjects)?;
    assert_eq!(projects.len(), 1, "the list survives a restart");
    Ok(())
}

#[test]
fn a_folder_that_is_not_there_keeps_the_window_working() -> Result<()> {
    let home = Home::new()?;
    let options = Options {
        arguments: vec![home.path().join("gone").to_string_lossy().into_owned()],
        ..Options::default()
    };
    let workbench = Workbench::window(&home, &options)?;
    assert!(workbench.call(ListProjects)?.is_empty());
    let missing = AddProject {
        path: home.path().join("gone").to_string_lossy().into_owned(),
    };
    assert!(workbench.call(missing).is_err());
    Ok(())
}

#[test]
fn the_page_cannot_be_led_away() -> Result<()> {
    let home = Home::new()?;
    let workbench = Workbench::window(&home, &Options::default())?;
    let address = || workbench.session().script("return location.href", &[]);
    let before = address()?;
    workbench
        .session()
        .script("location.href = 'https://example.org/'", &[])?;
    // The refused navigation is over once the page draws again.
    wait::until("the page to go on", wait::STEP, || {
        workbench.session().next_frame().map(Some)
    })?;
    assert_eq!(address()?, before);
    Ok(())
}

#[test]
fn wrong_arguments_end_with_a_sentence_and_code_2() -> Result<()> {
    let home = Home::new()?;
    let mut command = Command::new(programs::built("kitbench-desktop")?);
    home.apply(&mut command);
    let output = command.arg("--exmaple").output()?;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--exmaple"));
    Ok(())
}
