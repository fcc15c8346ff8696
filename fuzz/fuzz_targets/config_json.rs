//! A kit's config: read as Go reads it, written, read again.
#![no_main]

use kitbench_kitfile::{Rules, from_config_json, parse, to_config_json, to_yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(kitfile) = from_config_json(bytes) else {
        return;
    };
    let Ok(config) = to_config_json(&kitfile) else {
        return;
    };
    let again = from_config_json(&config).expect("a written config can be read");
    assert_eq!(
        to_config_json(&again).expect("and written again"),
        config,
        "{}",
        String::from_utf8_lossy(&config)
    );
    // Unpacking writes the config as a Kitfile, whatever it holds.
    let text = to_yaml(&kitfile);
    let parsed = parse(&text, Rules::Current);
    assert!(
        parsed
            .problems
            .iter()
            .all(|problem| problem.code != kitbench_kitfile::ProblemCode::Syntax),
        "{:?}\n{text}",
        parsed.problems
    );
});
