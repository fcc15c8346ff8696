//! `init`.

use crate::common::Shell;

#[test]
fn a_first_kitfile_can_be_packed() {
    let shell = Shell::new();
    shell.write("p/weights.safetensors", "w");
    shell.write("p/README.md", "# It\n");
    shell.write("p/data/train.csv", "a,b\n1,2\n");
    let done = shell
        .run([
            "init", "p", "--name", "it", "--desc", "a thing", "--author", "Ann",
        ])
        .ok();
    assert!(
        done.out.contains("Generated Kitfile:") && done.out.contains("Saved to path"),
        "{}",
        done.out
    );
    let text = std::fs::read_to_string(shell.path("p/Kitfile")).unwrap();
    assert!(
        text.contains("name: it") && text.contains("weights.safetensors"),
        "{text}"
    );
    shell.run(["pack", "p", "-t", "it:1"]).ok();
    assert_eq!(
        shell
            .run(["info", "it:1", "-f", "package.description"])
            .ok()
            .out,
        "a thing\n"
    );
}

#[test]
fn a_kitfile_is_not_replaced_unless_asked() {
    let shell = Shell::new();
    shell.write("p/Kitfile", "package:\n  name: mine\n");
    shell.write("p/main.py", "print(1)\n");
    shell
        .run(["init", "p"])
        .fails(1, &["has a Kitfile", "--force"]);
    assert!(
        std::fs::read_to_string(shell.path("p/Kitfile"))
            .unwrap()
            .contains("mine")
    );
    let json = shell.run(["init", "p", "--force", "--json"]).ok().json();
    assert!(
        json["kitfile"]
            .as_str()
            .unwrap()
            .contains("manifestVersion: 1.0.0")
    );
    let text = std::fs::read_to_string(shell.path("p/Kitfile")).unwrap();
    assert_eq!(json["kitfile"], text);
    // Nothing else was left in the folder.
    assert_eq!(
        crate::common::files_below(&shell.path("p")),
        ["Kitfile", "main.py"]
    );
    shell.run(["init", "nowhere"]).fails(1, &["nowhere"]);
}
