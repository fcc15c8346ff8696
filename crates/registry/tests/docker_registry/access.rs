//! Addresses, certificates, users; what a registry holds.

use kitbench_registry::SignIn;

use crate::support::*;

#[tokio::test]
async fn over_tls_with_a_private_authority() {
    let server = TestRegistry::start(&Options {
        tls: true,
        ..Options::default()
    });
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 2, &[MIB]);
    push(&here, &kit, "m", "v1").await;
    let there = setup(server.config(), Credentials::Anonymous);
    there
        .registry
        .pull("m", "v1", there.store.clone(), Arc::new(Silent), &never())
        .await
        .unwrap();

    // Without the authority's certificate there is no trust, and the error says so.
    let stranger = setup(RegistryConfig::new(server.host()), Credentials::Anonymous);
    let error = stranger.registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TlsProblem, "{error}");
    assert!(error.hint().unwrap().contains("certificate authority"));
    // Unless the user does not care.
    let careless = RegistryConfig {
        tls_verify: false,
        ..RegistryConfig::new(server.host())
    };
    assert_eq!(
        setup(careless, Credentials::Anonymous)
            .registry
            .ping()
            .await
            .unwrap()
            .sign_in,
        SignIn::NotNeeded
    );
}

#[tokio::test]
async fn the_wrong_scheme_is_recognised_both_ways() {
    let plain = TestRegistry::plain();
    let registry = setup(RegistryConfig::new(plain.host()), Credentials::Anonymous).registry;
    let error = registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpsToHttpServer, "{error}");
    assert!(error.hint().unwrap().contains("--plain-http"));

    let tls = TestRegistry::start(&Options {
        tls: true,
        ..Options::default()
    });
    let registry = setup(RegistryConfig::plain(tls.host()), Credentials::Anonymous).registry;
    let error = registry.ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpToHttpsServer, "{error}");
    let error = registry.tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HttpToHttpsServer, "{error}");
}

#[tokio::test]
async fn users_and_passwords() {
    let users = vec![("ann".to_owned(), "right".to_owned())];
    let server = TestRegistry::start(&Options {
        users,
        ..Options::default()
    });
    let nobody = setup(server.config(), Credentials::Anonymous);
    assert_eq!(nobody.registry.ping().await.unwrap().sign_in, SignIn::Basic);
    let error = nobody.registry.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(error.hint().unwrap().contains("kitbench login"));

    let wrong = setup(server.config(), Credentials::basic("ann", "wr0ng"));
    let error = wrong.registry.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(
        error.to_string().contains("ann") && !format!("{error:?}").contains("wr0ng"),
        "{error:?}"
    );
    let kit = sample_kit(&wrong.store, 3, &[100]);
    let order = Push::new(kit.manifest.clone(), "m", "v1");
    let error = wrong
        .registry
        .push(wrong.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");

    let ann = setup(server.config(), Credentials::basic("ann", "right"));
    ann.registry.check_login().await.unwrap();
    let kit = sample_kit(&ann.store, 3, &[MIB, 100]);
    push(&ann, &kit, "m", "v1").await;
    assert_eq!(ann.registry.sign_in(), Some(SignIn::Basic));
    let error = nobody.registry.manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

#[tokio::test]
async fn listings_come_in_pages() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 4, &[10]);
    for at in 0..5 {
        push(&here, &kit, &format!("team/m{at}"), "v1").await;
    }
    let mut order = Push::new(kit.manifest.clone(), "team/m0", "v0");
    order.tags = (0..120).map(|at| format!("t{at:03}")).collect();
    here.registry
        .push(here.store.clone(), &order, Arc::new(Silent), &never())
        .await
        .unwrap();

    let mut names = Vec::new();
    let mut from = None;
    let mut pages = 0;
    loop {
        let page = here.registry.catalog(2, from.as_deref()).await.unwrap();
        assert!(page.names.len() <= 2);
        names.extend(page.names);
        pages += 1;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(
        names,
        ["team/m0", "team/m1", "team/m2", "team/m3", "team/m4"]
    );
    assert!(pages >= 3);
    assert_eq!(
        here.registry.all_tags("team/m0", 1000).await.unwrap().len(),
        121
    );
    assert_eq!(here.registry.all_tags("team/m0", 7).await.unwrap().len(), 7);
    let error = here.registry.tags("no/such", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("no/such"), "{error}");
}

#[tokio::test]
async fn manifests_configs_pieces_and_deletion() {
    let server = TestRegistry::plain();
    let here = setup(server.config(), Credentials::Anonymous);
    let kit = sample_kit(&here.store, 5, &[5000]);
    push(&here, &kit, "m", "v1").await;
    let manifest = here.registry.manifest("m", "v1").await.unwrap();
    assert_eq!(
        (manifest.digest, &manifest.bytes),
        (kit.digest, &kit.manifest)
    );
    assert_eq!(
        manifest.media_type,
        "application/vnd.oci.image.manifest.v1+json"
    );
    let parsed = manifest.modelkit().unwrap();
    let config = here.registry.config_of("m", &parsed).await.unwrap();
    assert_eq!(Digest::of(&config), kit.config.digest);
    assert_eq!(
        here.registry.resolve("m", "v1").await.unwrap(),
        Some(kit.digest)
    );
    assert_eq!(here.registry.resolve("m", "v2").await.unwrap(), None);
    assert!(
        here.registry
            .manifest("m", &kit.digest.to_string())
            .await
            .is_ok()
    );

    let layer = kit.layers[0].digest;
    let whole = std::fs::read(here.store.blob_path(&layer)).unwrap();
    assert!(here.registry.supports_ranges("m", &layer).await.unwrap());
    assert_eq!(
        here.registry
            .blob_range("m", &layer, 100..228)
            .await
            .unwrap(),
        &whole[100..228]
    );
    assert_eq!(
        here.registry.blob_range("m", &layer, 9..9).await.unwrap(),
        ""
    );
    assert!(here.registry.has_blob("m", &layer).await.unwrap());
    assert!(
        !here
            .registry
            .has_blob("m", &Digest::of(b"absent"))
            .await
            .unwrap()
    );
    assert_eq!(
        here.registry
            .referrers("m", &kit.digest, None)
            .await
            .unwrap(),
        []
    );

    // This registry deletes by digest only.
    let error = here.registry.delete("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    here.registry
        .delete("m", &kit.digest.to_string())
        .await
        .unwrap();
    let error = here.registry.manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    let error = here
        .registry
        .delete("m", &kit.digest.to_string())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
}

#[tokio::test]
async fn client_certificates() {
    let server = TestRegistry::start(&Options {
        tls: true,
        client_certs: true,
        ..Options::default()
    });
    let stranger = setup(server.config(), Credentials::Anonymous);
    let error = stranger.registry.ping().await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::TlsProblem | ErrorKind::Unreachable),
        "{error}"
    );
    let mut config = server.config();
    config.client_cert = Some(server.client_cert());
    let known = setup(config, Credentials::Anonymous);
    known.registry.ping().await.unwrap();

    let mut config = server.config();
    config.client_cert = Some(kitbench_registry::ClientCert {
        cert: server.ca_cert(),
        key: "/no/such/key".into(),
    });
    let error = Registry::new(config, Credentials::Anonymous).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(error.to_string().contains("/no/such/key"), "{error}");
}
