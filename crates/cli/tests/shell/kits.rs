//! `list`, `inspect`, `info`, `unpack`, `tag`, `remove`, `verify`, `prune` on stores that `kit`
//! wrote and on our own.

use crate::common::{Shell, expected, files_below};

/// Name and manifest digest of a recorded home's kit.
fn recorded(name: &str) -> (Shell, String, String) {
    let digest = expected(name)["1.11/none"]["manifest_digest"]
        .as_str()
        .unwrap()
        .to_owned();
    (
        Shell::with_home(name),
        format!("registry.example/{name}:v1"),
        digest,
    )
}

#[test]
fn stores_written_by_kit_are_listed() {
    for name in ["wine", "tree"] {
        let (shell, reference, digest) = recorded(name);
        let json = shell.run(["list", "--json"]).ok().json();
        let row = &json[0];
        assert_eq!(row["repo"], format!("registry.example/{name}"));
        assert_eq!(row["digest"], digest);
        let tag = row["tags"][0].as_str().unwrap();
        assert_eq!(reference, format!("registry.example/{name}:{tag}"));
        assert_eq!(shell.run(["list", "--format", "json"]).ok().json(), json);
        let table = shell.run(["list"]).ok().out;
        let mut lines = table.lines();
        let head: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        assert_eq!(
            head,
            ["REPOSITORY", "TAG", "MAINTAINER", "NAME", "SIZE", "DIGEST"]
        );
        let line = lines.next().unwrap();
        assert!(
            line.starts_with(&format!("registry.example/{name}   {tag}   ")),
            "{line}"
        );
        assert!(line.ends_with(&digest), "{line}");
        let template = "{{ .Repo }}{{ range .Tags }} {{ . }}{{ end }} {{ .Digest }}";
        assert_eq!(
            shell.run(["list", "--format", template]).ok().out,
            format!("registry.example/{name} {tag} {digest}\n")
        );
        for (filter, found) in [
            (name, 1),
            (&name.to_uppercase(), 1),
            ("repo=registry.example", 1),
            ("author=registry.example", 0),
            (&format!("tag={tag}"), 1),
            ("nowhere", 0),
        ] {
            let rows = shell
                .run(["list", "--json", "--filter", filter])
                .ok()
                .json();
            assert_eq!(rows.as_array().unwrap().len(), found, "{filter}");
        }
    }
}

#[test]
fn an_empty_store_is_an_empty_list() {
    let shell = Shell::new();
    assert_eq!(
        shell.run(["list", "--json"]).ok().json(),
        serde_json::json!([])
    );
    assert_eq!(shell.run(["list"]).ok().out.lines().count(), 1);
}

#[test]
fn the_config_flag_chooses_the_home() {
    let (shell, _, digest) = recorded("wine");
    std::fs::rename(shell.kit_home(), shell.path("elsewhere")).unwrap();
    assert_eq!(
        shell.run(["list", "--json"]).ok().json(),
        serde_json::json!([])
    );
    let json = shell
        .run(["--config", "elsewhere", "list", "--json"])
        .ok()
        .json();
    assert_eq!(json[0]["digest"], digest);
}

#[test]
fn stores_written_by_kit_are_inspected() {
    let (shell, reference, digest) = recorded("wine");
    let done = shell.run(["inspect", &reference]).ok();
    assert!(
        done.out.starts_with("{\n  \"digest\": \"sha256:"),
        "{}",
        done.out
    );
    let json = done.json();
    assert_eq!(json["digest"], digest);
    assert_eq!(json["cliVersion"], "1.11.0");
    let expected = &expected("wine")["1.11/none"];
    let text = |name: &str| {
        serde_json::from_str::<serde_json::Value>(expected[name].as_str().unwrap()).unwrap()
    };
    assert_eq!(json["manifest"], text("manifest"));
    assert_eq!(json["kitfile"], text("config"));
}

#[test]
fn info_shows_the_kitfile_or_a_field_of_it() {
    let (shell, reference, _) = recorded("wine");
    let yaml = shell.run(["info", &reference]).ok().out;
    assert!(
        yaml.starts_with("manifestVersion: v1.0.0\npackage:\n  name: WineQualityML\n"),
        "{yaml}"
    );
    let field = |name: &str| shell.run(["info", &reference, "-f", name]).ok().out;
    assert_eq!(field("model.framework"), "Tensorflow\n");
    assert_eq!(field("package.license"), "\"\"\n");
    assert_eq!(field("manifestVersion"), "v1.0.0\n");
    shell
        .run(["info", &reference, "-f", "model.nonsense"])
        .fails(1, &["nonsense", "model.name"]);
    let json = shell.run(["info", &reference, "--json"]).ok().json();
    assert_eq!(json["package"]["name"], "WineQualityML");
}

