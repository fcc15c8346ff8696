//! Foreign text inside HTML and Markdown, where nothing of it may act.

/// Text that is shown as it is; what would turn its direction or hide is left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("<br>"),
            c if is_hidden(c) => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// A cell of a Markdown table; nothing in it is markup.
pub fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c == '\n' {
            out.push(' ');
            continue;
        }
        if matches!(c, '|' | '\\' | '`' | '*' | '_' | '<' | '[' | ']' | '#') {
            out.push('\\');
        }
        out.push(if is_hidden(c) { '\u{FFFD}' } else { c });
    }
    out
}

/// A relative address: what Markdown would break on is percent-encoded.
pub fn address(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(
            escape("<b> & \"x\"\u{202E}"),
            "&lt;b&gt; &amp; &quot;x&quot;\u{FFFD}"
        );
        assert_eq!(cell("a|b*\n<c>"), "a\\|b\\* \\<c>");
        assert_eq!(
            address("my review/val loss.svg"),
            "my%20review/val%20loss.svg"
        );
    }
}
