//! `login`, `push`, `list`, `pull`, `remove --remote` against a real registry.

use kitbench_registry::testing::{Options, TestRegistry};

use crate::common::{Shell, files_below};

#[test]
fn a_kit_goes_to_a_registry_and_comes_back_identical() {
    let registry = TestRegistry::plain();
    let host = registry.host();
    let (sender, receiver) = (Shell::new(), Shell::new());
    let project = sender.project("wine");
    let reference = format!("{host}/team/wine:v1");
    let packed = sender
        .run(["pack", project.to_str().unwrap(), "-t", "wine:v1", "--json"])
        .ok()
        .json();
    let pushed = sender
        .run(["push", "wine:v1", &reference, "--plain-http", "--json"])
        .ok()
        .json();
    assert_eq!(pushed["digest"], packed["digest"]);
    assert_eq!(pushed["reference"], reference);
    assert!(pushed["movedBytes"].as_u64().unwrap() > 100_000);
    // Nothing moves twice, and no further local name was made.
    let again = sender
        .run(["push", "wine:v1", &reference, "--plain-http", "--json"])
        .ok()
        .json();
    assert_eq!(again["movedBytes"], 0);
    assert_eq!(
        sender
            .run(["list", "--json"])
            .ok()
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let listed = receiver
        .run([
            "list",
            &format!("{host}/team/wine"),
            "--plain-http",
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(
        (&listed[0]["repo"], &listed[0]["tags"][0]),
        (&"team/wine".into(), &"v1".into())
    );
    assert_eq!(listed[0]["digest"], packed["digest"]);
    let info = receiver
        .run([
            "info",
            "-r",
            &reference,
            "--plain-http",
            "-f",
            "package.name",
        ])
        .ok();
    assert_eq!(info.out, "WineQualityML\n");
    let inspected = receiver
        .run(["inspect", "--remote", &reference, "--plain-http"])
        .ok()
        .json();
    assert_eq!(inspected["digest"], packed["digest"]);

    // Unpacked straight from the registry, nothing is stored.
    receiver
        .run(["unpack", &reference, "--plain-http", "-d", "direct"])
        .ok();
    assert!(
        receiver
            .store_files()
            .iter()
            .all(|file| !file.starts_with("blobs/"))
    );
    let pulled = receiver.run(["pull", &reference, "--plain-http"]).ok();
    assert!(
        pulled
            .out
            .contains(&format!("Digest: {}", packed["digest"].as_str().unwrap())),
        "{}",
        pulled.out
    );
    receiver.run(["unpack", &reference, "-d", "stored"]).ok();
    receiver.run(["verify"]).ok();
    let files = files_below(&receiver.path("stored"));
    assert_eq!(files, files_below(&receiver.path("direct")));
    for file in files.iter().filter(|file| *file != "Kitfile") {
        let read = |folder: std::path::PathBuf| std::fs::read(folder.join(file)).unwrap();
        assert_eq!(
            read(receiver.path("stored")),
            read(project.clone()),
            "{file}"
        );
        assert_eq!(
            read(receiver.path("direct")),
            read(project.clone()),
            "{file}"
        );
    }
}

#[test]
fn what_a_registry_lacks_is_said() {
    let registry = TestRegistry::plain();
    let host = registry.host();
    let shell = Shell::new();
    shell
        .run(["pull", &format!("{host}/no/such:v1"), "--plain-http"])
        .fails(1, &["no/such"]);
    shell
        .run(["list", &format!("{host}/no/such"), "--plain-http"])
        .fails(1, &["no/such"]);
    // Without the flag there is no plain HTTP.
    shell
        .run(["pull", &format!("{host}/no/such:v1")])
        .fails(1, &["--plain-http"]);
    let json = shell
        .run([
            "pull",
            &format!("{host}/no/such:v1"),
            "--plain-http",
            "--json",
        ])
        .fails(1, &[]);
    let error: serde_json::Value = serde_json::from_str(&json.err).unwrap();
    assert_eq!(error["error"]["kind"], "not-found");
    assert!(
        shell
            .store_files()
            .iter()
            .all(|file| !file.starts_with("blobs/"))
    );
}

#[test]
fn a_registry_that_is_down_says_so() {
    let shell = Shell::new();
    let host = TestRegistry::plain().host().to_owned();
    shell
        .run(["list", &format!("{host}/team/wine"), "--plain-http"])
        .fails(1, &[host.as_str()]);
}

#[test]
fn logins_are_checked_kept_and_forgotten() {
    let registry = TestRegistry::start(&Options {
        users: vec![("ann".into(), "right".into())],
        ..Options::default()
    });
    let host = registry.host();
    let shell = Shell::new();
    let reference = format!("{host}/ann/it:v1");
    shell
        .run([
            "pack",
            shell.project("files").to_str().unwrap(),
            "-t",
            &reference,
        ])
        .ok();
    shell
        .run(["push", &reference, "--plain-http"])
        .fails(1, &[host]);
    let login = [
        "login",
        host,
        "-u",
        "ann",
        "--password-stdin",
        "--plain-http",
    ];
    shell.run_with_input(login, "wrong\n").fails(1, &[host]);
    assert!(!shell.kit_home().join("credentials.json").exists());
    let done = shell.run_with_input(login, "right\n").ok();
    assert_eq!(done.out, "Log in successful\n");
    assert!(!done.err.contains("right"));
    let saved = std::fs::read_to_string(shell.kit_home().join("credentials.json")).unwrap();
    assert!(saved.contains(host) && !saved.contains("right"), "{saved}");
    shell.run(["push", &reference, "--plain-http"]).ok();
    let json = shell.run(["logout", host, "--json"]).ok().json();
    assert_eq!(json["removed"], true);
    shell
        .run(["pull", &reference, "--plain-http"])
        .fails(1, &[host]);
    shell
        .run(["login", host, "--plain-http"])
        .fails(2, &["User name", "--password-stdin"]);
    shell
        .run(["login", "host/with/path", "-u", "a", "-p", "b"])
        .fails(2, &["ghcr.io"]);
}

#[test]
fn a_registry_of_ones_own_authority_is_trusted_when_told() {
    let registry = TestRegistry::start(&Options {
        tls: true,
        ..Options::default()
    });
    let shell = Shell::new();
    let reference = format!("{}/team/files:v1", registry.host());
    shell
        .run([
            "pack",
            shell.project("files").to_str().unwrap(),
            "-t",
            &reference,
        ])
        .ok();
    shell.run(["push", &reference]).fails(1, &["certificate"]);
    let authority = registry.ca_cert();
    shell
        .run([
            "push",
            &reference,
            "--tls-cert",
            authority.to_str().unwrap(),
        ])
        .ok();
    shell.run(["pull", &reference, "--tls-verify=false"]).ok();
}

/// An index of several kits says what it lists, and each can be named by its digest.
#[test]
fn an_index_says_what_it_lists_and_each_can_be_pulled() {
    use std::io::{Read as _, Write as _};
    let registry = TestRegistry::plain();
    let host = registry.host();
    let (sender, receiver) = (Shell::new(), Shell::new());
    let mut entries = Vec::new();
    let mut digests = Vec::new();
    for form in ["int8", "fp16"] {
        sender.write("p/Kitfile", "model: {path: w}\n");
        sender.write("p/w", form);
        let reference = format!("{host}/team/many:{form}");
        let packed = sender
            .run(["pack", "p", "-t", &reference, "--json"])
            .ok()
            .json();
        sender.run(["push", &reference, "--plain-http"]).ok();
        let digest = packed["digest"].as_str().unwrap().to_owned();
        let path = format!("storage/blobs/{}", digest.replace(':', "/"));
        let size = std::fs::metadata(sender.kit_home().join(path))
            .unwrap()
            .len();
        entries.push(format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","size":{size},"platform":{{"os":"linux","architecture":"amd64"}},"modelMetadata":{{"quantization":"{form}"}}}}"#
        ));
        digests.push(digest);
    }
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","artifactType":"application/vnd.kitops.modelkit.index.v1+json","manifests":[{}]}}"#,
        entries.join(",")
    );
    let mut connection = std::net::TcpStream::connect(host).unwrap();
    write!(
        connection,
        "PUT /v2/team/many/manifests/all HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\nContent-Length: {}\r\n\r\n{index}",
        index.len()
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");

    let all = format!("{host}/team/many:all");
    let told = format!("{} (linux/amd64, quantization=int8)", digests[0]);
    for verb in ["pull", "list", "unpack"] {
        receiver
            .run([verb, &all, "--plain-http"])
            .fails(1, &["index of several", &told, &digests[1]]);
    }
    let one = format!("{host}/team/many@{}", digests[1]);
    receiver
        .run(["unpack", &one, "--plain-http", "-d", "out"])
        .ok();
    assert_eq!(std::fs::read(receiver.path("out/w")).unwrap(), b"fp16");
    receiver.run(["pull", &one, "--plain-http"]).ok();
    // A list of all tags passes it over.
    let repository = format!("{host}/team/many");
    let rows = receiver
        .run(["list", &repository, "--plain-http", "--json"])
        .ok()
        .json();
    assert_eq!(rows.as_array().unwrap().len(), 2, "{rows}");
}

#[test]
fn parents_are_pulled_under_their_own_names() {
    let registry = TestRegistry::plain();
    let host = registry.host();
    let (sender, receiver) = (Shell::new(), Shell::new());
    let base = format!("{host}/team/base:v1");
    let child = format!("{host}/team/child:v1");
    sender.write("base/weights.bin", "w");
    sender.write(
        "base/Kitfile",
        "model:\n  name: base\n  path: weights.bin\n",
    );
    sender.write("child/main.py", "print(1)\n");
    sender.write(
        "child/Kitfile",
        &format!("model:\n  path: {base}\ncode:\n  - path: main.py\n"),
    );
    for (folder, reference) in [("base", &base), ("child", &child)] {
        sender.run(["pack", folder, "-t", reference]).ok();
        sender.run(["push", reference, "--plain-http"]).ok();
    }
    let pulled = receiver
        .run(["pull", &child, "--plain-http", "--json"])
        .ok()
        .json();
    assert_eq!(pulled["parents"][0]["reference"], base);
    let repositories: Vec<_> = receiver
        .run(["list", "--json"])
        .ok()
        .json()
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(repositories.len(), 2);
    receiver.run(["unpack", &child, "-d", "out"]).ok();
    assert_eq!(
        files_below(&receiver.path("out")),
        ["Kitfile", "main.py", "weights.bin"]
    );
}

#[test]
fn damaged_kits_are_fetched_anew_from_their_registry() {
    let registry = TestRegistry::plain();
    let shell = Shell::new();
    let project = shell.project("wine");
    let reference = format!("{}/team/wine:v1", registry.host());
    let packed = shell
        .run([
            "pack",
            project.to_str().unwrap(),
            "-t",
            &reference,
            "--push",
            "--plain-http",
            "--json",
        ])
        .ok()
        .json();
    assert!(packed["pushed"]["movedBytes"].as_u64().unwrap() > 100_000);
    shell
        .run(["pack", project.to_str().unwrap(), "-t", "wine:v1", "--push"])
        .fails(2, &["no registry"]);
    let damage = |digest: &serde_json::Value| {
        let hex = digest.as_str().unwrap().trim_start_matches("sha256:");
        let blob = shell.kit_home().join("storage/blobs/sha256").join(hex);
        let mut bytes = std::fs::read(&blob).unwrap();
        bytes[0] ^= 1;
        std::fs::remove_file(&blob).unwrap();
        std::fs::write(&blob, bytes).unwrap();
    };
    // A layer, the config, and the manifest itself.
    for digest in [
        &packed["layers"][0]["digest"],
        &packed["config"]["digest"],
        &packed["digest"],
    ] {
        damage(digest);
        shell.run(["verify"]).fails(1, &[]);
        let repaired = shell
            .run(["verify", "--repair", "--plain-http", "--json"])
            .ok()
            .json();
        assert_eq!(repaired["repaired"][0], reference, "{repaired}");
        shell.run(["verify"]).ok();
    }
    // What no registry has cannot be repaired, and stays named.
    shell.run(["tag", &reference, "mine:1"]).ok();
    shell.run(["remove", &reference]).ok();
    damage(&packed["layers"][0]["digest"]);
    let left = shell
        .run(["verify", "--repair", "--plain-http", "--json"])
        .fails(1, &[])
        .json();
    assert_eq!(left["damage"][0]["reference"], "mine:1");
}
