//! A login that the window keeps in the system's key store serves the shell's verbs too.
//!
//! With a real one: the test runs itself once more on a session bus of its own, where GNOME's
//! keyring answers for a home of its own.
#![cfg(target_os = "linux")]

use std::path::PathBuf;
use std::process::Command;

use kitbench_engine::{Engine, EngineOptions};
use kitbench_protocol::{
    Door, ListRegistries, RegistryAddress, SaveRegistry, Secret, SignIn, SignInState,
};
use kitbench_registry::testing::{Options, TestRegistry};

use crate::common::Shell;

/// The home of the user with the key store, set for the inner run.
const HOME: &str = "KITBENCH_TEST_KEY_STORE";

/// Runs the test `name` again with a key store. `None` in the outer run, when that has succeeded.
fn with_a_key_store(name: &str) -> Option<PathBuf> {
    if let Some(home) = std::env::var_os(HOME) {
        return Some(home.into());
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".cache")).unwrap();
    let script = "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$@\"";
    let inner = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("HOME", home.path())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .env(HOME, home.path())
        .output()
        .unwrap_or_else(|error| panic!("dbus-run-session (of dbus) is needed: {error}"));
    assert!(
        inner.status.success(),
        "{}{}",
        String::from_utf8_lossy(&inner.stdout),
        String::from_utf8_lossy(&inner.stderr)
    );
    None
}

#[test]
fn a_login_of_the_window_serves_the_shell() {
    let name = "key_store::a_login_of_the_window_serves_the_shell";
    if with_a_key_store(name).is_none() {
        return;
    }
    let registry = TestRegistry::start(&Options {
        users: vec![("ann".into(), "right".into())],
        ..Options::default()
    });
    let host = registry.host();
    let shell = Shell::new();
    let project = shell.project("files");
    let reference = format!("{host}/ann/it:v1");
    shell
        .run(["pack", project.to_str().unwrap(), "-t", &reference])
        .ok();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = EngineOptions {
            state_folder: shell.path("state"),
            kit_home: shell.kit_home(),
            ..EngineOptions::for_this_user(Door::Window)
        };
        let engine = Engine::start(options).await.unwrap();
        let address = RegistryAddress {
            host: host.to_owned(),
            plain_http: true,
            ..RegistryAddress::default()
        };
        let saved = engine
            .call(SaveRegistry { id: None, address })
            .await
            .unwrap();
        let id = saved.id;
        let sign_in = SignIn {
            id,
            user: "ann".into(),
            secret: Secret("right".into()),
        };
        engine.call(sign_in).await.unwrap();
        let all = engine.call(ListRegistries).await.unwrap();
        let view = all.iter().find(|view| view.id == id).unwrap();
        let SignInState::SignedIn { user, source } = &view.sign_in else {
            panic!("{:?}", view.sign_in)
        };
        assert_eq!(
            (user.as_str(), source.as_str()),
            ("ann", "system key store")
        );
    });
    assert!(
        !shell.kit_home().join("credentials.json").exists(),
        "the secret is in no file"
    );

    let push = ["push", &reference, "--plain-http"];
    shell.run(push).ok();
    let json = shell.run(["logout", host, "--json"]).ok().json();
    assert_eq!(json["removed"], true);
    shell.run(push).fails(1, &[host]);
}
