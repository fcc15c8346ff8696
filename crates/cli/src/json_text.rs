//! JSON as text, without reading it into values: numbers and escapes stay as written.

use kitbench_modelkit::inspect::Kit;

/// Indents valid JSON by two spaces, as Go's `json.MarshalIndent` does.
pub fn indent(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth = 0usize;
    let mut in_text = false;
    let mut escaped = false;
    let mut previous = '\0';
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for c in compact.chars() {
        if in_text {
            out.push(c);
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_text = false,
                _ => {}
            }
            previous = c;
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        match c {
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                out.push(c);
            }
            _ => {
                if matches!(previous, '{' | '[') {
                    line(&mut out, depth);
                }
                match c {
                    '{' | '[' => {
                        depth += 1;
                        out.push(c);
                    }
                    ',' => {
                        out.push(c);
                        line(&mut out, depth);
                    }
                    ':' => out.push_str(": "),
                    _ => {
                        in_text = c == '"';
                        out.push(c);
                    }
                }
            }
        }
        previous = c;
    }
    out
}

/// What `inspect` prints of a kit: `digest`, `cliVersion`, `kitfile`, `manifest`, compact.
pub fn inspection(kit: &Kit) -> Result<String, String> {
    let kitfile =
        kitbench_kitfile::to_config_json(&kit.kitfile).map_err(|error| error.to_string())?;
    Ok(format!(
        "{{\"digest\":\"{}\",\"cliVersion\":{},\"kitfile\":{},\"manifest\":{}}}",
        kit.digest,
        serde_json::Value::from(kit.manifest.tool_version().unwrap_or("unknown")),
        String::from_utf8_lossy(&kitfile),
        String::from_utf8_lossy(&kit.manifest_text),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_space_between_changes() {
        let compact = r#"{"a":[1,1e+21,{}],"b":"x\"{,:}\u003c","c":[],"d":{"e":null}}"#;
        let indented = indent(compact);
        assert_eq!(
            indented,
            "{\n  \"a\": [\n    1,\n    1e+21,\n    {}\n  ],\n  \"b\": \"x\\\"{,:}\\u003c\",\n  \"c\": [],\n  \
             \"d\": {\n    \"e\": null\n  }\n}"
        );
        // Indenting what is indented changes nothing.
        assert_eq!(indent(&indented), indented);
    }
}
