//! Other programs and other artifacts.

use std::process::Command;

use crate::support::*;

#[tokio::test]
async fn other_artifacts_are_not_pulled() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 15, &[10]);
    push(&here, &kit, "m", "v1").await;
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("image");
    write_plain_image(&layout);
    let status = Command::new("skopeo")
        .args(["copy", "--dest-tls-verify=false"])
        .arg(format!("oci:{}:image", layout.display()))
        .arg(format!("docker://{}/image:v1", server.host()))
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
    let error = here
        .registry
        .pull(
            "image",
            "v1",
            here.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotAModelKit, "{error}");
}

/// An OCI layout with an ordinary image of no layers, tagged `image`.
fn write_plain_image(layout: &std::path::Path) {
    let blobs = layout.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    let put = |text: &str| {
        let digest = Digest::of(text.as_bytes());
        std::fs::write(blobs.join(digest.hex()), text).unwrap();
        format!("\"digest\":\"{digest}\",\"size\":{}", text.len())
    };
    let config = put(
        r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"#,
    );
    let manifest = put(&format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[]}}"#
    ));
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{manifest},"annotations":{{"org.opencontainers.image.ref.name":"image"}}}}]}}"#
    );
    std::fs::write(layout.join("index.json"), index).unwrap();
    std::fs::write(
        layout.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )
    .unwrap();
}

#[tokio::test]
async fn skopeo_sees_what_we_push_and_we_pull_what_skopeo_copies() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 16, &[MIB, 1000]);
    push(&here, &kit, "m", "v1").await;
    let skopeo = |args: &[String]| {
        let output = Command::new("skopeo").args(args).output().unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    let address = |repository: &str| format!("docker://{}/{repository}:v1", server.host());
    let raw = skopeo(&[
        "inspect".into(),
        "--raw".into(),
        "--tls-verify=false".into(),
        address("m"),
    ]);
    assert_eq!(raw, kit.manifest);
    skopeo(&[
        "copy".into(),
        "--preserve-digests".into(),
        "--src-tls-verify=false".into(),
        "--dest-tls-verify=false".into(),
        address("m"),
        address("copied"),
    ]);
    let there = setup(server.config(), Credentials::Anonymous);
    let pulled = there
        .registry
        .pull(
            "copied",
            "v1",
            there.store.clone(),
            Arc::new(Silent),
            &never(),
        )
        .await
        .unwrap();
    assert_eq!(pulled.outcome.digest, kit.digest);
}

#[tokio::test]
async fn another_client_library_pulls_what_we_push() {
    use oci_client::client::{ClientConfig, ClientProtocol};
    use oci_client::manifest::OciManifest;
    use oci_client::secrets::RegistryAuth;
    let users = vec![("ann".to_owned(), "right".to_owned())];
    let server = TestRegistry::start(&Options {
        users,
        ..Options::default()
    });
    let here = setup(server.config(), Credentials::basic("ann", "right"));
    let kit = sample_kit(&here.store, 18, &[MIB, 1000]);
    push(&here, &kit, "m", "v1").await;
    let client = oci_client::Client::new(ClientConfig {
        protocol: ClientProtocol::Http,
        ..ClientConfig::default()
    });
    let reference: oci_client::Reference = format!("{}/m:v1", server.host()).parse().unwrap();
    let auth = RegistryAuth::Basic("ann".into(), "right".into());
    let (manifest, digest) = client.pull_manifest(&reference, &auth).await.unwrap();
    assert_eq!(digest, kit.digest.to_string());
    let OciManifest::Image(manifest) = manifest else {
        panic!("an image manifest was pushed")
    };
    for layer in &manifest.layers {
        let mut bytes = Vec::new();
        client
            .pull_blob(&reference, layer, &mut bytes)
            .await
            .unwrap();
        assert_eq!(Digest::of(&bytes).to_string(), layer.digest);
    }
}
