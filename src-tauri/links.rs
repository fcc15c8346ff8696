//! `kitops://` links: `kitops://registry/repository:tag` shows that ModelKit.

use kitbench_protocol::EventKind;
use tauri::Manager;
use tauri_plugin_deep_link::DeepLinkExt;

use crate::bridge::Bridge;
use crate::window;

pub const SCHEME: &str = "kitops://";

/// Longest reference taken from a link, in bytes: a registry name (253), a repository (255), a tag
/// (128) and a digest (71) fit with room to spare.
const LONGEST: usize = 1024;

/// The reference in a link. Links come from web pages, so only what a reference may be made of is let
/// through; whether it names anything is for the engine to find out.
pub fn reference(link: &str) -> Result<String, String> {
    let reference = link
        .strip_prefix(SCHEME)
        .unwrap_or_default()
        .trim_end_matches('/');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-:/@+[]".contains(c);
    if reference.is_empty() || reference.len() > LONGEST || !reference.chars().all(allowed) {
        return Err(
            "the link names no ModelKit; it must look like kitops://registry/repository:tag".into(),
        );
    }
    Ok(reference.to_owned())
}

/// Shows links that are opened while the program runs, or that started it.
pub fn listen(app: &tauri::AppHandle) {
    let handle = app.clone();
    app.deep_link().on_open_url(move |event| {
        for url in event.urls() {
            if let Ok(reference) = reference(url.as_str()) {
                handle
                    .state::<Bridge>()
                    .publish(EventKind::LinkOpened(reference));
                window::bring_to_front(&handle);
            }
        }
    });
    // An installed program is registered by its package; one that was merely unpacked is not.
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    if !app.deep_link().is_registered("kitops").unwrap_or(true)
        && let Err(error) = app.deep_link().register("kitops")
    {
        eprintln!("kitbench-desktop: kitops:// links are not registered: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_come_out_of_links() {
        let check =
            |link: &str, expected: &str| assert_eq!(reference(link).as_deref(), Ok(expected));
        check("kitops://localhost:5000/wine:v1", "localhost:5000/wine:v1");
        check(
            "kitops://ghcr.io/a/b@sha256:00ff/",
            "ghcr.io/a/b@sha256:00ff",
        );
    }

    #[test]
    fn links_that_carry_anything_else_are_refused() {
        for link in [
            "kitops://",
            "https://example.org",
            "kitops://a b",
            "kitops://a%0ab",
            "kitops://<script>",
        ] {
            assert!(reference(link).is_err(), "{link}");
        }
        assert!(reference(&format!("kitops://{}", "a".repeat(2000))).is_err());
    }
}
