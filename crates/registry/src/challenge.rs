//! Parsing of `WWW-Authenticate` (RFC 9110, section 11.6.1): several challenges may
//! share one header line, and each carries comma-separated parameters.

/// One challenge: a scheme with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// Lower case, e.g. `bearer`.
    pub scheme: String,
    params: Vec<(String, String)>,
}

impl Challenge {
    /// Value of a parameter; names compare without case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// All challenges of one header value. Garbage yields fewer challenges, never a panic.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            return challenges;
        }
        let after_space = after.trim_start_matches([' ', '\t']);
        match after_space.strip_prefix('=') {
            Some(value) => {
                let (value, remaining) = parse_value(value.trim_start_matches([' ', '\t']));
                if let Some(challenge) = challenges.last_mut() {
                    challenge.params.push((word.to_ascii_lowercase(), value));
                }
                rest = remaining;
            }
            None => {
                challenges.push(Challenge {
                    scheme: word.to_ascii_lowercase(),
                    params: Vec::new(),
                });
                rest = after_space;
            }
        }
    }
}

fn parse_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or("")),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_with_quoted_commas() {
        let all = parse(
            r#"Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push""#,
        );
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].scheme, "bearer");
        assert_eq!(all[0].param("realm"), Some("https://auth.example/token"));
        assert_eq!(all[0].param("scope"), Some("repository:a/b:pull,push"));
        assert_eq!(all[0].param("error"), None);
    }

    #[test]
    fn several_in_one_line() {
        let all = parse(r#"Basic realm="a \"b\"", BEARER Realm=x , service=y"#);
        assert_eq!(
            all.iter().map(|c| c.scheme.as_str()).collect::<Vec<_>>(),
            ["basic", "bearer"]
        );
        assert_eq!(all[0].param("realm"), Some("a \"b\""));
        assert_eq!(all[1].param("realm"), Some("x"));
        assert_eq!(all[1].param("service"), Some("y"));
    }

    #[test]
    fn garbage_is_bounded() {
        for text in [
            "",
            ",,,",
            "=",
            "\"",
            "Bearer realm=\"unclosed",
            "Bearer =x",
            "é=1",
            "a=b=c",
            "Bearer realm=\"\\",
        ] {
            let _ = parse(text);
        }
    }
}