#[test]
fn stores_written_by_kit_are_unpacked_to_identical_files() {
    for name in ["wine", "tree"] {
        let (shell, reference, _) = recorded(name);
        let project = shell.project(name);
        shell.run(["unpack", &reference, "-d", "out"]).ok();
        let unpacked = files_below(&shell.path("out"));
        assert!(unpacked.contains(&"Kitfile".to_owned()), "{unpacked:?}");
        for file in unpacked.iter().filter(|file| *file != "Kitfile") {
            let (here, there) = (shell.path("out").join(file), project.join(file));
            assert_eq!(
                std::fs::read(here).unwrap(),
                std::fs::read(there).unwrap(),
                "{name} {file}"
            );
        }
        // Packed again it is the same kit.
        shell.run(["verify"]).ok();
    }
}

#[test]
fn unpacking_takes_parts_and_respects_what_is_there() {
    let (shell, reference, _) = recorded("wine");
    let reference = reference.as_str();
    let json = shell
        .run([
            "unpack",
            reference,
            "-d",
            "part",
            "-f",
            "datasets,kitfile",
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(json["kitfile"], true);
    assert_eq!(json["layers"].as_array().unwrap().len(), 1);
    assert_eq!(json["layers"][0]["kind"], "dataset");
    shell
        .run(["unpack", reference, "-d", "part2", "--model"])
        .ok();
    assert!(!shell.path("part2/Kitfile").exists());
    shell
        .run(["unpack", reference, "-d", "part", "-f", "datasets"])
        .fails(1, &["exists already", "overwrite"]);
    let kept = shell
        .run([
            "unpack", reference, "-d", "part", "-f", "datasets", "-i", "--json",
        ])
        .ok()
        .json();
    assert!(kept["kept"].as_u64().unwrap() > 0);
    shell
        .run(["unpack", reference, "-d", "part", "-f", "datasets", "-o"])
        .ok();
    shell
        .run(["unpack", reference, "-d", "part", "-f", "nonsense"])
        .fails(2, &["nonsense", "datasets"]);
    shell
        .run(["unpack", reference, "-d", "part", "-o", "-i"])
        .fails(2, &["cannot be used with"]);
}

#[test]
fn tags_come_and_go_and_removing_accounts_for_itself() {
    let (shell, reference, digest) = recorded("wine");
    let reference = reference.as_str();
    let tagged = shell.run(["tag", reference, "mine:v2"]).ok();
    assert_eq!(
        tagged.out,
        format!("Modelkit {reference} tagged as mine:v2\n")
    );
    let json = shell
        .run(["tag", reference, "mine:v3", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&json["reference"], &json["digest"]),
        (&"mine:v3".into(), &digest.clone().into())
    );
    // A tag of several: only the tag goes.
    let removed = shell.run(["remove", "mine:v3", "--json"]).ok().json();
    assert_eq!(removed["removed"][0]["kit"], false);
    let before = shell.store_files();
    let planned = shell
        .run(["remove", "mine:v2", "--dry-run", "--json"])
        .ok()
        .json();
    assert_eq!(planned["removed"][0]["keptElsewhere"], true);
    assert_eq!(shell.store_files(), before);
    shell.run(["remove", "mine:v2"]).ok();
    shell.run(["verify"]).ok();
    // The last name: the kit goes with its bytes.
    let gone = shell.run(["remove", reference, "--json"]).ok().json();
    assert!(gone["freedBytes"].as_u64().unwrap() > 100_000, "{gone}");
    assert_eq!(
        shell.run(["list", "--json"]).ok().json(),
        serde_json::json!([])
    );
    assert!(
        !shell
            .store_files()
            .iter()
            .any(|file| file.starts_with("blobs/")),
        "{:?}",
        shell.store_files()
    );
    shell
        .run(["remove", reference])
        .fails(1, &[reference, "local store"]);
}

#[test]
fn all_without_a_tag_or_simply_all() {
    let shell = Shell::new();
    let folder = shell.project("files");
    let folder = folder.to_str().unwrap();
    shell.run(["pack", folder]).ok();
    shell
        .run([
            "pack",
            shell.project("params").to_str().unwrap(),
            "-t",
            "kept:1",
        ])
        .ok();
    let removed = shell.run(["remove", "--all", "--json"]).ok().json();
    assert_eq!(removed["removed"].as_array().unwrap().len(), 1);
    assert_eq!(
        shell
            .run(["list", "--json"])
            .ok()
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    shell.run(["remove", "--all", "--force"]).ok();
    assert_eq!(
        shell.run(["list", "--json"]).ok().json(),
        serde_json::json!([])
    );
    assert!(
        shell
            .run(["remove", "--all"])
            .ok()
            .out
            .contains("nothing to remove")
    );
}

#[test]
fn damage_is_found_named_and_repaired_by_packing_again() {
    let shell = Shell::new();
    let folder = shell.project("files");
    let folder = folder.to_str().unwrap();
    let packed = shell
        .run(["pack", folder, "-t", "hurt:1", "--json"])
        .ok()
        .json();
    let digest = packed["layers"][0]["digest"].as_str().unwrap();
    let blob = shell
        .kit_home()
        .join("storage/blobs/sha256")
        .join(&digest[7..]);
    let mut bytes = std::fs::read(&blob).unwrap();
    bytes[0] ^= 1;
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, bytes).unwrap();
    let found = shell.run(["verify", "--json"]);
    assert_eq!(found.code, Some(1));
    assert_eq!(found.json()["damage"][0]["reference"], "hurt:1");
    assert_eq!(found.json()["damage"][0]["blob"], digest);
    assert!(
        shell
            .run(["unpack", "hurt:1", "-d", "out"])
            .fails(1, &["damaged"])
            .out
            .is_empty()
    );
    assert!(!shell.path("out/Kitfile").exists());
    assert_eq!(shell.run(["verify", "--set-aside"]).code, Some(1));
    shell.run(["pack", folder, "-t", "hurt:1"]).ok();
    shell.run(["verify"]).ok();
    let pruned = shell.run(["prune", "--min-age", "0", "--json"]).ok().json();
    assert_eq!(pruned["kits"], serde_json::json!([]));
    shell.run(["verify"]).ok();
}

#[test]
fn two_kits_or_a_folder_and_a_kit_are_compared() {
    let (shell, reference, digest) = recorded("wine");
    let reference = reference.as_str();
    shell.run(["tag", reference, "same:1"]).ok();
    let same = shell.run(["diff", reference, "local://same:1"]).ok();
    assert_eq!(same.out, "ModelKits are identical\n");
    let project = shell.project("wine");
    let project = project.to_str().unwrap();
    shell
        .run(["pack", project, "-t", "again:1", "--compat", "1.11"])
        .ok();
    let json = shell
        .run(["diff", reference, "again:1", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&json["identical"], &json["a"]["digest"]),
        (&false.into(), &digest.into())
    );
    // Another version packed it; the files are the same.
    assert_eq!(
        (&json["configsEqual"], &json["annotationsEqual"]),
        (&true.into(), &false.into())
    );
    let layers = json["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 3);
    assert!(
        layers.iter().all(|layer| layer["change"] == "same"),
        "{json}"
    );
    assert_eq!(json["files"], serde_json::json!([]));
    // The folder goes on.
    std::fs::write(shell.path("projects/wine/code/train.py"), "print(2)").unwrap();
    std::fs::write(shell.path("projects/wine/code/new.py"), "").unwrap();
    let json = shell
        .run(["diff", "again:1", project, "--json"])
        .ok()
        .json();
    assert_eq!(json["b"]["folder"], project);
    let change = |path: &str| {
        let files = json["files"].as_array().unwrap();
        let file = files.iter().find(|file| file["path"] == path);
        file.map(|file| file["change"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        change("code/train.py").as_deref(),
        Some("changed"),
        "{json}"
    );
    assert_eq!(change("code/new.py").as_deref(), Some("added"), "{json}");
    assert_eq!(change("code/notebook.ipynb"), None, "{json}");
    let text = shell.run(["diff", "again:1", project]).ok().out;
    assert!(
        text.contains("Layers:") && text.contains("code/new.py"),
        "{text}"
    );
    // A changed text file is shown line by line.
    assert!(
        text.contains("\n--- code/train.py\n+++ code/train.py\n@@ -1,")
            && text.contains("\n+print(2)\n"),
        "{text}"
    );
    let train = |json: &serde_json::Value| {
        let files = json["files"].as_array().unwrap().clone();
        files
            .into_iter()
            .find(|file| file["path"] == "code/train.py")
            .unwrap()
    };
    assert_eq!(train(&json)["hunks"][0]["newLines"], 1, "{json}");
    let brief = shell.run(["diff", "again:1", project, "--brief"]).ok().out;
    assert!(!brief.contains("print(2)"), "{brief}");
    shell
        .run(["diff", "again:1", "no/such:1"])
        .fails(1, &["no/such:1"]);
    shell
        .run(["diff", "again:1", "./nowhere"])
        .fails(1, &["nowhere"]);
    shell
        .run(["diff", "again:1", "remote://again:1"])
        .fails(2, &["no registry"]);
}

#[test]
fn kits_are_carried_in_one_file_or_a_folder() {
    let (shell, reference, digest) = recorded("wine");
    let reference = reference.as_str();
    let (other, third) = (Shell::new(), Shell::new());
    let tar = shell.path("kits.tar").display().to_string();
    let exported = shell
        .run(["export", reference, "-o", &tar, "--json"])
        .ok()
        .json();
    assert_eq!(exported["kits"], serde_json::json!([reference]));
    shell
        .run(["export", reference, "-o", &tar])
        .fails(1, &["exists already"]);
    let imported = other.run(["import", &tar, "--json"]).ok().json();
    assert_eq!(imported["kits"], exported["kits"]);
    assert_eq!(
        other.run(["list", "--json"]).ok().json()[0]["digest"],
        digest
    );
    other.run(["verify"]).ok();
    // Only what the other side lacks, by its list of blobs.
    let has: Vec<String> =
        crate::common::files_below(&other.kit_home().join("storage/blobs/sha256"));
    let has = shell
        .write("has.txt", &has.join("\n"))
        .display()
        .to_string();
    let folder = shell.path("layout").display().to_string();
    let rest = shell
        .run([
            "export",
            reference,
            "-o",
            &folder,
            "--lacking",
            &has,
            "--json",
        ])
        .ok()
        .json();
    assert!(rest["skipped"].as_u64().unwrap() > 0, "{rest}");
    other.run(["import", &folder]).ok();
    third.run(["import", &folder]).fails(1, &["missing"]);
    assert_eq!(
        third.run(["list", "--json"]).ok().json(),
        serde_json::json!([])
    );
    third
        .run(["import", "nowhere.tar"])
        .fails(1, &["nowhere.tar"]);
}

#[test]
fn a_store_of_the_oldest_layout_is_brought_up_to_date() {
    let (shell, reference, digest) = recorded("wine");
    let old = Shell::new();
    let target = old.kit_home().join("storage/r.example/team/wine");
    shell
        .run(["export", &reference, "-o", target.to_str().unwrap()])
        .ok();
    let listed = old.run(["list", "--json"]).ok().json();
    assert_eq!(
        (&listed[0]["repo"], &listed[0]["digest"]),
        (&"r.example/team/wine".into(), &digest.as_str().into())
    );
    assert!(!target.exists());
    old.run(["verify"]).ok();
}

#[test]
fn skills_go_where_agents_look_for_them() {
    let shell = Shell::new();
    shell.write(
        "p/Kitfile",
        "prompts: [{path: deep/sums}, {path: note.prompt}]\n",
    );
    shell.write(
        "p/deep/sums/SKILL.md",
        "---\nname: Add It Up\n---\n# Sums\n",
    );
    shell.write("p/deep/sums/more/x.py", "1\n");
    shell.write("p/note.prompt", "hello\n");
    shell.run(["pack", "p", "-t", "skill:1"]).ok();
    shell
        .run(["unpack", "skill:1", "--as-skill"])
        .fails(2, &["No coding agent", "--as-skill=universal"]);
    shell
        .run(["unpack", "skill:1", "--as-skill=nobody"])
        .fails(2, &["nobody", "claude-code"]);
    std::fs::create_dir(shell.path(".claude")).unwrap();
    let json = shell
        .run(["unpack", "skill:1", "--as-skill", "--json"])
        .ok()
        .json();
    assert_eq!(json["skills"][0]["skill"], "add-it-up");
    assert_eq!(
        json["skills"][0]["agents"],
        serde_json::json!(["claude-code"])
    );
    assert_eq!(
        files_below(&shell.path(".claude")),
        ["skills/add-it-up/SKILL.md", "skills/add-it-up/more/x.py"]
    );
    let again = ["unpack", "skill:1", "--as-skill=claude-code"];
    shell
        .run(again)
        .fails(1, &["exists already", "--overwrite"]);
    shell.write(".claude/skills/add-it-up/mine", "old");
    let kept = shell.run(again.into_iter().chain(["-i"])).ok().out;
    assert!(kept.starts_with("Kept skill add-it-up"), "{kept}");
    shell.run(again.into_iter().chain(["-o"])).ok();
    assert!(!shell.path(".claude/skills/add-it-up/mine").exists());
    shell
        .run([
            "unpack",
            "skill:1",
            "--as-skill=codex,cursor",
            "-d",
            "project",
        ])
        .ok();
    assert_eq!(
        files_below(&shell.path("project")),
        [
            ".agents/skills/add-it-up/SKILL.md",
            ".agents/skills/add-it-up/more/x.py"
        ]
    );
    shell.write("q/Kitfile", "prompts: [{path: note.prompt}]\n");
    shell.write("q/note.prompt", "hello\n");
    shell.run(["pack", "q", "-t", "plain:1"]).ok();
    shell
        .run(["unpack", "plain:1", "--as-skill=universal"])
        .fails(1, &["holds no skill"]);
}
