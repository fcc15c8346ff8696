//! The few words that are said without the user interface.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A page of one heading and one paragraph. `advice` is our own text, never the asker's.
fn page(status: StatusCode, title: &str, advice: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Kitbench: {title}</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:36em;margin:4em auto;padding:0 1em;\
         color-scheme:light dark}}</style></head><body><h1>{title}</h1><p>{advice}</p></body></html>"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Neither token nor cookie.
pub fn no_token() -> Response {
    page(
        StatusCode::FORBIDDEN,
        "Not signed in",
        "Open the address with the token that <code>kitbench serve</code> printed in its terminal. \
         Every start makes a new token, so an address of an earlier start no longer works.",
    )
}

/// The `Host` header names no address of ours.
pub fn foreign_host() -> Response {
    page(
        StatusCode::FORBIDDEN,
        "Unknown host name",
        "This server answers only under the addresses it was started for. Open it by its address, \
         or start it with <code>--allow-host NAME</code>.",
    )
}

/// A page of another origin asks.
pub fn foreign_origin() -> Response {
    page(
        StatusCode::FORBIDDEN,
        "Refused",
        "Another site tried to use Kitbench. Open Kitbench in a tab of its own.",
    )
}

/// No such file.
pub fn not_found() -> Response {
    page(
        StatusCode::NOT_FOUND,
        "Not found",
        "There is nothing here. <a href=\"/\">Open the workbench</a>.",
    )
}

/// Something other than GET or HEAD.
pub fn wrong_method() -> Response {
    let mut response = page(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not possible",
        "Only reading is possible here.",
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// The path of the WebSocket, asked for as a page.
pub fn not_a_socket() -> Response {
    page(
        StatusCode::UPGRADE_REQUIRED,
        "Not a page",
        "This is the workbench's connection to its engine. <a href=\"/\">Open the workbench</a>.",
    )
}

/// The program was built without the user interface.
pub fn no_interface(advice: &str) -> Response {
    page(
        StatusCode::SERVICE_UNAVAILABLE,
        "The user interface is missing",
        advice,
    )
}

/// Sends the browser on to the workbench, its cookie set.
///
/// A browser that came from another site would leave a `SameSite=Strict` cookie out of a
/// redirected request; from a page of ours it sends it.
pub fn signed_in(cookie: HeaderValue, from_other_site: bool) -> Response {
    let mut response = if from_other_site {
        let mut response = page(
            StatusCode::OK,
            "Opening the workbench",
            "<a href=\"/\">Open it now</a>.",
        );
        response
            .headers_mut()
            .insert(header::REFRESH, HeaderValue::from_static("0; url=/"));
        response
    } else {
        (
            StatusCode::SEE_OTHER,
            [(header::LOCATION, "/"), (header::CACHE_CONTROL, "no-store")],
        )
            .into_response()
    };
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    response
}
