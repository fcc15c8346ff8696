//! Native dialogs of the desktop. They are no part of the page, so no WebDriver sees them; they are
//! used with the keyboard, through the X server.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::wait;

/// Waits for the dialog with this title on a display, types a whole path where it asks for a name,
/// and accepts it. The dialog is gone when this returns.
pub fn save_as(display: &str, title: &str, path: &Path) -> Result<()> {
    let path = path.to_str().context("the path is not valid Unicode")?;
    let window = wait::until(
        &format!("the dialog “{title}” to open"),
        wait::STEP,
        || Ok(find(display, title)?.into_iter().next()),
    )?;
    // The name's field has the focus and its text is selected, so typing replaces it.
    keys(display, &["windowactivate", "--sync", &window])?;
    keys(display, &["key", "--clearmodifiers", "ctrl+a"])?;
    keys(
        display,
        &["type", "--clearmodifiers", "--delay", "15", path],
    )?;
    // The first Return may go to the list of matching names, which opens under what is typed.
    wait::until(
        &format!("the dialog “{title}” to close"),
        wait::STEP,
        || {
            if find(display, title)?.is_empty() {
                return Ok(Some(()));
            }
            keys(display, &["key", "--clearmodifiers", "Return"])?;
            Ok(None)
        },
    )
}

/// The visible windows with this title.
fn find(display: &str, title: &str) -> Result<Vec<String>> {
    let pattern = format!("^{title}$");
    let output = xdotool(display, &["search", "--onlyvisible", "--name", &pattern])
        .output()
        .context(MISSING)?;
    // It ends with 1 when there is none.
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}

fn keys(display: &str, arguments: &[&str]) -> Result<()> {
    let output = xdotool(display, arguments).output().context(MISSING)?;
    if !output.status.success() {
        bail!(
            "xdotool {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

fn xdotool(display: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("xdotool");
    command.args(arguments).env("DISPLAY", display);
    command
}

const MISSING: &str = "cannot start xdotool; `cargo xtask test` installs what the tests need";
