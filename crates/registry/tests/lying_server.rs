//! Registries that fail, lie or break off: every byte is checked, every answer bounded, every failure explained.

mod fake;

use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake::{Answer, Asked, Fake};
use kitbench_modelkit::Reference;
use kitbench_modelkit::progress::{CancellationToken, Silent, StepState};
use kitbench_modelkit::source::KitSource as _;
use kitbench_registry::testing::{LocalStore, Recorder, SampleKit, sample_kit};
use kitbench_registry::{
    Credentials, Error, ErrorKind, Push, Registry, RegistryConfig, Result, RetryPolicy, Secret,
};

const MIB: usize = 1024 * 1024;

/// A registry that is tried again without delay.
fn impatient(host: &str) -> RegistryConfig {
    let wait = Duration::from_millis(1);
    RegistryConfig {
        retry: RetryPolicy {
            first_wait: wait,
            min_wait: wait,
            max_wait: wait,
            ..RetryPolicy::default()
        },
        ..RegistryConfig::plain(host)
    }
}

fn registry(fake: &Fake) -> Registry {
    Registry::new(impatient(&fake.host), Credentials::Anonymous).unwrap()
}

/// A kit and its blobs, for servers to hand out.
struct Kit {
    kit: SampleKit,
    layer: Vec<u8>,
    config: Vec<u8>,
    _folder: tempfile::TempDir,
    store: Arc<LocalStore>,
}

fn kit(seed: u64, size: usize) -> Arc<Kit> {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
    let kit = sample_kit(&store, seed, &[size]);
    let read = |digest| std::fs::read(store.blob_path(digest)).unwrap();
    Arc::new(Kit {
        layer: read(&kit.layers[0].digest),
        config: read(&kit.config.digest),
        kit,
        _folder: folder,
        store,
    })
}

/// An honest answer for a pull, except for the layer.
fn serve(kit: &Kit, asked: &Asked, layer: impl Fn(&Asked) -> Answer) -> Answer {
    if asked.path.contains("/manifests/") {
        return Answer::ok(kit.kit.manifest.clone())
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .header("docker-content-digest", kit.kit.digest);
    }
    if asked.path.contains(&kit.kit.config.digest.to_string()) {
        return Answer::ok(kit.config.clone());
    }
    if asked.path.contains(&kit.kit.layers[0].digest.to_string()) {
        return layer(asked);
    }
    Answer::status(404)
}

struct PullResult {
    result: Result<kitbench_registry::Pulled>,
    recorder: Arc<Recorder>,
    store: Arc<LocalStore>,
    _folder: tempfile::TempDir,
}

async fn pull(registry: &Registry) -> PullResult {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(LocalStore::new(folder.path()));
    let recorder = Arc::new(Recorder::default());
    let result = registry
        .pull(
            "m",
            "v1",
            store.clone(),
            recorder.clone(),
            &CancellationToken::new(),
        )
        .await;
    PullResult {
        result,
        recorder,
        store,
        _folder: folder,
    }
}

/// A pull that must fail with this kind, publish nothing and keep nothing of the layer.
async fn refused(fake: &Fake, kind: ErrorKind) -> Error {
    let pulled = pull(&registry(fake)).await;
    let error = pulled.result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(pulled.store.tag(&fake.host, "m", "v1"), None);
    assert!(
        pulled.store.partials().is_empty(),
        "{:?}",
        pulled.store.partials()
    );
    assert_eq!(pulled.recorder.last_states()[0], Some(StepState::Failed));
    error
}

