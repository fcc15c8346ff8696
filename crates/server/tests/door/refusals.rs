//! What the door refuses: everyone without the token, foreign names, foreign pages, and
//! every path that is not a file of the page.

use crate::common::{PAGE, open};

#[tokio::test]
async fn nothing_is_served_without_the_token() {
    let door = open().await;
    for path in [
        "/",
        "/index.html",
        "/kitbench_ui_bg.wasm",
        "/ws",
        "/nothing",
        "/?token=",
    ] {
        let answer = door.get(path, &[]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("kitbench serve"), "{path}");
        assert!(!answer.text().contains("bench</title>"), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_token_or_cookie_opens_nothing() {
    let door = open().await;
    let cookie = door.cookie().await;
    let wrong_token = format!("/?token={}", "0".repeat(64));
    assert_eq!(door.get(&wrong_token, &[]).await.status, 403);
    let longer = format!("/?token={}0", door.token);
    assert_eq!(door.get(&longer, &[]).await.status, 403);
    let (name, value) = cookie.split_once('=').unwrap();
    for wrong in [
        format!("{name}="),
        format!("{name}={}", &value[1..]),
        format!("other={value}"),
        // What the address holds is not what the cookie holds.
        format!("{name}={}", door.token),
    ] {
        let answer = door.get("/", &[("Cookie", &wrong)]).await;
        assert_eq!(answer.status, 403, "{wrong}");
    }
}

#[tokio::test]
async fn the_token_becomes_a_strict_cookie_and_leaves_the_address() {
    let door = open().await;
    let answer = door.get(&format!("/?token={}", door.token), &[]).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.headers["location"], "/");
    let cookie = &answer.headers["set-cookie"];
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    assert!(!cookie.contains(&door.token));
    let page = door
        .get("/", &[("Cookie", &format!("a=b; {}", door.cookie().await))])
        .await;
    assert_eq!((page.status, page.text().as_str()), (200, PAGE));
}

#[tokio::test]
async fn a_link_on_another_site_still_signs_in() {
    let door = open().await;
    let path = format!("/?token={}", door.token);
    let answer = door.get(&path, &[("Sec-Fetch-Site", "cross-site")]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["refresh"], "0; url=/");
    assert!(answer.headers["set-cookie"].contains("SameSite=Strict"));
}

#[tokio::test]
async fn a_foreign_host_name_is_refused_even_with_the_cookie() {
    let door = open().await;
    let cookie = door.cookie().await;
    let port = door.address.port();
    for host in [
        format!("evil.example:{port}"),
        "evil.example".into(),
        format!("127.0.0.1.evil.example:{port}"),
    ] {
        let answer = door.get("/", &[("Host", &host), ("Cookie", &cookie)]).await;
        assert_eq!(answer.status, 403, "{host}");
        assert!(answer.text().contains("--allow-host"), "{host}");
    }
    let local = format!("localhost:{port}");
    let answer = door
        .get("/", &[("Host", &local), ("Cookie", &cookie)])
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn only_reading_is_possible_and_other_pages_may_not_even_try() {
    let door = open().await;
    let cookie = door.cookie().await;
    let own = format!("http://{}", door.address);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let foreign = [
            ("Origin", "http://evil.example"),
            ("Cookie", cookie.as_str()),
        ];
        let answer = door.ask(method, "/", &foreign).await;
        assert_eq!(answer.status, 403, "{method}");
        // A cookie comes along by itself: without an origin it proves nothing.
        let answer = door.ask(method, "/", &[("Cookie", &cookie)]).await;
        assert_eq!(answer.status, 403, "{method}");
        let answer = door
            .ask(method, "/", &[("Origin", &own), ("Cookie", &cookie)])
            .await;
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.headers["allow"].contains("GET"));
    }
}

#[tokio::test]
async fn no_path_leaves_the_folder() {
    let door = open().await;
    let cookie = door.cookie().await;
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/a/../../secret.txt",
        "//secret.txt/../../secret.txt",
        "/..\\secret.txt",
        "/.hidden",
        "/index.html/",
        "/index.html%00",
        "/%",
    ] {
        let answer = door.get(path, &[("Cookie", &cookie)]).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
        assert!(!answer.text().contains("not for you"), "{path}");
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let door = open().await;
    let cookie = door.cookie().await;
    let with_cookie = [("Cookie", cookie.as_str())];
    for answer in [
        door.get("/", &with_cookie).await,
        door.get("/none", &with_cookie).await,
        door.get("/", &[]).await,
        door.get("/", &[("Host", "evil.example")]).await,
    ] {
        let policy = &answer.headers["content-security-policy"];
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(
            policy.contains("script-src 'self' 'wasm-unsafe-eval';"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("evil.example"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value);
        }
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}
