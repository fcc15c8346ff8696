//! How the webview paints, decided before it starts.

#[cfg(target_os = "linux")]
const NO_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// On a computer without a graphics processor, tell WebKit not to paint as if there were one: sharing
/// buffers with a processor that is not there costs it 50 MB and saves nothing. A user's own choice stays.
#[cfg(target_os = "linux")]
pub fn choose() {
    if std::env::var_os(NO_DMABUF).is_some() || has_render_node() {
        return;
    }
    #[allow(
        unsafe_code,
        reason = "WebKit takes this choice from the environment only"
    )]
    // SAFETY: nothing else runs yet that could read the environment at the same time.
    unsafe {
        std::env::set_var(NO_DMABUF, "1");
    }
}

/// What a graphics driver offers to programs that draw (Linux: `/dev/dri/renderD128` and up).
#[cfg(target_os = "linux")]
fn has_render_node() -> bool {
    std::fs::read_dir("/dev/dri").is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("render"))
    })
}

/// Nothing to choose elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn choose() {}
