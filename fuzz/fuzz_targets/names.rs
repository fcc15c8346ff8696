//! References, unpack filters, media types, field paths, and ignore rules with paths to judge.
#![no_main]

use kitbench_fuzz::parts;
use kitbench_kitfile::{FieldPath, clean_path, paths};
use kitbench_modelkit::ignore::IgnoreRules;
use kitbench_modelkit::media::LayerType;
use kitbench_modelkit::unpack::Filter;
use kitbench_modelkit::{Digest, Reference};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let parts = parts(input);
    let first = parts.first().copied().unwrap_or_default();
    let rules = IgnoreRules::parse(first);
    if let Ok(text) = std::str::from_utf8(first) {
        if let Ok(reference) = text.parse::<Reference>() {
            let shown = reference.to_string();
            assert_eq!(shown.parse::<Reference>(), Ok(reference));
        }
        if let Ok((reference, _)) = Reference::parse_with_tags(text) {
            let _ = (reference.full_repository(), reference.or_latest());
        }
        if let Ok(path) = text.parse::<FieldPath>() {
            assert_eq!(path.to_string().parse::<FieldPath>().as_ref(), Ok(&path));
        }
        if let Ok(digest) = text.parse::<Digest>() {
            assert_eq!(digest.to_string(), text);
        }
        let _ = text.parse::<Filter>();
        let _ = LayerType::parse(text, parts.get(1).and_then(|b| std::str::from_utf8(b).ok()));
        let clean = clean_path(text);
        assert_eq!(clean_path(&clean), clean);
        let _ = (paths::is_outside(&clean), paths::url_scheme(text));
    }
    if let Ok(rules) = rules {
        for path in parts.iter().skip(1).take(4) {
            if let Ok(path) = std::str::from_utf8(path) {
                let _ = rules.ignored_by(&clean_path(path));
            }
        }
    }
});
