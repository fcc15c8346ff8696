//! Exit code 2 and its sentences; help, version and completions.

use crate::common::Shell;

#[test]
fn misuse_ends_with_two_and_says_how_it_is_meant() {
    let shell = Shell::new();
    shell.run(["nonsense"]).fails(2, &["nonsense"]);
    shell
        .run(["pack", "--compression", "rar"])
        .fails(2, &["rar", "gzip"]);
    shell
        .run(["pack", ".", "-t", "Upper/Case:v1"])
        .fails(2, &["Upper/Case", "upper/case"]);
    shell
        .run(["pack", ".", "-t", "a@sha256:00"])
        .fails(2, &["sha256"]);
    shell
        .run(["tag", "a:1", "b:1,c"])
        .fails(2, &["Further tags"]);
    shell
        .run(["push", "a:1"])
        .fails(2, &["no registry", "kitbench tag"]);
    shell.run(["pull", "a:1"]).fails(2, &["no registry"]);
    shell.run(["remove"]).fails(2, &["REFERENCE"]);
    shell
        .run(["remove", "--all", "a:1"])
        .fails(2, &["cannot be used with"]);
    shell
        .run(["push", "r.example/a:1", "--concurrency", "0"])
        .fails(2, &["concurrency"]);
    shell
        .run(["runs", "list", "--filter", "metrics.x <"])
        .fails(2, &["filter", "at its end"]);
    shell
        .run(["list", "--format", "{{ .Nope }}"])
        .fails(2, &["`.Nope` is unknown", ".ModelName"]);
    shell
        .run(["list", "--filter", "size=1"])
        .fails(2, &["no field `size`", "author"]);
}

#[test]
fn a_reference_that_is_not_there_says_what_to_do() {
    let shell = Shell::new();
    for verb in ["info", "inspect"] {
        shell
            .run([verb, "no/such:v1"])
            .fails(1, &["no/such:v1", "list"]);
        shell.run([verb, "no/such"]).fails(1, &["no/such:latest"]);
    }
    shell
        .run(["unpack", "no/such:v1"])
        .fails(1, &["no/such:v1"]);
    shell
        .run(["tag", "no/such:v1", "b:1"])
        .fails(1, &["no/such:v1"]);
}

#[test]
fn version_and_help_succeed() {
    let shell = Shell::new();
    let text = shell.run(["version"]).ok().out;
    assert!(
        text.starts_with(&format!("Version: {}\n", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    let json = shell.run(["version", "--json"]).ok().json();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["home"], shell.kit_home().display().to_string());
    assert!(shell.run(["--version"]).ok().out.starts_with("kitbench "));
    let help = shell.run(["--help"]).ok().out;
    let verbs = [
        "init",
        "pack",
        "list",
        "inspect",
        "info",
        "tag",
        "push",
        "pull",
        "unpack",
        "remove",
        "diff",
        "login",
        "logout",
        "version",
        "serve",
        "completions",
        "runs",
        "verify",
        "export",
        "import",
        "prune",
    ];
    for verb in verbs {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(verb)),
            "{verb} in {help}"
        );
        assert!(!shell.run([verb, "--help"]).ok().out.is_empty());
    }
}

#[test]
fn every_verb_and_its_json_are_documented() {
    let text = include_str!("../../README.md");
    let shell = Shell::new();
    let help = shell.run(["--help"]).ok().out;
    let commands = help
        .split("Commands:")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    for line in commands.lines().filter(|line| !line.trim().is_empty()) {
        let verb = line.split_whitespace().next().unwrap();
        if verb != "help" {
            assert!(
                text.contains(&format!("`kitbench {verb}")),
                "{verb} is not in README.md"
            );
        }
    }
}

#[test]
fn shells_get_completions_of_all_verbs() {
    let shell = Shell::new();
    for name in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = shell.run(["completions", name]).ok().out;
        for word in ["kitbench", "unpack", "completions", "compat"] {
            assert!(script.contains(word), "{word} for {name}");
        }
    }
    shell.run(["completions", "tcsh"]).fails(2, &["tcsh"]);
}

#[test]
#[cfg(unix)]
fn bash_completes_a_verb() {
    let shell = Shell::new();
    let script = shell.run(["completions", "bash"]).ok().out;
    let script = shell.write("kitbench.bash", &script);
    let ask = format!(
        "source {}; COMP_WORDS=(kitbench unp); COMP_CWORD=1; _kitbench kitbench unp kitbench; echo \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let output = std::process::Command::new("bash")
        .args(["--norc", "-c", &ask])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "unpack");
}
