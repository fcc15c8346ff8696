//! Handing a file to the browser.

use kitbench_protocol::{ErrorKind, ErrorView, ExportedFile};

/// Save a file as a download. Only a page can do that; in a window the shell asks where to save.
///
/// # Errors
/// When the browser refuses, or when this is no browser.
#[cfg(target_arch = "wasm32")]
pub fn download(file: &ExportedFile) -> Result<(), ErrorView> {
    use wasm_bindgen::JsCast;
    let failed = |cause: wasm_bindgen::JsValue| {
        ErrorView::new(
            ErrorKind::Io,
            format!("{} could not be saved.", file.suggested_name),
            "Allow downloads for this page and try again.",
        )
        .with_details(format!("{cause:?}"))
    };
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(file.bytes.as_slice()));
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(&file.media_type);
    let blob =
        web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(failed)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).map_err(failed)?;
    let document = web_sys::window().and_then(|window| window.document());
    let link = document.and_then(|document| document.create_element("a").ok());
    if let Some(link) = link.and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok()) {
        link.set_attribute("href", &url).map_err(failed)?;
        link.set_attribute("download", &file.suggested_name)
            .map_err(failed)?;
        link.click();
    }
    web_sys::Url::revoke_object_url(&url).map_err(failed)
}

/// Save a file as a download. Only a page can do that; in a window the shell asks where to save.
///
/// # Errors
/// Always: this is no browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn download(file: &ExportedFile) -> Result<(), ErrorView> {
    Err(ErrorView::new(
        ErrorKind::Unsupported,
        format!(
            "{} can only be downloaded in a browser.",
            file.suggested_name
        ),
        "",
    ))
}