#[tokio::test]
async fn a_layer_with_other_content_is_refused() {
    let kit = kit(1, 3 * MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            let mut layer = served.layer.clone();
            layer[MIB] ^= 1;
            Answer::ok(layer)
        })
    })
    .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        error
            .to_string()
            .contains(&kit.kit.layers[0].digest.to_string()),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_is_too_long_is_cut_off_early() {
    let kit = kit(2, MIB);
    let served = kit.clone();
    // Announced, and not announced.
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            Answer::ok([&served.layer[..], b"more"].concat())
        })
    })
    .await;
    refused(&fake, ErrorKind::DigestMismatch).await;
    let served = kit.clone();
    let fake =
        Fake::start(move |asked| serve(&served, asked, |_| Answer::ok(vec![7; MIB / 3]).endless()))
            .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        matches!(error, Error::SizeMismatch { actual, .. } if actual < 2 * MIB as u64),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_that_is_too_short_is_refused() {
    let kit = kit(3, MIB);
    let fake =
        Fake::start(move |asked| serve(&kit, asked, |_| Answer::ok(kit.layer[..1000].to_vec())))
            .await;
    let error = refused(&fake, ErrorKind::DigestMismatch).await;
    assert!(
        matches!(error, Error::SizeMismatch { actual: 1000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_broken_connection_continues_where_it_broke() {
    let kit = kit(4, 5 * MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |asked| match asked.header("range") {
            None => Answer::ok(served.layer.clone()).cut_after(2 * MIB + 77),
            Some(range) => {
                let start: usize = range
                    .strip_prefix("bytes=")
                    .unwrap()
                    .split('-')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                let rest = served.layer[start..].to_vec();
                let answer = Answer::status(206).header(
                    "content-range",
                    format!(
                        "bytes {start}-{}/{}",
                        served.layer.len() - 1,
                        served.layer.len()
                    ),
                );
                // Breaks once more on the way.
                let cut = (start < 4 * MIB).then_some(2 * MIB);
                match cut {
                    Some(cut) => answer.body(rest).cut_after(cut),
                    None => answer.body(rest),
                }
            }
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    pulled.result.unwrap();
    let ranges: Vec<String> = fake
        .asked()
        .iter()
        .filter(|asked| asked.path.contains(&kit.kit.layers[0].digest.to_string()))
        .map(|asked| asked.header("range").unwrap_or("whole").to_owned())
        .collect();
    let end = 5 * MIB - 1;
    assert_eq!(
        ranges,
        [
            "whole".to_owned(),
            format!("bytes={}-{end}", 2 * MIB + 77),
            format!("bytes={}-{end}", 4 * MIB + 77)
        ]
    );
    assert_eq!(pulled.recorder.bytes(0), 5 * MIB as u64);
}

#[tokio::test]
async fn without_ranges_a_broken_layer_starts_over() {
    let kit = kit(5, 2 * MIB);
    let tries = AtomicUsize::new(0);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            let answer = Answer::ok(served.layer.clone());
            if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                answer.cut_after(MIB + 9)
            } else {
                answer
            }
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    pulled.result.unwrap();
    assert_eq!(
        pulled.recorder.bytes(0),
        2 * MIB as u64,
        "bytes that came twice count once"
    );
}

#[tokio::test]
async fn a_server_that_never_gets_further_is_given_up() {
    let kit = kit(6, MIB);
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        serve(&served, asked, |_| {
            Answer::ok(served.layer.clone()).cut_after(0)
        })
    })
    .await;
    let pulled = pull(&registry(&fake)).await;
    assert_eq!(pulled.result.unwrap_err().kind(), ErrorKind::Unreachable);
    assert_eq!(
        fake.count("GET", &kit.kit.layers[0].digest.to_string()),
        6,
        "first attempt and five retries"
    );
}

#[tokio::test]
async fn manifests_are_checked_and_bounded() {
    let kit = kit(7, 10);
    let other = Fake::start(move |_| {
        Answer::ok(b"{}".to_vec()).header("docker-content-digest", kit.kit.digest)
    })
    .await;
    let error = registry(&other).manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");
    let by_digest = format!("sha256:{}", "0".repeat(64));
    let error = registry(&other)
        .manifest("m", &by_digest)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DigestMismatch, "{error}");

    let huge = Fake::start(|_| Answer::ok(vec![b' '; MIB]).endless()).await;
    let error = registry(&huge).manifest("m", "v1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    let error = registry(&huge).tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");

    let nonsense = Fake::start(|_| Answer::ok(b"<html>".to_vec())).await;
    let error = registry(&nonsense).tags("m", 10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert!(
        registry(&nonsense)
            .manifest("m", "v1")
            .await
            .unwrap()
            .modelkit()
            .is_err()
    );
}

#[tokio::test]
async fn busy_servers_are_asked_again() {
    for status in [408, 429, 500, 502, 503] {
        let tries = AtomicUsize::new(0);
        let fake = Fake::start(move |_| match tries.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Answer::status(status).header("retry-after", 0),
            _ => Answer::ok(br#"{"tags":["v1"]}"#.to_vec()),
        })
        .await;
        let page = registry(&fake).tags("m", 10, None).await.unwrap();
        assert_eq!(
            (page.names, fake.asked().len()),
            (vec!["v1".to_owned()], 3),
            "{status}"
        );
    }
    // What will not get better is not asked again.
    let fake = Fake::start(|_| {
        Answer::status(403).body(br#"{"errors":[{"code":"DENIED","message":"no"}]}"#.to_vec())
    })
    .await;
    let error = registry(&fake).tags("m", 10, None).await.unwrap_err();
    assert_eq!(
        (error.kind(), fake.asked().len()),
        (ErrorKind::Forbidden, 1),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_wait_is_passed_on_instead_of_waited_for() {
    let fake = Fake::start(|_| Answer::status(429).header("retry-after", 3600)).await;
    let error = registry(&fake).tags("m", 10, None).await.unwrap_err();
    assert!(
        matches!(error, Error::RateLimited { retry_after: Some(wait), .. } if wait == Duration::from_secs(3600)),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("3600 s"));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn silence_and_closed_doors_have_an_end() {
    let fake = Fake::start(|_| Answer::silent()).await;
    let mut config = impatient(&fake.host);
    config.timeouts.stall = Duration::from_millis(50);
    config.retry.retries = 1;
    let error = Registry::new(config, Credentials::Anonymous)
        .unwrap()
        .tags("m", 10, None)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), fake.asked().len()),
        (ErrorKind::Timeout, 2),
        "{error}"
    );

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Registry::new(impatient(&host), Credentials::Anonymous)
        .unwrap()
        .ping()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(
        error.to_string().contains(&host) && error.hint().is_some(),
        "{error}"
    );
}

/// A registry that wants tokens; `valid` decides which ones it takes.
async fn token_registry(valid: impl Fn(&str) -> bool + Send + Sync + 'static) -> Fake {
    let issued = AtomicUsize::new(0);
    Fake::start(move |asked| {
        if asked.path.starts_with("/token") {
            let basic = asked.header("authorization") == Some("Basic YW5uOnJpZ2h0");
            let refresh = String::from_utf8_lossy(&asked.body).contains("refresh_token=r3fresh");
            if !basic && !refresh {
                return Answer::status(401)
                    .body(br#"{"details":"incorrect username or password"}"#.to_vec());
            }
            let number = issued.fetch_add(1, Ordering::Relaxed);
            return Answer::ok(format!(r#"{{"token":"t{number}","expires_in":300}}"#));
        }
        let token = asked
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "));
        if token.is_some_and(&valid) {
            return Answer::ok(br#"{"tags":["v1"]}"#.to_vec());
        }
        let host = asked.header("host").unwrap_or_default();
        Answer::status(401).header(
            "www-authenticate",
            format!(
                r#"Bearer realm="http://{host}/token",service="fake",scope="repository:m:pull""#
            ),
        )
    })
    .await
}

#[tokio::test]
async fn tokens_are_fetched_once_and_renewed_once() {
    let fake = token_registry(|_| true).await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    for _ in 0..3 {
        ann.tags("m", 10, None).await.unwrap();
    }
    assert_eq!(fake.count("GET", "/token"), 1);
    let asked = fake.asked();
    let token = asked
        .iter()
        .find(|asked| asked.path.starts_with("/token"))
        .unwrap();
    assert!(
        token.path.contains("service=fake") && token.path.contains("account=ann"),
        "{}",
        token.path
    );
    assert!(
        token.path.contains("scope=repository%3Am%3Apull"),
        "{}",
        token.path
    );

    // The first token is refused: one new one is fetched, and it serves.
    let fake = token_registry(|token| token != "t0").await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    assert!(ann.tags("m", 10, None).await.is_err());
    ann.tags("m", 10, None).await.unwrap();
    assert_eq!(fake.count("GET", "/token"), 2);

    // No token is ever good enough: an end is made after one renewal.
    let fake = token_registry(|_| false).await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    assert_eq!(
        ann.tags("m", 10, None).await.unwrap_err().kind(),
        ErrorKind::Unauthorized
    );
    assert_eq!(fake.count("GET", "/token"), 1);
}

#[tokio::test]
async fn identity_tokens_are_exchanged_and_wrong_passwords_told() {
    let fake = token_registry(|_| true).await;
    let with_token = Registry::new(
        impatient(&fake.host),
        Credentials::IdentityToken(Secret::new("r3fresh")),
    )
    .unwrap();
    with_token.tags("m", 10, None).await.unwrap();
    assert_eq!(fake.count("POST", "/token"), 1);

    let wrong = Registry::new(impatient(&fake.host), Credentials::basic("ann", "wr0ng")).unwrap();
    let error = wrong.check_login().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
    assert!(
        error.to_string().contains("incorrect username or password"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("wr0ng"));
}

#[tokio::test]
async fn credentials_stay_with_the_registry() {
    let kit = kit(8, 1000);
    let elsewhere_kit = kit.clone();
    let elsewhere = Fake::start(move |asked| match asked.method.as_str() {
        "PUT" => Answer::status(201),
        _ => Answer::ok(elsewhere_kit.layer.clone()),
    })
    .await;
    let storage = elsewhere.host.clone();
    let served = kit.clone();
    let fake = Fake::start(move |asked| {
        if asked.header("authorization").is_none() {
            return Answer::status(401).header("www-authenticate", "Basic realm=x");
        }
        match asked.method.as_str() {
            "HEAD" => Answer::status(404),
            "POST" => Answer::status(202)
                .header("location", format!("http://{storage}/upload?signature=1")),
            "PUT" => Answer::status(201),
            _ => serve(&served, asked, |_| {
                Answer::status(307).header("location", format!("http://{storage}/blob"))
            }),
        }
    })
    .await;
    let ann = Registry::new(impatient(&fake.host), Credentials::basic("ann", "right")).unwrap();
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    ann.push(
        kit.store.clone(),
        &order,
        Arc::new(Silent),
        &CancellationToken::new(),
    )
    .await
    .unwrap();
    pull(&ann).await.result.unwrap();
    let seen = elsewhere.asked();
    assert_eq!(seen.iter().filter(|asked| asked.method == "PUT").count(), 2);
    assert!(seen.iter().any(|asked| asked.method == "GET"));
    assert!(
        seen.iter()
            .all(|asked| asked.header("authorization").is_none()),
        "{seen:?}"
    );
    assert!(
        seen[0].path.contains("signature=1&digest=sha256%3A"),
        "{}",
        seen[0].path
    );
}

#[tokio::test]
async fn a_body_limit_names_the_server() {
    let kit = kit(9, 1000);
    let fake = Fake::start(|asked| match asked.method.as_str() {
        "HEAD" => Answer::status(404),
        "POST" => Answer::status(202).header("location", "/v2/m/blobs/uploads/1"),
        _ => Answer::status(413).header("server", "nginx/1.22.1"),
    })
    .await;
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let error = registry(&fake)
        .push(
            kit.store.clone(),
            &order,
            Arc::new(Silent),
            &CancellationToken::new(),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(error.to_string().contains("nginx/1.22.1"), "{error}");
}

/// A registry with one upload session that keeps what it gets.
struct Uploads {
    got: Mutex<Vec<u8>>,
}

impl Uploads {
    fn answer(&self, asked: &Asked, breaks: bool) -> Answer {
        let location = "/v2/m/blobs/uploads/1";
        let range = |got: &[u8]| format!("0-{}", got.len().saturating_sub(1));
        match asked.method.as_str() {
            "HEAD" => Answer::status(404),
            "POST" => Answer::status(202).header("location", location),
            "PATCH" => {
                let mut got = self.got.lock().unwrap();
                let start = asked
                    .header("content-range")
                    .unwrap()
                    .split('-')
                    .next()
                    .unwrap();
                if start.parse::<usize>().unwrap() != got.len() {
                    return Answer::status(416).header("location", location);
                }
                got.extend_from_slice(&asked.body);
                if breaks {
                    return Answer::silent();
                }
                Answer::status(202)
                    .header("location", location)
                    .header("range", range(&got))
            }
            "GET" => {
                let got = self.got.lock().unwrap();
                Answer::status(204)
                    .header("location", location)
                    .header("range", range(&got))
            }
            _ => Answer::status(201),
        }
    }
}

#[tokio::test]
async fn a_broken_chunk_continues_where_the_registry_stands() {
    let kit = kit(10, 4 * MIB);
    let uploads = Arc::new(Uploads {
        got: Mutex::default(),
    });
    let state = uploads.clone();
    let patches = AtomicUsize::new(0);
    // The second chunk breaks off after 300 kB, which the registry keeps.
    let breaks = |asked: &Asked| asked.header("content-range") == Some("1048576-2097151");
    let fake = Fake::start_cutting(
        move |asked| {
            (breaks(asked) && patches.fetch_add(1, Ordering::Relaxed) == 0).then_some(300_000)
        },
        move |asked| {
            if asked.path.contains("uploads") {
                state.answer(asked, false)
            } else {
                Answer::status(if asked.method == "HEAD" { 404 } else { 201 })
            }
        },
    )
    .await;
    let mut config = impatient(&fake.host);
    config.chunk_bytes = MIB as u64;
    // One blob at a time: this server knows one session.
    config.concurrency = 1;
    let registry = Registry::new(config, Credentials::Anonymous).unwrap();
    let order = Push::new(kit.kit.manifest.clone(), "m", "v1");
    let recorder = Arc::new(Recorder::default());
    registry
        .push(
            kit.store.clone(),
            &order,
            recorder.clone(),
            &CancellationToken::new(),
        )
        .await
        .unwrap();
    let got = uploads.got.lock().unwrap();
    assert!(*got == kit.layer, "the registry has {} bytes", got.len());
    let sent: Vec<String> = fake
        .asked()
        .iter()
        .filter(|asked| asked.method == "PATCH")
        .map(|asked| asked.header("content-range").unwrap().to_owned())
        .collect();
    assert_eq!(
        sent,
        [
            "0-1048575",
            "1048576-2097151",
            "1348576-2397151",
            "2397152-3445727",
            "3445728-4194303"
        ]
    );
    assert_eq!(recorder.bytes(0), 4 * MIB as u64);
}

#[tokio::test]
async fn a_registry_without_a_catalogue_says_so() {
    let fake = Fake::start(|_| Answer::status(404)).await;
    let error = registry(&fake).catalog(10, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    // Nothing like a registry at all.
    let error = registry(&fake).ping().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    // Pages that never end do end.
    let fake = Fake::start(|_| {
        Answer::ok(br#"{"tags":[]}"#.to_vec())
            .header("link", r#"</v2/m/tags/list?last=x>; rel="next""#)
    })
    .await;
    assert!(registry(&fake).all_tags("m", 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn referrers_by_interface_and_by_tag() {
    let kit = kit(11, 10);
    let subject = kit.kit.digest;
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{0}","size":1,"artifactType":"sig"}},{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{0}","size":2,"artifactType":"sbom"}}]}}"#,
        kit.kit.config.digest
    );
    for by_tag in [false, true] {
        let index = index.clone();
        let fake = Fake::start(move |asked| {
            let wanted = if by_tag {
                "/manifests/sha256-"
            } else {
                "/referrers/sha256:"
            };
            if asked.path.contains(wanted) {
                Answer::ok(index.clone())
            } else {
                Answer::status(404)
            }
        })
        .await;
        let all = registry(&fake)
            .referrers("m", &subject, None)
            .await
            .unwrap();
        assert_eq!(all.len(), 2);
        let signatures = registry(&fake)
            .referrers("m", &subject, Some("sig"))
            .await
            .unwrap();
        assert_eq!((signatures.len(), signatures[0].size), (1, 1));
    }
}

#[tokio::test]
async fn reading_a_remote_layer_survives_a_broken_connection() {
    let kit = kit(12, 2 * MIB);
    // Without ranges: what the reader has is passed over.
    for ranges in [false, true] {
        let served = kit.clone();
        let tries = AtomicUsize::new(0);
        let fake = Fake::start(move |asked| {
            serve(&served, asked, |asked| {
                if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                    return Answer::ok(served.layer.clone()).cut_after(MIB + 3);
                }
                match asked.header("range") {
                    Some(range) if ranges => {
                        let start: usize = range
                            .strip_prefix("bytes=")
                            .unwrap()
                            .split('-')
                            .next()
                            .unwrap()
                            .parse()
                            .unwrap();
                        Answer::status(206)
                            .header(
                                "content-range",
                                format!("bytes {start}-{}/*", served.layer.len() - 1),
                            )
                            .body(&served.layer[start..])
                    }
                    _ => Answer::ok(served.layer.clone()),
                }
            })
        })
        .await;
        let reference: Reference = format!("{}/m:v1", fake.host).parse().unwrap();
        let remote = registry(&fake)
            .kit(&reference, &CancellationToken::new())
            .await
            .unwrap();
        let layer = kit.kit.layers[0].clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut read = Vec::new();
            remote
                .blob(&layer)
                .unwrap()
                .read_to_end(&mut read)
                .map(|_| read)
        });
        assert!(
            read.await.unwrap().unwrap() == kit.layer,
            "ranges: {ranges}"
        );
    }
}
