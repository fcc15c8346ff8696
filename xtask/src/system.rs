//! What the machine must have: system packages and Rust targets.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::shell;

/// What building and opening the window takes on Debian and Ubuntu.
const RUN: &[&str] = &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev"];

/// What building the browser door and the shell verbs takes: a C compiler for SQLite and zstd.
const BUILD: &[&str] = &["build-essential", "pkg-config"];

/// What the end-to-end tests, the screenshots and the benches take on top.
const TEST: &[&str] = &[
    "apache2-utils",       // htpasswd, for a registry that asks for a password
    "chromium",            // the browser door is walked through in it
    "chromium-driver",     // … driven by WebDriver
    "dbus",                // a session bus for the key store
    "docker-registry",     // the registry that is pushed to
    "gnome-keyring",       // a key store that logins are kept in
    "mesa-vulkan-drivers", // llvmpipe, for pictures of the UI drawn without a window
    "openbox",             // a window manager, so that windows get focus
    "python3-venv",        // the trackers whose writers and server are read, from PyPI
    "skopeo",              // an independent reader of what was pushed
    "webkit2gtk-driver",   // WebDriver for the real window
    "xdotool",             // the keyboard for native dialogs
    "xvfb",                // a display
];

/// What the bench of packing compares with, on top of `tar`.
const PEERS: &[&str] = &["openssl", "pigz"];

/// Where there is no graphics processor the program tells WebKit not to paint as if there were one, which
/// saves memory; WebDriver then waits for ever for a picture of the window (WebKitGTK 2.50).
pub const PICTURES: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "0");

/// The target the user interface is compiled to.
pub const WASM: &str = "wasm32-unknown-unknown";

pub fn prepare_window() -> Result<()> {
    packages(RUN)?;
    wasm_target()
}

pub fn prepare_browser() -> Result<()> {
    packages(BUILD)?;
    wasm_target()
}

pub fn prepare_tests() -> Result<()> {
    packages(&[RUN, TEST].concat())?;
    wasm_target()?;
    components(&["rustfmt", "clippy"])
}

/// The shell program and what packing is measured beside.
pub fn prepare_pack_bench() -> Result<()> {
    packages(&[BUILD, PEERS].concat())?;
    wasm_target()
}

/// Installs the Debian packages that are missing: as root or through sudo, else it says the one
/// command that does. Other systems are left alone; their linker says what is missing.
fn packages(wanted: &[&str]) -> Result<()> {
    if !cfg!(target_os = "linux") || !shell::has("dpkg-query") {
        return Ok(());
    }
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|package| !installed(package))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let command = format!(
        "apt-get install -y --no-install-recommends {}",
        missing.join(" ")
    );
    let Some(prefix) = root_prefix() else {
        bail!("these packages are missing; install them with\n\n    sudo {command}\n");
    };
    shell::step(&format!("Installing {}", missing.join(", ")), || {
        // A fresh image has no package lists; an old one has lists that name versions long gone.
        shell::run(apt(prefix).arg("update").arg("-qq"))?;
        shell::run(
            apt(prefix)
                .args(["install", "-y", "-qq", "--no-install-recommends"])
                .args(&missing),
        )
    })
}

fn apt(prefix: &[&str]) -> Command {
    let mut words =
        prefix
            .iter()
            .copied()
            .chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("env"));
    command.args(words);
    command
}

fn installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["-W", "-f=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}

/// What to put before a command that needs root: nothing as root, `sudo` where it works (it may
/// ask for the password on a terminal), otherwise there is no way.
fn root_prefix() -> Option<&'static [&'static str]> {
    let output = Command::new("id").arg("-u").output().ok()?;
    if output.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    if !shell::has("sudo") {
        return None;
    }
    let interactive = std::io::IsTerminal::is_terminal(&std::io::stdin());
    let silent = Command::new("sudo")
        .args(["-n", "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    (silent || interactive).then_some(&["sudo"])
}

fn wasm_target() -> Result<()> {
    let libraries = shell::output(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", WASM])
            .current_dir(crate::paths::root()),
    )?;
    if std::path::Path::new(libraries.trim()).is_dir() {
        return Ok(());
    }
    if !shell::has("rustup") {
        bail!("the Rust target {WASM} is missing; install it with the tool your Rust came from");
    }
    shell::step(&format!("Installing the Rust target {WASM}"), || {
        shell::run(
            Command::new("rustup")
                .args(["target", "add", WASM])
                .current_dir(crate::paths::root()),
        )
    })
}

fn components(wanted: &[&str]) -> Result<()> {
    let missing: Vec<&str> = wanted
        .iter()
        .copied()
        .filter(|component| {
            let subcommand = if *component == "rustfmt" {
                "fmt"
            } else {
                component
            };
            !shell::cargo()
                .args([subcommand, "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !shell::has("rustup") {
        bail!(
            "{} missing; install it with the tool your Rust came from",
            missing.join(" and ")
        );
    }
    shell::run(
        Command::new("rustup")
            .args(["component", "add"])
            .args(&missing)
            .current_dir(crate::paths::root()),
    )
}
