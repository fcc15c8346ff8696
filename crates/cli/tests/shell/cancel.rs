//! Ctrl-C: code 130, and nothing half-done is left.
#![cfg(unix)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::common::{Shell, files_below};

fn interrupt(child: &Child) {
    let done = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
}

/// Reads standard error until a line that contains `word`.
fn wait_for(child: &mut Child, word: &str) -> BufReader<std::process::ChildStderr> {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(
            lines.read_line(&mut line).unwrap(),
            0,
            "it ended without saying {word}"
        );
        if line.contains(word) {
            return lines;
        }
    }
}

#[test]
fn a_pack_that_is_stopped_leaves_nothing_behind() {
    let shell = Shell::new();
    let kept = shell.project("files");
    shell
        .run(["pack", kept.to_str().unwrap(), "-t", "kept:1"])
        .ok();
    let before = files_below(&shell.kit_home());
    std::fs::create_dir(shell.path("big")).unwrap();
    // Sparse: takes no room, but longer to read than this test waits.
    File::create(shell.path("big/weights.bin"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    shell.write("big/Kitfile", "model:\n  name: big\n  path: weights.bin\n");
    let mut child = shell
        .command(["pack", "big", "-t", "big:1", "--progress", "plain"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rest = wait_for(&mut child, "packing");
    interrupt(&child);
    let status = child.wait().unwrap();
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("Cancelled"), "{said}");
    assert_eq!(files_below(&shell.kit_home()), before);
    shell.run(["verify"]).ok();
}

#[test]
fn serving_ends_when_stopped_and_that_is_no_failure() {
    let shell = Shell::new();
    let mut child = shell
        .command(["serve", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert!(
        line.starts_with("Kitbench is at http://127.0.0.1:"),
        "{line}"
    );
    interrupt(&child);
    // It has no other end.
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
