//! A Kitfile's text: read, diagnosed, mended by its own fixes, written as YAML and as config.
#![no_main]

use kitbench_kitfile::{
    Rules, apply, field, from_config_json, outline, parse, to_config_json, to_yaml,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = outline(text);
    for rules in Rules::ALL {
        let parsed = parse(text, rules);
        assert!(parsed.kitfile.is_some() || parsed.has_errors());
        for problem in &parsed.problems {
            let span = problem.span;
            assert!(text.get(span.start..span.end).is_some(), "{problem:?}");
            assert!(span.line >= 1 && span.column >= 1, "{problem:?}");
            if let Some(fix) = &problem.fix
                && let Ok(mended) = apply(text, &fix.edits)
            {
                let _ = parse(&mended, rules);
            }
        }
        let has_errors = parsed.has_errors();
        let Some(kitfile) = parsed.kitfile else {
            continue;
        };
        let _ = field(&kitfile, "model.parameters");
        let Ok(config) = to_config_json(&kitfile) else {
            continue;
        };
        let read = from_config_json(&config).expect("a written config can be read");
        assert_eq!(to_config_json(&read).expect("and written again"), config);
        if has_errors {
            continue;
        }
        let written = to_yaml(&kitfile);
        let again = parse(&written, rules);
        let again = again
            .kitfile
            .unwrap_or_else(|| panic!("{:?}\n{written}", again.problems));
        let again = to_config_json(&again).expect("a config");
        assert_eq!(
            String::from_utf8_lossy(&again),
            String::from_utf8_lossy(&config),
            "{written}"
        );
    }
});
